// When an OnCalendar expression elapses next, as systemd's timers compute it: a local time that the clocks skip does not
// elapse, and one that they repeat elapses the first time.
import { BoundedMap } from '../../bounded-map.ts'
import { invalid } from '../../problem.ts'
import { DAY, wallInstant } from '../../time.ts'
import { offsetOf, timeZoneId } from '../../time-zone.ts'
import { type CalendarSpec, type Chain, readCalendar } from './expression.ts'

/** A parsed expression in a time zone; made by `onCalendar` and read only by `nextElapse`. */
export type OnCalendar = { readonly spec: CalendarSpec; readonly timeZone: string }

const CACHE_SIZE = 4096
const cache = new BoundedMap<string, OnCalendar>(CACHE_SIZE)

/** No search takes more steps; systemd gives up at the same number. */
const MAX_STEPS = 1000
const MAX_YEAR = 2199

/** Reads an expression; its own time zone comes before `timeZone`. Throws `invalid` (field `on-calendar` or `tz`). */
export function onCalendar(expression: string, timeZone: string): OnCalendar {
  const key = `${timeZone}\n${expression}`
  const cached = cache.get(key)
  if (cached) return cached
  const spec = readCalendar(expression)
  const schedule = { spec, timeZone: timeZoneId(spec.timeZone ?? timeZone) }
  if (nextWall(spec, Date.UTC(2000)) === null) {
    throw invalid('on-calendar', `"${expression}" never elapses after 1999: no such day comes.`)
  }
  cache.set(key, schedule)
  return schedule
}

/** The first instant strictly after `after` (both epoch ms) at which an expression elapses; null when none follows. */
export function nextElapse({ spec, timeZone }: OnCalendar, after: number): number | null {
  let wall: number | null = after + offsetOf(timeZone, after) + 1
  for (let step = 0; step < MAX_STEPS; step++) {
    wall = nextWall(spec, wall)
    if (wall === null) return null
    const at = wallInstant(plainTime(wall), timeZone)
    const shown = at + offsetOf(timeZone, at)
    if (shown !== wall) {
      // The clocks skip this time: the search goes on where they stand after the gap.
      wall = shown
      continue
    }
    if (at > after) return at
    // The second of a repeated time.
    wall += 1
  }
  return null
}

function plainTime(wall: number): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(wall).toZonedDateTimeISO('UTC').toPlainDateTime()
}

/** The first wall-clock time (as if it were UTC) at or after `from` that an expression matches; null when none follows. */
function nextWall(spec: CalendarSpec, from: number): number | null {
  let wall = from
  for (let step = 0; step < MAX_STEPS; step++) {
    const date = new Date(wall)
    const year = match(spec.year, date.getUTCFullYear())
    if (year === null || year > MAX_YEAR) return null
    const day = year > date.getUTCFullYear() ? Date.UTC(year, 0) : nextDay(spec, date)
    if (day > wall) {
      wall = day
      continue
    }
    const time = isWeekday(spec, date) ? nextTime(spec, date) : null
    const today = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())
    if (time !== null) return today + time
    wall = today + DAY
  }
  return null
}

/** The start of the first day from that of `date` on that may match, without regard to weekday and year. */
function nextDay(spec: CalendarSpec, date: Date): number {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
  const nextMonth = match(spec.month, month)
  if (nextMonth === null || nextMonth > 12) return Date.UTC(year + 1, 0)
  if (nextMonth > month) return Date.UTC(year, nextMonth - 1)
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const next = match(spec.isFromEnd ? fromEnd(spec.day, length) : spec.day, day)
  return next === null || next > length ? Date.UTC(year, month) : Date.UTC(year, month - 1, next)
}

function isWeekday({ weekdays }: CalendarSpec, date: Date): boolean {
  return weekdays === 0 || ((weekdays >> ((date.getUTCDay() + 6) % 7)) & 1) === 1
}

/** The first matching time of day (ms) at or after that of `date`; null when the day has none left. */
function nextTime({ hour, minute, second }: CalendarSpec, date: Date): number | null {
  let [h, m, ms] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds() * 1000 + date.getUTCMilliseconds()]
  const nextMs = match(second, ms)
  if (nextMs === null || nextMs >= 60_000) {
    m += 1
    ms = match(second, 0)!
  } else ms = nextMs
  const nextMinute = m > 59 ? null : match(minute, m)
  if (nextMinute === null || nextMinute > 59) {
    h += 1
    m = match(minute, 0)!
    ms = match(second, 0)!
  } else {
    if (nextMinute > m) ms = match(second, 0)!
    m = nextMinute
  }
  const nextHour = h > 23 ? null : match(hour, h)
  if (nextHour === null || nextHour > 23) return null
  if (nextHour > h) {
    m = match(minute, 0)!
    ms = match(second, 0)!
  }
  return (nextHour * 60 + m) * 60_000 + ms
}

/** The smallest value of a field at or after `value`; null when there is none. */
function match(chain: Chain, value: number): number | null {
  if (chain === null) return value
  let best: number | null = null
  for (const { start, stop, repeat } of chain) {
    const found = start >= value ? start : repeat === 0 ? null : start + Math.ceil((value - start) / repeat) * repeat
    if (found === null || (stop !== null && found > stop)) continue
    if (best === null || found < best) best = found
  }
  return best
}

/** The days of a month of `length` days that count from its end; a repetition goes on towards the end. */
function fromEnd(chain: Chain, length: number): Chain {
  if (chain === null) return null
  return chain.map(({ start, stop, repeat }) => {
    const first = length - start + 1
    const last = stop === null ? null : length - stop + 1
    // A range is written from the smaller number, which is the later day.
    if (last !== null) return { start: Math.min(first, last), stop: Math.max(first, last), repeat }
    return { start: first, stop: repeat === 0 ? null : length, repeat }
  })
}
