// Removes the lines that match a query, a few at a time, with their words in the index.
import { setImmediate } from 'node:timers/promises'
import type { LogLine } from '../../line.ts'
import type { Query } from '../../query/tree.ts'
import { lookUpIndex, type RowRange, rowRange } from '../query/index-lookup.ts'
import type { Plan } from '../query/plan.ts'
import { selectionOf } from '../query/search-job.ts'
import { MAX_TIMESTAMP } from './line-key.ts'
import { vocabularyOf } from './open-partitions.ts'
import type { Partition } from './partition.ts'
import type { Partitions } from './partitions.ts'
import { lineOf, wordVersionOf } from './rows.ts'

const ROWS_PER_TRANSACTION = 500

/** Removes matching lines stored up to a position; resolves with how many. Appends run in between. */
export async function purgeLines(partitions: Partitions, query: Query, lastPosition: number): Promise<number> {
  let removed = 0
  const { from, until } = query
  for (const state of partitions.states()) {
    if (state.lines === 0 || state.until! < (from ?? 0) || state.from! >= (until ?? Infinity)) continue
    removed += await purgePartition(partitions, state.name, query, lastPosition)
  }
  return removed
}

async function purgePartition(
  partitions: Partitions,
  name: string,
  query: Query,
  lastPosition: number,
): Promise<number> {
  const selection = selectionOf(query)
  const range = rowRange(Math.ceil(query.from ?? 0), Math.ceil(query.until ?? MAX_TIMESTAMP + 1))
  let plan: Plan | null = null
  let removed = 0
  for (let hasMore = true; hasMore; ) {
    await setImmediate()
    if (!partitions.has(name)) return removed
    const partition = partitions.open(name)
    plan ??= selection.plan(vocabularyOf(partition.db))
    if (plan.isEmpty) return 0
    const version = wordVersionOf(partition.db)
    const matches = (line: LogLine, position: number) => position <= lastPosition && selection.matches(line, version)
    const batch = purgeNextRows(partition, { plan, matches }, range)
    removed += batch.removed
    hasMore = batch.hasMore
    partitions.update(partition)
  }
  if (removed > 0 && partitions.has(name)) partitions.open(name).setScrubbing(false)
  return removed
}

/** At most one transaction; moves the start of `range` past the rows it looked at. */
function purgeNextRows(
  partition: Partition,
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
