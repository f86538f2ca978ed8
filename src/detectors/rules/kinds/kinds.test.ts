// What the rules about lines and metrics say in an alert: the numbers, the labels, the chart, the link to the logs.
import { beforeEach, describe, expect, it } from 'vitest'
import { saveMeasurements } from '../../../hosts/metrics/samples.ts'
import { addCount, seriesFor } from '../../../logs/counters.ts'
import { recordSource } from '../../../logs/sources.ts'
import { readProject, removeProject } from '../../../projects/projects.ts'
import type { State } from '../../../state/database.ts'
import { containers, hosts as hostTable } from '../../../state/schema/index.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../../time.ts'
import type { Finding } from '../../finding.ts'
import type { Rule } from '../rule.ts'
import { createRuleKinds } from '../rule-kind.ts'
import { RULE_KINDS } from '../rule-kinds.ts'
import { listRules } from '../rules.ts'
import { isHighRate } from './error-rate.ts'
import { addRuleOf, findingsAt, linesOf, stateWithProjects } from './kinds.testing.ts'
import { allowedSilence } from './silence.ts'

const NOW = 20_000 * DAY
const MAX = 2 * HOUR
const KINDS = createRuleKinds(RULE_KINDS)
let state: State
beforeEach(() => {
  state = stateWithProjects()
})
const rule = (kind: string, more: Partial<Rule> = {}): Rule =>
  addRuleOf(state, KINDS, kind, { name: `${kind} ${listRules(state).length}`, ...more })
/** Adds lines for each of the last five minutes. */
const lines = (perMinute: number, more: object = {}, projectId = 1) => {
  const labels = { source: 'api', host: 'web-1', group: '', level: 'info', fingerprint: '', ...more } as const
  const { id } = seriesFor(state, projectId, labels, NOW)
  for (let minute = 1; minute <= 5; minute++) addCount(state, id, NOW - minute * MINUTE, perMinute)
  return id
}
/** The findings of one tick. */
const findings = (now = NOW + 2 * SECOND): Finding[] => findingsAt(state, KINDS, now)
const said = linesOf
const buttons = ({ observation }: Finding) => observation.buttons?.map(({ line }) => line) ?? []

describe('a number of lines', () => {
  it('is said with the window and the limit, and leads to the lines that match', () => {
    lines(2)
    rule('threshold', { name: 'many', threshold: 10, window: 5 * MINUTE, matcher: 'source:api', for: 0 })
    const [found] = findings() as [Finding]
    expect([found.title, found.labels, found.projectId]).toEqual(['many: 10 lines in 5 min', { rule: 'many' }, null])
    expect(said(found)[0]).toBe(
      '10 lines in 5 min, at worst 10 lines; the rule many alerts at at least 10 lines in 5 min.',
    )
    expect(buttons(found)).toEqual(['logs search "source:api last:1h"'])
  })

  it('is counted by no rule of a project that was removed', () => {
    rule('threshold', { threshold: 1, operator: '<', window: 5 * MINUTE, matcher: 'source:api', projectId: 2 })
    expect(findings()).toHaveLength(1)
    removeProject(state, readProject(state, 'shop')!, NOW)
    expect(findings()).toEqual([])
  })

  it('of one project leads to the lines of that project', () => {
    lines(2, {}, 2)
    rule('threshold', { threshold: 10, window: 5 * MINUTE, matcher: 'source:api', projectId: 2 })
    expect(buttons(findings()[0]!)).toEqual(['logs search "source:api last:1h" --project shop'])
  })

  it.each<[string, Partial<Rule>, string[], object[]]>([
    ['in all', { per: 'everywhere' }, ['all: 30 lines in 5 min'], [{}]],
    [
      'by source',
      { per: 'source' },
      ['all: 5 lines in 5 min', 'api: 10 lines in 5 min', 'web: 15 lines in 5 min'],
      [{}, { source: 'api' }, { source: 'web' }],
    ],
    ['by host', { per: 'host' }, ['all: 15 lines in 5 min', 'web-1: 15 lines in 5 min'], [{}, { host: 'web-1' }]],
  ])('%s has the subject as its label', (_, more, titles, labels) => {
    lines(2)
    lines(1, { source: '' })
    lines(3, { source: 'web', host: '' })
    rule('threshold', { name: 'all', threshold: 1, window: 5 * MINUTE, ...more })
    const found = findings().toSorted((a, b) => (a.title < b.title ? -1 : 1))
    expect(found.map(({ title }) => title)).toEqual(titles)
    expect(found.map(own => own.labels)).toEqual(labels.map(own => ({ ...own, rule: 'all' })))
    expect(found.flatMap(buttons)).toEqual([])
  })

  it('is named by the title of the rule', () => {
    lines(2)
    rule('threshold', { threshold: 1, window: 5 * MINUTE, per: 'source', title: '{where} had {value}' })
    expect(findings()[0]!.title).toBe('api had 10 lines')
  })

  it('is checked before it is stored', () => {
    const valid = { ...KINDS.get('threshold').defaults, matcher: '', threshold: 1, kind: 'threshold', name: 'x' }
    const validate = (more: object) => () => KINDS.get('threshold').validate({ ...valid, ...more } as never)
    expect(validate({})).not.toThrow()
    expect(validate({ per: 'host' })).not.toThrow()
    expect(validate({ per: 'container' })).toThrow('Lines are not counted per container.')
    expect(validate({ per: 'container', metric: 'cpu', window: 90 * SECOND })).not.toThrow()
    expect(validate({ per: 'everywhere', metric: 'cpu' })).toThrow('per host or per container')
    expect(validate({ window: 90 * SECOND })).toThrow('whole number of minutes')
    expect(validate({ threshold: null })).toThrow()
    expect(validate({ matcher: 'container:a' })).toThrow('the attribute container')
    expect(validate({ matcher: 'container:a', metric: 'cpu', per: 'container' })).not.toThrow()
  })
})

describe('a metric', () => {
  beforeEach(() => {
    const row = { name: 'web-1', address: 'x', port: 1, user: 'x', auth: 'own' as const, addedAt: 0, addedBy: 'x' }
    state.db
      .insert(hostTable)
      .values({ ...row, projectId: 2 })
      .run()
    state.db
      .insert(containers)
      .values({ hostId: 1, name: 'nginx', containerId: 'x', image: 'x', state: 'running', seenAt: NOW })
      .run()
    for (const [ago, cpu] of [
      [HOUR, 1],
      [HOUR - MINUTE, 50.126],
      [MINUTE, 90],
      [MINUTE / 2, 94],
    ] as const)
      saveMeasurements(
        state,
        1,
        [
          { kind: 'host', name: '', cpu },
          { kind: 'container', name: 'nginx', cpu: cpu + 1 },
        ],
        NOW - ago,
      )
  })

  it('of a host is said with its average and its chart', () => {
    rule('threshold', { name: 'busy', metric: 'cpu', per: 'host', operator: '>', threshold: 91, for: 0 })
    const [found] = findings(NOW) as [Finding]
    expect([found.title, found.labels, found.projectId]).toEqual([
      'web-1: cpu at 92%',
      { host: 'web-1', rule: 'busy' },
      2,
    ])
    expect(said(found)[0]).toBe('cpu 92%, at worst 92%; the rule busy alerts at over 91%.')
    expect(found.observation.chart).toMatchObject({ name: 'cpu', unit: '%', threshold: 91 })
    const values = found.observation.chart!.points.map(([, value]) => value)
    expect(values).toContain(50.13)
    expect(values.at(-1)).toBe(94)
    expect(buttons(found)).toEqual([])
  })

  it('of a container names both', () => {
    rule('threshold', {
      name: 'busy',
      metric: 'cpu',
      per: 'container',
      threshold: 93,
      for: 0,
      title: '{where}: {value}',
    })
    const [found] = findings(NOW) as [Finding]
    expect([found.title, found.labels, found.key]).toEqual([
      'nginx on web-1: 93%',
      { host: 'web-1', container: 'nginx', rule: 'busy' },
      'rule:1:1:nginx',
    ])
  })
})

describe('an error rate', () => {
  it('is high from its minimum of errors and its percentage on, and above the usual one', () => {
    const of = { threshold: 20, minimum: 20, factor: 2 }
    const rate = (errors: number, all: number) => ({ projectId: 1, source: '', errors, lines: all })
    expect(isHighRate(of, rate(20, 100), 0)).toBe(true)
    expect(isHighRate(of, rate(19, 20), 0)).toBe(false)
    expect(isHighRate(of, rate(20, 101), 0)).toBe(false)
    expect(isHighRate(of, rate(30, 100), 15)).toBe(true)
    expect(isHighRate(of, rate(29, 100), 15)).toBe(false)
    expect(isHighRate(of, rate(100, 100), 60)).toBe(true)
    expect(isHighRate(of, rate(99, 100), 60)).toBe(false)
    expect(isHighRate(of, rate(100, 100), 100)).toBe(false)
    expect(isHighRate({ ...of, minimum: null }, rate(1, 1), 0)).toBe(true)
    expect(isHighRate({ ...of, minimum: null, threshold: 0.1 }, rate(0, 0), 0)).toBe(false)
  })

  it('is said with the lines, what is required, and what is usual', () => {
    const info = lines(16)
    const error = lines(14, { level: 'error', fingerprint: 'f' })
    lines(100, { source: 'web' })
    lines(100, {}, 2)
    for (let hour = 1; hour <= 23; hour++) {
      addCount(state, info, NOW - hour * HOUR, 85)
      addCount(state, error, NOW - hour * HOUR, 15)
    }
    // What belongs to neither this source nor the day is no baseline.
    const web = lines(1, { source: 'web', level: 'error', fingerprint: 'f' })
    addCount(state, web, NOW - HOUR, 5_000)
    addCount(state, lines(1, { level: 'error', fingerprint: 'f' }, 2), NOW - HOUR, 5_000)
    addCount(state, error, NOW - DAY - MINUTE, 5_000)
    recordSource(state, 1, 'api', NOW - DAY)
    rule('error-rate', { name: 'rate', window: 5 * MINUTE, matcher: '' })
    const [found, ...others] = findings() as [Finding]
    expect(others).toEqual([])
    expect(found).toMatchObject({ key: 'rule:1:1:api', title: 'api: 47% of lines are errors', projectId: 1 })
    expect(said(found)[0]).toBe(
      '70 of 150 lines in 5 min were errors (47%, at worst 47%); the rule rate alerts at 30% and 20 errors. Usual is 15%.',
    )
    expect(buttons(found)).toEqual([String.raw`logs search "source:\"api\" level>=error last:1h" --project default`])
    expect(found.observation.chart).toMatchObject({ name: 'errors', unit: '%', threshold: 30 })
    const { points } = found.observation.chart!
    expect(points).toHaveLength(60)
    expect(points.filter(([, rate]) => rate !== null)).toEqual([
      [NOW - HOUR, 15],
      ...[5, 4, 3, 2, 1].map(minute => [NOW - minute * MINUTE, 46.7]),
    ])
  })

  it.each<[errors: number, all: number, string]>([
    [100, 1000, '10%'],
    [104, 1000, '10%'],
    [99, 1000, '9.9%'],
    [2, 300, '0.7%'],
  ])('of %d in %d lines is written as %s', (errors, all, text) => {
    const count = (level: string, n: number) =>
      addCount(
        state,
        seriesFor(state, 1, { source: 'a"b', host: '', group: '', level, fingerprint: '' } as never, NOW).id,
        NOW - MINUTE,
        n,
      )
    count('fatal', errors)
    count('warn', all - errors)
    rule('error-rate', { name: 'rate', threshold: 0.1, minimum: null, baseline: false })
    const [found] = findings() as [Finding]
    expect(found.title).toBe(`a"b: ${text} of lines are errors`)
    expect(said(found)[0]).toContain('alerts at 0.1% and 1 errors.')
    expect(said(found)[0]).not.toContain('Usual')
    expect(buttons(found)[0]).toContain(String.raw`source:\"ab\" level`)
  })

  it('of lines without a source has no label', () => {
    lines(10, { source: '', level: 'error' })
    rule('error-rate', { name: 'rate', title: '{where} ({value})' })
    const [found] = findings() as [Finding]
    expect([found.title, found.labels]).toEqual(['lines without a source (100%)', { rule: 'rate' }])
  })

  it('is checked before it is stored', () => {
    const valid = { ...KINDS.get('error-rate').defaults, matcher: '', kind: 'error-rate', name: 'x' }
    const validate = (more: object) => () => KINDS.get('error-rate').validate({ ...valid, ...more } as never)
    for (const threshold of [0.1, 20, 100]) expect(validate({ threshold })).not.toThrow()
    for (const threshold of [0, -1, 100.1]) expect(validate({ threshold })).toThrow('from 0.1 to 100')
    expect(validate({ window: 90 * SECOND })).toThrow('whole number of minutes')
    expect(validate({ matcher: 'container:a' })).toThrow('the attribute container')
  })
})

describe('a pause of a source', () => {
  const of = { window: HOUR, for: DAY, baseline: false, factor: 2 }
  const source = (knownMs: number) => ({ firstSeenAt: NOW - knownMs, lastSeenAt: NOW, gaps: [] as never })
  it('is allowed for the window once the source is known for long enough', () => {
    expect(allowedSilence(of, source(DAY))).toBe(HOUR)
    expect(allowedSilence(of, source(DAY - 1))).toBeNull()
  })
  it('is allowed for longer than its longest one, unless that is longer than two hours, with a baseline', () => {
    const allowed = (...gaps: number[]) =>
      allowedSilence(
        { ...of, baseline: true },
        { ...source(DAY), gaps: gaps.map((gap, day) => [day, gap] as const) as never },
      )
    expect([allowed(), allowed(HOUR / 2), allowed(HOUR), allowed(MINUTE, 2 * HOUR, MINUTE)]).toEqual([
      HOUR,
      HOUR,
      2 * HOUR,
      4 * HOUR,
    ])
    expect([allowed(MAX), allowed(MAX + 1)]).toEqual([2 * MAX, null])
  })
})
