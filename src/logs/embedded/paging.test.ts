// Searches over many partition files, and scans that run out of time in the middle of them.
import { describe, expect, it } from 'vitest'
import { DAY } from '../../time.ts'
import type { LogLine } from '../line.ts'
import { ALL, AMPLE_MS, allPages, batchOf, messages, NOON, where, word } from '../store.testing.ts'
import type { EmbeddedLogStore } from './embedded-log-store.ts'
import { aFolder, aStore } from './store.testing.ts'

const REGEX = { kind: 'regex' as const, source: '^[a-z]{6} ', caseless: false }

it('a search reads more partitions than are kept open', async () => {
  const folder = aFolder()
  const store = await aStore({ folder })
  const days = Array.from({ length: 34 }, (_, i) => NOON - i * DAY)
  for (const [i, receivedAt] of days.entries())
    await store.append(batchOf([{ message: `day ${i}` }], { receivedAt, idempotencyKey: `day ${i}` }))
  await store.close()
  const again = await aStore({ folder })
  for (const query of [ALL, where(word('day'))])
    expect(messages(await allPages(again, query, 'newest', 9))).toEqual(days.map((_, i) => `day ${i}`))
  expect((await again.status()).partitions.length).toBe(34)
})

describe('a scan that runs out of time', () => {
  it('returns how far it got, and continues there until it has found everything', async () => {
    const store = await aStore()
    const wanted = await fill(store, 14_000)
    for (const order of ['newest', 'oldest'] as const) {
      const found: LogLine[] = []
      const reached: number[] = []
      let cursor: string | null = null
      do {
        const page = await store.search({ query: where(REGEX), order, limit: 3, cursor, timeoutMs: 0 })
        found.push(...page.lines)
        if (page.searchedTo !== null) reached.push(page.searchedTo)
        cursor = page.next
      } while (cursor !== null)
      const inOrder = order === 'oldest' ? wanted : wanted.toReversed()
      expect(messages(found)).toEqual(inOrder)
      expect(reached.length).toBeGreaterThan(4)
      expect(reached).toEqual(reached.toSorted((a, b) => (order === 'oldest' ? a - b : b - a)))
    }
  })

  it('counts what it read, and tells that the count is incomplete', async () => {
    const store = await aStore()
    const wanted = await fill(store, 9_000)
    const { total, atLeast, searchedTo } = await store.count(where(REGEX), 0)
    expect(atLeast).toBe(true)
    expect(total).toBeLessThan(wanted.length)
    expect(searchedTo).toBeGreaterThan(NOON)
    const top = await store.top(where(REGEX), 'tag', 5, 0)
    expect(top.searchedTo).toBeGreaterThan(NOON)
    const all = await store.histogram(where(REGEX), NOON, NOON + 9_000, 9, AMPLE_MS)
    const partial = await store.histogram(where(REGEX), NOON, NOON + 9_000, 9, 0)
    expect(all.length).toBe(9)
    expect(partial.length).toBeLessThan(9)
    expect(partial).toEqual(all.slice(9 - partial.length))
    expect(await store.count(where(REGEX), AMPLE_MS)).toMatchObject({ total: wanted.length, atLeast: false })
  })
})

/** Lines a millisecond apart, every 500th a needle; returns the needles, oldest first. */
async function fill(store: EmbeddedLogStore, count: number): Promise<string[]> {
  const lines = Array.from({ length: count }, (_, i) => ({
    message: i % 500 === 0 ? `needle ${i}` : `hay ${i}`,
    timestamp: NOON + i,
    tags: ['t'],
  }))
  // Out of order, so that rows and time differ.
  for (let at = 0; at < count; at += 2_000) {
    const part = lines.slice(at, at + 2_000).toReversed()
    await store.append(batchOf(part, { idempotencyKey: `part ${at}` }))
  }
  return lines.filter(line => line.message.startsWith('needle')).map(line => line.message)
}
