// What an evaluation of rules decides: what is firing or resolved, and what is to be stored; deciding itself stores nothing.
import { setErrorState } from '../../logs/errors/errors.ts'
import type { State } from '../../state/database.ts'
import type { DetectionResult } from '../finding.ts'
import { deleteRuleState, type RuleState, saveRuleState } from './rule-states.ts'

/** Something to store: a rule state, that there is none of a key any more, or that a resolved error (by id) is open again. */
export type Change = { save: RuleState } | { remove: string } | { reopenError: number }

export type Decision = { results: readonly DetectionResult[]; changes: readonly Change[] }

export const NO_DECISION: Decision = { results: [], changes: [] }

/** Several decisions as one, in their order. */
export function mergeDecisions(decisions: readonly Decision[]): Decision {
  return {
    results: decisions.flatMap(({ results }) => results),
    changes: decisions.flatMap(({ changes }) => changes),
  }
}

/** Stores what was decided at `now`; the results are for the alerts, in the same transaction. */
export function storeDecision(state: State, { changes }: Decision, now: number): void {
  for (const change of changes) {
    if ('save' in change) saveRuleState(state, change.save)
    else if ('remove' in change) deleteRuleState(state, change.remove)
    else setErrorState(state, change.reopenError, 'open', 'Vakt', now)
  }
}
