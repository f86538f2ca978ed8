// The time axis of a chart: ticks at round times on the clock of a zone, and their labels. Pure.
import { DAY, HOUR, MINUTE } from '../time.ts'

/** A stretch of time (epoch ms) as the clocks of a zone show it. */
export type TimeRange = { from: number; until: number; timeZone: string }

const MAX_TICKS = 12
const MINUTES_PER_STEP = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720]
const DAYS_PER_STEP = [1, 2, 7, 14, 28, 91, 364]
const EPOCH_DAY = new Temporal.PlainDate(1970, 1, 1)
/** 1970-01-01 was a Thursday: with this offset, weeks begin on Monday. */
const MONDAY_OFFSET_DAYS = 3

/** At most `max` instants (epoch ms; default: a dozen) at round local times, in order. */
export function timeTicks(range: TimeRange, max = MAX_TICKS): number[] {
  const length = range.until - range.from
  const minutes = MINUTES_PER_STEP.find(step => length / (step * MINUTE) <= max)
  const ticks = minutes === undefined ? dayTicks(range, max) : minuteTicks(range, minutes)
  return [...new Set(ticks)].filter(at => at >= range.from && at <= range.until)
}

/** The label of each tick: the time of day, and the date below it where the date changes; on long axes the date alone. */
export function timeLabels(range: TimeRange, ticks: readonly number[]): Map<number, string> {
  const date = dateFormat(range.timeZone)
  const time = timeFormat(range.timeZone)
  const showsDates = range.until - range.from >= DAY
  const isDaily = range.until - range.from > MAX_TICKS * (DAY / 2)
  return new Map(
    ticks.map((at, i) => {
      if (isDaily) return [at, date.format(at)]
      const isNewDate = i === 0 || date.format(at) !== date.format(ticks[i - 1]!)
      return [at, showsDates && isNewDate ? `${time.format(at)}\n${date.format(at)}` : time.format(at)]
    }),
  )
}

/** The range in words: `2 Mar 2026, 10:00 to 11:00 (Europe/Oslo)`. */
export function rangeText({ from, until, timeZone }: TimeRange): string {
  const date = dateFormat(timeZone, 'numeric')
  const time = timeFormat(timeZone)
  const end = date.format(from) === date.format(until) ? '' : `${date.format(until)}, `
  return `${date.format(from)}, ${time.format(from)} to ${end}${time.format(until)} (${timeZone})`
}

function minuteTicks({ from, until, timeZone }: TimeRange, minutes: number): number[] {
  const ticks: number[] = []
  for (let date = dateAt(from, timeZone); ; date = date.add({ days: 1 })) {
    for (let minute = 0; minute < DAY / MINUTE; minute += minutes) {
      const plainTime = new Temporal.PlainTime(Math.floor(minute / (HOUR / MINUTE)), minute % (HOUR / MINUTE))
      const at = date.toZonedDateTime({ timeZone, plainTime }).epochMilliseconds
      if (at > until) return ticks
      ticks.push(at)
    }
  }
}

function dayTicks({ from, until, timeZone }: TimeRange, max: number): number[] {
  const days = DAYS_PER_STEP.find(step => (until - from) / (step * DAY) <= max) ?? DAYS_PER_STEP.at(-1)!
  const first = EPOCH_DAY.until(dateAt(from, timeZone), { largestUnit: 'days' }).days
  const ticks: number[] = []
  for (let day = first - ((first + MONDAY_OFFSET_DAYS) % days); ; day += days) {
    const at = EPOCH_DAY.add({ days: day }).toZonedDateTime(timeZone).epochMilliseconds
    if (at > until) return ticks
    ticks.push(at)
  }
}

function dateAt(at: number, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate()
}

function dateFormat(timeZone: string, year?: 'numeric'): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short', ...(year ? { year } : {}) })
}

function timeFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })
}
