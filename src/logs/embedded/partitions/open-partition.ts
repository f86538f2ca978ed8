// Opens a partition file by its layout, for its writer.
import { join } from 'node:path'
import { BlockPartition } from '../blocks/block-partition.ts'
import { hasBlocks } from '../blocks/schema.ts'
import { IndexedPartition } from '../indexed/indexed-partition.ts'
import type { Partition } from './partition.ts'
import { openPartitionFile } from './partition-file.ts'

/** A partition by name, which is created when there is none. Throws SQLite's errors. */
export function openPartition(folder: string, name: string, expiresAt: number): Partition {
  const db = openPartitionFile(join(folder, `${name}.db`), expiresAt)
  try {
    const layout = Number(db.pragma('user_version', { simple: true }))
    return hasBlocks(layout) ? new BlockPartition(folder, name, db) : new IndexedPartition(folder, name, db)
  } catch (error) {
    db.close()
    throw error
  }
}
