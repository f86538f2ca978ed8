// Detects beats that always arrive whole hours off their cron times: nearly always a wrong time zone.

import { HOUR, MINUTE } from '../time.ts'
import type { Beat } from './beats.ts'
import { type Check, nextDue } from './check.ts'

const TOLERANCE_MS = 10 * MINUTE
const MIN_BEATS = 2

/**
 * A sentence about the offset when each of the last successes (at least two) arrived the same whole number of hours,
 * 1 to 14, before or after a due time; null otherwise. `recent` is newest first.
 */
export function hourOffset(check: Check, recent: readonly Beat[]): string | null {
  if (check.cron === null) return null
  const came = recent.filter(beat => beat.kind === 'success').slice(0, 5)
  if (came.length < MIN_BEATS) return null
  const offsets = new Set(came.map(beat => wholeHoursOff(check, beat.receivedAt)))
  const [hours] = offsets
  if (offsets.size !== 1 || hours === null || hours === undefined || hours === 0) return null
  const side = hours > 0 ? 'after' : 'before'
  const count = Math.abs(hours) === 1 ? '1 hour' : `${Math.abs(hours)} hours`
  return `Beats arrive exactly ${count} ${side} the due time. Is ${check.timeZone} the time zone of the machine that sends them? "checks edit ${check.name} --tz ZONE" changes it.`
}

function wholeHoursOff(check: Check, came: number): number | null {
  const before = nextDue(check, came - 14 * HOUR)
  if (before === null) return null
  let nearest = came - before
  for (let due: number | null = before, steps = 0; due !== null && due <= came + 14 * HOUR && steps < 64; steps++) {
    if (Math.abs(came - due) < Math.abs(nearest)) nearest = came - due
    due = nextDue(check, due)
  }
  const hours = Math.round(nearest / HOUR)
  return Math.abs(nearest - hours * HOUR) <= TOLERANCE_MS ? hours : null
}
