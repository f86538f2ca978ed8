// Reads the candidate rows of a plan from a partition, between two row ids, in the order of time.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import { SLOT_BITS, SLOT_COUNT } from '../partitions/line-key.ts'
import type { Order } from '../query/partition-search.ts'
import { ALL_LINES_EXPRESSION, type Plan } from './plan.ts'
import { LINE_COLUMNS, type Row } from './rows.ts'

export type RowId = { timestamp: number; slot: number }
/** Row ids from `first` to `last`, both included. */
export type RowRange = { first: RowId; last: RowId }

/** Every row between two timestamps: `from` included, `until` excluded. */
export function rowRange(from: number, until: number): RowRange {
  return { first: { timestamp: from, slot: 0 }, last: { timestamp: until - 1, slot: SLOT_COUNT - 1 } }
}

/** The candidates one by one; the caller may stop at any time. */
export function lookUpIndex(db: Sqlite, plan: Plan, range: RowRange, order: Order): IterableIterator<Row> {
  const { from, values } = candidateSource(plan, range)
  const direction = order === 'newest' ? 'desc' : 'asc'
  return prepared(db, `select ${LINE_COLUMNS} ${from} order by words.rowid ${direction}`)
    .raw()
    .iterate(...values) as IterableIterator<Row>
}

/** The `from … where` of a plan's candidates, and its values. Text of the query is in the values only. */
export function candidateSource(plan: Plan, range: RowRange): { from: string; values: unknown[] } {
  const { bounds, values } = boundsOf(plan, range)
  const patterns = plan.likePatterns.map(() => ' and lines.rest like ?').join('')
  return {
    from: `from words cross join lines on lines.slot = (words.rowid & ${SLOT_COUNT - 1}) where ${bounds}${patterns}`,
    values: [...values, ...plan.likePatterns],
  }
}

/** The same for an exact plan when only row ids (`words.rowid`) are needed: it does not read the lines. */
export function rowIdSource(plan: Plan, range: RowRange): { from: string; values: unknown[] } {
  const { bounds, values } = boundsOf(plan, range)
  return { from: `from words where ${bounds}`, values }
}

// Numbers are bound as floating point; `|` makes them integers again, `+` would not.
function boundsOf(plan: Plan, range: RowRange): { bounds: string; values: unknown[] } {
  const first = normalizeRowId(range.first)
  const last = normalizeRowId(range.last)
  const id = `((? << ${SLOT_BITS}) | ?)`
  return {
    bounds: `words match ? and words.rowid >= ${id} and words.rowid <= ${id}`,
    values: [plan.expression ?? ALL_LINES_EXPRESSION, first.timestamp, first.slot, last.timestamp, last.slot],
  }
}

/** The line at a position, or null. */
export function readRow(db: Sqlite, position: number): Row | null {
  const row = prepared(db, `select ${LINE_COLUMNS} from lines where slot = ?`).raw().get(firstSlotFrom(db, position)) as
    | Row
    | undefined
  return row?.[1] === position ? row : null
}

/**
 * The lowest slot of a line stored at a position or later; `SLOT_COUNT` when there is none. Found by bisection, because
 * slots and positions grow together.
 */
export function firstSlotFrom(db: Sqlite, position: number): number {
  const next = prepared(db, 'select slot, position from lines where slot >= ? order by slot limit 1').raw()
  const { slot: last } = prepared(db, 'select coalesce(max(slot), -1) as slot from lines').get() as { slot: number }
  let low = 0
  let high = last + 1
  let found = SLOT_COUNT
  while (low < high) {
    const middle = (low + high) >> 1
    const row = next.get(middle) as [slot: number, position: number] | undefined
    if (row && row[1] < position) low = row[0] + 1
    else {
      high = middle
      if (row) found = row[0]
    }
  }
  return found
}

function normalizeRowId({ timestamp, slot }: RowId): RowId {
  if (slot < 0) return { timestamp: timestamp - 1, slot: slot + SLOT_COUNT }
  return slot < SLOT_COUNT ? { timestamp, slot } : { timestamp: timestamp + 1, slot: slot - SLOT_COUNT }
}
