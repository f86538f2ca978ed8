// A partition of blocks as a reader has it: the list of its blocks, those that were read last, and the lines that wait.
import { BoundedMap } from '../../../bounded-map.ts'
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import { BlockDamagedError, type BlockReader } from './block-reader.ts'
import { openBlock, readBlocks, type StoredBlock } from './block-table.ts'
import { ArrivalView } from './search/arrival-view.ts'
import { WordIndex } from './words/segment-table.ts'

/** Decoded blocks that a thread remembers, so that a page and its count read each once; each takes up to a megabyte. */
const MAX_OPEN_BLOCKS = 24

/** The blocks that were read last, of all partitions that a thread has open. */
export type RecentBlocks = BoundedMap<StoredBlock, BlockReader>

/** None yet. */
export function createRecentBlocks(): RecentBlocks {
  return new BoundedMap(MAX_OPEN_BLOCKS)
}

export class BlockView {
  readonly db: Sqlite
  #generation = -1
  #blocks: readonly StoredBlock[] = []
  #words: WordIndex | null = null
  readonly #recent: RecentBlocks
  readonly #arrivals = new Map<string, ArrivalView>()

  readonly #onDamage: (block: StoredBlock, error: Error) => void
  readonly #damaged = new Set<number>()

  /** `onDamage` is called once for each block that cannot be read. */
  constructor(db: Sqlite, recent: RecentBlocks, onDamage: (block: StoredBlock, error: Error) => void) {
    this.db = db
    this.#recent = recent
    this.#onDamage = onDamage
  }

  /** What `read` returns; null when the block it reads is damaged, which is left out from now on. */
  guarded<T>(read: () => T): T | null {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof BlockDamagedError)) throw error
      const block = this.#blocks.find(({ id }) => id === error.block)
      this.#damaged.add(error.block)
      this.#blocks = this.#blocks.filter(({ id }) => id !== error.block)
      if (block) this.#onDamage(block, error)
      return null
    }
  }

  /** Runs `work` on one state of the file: no line is seen twice or not at all because it is sealed meanwhile. */
  atOnce<T>(work: () => T): T {
    if (this.db.inTransaction) return work()
    prepared(this.db, 'begin').run()
    try {
      this.#refresh()
      return work()
    } finally {
      prepared(this.db, 'commit').run()
    }
  }

  /** Grows when blocks change. */
  get generation(): number {
    return this.#generation
  }

  /** The blocks that can be read, in the order in which their lines were stored. */
  get blocks(): readonly StoredBlock[] {
    return this.#blocks
  }

  /** The lines that are not sealed yet, in the order in which they were stored. */
  arrivals(): ArrivalView[] {
    const rows = prepared(this.db, 'select id, lines, bytes from arrivals order by id').all() as {
      id: number
      lines: number
      bytes: number
    }[]
    const keys = rows.map(({ id, lines, bytes }) => `${id} ${lines} ${bytes}`)
    const current = new Set(keys)
    for (const known of this.#arrivals.keys()) if (!current.has(known)) this.#arrivals.delete(known)
    return rows.map(({ id }, index) => {
      const key = keys[index]!
      let view = this.#arrivals.get(key)
      if (!view) {
        view = new ArrivalView(prepared(this.db, 'select data from arrivals where id = ?').pluck().get(id) as Buffer)
        this.#arrivals.set(key, view)
      }
      return view
    })
  }

  open(block: StoredBlock): BlockReader {
    const known = this.#recent.get(block)
    if (known) return known
    const reader = openBlock(this.db, block)
    this.#recent.set(block, reader)
    return reader
  }

  /** Closes the connection; what was read is forgotten. */
  close(): void {
    for (const block of this.#blocks) this.#recent.delete(block)
    this.db.close()
  }

  get words(): WordIndex {
    this.#words ??= new WordIndex(this.db)
    return this.#words
  }

  #refresh(): void {
    const generation = prepared(this.db, 'select generation from summary').pluck().get() as number
    if (generation === this.#generation) return
    this.#generation = generation
    this.#words = null
    const known = new Map(this.#blocks.map(block => [block.id, block]))
    this.#blocks = readBlocks(this.db, known).filter(({ id }) => !this.#damaged.has(id))
    const current = new Set(this.#blocks)
    for (const block of known.values()) if (!current.has(block)) this.#recent.delete(block)
  }
}
