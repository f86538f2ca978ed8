// Counts of whole blocks from their summaries alone.
import { MINUTE } from '../../../../time.ts'
import { LEVELS, type Level } from '../../../line.ts'
import type { LineKey } from '../../partitions/line-key.ts'
import type { SummaryField } from '../block.ts'
import type { StoredSummary } from '../stored-summary.ts'

/** Adds the levels of a block to buckets; false when the summary does not say in which they belong. */
export function countSummaryLevels(
  { from, until, values, minutes }: StoredSummary,
  bucketOf: (timestamp: number) => number,
  add: (bucket: number, level: Level, count: number) => void,
): boolean {
  const bucket = bucketOf(from)
  if (values.level && bucket === bucketOf(until)) {
    for (const [level, count] of values.level) add(bucket, level as Level, count)
    return true
  }
  // Only the first and the last minute may be cut by the ends of the block.
  const isWhole = (minute: number) =>
    bucketOf(Math.max(minute, from)) === bucketOf(Math.min(minute + MINUTE - 1, until))
  if (!minutes?.every(([minute]) => isWhole(minute!))) return false
  for (const [minute, ...counts] of minutes)
    for (const [index, count] of counts.entries())
      if (count > 0) add(bucketOf(Math.max(minute!, from)), LEVELS[index]!, count)
  return true
}

/** Adds the values of a field; false when the summary does not list them. */
export function countSummaryValues(
  { values }: StoredSummary,
  field: SummaryField | 'level' | 'tag',
  add: (value: string, count: number, newest: LineKey) => void,
): boolean {
  const own = values[field]
  if (!own) return false
  for (const [value, count, timestamp, position] of own) add(value, count, { timestamp, position })
  return true
}
