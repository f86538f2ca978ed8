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
  const name = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'short' }).formatToParts(at)
  const zone = name.find(part => part.type === 'timeZoneName')?.value ?? timeZone
  return `${zoned.toPlainDate()} ${zoned.toPlainTime().toString({ smallestUnit: 'second' })} ${zone}`
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
      return Temporal.PlainDateTime.from(word.replace(' ', 'T')).toZonedDateTime(timeZone).epochMilliseconds
    } catch {
      return null
    }
  }
}

function clockTime(day: string | undefined, time: string | undefined, today: Temporal.ZonedDateTime): number | null {
  try {
    const plain = Temporal.PlainTime.from((time ?? '00:00').replace(/^\d:/, '0$&'))
    const date = day === 'yesterday' ? today.toPlainDate().subtract({ days: 1 }) : today.toPlainDate()
    const at = date.toZonedDateTime({ timeZone: today.timeZoneId, plainTime: plain })
    const passed = day !== undefined || Temporal.ZonedDateTime.compare(at, today) <= 0
    return (passed ? at : at.subtract({ days: 1 })).epochMilliseconds
  } catch {
    return null
  }
}
