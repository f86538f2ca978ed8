// Resolves the times of a query (`last:15m`, `since:14:00 until:14:30`, `yesterday`) to a time range.
import { HOUR, isoTime, parseTime } from '../../time.ts'
import { isWholeDay, spokenDuration, spokenInstant } from './spoken-times.ts'
import { syntaxError, type TextRange } from './syntax-error.ts'

/** A time as typed: `last`, `since` or `until` with a value, or a whole day. */
export type TimeTerm = TextRange &
  ({ kind: 'last' | 'since' | 'until'; value: string } | { kind: 'day'; word: 'today' | 'yesterday' })

export type TimeRange = { from: number | null; until: number | null }

/** The last instant of a JavaScript date, epoch ms. */
const MAX_INSTANT_MS = 8.64e15
const EXAMPLES = '14:00, yesterday, monday, "yesterday 14:00", "10 minutes ago", 2h or 2026-11-21T14:00:00Z'

/**
 * The range that matches all terms. A bare time of day is on the day of another term, else the last one that is not in the
 * future; that of `until` is the first after `since`. `until:` with a whole day includes that day.
 */
export function resolveTimes(terms: readonly TimeTerm[], query: string, now: number, timeZone: string): TimeRange {
  const dates = { query, now, timeZone }
  const range: TimeRange = { from: null, until: null }
  let day: string | null = null
  for (const term of terms) {
    if (term.kind === 'day') {
      day = term.word
      narrow(range, startOf(term.word, dates), dayAfter(startOf(term.word, dates), timeZone))
    } else if (term.kind === 'last') narrow(range, now - parseLast(term, query), null)
  }
  for (const term of terms) if (term.kind === 'since') narrow(range, resolveSince(term, day, dates), null)
  for (const term of terms) if (term.kind === 'until') narrow(range, null, resolveUntil(term, day, range.from, dates))
  if (range.from !== null && range.until !== null && range.from >= range.until) {
    const last = terms.findLast(term => term.kind === 'until') ?? terms.at(-1)!
    const order = `the time range begins at ${isoTime(range.from)} and ends at ${isoTime(range.until)}`
    throw syntaxError(query, last, `since is not before until: ${order}. Exchange the two, or write them with days.`)
  }
  return range
}

type TimeContext = { query: string; now: number; timeZone: string }
type ValueTerm = TextRange & { value: string }

function narrow(range: TimeRange, from: number | null, until: number | null): void {
  if (from !== null) range.from = Math.max(range.from ?? from, from)
  if (until !== null) range.until = Math.min(range.until ?? until, until)
}

function parseLast(term: ValueTerm, query: string): number {
  const duration = spokenDuration(term.value)
  if (duration !== null && duration > 0 && duration < MAX_INSTANT_MS) return duration
  throw syntaxError(
    query,
    term,
    `${term.value} is not a duration. Write a number and a unit, such as last:15m, last:"2 hours" or last:1d.`,
  )
}

function resolveSince(term: ValueTerm, day: string | null, dates: TimeContext): number {
  return instant(term, day !== null && isClock(term.value) ? `${day} ${term.value}` : term.value, dates)
}

function resolveUntil(term: ValueTerm, day: string | null, from: number | null, dates: TimeContext): number {
  if (isWholeDay(term.value)) return dayAfter(instant(term, term.value, dates), dates.timeZone)
  if (!isClock(term.value)) return instant(term, term.value, dates)
  if (day !== null) return instant(term, `${day} ${term.value}`, dates)
  if (from === null) return instant(term, term.value, dates)
  const begins = zoned(from, dates.timeZone)
  const sameDay = instant(term, `${begins.toPlainDate()} ${padClock(term.value)}`, dates)
  if (sameDay > from) return sameDay
  // A night: 22:00 until 06:00. A longer range is more likely a mix-up of the two.
  const nextDay = instant(term, `${begins.toPlainDate().add({ days: 1 })} ${padClock(term.value)}`, dates)
  return nextDay - from <= 12 * HOUR ? nextDay : sameDay
}

function instant(term: ValueTerm, text: string, { query, now, timeZone }: TimeContext): number {
  const at = spokenInstant(text, now, timeZone)
  if (at !== null && Math.abs(at) <= MAX_INSTANT_MS) return at
  throw syntaxError(query, term, `${term.value} is not a time. Use ${EXAMPLES}.`)
}

function startOf(word: string, { now, timeZone }: TimeContext): number {
  return parseTime(word, now, timeZone)!
}

function dayAfter(start: number, timeZone: string): number {
  const next = zoned(start, timeZone).toPlainDate().add({ days: 1 })
  return next.toZonedDateTime(timeZone).epochMilliseconds
}

function zoned(at: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
}

function isClock(text: string): boolean {
  return /^\d{1,2}:\d{2}(?::\d{2})?$/.test(text)
}

function padClock(clock: string): string {
  return clock.replace(/^\d:/, '0$&')
}
