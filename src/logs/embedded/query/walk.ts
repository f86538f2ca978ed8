// Goes through the lines of one partition that fit, and stops when time is up.
import type { Sqlite } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import type { LineKey } from '../partitions/line-key.ts'
import { lineOf } from '../partitions/rows.ts'
import { lookUpIndex, type Order, type Span } from './index-lookup.ts'
import type { Plan } from './plan.ts'

/** `deadline` is of `performance.now`. */
export type Walk = {
  db: Sqlite
  plan: Plan
  /** The last word on a candidate, asked unless the plan is exact. */
  fits: (line: LogLine) => boolean
  span: Span
  order: Order
  deadline: number
}

/** So many rows are looked at whatever the time, so that every search gets on. */
const LEAST_ROWS = 1_000
const ROWS_BETWEEN_LOOKS = 100

/** Visits fitting lines in order; answers with the last row it looked at when it stopped short of the end, else null. */
export function walkLines(walk: Walk, visit: (line: LogLine, key: LineKey) => 'go on' | 'done'): LineKey | null {
  const { db, plan, fits, span, order, deadline } = walk
  let rows = 0
  for (const row of lookUpIndex(db, plan, span, order)) {
    const line = lineOf(row)
    const key = { timestamp: row[0], position: row[1] }
    if ((plan.exact || fits(line)) && visit(line, key) === 'done') return key
    rows++
    if (rows >= LEAST_ROWS && rows % ROWS_BETWEEN_LOOKS === 0 && performance.now() > deadline) return key
  }
  return null
}
