// Searches a partition that an earlier version of Vakt wrote, by its full-text index.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import { LEVELS, type Level, type LogLine } from '../../line.ts'
import { matches } from '../../query/matches.ts'
import type { TopField } from '../../store.ts'
import { type LineKey, MAX_POSITION, parseId, SLOT_BITS } from '../partitions/line-key.ts'
import type { KeyRange, Order, PartitionSearch, Selection } from '../query/partition-search.ts'
import { planFor } from './compile.ts'
import { levelToken } from './field-tokens.ts'
import { candidateSource, firstSlotFrom, type RowRange, rowIdSource, rowRange } from './index-lookup.ts'
import { allOf, exactPlan, type Plan } from './plan.ts'
import { wordVersionOf } from './rows.ts'
import { scanLines } from './scan.ts'
import { vocabularyOf } from './vocabulary.ts'

/** The fields with a column of their own: SQLite counts their values when the plan is exact. */
const COLUMN_OF: { [field in TopField]?: string } = {
  fingerprint: 'lines.fingerprint',
  source: 'lines.source',
  host: 'lines.host',
  group: 'lines.grp',
  level: 'lines.level',
}

type ValueRow = [value: string | number, count: number, timestamp: number, position: number]

export class IndexedSearch implements PartitionSearch {
  readonly #db: Sqlite
  readonly #plan: Plan
  readonly #isMatch: (line: LogLine) => boolean

  /** Only lines stored after a position are found. */
  constructor(db: Sqlite, { where, test }: Selection, after: number) {
    this.#db = db
    const plan = planFor(where, vocabularyOf(db))
    const isCut = after > 0 && firstSlotFrom(db, after + 1) > firstSlotFrom(db, 0)
    this.#plan = test || isCut ? { ...plan, isExact: false } : plan
    const version = wordVersionOf(db)
    this.#isMatch = line =>
      (!isCut || parseId(line.id)!.position > after) &&
      (where === null || matches(where, line, version)) &&
      (test?.(line) ?? true)
  }

  scan(
    range: KeyRange,
    order: Order,
    deadline: number,
    visit: (line: LogLine, key: LineKey) => 'continue' | 'stop',
  ): LineKey | null {
    if (this.#plan.isEmpty) return null
    return scanLines(
      { db: this.#db, plan: this.#plan, matches: this.#isMatch, range: this.#rows(range), order, deadline },
      visit,
    )
  }

  count(range: KeyRange, limit: number, deadline: number): { count: number; stoppedAt: number | null } {
    if (this.#plan.isEmpty) return { count: 0, stoppedAt: null }
    if (this.#plan.isExact) return { count: this.#countIds(this.#rows(range), limit), stoppedAt: null }
    let count = 0
    const stopped = this.scan(range, 'newest', deadline, () => (++count >= limit ? 'stop' : 'continue'))
    return { count, stoppedAt: count < limit ? (stopped?.timestamp ?? null) : null }
  }

  countLevels(
    range: KeyRange,
    { from, width }: { from: number; width: number },
    deadline: number,
    add: (bucket: number, level: Level, count: number) => void,
  ): number | null {
    if (this.#plan.isEmpty) return null
    if (!this.#plan.isExact) {
      const stopped = this.scan(range, 'newest', deadline, line => {
        add(Math.floor((line.timestamp - from) / width), line.level, 1)
        return 'continue'
      })
      return stopped?.timestamp ?? null
    }
    const rows = this.#rows(range)
    for (const level of LEVELS) {
      // From the index alone, which has a word for each level.
      const source = rowIdSource(allOf([this.#plan, exactPlan(`fields : "${levelToken(level)}"`)]), rows)
      const counts = prepared(
        this.#db,
        `select ((words.rowid >> ${SLOT_BITS}) - cast(? as integer)) / cast(? as integer), count(*) ${source.from} group by 1`,
      )
        .raw()
        .all(from, width, ...source.values) as [bucket: number, count: number][]
      for (const [bucket, count] of counts) add(bucket, level, count)
    }
    return null
  }

  countValues(
    range: KeyRange,
    field: Exclude<TopField, 'pattern'>,
    deadline: number,
    add: (value: string, count: number, newest: LineKey) => void,
  ): number | null {
    if (this.#plan.isEmpty) return null
    const column = COLUMN_OF[field]
    if (column && this.#plan.isExact) {
      this.#countColumn(this.#rows(range), column, add)
      return null
    }
    const stopped = this.scan(range, 'newest', deadline, (line, key) => {
      for (const value of field === 'tag' ? new Set(line.tags) : [line[field]]) if (value !== '') add(value, 1, key)
      return 'continue'
    })
    return stopped?.timestamp ?? null
  }

  #countColumn(range: RowRange, column: string, add: (value: string, count: number, newest: LineKey) => void): void {
    const { from, values } = candidateSource(this.#plan, range)
    // The bare columns are those of the newest row of each group, because of max().
    const rows = prepared(
      this.#db,
      `select ${column}, count(*), lines.timestamp, lines.position, max(words.rowid) ${from} group by 1`,
    )
      .raw()
      .iterate(...values) as IterableIterator<ValueRow>
    for (const [value, count, timestamp, position] of rows) {
      const name = typeof value === 'number' ? LEVELS[value]! : value
      if (name !== '') add(name, count, { timestamp, position })
    }
  }

  #countIds(range: RowRange, limit: number): number {
    const { from, values } = rowIdSource(this.#plan, range)
    return prepared(this.#db, `select count(*) from (select 1 ${from} limit ?)`)
      .pluck()
      .get(...values, limit) as number
  }

  /** The rows of a range; slots and positions grow together. */
  #rows({ first, last }: KeyRange): RowRange {
    const range = rowRange(first.timestamp, last.timestamp + 1)
    if (first.position > 0) range.first.slot = firstSlotFrom(this.#db, first.position)
    if (last.position < MAX_POSITION) range.last.slot = firstSlotFrom(this.#db, last.position + 1) - 1
    return range
  }
}
