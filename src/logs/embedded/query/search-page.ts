// One page of the lines that fit, over all partitions, in the order of time and then as stored.
import type { Sqlite } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import type { Page, PageRequest } from '../../store.ts'
import { compareKeys, LAST_POSITION, type LineKey, lineId, parseCursor } from '../partitions/line-key.ts'
import { type Order, type Span, slotFrom, spanBetween } from './index-lookup.ts'
import { coverage, type Library, type Selection, searchJob, selectionOf } from './search-job.ts'
import type { Slice } from './slices.ts'
import { type Walk, walkLines } from './walk.ts'

/** Answers a page request; `invalid` for a bad cursor. */
export function searchPage(library: Library, request: PageRequest): Promise<Page> {
  const { query, order, limit, withinMs } = request
  const cursor = request.cursor === null ? null : parseCursor(request.cursor)
  return searchFrom(library, selectionOf(query), { ...query, order, limit, cursor, withinMs })
}

export type Course = {
  from: number | null
  until: number | null
  order: Order
  limit: number
  cursor: LineKey | null
  withinMs: number
}

/** The page of a selection after `cursor`, in the order of the course. */
export async function searchFrom(library: Library, selection: Selection, course: Course): Promise<Page> {
  const { order, limit, withinMs } = course
  const job = searchJob(library, selection)
  const deadline = performance.now() + withinMs
  const found: LogLine[] = []
  let cutoff = null as LineKey | null
  const lastSlice = await job.slices(startingAt(coverage(course, library), course), order, withinMs, slice => {
    const wanted = limit + 1 - found.length
    const takes: Take[] = []
    job.each(slice, (db, plan) => {
      const span = spanOf(db, slice, course)
      takes.push(take({ db, plan, fits: selection.fits, span, order, deadline }, wanted))
    })
    // Nothing counts beyond the place that every partition got to.
    const reached = takes.flatMap(each => each.stoppedAt ?? []).sort(inOrder(order))[0]
    const lines = takes.flatMap(each => each.lines).sort(inOrder(order))
    for (const { line, ...key } of lines) if (!reached || inOrder(order)(key, reached) <= 0) found.push(line)
    if (found.length > limit) return 'done'
    cutoff = reached ?? null
    return reached ? 'done' : 'go on'
  })
  // An id is also the cursor that goes on behind it.
  if (found.length > limit) return { lines: found.slice(0, limit), next: found[limit - 1]!.id, searchedTo: null }
  const end: LineKey | null = cutoff ?? (lastSlice && edgeOf(lastSlice, order))
  return { lines: found, next: end && lineId(end), searchedTo: end?.timestamp ?? null }
}

type Found = LineKey & { line: LogLine }
type Take = { lines: Found[]; stoppedAt: LineKey | null }

/** Up to `wanted` lines of a partition; `stoppedAt` is where it stopped short of the end. */
function take(walk: Walk, wanted: number): Take {
  const lines: Found[] = []
  const stoppedAt = walkLines(walk, (line, key) => {
    lines.push({ ...key, line })
    return lines.length === wanted ? 'done' : 'go on'
  })
  return { lines, stoppedAt }
}

function startingAt({ from, until }: Slice, { order, cursor }: Course): Slice {
  if (cursor === null) return { from, until }
  return order === 'newest'
    ? { from, until: Math.min(until, cursor.timestamp + 1) }
    : { from: Math.max(from, cursor.timestamp), until }
}

/** A slice of one partition, without what the cursor has passed. */
function spanOf(db: Sqlite, slice: Slice, { order, cursor }: Course): Span {
  const span = spanBetween(slice.from, slice.until)
  if (cursor === null) return span
  const { timestamp, position } = cursor
  if (order === 'newest' && span.last.timestamp === timestamp) span.last.slot = slotFrom(db, position) - 1
  if (order === 'oldest' && span.first.timestamp === timestamp) span.first.slot = slotFrom(db, position + 1)
  return span
}

function inOrder(order: Order): (a: LineKey, b: LineKey) => number {
  return order === 'newest' ? (a, b) => compareKeys(b, a) : compareKeys
}

/** The key just before everything that lies beyond a slice. */
function edgeOf({ from, until }: Slice, order: Order): LineKey {
  return order === 'newest' ? { timestamp: from, position: 0 } : { timestamp: until - 1, position: LAST_POSITION }
}
