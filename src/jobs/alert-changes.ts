// Follows the changes of alerts: once at the start, and after the commits that change any, together for those of one tick.
import type { State } from '../state/database.ts'

/** Returns a function that starts to call `react` soon after each change, and calls it for what changed before. */
export function followAlertChanges(state: State, react: () => void): () => void {
  let isScheduled = false
  const schedule = () => {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      react()
    })
  }
  return () => {
    state.onCommit(topics => {
      if (topics.has('alerts')) schedule()
    })
    schedule()
  }
}
