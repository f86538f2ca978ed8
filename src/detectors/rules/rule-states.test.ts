import { expect, it } from 'vitest'
import { memoryState } from '../../state/database.ts'
import { createRuleKinds } from './rule-kind.ts'
import { RULE_KINDS } from './rule-kinds.ts'
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
