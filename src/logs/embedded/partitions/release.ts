// Removes lines that are stored elsewhere too: whole blocks as soon as all their lines are, and files of past days.
import { setImmediate } from 'node:timers/promises'
import { prepared } from '../../../state/sqlite.ts'
import { BlockPartition } from '../blocks/block-partition.ts'
import { BlockDamagedError } from '../blocks/block-reader.ts'
import { readBlock } from '../blocks/block-table.ts'
import { RowSet } from '../blocks/columns/row-set.ts'
import { parsePartition } from './partition-name.ts'
import type { Partitions } from './partitions.ts'

/** The highest position and the newest timestamp (epoch ms) of lines; zeros for none. */
export type Releasable = { position: number; until: number }

/** What `releaseLines` would remove. */
export function releasableLines(partitions: Partitions, upTo: number): Releasable {
  let found: Releasable = { position: 0, until: 0 }
  for (const { name, lines, lastPosition, until } of partitions.states()) {
    if (lines === 0) continue
    const partition = partitions.open(name)
    const blocks = partition instanceof BlockPartition ? blocksUpTo(partition, upTo) : null
    if (blocks) found = newerOf(found, blocks)
    if (lastPosition <= upTo) found = newerOf(found, { position: lastPosition, until: until ?? 0 })
  }
  return found
}

/**
 * Removes blocks whose lines are all stored up to a position, and the files of partitions from before `day` (epoch ms) of
 * which that is true as a whole; resolves with the names of those. Other work runs in between.
 */
export async function releaseLines(partitions: Partitions, upTo: number, day: number): Promise<string[]> {
  const dropped: string[] = []
  for (const { name, lines } of partitions.states()) {
    if (lines > 0) await releaseBlocks(partitions, name, upTo)
    const state = partitions.states().find(own => own.name === name)
    if (!state || state.lastPosition > upTo || parsePartition(name)!.day >= day) continue
    partitions.drop(name)
    dropped.push(name)
  }
  return dropped
}

async function releaseBlocks(partitions: Partitions, name: string, upTo: number): Promise<void> {
  const skipped = new Set<number>()
  for (let hasReleased = false; ; hasReleased = true) {
    await setImmediate()
    const partition = partitions.has(name) ? partitions.open(name) : null
    if (!(partition instanceof BlockPartition)) return
    const ids = prepared(partition.db, 'select id from blocks where last_position <= ?').pluck().all(upTo) as number[]
    const id = ids.find(candidate => !skipped.has(candidate))
    if (id === undefined) {
      if (hasReleased) partition.db.pragma('incremental_vacuum')
      partitions.update(partition)
      return
    }
    const block = readBlock(partition.db, id)!
    try {
      partition.removeRows(block, RowSet.range(block.summary.lines, 0, block.summary.lines))
    } catch (error) {
      if (!(error instanceof BlockDamagedError)) throw error
      skipped.add(id)
    }
  }
}

function blocksUpTo(partition: BlockPartition, upTo: number): Releasable | null {
  const newest = prepared(
    partition.db,
    'select max(last_position) as position, max(last_timestamp) as until from blocks where last_position <= ?',
  ).get(upTo) as { position: number | null; until: number | null }
  return newest.position === null ? null : { position: newest.position, until: newest.until ?? 0 }
}

/** The later of both in each respect. */
export function newerOf(a: Releasable, b: Releasable): Releasable {
  return { position: Math.max(a.position, b.position), until: Math.max(a.until, b.until) }
}
