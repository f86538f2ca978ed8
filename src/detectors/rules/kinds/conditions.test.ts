// When a rule detects something, and when what is known proves nothing: searches, errors that repeat, new errors, and silence behind satellites.
import { beforeEach, describe, expect, it } from 'vitest'
import { plainText, type Text } from '../../../card.ts'
import { addCount, seriesFor } from '../../../logs/counters.ts'
import type { KnownError } from '../../../logs/errors/errors.ts'
import { recordError } from '../../../logs/errors/errors.ts'
import { recordSource } from '../../../logs/sources.ts'
import { addSatellite, markSources } from '../../../satellites/satellites.ts'
import type { State } from '../../../state/database.ts'
import { downtimes, satellites } from '../../../state/schema/index.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../../time.ts'
import { evaluateRules } from '../evaluate-rules.ts'
import type { Rule, RuleDraft } from '../rule.ts'
import type { ErrorEvaluation, SearchCount, SearchEvaluation } from '../rule-kind.ts'
import { createRuleKinds } from '../rule-kind.ts'
import { errorSpike } from './error-spike.ts'
import { addRuleOf, stateWithProjects } from './kinds.testing.ts'
import { newError } from './new-error.ts'
import { search } from './search.ts'
import { silence } from './silence.ts'
import { threshold } from './threshold.ts'

const NOW = 20_000 * DAY
const KINDS = createRuleKinds([errorSpike, newError, search, silence, threshold])
let state: State
beforeEach(() => {
  state = stateWithProjects()
})
const rule = (kind: string, more: Partial<Rule> = {}): Rule =>
  addRuleOf(state, KINDS, kind, { name: 'it', keepFiring: MINUTE, ...more })
const isDown = (from: number, ms: number) =>
  state.db
    .insert(downtimes)
    .values({ kind: 'stopped', from, to: from + ms })
    .run()

describe('a rule that searches', () => {
  const evaluation = search.evaluation as SearchEvaluation
  const titles = (more: Partial<Rule>, count: Partial<SearchCount>, samples: string[] = []) => {
    const own = rule('search', { matcher: 'x', window: 5 * MINUTE, ...more })
    const { results } = evaluation.evaluate(state, own, { total: 0, isLowerBound: false, ...count }, samples, NOW)
    return results.map(result => (result.kind === 'firing' ? result.finding.title : result.kind))
  }
  const few = { operator: '<', threshold: 5 } as const
  const many = { operator: '>=', threshold: 5 } as const

  it.each<[string, Partial<Rule>, Partial<SearchCount>, string[]]>([
    ['enough', many, { total: 5 }, ['it: 5 lines in 5 min']],
    ['not enough', many, { total: 4 }, []],
    ['at least enough', many, { total: 5, isLowerBound: true }, ['it: 5 lines in 5 min']],
    ['at least some', many, { total: 4, isLowerBound: true }, []],
    ['too few', few, { total: 4 }, ['it: 4 lines in 5 min']],
    ['at least few', few, { total: 4, isLowerBound: true }, []],
    ['too few of a new rule', { ...few, createdAt: NOW - 5 * MINUTE + 1 }, { total: 4 }, []],
    [
      'too few of a rule as old as its window',
      { ...few, createdAt: NOW - 5 * MINUTE },
      { total: 4 },
      ['it: 4 lines in 5 min'],
    ],
    ['enough of a new rule', { ...many, createdAt: NOW }, { total: 5 }, ['it: 5 lines in 5 min']],
    ['titled', { ...many, title: '{where}! {value}' }, { total: 6 }, ['it! 6 lines']],
  ])('with %s', (_, more, count, expected) => {
    expect(titles(more, count)).toEqual(expected)
    const isBreached = evaluation.isBreached(
      { ...rule('search', { ...more, name: 'other' }) },
      {
        ...{ total: 0, isLowerBound: false },
        ...count,
      },
    )
    if (!('createdAt' in more)) expect(isBreached).toBe(expected.length > 0)
  })

  it('takes a downtime in its window for no proof of too few lines', () => {
    isDown(NOW - 5 * MINUTE - 1, 1)
    expect(titles(few, { total: 4 })).toHaveLength(1)
    isDown(NOW - 5 * MINUTE, 1)
    state.prepare('delete from rules').run()
    expect(titles(few, { total: 4 })).toEqual([])
    state.prepare('delete from rules').run()
    expect(titles(many, { total: 5 })).toHaveLength(1)
  })

  it('shows the first lines of what it found, if any, and leads to them', () => {
    const own = rule('search', { matcher: 'x', ...many, for: 0 })
    const shown = (samples: string[]) => {
      const [result] = evaluation.evaluate(state, own, { total: 5, isLowerBound: false }, samples, NOW).results
      return result?.kind === 'firing' ? result.finding.observation : undefined
    }
    expect(shown([])).not.toHaveProperty('evidence')
    expect(shown(['a\nb', 'c'.repeat(201)])).toMatchObject({
      evidence: [{ kind: 'output', name: 'Latest lines', text: `a\n${'c'.repeat(199)}…` }],
      buttons: [{ label: 'Logs', line: 'logs search "x last:1h"' }],
    })
    expect(plainText(shown([])!.lines[0] as Text, String)).toBe(
      '5 lines in 1 min, at worst 5 lines; the rule it alerts at at least 5 lines in 1 min. Search: x',
    )
  })

  it('counts the lines of its window, in its project only', () => {
    const query = (more: Partial<Rule> = {}) =>
      evaluation.query(state, { ...rule('search', { matcher: 'x', name: String(Math.random()) }), ...more }, NOW, 'UTC')
    expect(query({ window: 2 * MINUTE })).toMatchObject({ from: NOW - 2 * MINUTE, until: NOW + 1 })
    expect(JSON.stringify(query({ projectId: 2 }).where)).toContain('shop')
    expect(JSON.stringify(query().where)).not.toContain('project')
  })

  it.each<[string, Partial<Rule>, string | null]>([
    ['a search', {}, null],
    ['no search', { matcher: '' }, 'A search is required'],
    ['a time range', { matcher: 'x last:1h' }, 'leave out last:'],
    ['a beginning', { matcher: 'x since:2026-01-01' }, 'leave out last:'],
    ['an end', { matcher: 'x until:2026-01-01' }, 'leave out last:'],
    ['no threshold', { threshold: null }, 'A threshold is required'],
    ['a part of a minute', { window: 90 * SECOND }, 'whole number of minutes'],
  ])('is checked before it is stored: %s', (_, more, message) => {
    const validate = () => search.validate({ ...search.defaults, matcher: 'x', ...more } as RuleDraft)
    if (message === null) expect(validate).not.toThrow()
    else expect(validate).toThrow(message)
  })
})

const seriesOf = (source = 'api') =>
  seriesFor(state, 1, { source, host: '', group: '', level: 'error', fingerprint: 'f' }, NOW).id
const anError = (more: Partial<KnownError> = {}): KnownError => {
  const given = { projectId: 1, fingerprint: 'f', source: 'api', why: '', recent: [], at: NOW, count: 1, samples: [] }
  return { ...recordError(state, given).error, ...more }
}

describe('a rule about one error that repeats', () => {
  const { detect, measure } = errorSpike.evaluation as ErrorEvaluation
  const detected = (error: KnownError, more: Partial<Rule> = {}, instants?: number[]) => {
    state.prepare('delete from rules').run()
    const own = rule('error-spike', { baseline: false, ...more })
    const activity = { error, isNew: false, latest: error.lastSeenAt, ...(instants ? { instants } : {}) }
    const found = detect(state, own, activity, NOW)
    return found && [found.value, found.occurrences, (NOW - found.since) / SECOND]
  }
  const ago = (seconds: number, count: number) =>
    [NOW - seconds * SECOND, count, seriesOf()] as [number, number, number]

  it('counts the lines of its window', () => {
    expect(detected(anError({ recent: [ago(60, 2), ago(0, 3)] }))).toEqual([5, 5, 60])
    expect(detected(anError({ recent: [ago(61, 2), ago(60, 2), ago(0, 3)] }))).toEqual([5, 5, 60])
    expect(detected(anError({ recent: [ago(61, 2), ago(0, 3)] }))).toBeNull()
    expect(detected(anError({ recent: [ago(60, 2), ago(0, 3)] }), { matcher: 'source:web' })).toBeNull()
  })

  it('does not count the lines of before it was resolved', () => {
    const resolved = { state: 'resolved', stateAt: NOW - 10 * SECOND } as const
    expect(detected(anError({ ...resolved, recent: [ago(10, 3), ago(9, 4)] }))).toBeNull()
    expect(detected(anError({ ...resolved, recent: [ago(10, 3), ago(9, 5)] }))).toEqual([5, 5, 9])
    expect(detected(anError({ recent: [ago(10, 3), ago(9, 4)] }))).toEqual([7, 7, 10])
  })

  it('looks at the instants of lines that arrive late, too', () => {
    const error = anError({ recent: [ago(600, 5), ago(0, 1)] })
    expect(detected(error)).toBeNull()
    expect(detected(error, {}, [NOW - 900 * SECOND, NOW - 600 * SECOND])).toEqual([5, 5, 600])
  })

  it('says what is usual, where that is anything', () => {
    const id = seriesOf()
    for (let hour = 1; hour <= 26; hour++) addCount(state, id, NOW - hour * HOUR, 7)
    const said = (more: Partial<Rule>, firstSeenAt: number) => {
      state.prepare('delete from rules').run()
      state.forget('baselines')
      return plainText(measure!(state, rule('error-spike', more), anError({ firstSeenAt }), 40, NOW), String)
    }
    const usual = '40 in 1 min; the rule it alerts at 24. Usual is up to 7.'
    expect(said({ baseline: true }, NOW - 2 * DAY)).toBe(usual)
    expect(said({ baseline: true }, NOW - DAY)).toBe('40 in 1 min; the rule it alerts at 5.')
    expect(said({ baseline: false }, NOW - 2 * DAY)).toBe('40 in 1 min; the rule it alerts at 5.')
    state.prepare('delete from log_counts').run()
    expect(said({ baseline: true }, NOW - 2 * DAY)).toBe('40 in 1 min; the rule it alerts at 5.')
  })

  it.each<[string, Partial<Rule>, string | null]>([
    ['one line', { threshold: 1 }, null],
    ['none', { threshold: 0 }, 'a whole number of lines'],
    ['half a line', { threshold: 1.5 }, 'a whole number of lines'],
    ['no threshold', { threshold: null }, 'a whole number of lines'],
    ['an hour', { window: HOUR }, null],
    ['more than an hour', { window: HOUR + 1 }, 'is at most 1h'],
    ['a container', { matcher: 'container:a' }, 'the attribute container'],
  ])('is checked before it is stored: %s', (_, more, message) => {
    const validate = () => errorSpike.validate({ ...errorSpike.defaults, matcher: '', ...more } as RuleDraft)
    if (message === null) expect(validate).not.toThrow()
    else expect(validate).toThrow(message)
  })
})

it('a rule about new errors detects an error that matches, of a source that is known for long enough', () => {
  const { detect } = newError.evaluation as ErrorEvaluation
  recordSource(state, 1, 'api', NOW - DAY)
  const error = anError({ recent: [[NOW, 1, seriesOf()]] })
  const isDetected = (more: Partial<Rule> = {}, isNew = true) => {
    state.prepare('delete from rules').run()
    return detect(state, rule('new-error', { for: DAY, ...more }), { error, isNew, latest: NOW }, NOW) !== null
  }
  expect([isDetected(), isDetected({}, false), isDetected({ for: DAY + 1 })]).toEqual([true, false, false])
  expect([isDetected({ matcher: 'source:api' }), isDetected({ matcher: 'source:web' })]).toEqual([true, false])
})

describe('lines behind a satellite', () => {
  const firing = (now: number) =>
    [...evaluateRules(state, KINDS, now)]
      .flatMap(({ steps }) => [...(steps as Generator<{ results: { kind: string }[] } | undefined>)])
      .flatMap(decision => decision?.results ?? []).length
  const complete = (linesCompleteTo: number) => state.db.update(satellites).set({ linesCompleteTo, lines: 1 }).run()

  it('keep a source from being silent until they would be known', () => {
    rule('silence', { window: 15 * MINUTE, for: DAY, baseline: false })
    recordSource(state, 1, 'api', NOW - 2 * DAY)
    state.prepare('update sources set last_seen_at = ?').run(NOW)
    const { id } = addSatellite(state, { name: 'oslo', createdBy: 'Ann' }, NOW).satellite
    const later = NOW + HOUR
    complete(NOW)
    expect(firing(later)).toBe(1)
    markSources(state, id, 1, ['api'])
    const at = (completeTo: number) => {
      complete(completeTo)
      return firing(later)
    }
    expect([at(NOW), at(NOW + 15 * MINUTE - 1), at(NOW + 15 * MINUTE), at(later + DAY)]).toEqual([0, 0, 1, 1])
    expect(firing(NOW + 15 * MINUTE)).toBe(0)
  })

  it('keep few lines from being too few', () => {
    const id = seriesOf()
    for (let minute = 1; minute <= 5; minute++) addCount(state, id, NOW - minute * MINUTE, 1)
    rule('threshold', { window: 5 * MINUTE, threshold: 9, operator: '<' })
    addSatellite(state, { name: 'oslo', createdBy: 'Ann' }, NOW)
    complete(NOW - MINUTE)
    expect(firing(NOW + 2 * SECOND)).toBe(0)
    complete(NOW)
    expect(firing(NOW + 2 * SECOND)).toBe(1)
  })
})
