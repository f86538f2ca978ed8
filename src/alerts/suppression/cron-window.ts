// The windows of maintenance by cron: those that touch or overlap are one. Pure.
import { cronSchedule, nextRun } from '../../checks/cron.ts'
import type { maintenances } from '../../state/schema/index.ts'
import { addPeriod, DAY, HOUR, MINUTE } from '../../time.ts'

type Maintenance = typeof maintenances.$inferSelect
export type Window = Pick<Maintenance, 'startsAt' | 'endsAt'>
/** When windows begin and how long each of them is; whole `days` follow the wall clock of the time zone. */
export type WindowSchedule = Pick<Maintenance, 'timeZone' | 'duration'> & { cron: string; days?: number }

/** A window that is longer than this, or consists of more single ones, never ends for people. */
const MAX_WINDOW_MS = 400 * DAY
const MAX_JOINED = 20_000
/** How much longer or shorter whole days are where clocks change. */
const CLOCK_CHANGE_MS = 3 * HOUR
/** How far before the end of a window another start is looked for first, the nearest first. */
const LOOK_BACK_MS = [0, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, DAY]

/**
 * The window that is active at `now`, else the next; null when none follows. A window that another one touches or overlaps
 * ends when the last of them does. It starts at or after `from`.
 */
export function cronWindow(schedule: WindowSchedule, now: number, from = Number.NEGATIVE_INFINITY): Window | null {
  return joinedWindow(schedule, now, from)?.window ?? null
}

/** Whether the windows follow each other without a gap for so long that the maintenance never ends. */
export function neverEnds(schedule: WindowSchedule, now: number): boolean {
  return joinedWindow(schedule, now, Number.NEGATIVE_INFINITY)?.isEndless ?? false
}

/** The window after the current one, which ends at `now`; null when none follows. `early` when it ends before its time. */
export function windowAfter(maintenance: Maintenance, now: number, early: boolean): Window | null {
  const { cron } = maintenance
  return cron === null
    ? null
    : cronWindow({ ...maintenance, cron }, now, early ? maintenance.endsAt : maintenance.startsAt)
}

function joinedWindow(schedule: WindowSchedule, now: number, from: number) {
  const { timeZone, duration, days = 0 } = schedule
  const cron = cronSchedule(schedule.cron, timeZone)
  const endOf = (start: number) => addPeriod(start, { days, ms: duration - days * DAY }, timeZone)
  const longest = duration + (days > 0 ? CLOCK_CHANGE_MS : 0)
  let start = nextRun(cron, Math.max(from, now - longest))
  while (start !== null && endOf(start) <= now) start = nextRun(cron, start)
  if (start === null) return null
  const startsAt = start
  let last = startsAt
  let endsAt = endOf(startsAt)
  for (let joined = 0; joined < MAX_JOINED && endsAt - startsAt <= MAX_WINDOW_MS; joined++) {
    const next = lastRunUntil(endsAt, last, at => nextRun(cron, at))
    if (next === null) return { window: { startsAt, endsAt }, isEndless: false }
    last = next
    endsAt = Math.max(endsAt, endOf(next))
  }
  return { window: { startsAt, endsAt }, isEndless: true }
}

/** A start after `last` and at most at `end`, one of the latest; null when there is none. */
function lastRunUntil(end: number, last: number, next: (after: number) => number | null): number | null {
  for (const back of LOOK_BACK_MS) {
    const from = Math.max(last, end - back - 1)
    const run = next(from)
    if (run !== null && run <= end) return run
    if (from === last) return null
  }
  const run = next(last)
  return run !== null && run <= end ? run : null
}
