// Evaluates the rule states that are due, and finds those that an edited rule does not cover any more.
import type { State } from '../../state/database.ts'
import type { DetectionResult } from '../finding.ts'
import { coversError, reevaluateError } from '../logs/evaluate-errors.ts'
import { type Decision, storeDecision } from './decision.ts'
import type { Rule } from './rule.ts'
import type { RuleKinds } from './rule-kind.ts'
import { dueRuleStates, type RuleState, ruleStatesOf } from './rule-states.ts'
import { readRule } from './rules.ts'

/** Evaluates up to `limit` rule states that are due at `now` and stores what they become; returns the results. */
export function reevaluateRuleStates(state: State, kinds: RuleKinds, now: number, limit: number): DetectionResult[] {
  return state.transaction(() =>
    dueRuleStates(state, now, limit).flatMap(ruleState => {
      const decision = reevaluate(state, kinds, ruleState, now)
      storeDecision(state, decision, now)
      return decision.results
    }),
  )
}

/** The states that a rule, as it is now, does not cover. */
export function statesOutsideRule(state: State, kinds: RuleKinds, rule: Rule): RuleState[] {
  const evaluation = kinds.find(rule.kind)?.evaluation
  if (!evaluation) return []
  return ruleStatesOf(state, rule.id).filter(ruleState =>
    evaluation.trigger === 'error'
      ? !coversError(state, rule, ruleState)
      : evaluation.covers?.(state, rule, ruleState) === false,
  )
}

function reevaluate(state: State, kinds: RuleKinds, ruleState: RuleState, now: number): Decision {
  const rule = readRule(state, ruleState.ruleId)
  const evaluation = rule && kinds.find(rule.kind)?.evaluation
  const { key } = ruleState
  const ended: Decision = { results: [{ kind: 'resolved', key }], changes: [{ remove: key }] }
  if (!rule || !evaluation) return ended
  if (evaluation.trigger === 'error') return reevaluateError(state, ruleState, { rule, evaluation }, now)
  return evaluation.reevaluate?.(state, ruleState, rule, now) ?? ended
}
