// What detection makes of a clock that went back: what it noted for later is not seen yet, or it would be blind until then.
import { rewindErrors } from '../logs/errors/errors.ts'
import { rewindSources } from '../logs/sources.ts'
import { rewindCounts } from '../logs/window-counts.ts'
import type { State } from '../state/database.ts'
import { rewindRuleStates } from './rules/rule-states.ts'

/** Counts errors, sources, lines and what the rules watch from `now` on, to which the clock went back by `ms`. */
export function rewindDetection(state: State, now: number, ms: number): void {
  state.transaction(() => {
    rewindErrors(state, now)
    rewindSources(state, now)
    rewindCounts(state, now)
    rewindRuleStates(state, now, ms)
  })
}
