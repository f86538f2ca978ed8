// Scans one partition for matching lines, and stops when time is up.
import type { Sqlite } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import type { LineKey } from '../partitions/line-key.ts'
import type { Order } from '../query/partition-search.ts'
import { lookUpIndex, type RowRange } from './index-lookup.ts'
import type { Plan } from './plan.ts'
import { lineOf } from './rows.ts'

export type Scan = {
  db: Sqlite
  plan: Plan
  /** Decides on each candidate, unless the plan is exact. */
  matches: (line: LogLine) => boolean
  range: RowRange
  order: Order
  /** On the clock of `performance.now`. */
  deadline: number
}

/** This many rows are read in any case, so that every search makes progress. */
const MIN_ROWS = 1_000
const ROWS_PER_TIME_CHECK = 100

/** Visits matching lines in order; returns the last row that was read when the scan stopped before its end, else null. */
export function scanLines(scan: Scan, visit: (line: LogLine, key: LineKey) => 'continue' | 'stop'): LineKey | null {
  const { db, plan, matches, range, order, deadline } = scan
  let rows = 0
  for (const row of lookUpIndex(db, plan, range, order)) {
    const line = lineOf(row)
    const key = { timestamp: row[0], position: row[1] }
    if ((plan.isExact || matches(line)) && visit(line, key) === 'stop') return key
    rows++
    if (rows >= MIN_ROWS && rows % ROWS_PER_TIME_CHECK === 0 && performance.now() > deadline) return key
  }
  return null
}
