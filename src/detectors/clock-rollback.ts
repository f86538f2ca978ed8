// What detection makes of a clock that went back: what it noted for later is not seen yet, or it would be blind until then.
import { setErrorsBack } from '../logs/errors.ts'
import { setCountsBack } from '../logs/line-counts.ts'
import { setSourcesBack } from '../logs/sources.ts'
import type { State } from '../state/database.ts'
import { setWatchesBack } from './rules/rule-states.ts'

/** Counts errors, sources, lines and what the rules watch from `now` on, to which the clock went back by `ms`. */
export function setDetectionBack(state: State, now: number, ms: number): void {
  state.transaction(() => {
    setErrorsBack(state, now)
    setSourcesBack(state, now)
    setCountsBack(state, now)
    setWatchesBack(state, now, ms)
  })
}
