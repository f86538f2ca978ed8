// Removes the lines that match a query, a few at a time, with their words in the index.
import { setImmediate } from 'node:timers/promises'
import type { LogLine } from '../../line.ts'
import { matches } from '../../query/matches.ts'
import type { Query } from '../../query/tree.ts'
import { MAX_TIMESTAMP } from '../partitions/line-key.ts'
import type { PositionRange } from '../partitions/partition.ts'
import { planFor } from './compile.ts'
import { lookUpIndex, type RowRange, rowRange } from './index-lookup.ts'
import type { IndexedPartition } from './indexed-partition.ts'
import type { Plan } from './plan.ts'
import { lineOf, wordVersionOf } from './rows.ts'
import { vocabularyOf } from './vocabulary.ts'

const ROWS_PER_TRANSACTION = 500

/**
 * Removes matching lines with a position in a range from a partition with rows; resolves with how many. Other work runs in
 * between. `open` opens the partition again, null when it was dropped.
 */
export async function purgeRows(
  open: () => IndexedPartition | null,
  query: Query,
  { after, last }: PositionRange,
): Promise<number> {
  const { where } = query
  const range = rowRange(Math.ceil(query.from ?? 0), Math.ceil(query.until ?? MAX_TIMESTAMP + 1))
  let plan: Plan | null = null
  let removed = 0
  for (let hasMore = true; hasMore; ) {
    await setImmediate()
    const partition = open()
    if (!partition) return removed
    plan ??= planFor(where, vocabularyOf(partition.db))
    if (plan.isEmpty) return 0
    const version = wordVersionOf(partition.db)
    const isMatch = (line: LogLine, position: number) =>
      position > after && position <= last && (where === null || matches(where, line, version))
    const batch = purgeNextRows(partition, { plan, matches: isMatch }, range)
    removed += batch.removed
    hasMore = batch.hasMore
  }
  return removed
}

/** At most one transaction; moves the start of `range` past the rows it looked at. */
function purgeNextRows(
  partition: IndexedPartition,
  { plan, matches }: { plan: Plan; matches: (line: LogLine, position: number) => boolean },
  range: RowRange,
): { removed: number; hasMore: boolean } {
  const { first } = range
  const matching: { line: LogLine; slot: number }[] = []
  let rows = 0
  for (const row of lookUpIndex(partition.db, plan, range, 'oldest')) {
    const [timestamp, position] = row
    const line = lineOf(row)
    first.timestamp = timestamp
    first.slot = row[11] + 1
    if (matches(line, position)) matching.push({ line, slot: row[11] })
    if (++rows === ROWS_PER_TRANSACTION) break
  }
  if (matching.length > 0) {
    partition.setScrubbing(true)
    partition.transaction(() => {
      for (const { line, slot } of matching) partition.remove(line, slot)
    })
  }
  return { removed: matching.length, hasMore: rows === ROWS_PER_TRANSACTION }
}
