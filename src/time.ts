// Instants (epoch ms) and durations (ms), and how people write them.

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
export const WEEK = 7 * DAY

const UNITS: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: WEEK }

/** Reads `90s`, `5m`, `1h30m`, `1.5d` or `250ms` as ms; null for other text. */
export function parseDuration(text: string): number | null {
  const word = text.trim().toLowerCase().replaceAll(' ', '')
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(word)) return null
  let total = 0
  for (const [, amount, unit] of word.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g))
    total += Number(amount) * UNITS[unit!]!
  return Math.round(total)
}

/**
 * A length of time in which whole days follow the wall clock: `days` calendar days and `ms` of plain time. `1d` is the same
 * time tomorrow, also over a clock change; `24h` is 24 hours.
 */
export type Period = { days: number; ms: number }

/** Reads `1d`, `2w`, `24h` or `1d12h`; whole days and weeks become calendar days, `1.5d` is 36 hours. Null for other text. */
export function parsePeriod(text: string): Period | null {
  const total = parseDuration(text)
  if (total === null) return null
  let days = 0
  for (const [, amount, unit] of text
    .toLowerCase()
    .replaceAll(' ', '')
    .matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    const isWhole = (unit === 'd' || unit === 'w') && !amount!.includes('.')
    if (isWhole) days += Number(amount) * (unit === 'w' ? 7 : 1)
  }
  return { days, ms: total - days * DAY }
}

/** The length of a period when no clock changes, ms. */
export function periodLength({ days, ms }: Period): number {
  return days * DAY + ms
}

/** A period in the form that `parsePeriod` reads back: `1d`, `24h`, `1d12h`. */
export function formatPeriod({ days, ms }: Period): string {
  if (days > 0) return `${days}d${ms === 0 ? '' : formatHours(ms)}`
  return formatHours(ms)
}

/** Plain time without days, because a day follows the wall clock. */
function formatHours(ms: number): string {
  if (ms < DAY) return formatDuration(ms)
  const hours = Math.floor(ms / HOUR)
  return `${hours}h${ms % HOUR === 0 ? '' : formatDuration(ms % HOUR)}`
}

/** The instant (epoch ms) a period after `at`, or `times` periods after it: its days by the wall clock of a time zone. */
export function addPeriod(at: number, { days, ms }: Period, timeZone: string, times = 1): number {
  if (days === 0) return at + ms * times
  const start = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
  const wall = start.toPlainDateTime().add({ days: days * times })
  // Of a time that the clocks repeat, the one with the same offset: a day without a change is 24 hours.
  const sameOffset = wallInstant(wall, timeZone, start.offset)
  return sameOffset + ms * times
}

/**
 * The instant (epoch ms) of a wall-clock time: where the clocks skip it, the end of the gap, as for cron jobs; where they
 * repeat it, the first, or the one with the `offset` (such as `+02:00`).
 */
export function wallInstant(wall: Temporal.PlainDateTime, timeZone: string, offset?: string): number {
  const earlier = wall.toZonedDateTime(timeZone, { disambiguation: 'earlier' })
  const later = wall.toZonedDateTime(timeZone, { disambiguation: 'later' })
  if (earlier.epochMilliseconds === later.epochMilliseconds) return earlier.epochMilliseconds
  // In a gap `earlier` reads the time with the offset after the change, which lies before it.
  if (!earlier.toPlainDateTime().equals(wall)) return earlier.getTimeZoneTransition('next')!.epochMilliseconds
  return (offset !== undefined && later.offset === offset ? later : earlier).epochMilliseconds
}

/** A duration in the shortest exact form that `parseDuration` reads back: `1h30m`, `1d12h` for 36 h, `0s` for 0. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  let rest = Math.abs(Math.round(ms))
  const parts: string[] = []
  for (const [unit, size] of [
    ['d', DAY],
    ['h', HOUR],
    ['m', MINUTE],
    ['s', SECOND],
    ['ms', 1],
  ] as const) {
    const whole = Math.floor(rest / size)
    if (whole > 0) parts.push(`${whole}${unit}`)
    rest -= whole * size
  }
  return (ms < 0 ? '-' : '') + parts.join('')
}

/** A duration in at most two units, for reading: `3d 4h`, `2m 5s`, `under 1s`. */
export function aboutDuration(ms: number): string {
  const rounded = Math.abs(ms) >= MINUTE ? Math.round(ms / SECOND) * SECOND : ms
  if (Math.abs(rounded) < SECOND) return 'under 1s'
  return formatDuration(Math.abs(Math.floor(rounded / SECOND)) * SECOND)
    .split(/(?<=[a-z])(?=\d)/)
    .slice(0, 2)
    .join(' ')
}

/** RFC 3339 in UTC with milliseconds, the form of every instant in a result; null stays null. */
export function isoTime(at: number): string
export function isoTime(at: number | null): string | null
export function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

/** `2026-11-21 14:05:09 CET` in a time zone, where the reader's own zone cannot be shown. */
export function formatMoment(at: number, timeZone: string): string {
  const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
  const parts = zoneNames(timeZone).formatToParts(at)
  const zone = parts.find(part => part.type === 'timeZoneName')?.value ?? timeZone
  return `${zoned.toPlainDate()} ${zoned.toPlainTime().toString({ smallestUnit: 'second' })} ${zone}`
}

/** Formats with the name of a zone, by zone: making one costs more than everything else that is shown of an instant. */
const zoneFormats = new Map<string, Intl.DateTimeFormat>()

function zoneNames(timeZone: string): Intl.DateTimeFormat {
  const known = zoneFormats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'short' })
  zoneFormats.set(timeZone, format)
  return format
}

/** `in 5m`, `2h 3m ago`, `now`. */
export function formatRelative(at: number, now: number): string {
  const distance = at - now
  if (Math.abs(distance) < SECOND) return 'now'
  return distance > 0 ? `in ${aboutDuration(distance)}` : `${aboutDuration(distance)} ago`
}

/**
 * Reads an instant as people type it: RFC 3339, `-2h`, `15:04`, `yesterday 15:04`, `2026-11-21 15:04`, `now`. Times
 * without a zone are in `timeZone`; a bare time of day is the latest one that is not in the future. Null for other text.
 */
export function parseTime(text: string, now: number, timeZone: string): number | null {
  const word = text.trim()
  if (word === 'now') return now
  if (word.startsWith('-')) {
    const back = parseDuration(word.slice(1))
    return back === null ? null : now - back
  }
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone)
  const clock = /^(?:(today|yesterday)\s*)?(\d{1,2}:\d{2}(?::\d{2})?)?$/i.exec(word)
  if (clock && word !== '') return clockTime(clock[1]?.toLowerCase(), clock[2], today)
  try {
    return Temporal.Instant.from(word).epochMilliseconds
  } catch {
    try {
      return wallInstant(Temporal.PlainDateTime.from(word.replace(' ', 'T')), timeZone)
    } catch {
      return null
    }
  }
}

/**
 * Reads an instant that is still to come: RFC 3339, `2026-11-21 15:04`, a date, `tomorrow 15:04`, `Fri 17:00`, `15:04` (the
 * next one), or a duration from now such as `2h`. Times without a zone are in `timeZone`. Null for other text, and for
 * instants that have passed.
 */
export function parseFutureTime(text: string, now: number, timeZone: string): number | null {
  const word = text.trim().replace(/^(?:in|\+)\s*/i, '')
  const period = parsePeriod(word)
  if (period !== null) return addPeriod(now, period, timeZone)
  const at = futureClock(word, now, timeZone) ?? (word.startsWith('-') ? null : parseTime(word, now, timeZone))
  return at === null || at <= now ? null : at
}

/**
 * Reads the start of something planned, in each form of `parseFutureTime` or `parseTime`: a bare `22:00` is the next one, and
 * what has passed must be written as such (`today 08:00`, `-1h`, a date). Null for other text.
 */
export function parsePlannedTime(text: string, now: number, timeZone: string): number | null {
  return parseFutureTime(text, now, timeZone) ?? parseTime(text, now, timeZone)
}

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

function futureClock(text: string, now: number, timeZone: string): number | null {
  const form = /^(?:(today|tomorrow|[a-z]{3,9})\s*)?(\d{1,2}:\d{2}(?::\d{2})?)?$/i.exec(text)
  if (!form || text === '') return null
  const day = form[1]?.toLowerCase()
  const weekday = day === undefined ? -1 : WEEKDAYS.findIndex(name => name.startsWith(day))
  if (day !== undefined && day !== 'today' && day !== 'tomorrow' && weekday < 0) return null
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).toPlainDate()
  try {
    const time = Temporal.PlainTime.from((form[2] ?? '00:00').replace(/^\d:/, '0$&'))
    const on = (days: number) => wallInstant(today.add({ days }).toPlainDateTime(time), timeZone)
    if (day === 'today') return on(0)
    if (day === 'tomorrow') return on(1)
    const ahead = weekday < 0 ? 0 : (weekday + 1 - today.dayOfWeek + 7) % 7
    return on(ahead) > now ? on(ahead) : on(ahead + (weekday < 0 ? 1 : 7))
  } catch {
    return null
  }
}

function clockTime(day: string | undefined, time: string | undefined, today: Temporal.ZonedDateTime): number | null {
  try {
    const plain = Temporal.PlainTime.from((time ?? '00:00').replace(/^\d:/, '0$&'))
    const date = day === 'yesterday' ? today.toPlainDate().subtract({ days: 1 }) : today.toPlainDate()
    const at = (date: Temporal.PlainDate) => wallInstant(date.toPlainDateTime(plain), today.timeZoneId)
    const passed = day !== undefined || at(date) <= today.epochMilliseconds
    return at(passed ? date : date.subtract({ days: 1 }))
  } catch {
    return null
  }
}
