// Reads the times of a query (`last:15m`, `since:14:00 until:14:30`, `yesterday`) into two instants.
import { DAY, HOUR, isoTime, MINUTE, parseDuration, parseTime, WEEK } from '../../time.ts'
import { type Span, syntaxError } from './syntax-error.ts'

/** A time as it was typed: `last`, `since` or `until` with a value, or a whole day. */
export type TimeTerm = Span &
  ({ kind: 'last' | 'since' | 'until'; value: string } | { kind: 'day'; word: 'today' | 'yesterday' })

export type TimeSpan = { from: number | null; until: number | null }

const UNITS: { [word: string]: number } = { minute: MINUTE, hour: HOUR, day: DAY, week: WEEK }
/** The last instant a JavaScript date can name, epoch ms. */
const FARTHEST = 8.64e15
const EXAMPLES = '14:00, yesterday, "yesterday 14:00", 2h or 2026-11-21T14:00:00Z'

/**
 * The time that fits all terms. A bare time of day is on the day that another term names, else the last one that is not in
 * the future; that of `until` is the first after `since`. `until:` with a whole day includes that day.
 */
export function readTimes(terms: readonly TimeTerm[], query: string, now: number, timeZone: string): TimeSpan {
  const dates = { query, now, timeZone }
  const span: TimeSpan = { from: null, until: null }
  let day: string | null = null
  for (const term of terms) {
    if (term.kind === 'day') {
      day = term.word
      narrow(span, startOf(term.word, dates), dayAfter(startOf(term.word, dates), timeZone))
    } else if (term.kind === 'last') narrow(span, now - lastFor(term, query), null)
  }
  for (const term of terms) if (term.kind === 'since') narrow(span, sinceOf(term, day, dates), null)
  for (const term of terms) if (term.kind === 'until') narrow(span, null, untilOf(term, day, span.from, dates))
  if (span.from !== null && span.until !== null && span.from >= span.until) {
    const last = terms.findLast(term => term.kind === 'until') ?? terms.at(-1)!
    const order = `the time begins at ${isoTime(span.from)} and ends at ${isoTime(span.until)}`
    throw syntaxError(query, last, `since is not before until: ${order}. Exchange the two, or give days with them.`)
  }
  return span
}

type Dates = { query: string; now: number; timeZone: string }
type Valued = Span & { value: string }

function narrow(span: TimeSpan, from: number | null, until: number | null): void {
  if (from !== null) span.from = Math.max(span.from ?? from, from)
  if (until !== null) span.until = Math.min(span.until ?? until, until)
}

function lastFor(term: Valued, query: string): number {
  const duration = UNITS[term.value.toLowerCase()] ?? parseDuration(term.value)
  if (duration !== null && duration > 0 && duration < FARTHEST) return duration
  throw syntaxError(
    query,
    term,
    `${term.value} is no duration. Write a number and a unit, such as last:15m, last:2h or last:1d.`,
  )
}

function sinceOf(term: Valued, day: string | null, dates: Dates): number {
  return instant(term, day !== null && isClock(term.value) ? `${day} ${term.value}` : term.value, dates)
}

function untilOf(term: Valued, day: string | null, from: number | null, dates: Dates): number {
  if (isDay(term.value)) return dayAfter(instant(term, term.value, dates), dates.timeZone)
  if (!isClock(term.value)) return instant(term, term.value, dates)
  if (day !== null) return instant(term, `${day} ${term.value}`, dates)
  if (from === null) return instant(term, term.value, dates)
  const begins = zoned(from, dates.timeZone)
  const sameDay = instant(term, `${begins.toPlainDate()} ${padded(term.value)}`, dates)
  if (sameDay > from) return sameDay
  // A night: 22:00 until 06:00. A longer way round is more likely an exchange of the two.
  const nextDay = instant(term, `${begins.toPlainDate().add({ days: 1 })} ${padded(term.value)}`, dates)
  return nextDay - from <= 12 * HOUR ? nextDay : sameDay
}

function instant(term: Valued, text: string, { query, now, timeZone }: Dates): number {
  const back = parseDuration(text)
  const at = back === null ? parseTime(text, now, timeZone) : now - back
  if (at !== null && Math.abs(at) <= FARTHEST) return at
  throw syntaxError(query, term, `${term.value} is no time that can be read. Write ${EXAMPLES}.`)
}

function startOf(word: string, { now, timeZone }: Dates): number {
  return parseTime(word, now, timeZone)!
}

function dayAfter(start: number, timeZone: string): number {
  const next = zoned(start, timeZone).toPlainDate().add({ days: 1 })
  return next.toZonedDateTime(timeZone).epochMilliseconds
}

function zoned(at: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
}

function isDay(text: string): boolean {
  return /^(?:today|yesterday|\d{4}-\d\d-\d\d)$/i.test(text)
}

function isClock(text: string): boolean {
  return /^\d{1,2}:\d{2}(?::\d{2})?$/.test(text)
}

function padded(clock: string): string {
  return clock.replace(/^\d:/, '0$&')
}
