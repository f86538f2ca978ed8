// Long work in slices: between two of them the event loop serves beats, people and deliveries.
import { setImmediate } from 'node:timers/promises'

/** Items of one slice: a few milliseconds of work where an item takes some queries. */
const SLICE_SIZE = 100

let lastTurn: Promise<void> = Promise.resolve()

/**
 * Waits for a turn of the event loop that no other sliced work uses: many long commands at once take longer, but stall it
 * no more than a single one.
 */
export function nextTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => setImmediate())
  return lastTurn
}

/** The results of `map` for all items, in order. */
export async function mapInSlices<T, R>(items: readonly T[], map: (item: T) => R, size = SLICE_SIZE): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += size) {
    if (items.length > size) await nextTurn()
    for (const item of items.slice(start, start + size)) results.push(map(item))
  }
  return results
}

/** All rows of `readPage(limit, offset)`, page by page, until one is not full. */
export async function readInPages<T>(readPage: (limit: number, offset: number) => T[], size = 250): Promise<T[]> {
  const rows: T[] = []
  for (;;) {
    const page = readPage(size, rows.length)
    rows.push(...page)
    if (page.length < size) return rows
    await nextTurn()
  }
}
