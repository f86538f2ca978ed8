// Cuts the time range of a query into slices with about as many lines as can be searched in a moment.
import { setImmediate } from 'node:timers/promises'
import type { Order } from './index-lookup.ts'

/** Timestamps from `from` (included) to `until` (excluded). */
export type Slice = { from: number; until: number }

/** The first slice covers this many marks; the next ones grow or shrink with the time that a slice takes. */
const INITIAL_MARKS = 4
const GROW_BELOW_MS = 5
const SHRINK_ABOVE_MS = 20

/**
 * Visits slice after slice until `visit` returns `stop`, all are visited, or `deadline` (of `performance.now`) is past; at
 * least one is visited. Other work runs in between. Resolves with the last slice when time ran out, else null.
 */
export async function eachSlice(
  whole: Slice,
  marks: readonly number[],
  order: Order,
  deadline: number,
  visit: (slice: Slice) => 'continue' | 'stop',
): Promise<Slice | null> {
  const edges = edgesOf(whole, marks)
  if (order === 'newest') edges.reverse()
  let size = INITIAL_MARKS
  for (let at = 0; at < edges.length - 1; ) {
    const next = Math.min(edges.length - 1, at + size)
    const [a, b] = [edges[at]!, edges[next]!]
    const slice = { from: Math.min(a, b), until: Math.max(a, b) }
    const startedAt = performance.now()
    if (visit(slice) === 'stop') return null
    const now = performance.now()
    at = next
    if (now > deadline) return at < edges.length - 1 ? slice : null
    if (now - startedAt < GROW_BELOW_MS) size *= 4
    else if (now - startedAt > SHRINK_ABOVE_MS) size = Math.max(1, Math.floor(size / 4))
    await setImmediate()
  }
  return null
}

function edgesOf({ from, until }: Slice, marks: readonly number[]): number[] {
  if (from >= until) return []
  const inside = marks.filter(mark => mark > from && mark < until).sort((a, b) => a - b)
  return [from, ...inside.filter((mark, i) => mark !== inside[i - 1]), until]
}
