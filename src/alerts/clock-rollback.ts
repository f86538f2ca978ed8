// Timers of alerts after the system clock moved backwards: what was due in an hour is still due in an hour.
import type { State } from '../state/database.ts'
import { and, eq, isNotNull } from '../state/orm.ts'
import { maintenances } from '../state/schema/index.ts'
import { rewindCardUpdates } from './card-updates.ts'
import { rewindReports } from './reported-alerts.ts'
import { cronWindow } from './suppression/cron-window.ts'
import { requestReevaluation } from './suppression/reevaluation.ts'

/**
 * Rebases all timers of alerts, silences and maintenance after the clock went back by `ms` to `now` (epoch ms). What
 * follows the wall clock (quiet hours, planned maintenance) follows the new time. `wasLeap`: the clock had leapt ahead
 * before, and comes back now; what that leap ended begins again.
 */
export function rewindAlerts(state: State, now: number, ms: number, wasLeap = false): void {
  state.transaction(() => {
    // The wait for a root cause is the only suppression that is a timer of the alert itself.
    state
      .prepare(
        `update alerts set wake_at = wake_at - :ms, snoozed_until = snoozed_until - :ms, stable_at = stable_at - :ms,
          acknowledged_until = acknowledged_until - :ms, acknowledged_at = min(acknowledged_at, :now),
          suppressed_until = suppressed_until - iif(suppression = 'awaiting-cause', :ms, 0), released_at = released_at - :ms,
          since = since - iif(since > :now, :ms, 0), fired_at = fired_at - iif(fired_at > :now, :ms, 0)
          where state <> 'resolved'`,
      )
      .run({ now, ms })
    rewindSilences(state, now, ms, wasLeap)
    state.prepare('update quiet_hours set quiet_since = quiet_since - ? where quiet_since > ?').run(ms, now)
    rewindMaintenances(state, now, ms)
    rewindCardUpdates(state, ms)
    rewindReports(state, now, ms)
    requestReevaluation(state)
  })
}

function rewindSilences(state: State, now: number, ms: number, wasLeap: boolean): void {
  // After a leap, a silence from before it has the right end already.
  const shifted = wasLeap ? 'and created_at > :now' : ''
  state
    .prepare(
      `update silences set ends_at = ends_at - :ms, created_at = min(created_at, :now) where ended_at is null ${shifted}`,
    )
    .run({ now, ms })
  // It expired at an instant that has not come yet.
  if (wasLeap)
    state
      .prepare('update silences set ended_at = null where ended_at > :now and ends_at > :now and ended_by is null')
      .run({ now })
  state.forget('active silences')
}

function rewindMaintenances(state: State, now: number, ms: number): void {
  // A window that started when it was added keeps its length; a planned window keeps its time.
  state
    .prepare(
      `update maintenances set starts_at = starts_at - :ms, ends_at = ends_at - :ms, created_at = created_at - :ms
        where ended = 0 and cron is null and started = 1 and created_at = starts_at and starts_at > :now`,
    )
    .run({ now, ms })
  // A window that passed, rather than one that somebody ended early, comes again.
  state
    .prepare(
      'update maintenances set ended = 0 where ended = 1 and cron is null and ends_at > ? and ends_at - starts_at >= duration',
    )
    .run(now)
  state.prepare('update maintenances set started = 0 where ended = 0 and starts_at > ?').run(now)
  const isByCron = and(eq(maintenances.ended, false), isNotNull(maintenances.cron))
  for (const maintenance of state.db.select().from(maintenances).where(isByCron).all()) {
    const window = cronWindow({ ...maintenance, cron: maintenance.cron! }, now)
    if (!window || window.startsAt >= maintenance.startsAt) continue
    state.db
      .update(maintenances)
      .set({ ...window, started: false })
      .where(eq(maintenances.id, maintenance.id))
      .run()
  }
}
