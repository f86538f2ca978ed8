// Cuts the time range of a query into slices with about as many lines as can be searched in a moment.
import type { Order } from './partition-search.ts'
import { nextTurn } from './turns.ts'

/** Timestamps from `from` (included) to `until` (excluded). */
export type Slice = { from: number; until: number }

/** The first slice covers this many marks; the next ones grow or shrink with the time that a slice takes. */
const INITIAL_MARKS = 4
/** The same where every line takes long. With one mark a page that ends at a mark would end there again and again. */
const INITIAL_MARKS_IF_SLOW = 2
const GROW_BELOW_MS = 5
const SHRINK_ABOVE_MS = 20

/**
 * Visits slice after slice until `visit` returns `stop`, all are visited, or `deadline` (of `performance.now`) is past; at
 * least one is visited. Other searches have their turns in between. `isSlow`: a line takes long, so the first slice is short.
 * Resolves with the last slice when time ran out, else null.
 */
export async function eachSlice(
  whole: Slice,
  marks: readonly number[],
  order: Order,
  deadline: number,
  visit: (slice: Slice) => 'continue' | 'stop',
  isSlow = false,
): Promise<Slice | null> {
  const edges = edgesOf(whole, marks)
  if (order === 'newest') edges.reverse()
  let size = isSlow ? INITIAL_MARKS_IF_SLOW : INITIAL_MARKS
  let usedMs = 0
  for (let at = 0; at < edges.length - 1; ) {
    const next = Math.min(edges.length - 1, at + size)
    const [a, b] = [edges[at]!, edges[next]!]
    const slice = { from: Math.min(a, b), until: Math.max(a, b) }
    const startedAt = performance.now()
    if (visit(slice) === 'stop') return null
    const now = performance.now()
    at = next
    usedMs += now - startedAt
    if (now > deadline) return at < edges.length - 1 ? slice : null
    if (now - startedAt < GROW_BELOW_MS) size *= 4
    else if (now - startedAt > SHRINK_ABOVE_MS) size = Math.max(1, Math.floor(size / 4))
    await nextTurn(usedMs)
  }
  return null
}

function edgesOf({ from, until }: Slice, marks: readonly number[]): number[] {
  if (from >= until) return []
  const inside = marks.filter(mark => mark > from && mark < until).sort((a, b) => a - b)
  return [from, ...inside.filter((mark, i) => mark !== inside[i - 1]), until]
}
