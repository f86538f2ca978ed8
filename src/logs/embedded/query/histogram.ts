// Counts the lines that match a query, in all and over time by level.
import type { Query } from '../../query/tree.ts'
import type { Bucket, Count } from '../../store.ts'
import { keyRange } from './partition-search.ts'
import { coverage, type Snapshot, searchJob, selectionOf } from './search-job.ts'

const MAX_EXACT_COUNT = 100_000

/** Counts matching lines, newest first, until time runs out or the count exceeds the exact limit. */
export async function countLines(snapshot: Snapshot, query: Query, timeoutMs: number): Promise<Count> {
  const selection = selectionOf(query)
  const whole = coverage(query, snapshot)
  // The lines of a partition that match as a whole are known already.
  const candidates = query.where === null && !snapshot.after ? snapshot.partitions : []
  const known = candidates.filter(({ lines, from, until }) => lines > 0 && from! >= whole.from && until! < whole.until)
  const partitions = snapshot.partitions.filter(partition => !known.includes(partition))
  let total = known.reduce((sum, { lines }) => sum + lines, 0)
  let stoppedAt: number | null = null
  const deadline = performance.now() + timeoutMs
  const job = searchJob({ ...snapshot, partitions }, selection)
  const last = await job.slices(whole, 'newest', timeoutMs, slice => {
    job.each(slice, search => {
      if (total > MAX_EXACT_COUNT) return
      const found = search.count(keyRange(slice.from, slice.until), MAX_EXACT_COUNT + 1 - total, deadline)
      total += found.count
      if (found.stoppedAt !== null) stoppedAt = Math.max(stoppedAt ?? 0, found.stoppedAt)
    })
    return total > MAX_EXACT_COUNT || stoppedAt !== null ? 'stop' : 'continue'
  })
  if (total > MAX_EXACT_COUNT) return { total: MAX_EXACT_COUNT, atLeast: true, searchedTo: null }
  const searchedTo = stoppedAt ?? last?.from ?? null
  return { total, atLeast: searchedTo !== null, searchedTo }
}

/**
 * Counts per level and bucket, oldest first. When time runs out, buckets that were not searched completely are left out:
 * the first one then begins after `from`.
 */
export async function countByTime(
  snapshot: Snapshot,
  query: Query,
  { from, until, buckets, timeoutMs }: { from: number; until: number; buckets: number; timeoutMs: number },
): Promise<Bucket[]> {
  const width = Math.max(1, Math.ceil((until - from) / Math.max(1, buckets)))
  const all: Bucket[] = Array.from({ length: Math.max(0, Math.ceil((until - from) / width)) }, (_, i) => ({
    from: from + i * width,
    counts: { trace: 0, debug: 0, info: 0, warn: 0, error: 0, fatal: 0 },
  }))
  const selection = selectionOf(query)
  const bounds = {
    from: Math.max(from, query.from ?? from),
    until: Math.min(until, query.until ?? until),
  }
  const deadline = performance.now() + timeoutMs
  let stoppedAt: number | null = null
  const job = searchJob(snapshot, selection)
  const last = await job.slices(coverage(bounds, snapshot), 'newest', timeoutMs, slice => {
    job.each(slice, search => {
      const stopped = search.countLevels(
        keyRange(slice.from, slice.until),
        { from, width },
        deadline,
        (bucket, level, count) => {
          all[bucket]!.counts[level] += count
        },
      )
      if (stopped !== null) stoppedAt = Math.max(stoppedAt ?? 0, stopped)
    })
    return stoppedAt === null ? 'continue' : 'stop'
  })
  const searchedTo = stoppedAt ?? last?.from ?? null
  return searchedTo === null ? all : all.filter(bucket => bucket.from > searchedTo)
}
