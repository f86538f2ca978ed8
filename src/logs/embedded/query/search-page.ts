// One page of matching lines over all partitions, in the order of time and then as they were stored.
import type { LogLine } from '../../line.ts'
import type { Page, PageRequest } from '../../store.ts'
import { compareKeys, type LineKey, lineId, MAX_POSITION, parseCursor } from '../partitions/line-key.ts'
import { type KeyRange, keyRange, type Order, type PartitionSearch, type Selection } from './partition-search.ts'
import { coverage, type Snapshot, searchJob, selectionOf } from './search-job.ts'
import type { Slice } from './slices.ts'

/** Answers a page request. Throws `invalid` for a bad cursor. */
export function searchPage(snapshot: Snapshot, request: PageRequest): Promise<Page> {
  const { query, order, limit, timeoutMs } = request
  const cursor = request.cursor === null ? null : parseCursor(request.cursor)
  return searchFrom(snapshot, selectionOf(query), { ...query, order, limit, cursor, timeoutMs })
}

export type SearchOptions = {
  from: number | null
  until: number | null
  order: Order
  limit: number
  cursor: LineKey | null
  timeoutMs: number
}

/** The page of a selection that follows the cursor. */
export async function searchFrom(snapshot: Snapshot, selection: Selection, options: SearchOptions): Promise<Page> {
  const { order, limit, timeoutMs } = options
  const compare = comparatorFor(order)
  const job = searchJob(snapshot, selection)
  const deadline = performance.now() + timeoutMs
  const found: LogLine[] = []
  let cutoff = null as LineKey | null
  const whole = sliceAfterCursor(coverage(options, snapshot), options)
  const lastSlice = await job.slices(whole, order, timeoutMs, slice => {
    const wanted = limit + 1 - found.length
    const results: PartialResult[] = []
    const range = rangeAfterCursor(slice, options)
    job.each(slice, search => results.push(takeLines(search, { range, order, deadline }, wanted)))
    // Lines beyond the place that every partition reached do not count.
    const reached = results.flatMap(result => result.stoppedAt ?? []).sort(compare)[0]
    const lines = results.flatMap(result => result.lines).sort(compare)
    for (const { line, ...key } of lines) if (!reached || compare(key, reached) <= 0) found.push(line)
    if (found.length > limit) return 'stop'
    cutoff = reached ?? null
    return reached ? 'stop' : 'continue'
  })
  // An id is also the cursor of the page after its line.
  if (found.length > limit) return { lines: found.slice(0, limit), next: found[limit - 1]!.id, searchedTo: null }
  const end: LineKey | null = cutoff ?? (lastSlice && keyBeyond(lastSlice, order))
  return { lines: found, next: end && lineId(end), searchedTo: end?.timestamp ?? null }
}

type FoundLine = LineKey & { line: LogLine }
type PartialResult = { lines: FoundLine[]; stoppedAt: LineKey | null }

/** Up to `wanted` lines of a partition; `stoppedAt` is where the scan stopped before its end, else null. */
function takeLines(
  search: PartitionSearch,
  { range, order, deadline }: { range: KeyRange; order: Order; deadline: number },
  wanted: number,
): PartialResult {
  const lines: FoundLine[] = []
  const stoppedAt = search.scan(range, order, deadline, (line, key) => {
    lines.push({ ...key, line })
    return lines.length === wanted ? 'stop' : 'continue'
  })
  return { lines, stoppedAt }
}

function sliceAfterCursor({ from, until }: Slice, { order, cursor }: SearchOptions): Slice {
  if (cursor === null) return { from, until }
  return order === 'newest'
    ? { from, until: Math.min(until, cursor.timestamp + 1) }
    : { from: Math.max(from, cursor.timestamp), until }
}

/** The keys of a slice, without those that the cursor has passed. */
function rangeAfterCursor(slice: Slice, { order, cursor }: SearchOptions): KeyRange {
  const range = keyRange(slice.from, slice.until)
  if (cursor === null) return range
  const { timestamp, position } = cursor
  if (order === 'newest' && range.last.timestamp === timestamp) range.last.position = position - 1
  if (order === 'oldest' && range.first.timestamp === timestamp) range.first.position = position + 1
  return range
}

function comparatorFor(order: Order): (a: LineKey, b: LineKey) => number {
  return order === 'newest' ? (a, b) => compareKeys(b, a) : compareKeys
}

/** The key just before everything beyond a slice. */
function keyBeyond({ from, until }: Slice, order: Order): LineKey {
  return order === 'newest' ? { timestamp: from, position: 0 } : { timestamp: until - 1, position: MAX_POSITION }
}
