// What rules of each kind would have alerted on in the past, from the stored counts and samples: when, for how long, and how bad.
import { beforeEach, describe, expect, it } from 'vitest'
import { saveMeasurements } from '../../../hosts/metrics/samples.ts'
import { addCount, seriesFor } from '../../../logs/counters.ts'
import { recordError } from '../../../logs/errors/errors.ts'
import { recordSource } from '../../../logs/sources.ts'
import type { State } from '../../../state/database.ts'
import { containers, downtimes, hosts as hostTable } from '../../../state/schema/index.ts'
import { DAY, HOUR, MINUTE } from '../../../time.ts'
import type { Period } from '../backtest.ts'
import type { Rule } from '../rule.ts'
import { createRuleKinds } from '../rule-kind.ts'
import { RULE_KINDS } from '../rule-kinds.ts'
import { listRules } from '../rules.ts'
import { addRuleOf, stateWithProjects } from './kinds.testing.ts'
import { search } from './search.ts'

const NOW = 20_000 * DAY
const WEEK = 7 * DAY
const KINDS = createRuleKinds(RULE_KINDS)
let state: State
beforeEach(() => {
  state = stateWithProjects()
})
const rule = (kind: string, more: Partial<Rule> = {}): Rule =>
  addRuleOf(state, KINDS, kind, { name: `rule ${listRules(state).length}`, keepFiring: MINUTE, ...more })
const series = (more: object = {}, projectId = 1) =>
  seriesFor(state, projectId, { source: 'api', host: 'web-1', group: '', level: 'info', fingerprint: '', ...more }, NOW)
    .id
/** Adds lines at minutes before now. */
const lines = (id: number, counts: { [minutesAgo: number]: number }) => {
  for (const [ago, count] of Object.entries(counts)) addCount(state, id, NOW - Number(ago) * MINUTE, count)
}
/** Adds as many lines in every minute (or hour) from `from` to `until`. */
const steady = (id: number, count: number, from: number, until = NOW, step = MINUTE) =>
  state.transaction(() => {
    for (let at = from; at < until; at += step) addCount(state, id, at, count)
  })
/** The episodes of a rule in words, in minutes before now. */
const past = (of: Rule, { from = NOW - DAY, until = NOW, now = NOW }: Partial<Period> = {}) => {
  const { backtest } = KINDS.get(of.kind)
  if (backtest.from !== 'counters') throw new Error(`${of.kind} has no counters`)
  return [...backtest.episodes(state, of, { from, until, now })]
    .flat()
    .map(
      ({ subject, projectId, from: begin, until: end, value }) =>
        `${projectId} ${subject} ${(NOW - begin) / MINUTE}-${(NOW - end) / MINUTE}: ${Math.round(value * 100) / 100}`,
    )
}

describe('a rule about a number of lines', () => {
  it('would have alerted from the end of the minute on that fills its window', () => {
    const id = series()
    lines(id, { 60: 6, 59: 4, 40: 9, 38: 9, 20: 10, 19: 15 })
    const of = rule('threshold', { threshold: 10, window: 2 * MINUTE })
    expect(past(of)).toEqual(['null rule 0 58-57: 10', 'null rule 0 19-16: 25'])
    expect(past({ ...of, operator: '>' })).toEqual(['null rule 0 18-16: 25'])
    expect(past(of, { from: NOW - 90 * MINUTE })).toHaveLength(2)
  })

  it('would have alerted on minutes without lines', () => {
    const id = series()
    steady(id, 1, NOW - 25 * HOUR)
    state.prepare('delete from log_counts where at in (?, ?)').run(NOW - 30 * MINUTE, NOW - 29 * MINUTE)
    const of = rule('threshold', { threshold: 1, operator: '<', window: MINUTE })
    expect(past(of)).toEqual(['null rule 0 29-27: 0'])
    expect(past(of, { from: NOW - 45 * MINUTE - 1, until: NOW - 1 })).toEqual(['null rule 0 29-27: 0'])
    expect(past(of, { from: NOW - 29 * MINUTE })).toEqual(['null rule 0 28-27: 0'])
    expect(past(of, { until: NOW - 28 * MINUTE - 1 })).toEqual(['null rule 0 29-28: 0'])
  })

  it('of the period only, to its end', () => {
    const id = series()
    lines(id, { 11: 50, 1: 50 })
    const of = rule('threshold', { threshold: 50, window: 2 * MINUTE })
    const from = NOW - 10 * MINUTE
    expect(past(of, { from })).toEqual(['null rule 0 9-8: 50', 'null rule 0 0--1: 50'])
    expect(past(of, { from, until: NOW - 1 })).toEqual(['null rule 0 9-8: 50'])
  })

  it('takes the lines of an hour as spread evenly where minutes are not stored any more', () => {
    const id = series()
    lines(id, { [60 * 60]: 600, [50 * 60]: 480 })
    const of = rule('threshold', { threshold: 50, window: 5 * MINUTE })
    expect(past(of, { from: NOW - 3 * DAY })).toEqual([`null rule 0 ${59 * 60}-${59 * 60 - 1}: 50`])
    const few = rule('threshold', { threshold: 1, operator: '<', window: 5 * MINUTE, keepFiring: HOUR })
    steady(id, 60, NOW - 3 * DAY - HOUR, NOW - 2 * DAY, HOUR)
    steady(id, 1, NOW - 2 * DAY)
    expect(past(few, { from: NOW - 3 * DAY })).toEqual([])
    state.prepare('delete from log_counts where at = ?').run(NOW - 55 * HOUR)
    expect(past(few, { from: NOW - 3 * DAY })).toEqual([`null rule 1 ${54 * 60}-${53 * 60}: 0`])
  })

  it.each<[Rule['per'], string[]]>([
    ['everywhere', ['null rule 0 9-8: 9']],
    ['source', ['1 api 9-8: 5', '2 api 9-8: 4']],
    ['host', ['1 web-1 9-8: 4', '2 web-1 9-8: 4']],
    ['container', ['1 api 9-8: 5', '2 api 9-8: 4']],
  ])('per %s', (per, expected) => {
    lines(series(), { 10: 3 })
    lines(series({ level: 'warn' }), { 10: 1 })
    lines(series({ host: 'web-2' }), { 10: 1 })
    lines(series({}, 2), { 10: 4 })
    expect(past(rule('threshold', { threshold: 4, window: MINUTE, per }))).toEqual(expected)
  })
})

describe('a rule about a metric', () => {
  const addHost = (name: string, projectId: number | null = null) => {
    const values = { name, address: 'x', port: 1, user: 'x', auth: 'own' as const, addedAt: 0, addedBy: 'x', projectId }
    const { id } = state.db.insert(hostTable).values(values).returning().get()
    state.db
      .insert(containers)
      .values({ hostId: id, name: 'nginx', containerId: 'x', image: 'x', state: 'running', seenAt: NOW })
      .run()
    return id
  }
  const save = (hostId: number, cpu: number, at: number) =>
    saveMeasurements(
      state,
      hostId,
      [
        { kind: 'host', name: '', cpu },
        { kind: 'container', name: 'nginx', cpu: cpu / 2 },
      ],
      at,
    )

  it('would have alerted at the samples beyond its threshold', () => {
    const [a, b] = [addHost('a', 2), addHost('b')]
    for (const [ago, cpu] of [
      [5, 89],
      [4, 90],
      [3, 95],
      [1, 20],
    ] as const)
      save(a, cpu, NOW - ago * MINUTE)
    save(b, 90, NOW - MINUTE)
    const of = rule('threshold', { metric: 'cpu', per: 'host', threshold: 90 })
    expect(past(of)).toEqual(['2 a 4-2: 95', 'null b 1-0: 90'])
    expect(past({ ...of, per: 'container', threshold: 45 })).toEqual([
      '2 nginx on a 4-2: 47.5',
      'null nginx on b 1-0: 45',
    ])
    expect(past({ ...of, matcher: 'host:b' })).toEqual(['null b 1-0: 90'])
    expect(past(of, { from: NOW - 3 * MINUTE, until: NOW - 2 * MINUTE })).toEqual(['2 a 3-2: 95'])
  })

  it('would have alerted on what was unlike the days before, hour by hour', () => {
    const id = addHost('a', 2)
    const first = NOW - 6 * DAY
    state.transaction(() => {
      for (let at = first; at < NOW; at += HOUR) save(id, 20, at)
    })
    // The average of these hours is far from 20, or just far enough, or not.
    for (const [hoursAgo, cpu] of [
      [40, 36],
      [30, 28],
      [20, 27.8],
      [10, 12],
    ] as const)
      save(id, cpu, NOW - hoursAgo * HOUR + MINUTE)
    const of = rule('anomaly', { metric: 'cpu', per: 'host', minimum: 4 })
    const at = (hours: number) => `${hours * 60}-${(hours - 1) * 60}`
    const period = { from: NOW - 5 * DAY }
    expect(past(of, period)).toEqual([`2 a ${at(39)}: 8`, `2 a ${at(29)}: 4`, `2 a ${at(9)}: 4`])
    expect(past({ ...of, operator: '>' }, period)).toHaveLength(2)
    expect(past({ ...of, per: 'container', minimum: 2 }, period)[0]).toBe(`2 nginx on a ${at(39)}: 8`)
    expect(past({ ...of, per: 'container', minimum: 5 }, period)).toEqual([])
    expect(past(of, { from: NOW - 40 * HOUR })).toHaveLength(3)
    expect(past(of, { from: NOW - 40 * HOUR + 1 })).toHaveLength(2)
    expect(past({ ...of, keepFiring: 10 * HOUR }, period)[0]).toBe(`2 a ${39 * 60}-${19 * 60}: 8`)
    // A host is unknown in its first three days.
    state.prepare('delete from samples where at < ?').run(NOW - 30 * HOUR - 3 * DAY)
    expect(past(of, period)).toEqual([`2 a ${at(29)}: 4`, `2 a ${at(9)}: 4`])
    state.prepare('delete from samples where at <= ?').run(NOW - 30 * HOUR - 3 * DAY)
    expect(past(of, period)).toEqual([`2 a ${at(9)}: 4`])
  })
})

describe('a rule about an unusual number of lines', () => {
  const at = (hours: number, end = hours - 1) => `${hours * 60}-${end * 60}`

  it('would have alerted on hours unlike those of the weeks before', () => {
    const id = series()
    steady(id, 100, NOW - 36 * DAY, NOW, HOUR)
    lines(id, { [40 * 60]: 40, [30 * 60]: 39, [20 * 60 - 1]: 300, [2 * 60]: -40, 60: -39 })
    const of = rule('anomaly')
    expect(past(of, { from: NOW - 2 * DAY })).toEqual([
      `null rule 0 ${at(39)}: 4`,
      `null rule 0 ${at(19)}: 30`,
      `null rule 0 ${at(1)}: 4`,
    ])
    expect(past({ ...of, operator: '<' }, { from: NOW - 2 * DAY })).toEqual([`null rule 0 ${at(1)}: 4`])
    expect(past({ ...of, keepFiring: 2 * HOUR }, { from: NOW - 2 * DAY })[0]).toBe(`null rule 0 ${at(39, 37)}: 4`)
    expect(past(of, { from: NOW - 40 * HOUR })).toHaveLength(3)
    expect(past(of, { from: NOW - 40 * HOUR + 1 })).toHaveLength(3)
    expect(past(of, { from: NOW - 39 * HOUR })).toHaveLength(2)
    // An hour that is not over has no number yet.
    expect(past(of, { from: NOW - 39 * HOUR, until: NOW - HOUR })).toHaveLength(2)
    expect(past(of, { from: NOW - 39 * HOUR, until: NOW - HOUR - 1 })).toHaveLength(1)
  })

  it.each<[Rule['per'], string[]]>([
    ['everywhere', ['null rule 0 1140-1080: 21.21']],
    ['source', ['1 api 1140-1080: 30']],
    ['host', ['1 web-1 1140-1080: 30']],
    ['container', ['1 api 1140-1080: 30']],
  ])('per %s', (per, expected) => {
    const id = series()
    steady(id, 100, NOW - 36 * DAY, NOW, HOUR)
    lines(id, { [20 * 60]: 300 })
    steady(series({ source: 'web', host: 'web-2' }), 100, NOW - 36 * DAY, NOW, HOUR)
    expect(past(rule('anomaly', { per }), { from: NOW - 2 * DAY })).toEqual(expected)
  })

  it('knows nothing of the first two weeks, nor of fewer than four days with lines, nor of downtimes', () => {
    const id = series()
    const hour = NOW - 20 * HOUR
    const seen = (since: number) => {
      state.prepare('delete from log_counts').run()
      steady(id, 100, since, NOW, HOUR)
      addCount(state, id, hour, 300)
      return past(rule('anomaly'), { from: NOW - 2 * DAY }).length
    }
    expect([seen(hour - 2 * WEEK), seen(hour - 2 * WEEK + HOUR)]).toEqual([1, 0])
    const onDays = (...daysAgo: number[]) => {
      state.prepare('delete from log_counts').run()
      for (const days of daysAgo) addCount(state, id, hour - days * DAY, 100)
      addCount(state, id, hour, 300)
      return past(rule('anomaly'), { from: NOW - 2 * DAY }).length
    }
    // The day of the hour itself is one of the four.
    expect([onDays(35, 34, 33), onDays(35, 35, 34)]).toEqual([1, 0])
    const down = (from: number, ms: number) => {
      state.db.delete(downtimes).run()
      state.db
        .insert(downtimes)
        .values({ kind: 'stopped', from, to: from + ms })
        .run()
      return seen(hour - 2 * WEEK)
    }
    expect([down(hour, 5 * MINUTE), down(hour, 5 * MINUTE + 1)]).toEqual([1, 0])
    // Of the five hours of the weeks before that are known, one is not, and then two.
    const far = hour - WEEK
    expect([down(far, HOUR + 5 * MINUTE), down(far, HOUR + 5 * MINUTE + 1)]).toEqual([1, 0])
  })
})

describe('a rule about one error', () => {
  const addError = (fingerprint: string, { at = NOW, source = 'api', message = 'full', projectId = 1 } = {}) =>
    recordError(state, {
      ...{ projectId, fingerprint, source, why: '', recent: [], at, count: 1 },
      samples: [{ id: '1', message, host: '', at }],
    }).error

  it('would have alerted on the minutes in which it repeated', () => {
    addError('f')
    const id = series({ level: 'error', fingerprint: 'f' })
    lines(id, { 60: 4, 50: 5, 40: 3, 39: 2, 1: 9 })
    const of = rule('error-spike', { threshold: 5, baseline: false })
    expect(past(of)).toEqual(['1 api: full 49-48: 5', '1 api: full 0--1: 9'])
    expect(past({ ...of, window: 2 * MINUTE })).toContain('1 api: full 38-37: 5')
    expect(past(of, { from: NOW - 49 * MINUTE })).toEqual(['1 api: full 0--1: 9'])
    expect(past(of, { until: NOW - MINUTE / 2 }).at(-1)).toBe('1 api: full 0.5--0.5: 9')
    expect(past({ ...of, matcher: 'source:web' })).toEqual([])
  })

  it('would have needed more lines where it was frequent for a day', () => {
    addError('f')
    const id = series({ level: 'error', fingerprint: 'f' })
    const known = NOW - 15 * MINUTE - DAY + HOUR
    steady(id, 7, known)
    addCount(state, id, NOW - MINUTE, 13)
    const of = rule('error-spike', { threshold: 15, baseline: true })
    const period = { from: NOW - 10 * MINUTE }
    expect(past(of, period)).toEqual([])
    expect(past({ ...of, baseline: false }, period)).toEqual(['1 api: full 0--1: 20'])
    state.prepare('delete from log_counts where at = ?').run(known)
    expect(past(of, period)).toEqual(['1 api: full 0--1: 20'])
  })

  it('would have alerted when it was first seen, once its source was known for a day', () => {
    const known = (source: string, since: number) => recordSource(state, 1, source, since)
    known('api', NOW - DAY - HOUR)
    known('young', NOW - DAY - HOUR + 1)
    for (const [fingerprint, source] of [
      ['old', 'api'],
      ['new', 'api'],
      ['young', 'young'],
    ] as const) {
      addError(fingerprint, { at: NOW - HOUR, source, message: `${fingerprint} it is` })
      series({ source, level: 'error', fingerprint })
    }
    addError('uncounted', { at: NOW - HOUR })
    state.prepare(`update fingerprints set first_seen_at = ? where fingerprint = 'old'`).run(NOW - HOUR - 1)
    const of = rule('new-error', { for: DAY, keepFiring: 5 * MINUTE })
    expect(past(of, { from: NOW - HOUR })).toEqual(['1 api: new it is 60-55: 1'])
    expect(past(of, { from: NOW - HOUR + 1 })).toEqual([])
    expect(past({ ...of, for: DAY - 1 }, { from: NOW - HOUR })).toHaveLength(2)
    expect(past({ ...of, projectId: 2 }, { from: NOW - HOUR })).toEqual([])
  })
})

describe('a rule about an error rate', () => {
  it('would have alerted on windows with too many errors, minutes without one included', () => {
    const [info, error] = [series(), series({ level: 'error', fingerprint: 'f' })]
    steady(info, 80, NOW - HOUR)
    lines(error, { 30: 20, 20: 19, 10: 60 })
    lines(series({ level: 'fatal', fingerprint: 'g' }), { 20: 1 })
    const of = rule('error-rate', { window: MINUTE, baseline: false })
    expect(past(of)).toEqual(['1 api 29-28: 20', '1 api 19-18: 20', '1 api 9-8: 42.86'])
    expect(past({ ...of, window: 2 * MINUTE })).toEqual(['1 api 9-7: 27.27'])
    expect(past(of, { from: NOW - 29 * MINUTE })).toHaveLength(2)
    expect(past(of, { from: NOW - 30 * MINUTE })).toHaveLength(3)
    expect(past({ ...of, minimum: 21 })).toHaveLength(1)
  })

  it('would have allowed a usual rate, by the day before each quarter of an hour', () => {
    const [info, error] = [series(), series({ level: 'error', fingerprint: 'f' })]
    const begin = NOW - DAY - HOUR
    steady(info, 85, begin)
    steady(error, 15, begin)
    lines(error, { 50: 13, 40: 16, 30: 185 })
    lines(info, { 50: -13, 40: -16, 30: -85 })
    const of = rule('error-rate', { window: MINUTE })
    const period = { from: NOW - HOUR }
    // Usual are 15 %, so that 31 % are too many, and 28 % are not.
    expect(past(of, period)).toEqual(['1 api 39-38: 31', '1 api 29-28: 100'])
    expect(past({ ...of, baseline: false }, period)).toHaveLength(3)
    // What is older than a day does not count, and neither do the minutes of the outage itself.
    addCount(state, error, NOW - DAY - HOUR - 5 * MINUTE, 1_000_000)
    addCount(state, error, NOW - 45 * MINUTE, 85)
    state.prepare('update log_counts set count = 0 where at = ? and series = ?').run(NOW - 45 * MINUTE, info)
    expect(past(of, { from: NOW - HOUR - 5 * MINUTE })).toContain('1 api 29-28: 100')
  })

  it('knows no usual rate in the first day', () => {
    const [info, error] = [series(), series({ level: 'error', fingerprint: 'f' })]
    const known = NOW - 15 * MINUTE - DAY + HOUR
    steady(info, 85, known)
    steady(error, 15, known)
    lines(error, { 1: 10 })
    lines(info, { 1: -10 })
    const of = rule('error-rate', { window: MINUTE })
    const period = { from: NOW - 5 * MINUTE }
    expect(past(of, period)).toEqual([])
    state.prepare('delete from log_counts where at = ?').run(known)
    expect(past(of, period)).toEqual(['1 api 0--1: 25'])
  })
})

describe('a rule about silence', () => {
  const known = (name: string, projectId = 1, since = NOW - 5 * DAY) => {
    recordSource(state, projectId, name, since)
    state.prepare('update sources set last_seen_at = ? where name = ?').run(NOW, name)
  }

  it('would have alerted on pauses that were longer than allowed, in the last two days', () => {
    known('api')
    const id = series()
    lines(id, { [49 * 60]: 1, [47 * 60]: 1, [47 * 60 - 15]: 1, [47 * 60 - 31]: 1 })
    steady(id, 1, NOW - 47 * HOUR + 32 * MINUTE, NOW - 20 * MINUTE)
    const of = rule('silence', { window: 15 * MINUTE, baseline: false })
    expect(past(of, { from: NOW - 3 * DAY })).toEqual([
      `1 api ${47 * 60 - 30}-${47 * 60 - 31}: 960000`,
      '1 api 6-0: 1260000',
    ])
    expect(past(of, { from: NOW - DAY, until: NOW - 6 * MINUTE })).toEqual([])
    expect(past({ ...of, window: 10 * MINUTE }, { from: NOW - 3 * DAY })).toHaveLength(3)
  })

  it('of the sources that it covers', () => {
    known('api')
    known('web', 2)
    known('young', 1, NOW - DAY + 1)
    known('unheard')
    for (const [source, projectId] of [
      ['api', 1],
      ['web', 2],
      ['young', 1],
    ] as const)
      lines(series({ source }, projectId), { 60: 1 })
    const of = rule('silence', { for: DAY, window: 15 * MINUTE, baseline: false })
    const subjects = (more: Partial<Rule> = {}) => past({ ...of, ...more }).map(text => text.split(' ')[1])
    expect(subjects()).toEqual(['api', 'web'])
    expect(subjects({ projectId: 2 })).toEqual(['web'])
    expect(subjects({ matcher: 'source:api' })).toEqual(['api'])
    expect(subjects({ matcher: 'project:shop' })).toEqual(['web'])
  })
})

describe('a rule that searches', () => {
  const episodes = (counts: readonly number[], more: Partial<Rule> = {}, bucketMs = MINUTE) => {
    const of = rule('search', { matcher: 'x', window: 4 * MINUTE, threshold: 10, ...more })
    const buckets = counts.map((count, i) => ({ at: NOW + i * bucketMs, count }))
    if (search.backtest.from !== 'logs') throw new Error()
    return search.backtest
      .episodes(of, buckets, bucketMs)
      .map(({ from, until, value }) => `${(from - NOW) / MINUTE}-${(until - NOW) / MINUTE}: ${value}`)
  }

  it('would have alerted on the sums of its window', () => {
    expect(episodes([3, 2, 1, 4, 0, 0, 0, 9])).toEqual(['4-5: 10'])
    expect(episodes([10, 0, 0, 0, 0])).toEqual(['1-5: 10'])
    expect(episodes([9, 1], {}, 4 * MINUTE)).toEqual([])
    expect(episodes([9, 10], {}, 10 * MINUTE)).toEqual(['20-21: 10'])
  })

  it('reads its histogram in quarters of its window', () => {
    if (search.backtest.from !== 'logs') throw new Error()
    expect(search.backtest.bucketMs(rule('search', { window: 8 * MINUTE, matcher: 'x' }))).toBe(2 * MINUTE)
  })
})
