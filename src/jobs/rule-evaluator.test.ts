// The rule evaluator: many series and many rules are evaluated a part at a time, and one failing rule affects no other.
import { beforeEach, expect, it } from 'vitest'
import { listAlerts } from '../alerts/alerts.ts'
import { threshold } from '../detectors/rules/kinds/threshold.ts'
import { createRuleKinds } from '../detectors/rules/rule-kind.ts'
import { addRule, type NewRule } from '../detectors/rules/rules.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { addCount, countByMinute, listSeries, seriesFor } from '../logs/counters.ts'
import { addProject, findProject, removeProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { createRuleEvaluator } from './rule-evaluator.ts'

const NOW = Date.parse('2026-03-02T09:00:02Z')
const SERIES = 1_500
let state: State
let project: number
let now: number
/** How far the clock moves whenever it is read, ms, as if the work in between had taken that long. */
let slowness: number
const clock = { now: () => (now += slowness), at: () => () => {} }

beforeEach(() => {
  state = memoryState()
  project = addProject(state, 'shop', NOW - HOUR).id
  now = NOW
  slowness = 0
})

const hasLines = (host: string, at: number, count: number, of = project) =>
  state.transaction(() => {
    const kind = { source: 'api', host, group: '', level: 'info', fingerprint: '' } as const
    addCount(state, seriesFor(state, of, kind, at).id, at, count)
  })
const hasRule = (name: string, draft: Partial<NewRule> = {}) => {
  const made = {
    createdAt: NOW - HOUR,
    createdBy: 'Ann',
    per: 'host' as const,
    threshold: 100,
    operator: '>=' as const,
  }
  addRule(state, { ...threshold.defaults, kind: 'threshold', name, matcher: '', ...made, ...draft })
}
const titles = () => listAlerts(state, { open: true, limit: 10 }).map(({ title }) => title)

/** Evaluates all rules once; returns how many ticks that took. */
function evaluate(logger: Logger = silentLogger): number {
  const evaluator = createRuleEvaluator(state, createRuleKinds([threshold]), clock, logger)
  let ticks = 0
  do {
    evaluator.tick(now)
    ticks++
  } while (evaluator.due() <= now)
  return ticks
}

it('evaluates all rules in one tick where that is fast, and a part per tick where it is slow', () => {
  for (let i = 0; i < SERIES; i++) hasLines(`web-${i}`, NOW - MINUTE, i === 7 ? 100 : 1)
  for (let i = 0; i < 20; i++) hasRule(`r${i}`, { matcher: `host:web-${i}` })
  expect(evaluate()).toBe(1)
  expect(titles()).toEqual(['web-7: 100 lines in 1 min'])
  slowness = 4
  expect(evaluate()).toBeGreaterThan(10)
  expect(titles()).toEqual(['web-7: 100 lines in 1 min'])
})

it('evaluates the other rules when one fails', () => {
  hasLines('web-1', NOW - MINUTE, 100)
  hasRule('broken', { matcher: 'words are not counted' })
  hasRule('good')
  const failed: unknown[] = []
  evaluate({ ...silentLogger, error: (_, fields) => failed.push(fields?.rule) })
  expect(failed).toEqual(['broken'])
  expect(titles()).toEqual(['web-1: 100 lines in 1 min'])
})

it('counts new lines, also of a project that comes after a removed one', () => {
  hasRule('busy', { matcher: 'host:web-*' })
  hasLines('web-1', NOW - MINUTE, 1)
  evaluate()
  hasLines('web-2', NOW - MINUTE, 100)
  now += 15 * SECOND
  evaluate()
  expect(titles()).toEqual(['web-2: 100 lines in 1 min'])
  removeProject(state, findProject(state, 'shop'), 0)
  const other = addProject(state, 'other', NOW).id
  // Nothing that was kept about the old one is about the new one.
  expect(other).not.toBe(project)
  hasLines('db-1', NOW - MINUTE, 500, other)
  hasLines('web-1', NOW - MINUTE, 101, other)
  now += 15 * SECOND
  evaluate()
  expect(titles()).toContain('web-1: 101 lines in 1 min')
  expect(titles().join()).not.toContain('db-1')
})

const created = () => createRuleEvaluator(state, createRuleKinds([threshold]), clock, silentLogger)

it('evaluates again when that is due, and at once when it begins again', () => {
  hasRule('busy')
  const evaluator = created()
  evaluator.tick(now)
  hasLines('web-1', NOW - MINUTE, 100)
  const due = evaluator.due()
  expect(due - NOW).toBeGreaterThan(0)
  expect(due - NOW).toBeLessThanOrEqual(15 * SECOND)
  now = due - 1
  evaluator.tick(now)
  expect(titles()).toEqual([])
  evaluator.restart()
  expect(evaluator.due()).toBe(0)
  evaluator.tick(now)
  expect(titles()).toEqual(['web-1: 100 lines in 1 min'])
  hasLines('web-2', NOW - MINUTE, 100)
  now = due
  evaluator.tick(now)
  expect(titles()).toHaveLength(2)
})

it('abandons what it has not finished, and evaluates it with the next round', () => {
  hasRule('busy')
  for (let i = 0; i < 50; i++) hasRule(`r${i}`, { matcher: `host:db-${i}` })
  hasLines('web-1', NOW - MINUTE, 100)
  slowness = 20
  const evaluator = created()
  evaluator.tick(now)
  expect(evaluator.due()).toBe(0)
  evaluator.abandon()
  expect(evaluator.due()).toBeGreaterThan(NOW)
  slowness = 0
  now = evaluator.due()
  evaluator.tick(now)
  expect(titles()).toEqual(['web-1: 100 lines in 1 min'])
})

it('downsamples old counts after a round, unless the clock is not certain', () => {
  hasLines('web-1', NOW - 3 * DAY + 5 * MINUTE, 7)
  const minutes = () => countByMinute(state, listSeries(state), 0, NOW).map(({ at }) => (at / MINUTE) % 60)
  const evaluator = created()
  evaluator.tick(now, false)
  expect(minutes()).toEqual([5])
  now = evaluator.due()
  evaluator.tick(now)
  expect(minutes()).toEqual([0])
})
