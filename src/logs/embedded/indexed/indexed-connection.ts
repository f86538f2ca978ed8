// A partition that an earlier version of Vakt wrote, as a reader has it open.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import type { LineKey } from '../partitions/line-key.ts'
import type { CompletedField, PartitionConnection } from '../query/partition-connection.ts'
import type { PartitionSearch, Selection } from '../query/partition-search.ts'
import { firstSlotFrom, readRow } from './index-lookup.ts'
import { IndexedSearch } from './indexed-search.ts'
import { LINE_COLUMNS, LINES_PER_MARK, lineOf, type Row } from './rows.ts'

export class IndexedConnection implements PartitionConnection {
  readonly #db: Sqlite
  #marks: { count: number; timestamps: number[] } = { count: 0, timestamps: [] }

  constructor(db: Sqlite) {
    this.#db = db
  }

  /** Nothing but a purge changes such a partition, so no state needs to be kept. */
  atOnce<T>(work: () => T): T {
    return work()
  }

  search(selection: Selection, after: number): PartitionSearch {
    return new IndexedSearch(this.#db, selection, after)
  }

  marks(lines: number): readonly number[] {
    const count = Math.floor(lines / LINES_PER_MARK)
    if (count > 0 && this.#marks.count !== count) {
      const timestamps = prepared(this.#db, 'select timestamp from marks').pluck().all() as number[]
      this.#marks = { count, timestamps: timestamps.sort((a, b) => a - b) }
    }
    return count === 0 ? [] : this.#marks.timestamps
  }

  read({ timestamp, position }: LineKey): LogLine | null {
    const row = readRow(this.#db, position)
    return row?.[0] === timestamp ? lineOf(row) : null
  }

  values(field: CompletedField): string[] {
    return prepared(this.#db, 'select value from names where field = ?').pluck().all(field) as string[]
  }

  linesAfter(position: number, limit: number): { position: number; line: LogLine }[] {
    const rows = prepared(this.#db, `select ${LINE_COLUMNS} from lines where slot >= ? order by slot limit ?`)
      .raw()
      .all(firstSlotFrom(this.#db, position + 1), limit) as Row[]
    return rows.map(row => ({ position: row[1], line: lineOf(row) }))
  }

  countAfter(position: number): number {
    const first = firstSlotFrom(this.#db, position + 1)
    return prepared(this.#db, 'select count(*) from lines where slot >= ?').pluck().get(first) as number
  }

  close(): void {
    this.#db.close()
  }
}
