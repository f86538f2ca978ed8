// Writes deferred to the end of a transaction: a row is written once however often it changed, new rows many at a time.
import type { Statement } from './sqlite.ts'

/** How many rows one statement inserts; each size is prepared once. */
const BATCH_SIZES = [32, 8, 1]

/** The deferred writes of the running transaction. */
export class DeferredWrites {
  readonly #writes = new Map<number, () => void>()
  readonly #rows = new Map<string, unknown[][]>()

  /** Defers a write; a later one with the same `key` replaces it. */
  write(key: number, write: () => void): void {
    this.#writes.set(key, write)
  }

  /** Defers the insertion of a row; `into` is the statement up to and including `values`. */
  insert(into: string, row: unknown[]): void {
    const rows = this.#rows.get(into)
    if (rows) rows.push(row)
    else this.#rows.set(into, [row])
  }

  /** Inserts the rows in order of arrival. */
  flushRows(prepare: (sql: string) => Statement): void {
    for (const [into, rows] of this.#rows) {
      const tuple = `(?${', ?'.repeat(rows[0]!.length - 1)})`
      for (let at = 0; at < rows.length; ) {
        const n = BATCH_SIZES.find(size => size <= rows.length - at)!
        prepare(`${into} ${tuple}${`, ${tuple}`.repeat(n - 1)}`).run(rows.slice(at, at + n).flat())
        at += n
      }
    }
    this.#rows.clear()
  }

  flush(prepare: (sql: string) => Statement): void {
    this.flushRows(prepare)
    for (const write of this.#writes.values()) write()
    this.#writes.clear()
  }

  forget(): void {
    this.#rows.clear()
    this.#writes.clear()
  }
}
