// Deciding stores nothing: whatever the detectors decide, the database is the same until the decision is stored.
import { beforeEach, expect, it } from 'vitest'
import { addCount, seriesFor } from '../../logs/counters.ts'
import { recordError } from '../../logs/errors/errors.ts'
import { recordSource } from '../../logs/sources.ts'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { evaluateError } from '../logs/evaluate-errors.ts'
import type { Decision } from './decision.ts'
import { mergeDecisions, storeDecision } from './decision.ts'
import { evaluateRules } from './evaluate-rules.ts'
import { threshold } from './kinds/threshold.ts'
import { createRuleKinds } from './rule-kind.ts'
import { RULE_KINDS } from './rule-kinds.ts'
import { addFirstRules, addRule } from './rules.ts'

const NOW = Date.parse('2026-03-02T09:00:02Z')
const kinds = createRuleKinds(RULE_KINDS)
let state: State
let projectId: number

beforeEach(() => {
  state = memoryState()
  projectId = addProject(state, 'shop', NOW - DAY).id
  addFirstRules(state, kinds, NOW - DAY)
  const rule = { ...threshold.defaults, name: 'busy', kind: 'threshold', threshold: 10, createdBy: 'Ann' }
  addRule(state, { ...rule, createdAt: NOW - DAY })
})

const changes = () => state.prepare<[], { n: number }>('select total_changes() as n').get()!.n
const stored = () =>
  state
    .prepare<[], { key: string }>('select key from rule_states order by key')
    .all()
    .map(({ key }) => key)

function decideRules(): Decision {
  const decisions: Decision[] = []
  for (const { steps } of evaluateRules(state, kinds, NOW))
    for (const decision of steps) if (decision) decisions.push(decision)
  return mergeDecisions(decisions)
}

it('rules at intervals decide without storing, until their decision is stored', () => {
  state.transaction(() => {
    const labels = { source: 'api', host: '', group: '', level: 'info', fingerprint: '' } as const
    addCount(state, seriesFor(state, projectId, labels, NOW - MINUTE).id, NOW - MINUTE, 50)
    recordSource(state, projectId, 'mailer', NOW - 2 * DAY)
    recordSource(state, projectId, 'mailer', NOW - 1.9 * DAY)
  })
  state.prepare('update sources set first_seen_at = ?, last_seen_at = ?, gaps = ?').run(NOW - 9 * DAY, NOW - HOUR, '[]')
  const before = changes()
  const decision = decideRules()
  expect(decision.results.map(result => result.kind === 'firing' && result.finding.title)).toEqual([
    'mailer stopped sending logs',
    'busy: 50 lines in 1 min',
  ])
  expect([changes(), stored()]).toEqual([before, []])
  storeDecision(state, decision, NOW)
  expect(stored()).toEqual([expect.stringMatching(/^rule:/), expect.stringMatching(/^silence:/)])
})

it('errors are decided about without storing, until the decision is stored', () => {
  const recent = [[NOW, 5, 1]] as const
  const lines = { projectId, fingerprint: 'v1:abc', source: 'api', why: '', recent, at: NOW, count: 5, samples: [] }
  const { error } = state.transaction(() => recordError(state, lines))
  const before = changes()
  const decision = evaluateError(state, kinds, { error, isNew: true, latest: NOW }, NOW)
  expect(decision.results).toMatchObject([{ kind: 'firing', finding: { detector: 'error-spike' } }])
  expect([changes(), stored()]).toEqual([before, []])
  storeDecision(state, decision, NOW)
  expect(stored()).toEqual([`error:${error.id}`])
})
