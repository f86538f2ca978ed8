// Reads the rows of a partition that a plan leaves as candidates, between two row ids, in the order of time.
import type Database from 'better-sqlite3'
import { type LineKey, SLOT_BITS, SLOTS } from './line-key.ts'
import type { Plan } from './plan.ts'
import { COLUMNS, type Row } from './rows.ts'

export type Order = 'newest' | 'oldest'
export type RowId = { timestamp: number; slot: number }
/** Row ids from `first` to `last`, both included. */
export type Span = { first: RowId; last: RowId }

/** Every row between two timestamps, `from` included, `until` excluded. */
export function spanBetween(from: number, until: number): Span {
  return { first: { timestamp: from, slot: 0 }, last: { timestamp: until - 1, slot: SLOTS - 1 } }
}

/** The candidates one by one; stop taking them at any time. */
export function candidates(db: Database.Database, plan: Plan, span: Span, order: Order): IterableIterator<Row> {
  const { from, values } = source(plan, span)
  const id = plan.words === null ? 'lines.id' : 'words.rowid'
  const direction = order === 'newest' ? 'desc' : 'asc'
  return prepared(db, `select ${COLUMNS} ${from} order by ${id} ${direction}`)
    .raw()
    .iterate(...values) as IterableIterator<Row>
}

/** The `from … where` of a plan's candidates with its values. What a query says is among the values only. */
export function source(plan: Plan, span: Span): { from: string; values: unknown[] } {
  const { bounds, values } = within(plan, span)
  const tables = plan.words === null ? 'lines' : 'words cross join lines on lines.id = words.rowid'
  const match = plan.words === null ? '' : 'words match ? and'
  const pieces = plan.pieces.map(() => ' and lines.rest like ?').join('')
  return {
    from: `from ${tables} where ${match} ${bounds}${pieces}`,
    values: [...values, ...plan.pieces],
  }
}

/** The same for an exact plan when only row ids are asked for: without touching the lines. */
export function idSource(plan: Plan, span: Span): { id: string; from: string; values: unknown[] } {
  const { id, bounds, values } = within(plan, span)
  return {
    id,
    from: plan.words === null ? `from lines where ${bounds}` : `from words where words match ? and ${bounds}`,
    values,
  }
}

// Numbers are bound as floating point, which `|` makes whole again and `+` would not.
function within(plan: Plan, span: Span): { id: string; bounds: string; values: unknown[] } {
  const id = plan.words === null ? 'lines.id' : 'words.rowid'
  const first = normalId(span.first)
  const last = normalId(span.last)
  return {
    id,
    bounds: `${id} >= ((? << ${SLOT_BITS}) | ?) and ${id} <= ((? << ${SLOT_BITS}) | ?)`,
    values: [...(plan.words === null ? [] : [plan.words]), first.timestamp, first.slot, last.timestamp, last.slot],
  }
}

/** The lowest slot of the key's timestamp whose line was stored at the key's position or later; `SLOTS` when none was. */
export function slotFrom(db: Database.Database, { timestamp, position }: LineKey): number {
  const next = prepared(
    db,
    `select id & ${SLOTS - 1}, position from lines where id >= ((? << ${SLOT_BITS}) | ?)
       and id <= ((? << ${SLOT_BITS}) | ${SLOTS - 1}) order by id limit 1`,
  ).raw()
  let low = 0
  let high = SLOTS
  let found = SLOTS
  while (low < high) {
    const middle = (low + high) >> 1
    const row = next.get(timestamp, middle, timestamp) as [slot: number, position: number] | undefined
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

const statements = new WeakMap<Database.Database, Map<string, Database.Statement>>()

/** A statement, prepared once per connection. */
export function prepared(db: Database.Database, sql: string): Database.Statement {
  let known = statements.get(db)
  if (!known) {
    known = new Map()
    statements.set(db, known)
  }
  let statement = known.get(sql)
  if (!statement) {
    statement = db.prepare(sql)
    known.set(sql, statement)
  }
  return statement
}
