// A partition file as a reader has it open, whatever its layout is.
import type { LogLine } from '../../line.ts'
import type { LineKey } from '../partitions/line-key.ts'
import type { PartitionSearch, Selection } from './partition-search.ts'

/** The fields whose values are completed as people type. */
export type CompletedField = 'source' | 'host' | 'group' | 'tag'

/** Throws SQLite's errors, and those of damage with a `code` that begins with `SQLITE_CORRUPT`. */
export interface PartitionConnection {
  /** Runs `work` on one state of the file, whatever the writer does meanwhile. */
  atOnce<T>(work: () => T): T
  /** Searches the lines stored after a position. */
  search(selection: Selection, after: number): PartitionSearch
  /** Timestamps that cut its lines into parts of about the same size, in order; `lines` is how many it has. */
  marks(lines: number): readonly number[]
  /** The line of a key, or null. */
  read(key: LineKey): LogLine | null
  /** The distinct values of a field, as far as they are known. */
  values(field: CompletedField): Iterable<string>
  /** At most `limit` lines stored after a position, in the order they were stored. */
  linesAfter(position: number, limit: number): { position: number; line: LogLine }[]
  /** How many lines were stored after a position. */
  countAfter(position: number): number
  close(): void
}
