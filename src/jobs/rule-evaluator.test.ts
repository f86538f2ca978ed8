// The lookout's patience: many kinds of lines and many rules are asked a part at a time, and one bad rule harms no other.
import { beforeEach, expect, it } from 'vitest'
import { listAlerts } from '../alerts/alerts.ts'
import { DEFAULTS } from '../detectors/rules/rule.ts'
import { addRule, type RuleDraft } from '../detectors/rules/rules.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { addCount, seriesFor } from '../logs/counters.ts'
import { addProject, findProject, removeProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { createRuleEvaluator } from './rule-evaluator.ts'

const NOW = Date.parse('2026-03-02T09:00:02Z')
const KINDS = 1_500
let state: State
let project: number
let now: number
/** What every look at the clock takes of its time, as if the work between had. */
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
const hasRule = (name: string, draft: Partial<RuleDraft> = {}) => {
  const made = {
    createdAt: NOW - HOUR,
    createdBy: 'Ann',
    per: 'host' as const,
    threshold: 100,
    operator: '>=' as const,
  }
  addRule(state, { ...DEFAULTS.threshold, kind: 'threshold', name, matcher: '', ...made, ...draft } as RuleDraft)
}
const titles = () => listAlerts(state, { open: true, limit: 10 }).map(({ title }) => title)

/** Looks until the survey is over; returns how many looks it took. */
function surveys(logger: Logger = silentLogger): number {
  const lookout = createRuleEvaluator(state, clock, logger)
  let looks = 0
  do {
    lookout.look(now)
    looks++
  } while (lookout.due() <= now)
  return looks
}

it('asks all at once where that is quick, and a part at a time where it is not', () => {
  for (let i = 0; i < KINDS; i++) hasLines(`web-${i}`, NOW - MINUTE, i === 7 ? 100 : 1)
  for (let i = 0; i < 20; i++) hasRule(`r${i}`, { matcher: `host:web-${i}` })
  expect(surveys()).toBe(1)
  expect(titles()).toEqual(['web-7: 100 lines in 1 min'])
  slowness = 4
  expect(surveys()).toBeGreaterThan(10)
  expect(titles()).toEqual(['web-7: 100 lines in 1 min'])
})

it('judges the other rules when one cannot be', () => {
  hasLines('web-1', NOW - MINUTE, 100)
  hasRule('aged', { matcher: 'words are not counted' })
  hasRule('good')
  const said: unknown[] = []
  surveys({ ...silentLogger, error: (_, fields) => said.push(fields?.rule) })
  expect(said).toEqual(['aged'])
  expect(titles()).toEqual(['web-1: 100 lines in 1 min'])
})

it('counts what is new since, and nothing of a project that is gone for another of its number', () => {
  hasRule('busy', { matcher: 'host:web-*' })
  hasLines('web-1', NOW - MINUTE, 1)
  surveys()
  hasLines('web-2', NOW - MINUTE, 100)
  now += 15 * SECOND
  surveys()
  expect(titles()).toEqual(['web-2: 100 lines in 1 min'])
  removeProject(state, findProject(state, 'shop'))
  const other = addProject(state, 'other', NOW).id
  expect(other).toBe(project)
  hasLines('db-1', NOW - MINUTE, 500, other)
  hasLines('web-1', NOW - MINUTE, 101, other)
  now += 15 * SECOND
  surveys()
  expect(titles()).toContain('web-1: 101 lines in 1 min')
  expect(titles().join()).not.toContain('db-1')
})
