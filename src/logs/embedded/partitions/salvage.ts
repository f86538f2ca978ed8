// Reads what is left of a damaged partition file: every line that can still be read, of any layout.
import { Problem } from '../../../problem.ts'
import { Sqlite } from '../../../state/sqlite.ts'
import { errorMessage } from '../../../text.ts'
import { parseArrival } from '../blocks/arrivals.ts'
import { openBlock } from '../blocks/block-table.ts'
import { hasBlocks } from '../blocks/schema.ts'
import { readStoredSummary } from '../blocks/stored-summary.ts'
import { hasRows, LINE_COLUMNS, lineOf, type Row } from '../indexed/rows.ts'
import type { PlacedLine } from './partition.ts'

const ROWS_PER_READ = 500
/** Keys of rows are below this. */
const MAX_KEY = Number.MAX_SAFE_INTEGER

/**
 * The lines of a damaged partition file that can be read, some at a time, each once. Throws `invalid` when not even its
 * header can be read.
 */
export function* salvageLines(file: string): Generator<PlacedLine[]> {
  const db = openDamaged(file)
  try {
    const layout = Number(db.pragma('user_version', { simple: true }))
    if (hasBlocks(layout)) yield* linesOfBlocks(db)
    else if (hasRows(layout)) yield* linesOfRows(db)
    else throw new Problem('invalid', `${file} was written by another version of Vakt (layout ${layout}).`)
  } finally {
    db.close()
  }
}

function openDamaged(file: string): Sqlite {
  let db: Sqlite | null = null
  try {
    db = new Sqlite(file, { readonly: true, fileMustExist: true })
    // Reads the header and the list of tables, without which nothing can be found.
    db.prepare('select count(*) from sqlite_schema').get()
    return db
  } catch (error) {
    db?.close()
    throw new Problem('invalid', `Nothing in ${file} can be read: ${errorMessage(error)}.`, { cause: error })
  }
}

function* linesOfBlocks(db: Sqlite): Generator<PlacedLine[]> {
  for (const rows of readableRows<[id: number, summary: string]>(
    db,
    'select id, summary from blocks',
    'id',
    ([id]) => id,
  ))
    for (const [id, summary] of rows) {
      const block = attempt(() => openBlock(db, { id, summary: readStoredSummary(summary) }))
      if (!block) continue
      const { timestamps, positions } = attempt(() => block.keys) ?? { timestamps: [], positions: [] }
      yield [...timestamps.keys()].flatMap(row => {
        const line = attempt(() => block.line(row))
        return line ? [{ line, timestamp: timestamps[row]!, position: positions[row]! }] : []
      })
    }
  for (const rows of readableRows<[id: number, data: Buffer]>(db, 'select id, data from arrivals', 'id', ([id]) => id))
    yield rows
      .flatMap(([, data]) => data.toString('utf8').split('\n'))
      .flatMap(text => attempt(() => parseArrival(text)) ?? [])
}

function* linesOfRows(db: Sqlite): Generator<PlacedLine[]> {
  const query = `select ${LINE_COLUMNS} from lines`
  for (const rows of readableRows<Row>(db, query, 'slot', row => row[11]))
    yield rows.flatMap(row => {
      const line = attempt(() => lineOf(row))
      return line ? [{ line, timestamp: row[0], position: row[1] }] : []
    })
}

/**
 * The rows of a table in order of an integer key, without those that cannot be read. Damage is passed in doubling steps,
 * and then approached from the other side, so that only what lies in it is left out. A damaged table may also give keys in
 * no order, or larger than any key of Vakt: such rows count as damage, because following them would never end.
 */
function* readableRows<R>(db: Sqlite, query: string, key: string, keyOf: (row: R) => number): Generator<R[]> {
  const statement = (condition: string, order: string) =>
    db.prepare<number[], R>(`${query} where ${condition} order by ${key} ${order} limit ?`).raw()
  const ascending = statement(`${key} >= ?`, 'asc')
  const descending = statement(`${key} >= ? and ${key} < ?`, 'desc')
  const isWithin = (row: R, from: number, until: number) => keyOf(row) >= from && keyOf(row) < until
  /** Up to `limit` rows from a key on; null when they cannot be read. */
  const read = (from: number, limit: number) => {
    const rows = attempt(() => ascending.all(from, limit))
    const place = rows?.findIndex((row, i) => !isWithin(row, i === 0 ? from : keyOf(rows[i - 1]!) + 1, MAX_KEY)) ?? -1
    return rows === null || place === 0 ? null : place < 0 ? rows : rows.slice(0, place)
  }
  const first = (from: number) => read(from, 1)?.[0]
  const last = (from: number, until: number) => {
    const row = attempt(() => descending.all(from, until, 1)[0])
    return row && isWithin(row, from, until) ? row : null
  }
  for (let from = 0; ; ) {
    const rows = read(from, ROWS_PER_READ)
    if (rows !== null) {
      if (rows.length === 0) return
      yield rows
      from = keyOf(rows.at(-1)!) + 1
      continue
    }
    // The damage is within the next rows: those before it one by one.
    const before: R[] = []
    for (let row = first(from); row; row = first(from)) {
      before.push(row)
      from = keyOf(row) + 1
    }
    yield before
    const next = beyondDamage(at => read(at, 1), from)
    const until = next === null ? MAX_KEY : keyOf(next)
    const behind: R[] = []
    for (let row = last(from, until); row; row = last(from, keyOf(row))) behind.push(row)
    yield behind.reverse()
    if (next === null) return
    from = until
  }
}

/** The first row that can be read at one of the keys `from` + 1, 2, 4 …; null when there is none. */
function beyondDamage<R>(readAt: (key: number) => R[] | null, from: number): R | null {
  for (let step = 1; from + step <= MAX_KEY; step *= 2) {
    const rows = readAt(from + step)
    if (rows !== null) return rows[0] ?? null
  }
  return null
}

/** What `read` returns, or null when that is damaged. */
function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
