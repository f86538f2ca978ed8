// Reads the rows of a partition that a plan leaves as candidates, between two row ids, in the order of time.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import { SLOT_BITS, SLOTS } from '../partitions/line-key.ts'
import { COLUMNS, type Row } from '../partitions/rows.ts'
import { EVERY_LINE, type Plan } from './plan.ts'

export type Order = 'newest' | 'oldest'
export type RowId = { timestamp: number; slot: number }
/** Row ids from `first` to `last`, both included. */
export type Span = { first: RowId; last: RowId }

/** Every row between two timestamps, `from` included, `until` excluded. */
export function spanBetween(from: number, until: number): Span {
  return { first: { timestamp: from, slot: 0 }, last: { timestamp: until - 1, slot: SLOTS - 1 } }
}

/** The candidates one by one; stop taking them at any time. */
export function lookUpIndex(db: Sqlite, plan: Plan, span: Span, order: Order): IterableIterator<Row> {
  const { from, values } = source(plan, span)
  const direction = order === 'newest' ? 'desc' : 'asc'
  return prepared(db, `select ${COLUMNS} ${from} order by words.rowid ${direction}`)
    .raw()
    .iterate(...values) as IterableIterator<Row>
}

/** The `from … where` of a plan's candidates with its values. What a query says is among the values only. */
export function source(plan: Plan, span: Span): { from: string; values: unknown[] } {
  const { bounds, values } = within(plan, span)
  const pieces = plan.pieces.map(() => ' and lines.rest like ?').join('')
  return {
    from: `from words cross join lines on lines.slot = (words.rowid & ${SLOTS - 1}) where ${bounds}${pieces}`,
    values: [...values, ...plan.pieces],
  }
}

/** The same for an exact plan when only row ids (`words.rowid`) are asked for: without touching the lines. */
export function idSource(plan: Plan, span: Span): { from: string; values: unknown[] } {
  const { bounds, values } = within(plan, span)
  return { from: `from words where ${bounds}`, values }
}

// Numbers are bound as floating point, which `|` makes whole again and `+` would not.
function within(plan: Plan, span: Span): { bounds: string; values: unknown[] } {
  const first = normalId(span.first)
  const last = normalId(span.last)
  const id = `((? << ${SLOT_BITS}) | ?)`
  return {
    bounds: `words match ? and words.rowid >= ${id} and words.rowid <= ${id}`,
    values: [plan.words ?? EVERY_LINE, first.timestamp, first.slot, last.timestamp, last.slot],
  }
}

/** The line at a position, or null. */
export function rowAt(db: Sqlite, position: number): Row | null {
  const row = prepared(db, `select ${COLUMNS} from lines where slot = ?`).raw().get(slotFrom(db, position)) as
    | Row
    | undefined
  return row?.[1] === position ? row : null
}

/** The lowest slot of a line that was stored at a position or later; `SLOTS` when none was. Both count up together. */
export function slotFrom(db: Sqlite, position: number): number {
  const next = prepared(db, 'select slot, position from lines where slot >= ? order by slot limit 1').raw()
  const { slot: last } = prepared(db, 'select coalesce(max(slot), -1) as slot from lines').get() as { slot: number }
  let low = 0
  let high = last + 1
  let found = SLOTS
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

function normalId({ timestamp, slot }: RowId): RowId {
  if (slot < 0) return { timestamp: timestamp - 1, slot: slot + SLOTS }
  return slot < SLOTS ? { timestamp, slot } : { timestamp: timestamp + 1, slot: slot - SLOTS }
}
