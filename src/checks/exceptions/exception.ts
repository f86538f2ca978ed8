// Days and times on which no beat is expected: dates as people write them, and the events of calendars. Pure.
import { invalid } from '../../problem.ts'
import type { Exceptions } from '../../state/schema/index.ts'
import { DAY, wallInstant } from '../../time.ts'

/** What `--except` names: dates and spans of dates, and the paths and URLs of calendars. */
export type ExceptSource = { days: Exceptions['days']; calendars: string[] }

const DATE = /^\d{4}-\d{2}-\d{2}$/

/**
 * Reads `2026-12-24`, `2026-12-24..2027-01-01`, paths and URLs of ICS files, separated by commas. Throws `invalid` for a date
 * that does not exist.
 */
export function readExcept(text: string): ExceptSource {
  const source: ExceptSource = { days: [], calendars: [] }
  for (const item of text.split(/[,\n]/).map(word => word.trim())) {
    if (item === '') continue
    const [from = '', to = from] = item.split('..')
    if (!/^\d{4}-/.test(item)) source.calendars.push(item)
    else source.days.push([readDate(from, item), dayAfter(readDate(to, item))])
  }
  if (source.days.length + source.calendars.length === 0) {
    throw invalid('except', 'Name days (2026-12-24 or 2026-12-24..2027-01-01), or the URL or file of an ICS calendar.')
  }
  const backwards = source.days.find(([from, end]) => end <= from)
  if (backwards) throw invalid('except', `The days from ${backwards[0]} run backwards.`)
  return source
}

function readDate(text: string, item: string): string {
  if (DATE.test(text)) {
    try {
      return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString()
    } catch {
      // The error below covers this too.
    }
  }
  throw invalid('except', `"${item}" is no date. Write 2026-12-24, or 2026-12-24..2027-01-01 for several days.`)
}

function dayAfter(date: string): string {
  return Temporal.PlainDate.from(date).add({ days: 1 }).toString()
}

/** The end (epoch ms) of the days or times that cover `at`, or null; spans that touch or overlap are one. */
export function coveredUntil({ days, times }: Exceptions, at: number, timeZone: string): number | null {
  let end = at
  for (;;) {
    const date = Temporal.Instant.fromEpochMilliseconds(end).toZonedDateTimeISO(timeZone).toPlainDate().toString()
    const day = days.find(([from, to]) => from <= date && date < to)
    const time = times.find(([from, to]) => from <= end && end < to)
    const next = Math.max(time?.[1] ?? end, day ? startOfDay(day[1], timeZone) : end)
    if (next === end) return end === at ? null : end
    end = next
  }
}

function startOfDay(date: string, timeZone: string): number {
  return wallInstant(Temporal.PlainDate.from(date).toPlainDateTime(), timeZone)
}

/** Several exceptions as one, in order, without what ended more than a week before `now`. */
export function mergeExceptions(parts: readonly Exceptions[], now: number): Exceptions {
  const oldest = new Date(now - 7 * DAY).toISOString().slice(0, 10)
  const unique = <T extends readonly [string | number, string | number]>(spans: T[]) => [
    ...new Map(spans.map(span => [span.join(' '), span])).values(),
  ]
  const days = unique(parts.flatMap(part => part.days).filter(([, to]) => to > oldest))
  const times = unique(parts.flatMap(part => part.times).filter(([, to]) => to > now - 7 * DAY))
  return { days: days.toSorted((a, b) => (a[0] < b[0] ? -1 : 1)), times: times.toSorted((a, b) => a[0] - b[0]) }
}
