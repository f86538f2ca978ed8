// The hours of the week in which beats are expected, by the wall clock of a time zone.

import { invalid } from '../problem.ts'
import { DAY, HOUR, MINUTE, WEEK } from '../time.ts'
import { clockSpan, timeZoneId } from '../time-zone.ts'

/** Parsed active hours; made by `parseActiveHours` and read only by the functions of this file. */
export type ActiveHours = {
  readonly text: string
  readonly timeZone: string
  /** In order, none overlapping another. */
  readonly windows: readonly Window[]
  /** Active ms in a week of plain wall-clock time. */
  readonly perWeek: number
}

/** One window, in ms since Monday 00:00 on the wall clock; `before` is the active ms earlier in the week. */
type Window = { from: number; to: number; before: number }

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

// The epoch began on a Thursday; this is the Monday after it.
const A_MONDAY = 4 * DAY

/**
 * Reads windows such as `Mon-Fri 08:00-18:00; Sat,Sun 10:00-14:00`, every day when no day is named. A window over
 * midnight (`Fri 22:00-06:00`) belongs to the day it starts. Throws `invalid` (field `active` or `tz`).
 */
export function parseActiveHours(text: string, timeZone: string): ActiveHours {
  const zone = timeZoneId(timeZone)
  const ranges = text.split(';').flatMap(readWindow)
  const windows: Window[] = []
  let perWeek = 0
  for (const { from, to } of ranges.sort((a, b) => a.from - b.from)) {
    const last = windows.at(-1)
    const start = Math.max(from, last?.to ?? 0)
    if (to <= start) continue
    windows.push({ from: start, to, before: perWeek })
    perWeek += to - start
  }
  return { text, timeZone: zone, windows, perWeek }
}

/**
 * Does the wall clock at `at` (epoch ms) read a time inside a window? A window's start is inside, its end is not.
 * An hour that the clocks skip is never active, and one that they repeat is active both times.
 */
export function isActive(hours: ActiveHours, at: number): boolean {
  return nextActive(hours, at) === at
}

/** The first active instant at or after `at` (epoch ms). */
export function nextActive(hours: ActiveHours, at: number): number {
  for (let from = at; ; ) {
    const span = clockSpan(hours.timeZone, from)
    const next = nextActiveWall(hours, from + span.offset) - span.offset
    if (next < span.end) return next
    from = span.end
  }
}

/** The end (epoch ms) of the active time that `at` lies in, `at` itself outside of any; null when a week does not end it. */
export function activeUntil(hours: ActiveHours, at: number): number | null {
  const lasts = (ms: number) => addActive(hours, at, ms) === at + ms
  if (lasts(WEEK)) return null
  let [sure, over] = [0, WEEK]
  while (over - sure > 1) {
    const middle = Math.floor((sure + over) / 2)
    if (lasts(middle)) sure = middle
    else over = middle
  }
  return at + sure
}

/**
 * The first instant by which `durationMs` of active time has passed since `from` (epoch ms): the end of a window rather
 * than the start of the next, and `from` itself for no time at all. The time that passes is real time, as a stopwatch
 * shows it.
 */
export function addActive(hours: ActiveHours, from: number, durationMs: number): number {
  let at = from
  let left = durationMs
  while (left > 0) {
    const span = clockSpan(hours.timeZone, at)
    const passed = activeBefore(hours, at + span.offset)
    const done = wallAfterActive(hours, passed + left) - span.offset
    if (done <= span.end) return done
    left -= activeBefore(hours, span.end + span.offset) - passed
    at = span.end
  }
  return at
}

/** The active time (ms) of the day of the week that has most of it, by plain wall-clock time. */
export function longestDay(hours: ActiveHours): number {
  return Math.max(...DAYS.map((_, day) => before(hours, (day + 1) * DAY) - before(hours, day * DAY)))
}

/** The first active wall-clock time (as if it were UTC) at or after `wall`. */
function nextActiveWall(hours: ActiveHours, wall: number): number {
  const { monday, since } = inWeek(wall)
  const window = hours.windows.find(({ to }) => to > since)
  return window ? monday + Math.max(since, window.from) : monday + WEEK + hours.windows[0]!.from
}

/** How much active wall-clock time lies between a fixed Monday and `wall`. */
function activeBefore(hours: ActiveHours, wall: number): number {
  const { monday, since } = inWeek(wall)
  return ((monday - A_MONDAY) / WEEK) * hours.perWeek + before(hours, since)
}

/** How much of a week's active wall-clock time lies before `since`, in ms since its Monday. */
function before(hours: ActiveHours, since: number): number {
  const window = hours.windows.findLast(({ from }) => from <= since)
  return window ? window.before + Math.min(since, window.to) - window.from : 0
}

/** The first wall-clock time before which `active` ms lie: the inverse of `activeBefore`. */
function wallAfterActive(hours: ActiveHours, active: number): number {
  const week = Math.ceil(active / hours.perWeek) - 1
  const rest = active - week * hours.perWeek
  const window = hours.windows.findLast(({ before }) => before < rest)!
  return A_MONDAY + week * WEEK + window.from + rest - window.before
}

function inWeek(wall: number): { monday: number; since: number } {
  const monday = A_MONDAY + Math.floor((wall - A_MONDAY) / WEEK) * WEEK
  return { monday, since: wall - monday }
}

/** The parts of the week that one window covers, one for each of its days, and two where it runs past Sunday. */
function readWindow(text: string): { from: number; to: number }[] {
  // Chats and phones turn a hyphen into a dash by themselves.
  const window = text.trim().replace(/[–—]/g, '-')
  const form = /^(?:(?<days>[a-z].*?)\s+)?(?<from>\d{1,2}:\d{2})\s*-\s*(?<to>\d{1,2}:\d{2})$/i
  const parts = form.exec(window)?.groups
  if (!parts) {
    throw invalid('active', `"${window}" is not a window of active hours: write it as Mon-Fri 08:00-18:00.`)
  }
  const from = readTime(window, parts.from ?? '')
  const to = readTime(window, parts.to ?? '')
  if (from === to || from === DAY) {
    throw invalid('active', `"${window}" has no length: write 00:00-24:00 for the whole day.`)
  }
  return readDays(window, parts.days ?? 'Mon-Sun').flatMap(day => {
    const start = day * DAY + from
    const end = day * DAY + to + (to < from ? DAY : 0)
    return end <= WEEK
      ? [{ from: start, to: end }]
      : [
          { from: start, to: WEEK },
          { from: 0, to: end - WEEK },
        ]
  })
}

function readTime(window: string, text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number)
  const time = hour * HOUR + minute * MINUTE
  if (minute < 60 && time <= DAY) return time
  throw invalid('active', `"${window}" has ${text}, and the times of a day go from 00:00 to 24:00.`)
}

/** Days of the week from Monday as 0; `Sat-Mon` goes over the weekend. */
function readDays(window: string, text: string): number[] {
  return text.split(',').flatMap(item => {
    const [first = -1, last = first, ...more] = item.split('-').map(name => readDay(window, name.trim()))
    if (more.length > 0) throw invalid('active', `"${window}" has ${item.trim()}: write a range of days as Mon-Fri.`)
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, i) => (first + i) % 7)
  })
}

function readDay(window: string, name: string): number {
  const day = name.length < 3 ? -1 : DAYS.findIndex(known => known.startsWith(name.toLowerCase()))
  if (day >= 0) return day
  throw invalid('active', `"${window}" has "${name}" for a day: write Mon, Tue, Wed, Thu, Fri, Sat or Sun.`)
}
