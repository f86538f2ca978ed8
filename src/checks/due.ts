// When beats of a check are due, and which due time a beat that comes a little early counts for. Pure.
import type { checks } from '../state/schema/index.ts'
import { addPeriod, DAY, MINUTE, type Period, SECOND } from '../time.ts'
import { addActive, isActive, nextActive, parseActiveHours } from './active-hours.ts'
import { cronSchedule, nextRun } from './cron.ts'

/** The columns of a check that its due times follow from. */
export type Schedule = Pick<
  typeof checks.$inferSelect,
  'every' | 'everyDays' | 'cron' | 'timeZone' | 'active' | 'early'
>

/** Two years of daily inactive periods. */
const MAX_INACTIVE_PERIODS = 750
/** How early a beat may be by itself: the smaller of a minute and this share of the gap to the neighbouring due times. */
const EARLY_SHARE = 0.05

/** The first instant after `after` (epoch ms) at which a beat is due; null when the schedule has no further run. */
export function nextDue(check: Schedule, after: number): number | null {
  const hours = check.active === null ? null : parseActiveHours(check.active, check.timeZone)
  if (check.cron === null) {
    return hours ? addActive(hours, after, check.every!) : addPeriod(after, periodOf(check), check.timeZone)
  }
  const schedule = cronSchedule(check.cron, check.timeZone)
  let due = nextRun(schedule, after)
  // Each step skips a whole inactive period; active hours that never meet the schedule end the search.
  for (let skipped = 0; due !== null && hours && !isActive(hours, due); skipped++) {
    if (skipped > MAX_INACTIVE_PERIODS) return null
    due = nextRun(schedule, nextActive(hours, due) - 1)
  }
  return due
}

/** The period of a check that has one: whole days follow the wall clock, the rest is plain time. */
export function periodOf({ every, everyDays }: Pick<Schedule, 'every' | 'everyDays'>): Period {
  return { days: everyDays, ms: every! - everyDays * DAY }
}

/** The first due time after `to` of a period that keeps its phase from the due time `begun`, both epoch ms. */
export function nextInPhase(check: Schedule, begun: number, to: number): number {
  const period = periodOf(check)
  let times = Math.max(1, Math.floor((to - begun) / check.every!))
  // A clock change moves the wall clock by an hour or so: at most a step or two of the shortest period of days.
  while (addPeriod(begun, period, check.timeZone, times) <= to) times++
  return addPeriod(begun, period, check.timeZone, times)
}

/**
 * The due time (epoch ms) that a beat at `now` comes shortly before, and therefore counts for; null when there is none.
 * Shortly is `--early`, by default the smaller of a minute and 5 % of the gap to the due times before and after. A period
 * has no due time of its own: it begins again with each beat.
 */
export function earlyFor(check: Schedule, now: number): number | null {
  if (check.cron === null || check.early === 0) return null
  const due = nextDue(check, now)
  if (due === null || due - now > (check.early ?? MINUTE)) return null
  return due - now <= (check.early ?? defaultMargin(check, due)) ? due : null
}

/** How early a beat for `due` may be by default, ms. */
function defaultMargin(check: Schedule, due: number): number {
  const following = nextDue(check, due)
  const after = following === null ? Number.POSITIVE_INFINITY : following - due
  // Beyond this gap the margin is a minute anyway.
  const window = Math.min(MINUTE / EARLY_SHARE, after)
  return Math.min(MINUTE, EARLY_SHARE * Math.min(window, gapBefore(check, due, window)))
}

/** The time since the due time before `due`, or `window` when that is less. */
function gapBefore(check: Schedule, due: number, window: number): number {
  let [earlier, later] = [due - window - 1, due]
  if (nextDue(check, earlier)! >= due) return window
  // The last instant after which another due time comes before `due`; schedules are exact to the second.
  while (later - earlier > SECOND) {
    const middle = Math.floor((earlier + later) / 2)
    if (nextDue(check, middle)! < due) earlier = middle
    else later = middle
  }
  return due - nextDue(check, earlier)!
}
