// Removes the lines that match a query from a partition of blocks, one block at a time.
import { setImmediate } from 'node:timers/promises'
import { matchesQuery } from '../../query/matches.ts'
import type { Query } from '../../query/tree.ts'
import type { PositionRange } from '../partitions/partition.ts'
import type { BlockPartition } from './block-partition.ts'
import { BlockDamagedError } from './block-reader.ts'
import { blockIds, openBlock, readBlock, type StoredBlock } from './block-table.ts'
import { RowSet } from './columns/row-set.ts'
import { matchingRows } from './search/matching-rows.ts'
import { WordIndex } from './words/segment-table.ts'

/**
 * Removes matching lines with a position in a range; resolves with how many. Other work runs in between. `open` opens the
 * partition again, null when it was dropped.
 */
export async function purgeBlocks(
  open: () => BlockPartition | null,
  query: Query,
  range: PositionRange,
): Promise<number> {
  const first = open()
  if (!first) return 0
  first.setScrubbing(true)
  let removed = first.removeArrivals(({ line, timestamp, position }) => {
    return position > range.after && position <= range.last && matchesQuery(query, { ...line, timestamp })
  })
  const visited = new Set<number>()
  for (;;) {
    await setImmediate()
    const partition = open()
    // Sealing may have joined a block with later lines: then it has a new id.
    const id = partition && blockIds(partition.db).find(candidate => !visited.has(candidate))
    if (!id) return removed
    visited.add(id)
    const block = readBlock(partition.db, id)!
    partition.setScrubbing(true)
    try {
      const rows = rowsToRemove(partition, block, query, range)
      partition.removeRows(block, rows)
      removed += rows.count
    } catch (error) {
      // Its lines are lost; the next search that meets it reports that.
      if (!(error instanceof BlockDamagedError)) throw error
    }
  }
}

function rowsToRemove(
  partition: BlockPartition,
  block: StoredBlock,
  query: Query,
  { after, last }: PositionRange,
): RowSet {
  const { summary, id } = block
  if (summary.firstPosition > last || summary.lastPosition <= after) return new RowSet(summary.lines)
  const index = new WordIndex(partition.db)
  const reader = openBlock(partition.db, block)
  const rows = matchingRows(query, reader, (place, word) => index.mayHave(id, place, word))
  if (summary.firstPosition > after && summary.lastPosition <= last) return rows
  const inRange = new RowSet(summary.lines)
  const { positions } = reader.keys
  for (const row of rows.ascending()) if (positions[row]! > after && positions[row]! <= last) inRange.add(row)
  return inRange
}
