// When the lines of a batch happened, for detection: by their own times, and by those of receipt where the own ones cannot be right.
import { HOUR, MINUTE, SECOND } from '../../../time.ts'
import type { NewLine } from '../../line.ts'

/** Lines that arrive this much later than they were written count as happening now. */
const MAX_DELAY_MS = 90 * SECOND
/** The instants of lines that are older are rounded down to this. */
const STEP_MS = 10 * SECOND
/** The instants of lines older than this, such as an import of old logs, are rounded down to the hour: they alert nobody. */
const BY_HOUR_AFTER_MS = 2 * HOUR
/** Offsets from UTC are whole quarter hours, up to 14 hours; the difference of two zones is at most 26 hours. */
const QUARTER_MS = 15 * MINUTE
const MAX_SHIFT_MS = 26 * 60 * MINUTE
/** A line that was just written in another zone lies a whole quarter hour off, but for this. */
const MAX_TRANSIT_MS = MINUTE
const MAX_AHEAD_MS = 5 * SECOND

/** When a line happened (epoch ms); null when that is at its receipt. `shift` is what its zone is wrong by, ms; 0 when it is right. */
export type EventTime = { at: number | null; shift: number }

type TimedLine = Pick<NewLine, 'timestamp' | 'receivedAt' | 'source' | 'host' | 'isZoneAssumed'>

const NOW: EventTime = { at: null, shift: 0 }

/**
 * The event times of the lines of a batch. A sender whose times lack a zone and whose newest line lies a whole quarter hour off
 * its receipt writes the time of another zone: its lines are moved together, so that their distances stay.
 */
export function eventTimes(lines: readonly { readonly line: TimedLine }[]): (line: TimedLine) => EventTime {
  const newest = new Map<string, number>()
  for (const { line } of lines) {
    if (!line.isZoneAssumed) continue
    const key = `${line.source}\0${line.host}`
    newest.set(key, Math.max(newest.get(key) ?? 0, line.timestamp))
  }
  return line => {
    const shift = line.isZoneAssumed ? zoneShift(newest.get(`${line.source}\0${line.host}`)!, line.receivedAt) : 0
    const at = line.timestamp + shift
    if (line.receivedAt - at <= MAX_DELAY_MS) return shift === 0 ? NOW : { at: null, shift }
    const step = line.receivedAt - at > BY_HOUR_AFTER_MS ? HOUR : STEP_MS
    return { at: Math.floor(at / step) * step, shift }
  }
}

/** What must be added to times so that the newest of them lies at its receipt, whole quarter hours; 0 when it needs none. */
export function zoneShift(newest: number, receivedAt: number): number {
  const difference = receivedAt - newest
  const shift = Math.round(difference / QUARTER_MS) * QUARTER_MS
  const transit = difference - shift
  const isOffByZone =
    shift !== 0 && Math.abs(shift) <= MAX_SHIFT_MS && transit >= -MAX_AHEAD_MS && transit <= MAX_TRANSIT_MS
  return isOffByZone ? shift : 0
}
