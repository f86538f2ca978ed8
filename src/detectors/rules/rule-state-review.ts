// Judges what the rules watch when its time has come.
import type { State } from '../../state/database.ts'
import type { DetectionResult } from '../finding.ts'
import { evaluateErrorState } from '../logs/error-rules.ts'
import { sourceRemoved } from '../logs/silent-source.ts'
import { deleteRuleState, dueRuleStates } from './rule-states.ts'
import { readRule } from './rules.ts'

/** What has become of up to `limit` watches that are due at `now`. */
export function reviewRuleStates(state: State, now: number, limit: number): DetectionResult[] {
  return dueRuleStates(state, now, limit).flatMap((watch): DetectionResult[] => {
    const rule = readRule(state, watch.ruleId)
    if (rule && watch.key.startsWith('error:')) return evaluateErrorState(state, watch, rule, now)
    if (rule && watch.key.startsWith('silence:')) return sourceRemoved(state, watch.key, watch.subject, now)
    deleteRuleState(state, watch.key)
    return [{ kind: 'gone', key: watch.key }]
  })
}
