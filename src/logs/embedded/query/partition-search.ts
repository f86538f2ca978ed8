// What a search asks of one partition, whatever the layout of its file is.
import type { Level, LogLine } from '../../line.ts'
import type { QueryNode } from '../../query/tree.ts'
import type { TopField } from '../../store.ts'
import { type LineKey, MAX_POSITION } from '../partitions/line-key.ts'

export type Order = 'newest' | 'oldest'

/** Lines from `first` to `last`, both included, in the order of time and then as they were stored. */
export type KeyRange = { first: LineKey; last: LineKey }

/** Which lines are wanted: those that match `where` (null: all) and pass `test` (null: all). */
export type Selection = {
  where: QueryNode | null
  test: ((line: LogLine) => boolean) | null
  /** Whether a line takes long, such as a regular expression does. */
  isSlow: boolean
}

/**
 * A partition, searched for one selection. Every call makes progress, and stops soon after `deadline` (on the clock of
 * `performance.now`). Throws SQLite's errors.
 */
export interface PartitionSearch {
  /** Visits matching lines in order; returns how far it came when it stopped before the end of the range, else null. */
  scan(
    range: KeyRange,
    order: Order,
    deadline: number,
    visit: (line: LogLine, key: LineKey) => 'continue' | 'stop',
  ): LineKey | null
  /** Counts matching lines, newest first, up to `limit`; `stoppedAt` is the instant it came to when time ran out, else null. */
  count(range: KeyRange, limit: number, deadline: number): { count: number; stoppedAt: number | null }
  /** Counts matching lines by level in buckets of `width` ms from `from`; returns the instant as `count` does. */
  countLevels(
    range: KeyRange,
    buckets: { from: number; width: number },
    deadline: number,
    add: (bucket: number, level: Level, count: number) => void,
  ): number | null
  /** Counts the values of a field, each with the newest line that has it; returns the instant as `count` does. */
  countValues(
    range: KeyRange,
    field: Exclude<TopField, 'pattern'>,
    deadline: number,
    add: (value: string, count: number, newest: LineKey) => void,
  ): number | null
}

/** Every key between two timestamps: `from` included, `until` excluded. */
export function keyRange(from: number, until: number): KeyRange {
  return { first: { timestamp: from, position: 0 }, last: { timestamp: until - 1, position: MAX_POSITION } }
}
