// Reports and boards over what is stored: what falls into a period, when each is due, and which rows each query finds.
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Alert } from '../../alerts/alert.ts'
import { writeHistory } from '../../alerts/alerts.ts'
import { plainText } from '../../card.ts'
import { addCheck, updateCheck } from '../../checks/checks.ts'
import { readDownSpans, recordFlip } from '../../checks/flips.ts'
import { saveMeasurements } from '../../hosts/metrics/samples.ts'
import { addCount, seriesFor } from '../../logs/counters.ts'
import { recordMeasurement } from '../../probes/measurements.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { hosts, reportRuns } from '../../state/schema/index.ts'
import { storeAlert } from '../../testing/alerts.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { boardCard } from '../boards/board.ts'
import { readBoardFacts } from '../boards/board-facts.ts'
import { forgetMessage, listBoards, markBoard, readBoard, removeBoard, setBoard } from '../boards/boards.ts'
import { savePersonChannel, syncChannels } from '../routing/channels.ts'
import { addOverride, addRotation } from '../routing/rotations.ts'
import { onCallLoad, responders } from './on-call-load.ts'
import { stricterThreshold } from './proposals.ts'
import { computeMetrics, type ReportedAlert, type ReportMetrics, reportCard, reportChart } from './report.ts'
import { readReportMetrics } from './report-metrics.ts'
import {
  addReport,
  dueSends,
  editReport,
  findReport,
  listReports,
  listRuns,
  listSends,
  makeDueReports,
  makeReport,
  markSend,
  nextReport,
  nextSend,
  removeReport,
  rewindReports,
  scopeOf,
} from './reports.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
})
const check = (name: string, more: object = {}) =>
  addCheck(state, { projectId: 1, name, timeZone: 'UTC', grace: MINUTE, every: HOUR, severity: 'critical', ...more }, 0)

describe('the metrics of a report', () => {
  const period = { from: NOW, until: NOW + DAY, project: null }
  const alert = (more: Partial<ReportedAlert>): ReportedAlert => ({
    ...{
      key: 'x',
      title: 't',
      severity: 'warning',
      since: NOW,
      firedAt: NOW,
      resolvedAt: null,
      acknowledgedAt: null,
      ...more,
    },
  })
  const compute = (alerts: ReportedAlert[], rows: object = {}) =>
    computeMetrics(period, { alerts, checks: [], errors: [], ...rows })

  it('count what fired in the period, and what is open at its end', () => {
    const metrics = compute([
      alert({ firedAt: NOW - 1, resolvedAt: NOW }),
      alert({ firedAt: NOW, severity: 'critical', resolvedAt: NOW + DAY - 1, acknowledgedAt: NOW + MINUTE }),
      alert({ firedAt: NOW + DAY - 1, severity: 'info', resolvedAt: NOW + DAY }),
      alert({ firedAt: NOW + DAY }),
    ])
    expect(metrics.alerts).toEqual({ critical: 1, warning: 0, info: 1, open: 2 })
    expect([metrics.acknowledged, metrics.time_to_acknowledge_ms, metrics.time_to_resolve_ms]).toEqual([
      1,
      MINUTE,
      DAY / 2,
    ])
    expect([metrics.course.length, metrics.course[0], metrics.course[23]]).toEqual([
      ...[24, { at: NOW, critical: 1, warning: 0, info: 0 }, { at: NOW + 23 * HOUR, critical: 0, warning: 0, info: 1 }],
    ])
    expect(compute([])).toMatchObject({
      time_to_acknowledge_ms: null,
      time_to_resolve_p90_ms: null,
      target: null,
      noisy_rules: [],
    })
    const days = computeMetrics({ ...period, until: NOW + 2 * DAY + 1 }, { alerts: [], checks: [], errors: [] }).course
    expect([
      days.length,
      computeMetrics({ ...period, until: NOW + 2 * DAY }, { alerts: [], checks: [], errors: [] }).course.length,
    ]).toEqual([3, 48])
  })

  it('have the median and what nine of ten took at most', () => {
    const times = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        alert({ acknowledgedAt: NOW + (i + 1) * MINUTE, resolvedAt: NOW + ((i + 1) * HOUR) / 10 }),
      )
    const minutes = (count: number) => {
      const { time_to_acknowledge_ms: median, time_to_acknowledge_p90_ms: ninth } = compute(times(count))
      return [median! / MINUTE, ninth! / MINUTE]
    }
    expect([minutes(1), minutes(2), minutes(3), minutes(10), minutes(11)]).toEqual([
      [1, 1],
      [1.5, 2],
      [2, 3],
      [5.5, 9],
      [6, 10],
    ])
  })

  it('take the alerts of a check for its downtime, each moment once, from its creation on', () => {
    const own = { key: 'check:1', firedAt: NOW }
    const of = (alerts: Partial<ReportedAlert>[], more: object = {}, target: number | null = null) =>
      compute(
        alerts.map(one => alert({ ...own, ...one })),
        { target, checks: [{ id: 1, name: 'a', createdAt: 0, ...more }] },
      ).checks[0]!
    expect(of([])).toEqual({ name: 'a', uptime: 1, downtime_ms: 0, alerts: 0, met: null, budget_ms: null })
    expect(
      of([
        { since: NOW - HOUR, resolvedAt: NOW + HOUR },
        { since: NOW + HOUR / 2, resolvedAt: NOW + 2 * HOUR },
        { since: NOW + HOUR / 2, resolvedAt: NOW + HOUR },
      ]),
    ).toMatchObject({ downtime_ms: 2 * HOUR, uptime: 1 - 2 / 24, alerts: 3 })
    expect(of([{ since: NOW + 23 * HOUR }])).toMatchObject({ downtime_ms: HOUR })
    expect(of([{ key: 'check:11', since: NOW }])).toMatchObject({ downtime_ms: 0, alerts: 0 })
    expect(of([{ since: NOW, resolvedAt: NOW + 18 * HOUR }], { createdAt: NOW + 12 * HOUR })).toMatchObject({
      downtime_ms: 6 * HOUR,
      uptime: 0.5,
    })
    expect(of([], { createdAt: NOW + 2 * DAY })).toMatchObject({ uptime: 1 })
    expect(of([{ firedAt: NOW - 1, resolvedAt: NOW + 1 }]).alerts).toBe(0)
    expect(of([], { measured: { upMs: 3, downMs: 1 } }, 0.75)).toMatchObject({
      uptime: 0.75,
      downtime_ms: 1,
      met: true,
      budget_ms: DAY / 4,
    })
    expect(of([{ since: NOW, resolvedAt: NOW + HOUR }], { measured: { upMs: 0, downMs: 0 } }, 0.99)).toMatchObject({
      downtime_ms: HOUR,
      met: false,
    })
    const sorted = compute([], {
      checks: [
        { id: 1, name: 'b', createdAt: 0 },
        { id: 2, name: 'a', createdAt: 0 },
        { id: 3, name: 'c', createdAt: 0, measured: { upMs: 1, downMs: 1 } },
      ],
    })
    expect(sorted.checks.map(({ name }) => name)).toEqual(['c', 'a', 'b'])
  })

  it('name the three noisiest rules, from five alerts on', () => {
    const many = (rule: string | null, count: number) => Array.from({ length: count }, () => alert({ rule }))
    const { noisy_rules: noisy } = compute([
      ...many('b', 5),
      ...many('a', 5),
      ...many('c', 6),
      ...many('d', 4),
      ...many('e', 5),
      ...many(null, 9),
    ])
    expect(noisy).toEqual([
      { rule: 'c', alerts: 6 },
      { rule: 'a', alerts: 5 },
      { rule: 'b', alerts: 5 },
    ])
  })

  it('are read from the alerts, checks, jobs and acknowledgements of a project or all', () => {
    const stored = (more: Partial<Alert>) =>
      storeAlert(state, { projectId: 1, severity: 'warning', firedAt: NOW, ...more })
    stored({ firedAt: NOW - DAY, state: 'resolved', resolvedAt: NOW - 1 })
    stored({ firedAt: NOW - DAY, state: 'resolved', resolvedAt: NOW })
    stored({ firedAt: NOW + DAY })
    stored({ detector: 'test' })
    stored({ projectId: 2, labels: { rule: 'r' } })
    const mine = stored({})
    for (const at of [NOW + HOUR, NOW + 2 * HOUR])
      writeHistory(state, mine.id, { kind: 'acknowledged', what: 'x', by: 'Ann' }, at)
    writeHistory(state, mine.id, { kind: 'acknowledged', what: 'x', by: null }, NOW)
    writeHistory(state, mine.id, { kind: 'noted', what: 'x', by: 'Ben' }, NOW)
    writeHistory(state, mine.id, { kind: 'acknowledged', what: 'x', by: 'Ben' }, NOW + DAY)
    writeHistory(state, 4, { kind: 'acknowledged', what: 'x', by: 'Ben' }, NOW)
    writeHistory(state, 5, { kind: 'acknowledged', what: 'x', by: 'Cy' }, NOW)
    check('never')
    state.prepare('update checks set created_at = ?').run(NOW - 1)
    const [up, paused] = [check('up'), check('paused'), check('of shop', { projectId: 2 })]
    for (const id of [up.id, 4]) updateCheck(state, id, { status: 'up' })
    updateCheck(state, paused.id, { status: 'paused' })
    const read = (projectId: number | null) => readReportMetrics(state, { from: NOW, until: NOW + DAY, projectId })
    expect(read(null)).toMatchObject({
      project: null,
      alerts: { warning: 2, open: 2 },
      never_ran: [{ name: 'never', since: NOW - 1 }],
    })
    expect(read(null).checks.map(({ name }) => name)).toEqual(['of shop', 'up'])
    expect(read(null).responders).toEqual([
      { who: 'Ann', acknowledged: 2, at_night: 0 },
      { who: 'Cy', acknowledged: 1, at_night: 0 },
    ])
    expect(read(null).audit).toBeDefined()
    expect(read(1)).toMatchObject({ project: 'default', alerts: { warning: 1 }, time_to_acknowledge_ms: 0 })
    expect([read(1).responders, read(1).checks.map(({ name }) => name), read(1).audit]).toEqual([
      [expect.objectContaining({ who: 'Ann' })],
      ['up'],
      undefined,
    ])
    expect(readReportMetrics(state, { from: NOW - DAY, until: NOW, projectId: null }).never_ran).toEqual([])
    expect(readReportMetrics(state, { from: NOW, until: NOW + DAY - 1, projectId: null }).never_ran).toEqual([])
    expect(readReportMetrics(state, { from: NOW, until: NOW + DAY, projectId: 2 }).never_ran).toEqual([])
  })

  it('count the alerts of a group and of a storm once each, acknowledged with their group, and no notices', () => {
    const stored = (more: Partial<Alert>) =>
      storeAlert(state, { projectId: 1, severity: 'warning', firedAt: NOW, ...more })
    const group = stored({ detector: 'group' })
    const resolved = { state: 'resolved', resolvedAt: NOW + HOUR } as const
    for (const more of [resolved, { ...resolved, firedAt: NOW + HOUR / 2 }, { firedAt: NOW + DAY - 1 }])
      stored({ groupId: group.id, ...more })
    stored({ detector: 'storm' })
    for (let i = 0; i < 5; i++) stored({ detector: 'notice', severity: 'info', state: 'resolved', resolvedAt: NOW })
    writeHistory(state, group.id, { kind: 'acknowledged', what: 'x', by: 'Ann' }, NOW + 10 * MINUTE)
    writeHistory(state, group.id, { kind: 'acknowledged', what: 'x', by: 'Ann' }, NOW + 2 * HOUR)
    const metrics = readReportMetrics(state, { from: NOW, until: NOW + DAY, projectId: null })
    expect(metrics).toMatchObject({ alerts: { warning: 3, info: 0, open: 1 }, acknowledged: 1 })
    expect([metrics.time_to_acknowledge_ms, metrics.time_to_resolve_ms]).toEqual([10 * MINUTE, (3 * HOUR) / 4])
    expect(metrics.responders).toEqual([{ who: 'Ann', acknowledged: 2, at_night: 0 }])
  })

  it('measure checks by their own status, and probes by their results', () => {
    const [a, probe] = [check('a'), check('probe', { probed: true })]
    for (const { id } of [a, probe]) updateCheck(state, id, { status: 'up' })
    recordFlip(state, { id: a.id, status: 'up' }, 'down', NOW + HOUR)
    recordFlip(state, { id: a.id, status: 'down' }, 'up', NOW + 3 * HOUR)
    recordMeasurement(
      state,
      probe.id,
      { at: NOW + HOUR, ok: true, durationMs: 5 },
      { from: NOW, until: NOW + HOUR, isUp: false },
    )
    const { checks } = readReportMetrics(state, { from: NOW, until: NOW + DAY, projectId: null })
    expect(checks.map(({ name, downtime_ms: down }) => [name, down])).toEqual([
      ['probe', HOUR],
      ['a', 2 * HOUR],
    ])
    const spans = (from: number, until: number, status: 'up' | 'down' = 'up') =>
      readDownSpans(state, { id: a.id, status }, NOW + from * HOUR, NOW + until * HOUR).map(span => [
        (span.from - NOW) / HOUR,
        (span.until - NOW) / HOUR,
      ])
    expect([spans(0, 9), spans(2, 9), spans(0, 2), spans(4, 9), spans(4, 9, 'down'), spans(1, 3)]).toEqual([
      [[1, 3]],
      [[2, 3]],
      [[1, 2]],
      [],
      [[4, 9]],
      [[1, 3]],
    ])
  })
})

it('the load of people counts alerts in their shifts, and those at night by the clock of the rotation', () => {
  const at = (time: string) => Date.parse(`2026-03-02T${time}Z`)
  addRotation(
    state,
    { name: 'a', members: ['Ann'], every: 'weekly', day: 1, minute: 0, timeZone: 'Europe/Oslo' },
    at('00:00'),
  )
  const rotation = {
    ...addRotation(
      state,
      { name: 'b', members: ['Ben'], every: 'weekly', day: 1, minute: 0, timeZone: 'UTC' },
      at('00:00'),
    ),
    createdAt: at('06:00'),
  }
  const override = addOverride(state, {
    rotationId: rotation.id,
    who: 'Ann',
    from: at('08:00'),
    until: at('09:00'),
    setBy: 'x',
  })
  const fired = ['05:59', '06:00', '06:59', '07:00', '08:30', '21:59', '22:00'].map(at)
  expect(onCallLoad([{ rotation, overrides: [override] }], fired)).toEqual([
    { rotation: 'b', who: 'Ben', alerts: 5, at_night: 3 },
    { rotation: 'b', who: 'Ann', alerts: 1, at_night: 0 },
  ])
  expect(onCallLoad([{ rotation, overrides: [override] }], fired.toReversed())).toHaveLength(2)
  // Of thousands of alerts in a shift, not each asks who is on call.
  const asked = vi.fn(() => [])
  const many = Array.from({ length: 5_000 }, (_, i) => at('09:00') + i)
  onCallLoad([{ rotation, overrides: Object.assign([], { filter: asked }) }], many)
  expect(asked.mock.calls.length).toBeLessThan(5)
  const same = { rotation, overrides: [] }
  expect(
    onCallLoad([same, { rotation: { ...rotation, name: 'c', members: ['Al'] }, overrides: [] }], [at('08:00')]).map(
      ({ who }) => who,
    ),
  ).toEqual(['Al', 'Ben'])
  const taken = [
    { who: 'Ben', at: at('06:30') },
    { who: 'Ann', at: at('06:30') },
    { who: 'Cy', at: at('12:00') },
    { who: 'Cy', at: at('12:00') },
  ]
  expect(responders(taken, 'Europe/Oslo')).toEqual([
    { who: 'Cy', acknowledged: 2, at_night: 0 },
    { who: 'Ann', acknowledged: 1, at_night: 0 },
    { who: 'Ben', acknowledged: 1, at_night: 0 },
  ])
  expect(responders(taken, 'UTC')[1]).toMatchObject({ at_night: 1 })
})

it.each<[string, Parameters<typeof stricterThreshold>[0], number[], number | null]>([
  ['the worst tenth', { operator: '>', threshold: 5 }, Array.from({ length: 20 }, (_, i) => i + 10), 28],
  ['the worst tenth downwards', { operator: '<=', threshold: 50 }, Array.from({ length: 20 }, (_, i) => i + 10), 11],
  ['upwards without an operator', { operator: null, threshold: 5 }, [7.9], 7],
  ['rounded up downwards', { operator: '<', threshold: 5 }, [2.1], 3],
  ['nothing that is not stricter', { operator: '>', threshold: 7 }, [7.9], null],
  ['nothing that is not stricter downwards', { operator: '<', threshold: 3 }, [2.1], null],
  ['nothing without alerts', { operator: '>', threshold: 7 }, [], null],
  ['nothing without a threshold', { operator: '>', threshold: null }, [9], null],
])('a noisy rule is proposed %s', (_, rule, values, threshold) => {
  expect(
    stricterThreshold(
      rule,
      values.map(value => ({ value })),
    ),
  ).toBe(threshold)
})

describe('the card of a report', () => {
  const metrics = (more: Partial<ReportMetrics> = {}): ReportMetrics => ({
    ...computeMetrics({ from: NOW, until: NOW + DAY, project: null }, { alerts: [], checks: [], errors: [] }),
    ...more,
  })
  const lines = (
    more: Partial<ReportMetrics>,
    ...rest: [unusual?: string[], proposals?: Parameters<typeof reportCard>[3]]
  ) =>
    reportCard('daily', metrics(more), ...rest).lines!.map(line =>
      plainText(line, at => new Date(at).toISOString().slice(11, 16)),
    )
  const some = { critical: 1, warning: 2, info: 0, open: 1 }
  const course = [{ at: NOW, critical: 1, warning: 2, info: 0 }]
  const aCheck = (name: string, more: object = {}) => ({
    name,
    uptime: 1,
    downtime_ms: 0,
    alerts: 0,
    met: null,
    budget_ms: null,
    ...more,
  })

  it('says how many alerts there were, and nothing of what there was not', () => {
    expect(lines({})).toEqual(['09:00 to 09:00', 'No checks.'])
    expect(reportCard('daily', metrics())).toMatchObject({ title: 'Report daily: no alerts', tone: 'good', fields: [] })
    expect(reportCard('daily', metrics({ alerts: some, course }))).toMatchObject({
      title: 'Report daily: 3 alerts',
      tone: 'warning',
    })
    expect(reportCard('daily', metrics({ alerts: { ...some, critical: 0 } })).tone).toBe('good')
    expect(lines({ alerts: some, course, project: 'shop' }).slice(0, 2)).toEqual([
      '09:00 to 09:00, project shop',
      'New: 1 critical, 2 warning, 0 info. Open at the end: 1.',
    ])
    expect(lines({ alerts: some, course })[2]).toMatch(/ alerts over time$/)
  })

  it('names the checks that failed, and whether the target was met', () => {
    const bad = aCheck('b', { uptime: 0.99, downtime_ms: 15 * MINUTE, alerts: 1, met: false, budget_ms: MINUTE })
    expect(lines({ target: 0.999, checks: [aCheck('a', { met: true }), bad] }).slice(1)).toEqual([
      'Uptime of 2 checks: 99.5 % on average.',
      'Target 99.9 %: 1 of 2 met.',
      'b 99 % up, down for 15m, 1 alert; the target allows 1m',
    ])
    expect(lines({ target: 0.999, checks: [aCheck('a', { met: true })] })[2]).toBe('Target 99.9 %: met.')
    expect(lines({ target: 0.999, checks: [aCheck('a', { met: true }), aCheck('b', { met: true })] })[2]).toBe(
      'Target 99.9 %: all met.',
    )
    expect(lines({ target: 0.999 })).toHaveLength(2)
    expect(lines({ checks: [aCheck('a', { alerts: 1 })] })[2]).toBe('a 100 % up, down for under 1s, 1 alert')
    expect(lines({ checks: [aCheck('a', { uptime: 0.9999999, downtime_ms: 5 })] })[1]).toContain('99.999 %')
    const nine = Array.from({ length: 9 }, (_, i) => aCheck(`c${i}`, { met: false }))
    expect(lines({ checks: nine }).slice(-2)).toEqual([expect.stringMatching(/^c7/), '… 1 more'])
    expect(lines({ checks: nine.slice(0, 8) }).at(-1)).toMatch(/^c7/)
  })

  it('names jobs that never ran, noisy rules, people, errors and the audit', () => {
    const never = Array.from({ length: 9 }, (_, i) => ({ name: `n${i}`, since: NOW }))
    expect(lines({ never_ran: never }).slice(2)).toEqual([
      'Jobs that never ran',
      ...never.slice(0, 8).map(({ name }) => `${name} waits for its first beat since 09:00`),
      '… 1 more',
    ])
    expect(lines({ never_ran: never.slice(0, 8) })).toHaveLength(11)
    expect(
      lines(
        {
          noisy_rules: [
            { rule: 'r', alerts: 9 },
            { rule: 's', alerts: 1 },
          ],
        },
        [],
        [{ rule: 'r', threshold: 7, would_send: 1, instead_of: 9 }],
      ).slice(2),
    ).toEqual(['Noisy rules', 'r 9 alerts; would have sent 1 instead of 9 with --threshold 7', 's 1 alert'])
    expect(
      lines({
        on_call: [
          { rotation: 'a', who: 'Ann', alerts: 2, at_night: 1 },
          { rotation: 'a', who: 'Ben', alerts: 1, at_night: 0 },
        ],
      }).slice(2),
    ).toEqual([...['On call', 'Ann 2 alerts, 1 at night (a)', 'Ben 1 alert (a)']])
    expect(
      lines({
        responders: [
          { who: 'Ann', acknowledged: 2, at_night: 1 },
          { who: 'Ben', acknowledged: 1, at_night: 0 },
        ],
      })[2],
    ).toBe('Acknowledged by Ann 2 (1 at night), Ben 1.')
    expect(
      lines(
        {
          errors: [
            { what: 'x', source: '', count: 1_200 },
            { what: 'y', source: 'api', count: 1 },
          ],
        },
        ['Odd.'],
      ).slice(2),
    ).toEqual([...['Most frequent errors', '1,200 x', '1 api: y', 'Odd.']])
    expect(lines({ audit: { id: 0, hash: 'abc' } })).toHaveLength(2)
    expect(lines({ audit: { id: 1, hash: '0123456789abcdef0123' } })[2]).toBe('Audit up to row 1: 0123456789abcdef')
    const fields = (ms: number | null, ninth: number | null) =>
      reportCard('d', metrics({ time_to_resolve_ms: ms, time_to_resolve_p90_ms: ninth })).fields!.map(
        ({ value }) => value,
      )
    expect([fields(null, 5), fields(MINUTE, null), fields(MINUTE, MINUTE), fields(MINUTE, HOUR)]).toEqual([
      [],
      ['1m'],
      ['1m'],
      ['1m, 9 of 10 within 1h'],
    ])
    expect(reportChart(metrics(), 'UTC')).toBeNull()
    expect(
      reportChart(metrics({ course: [...course, { at: NOW + HOUR, critical: 0, warning: 0, info: 0 }] }), 'UTC'),
    ).toMatchObject({
      series: [
        {
          points: [
            [NOW, 1],
            [NOW + HOUR, 0],
          ],
        },
        {
          points: [
            [NOW, 2],
            [NOW + HOUR, 0],
          ],
        },
        {},
      ],
    })
  })
})

describe('reports', () => {
  const report = (name: string, more: object = {}) =>
    addReport(
      state,
      {
        name,
        every: 'daily',
        cron: '0 12 * * *',
        timeZone: 'UTC',
        projectId: null,
        channels: [],
        target: 0.99,
        setBy: 'Ann',
        ...more,
      },
      NOW,
    )
  const noon = NOW + 3 * HOUR
  beforeEach(() =>
    syncChannels(
      state,
      [
        { id: 'a:1', name: 'a' },
        { id: 'b:1', name: 'b' },
      ],
      NOW,
    ),
  )

  it('are due by their schedule, each with a name of its own', () => {
    expect(nextReport(state)).toBeNull()
    const b = report('b')
    report('a', { every: 'weekly', cron: '0 12 * * 1' })
    expect([b.nextAt, listReports(state).map(({ name }) => name), nextReport(state)]).toEqual([noon, ['a', 'b'], noon])
    const taken = expect.objectContaining({ code: 'conflict', fields: { name: 'is taken' } })
    expect(() => report('a')).toThrow(taken)
    expect(() => editReport(state, b, { name: 'a' }, NOW)).toThrow(taken)
    expect(editReport(state, b, { name: 'b', target: 0 }, NOW + DAY)).toMatchObject({ target: 0, nextAt: noon })
    expect(editReport(state, b, { cron: '0 18 * * *' }, NOW).nextAt).toBe(NOW + 9 * HOUR)
    expect(editReport(state, findReport(state, 'b'), { timeZone: 'Europe/Oslo' }, NOW).nextAt).toBe(NOW + 8 * HOUR)
    expect([scopeOf(findReport(state, 'b')).target, scopeOf(findReport(state, 'a')).target]).toEqual([null, 0.99])
    expect(removeReport(state, 'b').name).toBe('b')
    expect(() => findReport(state, 'b')).toThrow(expect.objectContaining({ code: 'not_found' }))
  })

  it('are made once when they are due, also for a time in which they were missed', () => {
    report('daily')
    report('weekly', { every: 'weekly', cron: '0 12 * * 1' })
    makeDueReports(state, noon - 1)
    expect(listRuns(state, null, 9)).toEqual([])
    makeDueReports(state, noon)
    expect(listRuns(state, null, 9).map(({ name, from, until, at }) => [name, until - from, until, at])).toEqual([
      ['weekly', 7 * DAY, noon, noon],
      ['daily', DAY, noon, noon],
    ])
    makeDueReports(state, noon + 3 * DAY + HOUR)
    expect(listRuns(state, findReport(state, 'daily'), 1)).toMatchObject([{ from: noon, until: noon + 3 * DAY }])
    expect([findReport(state, 'daily').nextAt, listRuns(state, null, 9).length]).toEqual([noon + 4 * DAY, 3])
  })

  it('go to their channels, or to all that are of no person', () => {
    savePersonChannel(state, 'mailto:ann', 'Ann', NOW)
    const run = (more: object, name: string) => makeReport(state, report(name, more), NOW - DAY, NOW, NOW).id
    const all = run({}, 'x')
    const some = run({ channels: ['b:1', 'gone', 'mailto:ann'] }, 'y')
    const to = (id: number) => listSends(state, id).map(({ channelId }) => channelId)
    expect([to(all), to(some)]).toEqual([['a:1', 'b:1'], ['b:1']])
    expect([nextSend(state), dueSends(state, NOW - 1, 9), dueSends(state, NOW, 2).length]).toEqual([NOW, [], 2])
    const [first] = dueSends(state, NOW, 9)
    expect(first).toMatchObject({
      name: 'x',
      timeZone: 'UTC',
      runId: all,
      run: { id: all, metrics: { from: NOW - DAY } },
    })
    markSend(state, first!, { nextAttemptAt: NOW + HOUR, sentAt: NOW + 1 })
    markSend(state, { runId: all, channelId: 'b:1' }, { endedAt: NOW })
    expect(dueSends(state, NOW, 9).map(({ runId, channelId }) => [runId, channelId])).toEqual([[some, 'b:1']])
    rewindReports(state, NOW, MINUTE)
    expect(listSends(state, all).map(({ nextAttemptAt, sentAt }) => [nextAttemptAt, sentAt])).toEqual([
      [NOW + HOUR - MINUTE, NOW + 1 - MINUTE],
      [NOW, null],
    ])
    expect(listSends(state, some)[0]).toMatchObject({ nextAttemptAt: NOW - MINUTE, sentAt: null })
    for (const own of dueSends(state, NOW + DAY, 9)) markSend(state, own, { endedAt: NOW })
    expect(nextSend(state)).toBeNull()
  })

  it('keep their last four hundred runs each', () => {
    const [a, b] = [report('a'), report('b')]
    state.db
      .insert(reportRuns)
      .values({ reportId: b.id, at: 0, from: 0, until: 0, metrics: {} as never })
      .run()
    state.transaction(() => {
      for (let i = 0; i < 400; i++)
        state.db
          .insert(reportRuns)
          .values({ reportId: a.id, at: i, from: 0, until: 0, metrics: {} as never })
          .run()
    })
    makeReport(state, a, NOW - DAY, NOW, NOW)
    expect([listRuns(state, a, 999).length, listRuns(state, a, 999).at(-1)!.at, listRuns(state, b, 9).length]).toEqual([
      400, 1, 1,
    ])
  })

  it('that would come too late after the clock went back are due earlier', () => {
    report('daily')
    report('weekly', { every: 'weekly', cron: '0 12 * * 1' })
    state.prepare('update reports set next_at = ? where name = ?').run(NOW + 2 * DAY + 1, 'daily')
    state.prepare('update reports set next_at = ? where name = ?').run(NOW + 8 * DAY, 'weekly')
    rewindReports(state, NOW, HOUR)
    expect(listReports(state).map(({ nextAt }) => nextAt)).toEqual([noon, NOW + 8 * DAY])
    state.prepare('update reports set next_at = ? where name = ?').run(NOW + 2 * DAY, 'daily')
    rewindReports(state, NOW, HOUR)
    expect(findReport(state, 'daily').nextAt).toBe(NOW + 2 * DAY)
  })
})

describe('boards', () => {
  it('are one in each channel, whose message is only changed while it is the same board', () => {
    const set = (channelId: string, projectId: number | null = null) =>
      setBoard(state, { channelId, projectId, setBy: 'Ann' }, NOW)
    set('b')
    const first = set('a')
    expect(listBoards(state).map(({ channelId }) => channelId)).toEqual(['a', 'b'])
    markBoard(state, first, { ref: 'm1', sentAt: NOW, isPinned: true })
    expect([readBoard(state, 'a'), readBoard(state, 'b')?.ref]).toEqual([
      expect.objectContaining({ ref: 'm1', isPinned: true }),
      null,
    ])
    const second = set('a', 2)
    expect(second).toMatchObject({ ref: null, sentAt: null, isPinned: false, projectId: 2 })
    markBoard(state, first, { ref: 'old' })
    expect(readBoard(state, 'a')!.ref).toBeNull()
    markBoard(state, second, { ref: 'm2' })
    forgetMessage(state, first)
    expect(readBoard(state, 'a')!.ref).toBe('m2')
    forgetMessage(state, second)
    expect([readBoard(state, 'a')!.ref, readBoard(state, 'a')!.nonce === second.nonce]).toEqual([null, false])
    let told = false
    state.onCommit(topics => {
      if (topics.has('boards')) told = true
    })
    removeBoard(state, second)
    expect([told, readBoard(state, 'a'), listBoards(state).length]).toEqual([true, undefined, 1])
  })

  it('show the alerts, checks, hosts and errors of their project, or of all', () => {
    const read = (projectId: number | null, hasLogs = true) =>
      readBoardFacts(state, projectId, NOW, { hasLogs, trouble: null })
    storeAlert(state, { projectId: 1, severity: 'critical', state: 'acknowledged' })
    storeAlert(state, { projectId: 2, severity: 'warning' })
    storeAlert(state, { projectId: 1, severity: 'info', groupId: 9 })
    storeAlert(state, { projectId: 1, state: 'resolved' })
    const down = check('down')
    updateCheck(state, down.id, { status: 'down', missedAt: NOW - 5, lastBeatAt: NOW - 9 })
    const late = check('late', { projectId: 2 })
    updateCheck(state, late.id, { status: 'up', lateAt: NOW - 1 })
    const host = (name: string, more: object) =>
      state.db
        .insert(hosts)
        .values({
          name,
          address: 'x',
          port: 1,
          user: 'x',
          auth: 'own',
          addedAt: 0,
          addedBy: 'x',
          status: 'up',
          ...more,
        })
        .returning()
        .get().id
    const [busy, idle] = [host('busy', {}), host('idle', { projectId: 1 })]
    host('lost', { status: 'down', failingSince: NOW - 7, projectId: 2 })
    host('off', { enabled: false, status: 'down' })
    saveMeasurements(state, busy, [{ kind: 'host', name: '', cpu: 20.4, memory: 50, memoryLimit: 100 }], NOW - MINUTE)
    saveMeasurements(state, idle, [{ kind: 'host', name: '', cpu: 0.4 }], NOW - MINUTE)
    const errors = (projectId: number, at: number) =>
      addCount(
        state,
        seriesFor(state, projectId, { source: 'a', host: '', group: '', level: 'error', fingerprint: 'f' }, NOW).id,
        at,
        3,
      )
    errors(1, NOW - HOUR)
    errors(1, NOW - MINUTE)
    errors(2, NOW - MINUTE)
    errors(1, NOW)
    errors(1, NOW - HOUR - 1)
    expect(read(null)).toMatchObject({
      ...{
        project: null,
        open: { critical: 1, warning: 1, info: 1 },
        acknowledged: 1,
        hosts: 3,
        hostsDown: 1,
        onCall: [],
      },
      worstChecks: [
        { name: 'down', status: 'down', since: NOW - 5 },
        { name: 'late', status: 'late', since: NOW - 1 },
      ],
      worstHosts: [
        { name: 'lost', isDown: true, since: NOW - 7, usage: '' },
        { name: 'busy', usage: 'CPU 20 %, memory 50 %' },
        { name: 'idle', usage: '' },
      ],
    })
    expect(read(null).alerts.map(({ id }) => id)).toEqual([1, 2])
    const more = host('more', { projectId: 1 })
    saveMeasurements(state, more, [{ kind: 'host', name: '', cpu: 70, memory: 10, memoryLimit: 100 }], NOW - MINUTE)
    saveMeasurements(state, host('one', { projectId: 1 }), [{ kind: 'host', name: '', cpu: 1 }], NOW - MINUTE)
    expect(read(1).worstHosts.map(({ name, usage }) => `${name}: ${usage}`)).toEqual([
      ...['more: CPU 70 %, memory 10 %', 'busy: CPU 20 %, memory 50 %', 'one: CPU 1 %, memory 0 %', 'idle: '],
    ])
    const { errors: minutes } = read(null)
    expect([minutes?.length, minutes?.[0], minutes?.[59]]).toEqual([60, 3, 6])
    expect(read(1)).toMatchObject({
      project: 'default',
      hosts: 4,
      hostsDown: 0,
      checks: { down: 1, late: 0 },
      open: { warning: 0 },
    })
    expect([read(1).errors![59], read(1, false).errors, read(1).worstChecks.length]).toEqual([3, null, 1])
    updateCheck(state, down.id, { missedAt: null })
    expect(read(1).worstChecks[0]!.since).toBe(NOW - 9)
    expect(readBoardFacts(state, null, NOW + 2 * MINUTE, { hasLogs: true, trouble: null }).worstHosts[1]).toMatchObject(
      { usage: '' },
    )
  })

  it('say in their card what is wrong, the worst first', () => {
    const facts = { ...readBoardFacts(state, null, NOW, { hasLogs: false, trouble: null }) }
    const card = (more: object, ended: string | null = null) => boardCard({ ...facts, ...more }, NOW, ended)
    const field = (more: object, name: string) => card(more).fields!.find(own => own.name === name)?.value
    expect(card({})).toMatchObject({ title: 'All clear', tone: 'good', rows: [], lines: [] })
    expect(card({}, 'Stopped.')).toMatchObject({ title: 'Not live: All clear', tone: 'muted', lines: ['Stopped.'] })
    expect(card({ trouble: 'Offline.', project: 'shop' })).toMatchObject({
      title: 'No open alerts in shop',
      tone: 'warning',
      lines: ['Offline.'],
    })
    const alerts = Array.from({ length: 7 }, (_, i) => storeAlert(state, { title: `alert ${i}`, severity: 'warning' }))
    const many = card({ alerts, open: { critical: 0, warning: 8, info: 1 }, acknowledged: 2 })
    expect(many).toMatchObject({
      title: '8 warning, 1 info open',
      tone: 'warning',
      rows: { length: 6 },
      page: { text: '3 more alerts' },
    })
    expect(card({ alerts: alerts.slice(0, 6), open: { critical: 0, warning: 6, info: 0 } })).not.toHaveProperty('page')
    expect(many.fields![0]).toMatchObject({ name: 'Alerts', value: '9 open, 7 not acknowledged' })
    const checks = { down: 1, late: 0, up: 2, new: 0, paused: 0 }
    expect([
      field({}, 'Checks'),
      field({ checks }, 'Checks'),
      card({ checks }).tone,
      card({ hosts: 1, hostsDown: 1 }).tone,
    ]).toEqual(['none yet', '1 down, 2 up', 'warning', 'warning'])
    const host = (name: string, more: object = {}) => ({ name, isDown: false, since: null, usage: '', ...more })
    expect([
      field({}, 'Hosts'),
      field({ hosts: 2 }, 'Hosts'),
      field(
        {
          hosts: 2,
          hostsDown: 1,
          worstHosts: [host('x', { isDown: true, usage: 'z' }), host('y'), host('w', { usage: 'CPU 9 %' })],
        },
        'Hosts',
      ),
    ]).toEqual([...[undefined, '2 up', '1 down, 1 up; busiest w: CPU 9 %']])
    const rate = (...errors: number[]) => field({ errors }, 'Errors')
    expect([
      field({}, 'Errors'),
      rate(9, 0, 0, 0, 0, 0),
      rate(1, 0, 0, 0, 1),
      rate(50, 0, 0, 0, 0),
      rate(49, 0, 0, 0, 0),
    ]).toEqual([
      ...[
        undefined,
        'none in the last 5 minutes',
        '0.4 a minute in the last 5 minutes',
        '10 a minute in the last 5 minutes',
        '9.8 a minute in the last 5 minutes',
      ],
    ])
    expect([card({ errors: [0, 0] }).evidence, card({ errors: [0, 1] }).evidence?.length]).toEqual([undefined, 1])
    const rows = (more: object) => card(more).rows!.map(({ name }) => name)
    const down = (name: string) => ({ name, status: 'down' as const, since: null })
    expect(
      rows({
        worstChecks: ['a', 'b', 'c', 'd', 'e'].map(down),
        worstHosts: ['h', 'i', 'j', 'k'].map(name => host(name, { isDown: true })),
      }),
    ).toEqual(['a', 'b', 'c', 'd', 'h', 'i', 'j'])
    expect(
      rows({
        alerts: [{ ...alerts[0]!, checkId: 7, role: 'host-down', labels: { host: 'a' } }],
        worstChecks: [
          { ...down('job'), id: 7 },
          { ...down('other'), id: 8 },
        ],
        worstHosts: [host('a', { isDown: true }), host('b', { isDown: true }), host('up')],
      }),
    ).toEqual(['1', 'other', 'b'])
    expect(
      rows({
        alerts: [{ ...alerts[0]!, labels: { host: 'a' } }],
        worstHosts: [host('a', { isDown: true })],
      }),
    ).toEqual(['1', 'a'])
    const text = (more: object) =>
      plainText(card({ alerts: [{ ...alerts[0]!, ...more }] }).rows![0]!.text, at => `${at}`)
    expect([text({}), text({ state: 'acknowledged', acknowledgedBy: null }), text({ snoozedUntil: 5 })]).toEqual([
      expect.stringMatching(/Warning: alert 0 · 0$/),
      expect.stringMatching(/ alert 0 · 0 · acknowledged by somebody$/),
      expect.stringMatching(/ alert 0 · 0 · snoozed until 5$/),
    ])
    expect(
      plainText(
        field(
          {
            onCall: [
              { rotation: 'a', who: 'Ann', until: 5 },
              { rotation: 'b', who: 'Ben', until: 6 },
            ],
          },
          'On call',
        )!,
        at => `${at}`,
      ),
    ).toBe('Ann (a, until 5); Ben (b, until 6)')
    expect(field({}, 'On call')).toBe('nobody')
  })
})
