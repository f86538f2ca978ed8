// What a transaction writes at its very end: rows written once however often they changed, and many new ones at a time.
import type { Statement } from './sqlite.ts'

/** How many rows go in one statement; each size is prepared once. */
const CHUNKS = [32, 8, 1]

/** The writes that the running transaction has put off. */
export class DeferredWrites {
  readonly #writes = new Map<number, () => void>()
  readonly #rows = new Map<string, unknown[][]>()

  /** Puts a write off; a later one of the same `key` takes its place. */
  write(key: number, write: () => void): void {
    this.#writes.set(key, write)
  }

  /** Puts the insertion of a row off; `into` is the statement up to and with its `values`. */
  insert(into: string, row: unknown[]): void {
    const rows = this.#rows.get(into)
    if (rows) rows.push(row)
    else this.#rows.set(into, [row])
  }

  /** Inserts the rows, in the order in which they came. */
  flushRows(prepare: (sql: string) => Statement): void {
    for (const [into, rows] of this.#rows) {
      const tuple = `(?${', ?'.repeat(rows[0]!.length - 1)})`
      for (let at = 0; at < rows.length; ) {
        const n = CHUNKS.find(size => size <= rows.length - at)!
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
