// Partition files as a reader uses them: a few open connections, the vocabulary of the index, and time samples for scans.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { prepared, Sqlite } from '../../../state/sqlite.ts'
import type { Vocabulary } from '../query/field-plan.ts'
import type { PartitionState } from './partition.ts'
import { LINES_PER_MARK, MAX_FIELD_VALUES, wordVersionOf } from './rows.ts'

const MAX_CONNECTIONS = 64
const CACHE_KIB = 1_000
const MAX_WORDS = 128

/** Connections to the partitions of a folder; the least recently used ones are closed. */
export class OpenPartitions {
  readonly #folder: string
  readonly #open = new Map<string, Sqlite>()
  readonly #marks = new Map<string, { count: number; timestamps: number[] }>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** A connection, or null when the partition was dropped. Throws SQLite's errors. */
  open(name: string): Sqlite | null {
    let db = this.#open.get(name)
    if (db) this.#open.delete(name)
    else {
      const file = join(this.#folder, `${name}.db`)
      if (!existsSync(file)) return null
      db = new Sqlite(file, { readonly: true, fileMustExist: true })
      db.pragma('busy_timeout = 5000')
      db.pragma(`cache_size = -${CACHE_KIB}`)
    }
    this.#open.set(name, db)
    if (this.#open.size > MAX_CONNECTIONS) this.close(this.#open.keys().next().value!)
    return db
  }

  /** The timestamps of one line in `LINES_PER_MARK`, in order. */
  marks({ name, lines }: PartitionState): readonly number[] {
    const count = Math.floor(lines / LINES_PER_MARK)
    if (count === 0) return []
    const known = this.#marks.get(name)
    if (known?.count === count) return known.timestamps
    const db = this.open(name)
    if (!db) return []
    const timestamps = prepared(db, 'select timestamp from marks').pluck().all() as number[]
    this.#marks.set(name, { count, timestamps: timestamps.sort((a, b) => a - b) })
    return timestamps
  }

  /** Closes a partition, so that its file can be removed. */
  close(name: string): void {
    this.#open.get(name)?.close()
    this.#open.delete(name)
    this.#marks.delete(name)
  }

  closeAll(): void {
    for (const name of [...this.#open.keys()]) this.close(name)
  }
}

/** The field values and words in a partition's index. */
export function vocabularyOf(db: Sqlite): Vocabulary {
  return {
    wordVersion: wordVersionOf(db),
    valuesOf(field) {
      const values = prepared(db, 'select value from names where field = ?').pluck().all(field) as string[]
      return values.length >= MAX_FIELD_VALUES ? null : values
    },
    wordsWithPrefix(prefix) {
      const from = prepared(db, 'select term from terms where term >= ? limit 1').pluck()
      const found: string[] = []
      let word = from.get(prefix) as string | undefined
      while (word?.startsWith(prefix)) {
        found.push(word)
        if (found.length > MAX_WORDS) return null
        // The next possible text: each lookup skips all other occurrences of the word.
        word = from.get(`${word}\0`) as string | undefined
      }
      return found
    },
  }
}
