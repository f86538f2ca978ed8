// Partition files as a reader uses them: a few open connections, the least recently used ones are closed.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Sqlite } from '../../../state/sqlite.ts'
import { BlockConnection } from '../blocks/block-connection.ts'
import type { StoredBlock } from '../blocks/block-table.ts'
import { createRecentBlocks, type RecentBlocks } from '../blocks/block-view.ts'
import { hasBlocks } from '../blocks/schema.ts'
import { IndexedConnection } from '../indexed/indexed-connection.ts'
import type { PartitionConnection } from '../query/partition-connection.ts'

/** A block that cannot be read: its lines have timestamps from `from` to `until`, epoch ms. */
export type BlockDamage = {
  partition: string
  block: number
  from: number
  until: number
  lines: number
  message: string
}

const MAX_CONNECTIONS = 32
const CACHE_KIB = 1_000

export class OpenPartitions {
  readonly #folder: string
  readonly #open = new Map<string, PartitionConnection>()
  readonly #recent: RecentBlocks

  readonly #onDamage: (damage: BlockDamage) => void

  /** `onDamage` is called once for each block of a partition that cannot be read; `recent` are the blocks that stay decoded. */
  constructor(folder: string, onDamage: (damage: BlockDamage) => void, recent = createRecentBlocks()) {
    this.#folder = folder
    this.#onDamage = onDamage
    this.#recent = recent
  }

  /** A connection, or null when the partition was dropped. Throws SQLite's errors. */
  open(name: string): PartitionConnection | null {
    let connection = this.#open.get(name)
    if (connection) this.#open.delete(name)
    else {
      const file = join(this.#folder, `${name}.db`)
      if (!existsSync(file)) return null
      connection = connect(file, this.#recent, ({ id, summary: { from, until, lines } }, error) =>
        this.#onDamage({ partition: name, block: id, from, until, lines, message: error.message }),
      )
    }
    this.#open.set(name, connection)
    if (this.#open.size > MAX_CONNECTIONS) this.close(this.#open.keys().next().value!)
    return connection
  }

  /** Closes a partition, so that its file can be removed. */
  close(name: string): void {
    this.#open.get(name)?.close()
    this.#open.delete(name)
  }

  closeAll(): void {
    for (const name of [...this.#open.keys()]) this.close(name)
  }
}

function connect(
  file: string,
  recent: RecentBlocks,
  onDamage: (block: StoredBlock, error: Error) => void,
): PartitionConnection {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    db.pragma('busy_timeout = 5000')
    db.pragma(`cache_size = -${CACHE_KIB}`)
    const layout = Number(db.pragma('user_version', { simple: true }))
    return hasBlocks(layout) ? new BlockConnection(db, recent, onDamage) : new IndexedConnection(db)
  } catch (error) {
    db.close()
    throw error
  }
}
