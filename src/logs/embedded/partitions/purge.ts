// Removes the lines that match a query from all partitions of a writer, a few at a time.

import type { Query } from '../../query/tree.ts'
import { BlockPartition } from '../blocks/block-partition.ts'
import { purgeBlocks } from '../blocks/purge-blocks.ts'
import { IndexedPartition } from '../indexed/indexed-partition.ts'
import { purgeRows } from '../indexed/purge-rows.ts'
import type { Partition } from './partition.ts'
import type { Partitions } from './partitions.ts'

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
  const open = <P extends Partition>(kind: abstract new (...args: never[]) => P): P | null => {
    if (!partitions.has(name)) return null
    const partition = partitions.open(name)
    return partition instanceof kind ? partition : null
  }
  const removed = open(BlockPartition)
    ? await purgeBlocks(() => open(BlockPartition), query, lastPosition)
    : await purgeRows(() => open(IndexedPartition), query, lastPosition)
  if (partitions.has(name)) {
    const partition = partitions.open(name)
    if (removed > 0) partition.setScrubbing(false)
    partitions.update(partition)
  }
  return removed
}
