// Cuts the time that a query covers into slices of about as many lines as can be searched in a moment.
import { setImmediate } from 'node:timers/promises'
import type { Order } from './index-lookup.ts'

/** Timestamps from `from` (included) to `until` (excluded). */
export type Slice = { from: number; until: number }

const FIRST_MARKS = 4
const QUICK_MS = 5
const SLOW_MS = 20

/**
 * Visits slice after slice until `visit` says that it is done, all are visited, or `deadline` (of `performance.now`) is
 * past; at least one is. Lets other work in between. Answers with the last slice when time ran out, else null.
 */
export async function eachSlice(
  whole: Slice,
  marks: readonly number[],
  order: Order,
  deadline: number,
  visit: (slice: Slice) => 'go on' | 'done',
): Promise<Slice | null> {
  const edges = edgesOf(whole, marks)
  if (order === 'newest') edges.reverse()
  let size = FIRST_MARKS
  for (let at = 0; at < edges.length - 1; ) {
    const next = Math.min(edges.length - 1, at + size)
    const [a, b] = [edges[at]!, edges[next]!]
    const slice = { from: Math.min(a, b), until: Math.max(a, b) }
    const begun = performance.now()
    if (visit(slice) === 'done') return null
    const now = performance.now()
    at = next
    if (now > deadline) return at < edges.length - 1 ? slice : null
    if (now - begun < QUICK_MS) size *= 4
    else if (now - begun > SLOW_MS) size = Math.max(1, Math.floor(size / 4))
    await setImmediate()
  }
  return null
}

function edgesOf({ from, until }: Slice, marks: readonly number[]): number[] {
  if (from >= until) return []
  const inside = marks.filter(mark => mark > from && mark < until).sort((a, b) => a - b)
  return [from, ...inside.filter((mark, i) => mark !== inside[i - 1]), until]
}
