// Time zones: their names as people write them, and the spans between their clock changes.
import { invalid } from './problem.ts'

/** A span of real time, `[start, end)` in epoch ms, in which a zone has one offset from UTC (ms). */
export type ClockSpan = { start: number; end: number; offset: number; offsetBefore: number }

/** The span around `at` in a zone; the name comes from `timeZoneId`. */
export function clockSpan(timeZone: string, at: number): ClockSpan {
  const now = zoned(timeZone, at)
  // "previous" is strictly before, and a change at `at` itself has already happened.
  const start = zoned(timeZone, at + 1).getTimeZoneTransition('previous')?.epochMilliseconds ?? -Infinity
  const end = now.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity
  const before = start === -Infinity ? now : zoned(timeZone, start - 1)
  return { start, end, offset: now.offsetNanoseconds / 1e6, offsetBefore: before.offsetNanoseconds / 1e6 }
}

function zoned(timeZone: string, at: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone)
}

/** The name of a zone as the tz database spells it, from any letter case; throws `invalid` (field `tz`) for an unknown one. */
export function timeZoneId(text: string): string {
  // Mail headers and date(1) write offsets without the colon.
  const name = text.trim().replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')
  try {
    const { timeZoneId } = zoned(name, 0)
    // Temporal also reads a zone out of a whole timestamp, which is not meant here.
    if (timeZoneId.toLowerCase() === name.toLowerCase()) return timeZoneId
  } catch {
    // The error below covers this too.
  }
  const nearest = nearestZone(name)
  const hint = nearest ? `did you mean ${nearest}?` : 'use a name of the tz database, such as Europe/Oslo.'
  throw invalid('tz', `"${text}" is not a known time zone: ${hint}`)
}

/** The offset from UTC (ms) of a zone at an instant. */
export function offsetOf(timeZone: string, at: number): number {
  return zoned(timeZone, at).offsetNanoseconds / 1e6
}

/** Whether a name is that of a zone of the tz database, or an offset such as `+01:00`. */
export function isTimeZone(name: string): boolean {
  try {
    return zoned(name, 0).timeZoneId.toLowerCase() === name.toLowerCase()
  } catch {
    return false
  }
}

/** The zone with the city of `name`, ignoring letter case, spaces, swapped and doubled letters, and the continent. */
function nearestZone(name: string): string | undefined {
  const city = (zone: string) => zone.slice(zone.lastIndexOf('/') + 1).toLowerCase()
  const letters = (word: string) => [...new Set(word.replace(/[^a-z]/g, ''))].sort().join('')
  const wanted = city(name)
  return Intl.supportedValuesOf('timeZone').find(zone => {
    const known = city(zone)
    const near = known[0] === wanted[0] && Math.abs(known.length - wanted.length) <= 1
    return near && letters(known) === letters(wanted)
  })
}
