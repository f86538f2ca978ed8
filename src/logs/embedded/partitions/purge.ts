// Removes the lines that match a query from all partitions of a writer, a few at a time.

import type { Query } from '../../query/tree.ts'
import { BlockPartition } from '../blocks/block-partition.ts'
import { purgeBlocks } from '../blocks/purge-blocks.ts'
import { IndexedPartition } from '../indexed/indexed-partition.ts'
import { purgeRows } from '../indexed/purge-rows.ts'
import type { Partition, PositionRange } from './partition.ts'
import type { Partitions } from './partitions.ts'

/** Removes matching lines with a position in a range; resolves with how many. Appends run in between. */
export async function purgeLines(partitions: Partitions, query: Query, range: PositionRange): Promise<number> {
  let removed = 0
  const { from, until } = query
  for (const state of partitions.states()) {
    if (state.lines === 0 || state.until! < (from ?? 0) || state.from! >= (until ?? Infinity)) continue
    if (state.lastPosition <= range.after) continue
    removed += await purgePartition(partitions, state.name, query, range)
  }
  return removed
}

async function purgePartition(
  partitions: Partitions,
  name: string,
  query: Query,
  range: PositionRange,
): Promise<number> {
  const open = <P extends Partition>(kind: abstract new (...args: never[]) => P): P | null => {
    if (!partitions.has(name)) return null
    const partition = partitions.open(name)
    return partition instanceof kind ? partition : null
  }
  const removed = open(BlockPartition)
    ? await purgeBlocks(() => open(BlockPartition), query, range)
    : await purgeRows(() => open(IndexedPartition), query, range)
  if (partitions.has(name)) {
    const partition = partitions.open(name)
    if (removed > 0) partition.setScrubbing(false)
    partitions.update(partition)
  }
  return removed
}
