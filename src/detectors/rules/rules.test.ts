// Detection rules over what is stored: which are evaluated, what their values make of their states, and what is tested on the past.
import { beforeEach, describe, expect, it } from 'vitest'
import { fireAlert, resolveAlert } from '../../alerts/lifecycle.ts'
import { plainText } from '../../card.ts'
import { saveMeasurements } from '../../hosts/metrics/samples.ts'
import { addCount, seriesFor } from '../../logs/counters.ts'
import { listErrors, readErrorById, recordError, setErrorState } from '../../logs/errors/errors.ts'
import { recordSource } from '../../logs/sources.ts'
import { createWindowCounter } from '../../logs/window-counts.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { containers, downtimes, hosts as hostTable, ruleStates } from '../../state/schema/index.ts'
import { aFinding } from '../../testing/alerts.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import { rewindDetection } from '../clock-rollback.ts'
import type { DetectionResult } from '../finding.ts'
import { cachedBaseline } from '../logs/baseline-cache.ts'
import { baselineFor } from '../logs/error-baseline.ts'
import { errorFinding, errorIdOf } from '../logs/error-finding.ts'
import { evaluateError } from '../logs/evaluate-errors.ts'
import { countsTogether, errorSubjects, lineSubjects } from './backtest.ts'
import { type Decision, storeDecision } from './decision.ts'
import { evaluateRules, pruneSeen } from './evaluate-rules.ts'
import { evaluateValues, type Value } from './evaluate-values.ts'
import { formatMetric, measuredHosts, validateMetric } from './kinds/measured.ts'
import { reevaluateRuleStates, statesOutsideRule } from './reevaluate-rule-states.ts'
import { isBreached, isWorseValue, type Rule, ruleTitle, validateTitle } from './rule.ts'
import { createRuleKinds } from './rule-kind.ts'
import { RULE_KINDS } from './rule-kinds.ts'
import {
  formatFor,
  formatLines,
  formatSetting,
  formatThreshold,
  formatWindow,
  roundValue,
  validateWholeMinutes,
} from './rule-settings.ts'
import {
  alertedErrors,
  deleteRuleState,
  dueRuleStates,
  nextRuleState,
  type RuleState,
  readRuleState,
  reevaluateErrorStates,
  ruleStatesOf,
  saveRuleState,
} from './rule-states.ts'
import { activeRules, addFirstRules, addRule, editRule, findRule, listRules, readRule, removeRule } from './rules.ts'

const NOW = 20_000 * DAY
const KINDS = createRuleKinds(RULE_KINDS)
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'shop']) addProject(state, name, 0)
})
const rule = (kind: string, more: Partial<Rule> = {}): Rule =>
  addRule(state, {
    ...KINDS.get(kind).defaults,
    name: `${kind} ${listRules(state).length}`,
    kind,
    createdAt: 0,
    createdBy: 'Ann',
    ...more,
  })
const stateOf = (more: Partial<RuleState> = {}) => {
  const own = {
    key: 'k',
    ruleId: 1,
    state: 'firing',
    since: NOW,
    lastAt: NOW,
    evaluateAt: NOW,
    reported: 0,
    dismissed: false,
    subject: 's',
    value: 1,
    ...more,
  } as const
  saveRuleState(state, own)
  return own
}
const keys = (results: readonly DetectionResult[]) =>
  results.map(result => (result.kind === 'firing' ? result.finding.key : `${result.key} over`))
const series = (more = {}, projectId = 1) =>
  seriesFor(state, projectId, { source: 'api', host: 'web-1', group: '', level: 'info', fingerprint: '', ...more }, NOW)
    .id
/** What one tick decides, of the rules one by one; it is stored. */
const tick = (now: number) => {
  const results: DetectionResult[] = []
  for (const { steps } of evaluateRules(state, KINDS, now))
    for (const decision of steps as Generator<Decision | undefined>)
      if (decision) {
        storeDecision(state, decision, now)
        results.push(...decision.results)
      }
  return results
}

describe('rules', () => {
  it('are there from the start, each once, and those that need a new folder only there', () => {
    addFirstRules(state, KINDS, NOW)
    const first = listRules(state).map(({ name }) => name)
    expect(first).toContain('error-spikes')
    expect(first).toEqual([...first].sort())
    expect(findRule(state, 'new-errors').paused).toBe(true)
    expect(findRule(state, 'error-rates')).toMatchObject({ paused: false, createdBy: 'Vakt', createdAt: NOW })
    removeRule(state, findRule(state, 'error-spikes'))
    editRule(state, findRule(state, 'regressions'), { name: 'mine' })
    addFirstRules(state, KINDS, NOW)
    expect(listRules(state)).toHaveLength(first.length - 1)
    // An earlier version knew fewer rules, and somebody has one of the name.
    const older = memoryState()
    addFirstRules(older, createRuleKinds(RULE_KINDS.filter(({ name }) => name !== 'anomaly' && name !== 'silence')), 0)
    addRule(older, {
      ...KINDS.get('silence').defaults,
      name: 'silent-sources',
      kind: 'silence',
      createdAt: 5,
      createdBy: 'Ann',
    })
    addFirstRules(older, KINDS, NOW)
    expect(listRules(older).map(({ name }) => name)).not.toContain('intake')
    expect(findRule(older, 'silent-sources').createdBy).toBe('Ann')
  })

  it('of a kind are those that are not paused, the most severe first, as they are now', () => {
    const names = () => activeRules(state, 'threshold').map(({ name }) => name)
    expect(names()).toEqual([])
    const a = rule('threshold', { name: 'a', severity: 'info' })
    rule('threshold', { name: 'b', severity: 'critical' })
    rule('threshold', { name: 'c', severity: 'warning', paused: true })
    rule('error-rate', { name: 'd' })
    expect(names()).toEqual(['b', 'a'])
    editRule(state, findRule(state, 'c'), { paused: false })
    expect(names()).toEqual(['b', 'c', 'a'])
    removeRule(state, a)
    expect(names()).toEqual(['b', 'c'])
    expect(activeRules(state, 'silence')).toEqual([])
  })

  it('have one name each, and are found by it', () => {
    const a = rule('threshold', { name: 'a' })
    rule('threshold', { name: 'b' })
    const taken = expect.objectContaining({ code: 'conflict', fields: { name: 'is taken' } })
    expect(() => rule('threshold', { name: 'a' })).toThrow(taken)
    expect(() => editRule(state, a, { name: 'b' })).toThrow(taken)
    expect(editRule(state, a, { name: 'a', threshold: 5 })).toMatchObject({ name: 'a', threshold: 5 })
    expect(editRule(state, a, {})).toBe(a)
    expect([readRule(state, a.id)?.threshold, readRule(state, 99)]).toEqual([5, undefined])
    expect(() => findRule(state, 'c')).toThrow('There is no rule "c". The rules are: a, b.')
    removeRule(state, a)
    removeRule(state, findRule(state, 'b'))
    expect(() => findRule(state, 'c')).toThrow('"rules add" adds one.')
    expect(() => KINDS.get('nonsense')).toThrow(expect.objectContaining({ code: 'not_found' }))
  })

  it.each<[Rule['operator'], number, boolean, boolean]>([
    ['>', 5, false, true],
    ['>=', 5, true, true],
    [null, 5, true, true],
    ['<', 5, false, false],
    ['<=', 5, true, false],
    ['>', 6, true, true],
    ['<', 4, true, false],
    ['>=', 4, false, true],
    ['<=', 6, false, false],
  ])('with %s 5 are breached by %d: %s', (operator, value, breached, more) => {
    expect(isBreached({ operator, threshold: 5 }, value)).toBe(breached)
    expect([
      isWorseValue({ operator }, 7, 6),
      isWorseValue({ operator }, 6, 7),
      isWorseValue({ operator }, 6, 6),
    ]).toEqual([more, !more, false])
  })

  it('write their settings, windows and numbers as people read them', () => {
    expect([90 * SECOND, MINUTE, 5 * MINUTE, HOUR, 90 * MINUTE, 2 * HOUR].map(formatWindow)).toEqual([
      ...['1m30s', '1 min', '5 min', '1 h', '90 min', '2 h'],
    ])
    expect([1, 2, 0, 1.04, 42.55, 99.96, 100.4, -150.6].map(formatLines)).toEqual([
      ...['1 line', '2 lines', '0 lines', '1 line', '42.6 lines', '100 lines', '100 lines', '-151 lines'],
    ])
    expect([roundValue(-42.55), roundValue(-99)]).toEqual([-42.5, -99])
    const settings = rule('threshold', { metric: 'cpu', threshold: 90, window: 5 * MINUTE, baseline: true })
    const said = (name: keyof Rule) => formatSetting({ name: name as never, meaning: '', unit: () => '%' }, settings)
    expect([said('threshold'), said('window'), said('for'), said('minimum'), said('baseline')]).toEqual([
      ...['90%', '5m', '0s', 'none', 'on'],
    ])
    expect(formatSetting({ name: 'factor', meaning: '' }, settings)).toBe('2')
    expect(formatSetting({ name: 'baseline', meaning: '' }, { ...settings, baseline: false })).toBe('off')
    expect([null, '>', '<='].map(operator => formatThreshold({ operator: operator as Rule['operator'] }, '5'))).toEqual(
      [...['at least 5', 'over 5', 'at most 5']],
    )
    expect([0, MINUTE, 90 * SECOND].map(ms => formatFor({ for: ms }))).toEqual(['', ' for 1m', ' for 1m30s'])
    expect(() => validateWholeMinutes({ window: MINUTE } as Rule)).not.toThrow()
    for (const window of [null, 0, 30 * SECOND, 90 * SECOND])
      expect(() => validateWholeMinutes({ window } as Rule)).toThrow('whole number of minutes')
    expect(ruleTitle({ title: null }, { where: 'a', value: '5' }, 'usual')).toBe('usual')
    expect(ruleTitle({ title: '{where} {value} {what}{x}.' }, { where: 'a', value: '5' }, 'usual')).toBe('a 5 .')
    expect(ruleTitle({ title: 'x'.repeat(201) }, { where: 'a', value: '5' }, 'usual')).toHaveLength(200)
    expect(() => validateTitle('{where} {nobody}')).toThrow('no placeholder {nobody}')
    expect(() => validateTitle(null)).not.toThrow()
  })
})

describe('the states of rules', () => {
  it('are due from the longest due on, and moved back with the clock', () => {
    rule('threshold')
    expect(nextRuleState(state)).toBeNull()
    stateOf({ key: 'a', evaluateAt: NOW })
    stateOf({ key: 'b', evaluateAt: NOW - 1, lastAt: NOW + 1, since: NOW + 1 })
    stateOf({ key: 'c', evaluateAt: NOW + 1 })
    const due = (at: number, limit = 9) => dueRuleStates(state, at, limit).map(({ key }) => key)
    expect([due(NOW), due(NOW, 1), due(NOW - 2), nextRuleState(state)]).toEqual([['b', 'a'], ['b'], [], NOW - 1])
    rewindDetection(state, NOW, MINUTE)
    expect(readRuleState(state, 'b')).toMatchObject({
      evaluateAt: NOW - 1 - MINUTE,
      since: NOW + 1 - MINUTE,
      lastAt: NOW + 1 - MINUTE,
    })
    expect(readRuleState(state, 'a')).toMatchObject({ evaluateAt: NOW - MINUTE, since: NOW, lastAt: NOW })
    deleteRuleState(state, 'b')
    expect([readRuleState(state, 'b'), ruleStatesOf(state, 1).length, ruleStatesOf(state, 2)]).toEqual([
      undefined,
      2,
      [],
    ])
    stateOf({ key: 'a', dismissed: true, value: 5 })
    expect(readRuleState(state, 'a')).toMatchObject({ dismissed: true, value: 5 })
  })

  it('of an edited rule about errors are evaluated now', () => {
    rule('error-spike')
    rule('error-spike')
    stateOf({ key: 'error:1', evaluateAt: NOW + DAY })
    stateOf({ key: 'rule:1:a', evaluateAt: NOW + DAY })
    stateOf({ key: 'error:2', ruleId: 2, evaluateAt: NOW + DAY })
    let wakes = 0
    state.onCommit(topics => {
      if (topics.has('deadlines')) wakes++
    })
    state.transaction(() => {})
    const before = wakes
    state.transaction(() => reevaluateErrorStates(state, 1, NOW))
    expect([
      wakes - before,
      ['error:1', 'rule:1:a', 'error:2'].map(key => readRuleState(state, key)!.evaluateAt - NOW),
    ]).toEqual([1, [0, DAY, DAY]])
  })

  it('name the errors that have an alert', () => {
    rule('error-spike')
    const error = (fingerprint: string, projectId = 1) =>
      recordError(state, { projectId, fingerprint, source: 'api', why: '', recent: [], at: NOW, count: 1, samples: [] })
        .error.id
    const [a, b, c] = [error('a'), error('b'), error('a', 2)]
    stateOf({ key: `error:${a}`, subject: `${a}` })
    stateOf({ key: `error:${b}`, subject: `${b}`, state: 'pending' })
    stateOf({ key: 'rule:1:x', subject: `${c}` })
    expect([...alertedErrors(state)]).toEqual(['1\0a'])
  })
})

describe('the values of a rule', () => {
  const value = (more: Partial<Value> = {}): Value => ({
    ...{
      subject: 's',
      projectId: 1,
      value: 9,
      isBreached: true,
      title: worst => `at worst ${worst}`,
      labels: { host: 'a' },
    },
    ...{ comparison: worst => `worst ${worst}`, details: () => ({ lines: ['more'] }), ...more },
  })
  const own = (more: Partial<Rule> = {}) => rule('threshold', { threshold: 5, for: 0, keepFiring: MINUTE, ...more })
  const decide = (of: Rule, values: Value[], now = NOW) => {
    const decision = evaluateValues(state, of, values, now)
    storeDecision(state, decision, now)
    return decision.results
  }

  it('fire one alert for each subject, with the worst value and what the rule says', () => {
    const of = own({ owner: 'Ann', note: 'Call Bo.', severity: 'info' })
    const [fired] = decide(of, [value(), value({ subject: 't', isBreached: false })])
    expect(fired).toMatchObject({
      finding: {
        ...{
          key: 'rule:1:s',
          detector: 'threshold',
          title: 'at worst 9',
          since: NOW,
          owner: 'Ann',
          severity: 'info',
          projectId: 1,
        },
        ...{
          remindEvery: 4 * HOUR,
          labels: { host: 'a', rule: of.name },
          observation: { lines: ['worst 9', 'Call Bo.', 'more'] },
        },
      },
    })
    expect(readRuleState(state, 'rule:1:s')).toMatchObject({ evaluateAt: NOW + 30 * DAY, subject: 's', value: 9 })
    expect(decide(of, [value({ value: 7 })], NOW + 1)).toMatchObject([{ finding: { title: 'at worst 9', since: NOW } }])
    expect(decide(of, [value({ value: 11 })], NOW + 2)).toMatchObject([{ finding: { title: 'at worst 11' } }])
    expect(decide({ ...of, remindEvery: 0, note: null }, [value({ projectId: null })])).toMatchObject([
      { finding: { remindEvery: 0, observation: { lines: ['worst 11', 'more'] } } },
    ])
    expect(decide(of, [value({ projectId: null })])).toMatchObject([{ finding: { remindEvery: 0 } }])
  })

  it('that a person resolved are not reported again before the condition was false', () => {
    const of = own()
    decide(of, [value()])
    saveRuleState(state, { ...readRuleState(state, 'rule:1:s')!, dismissed: true })
    expect(decide(of, [value()], NOW + 1)).toEqual([])
    expect(readRuleState(state, 'rule:1:s')!.dismissed).toBe(true)
    expect(keys(decide(of, [value({ isBreached: false })], NOW + 1 + MINUTE))).toEqual(['rule:1:s over'])
    expect(keys(decide(of, [value()], NOW + DAY))).toEqual(['rule:1:s'])
  })

  it('fire when they have lasted, and end once they were below for long enough, not counting downtime', () => {
    const of = own({ for: MINUTE })
    expect(decide(of, [value()])).toEqual([])
    expect(decide(of, [value({ isBreached: false })], NOW + 1)).toEqual([])
    expect(readRuleState(state, 'rule:1:s')).toBeUndefined()
    decide(of, [value()])
    expect(keys(decide(of, [value()], NOW + MINUTE))).toEqual(['rule:1:s'])
    expect(decide(of, [value({ value: null, isBreached: false })], NOW + HOUR)).toEqual([])
    state.db
      .insert(downtimes)
      .values({ kind: 'stopped', from: NOW + 70 * SECOND, to: NOW + 90 * SECOND })
      .run()
    expect(decide(of, [value({ isBreached: false })], NOW + 140 * SECOND - 1)).toEqual([])
    const [over] = decide(of, [value({ isBreached: false })], NOW + 140 * SECOND)
    expect(over).toMatchObject({
      kind: 'resolved',
      observation: { lines: ['The condition has been false for 1m.', 'more'] },
    })
  })

  it.each<[string, Partial<Rule>, Partial<RuleState>, number, string[], boolean]>([
    ['pending is forgotten', {}, { state: 'pending' }, 0, [], true],
    ['firing lasts a while', {}, {}, MINUTE - 1, [], false],
    ['firing ends', {}, {}, MINUTE, ['rule:1:gone over'], true],
    ['firing of too few lines lasts', { operator: '<' }, {}, DAY, [], false],
    ['firing of too low a metric ends', { operator: '<', metric: 'cpu' }, {}, DAY, ['rule:1:gone over'], true],
    ['firing without a threshold ends', { operator: '<', threshold: null }, {}, DAY, ['rule:1:gone over'], true],
    ['firing waits for the downtime, too', {}, {}, MINUTE + 20 * SECOND - 1, [], false],
  ])('of a subject that is not measured any more: %s', (name, more, before, after, expected, isGone) => {
    const of = own(more)
    if (name.includes('downtime'))
      state.db
        .insert(downtimes)
        .values({ kind: 'stopped', from: NOW, to: NOW + 20 * SECOND })
        .run()
    stateOf({ key: 'rule:1:gone', lastAt: NOW, ...before })
    expect(keys(decide(of, [], NOW + after))).toEqual(expected)
    expect(readRuleState(state, 'rule:1:gone') === undefined).toBe(isGone)
  })
})

describe('a tick', () => {
  const lines = (id: number, perMinute: number, minutes = 5, until = NOW) => {
    for (let minute = 1; minute <= minutes; minute++) addCount(state, id, until - minute * MINUTE, perMinute)
  }

  it('evaluates rules of intervals only, those that inhibit others first, where there is a subject', () => {
    rule('threshold', { name: 'lines', threshold: 1, window: 3 * MINUTE })
    rule('threshold', { name: 'cpu', metric: 'cpu', per: 'host', threshold: 1 })
    rule('error-rate', { name: 'rate', window: 2 * MINUTE })
    rule('silence', { name: 'quiet' })
    rule('error-spike', { name: 'spike' })
    const order = () => [...evaluateRules(state, KINDS, NOW)].map(({ rule: { name } }) => name)
    expect(order()).toEqual(['lines'])
    recordSource(state, 1, 'api', NOW)
    series()
    expect(order()).toEqual(['quiet', 'rate', 'lines'])
    state.db
      .insert(hostTable)
      .values({ name: 'h', address: 'x', port: 1, user: 'x', auth: 'own', addedAt: 0, addedBy: 'x' })
      .run()
    expect(order()).toEqual(['quiet', 'cpu', 'rate', 'lines'])
  })

  it.each<[string, Partial<Rule>, string[]]>([
    ['too many in all', { threshold: 20 }, ['rule:1:']],
    ['not more than there are', { threshold: 21 }, []],
    ['by source', { threshold: 10, per: 'source' }, ['rule:1:1:api']],
    ['by host', { threshold: 10, per: 'host' }, ['rule:1:1:web-1']],
    ['of its project only', { threshold: 1, projectId: 2 }, ['rule:1:']],
    ['of its project, too many', { threshold: 6, projectId: 2 }, []],
    ['that match', { threshold: 1, matcher: 'source:web' }, ['rule:1:']],
    ['that match, too many', { threshold: 11, matcher: 'source:web' }, []],
    ['too few', { threshold: 5, operator: '<=', per: 'source' }, ['rule:1:1:web', 'rule:1:2:web']],
  ])('counts the lines of a rule: %s', (_, more, expected) => {
    lines(series(), 2)
    lines(series({ source: 'web', host: 'web-2' }), 1)
    lines(series({ source: 'web', host: 'web-2' }, 2), 1)
    rule('threshold', { window: 5 * MINUTE, for: 0, ...more })
    expect(keys(tick(NOW + 2 * SECOND)).sort()).toEqual(expected)
  })

  it('counts no minute that is not over, and takes a downtime for no proof of too few lines', () => {
    const api = series()
    lines(api, 2)
    addCount(state, api, NOW, 100)
    rule('threshold', { window: 5 * MINUTE, threshold: 11 })
    expect(keys(tick(NOW + 2 * SECOND))).toEqual([])
    expect(keys(tick(NOW + MINUTE + SECOND))).toEqual([])
    expect(keys(tick(NOW + MINUTE + 2 * SECOND))).toEqual(['rule:1:'])
    const few = rule('threshold', { window: 5 * MINUTE, threshold: 500, operator: '<' })
    expect(keys(tick(NOW + MINUTE + 3 * SECOND))).toContain(`rule:${few.id}:`)
    removeRule(state, few)
    const young = rule('threshold', { window: 5 * MINUTE, threshold: 500, operator: '<', createdAt: NOW })
    expect(keys(tick(NOW + 5 * MINUTE - 1))).not.toContain(`rule:${young.id}:`)
    expect(keys(tick(NOW + 5 * MINUTE + 2 * SECOND))).toContain(`rule:${young.id}:`)
    removeRule(state, young)
    state.db
      .insert(downtimes)
      .values({ kind: 'stopped', from: NOW + HOUR, to: NOW + HOUR + 1 })
      .run()
    const again = rule('threshold', { window: 5 * MINUTE, threshold: 500, operator: '<' })
    expect(keys(tick(NOW + HOUR + 5 * MINUTE))).not.toContain(`rule:${again.id}:`)
    expect(keys(tick(NOW + HOUR + 6 * MINUTE + 2 * SECOND))).toContain(`rule:${again.id}:`)
  })

  it('takes a source of the last hour that has just stopped for one with too few lines', () => {
    lines(series(), 2, 1, NOW - 50 * MINUTE)
    lines(series({ source: 'old' }), 2, 1, NOW - 61 * MINUTE)
    rule('threshold', { window: 5 * MINUTE, threshold: 5, operator: '<', per: 'source' })
    expect(keys(tick(NOW + 2 * SECOND))).toEqual(['rule:1:1:api'])
  })

  it('compares errors with the lines of their source, without those that have an alert', () => {
    const [info, error] = [series(), series({ level: 'error', fingerprint: 'f' })]
    lines(info, 16)
    lines(error, 4)
    lines(series({ source: 'web' }), 100)
    rule('error-rate', { for: 0, window: 5 * MINUTE })
    const [fired] = tick(NOW + 2 * SECOND)
    expect(fired).toMatchObject({
      finding: { key: 'rule:1:1:api', title: 'api: 20% of lines are errors', labels: { source: 'api' } },
    })
    const { observation } = (fired as Extract<DetectionResult, { kind: 'firing' }>).finding
    expect(plainText(observation.lines[0]!, String)).toContain(
      '20 of 100 lines in 5 min were errors (20%, at worst 20%)',
    )
    expect(observation.chart).toMatchObject({ threshold: 20, unit: '%' })
    expect(observation.chart!.points.filter(([, rate]) => rate !== null)).toEqual(
      [5, 4, 3, 2, 1].map(minute => [NOW - minute * MINUTE, 20]),
    )
    const { error: known } = recordError(state, {
      projectId: 1,
      fingerprint: 'f',
      source: 'api',
      why: '',
      recent: [],
      at: NOW,
      count: 1,
      samples: [],
    })
    stateOf({ key: `error:${known.id}`, subject: `${known.id}` })
    deleteRuleState(state, 'rule:1:1:api')
    expect(tick(NOW + 3 * SECOND)).toEqual([])
  })

  it('allows a source that always has errors more of them, once it is known for a day', () => {
    const [info, error] = [series(), series({ level: 'fatal', fingerprint: 'f' })]
    const of = rule('error-rate', { for: 0, window: 5 * MINUTE, baseline: true })
    for (let hour = 1; hour <= 23; hour++) {
      addCount(state, info, NOW - hour * HOUR, 80)
      addCount(state, error, NOW - hour * HOUR, 20)
    }
    lines(info, 16)
    lines(error, 6)
    recordSource(state, 1, 'api', NOW - DAY + 1)
    expect(keys(tick(NOW + 2 * SECOND))).toEqual(['rule:1:1:api'])
    deleteRuleState(state, 'rule:1:1:api')
    state.prepare('update sources set first_seen_at = ?').run(NOW - DAY)
    expect(tick(NOW + 3 * SECOND)).toEqual([])
    editRule(state, of, { baseline: false })
    expect(keys(tick(NOW + 4 * SECOND))).toEqual(['rule:1:1:api'])
  })

  it('compares the latest values of hosts and containers', () => {
    const host = (name: string, projectId: number | null = 1) =>
      state.db
        .insert(hostTable)
        .values({ name, address: 'x', port: 1, user: 'x', auth: 'own', addedAt: 0, addedBy: 'x', projectId })
        .returning()
        .get().id
    const [a, b] = [host('web-1'), host('db-1', null)]
    for (const [id, cpu] of [
      [a, 95],
      [b, 91],
    ] as const) {
      saveMeasurements(
        state,
        id,
        [
          { kind: 'host', name: '', cpu: 10 },
          { kind: 'container', name: 'nginx', cpu: 99 },
        ],
        NOW - 2 * MINUTE - 1,
      )
      saveMeasurements(
        state,
        id,
        [
          { kind: 'host', name: '', cpu },
          { kind: 'container', name: 'nginx', cpu: 92 },
        ],
        NOW - MINUTE,
      )
      state.db
        .insert(containers)
        .values({ hostId: id, name: 'nginx', containerId: 'x', image: 'x', state: 'running', seenAt: NOW })
        .run()
    }
    const cpu = (more: Partial<Rule>) => {
      const of = rule('threshold', { metric: 'cpu', per: 'host', threshold: 90, ...more })
      const found = keys(tick(NOW)).filter(key => key.startsWith(`rule:${of.id}:`))
      removeRule(state, of)
      return found.map(key => key.split(':').slice(2).join(':'))
    }
    expect(cpu({})).toEqual([`${b}:`, `${a}:`])
    expect(cpu({ threshold: 92 })).toEqual([`${a}:`])
    expect(cpu({ projectId: 1 })).toEqual([`${a}:`])
    expect(cpu({ matcher: 'host:db-*' })).toEqual([`${b}:`])
    expect(cpu({ matcher: 'project:default' })).toEqual([`${a}:`])
    expect(cpu({ per: 'container', threshold: 92 })).toEqual([`${b}:nginx`, `${a}:nginx`])
    expect(cpu({ per: 'container', matcher: 'container:redis' })).toEqual([])
    // Over a longer window the older sample counts as well.
    expect(cpu({ threshold: 52, window: 5 * MINUTE })).toEqual([`${a}:`])
    expect(tick(NOW + 3 * MINUTE)).toEqual([])
    const covered = (more: Partial<Rule>) => measuredHosts(state, { ...rule('threshold'), ...more }, null)
    expect(covered({ per: 'host' }).map(({ host: { name }, containers: names }) => [name, names])).toEqual([
      ['db-1', [null]],
      ['web-1', [null]],
    ])
    expect(covered({ per: 'container', projectId: 1 })).toMatchObject([{ containers: ['nginx'] }])
  })

  it.each<[string, Rule['per'], string | null]>([
    ['cpu', 'host', null],
    ['cpu', 'container', null],
    ['cpu', 'everywhere', 'per host or per container'],
    ['cpu', 'source', 'per host or per container'],
    ['network', 'host', 'containers only: --per container'],
    ['disk', 'container', 'hosts only: --per host'],
    ['load', 'host', null],
    ['nonsense', 'host', 'no metric "nonsense"'],
  ])('measures %s per %s: %s', (metric, per, message) => {
    const validate = () => validateMetric(metric as never, per)
    if (message === null) expect(validate).not.toThrow()
    else expect(validate).toThrow(message)
  })

  it.each([
    [null, 42, '42 lines'],
    ['cpu', 93.04, '93%'],
    ['load', 1.26, '1.3'],
    ['network', 999_900, '999.9 kB/s'],
    ['network', 1_000_000, '1 MB/s'],
    ['io', 1_250, '1.3 kB/s'],
  ])('writes %s of %d as %s', (metric, value, words) => expect(formatMetric({ metric }, value)).toBe(words))
})

describe('a source that is silent', () => {
  const known = (
    more: {
      lastSeenAt?: number
      firstSeenAt?: number
      name?: string
      projectId?: number
      gaps?: [number, number][]
    } = {},
  ) => {
    const { name = 'api', projectId = 1, lastSeenAt = NOW, firstSeenAt = NOW - 2 * DAY, gaps = [] } = more
    recordSource(state, projectId, name, firstSeenAt)
    state
      .prepare('update sources set first_seen_at = ?, last_seen_at = ?, gaps = ? where name = ? and project_id = ?')
      .run(firstSeenAt, lastSeenAt, JSON.stringify(gaps), name, projectId)
  }
  const quietFor = (ms: number) => keys(tick(NOW + ms))

  it('fires after its window, once, and not while Vakt may have missed its lines', () => {
    rule('silence')
    known()
    expect([quietFor(15 * MINUTE), quietFor(15 * MINUTE + 1), quietFor(16 * MINUTE)]).toEqual([[], ['silence:1'], []])
    expect(readRuleState(state, 'silence:1')).toMatchObject({
      since: NOW,
      evaluateAt: NOW + 30 * DAY,
      subject: '1',
      state: 'firing',
    })
    deleteRuleState(state, 'silence:1')
    state.db
      .insert(downtimes)
      .values({ kind: 'stopped', from: NOW + MINUTE, to: NOW + 3 * MINUTE })
      .run()
    expect([quietFor(18 * MINUTE - 1), quietFor(18 * MINUTE)]).toEqual([[], ['silence:1']])
  })

  it.each<[string, Partial<Rule>, Parameters<typeof known>[0], string[]]>([
    ['of its project', { projectId: 1 }, {}, ['silence:1']],
    ['not of another project', { projectId: 2 }, {}, []],
    ['that matches', { matcher: 'source:a*' }, {}, ['silence:1']],
    ['that does not match', { matcher: 'source:web' }, {}, []],
    ['that matches by its project', { matcher: 'project:default' }, {}, ['silence:1']],
    ['that is not known for long', {}, { firstSeenAt: NOW - DAY + 1 }, []],
    ['that paused for long before', {}, { gaps: [[1, HOUR]] }, []],
    ['that has been gone for a month', {}, { lastSeenAt: NOW - 30 * DAY + 20 * MINUTE, firstSeenAt: 0 }, []],
    [
      'that has been gone for nearly a month',
      {},
      { lastSeenAt: NOW - 30 * DAY + 20 * MINUTE + 1, firstSeenAt: 0 },
      ['silence:1'],
    ],
  ])('%s', (_, more, source, expected) => {
    rule('silence', more)
    known(source)
    expect(quietFor(20 * MINUTE)).toEqual(expected)
  })

  it('of many are all found, and each of them ends when it sends again, is removed, or is not covered any more', () => {
    const of = rule('silence')
    for (let i = 0; i < 45; i++) known({ name: `s${i}`, projectId: i === 44 ? 2 : 1 })
    expect(quietFor(20 * MINUTE)).toHaveLength(45)
    const outside = (more: Partial<Rule>) => statesOutsideRule(state, KINDS, { ...of, ...more }).map(({ key }) => key)
    expect([outside({}), outside({ projectId: 1 }), outside({ matcher: 'source:s1*' }).length]).toEqual([
      [],
      ['silence:45'],
      34,
    ])
    state.prepare('delete from sources where id = 1').run()
    expect(outside({})).toEqual(['silence:1'])
    const due = (at: number) => reevaluateRuleStates(state, KINDS, at, 99)
    state.prepare('update sources set last_seen_at = ? where id = 2').run(NOW + DAY)
    expect(due(NOW + 30 * DAY - 1)).toEqual([])
    const results = due(NOW + 30 * DAY)
    expect(results).toHaveLength(45)
    expect(results.find(result => result.kind === 'resolved' && result.key === 'silence:2')).not.toHaveProperty(
      'observation',
    )
    expect(results.find(result => result.kind === 'resolved' && result.key === 'silence:3')).toMatchObject({
      observation: { lines: ['No logs for 30d; the source is considered removed.'] },
    })
    const silence = KINDS.get('silence').evaluation
    const returned = (id: number) =>
      silence.trigger === 'interval'
        ? silence.sourceReturned!(state, { id, lastSeenAt: NOW } as never, NOW + HOUR)
        : null
    expect(returned(7)).toEqual({ results: [], changes: [] })
    stateOf({ key: 'silence:7' })
    expect(returned(7)).toMatchObject({
      results: [{ key: 'silence:7', observation: { lines: ['It sends logs again, after 1h without any.'] } }],
      changes: [{ remove: 'silence:7' }],
    })
  })

  it('says how long it may be silent, and what its rule says', () => {
    const of = rule('silence', { note: 'Call Bo.', baseline: true, remindEvery: null })
    known({ gaps: [[1, 8 * MINUTE]] })
    const [first] = tick(NOW + 20 * MINUTE)
    const { finding } = first as Extract<DetectionResult, { kind: 'firing' }>
    expect(finding).toMatchObject({
      title: 'api stopped sending logs',
      since: NOW,
      remindEvery: 4 * HOUR,
      labels: { source: 'api', rule: of.name, role: 'source-silent' },
    })
    expect(finding.observation.lines.slice(1)).toEqual([
      `Its longest pause in the last week was 8m. The rule ${of.name} allows 16m.`,
      'Call Bo.',
    ])
    deleteRuleState(state, 'silence:1')
    editRule(state, of, { baseline: false, note: null, remindEvery: 0 })
    state.prepare(`update sources set name = ''`).run()
    const [plain] = tick(NOW + 20 * MINUTE)
    expect(plain).toMatchObject({
      finding: {
        title: 'lines without a source stopped sending logs',
        remindEvery: 0,
        labels: { role: 'source-silent' },
      },
    })
    expect((plain as Extract<DetectionResult, { kind: 'firing' }>).finding.observation.lines.slice(1)).toEqual([
      `The rule ${of.name} allows 15m.`,
    ])
  })
})

describe('an error', () => {
  const lines = (count: number, at = NOW, more: { source?: string; fingerprint?: string } = {}) => {
    const { source = 'api', fingerprint = 'f' } = more
    const id = series({ source, fingerprint, level: 'error' })
    addCount(state, id, at, count)
    const samples = [{ id: '1', message: 'disk full', host: 'web-1', at }]
    const recent = [[at, count, id]] as const
    const { error, before } = recordError(state, {
      projectId: 1,
      fingerprint,
      source,
      why: 'Grouped by the message.',
      recent,
      at,
      count,
      samples,
    })
    return { error, isNew: before === null, latest: at }
  }
  const evaluate = (activity: ReturnType<typeof lines>, now: number) => {
    const decision = evaluateError(state, KINDS, activity, now)
    storeDecision(state, decision, now)
    return decision.results
  }
  const due = (now: number) => reevaluateRuleStates(state, KINDS, now, 9)
  const finding = (results: readonly DetectionResult[]) =>
    (results[0] as Extract<DetectionResult, { kind: 'firing' }>).finding

  it('that repeats fires, is counted at most every second, and ends after its last line', () => {
    rule('error-spike', { keepFiring: 10 * MINUTE, note: 'Call Bo.' })
    expect(evaluate(lines(4), NOW)).toEqual([])
    const fired = finding(evaluate(lines(1, NOW + MINUTE), NOW + MINUTE))
    expect(fired).toMatchObject({
      key: 'error:1',
      title: 'api on web-1: 5 × disk full in 1 min',
      since: NOW,
      occurrences: 5,
    })
    expect(fired.labels).toEqual({ source: 'api', host: 'web-1', fingerprint: 'f', rule: 'error-spike 0' })
    expect(fired.observation.lines[1]).toBe('Call Bo.')
    expect(evaluate(lines(2, NOW + MINUTE + 999), NOW + MINUTE + 999)).toEqual([])
    expect(readRuleState(state, 'error:1')!.evaluateAt).toBe(NOW + MINUTE + SECOND)
    expect(evaluate(lines(1, NOW + MINUTE + 999), NOW + MINUTE + 999)).toEqual([])
    expect(finding(due(NOW + MINUTE + SECOND))).toMatchObject({ occurrences: 3 })
    expect(finding(evaluate(lines(2, NOW + 2 * MINUTE), NOW + 2 * MINUTE + SECOND))).toMatchObject({
      occurrences: 2,
      since: NOW,
    })
    const resolvesAt = NOW + 12 * MINUTE
    expect(readRuleState(state, 'error:1')!.evaluateAt).toBe(resolvesAt)
    state.db
      .insert(downtimes)
      .values({ kind: 'stopped', from: NOW + 5 * MINUTE, to: NOW + 6 * MINUTE })
      .run()
    expect(due(resolvesAt)).toEqual([])
    expect(readRuleState(state, 'error:1')!.evaluateAt).toBe(resolvesAt + MINUTE)
    expect(due(resolvesAt + MINUTE)).toMatchObject([{ kind: 'resolved', key: 'error:1' }])
    expect(readRuleState(state, 'error:1')).toBeUndefined()
  })

  it('that is muted, of another project or does not match fires nothing', () => {
    const of = rule('error-spike', { projectId: 2 })
    expect(evaluate(lines(9), NOW)).toEqual([])
    editRule(state, of, { projectId: null, matcher: 'source:web' })
    expect(evaluate(lines(9), NOW)).toEqual([])
    editRule(state, of, { matcher: 'source:api' })
    const activity = lines(9)
    expect(evaluate({ ...activity, error: { ...activity.error, state: 'muted' } }, NOW)).toEqual([])
    expect(keys(evaluate(activity, NOW))).toEqual(['error:1'])
    const outside = (more: Partial<Rule>) =>
      statesOutsideRule(state, KINDS, { ...findRule(state, of.name), ...more }).length
    expect([
      outside({}),
      outside({ matcher: 'source:web' }),
      outside({ projectId: 2 }),
      outside({ projectId: 1 }),
    ]).toEqual([0, 1, 1, 0])
    state.prepare(`update fingerprints set recent = '[]'`).run()
    expect(outside({ matcher: 'source:web' })).toBe(0)
    state.prepare('delete from fingerprints').run()
    expect(outside({})).toBe(1)
    expect(keys(due(NOW + DAY))).toEqual(['error:1 over'])
  })

  it('of a rule that is gone ends', () => {
    const of = rule('error-spike')
    evaluate(lines(9), NOW)
    state.prepare('delete from rules').run()
    expect(readRuleState(state, 'error:1')).toBeUndefined()
    const other = rule('error-spike', { name: 'x' })
    stateOf({ key: 'error:1', ruleId: other.id, subject: '1' })
    state.prepare(`update rules set kind = 'of a later version'`).run()
    state.forget('rules')
    expect(evaluate(lines(1), NOW + HOUR)).toEqual([])
    expect(keys(due(NOW + HOUR))).toEqual(['error:1 over'])
    expect(of.kind).toBe('error-spike')
  })

  it.each<[string, [string, Rule['severity']], [string, Rule['severity']], string]>([
    ['a more severe spike takes over', ['error-spike', 'info'], ['error-spike', 'critical'], 'second'],
    ['a spike as severe does not', ['error-spike', 'warning'], ['error-spike', 'warning'], 'first'],
    ['a spike takes over from a new error', ['new-error', 'warning'], ['error-spike', 'warning'], 'second'],
    ['a milder spike does not', ['new-error', 'critical'], ['error-spike', 'warning'], 'first'],
    ['a new error takes over from nothing', ['error-spike', 'info'], ['regression', 'critical'], 'first'],
  ])('%s', (_, [kind, severity], [other, worse], expected) => {
    recordSource(state, 1, 'api', NOW - 2 * DAY)
    rule(kind, { name: 'first', severity, threshold: 1 })
    evaluate(lines(1), NOW)
    expect(readRuleState(state, 'error:1')!.ruleId).toBe(1)
    rule(other, { name: 'second', severity: worse, threshold: 2 })
    expect(finding(evaluate(lines(4, NOW + SECOND), NOW + SECOND)).labels.rule).toBe(expected)
  })

  it('that is back after it was resolved says who resolved it', () => {
    rule('regression')
    lines(1)
    setErrorState(state, 1, 'resolved', 'Ann', NOW)
    expect(evaluate(lines(1, NOW + MINUTE), NOW + MINUTE)).toEqual([])
    const back = finding(evaluate(lines(1, NOW + MINUTE + 1), NOW + MINUTE + 1))
    expect(back).toMatchObject({ title: 'api on web-1: disk full is back' })
    expect(plainText(back.observation.lines[1]!, String)).toMatch(/^It was resolved by Ann/)
    expect(readErrorById(state, 1)!.state).toBe('open')
  })

  it('is resolved for good by a person, a condition is dismissed, and a host is remembered', () => {
    rule('error-spike')
    evaluate(lines(9), NOW)
    const alert = (key: string, more = {}) => fireAlert(state, aFinding(key, NOW, more), NOW).id
    resolveAlert(state, alert('error:1'), 'Ann', NOW + 1)
    expect([readErrorById(state, 1), readRuleState(state, 'error:1')]).toEqual([
      expect.objectContaining({ state: 'resolved', stateBy: 'Ann', stateAt: NOW + 1 }),
      undefined,
    ])
    stateOf({ key: 'rule:1:a' })
    stateOf({ key: 'silence:1' })
    for (const key of ['rule:1:a', 'silence:1', 'rule:1:unknown']) resolveAlert(state, alert(key), 'Ann', NOW)
    expect([readRuleState(state, 'rule:1:a')!.dismissed, readRuleState(state, 'silence:1')!.dismissed]).toEqual([
      true,
      false,
    ])
    state.db
      .insert(hostTable)
      .values({ id: 7, name: 'h', address: 'x', port: 1, user: 'x', auth: 'own', addedAt: 0, addedBy: 'x' })
      .run()
    resolveAlert(state, alert('host:7', { hostId: 7, detector: 'lost-host' }), 'Ann', NOW)
    resolveAlert(state, alert('host:7:x', { hostId: 7, detector: 'other' }), 'Ann', NOW)
    resolveAlert(state, alert('host:7:y', { detector: 'lost-host' }), 'Ann', NOW)
    expect(state.prepare<[], { key: string }>('select key from dismissed_alerts').all()).toEqual([{ key: 'host:7' }])
    expect([errorIdOf('error:12'), errorIdOf('rule:1')]).toEqual([12, null])
  })

  it('has a baseline once it is known for more than a day, which is kept for five minutes', () => {
    const { error } = lines(1, NOW - DAY - 15 * MINUTE)
    const id = series({ fingerprint: 'f', level: 'error' })
    for (let hour = 1; hour <= 24; hour++) addCount(state, id, NOW - hour * HOUR, 7)
    expect(baselineFor(state, error, MINUTE, NOW - 1)).toBeNull()
    expect(baselineFor(state, error, MINUTE, NOW)).toBe(7)
    let reads = 0
    const cached = (key: string, at: number) => cachedBaseline(state, key, at, () => ++reads)
    expect([
      cached('a', NOW),
      cached('a', NOW + 5 * MINUTE - 1),
      cached('b', NOW),
      cached('a', NOW + 5 * MINUTE),
    ]).toEqual([1, 1, 2, 3])
    expect(cached('a', NOW)).toBe(4)
  })

  it('names its hosts, its group and its messages, each wording once', () => {
    const of = rule('error-spike')
    const samples = ['disk 7 full', 'disk 8 full', 'x'].map((message, i) => ({
      id: `${i}`,
      message,
      host: i === 2 ? '' : 'web-1',
      at: NOW + i,
    }))
    const ids = ['a', 'b', '', 'c', 'd', 'e', 'f'].map(host =>
      series({ host, group: host === 'f' ? 'prod' : '', level: 'error', fingerprint: 'g', source: '' }),
    )
    const recorded = (recent: [number, number, number][], source = '') =>
      recordError(state, {
        projectId: 1,
        fingerprint: `g${source}${recent.length}`,
        source,
        why: 'Grouped by the stack trace.',
        recent,
        at: NOW,
        count: 1,
        samples,
      }).error
    const about = (error: ReturnType<typeof recorded>) =>
      errorFinding(
        state,
        error,
        { rule: of, value: 3, headline: message => `3 × ${message}`, lines: [], since: NOW, occurrences: 1 },
        NOW,
      )
    const many = about(recorded(ids.map((id, i) => [NOW + i, 1, id])))
    expect(many.title).toBe('on 6 hosts: 3 × x')
    expect(many.labels).toEqual({ fingerprint: 'g7', rule: of.name, group: 'prod' })
    expect(many.observation.facts).toMatchObject([
      { name: 'Hosts', value: 'a, b, c, d, e, … 1 more' },
      { name: 'First seen' },
      { name: 'Grouped', value: 'by the stack trace' },
    ])
    expect(many.observation.evidence![1]).toMatchObject({
      entries: [
        { message: 'disk 8 full', source: 'web-1' },
        { message: 'x', source: '' },
      ],
    })
    const one = about(recorded([[NOW, 1, ids[0]!]], 'api'))
    expect([one.title, one.labels.host, one.observation.facts!.length]).toEqual(['api on a: 3 × x', 'a', 2])
    expect(one.labels).not.toHaveProperty('group')
    expect(about(recorded([])).title).toBe('somewhere: 3 × x')
    expect(about(recorded([], 'api')).title).toBe('api: 3 × x')
    expect([
      about(recorded([])).remindEvery,
      errorFinding(
        state,
        recorded([]),
        { rule: { ...of, remindEvery: 5 }, value: 1, headline: String, lines: [], since: 0, occurrences: 1 },
        NOW,
      ).remindEvery,
    ]).toEqual([4 * HOUR, 5])
    const chart = one.observation.evidence![0] as { values: readonly (number | null)[] }
    expect(chart.values).toHaveLength(30)
  })
})

describe('what is tested on the past', () => {
  it('are the lines that a rule covers, by source, host or together', () => {
    series()
    series({ source: 'web' })
    series({ level: 'error', fingerprint: 'f' })
    series({}, 2)
    const of = rule('threshold')
    const subjects = (per: 'everywhere' | 'source' | 'host', more: Partial<Rule> = {}) =>
      lineSubjects(state, { ...of, ...more }, per).map(
        ({ subject, projectId, series: own }) => `${projectId} ${subject} ${own.length}`,
      )
    expect(subjects('everywhere')).toEqual([`null ${of.name} 4`])
    expect(subjects('everywhere', { projectId: 2 })).toEqual([`2 ${of.name} 1`])
    expect(subjects('everywhere', { matcher: 'source:none' })).toEqual([])
    expect(subjects('source')).toEqual(['1 api 2', '1 web 1', '2 api 1'])
    expect(subjects('host', { matcher: 'project:shop' })).toEqual(['2 web-1 1'])
    const error = (fingerprint: string, at: number) =>
      recordError(state, {
        projectId: 1,
        fingerprint,
        source: 'api',
        why: '',
        recent: [],
        at,
        count: 1,
        samples: [{ id: '1', message: 'full', host: '', at }],
      })
    error('f', NOW)
    error('unseen', NOW)
    expect(errorSubjects(state, of, NOW)).toMatchObject([{ fingerprint: 'f', subject: 'api: full', projectId: 1 }])
    expect(errorSubjects(state, of, NOW + 1)).toEqual([])
    expect(listErrors(state, { limit: 9 })).toHaveLength(2)
  })

  it('are counts together by their time, read in steps', () => {
    const ids = Array.from({ length: 45 }, (_, i) => series({ host: `h${i}` }))
    for (const id of ids) addCount(state, id, NOW, 1)
    addCount(state, ids[0]!, NOW - MINUTE, 5)
    const steps = countsTogether(state, ids.map(id => ({ id })) as never, NOW - HOUR, NOW + 1)
    const taken: unknown[] = []
    let step = steps.next()
    for (; !step.done; step = steps.next()) taken.push(step.value)
    expect(step.value).toEqual([
      { at: NOW - MINUTE, count: 5 },
      { at: NOW, count: 45 },
    ])
    expect(taken).toHaveLength(3)
    expect([...countsTogether(state, [], 0, NOW)]).toEqual([])
  })
})

it('what was not seen for long is removed: errors after 90 days, sources after 40', () => {
  const seen = (fingerprint: string, at: number) =>
    recordError(state, { projectId: 1, fingerprint, source: 'api', why: '', recent: [], at, count: 1, samples: [] })
  seen('a', NOW - 90 * DAY)
  seen('b', NOW - 90 * DAY - 1)
  recordSource(state, 1, 'a', NOW - 40 * DAY)
  recordSource(state, 1, 'b', NOW - 40 * DAY - 1)
  pruneSeen(state, NOW)
  expect(listErrors(state, { limit: 9 }).map(({ fingerprint }) => fingerprint)).toEqual(['a'])
  expect(state.prepare<[], { name: string }>('select name from sources').all()).toEqual([{ name: 'a' }])
  expect(state.db.select().from(ruleStates).all()).toEqual([])
  expect(createWindowCounter(state)).toBeTypeOf('function')
})
