// What is timed of alerts after the clock was put back: what was to come in an hour still comes in an hour.
import type { State } from '../state/database.ts'
import { and, eq, isNotNull } from '../state/orm.ts'
import { maintenances } from '../state/schema/index.ts'
import { rewindCardUpdates } from './card-updates.ts'
import { cronWindow } from './suppression/maintenance-windows.ts'
import { requestReevaluation } from './suppression/reevaluation.ts'

/**
 * Counts every wait of alerts and silences anew after the clock went back by `ms` to `now`. What goes by the clock on the
 * wall (quiet hours, maintenance) is as that says now.
 */
export function rewindAlerts(state: State, now: number, ms: number): void {
  state.transaction(() => {
    // The wait for a cause is the only hold that is no more than a wait.
    state
      .prepare(
        `update alerts set wake_at = wake_at - :ms, snoozed_until = snoozed_until - :ms, stable_since = stable_since - :ms,
          acknowledged_until = acknowledged_until - :ms, acknowledged_at = min(acknowledged_at, :now),
          suppressed_until = suppressed_until - iif(suppression = 'awaiting-cause', :ms, 0), released_at = released_at - :ms,
          since = since - iif(since > :now, :ms, 0), fired_at = fired_at - iif(fired_at > :now, :ms, 0)
          where state <> 'resolved'`,
      )
      .run({ now, ms })
    state
      .prepare('update silences set ends_at = ends_at - :ms, created_at = min(created_at, :now) where ended_at is null')
      .run({ now, ms })
    state.prepare('update quiet_hours set quiet_since = quiet_since - ? where quiet_since > ?').run(ms, now)
    setMaintenancesBack(state, now, ms)
    rewindCardUpdates(state, ms)
    requestReevaluation(state)
  })
}

function setMaintenancesBack(state: State, now: number, ms: number): void {
  // One that began when it was made lasts as long as it was to; one that was planned is at its time.
  state
    .prepare(
      `update maintenances set starts_at = starts_at - :ms, ends_at = ends_at - :ms, created_at = created_at - :ms
        where ended = 0 and cron is null and started = 1 and created_at = starts_at and starts_at > :now`,
    )
    .run({ now, ms })
  state.prepare('update maintenances set started = 0 where ended = 0 and starts_at > ?').run(now)
  const byCron = and(eq(maintenances.ended, false), isNotNull(maintenances.cron))
  for (const one of state.db.select().from(maintenances).where(byCron).all()) {
    const window = cronWindow({ ...one, cron: one.cron! }, now)
    if (!window || window.startsAt >= one.startsAt) continue
    state.db
      .update(maintenances)
      .set({ ...window, started: false })
      .where(eq(maintenances.id, one.id))
      .run()
  }
}
