// Removes lines that fit a query, a few at a time, with their words in the index.
import { setImmediate } from 'node:timers/promises'
import type { LogLine } from '../../line.ts'
import type { Query } from '../../query/tree.ts'
import { lookUpIndex, type Span, spanBetween } from '../query/index-lookup.ts'
import type { Plan } from '../query/plan.ts'
import { selectionOf } from '../query/search-job.ts'
import { LAST_TIMESTAMP } from './line-key.ts'
import { vocabularyOf } from './open-partitions.ts'
import type { Partition } from './partition.ts'
import type { Partitions } from './partitions.ts'
import { lineOf } from './rows.ts'

const ROWS_AT_A_TIME = 500

/** Removes what was stored up to a position; answers with how many lines went. Appends get their turn in between. */
export async function purgeLines(partitions: Partitions, query: Query, lastPosition: number): Promise<number> {
  let removed = 0
  const { from, until } = query
  for (const state of partitions.states()) {
    if (state.lines === 0 || state.until! < (from ?? 0) || state.from! >= (until ?? Infinity)) continue
    removed += await purgePartition(partitions, state.name, query, lastPosition)
  }
  return removed
}

async function purgePartition(
  partitions: Partitions,
  name: string,
  query: Query,
  lastPosition: number,
): Promise<number> {
  const selection = selectionOf(query)
  const fits = (line: LogLine, position: number) => position <= lastPosition && selection.fits(line)
  const span = spanBetween(Math.ceil(query.from ?? 0), Math.ceil(query.until ?? LAST_TIMESTAMP + 1))
  let plan: Plan | null = null
  let removed = 0
  for (let going = true; going; ) {
    await setImmediate()
    if (!partitions.has(name)) return removed
    const partition = partitions.open(name)
    plan ??= selection.plan(vocabularyOf(partition.db))
    if (plan.none) return 0
    const some = purgeSome(partition, { plan, fits }, span)
    removed += some.removed
    going = some.going
    partitions.note(partition)
  }
  if (removed > 0 && partitions.has(name)) partitions.open(name).setScrubbing(false)
  return removed
}

/** At most one transaction; moves the span on behind what it looked at. */
function purgeSome(
  partition: Partition,
  { plan, fits }: { plan: Plan; fits: (line: LogLine, position: number) => boolean },
  span: Span,
): { removed: number; going: boolean } {
  const { first } = span
  const fitting: { line: LogLine; slot: number }[] = []
  let rows = 0
  for (const row of lookUpIndex(partition.db, plan, span, 'oldest')) {
    const [timestamp, position] = row
    const line = lineOf(row)
    first.timestamp = timestamp
    first.slot = row[11] + 1
    if (fits(line, position)) fitting.push({ line, slot: row[11] })
    if (++rows === ROWS_AT_A_TIME) break
  }
  if (fitting.length > 0) {
    partition.setScrubbing(true)
    partition.transaction(() => {
      for (const { line, slot } of fitting) partition.remove(line, slot)
    })
  }
  return { removed: fitting.length, going: rows === ROWS_AT_A_TIME }
}
