// Corrects what detection has stored after the clock went back: times in the future would delay it until they come.
import { rewindErrors } from '../logs/errors/errors.ts'
import { rewindSources } from '../logs/sources.ts'
import { rewindCounts } from '../logs/window-counts.ts'
import type { State } from '../state/database.ts'
import { rewindRuleStates } from './rules/rule-states.ts'

/** Corrects errors, sources, line counts and rule states after the clock went back by `ms` to `now`. */
export function rewindDetection(state: State, now: number, ms: number): void {
  state.transaction(() => {
    rewindErrors(state, now)
    rewindSources(state, now)
    rewindCounts(state, now)
    rewindRuleStates(state, now, ms)
  })
}
