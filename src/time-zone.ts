// Time zones: their names as people write them, and the stretches between their clock changes.
import { invalid } from './problem.ts'

/** A stretch of real time, `[start, end)` in epoch ms, during which a zone's clocks keep one offset from UTC (ms). */
export type ClockSpan = { start: number; end: number; offset: number; offsetBefore: number }

/** The stretch of unchanged clocks around `at` in a zone that `timeZoneId` gave. */
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

/** The zone's name as the tz database spells it, whatever case it came in; throws `invalid` (field `tz`) if it has none. */
export function timeZoneId(text: string): string {
  const name = text.trim()
  try {
    const { timeZoneId } = zoned(name, 0)
    // Temporal also takes a zone out of a whole timestamp, which nobody means here.
    if (timeZoneId.toLowerCase() === name.toLowerCase()) return timeZoneId
  } catch {
    // Told below, with the same words.
  }
  const nearest = nearestZone(name)
  const hint = nearest ? `did you mean ${nearest}?` : 'write a name of the tz database, such as Europe/Oslo.'
  throw invalid('tz', `"${text}" is not a time zone Vakt knows: ${hint}`)
}

/** The zone whose city `name` says: letter case, spaces, swapped and doubled letters and the continent aside. */
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
