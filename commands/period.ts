// The arguments --for and --to: a length in which whole days follow the wall clock, or the end itself.
import { z } from 'zod'
import { invalid } from '../src/problem.ts'
import { readProjectById } from '../src/projects/projects.ts'
import {
  aboutDuration,
  addPeriod,
  DAY,
  formatDuration,
  formatPeriod,
  type Period,
  parseFutureTime,
  parsePeriod,
  parsePlannedTime,
  periodLength,
  SECOND,
} from '../src/time.ts'
import { type Context, readable } from './context.ts'

const MAX_PERIOD_MS = 365 * DAY

/** A length from `min` ms (default: 1 s) to a year. Its whole days and weeks follow the wall clock: `1d` is not `24h`. */
export function period(min = SECOND) {
  return z.string().transform((text, issues) => {
    const read = parsePeriod(text)
    if (read !== null && periodLength(read) >= min && periodLength(read) <= MAX_PERIOD_MS) return read
    issues.addIssue(`must be a duration from ${formatDuration(min)} to 365d, such as 90s, 5m, 2h or 1d`)
    return z.NEVER
  })
}

/** The end of a time as people type it; `readEnd` reads it, because that needs the current time and the time zone. */
export function end() {
  return readable(text => {
    // A text that is a time at all has an instant after the epoch.
    if (parseFutureTime(text, 0, 'UTC') === null) throw notAnEnd(text)
    return { text }
  }, 100)
}

function notAnEnd(text: string) {
  return invalid(
    'to',
    `"${text}" is not a time to come. Use 17:00, "tomorrow 09:00", "Mon 09:00", "2026-12-24 15:00" or 2026-12-24T15:00:00Z.`,
  )
}

/** The start of something planned as people type it; `readStart` reads it. */
export function start() {
  return readable(text => {
    if (parsePlannedTime(text, 0, 'UTC') === null) throw notAStart(text)
    return { text }
  }, 100)
}

function notAStart(text: string) {
  return invalid(
    'from',
    `"${text}" is not a time. Use 22:00 (the next one), "tomorrow 22:00", "Fri 22:00", "2026-12-24 22:00" or 2026-12-24T22:00:00Z.`,
  )
}

/** The start (epoch ms) of something planned; `now` when none is given. Throws `invalid`. */
export function readStart(given: { text: string } | undefined, now: number, timeZone: string): number {
  if (given === undefined) return now
  const at = parsePlannedTime(given.text, now, timeZone)
  if (at === null) throw notAStart(given.text)
  return at
}

/** What people gave for the end of something: a length (`--for`) or the end (`--to`). */
export type End = { for?: Period | undefined; to?: { text: string } | undefined }

/**
 * The end (epoch ms) of what begins at `from` and lasts for a length, or until an instant; `otherwise` when neither is set.
 * Throws `invalid` for both, for neither without `otherwise`, and for an end that is not after `from`.
 */
export function readEnd(given: End, from: number, timeZone: string, otherwise?: Period): number {
  if (given.for !== undefined && given.to !== undefined) throw invalid('to', 'Use either --for or --to, not both.')
  if (given.to === undefined) {
    const length = given.for ?? otherwise
    if (length === undefined) throw invalid('for', 'Name the length, such as --for 2h, or the end, such as --to 17:00.')
    return addPeriod(from, length, timeZone)
  }
  const at = parseFutureTime(given.to.text, from, timeZone)
  if (at === null || at > from + MAX_PERIOD_MS) throw notAnEnd(given.to.text)
  return at
}

/** The length in words: as it was written, or about how long it is until the end. */
export function describeLength(given: End, from: number, until: number, otherwise?: Period): string {
  const length = given.to === undefined ? (given.for ?? otherwise) : undefined
  return length === undefined ? aboutDuration(until - from) : formatPeriod(length)
}

/** The time zone of a project for what people write: its own, else the setting TZ. */
export function zoneOf({ state, config }: Context, projectId: number | null): string {
  const own = projectId === null ? null : (readProjectById(state, projectId)?.timeZone ?? null)
  return own ?? config.timeZone
}
