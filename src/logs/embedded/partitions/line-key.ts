// The place of a line among all lines, by timestamp and then by position, and the texts made of it: ids and cursors.
import { invalid } from '../../../problem.ts'

/** `position` counts lines as they were stored, over all partitions and restarts; no two lines share one. */
export type LineKey = { timestamp: number; position: number }

/**
 * The index knows lines as `timestamp << SLOT_BITS | slot`, so that it is in the order of time. The slot is the line's place
 * in its partition, counted as lines come: rows are only ever added at the end, whatever their timestamps.
 */
export const SLOT_BITS = 21
export const SLOTS = 2 ** SLOT_BITS
/** The year 2109; later timestamps are stored as this one. */
export const LAST_TIMESTAMP = 2 ** 42 - 1

// Ten digits in base 36: positions begin at the clock's microseconds, so this lasts until 2085.
const POSITION_DIGITS = 10
export const LAST_POSITION = 36 ** POSITION_DIGITS - 1

/** A timestamp as rows hold it: whole milliseconds between 1970 and 2109. */
export function storedTimestamp(timestamp: number): number {
  return Math.max(0, Math.min(LAST_TIMESTAMP, Math.floor(timestamp) || 0))
}

/** The id of a line: sorts as the lines were stored. */
export function lineId({ timestamp, position }: LineKey): string {
  return position.toString(36).padStart(POSITION_DIGITS, '0') + timestamp.toString(36)
}

/** Reads an id back; null when it is none. */
export function parseId(id: string): LineKey | null {
  if (!/^[0-9a-z]{11,19}$/.test(id)) return null
  const timestamp = Number.parseInt(id.slice(POSITION_DIGITS), 36)
  return timestamp > LAST_TIMESTAMP ? null : { timestamp, position: Number.parseInt(id.slice(0, POSITION_DIGITS), 36) }
}

/** Reads the cursor of an earlier page, which is written like an id; `invalid` when it is none. */
export function parseCursor(cursor: string): LineKey {
  const key = parseId(cursor)
  if (!key) throw invalid('cursor', 'This cursor is not one that a page gave. Search again without a cursor.')
  return key
}

/** Below 0 when `a` is earlier than `b`. */
export function compareKeys(a: LineKey, b: LineKey): number {
  return a.timestamp - b.timestamp || a.position - b.position
}
