// The place of a line among all lines, by timestamp and then by position, and its texts: ids and cursors.
import { invalid } from '../../../problem.ts'

/** `position` counts lines in the order they were stored, over all partitions and restarts; no two lines share one. */
export type LineKey = { timestamp: number; position: number }

/**
 * The row id of a line in the index is `timestamp << SLOT_BITS | slot`, so that the index is in the order of time. The slot
 * counts the lines of the partition as they arrive: rows are only ever appended, whatever their timestamps.
 */
export const SLOT_BITS = 21
export const SLOT_COUNT = 2 ** SLOT_BITS
/** The year 2109; later timestamps are stored as this one. */
export const MAX_TIMESTAMP = 2 ** 42 - 1

// Ten digits in base 36: positions start at the clock's microseconds, so this lasts until 2085.
const POSITION_DIGITS = 10
export const MAX_POSITION = 36 ** POSITION_DIGITS - 1

/** A timestamp that a row can hold: whole milliseconds between 1970 and 2109. */
export function clampTimestamp(timestamp: number): number {
  return Math.max(0, Math.min(MAX_TIMESTAMP, Math.floor(timestamp) || 0))
}

/** The id of a line: sorts as the lines were stored. */
export function lineId({ timestamp, position }: LineKey): string {
  return position.toString(36).padStart(POSITION_DIGITS, '0') + timestamp.toString(36)
}

/** Parses an id; null when the text is not one. */
export function parseId(id: string): LineKey | null {
  if (!/^[0-9a-z]{11,19}$/.test(id)) return null
  const timestamp = Number.parseInt(id.slice(POSITION_DIGITS), 36)
  return timestamp > MAX_TIMESTAMP ? null : { timestamp, position: Number.parseInt(id.slice(0, POSITION_DIGITS), 36) }
}

/** Parses the cursor of an earlier page, which looks like an id. Throws `invalid` when the text is not one. */
export function parseCursor(cursor: string): LineKey {
  const key = parseId(cursor)
  if (!key) throw invalid('cursor', 'This cursor is invalid. Search again without a cursor.')
  return key
}

/** Negative when `a` is earlier than `b`. */
export function compareKeys(a: LineKey, b: LineKey): number {
  return a.timestamp - b.timestamp || a.position - b.position
}
