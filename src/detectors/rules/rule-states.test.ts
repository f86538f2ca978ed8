import { expect, it } from 'vitest'
import { memoryState } from '../../state/database.ts'
import { SECOND } from '../../time.ts'
import { createRuleKinds } from './rule-kind.ts'
import { RULE_KINDS } from './rule-kinds.ts'
import { transition } from './rule-state.ts'
import { createSubjectCheck, saveRuleState } from './rule-states.ts'
import { addFirstRules, listRules } from './rules.ts'

it('a rule is evaluated while there is a subject for it, or a state to decide about', () => {
  const state = memoryState()
  addFirstRules(state, createRuleKinds(RULE_KINDS), 0)
  const answers = () => [null, 'hosts' as const].map(createSubjectCheck(state))
  expect(answers()).toEqual([true, false])
  const { id: ruleId } = listRules(state)[0]!
  const ruleState = { key: 'k', ruleId, state: 'firing', since: 0, lastAt: 0, evaluateAt: 0, reported: 0 } as const
  saveRuleState(state, { ...ruleState, dismissed: false, subject: 'web-1', value: 1 })
  expect(answers()).toEqual([true, true])
})

const at = (seconds: number) => 1_000_000 + seconds * SECOND
const pending = (since: number, value = 5) => ({ state: 'pending' as const, since, lastAt: since, value })
const firing = (lastAt: number, value = 5) => ({ state: 'firing' as const, since: at(0), lastAt, value })

// The rule needs 60 s to fire and 30 s to be resolved; a higher value is worse.
// biome-ignore format: one case a line
it.each<[string, ReturnType<typeof pending | typeof firing> | undefined, { value: number | null; at: number; downtimeMs?: number; for?: number }, object]>([
  ['a value that could not be measured', pending(at(0)), { value: null, at: at(90) }, { kind: 'none' }],
  ['a value that could not be measured, for an alert that may end', firing(at(0)), { value: null, at: at(90) }, { kind: 'none' }],
  ['a first breach', undefined, { value: 9, at: at(0) }, { kind: 'pending', next: { state: 'pending', since: at(0), lastAt: at(0), value: 9 } }],
  ['a first breach of a rule that does not wait', undefined, { value: 9, at: at(0), for: 0 }, { kind: 'fired', next: { state: 'firing', since: at(0), lastAt: at(0), value: 9 } }],
  ['a breach that lasts not long enough', pending(at(0)), { value: 4, at: at(59) }, { kind: 'pending', next: { state: 'pending', since: at(0), lastAt: at(59), value: 5 } }],
  ['a breach that lasts just long enough, and is worse', pending(at(0)), { value: 9, at: at(60) }, { kind: 'fired', next: { state: 'firing', since: at(0), lastAt: at(60), value: 9 } }],
  ['a breach of an alert', firing(at(70)), { value: 4, at: at(80) }, { kind: 'still firing', next: { state: 'firing', since: at(0), lastAt: at(80), value: 5 } }],
  ['no breach without a state', undefined, { value: 1, at: at(0) }, { kind: 'none' }],
  ['no breach any more before it fired', pending(at(0)), { value: 1, at: at(10) }, { kind: 'cleared' }],
  ['no breach any more, not for long enough', firing(at(70)), { value: 1, at: at(99) }, { kind: 'none' }],
  ['no breach any more, just for long enough', firing(at(70)), { value: 1, at: at(100) }, { kind: 'resolved' }],
  ['no breach any more, a part of it while Vakt was down', firing(at(70)), { value: 1, at: at(119), downtimeMs: 20 * SECOND }, { kind: 'none' }],
  ['no breach any more, long enough without the downtime', firing(at(70)), { value: 1, at: at(120), downtimeMs: 20 * SECOND }, { kind: 'resolved' }],
])('%s: %4$j', (_, before, { value, at: now, downtimeMs = 0, for: forMs = 60 * SECOND }, expected) => {
  const measured = { isBreached: value === null || value > 3, value, isWorse: (a: number, b: number) => a > b }
  expect(transition({ for: forMs, keepFiring: 30 * SECOND }, before, measured, now, downtimeMs)).toEqual(expected)
})
