// Detects beats that always arrive the same time off their due times: a wrong time zone, or clocks that differ. Pure.

import { aboutDuration, HOUR, MINUTE, SECOND } from '../time.ts'
import type { Beat } from './beats.ts'
import type { Check } from './check.ts'
import { isTimed, nextDue } from './due.ts'

const TOLERANCE_MS = 10 * MINUTE
const MIN_BEATS = 2
/** Zones of the world lie so far apart, hours. */
const MAX_HOURS = 14

/**
 * A sentence about the offset when each of the last successes (at least two) arrived the same whole number of hours,
 * 1 to 14, before or after a due time; null otherwise. `recent` is newest first.
 */
export function hourOffset(check: Check, recent: readonly Beat[]): string | null {
  if (!isTimed(check)) return null
  const came = recent.filter(beat => beat.kind === 'success').slice(0, 5)
  if (came.length < MIN_BEATS) return null
  const offsets = new Set(came.map(beat => wholeHoursOff(check, beat.receivedAt)))
  const [hours] = offsets
  if (offsets.size !== 1 || hours === null || hours === undefined || hours === 0) return null
  const side = hours > 0 ? 'after' : 'before'
  const count = Math.abs(hours) === 1 ? '1 hour' : `${Math.abs(hours)} hours`
  return `Beats arrive exactly ${count} ${side} the due time. Is ${check.timeZone} the time zone of the machine that sends them? "checks edit ${check.name} --tz ZONE" changes it.`
}

/** How many hours after a due time (negative: before it) a beat came, when no other due time is nearer; null when it is no whole number. */
function wholeHoursOff(check: Check, came: number): number | null {
  const isDueAt = (at: number) =>
    (nextDue(check, at - TOLERANCE_MS - 1) ?? Number.POSITIVE_INFINITY) <= at + TOLERANCE_MS
  for (let hours = 0; hours <= MAX_HOURS; hours++) {
    const [before, after] = [came - hours * HOUR, came + hours * HOUR]
    const isAfter = isDueAt(before)
    if (!isAfter && !isDueAt(after)) continue
    const between = nextDue(check, before + TOLERANCE_MS) ?? Number.POSITIVE_INFINITY
    if (between < after - TOLERANCE_MS) return null
    return isAfter ? hours : -hours
  }
  return null
}

/** How many beats in a row make a difference between clocks steady. */
export const MIN_EARLY_BEATS = 3
/** How far beats of clocks that differ lie apart at most, ms: programs start within a second or two. */
const STEADY_WITHIN_MS = 2 * SECOND

/**
 * A sentence about the clocks of Vakt and of the job's machine: beats that keep coming before they are due, or starts that
 * keep coming the same time after; null when nothing is steady. `recent` is newest first.
 */
export function clockDifference(check: Check, recent: readonly Beat[]): string | null {
  if (check.earlyBeats >= MIN_EARLY_BEATS) {
    return `The last ${check.earlyBeats} beats came before they were due, the last one ${aboutDuration(check.earlyMs!)} before: the clock of the job's machine is ahead of Vakt's, or Vakt's is behind. They count for their due times.`
  }
  if (check.earlyBeats > 0 && check.earlyMs !== null) {
    return `The last beat came ${aboutDuration(check.earlyMs)} before it was due, and counts for that due time. Do the clocks differ?`
  }
  const late = startsAfterDue(check, recent)
  if (late === null) return null
  return `Runs keep starting ${aboutDuration(late)} after they are due: the clock of the job's machine is behind Vakt's, or the job waits before it starts.`
}

/** How long after their due times the last starts came, ms, when it was always the same; null otherwise. */
function startsAfterDue(check: Check, recent: readonly Beat[]): number | null {
  if (!isTimed(check)) return null
  const starts = recent.filter(beat => beat.kind === 'start').slice(0, MIN_EARLY_BEATS)
  if (starts.length < MIN_EARLY_BEATS) return null
  const delays = starts.map(({ receivedAt }) => delayAfterDue(check, receivedAt))
  const [least, most] = [Math.min(...delays), Math.max(...delays)]
  return least > STEADY_WITHIN_MS && most - least <= STEADY_WITHIN_MS ? least : null
}

/** The time since the latest due time within ten minutes; none is not a steady delay. */
function delayAfterDue(check: Check, at: number): number {
  let due = nextDue(check, at - TOLERANCE_MS)
  if (due === null || due > at) return 0
  for (let next = due; next <= at; next = nextDue(check, next) ?? Number.POSITIVE_INFINITY) due = next
  return at - due
}
