// Merges answers of the spool and of the engine, each of which has every line of its own positions. Pure.
import { compareKeys, type LineKey, lineId, parseId } from '../embedded/partitions/line-key.ts'
import type { LogLine } from '../line.ts'
import type { Bucket, Count, Page } from '../store.ts'
import type { EngineOrder } from './driver.ts'

/** Above this many lines a count is a lower bound. */
export const MAX_EXACT_COUNT = 100_000

/** Lines in order; `reached` is how far a part came when there may be more, else null. */
export type PagePart = { lines: readonly LogLine[]; reached: LineKey | null; isTimedOut: boolean }

/** The place of a line among all lines. */
export function keyOf({ id }: Pick<LogLine, 'id'>): LineKey {
  return parseId(id)!
}

/** A page of a store as a part. */
export function partOf({ lines, next, searchedTo }: Page): PagePart {
  return { lines, reached: next === null ? null : parseId(next), isTimedOut: searchedTo !== null }
}

export function comparatorOf(order: EngineOrder): (a: LineKey, b: LineKey) => number {
  return order === 'newest' ? (a, b) => compareKeys(b, a) : compareKeys
}

/** One page of several parts: lines beyond the place that every part reached do not count. */
export function mergePages(parts: readonly PagePart[], order: EngineOrder, limit: number): Page {
  const compare = comparatorOf(order)
  const cut = parts.filter(({ reached }) => reached !== null).sort((a, b) => compare(a.reached!, b.reached!))[0]
  const lines = parts
    .flatMap(part => part.lines.map(line => ({ line, key: keyOf(line) })))
    .filter(({ key }) => !cut || compare(key, cut.reached!) <= 0)
    .sort((a, b) => compare(a.key, b.key))
    .map(({ line }) => line)
  if (lines.length > limit) return { lines: lines.slice(0, limit), next: lines[limit - 1]!.id, searchedTo: null }
  if (!cut) return { lines, next: null, searchedTo: null }
  return { lines, next: lineId(cut.reached!), searchedTo: cut.isTimedOut ? cut.reached!.timestamp : null }
}

export function mergeCounts(counts: readonly Count[]): Count {
  const total = counts.reduce((sum, count) => sum + count.total, 0)
  const isCapped = total > MAX_EXACT_COUNT || counts.some(({ atLeast, searchedTo }) => atLeast && searchedTo === null)
  if (isCapped) return { total: MAX_EXACT_COUNT, atLeast: true, searchedTo: null }
  return { total, atLeast: counts.some(({ atLeast }) => atLeast), searchedTo: nearest(counts) }
}

/** The instant to which every part was searched; null when all were searched to the end. */
export function nearest(parts: readonly { searchedTo: number | null }[]): number | null {
  const reached = parts.flatMap(({ searchedTo }) => searchedTo ?? [])
  return reached.length === 0 ? null : Math.max(...reached)
}

/** Adds up buckets of the same chart, the later part of which every part has. */
export function mergeBuckets(charts: readonly (readonly Bucket[])[]): Bucket[] {
  const [first, ...others] = charts.toSorted((a, b) => a.length - b.length)
  return (first ?? []).map(({ from, counts }) => {
    const sum = { ...counts }
    for (const chart of others) {
      const own = chart.find(bucket => bucket.from === from)?.counts
      if (own) for (const level of Object.keys(sum) as (keyof typeof sum)[]) sum[level] += own[level]
    }
    return { from, counts: sum }
  })
}
