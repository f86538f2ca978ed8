// What is unusual: how far from the same hours of the weeks before a number of lines, or a metric, must be, and when nothing is known.
import { beforeEach, describe, expect, it } from 'vitest'
import { saveMeasurements } from '../../../hosts/metrics/samples.ts'
import { addCount, seriesFor } from '../../../logs/counters.ts'
import type { State } from '../../../state/database.ts'
import { containers, downtimes, hosts as hostTable } from '../../../state/schema/index.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../../time.ts'
import type { Finding } from '../../finding.ts'
import type { Rule, RuleDraft } from '../rule.ts'
import { createRuleKinds } from '../rule-kind.ts'
import { editRule } from '../rules.ts'
import { anomaly } from './anomaly.ts'
import { addRuleOf, findingsAt, linesOf, stateWithProjects } from './kinds.testing.ts'

const NOW = 20_000 * DAY
const WEEK = 7 * DAY
const KINDS = createRuleKinds([anomaly])
let state: State
beforeEach(() => {
  state = stateWithProjects()
})
const rule = (more: Partial<Rule> = {}): Rule => addRuleOf(state, KINDS, 'anomaly', { name: 'odd', ...more })
const findings = (now = NOW + 2 * SECOND): Finding[] => findingsAt(state, KINDS, now)
const titles = (now?: number) => findings(now).map(({ title }) => title)
const said = linesOf
const isDown = (from: number, ms: number) =>
  state.db
    .insert(downtimes)
    .values({ kind: 'stopped', from, to: from + ms })
    .run()

describe('a number of lines', () => {
  /** 100 lines in every hour from `since` on, and `last` in the hour that has just ended. */
  const hourly = (last: number, more: object = {}, { projectId = 1, since = NOW - 36 * DAY, usual = 100 } = {}) => {
    const labels = { source: 'api', host: 'web-1', group: '', level: 'info', fingerprint: '', ...more } as const
    const { id } = seriesFor(state, projectId, labels, NOW)
    state.transaction(() => {
      for (let at = since; at < NOW - HOUR; at += HOUR) addCount(state, id, at, usual)
      if (last > 0) addCount(state, id, NOW - MINUTE, last)
    })
    return id
  }

  it.each<[number, Partial<Rule>, string | null]>([
    [140, {}, 'more'],
    [139, {}, null],
    [60, {}, 'fewer'],
    [61, {}, null],
    [0, {}, 'fewer'],
    [140, { operator: '>' }, 'more'],
    [60, { operator: '>' }, null],
    [140, { operator: '<' }, null],
    [60, { operator: '<' }, 'fewer'],
    [150, { factor: 5 }, 'more'],
    [149, { factor: 5 }, null],
    [140, { minimum: 40 }, 'more'],
    [140, { minimum: 41 }, null],
    [60, { minimum: 41 }, null],
    [140, { minimum: null }, 'more'],
    // A quarter of an hour has a quarter of the lines, and half of the spread.
    [45, { window: 15 * MINUTE }, 'more'],
    [44, { window: 15 * MINUTE }, null],
    [5, { window: 15 * MINUTE }, 'fewer'],
    [6, { window: 15 * MINUTE }, null],
  ])('of %d where 100 are usual, with %o: %s', (last, more, expected) => {
    hourly(last)
    rule(more)
    expect(titles()).toEqual(expected === null ? [] : [`odd: ${expected} lines than usual`])
  })

  it('is said with what is usual, and leads to the lines that match', () => {
    hourly(145)
    rule({ matcher: 'source:api' })
    const [found] = findings() as [Finding]
    expect(said(found)).toEqual([
      '145 lines in 1 h; usual at this hour of the week are 100 lines, give or take 10 lines. At worst 4.5 times the usual deviation; the rule odd alerts from 4 times on.',
    ])
    expect(found.observation.buttons).toEqual([{ label: 'Logs', line: 'logs search "source:api last:1h"' }])
    expect([found.key, found.labels, found.projectId]).toEqual(['rule:1:', { rule: 'odd' }, null])
  })

  it('has no button for all lines, and is named by the title of its rule', () => {
    hourly(145)
    rule({ title: '{where}: {value}', projectId: 1 })
    expect(findings()).toMatchObject([
      { title: 'odd: 4.5 times the usual deviation', projectId: 1, observation: { buttons: [] } },
    ])
  })

  it.each<[Rule['per'], string[]]>([
    ['everywhere', ['rule:1: odd']],
    ['source', ['rule:1:1: odd', 'rule:1:1:api api', 'rule:1:2:api api']],
    ['host', ['rule:1:1:web-1 web-1', 'rule:1:2: odd']],
  ])('per %s is compared with its own past', (per, expected) => {
    hourly(200)
    hourly(200, { source: '' })
    hourly(200, { level: 'warn' })
    hourly(200, { host: '' }, { projectId: 2 })
    hourly(100, { source: 'even', host: 'even' })
    rule({ per })
    const found = findings()
    expect(found.map(({ key, title }) => `${key} ${title.split(':')[0]}`).sort()).toEqual(expected)
    const named = found.filter(({ title }) => !title.startsWith('odd'))
    expect(named.map(({ labels }) => labels[per as 'host'])).toEqual(named.map(({ title }) => title.split(':')[0]))
    const unnamed = found.filter(({ title }) => title.startsWith('odd'))
    expect(unnamed.map(({ labels }) => labels)).toEqual(unnamed.map(() => ({ rule: 'odd' })))
    expect(found.map(({ projectId }) => projectId)).toEqual(
      found.map(({ key }) => (per === 'everywhere' ? null : Number(key.split(':')[2]))),
    )
  })

  it('is compared with the hours since it is known, once that is two weeks', () => {
    const id = hourly(200, {}, { since: NOW - 2 * WEEK })
    rule()
    expect(titles()).toEqual(['odd: more lines than usual'])
    state.prepare('delete from log_counts where series = ? and at <= ?').run(id, NOW - 2 * WEEK)
    state.forget('usual lines')
    expect(titles()).toEqual([])
  })

  it('is unknown where there were lines on three days only', () => {
    const id = hourly(0, {}, { since: NOW })
    rule()
    for (const days of [21, 20, 19]) addCount(state, id, NOW - days * DAY, 100)
    expect(titles()).toEqual([])
    addCount(state, id, NOW - 18 * DAY, 100)
    addCount(state, id, NOW - MINUTE, 50)
    state.forget('usual lines')
    expect(titles()).toEqual(['odd: more lines than usual'])
  })

  it('leaves out hours with more than five minutes of downtime, and says nothing about a window with any', () => {
    hourly(200)
    rule()
    const isLate = (ms: number) => {
      state.db.delete(downtimes).run()
      state.forget('usual lines')
      for (const week of [1, 2, 3, 4]) for (const hours of [0, 1, 2]) isDown(NOW - week * WEEK - hours * HOUR, ms)
      return titles().length
    }
    expect([isLate(5 * MINUTE), isLate(5 * MINUTE + 1)]).toEqual([1, 0])
    state.db.delete(downtimes).run()
    state.forget('usual lines')
    expect(titles()).toHaveLength(1)
    isDown(NOW - 1, 1)
    expect(titles()).toEqual([])
  })

  it('is compared with what was read once for the hour', () => {
    const id = hourly(145)
    const of = rule()
    expect(titles()).toHaveLength(1)
    state.prepare('update log_counts set count = 145 where series = ? and at < ?').run(id, NOW - HOUR)
    expect(said(findings()[0]!)[0]).toContain('usual at this hour of the week are 100 lines')
    expect(titles(NOW + 30 * MINUTE + 2 * SECOND)).toEqual([])
    // Another rule, and one that was edited, has its own.
    editRule(state, of, { matcher: 'host:web-1' })
    expect(titles()).toEqual([])
  })

  it.each<[string, Partial<Rule>, string | null]>([
    ['5 minutes', { window: 5 * MINUTE }, null],
    ['an hour', { window: HOUR }, null],
    ['4 minutes', { window: 4 * MINUTE }, 'from 5m to 1h'],
    ['61 minutes', { window: 61 * MINUTE }, 'from 5m to 1h'],
    ['90 seconds', { window: 90 * SECOND }, 'whole number of minutes'],
    ['containers', { per: 'container' }, 'not counted per container'],
    ['a metric of containers', { metric: 'cpu', per: 'container' }, null],
    ['a metric everywhere', { metric: 'cpu', per: 'everywhere' }, 'per host or per container'],
    ['lines of a container', { matcher: 'container:a' }, 'the attribute container'],
    ['a metric of a container', { metric: 'cpu', per: 'container', matcher: 'container:a' }, null],
    ['a metric of a source', { metric: 'cpu', per: 'host', matcher: 'source:a' }, 'the field source:'],
  ])('is checked before it is stored: %s', (_, more, message) => {
    const validate = () => anomaly.validate({ ...anomaly.defaults, matcher: '', ...more } as RuleDraft)
    if (message === null) expect(validate).not.toThrow()
    else expect(validate).toThrow(message)
  })
})

describe('a metric', () => {
  const metric = { metric: 'cpu', per: 'host', minimum: 4 } as const
  const addHost = (name: string, projectId: number | null = null) =>
    state.db
      .insert(hostTable)
      .values({ name, address: 'x', port: 1, user: 'x', auth: 'own', addedAt: 0, addedBy: 'x', projectId })
      .returning()
      .get().id
  /** A CPU of 20 in every hour of `days`, and `last` in the hour that has just ended; that of its container is twice as much. */
  const hourly = (hostId: number, last: number | null, days = 7) =>
    state.transaction(() => {
      const save = (cpu: number, at: number) =>
        saveMeasurements(
          state,
          hostId,
          [
            { kind: 'host', name: '', cpu },
            { kind: 'container', name: 'nginx', cpu: 2 * cpu },
          ],
          at,
        )
      for (let at = NOW - HOUR - days * DAY; at < NOW - HOUR; at += HOUR) save(20, at)
      if (last !== null) save(last, NOW - MINUTE)
    })

  it.each<[number | null, Partial<Rule>, string | null]>([
    [24, {}, 'higher'],
    [23.9, {}, null],
    [16, {}, 'lower'],
    [16.1, {}, null],
    [24, { minimum: 4.1 }, null],
    [24, { operator: '<' }, null],
    [16, { operator: '<' }, 'lower'],
    [null, {}, null],
  ])('of %s where 20 is usual, with %o: %s', (last, more, expected) => {
    hourly(addHost('web-1', 2), last)
    rule({ ...metric, ...more })
    expect(titles(NOW)).toEqual(expected === null ? [] : [`web-1: cpu is ${expected} than usual`])
  })

  it('is said with its unit, and names its host and container', () => {
    const id = addHost('web-1', 2)
    hourly(id, 30)
    state.db
      .insert(containers)
      .values({ hostId: id, name: 'nginx', containerId: 'x', image: 'x', state: 'running', seenAt: NOW })
      .run()
    const of = rule({ ...metric, matcher: 'host:web-1' })
    const [found] = findings(NOW) as [Finding]
    expect(said(found)).toEqual([
      '30% in 1 h; usual at this hour of the week are 20%, give or take 1%. At worst 10 times the usual deviation; the rule odd alerts from 4 times on.',
    ])
    expect(found).toMatchObject({ key: 'rule:1:1:', projectId: 2, observation: { buttons: [] } })
    expect(found.labels).toEqual({ host: 'web-1', rule: 'odd' })
    editRule(state, of, { per: 'container', title: '{where}: {value}' })
    const [own] = findings(NOW) as [Finding]
    expect([own.key, own.title]).toEqual(['rule:1:1:nginx', 'nginx on web-1: 10 times the usual deviation'])
    expect(own.labels).toEqual({ host: 'web-1', container: 'nginx', rule: 'odd' })
    expect(said(own)[0]).toContain('60% in 1 h; usual at this hour of the week are 40%, give or take 2%')
  })

  it('is the average of its window, of each host by itself', () => {
    for (const [name, cpu] of [
      ['a', 28],
      ['b', 27.9],
    ] as const) {
      const id = addHost(name)
      hourly(id, cpu)
      saveMeasurements(state, id, [{ kind: 'host', name: '', cpu: 20 }], NOW - 2 * MINUTE)
      // Before its window.
      saveMeasurements(state, id, [{ kind: 'host', name: '', cpu: 20 }], NOW - 5 * MINUTE - 1)
    }
    rule({ ...metric, window: 5 * MINUTE })
    expect(titles(NOW)).toEqual(['a: cpu is higher than usual'])
  })

  it('is unknown until it was measured for three days', () => {
    const id = addHost('web-1')
    hourly(id, 90, 3)
    rule(metric)
    expect(titles(NOW)).toHaveLength(1)
    state.prepare('delete from samples where at <= ?').run(NOW - HOUR - 3 * DAY)
    state.forget('usual metrics')
    expect(titles(NOW)).toEqual([])
  })

  it('is compared with what was read once for the hour', () => {
    hourly(addHost('web-1'), 30)
    rule(metric)
    expect(titles(NOW)).toHaveLength(1)
    state.prepare('update samples set cpu = 30').run()
    expect(titles(NOW)).toHaveLength(1)
    saveMeasurements(state, 1, [{ kind: 'host', name: '', cpu: 30 }], NOW + 30 * MINUTE)
    expect(titles(NOW + 30 * MINUTE)).toEqual([])
  })
})
