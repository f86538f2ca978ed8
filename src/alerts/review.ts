// Whether the open alerts are to be judged anew, because what holds them back has changed.
import type { State } from '../state/database.ts'

// After a start everything is judged once, for nobody knows what changed meanwhile.
const reviewed = new WeakSet<State>()

/** Has every open alert judged anew in the next turn. */
export function reviewSoon(state: State): void {
  reviewed.delete(state)
  state.touch('alerts')
}

/** Whether nothing has changed since every open alert was judged. */
export function isReviewed(state: State): boolean {
  return reviewed.has(state)
}

/** Notes that every open alert is judged. */
export function markReviewed(state: State): void {
  reviewed.add(state)
}
