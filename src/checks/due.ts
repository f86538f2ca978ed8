// When beats of a check are due, and which due time a beat that comes a little early counts for. Pure.
import type { checks } from '../state/schema/index.ts'
import { addPeriod, DAY, MINUTE, type Period, SECOND } from '../time.ts'
import { type ActiveHours, addActive, isActive, nextActive, parseActiveHours } from './active-hours.ts'
import { cronSchedule, nextRun } from './cron.ts'
import { coveredUntil } from './exceptions/exception.ts'
import { nextElapse, onCalendar } from './on-calendar/next-elapse.ts'

/** The columns of a check that its due times follow from. */
export type Schedule = Pick<
  typeof checks.$inferSelect,
  'every' | 'everyDays' | 'cron' | 'onCalendar' | 'timeZone' | 'active' | 'early' | 'exceptions'
>

/** Two years of daily inactive periods. */
const MAX_INACTIVE_PERIODS = 750
/** How early a beat may be by itself: the smaller of a minute and this share of the gap to the neighbouring due times. */
const EARLY_SHARE = 0.05

/** Whether beats are due at times of the clock, rather than a period after the last one. */
export function isTimed({ cron, onCalendar }: Pick<Schedule, 'cron' | 'onCalendar'>): boolean {
  return cron !== null || onCalendar !== null
}

/** The expressions of a check: several are stored as lines. */
export function expressionsOf(lines: string | null): string[] {
  return lines === null ? [] : lines.split('\n')
}

/** The first instant after `after` (epoch ms) at which a beat is due; null when the schedule has no further run. */
export function nextDue(check: Schedule, after: number): number | null {
  const hours = check.active === null ? null : parseActiveHours(check.active, check.timeZone)
  if (!isTimed(check)) return afterExceptions(check, periodicDue(check, hours, after))
  let due = nextTimed(check, after)
  // Each step skips a whole inactive time; active hours that never meet the schedule end the search.
  for (let skipped = 0; due !== null; skipped++) {
    const free = exceptionEnd(check, due) ?? (hours && !isActive(hours, due) ? nextActive(hours, due) : null)
    if (free === null) return due
    if (skipped > MAX_INACTIVE_PERIODS) return null
    due = nextTimed(check, free - 1)
  }
  return null
}

/** The nearest of all schedules. */
function nextTimed(check: Schedule, after: number): number | null {
  let first: number | null = null
  for (const expression of expressionsOf(check.cron)) {
    first = earlier(first, nextRun(cronSchedule(expression, check.timeZone), after))
  }
  for (const expression of expressionsOf(check.onCalendar)) {
    first = earlier(first, nextElapse(onCalendar(expression, check.timeZone), after))
  }
  return first
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || (b !== null && b < a) ? b : a
}

function periodicDue(check: Schedule, hours: ActiveHours | null, after: number): number {
  return hours ? addActive(hours, after, check.every!) : addPeriod(after, periodOf(check), check.timeZone)
}

/** The first due time of a period that no exception covers: whole periods pass until then. */
function afterExceptions(check: Schedule, due: number): number {
  let at = due
  for (let end = exceptionEnd(check, at); end !== null; end = exceptionEnd(check, at)) {
    // With active hours the job runs when they begin again; without them it keeps its phase.
    at = check.active === null ? nextInPhase(check, at, end - 1) : end
  }
  return at
}

/** The end (epoch ms) of the exception that covers an instant, or null. */
export function exceptionEnd({ exceptions, timeZone }: Schedule, at: number): number | null {
  return exceptions === null ? null : coveredUntil(exceptions, at, timeZone)
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
  if (!isTimed(check) || check.early === 0) return null
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
