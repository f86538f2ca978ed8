// The timers of notifications after the clock moved back: a message due in an hour stays due in an hour.
import type { State } from '../state/database.ts'
import { rewindReports } from './reports/reports.ts'

/** Corrects the timers of messages, escalations and reports after the clock moved back by `ms` to `now`. */
export function rewindNotifications(state: State, now: number, ms: number): void {
  state.transaction(() => {
    // No message may be older than its channel, or be searched in the future.
    state.prepare('update channels set added_at = min(added_at, ?)').run(now)
    state
      .prepare(
        `update notifications set next_attempt_at = next_attempt_at - :ms, sent_at = sent_at - iif(sent_at > :now, :ms, 0)
          where next_attempt_at is not null or sent_at is not null`,
      )
      .run({ now, ms })
    state.prepare('update alert_escalations set due_at = due_at - ? where due_at is not null').run(ms)
    rewindReports(state, now, ms)
    state.emit('alerts')
    state.emit('reports')
  })
}
