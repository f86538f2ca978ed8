// How many lines fit, and how many of each level over time.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import { LEVELS } from '../../line.ts'
import type { Query } from '../../query/tree.ts'
import type { Bucket, Count } from '../../store.ts'
import { SLOT_BITS } from '../partitions/line-key.ts'
import { levelToken } from '../query/field-tokens.ts'
import { idSource, type Span, spanBetween } from '../query/index-lookup.ts'
import { both, decidedBy, type Plan } from '../query/plan.ts'
import { coverage, type Library, searchJob, selectionOf } from '../query/search-job.ts'
import { walkLines } from '../query/walk.ts'

/** Counting is exact up to here. */
const EXACT_UP_TO = 100_000

/** Counts what fits, newest first, until time runs out or nobody needs an exact number. */
export async function countLines(library: Library, query: Query, withinMs: number): Promise<Count> {
  const { fits, ...selection } = selectionOf(query)
  const whole = coverage(query, library)
  // Partitions of which everything fits know their number.
  const asked = query.where === null ? library.partitions : []
  const known = asked.filter(({ lines, from, until }) => lines > 0 && from! >= whole.from && until! < whole.until)
  const partitions = library.partitions.filter(partition => !known.includes(partition))
  let total = known.reduce((sum, { lines }) => sum + lines, 0)
  let stoppedAt: number | null = null
  const deadline = performance.now() + withinMs
  const job = searchJob({ ...library, partitions }, { ...selection, fits })
  const last = await job.slices(whole, 'newest', withinMs, slice => {
    job.each(slice, (db, plan) => {
      const span = spanBetween(slice.from, slice.until)
      if (plan.exact) total += total > EXACT_UP_TO ? 0 : countIds(db, plan, span, EXACT_UP_TO + 1 - total)
      else {
        const stopped = walkLines({ db, plan, fits, span, order: 'newest', deadline }, () =>
          ++total > EXACT_UP_TO ? 'done' : 'go on',
        )
        if (stopped) stoppedAt = Math.max(stoppedAt ?? 0, stopped.timestamp)
      }
    })
    return total > EXACT_UP_TO || stoppedAt !== null ? 'done' : 'go on'
  })
  if (total > EXACT_UP_TO) return { total: EXACT_UP_TO, atLeast: true, searchedTo: null }
  const searchedTo = stoppedAt ?? last?.from ?? null
  return { total, atLeast: searchedTo !== null, searchedTo }
}

/**
 * Counts per level and bucket, oldest first. When time ran out, the buckets that were not searched to their end are left
 * out: the first one then begins after `from`.
 */
export async function countByTime(
  library: Library,
  query: Query,
  { from, until, buckets, withinMs }: { from: number; until: number; buckets: number; withinMs: number },
): Promise<Bucket[]> {
  const width = Math.max(1, Math.ceil((until - from) / Math.max(1, buckets)))
  const all: Bucket[] = Array.from({ length: Math.max(0, Math.ceil((until - from) / width)) }, (_, i) => ({
    from: from + i * width,
    counts: { trace: 0, debug: 0, info: 0, warn: 0, error: 0, fatal: 0 },
  }))
  const { fits, ...selection } = selectionOf(query)
  const within = {
    from: Math.max(from, query.from ?? from),
    until: Math.min(until, query.until ?? until),
  }
  const deadline = performance.now() + withinMs
  let stoppedAt: number | null = null
  const job = searchJob(library, { ...selection, fits })
  const last = await job.slices(coverage(within, library), 'newest', withinMs, slice => {
    job.each(slice, (db, plan) => {
      const span = spanBetween(slice.from, slice.until)
      if (plan.exact) countLevels(db, plan, span, { from, width }, all)
      else {
        const stopped = walkLines({ db, plan, fits, span, order: 'newest', deadline }, line => {
          all[Math.floor((line.timestamp - from) / width)]!.counts[line.level]++
          return 'go on'
        })
        if (stopped) stoppedAt = Math.max(stoppedAt ?? 0, stopped.timestamp)
      }
    })
    return stoppedAt === null ? 'go on' : 'done'
  })
  const searchedTo = stoppedAt ?? last?.from ?? null
  return searchedTo === null ? all : all.filter(bucket => bucket.from > searchedTo)
}

function countIds(db: Sqlite, plan: Plan, span: Span, most: number): number {
  const { from, values } = idSource(plan, span)
  return prepared(db, `select count(*) from (select 1 ${from} limit ?)`)
    .pluck()
    .get(...values, most) as number
}

/** Adds to the buckets from the index alone: the level is one of its words. */
function countLevels(
  db: Sqlite,
  plan: Plan,
  span: Span,
  { from, width }: { from: number; width: number },
  buckets: Bucket[],
): void {
  for (const level of LEVELS) {
    const source = idSource(both([plan, decidedBy(`fields : "${levelToken(level)}"`)]), span)
    const rows = prepared(
      db,
      `select ((words.rowid >> ${SLOT_BITS}) - cast(? as integer)) / cast(? as integer), count(*) ${source.from} group by 1`,
    )
      .raw()
      .all(from, width, ...source.values) as [bucket: number, count: number][]
    for (const [bucket, count] of rows) buckets[bucket]!.counts[level] += count
  }
}
