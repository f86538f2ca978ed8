// Long work in slices: between two of them the event loop serves beats, people and deliveries.
import { setImmediate } from 'node:timers/promises'

/** Items of one slice: a few milliseconds of work where an item takes some queries. */
export const SLICE_SIZE = 100

/** The results of `map` for all items, in order. */
export async function mapInSlices<T, R>(items: readonly T[], map: (item: T) => R, size = SLICE_SIZE): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += size) {
    if (start > 0) await setImmediate()
    for (const item of items.slice(start, start + size)) results.push(map(item))
  }
  return results
}

/** All rows of `readPage(limit, offset)`, page by page, until one is not full. */
export async function readInPages<T>(readPage: (limit: number, offset: number) => T[], size = 500): Promise<T[]> {
  const rows: T[] = []
  for (;;) {
    const page = readPage(size, rows.length)
    rows.push(...page)
    if (page.length < size) return rows
    await setImmediate()
  }
}
