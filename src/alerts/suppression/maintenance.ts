// When a maintenance window begins and ends, once or again and again by cron. Pure.
import { cronSchedule, nextRun } from '../../checks/cron.ts'
import type { maintenances } from '../../state/schema/index.ts'

export type Maintenance = typeof maintenances.$inferSelect
type Window = Pick<Maintenance, 'startsAt' | 'endsAt'>

/** The window of a cron schedule that is on at `now`, or else the next; null when none comes any more. Starts are at or after `from`. */
export function cronWindow(
  { cron, timeZone, duration }: Pick<Maintenance, 'timeZone' | 'duration'> & { cron: string },
  now: number,
  from = now - duration,
): Window | null {
  const startsAt = nextRun(cronSchedule(cron, timeZone), Math.max(from, now - duration))
  return startsAt === null ? null : { startsAt, endsAt: startsAt + duration }
}

/** What follows a window that is over at `now`; null when none does. `early` when somebody ended it before its time. */
export function windowAfter(one: Maintenance, now: number, early: boolean): Window | null {
  if (one.cron === null) return null
  return cronWindow({ ...one, cron: one.cron }, now, early ? now : one.startsAt)
}
