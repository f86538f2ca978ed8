// Paging: shared timestamps, lines that arrive meanwhile, clocks that jump, and scans that run out of time.
import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../../time.ts'
import type { LogLine } from '../line.ts'
import type { PageRequest } from '../store.ts'
import type { EmbeddedLogStore } from './embedded-log-store.ts'
import {
  ALL,
  AMPLE_MS,
  aFolder,
  allPages,
  aStore,
  batchOf,
  messages,
  NOON,
  sharedStore,
  where,
  word,
} from './store.testing.ts'

const REGEX = { kind: 'regex' as const, source: 'needle \\d+', caseless: false }

describe('paging', () => {
  const shared = sharedStore()

  it('returns two thousand lines of one timestamp, each once and in order, in both directions', async () => {
    const store = await aStore({ partitionLines: 300 })
    for (let at = 0; at < 2_000; at += 50) {
      // Keys spread the lines over both writers.
      const lines = Array.from({ length: 50 }, (_, i) => ({ message: `same ${at + i}`, timestamp: NOON }))
      await store.append(batchOf(lines, { idempotencyKey: `same ${at}` }))
    }
    const expected = Array.from({ length: 2_000 }, (_, i) => `same ${i}`)
    expect((await store.status()).partitions.length).toBeGreaterThan(3)
    expect(messages(await allPages(store, ALL, 'oldest', 33))).toEqual(expected)
    expect(messages(await allPages(store, ALL, 'newest', 70))).toEqual(expected.toReversed())
    expect(messages(await allPages(store, where(word('same')), 'newest', 64))).toEqual(expected.toReversed())
  })

  it('includes the lines at the very bounds of a partition', async () => {
    const store = shared()
    await store.append(batchOf([0, 5, 9].map(at => ({ message: `at ${at}`, timestamp: NOON + at }))))
    const between = async (from: number | null, until: number | null) =>
      messages(await allPages(store, { where: null, from, until }, 'oldest'))
    expect(await between(NOON + 9, null)).toEqual(['at 9'])
    expect(await between(NOON + 9, NOON + 10)).toEqual(['at 9'])
    expect(await between(null, NOON + 1)).toEqual(['at 0'])
    expect(await between(null, NOON)).toEqual([])
    expect(await between(NOON + 10, null)).toEqual([])
    expect(await store.count({ where: null, from: NOON + 9, until: null }, AMPLE_MS)).toMatchObject({ total: 1 })
  })

  it('is not disturbed by lines that arrive meanwhile', async () => {
    const store = shared()
    const some = (name: string, at: number) =>
      Array.from({ length: 40 }, (_, i) => ({ message: `${name} ${i}`, timestamp: at + i }))
    await store.append(batchOf(some('early', NOON)))
    const found: LogLine[] = []
    let cursor: string | null = null
    for (let round = 0; ; round++) {
      const page = await store.search({ query: ALL, order: 'newest', limit: 7, cursor, timeoutMs: AMPLE_MS })
      found.push(...page.lines)
      cursor = page.next
      if (cursor === null) break
      await store.append(batchOf(some(`late ${round}`, NOON + 100 + round)))
    }
    expect(messages(found)).toEqual(Array.from({ length: 40 }, (_, i) => `early ${39 - i}`))
  })

  it('ends exactly where the lines end, and rejects an invalid cursor', async () => {
    const store = shared()
    await store.append(batchOf([{ message: 'a' }, { message: 'b' }, { message: 'c' }]))
    const page = (limit: number) =>
      store.search({ query: ALL, order: 'oldest', limit, cursor: null, timeoutMs: AMPLE_MS })
    expect((await page(3)).next).toBe(null)
    expect((await page(2)).next).not.toBe(null)
    expect((await page(4)).next).toBe(null)
    const request: PageRequest = { query: ALL, order: 'newest', limit: 1, cursor: "x'; drop table lines", timeoutMs: 1 }
    await expect(store.search(request)).rejects.toMatchObject({
      code: 'invalid',
      fields: { cursor: expect.any(String) },
    })
    expect(await store.read("x'; drop table lines")).toBe(null)
    expect(await store.read('zzzzzzzzzzzzzzzzzz')).toBe(null)
    expect(await store.context('0', 1, 1)).toEqual([])
  })
})

describe('time', () => {
  const shared = sharedStore()

  it('finds lines of last week, of next year and of long ago by their own time', async () => {
    const store = shared()
    const times = [NOON - 7 * DAY, NOON + 365 * DAY, Date.UTC(1999, 0, 1), NOON, Date.UTC(2101, 5, 5)]
    for (const [i, timestamp] of times.entries())
      await store.append(batchOf([{ message: `line ${i}`, timestamp: new Date(timestamp).toISOString() }]))
    expect(messages(await allPages(store, ALL))).toEqual(['line 4', 'line 1', 'line 3', 'line 0', 'line 2'])
    const week = { where: word('line'), from: NOON - 8 * DAY, until: NOON - 6 * DAY }
    expect(messages(await allPages(store, week))).toEqual(['line 0'])
    const next = { where: null, from: NOON + HOUR, until: NOON + 1_000 * DAY }
    expect(await store.count(next, AMPLE_MS)).toEqual({ total: 1, atLeast: false, searchedTo: null })
  })

  it('searches more partitions than it keeps open', async () => {
    const folder = aFolder()
    const store = await aStore({ folder })
    const days = Array.from({ length: 66 }, (_, i) => NOON - i * DAY)
    for (const [i, receivedAt] of days.entries())
      await store.append(batchOf([{ message: `day ${i}` }], { receivedAt, idempotencyKey: `day ${i}` }))
    await store.close()
    const again = await aStore({ folder })
    for (const query of [ALL, where(word('day'))])
      expect(messages(await allPages(again, query, 'newest', 9))).toEqual(days.map((_, i) => `day ${i}`))
    expect((await again.status()).partitions.length).toBe(66)
  })

  it('stores every line when the clock jumps a day back and a year ahead', async () => {
    const store = shared()
    const clock = [NOON, NOON - DAY, NOON + 365 * DAY, NOON + 1, NOON - 1]
    for (const [i, receivedAt] of clock.entries())
      await store.append(batchOf([{ message: `tick ${i}` }], { receivedAt }))
    const lines = await allPages(store, ALL, 'oldest')
    expect(lines.map(line => [line.message, line.timestamp])).toEqual([
      ['tick 1', NOON - DAY],
      ['tick 4', NOON - 1],
      ['tick 0', NOON],
      ['tick 3', NOON + 1],
      ['tick 2', NOON + 365 * DAY],
    ])
    const ids = lines.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    expect(messages(ids)).toEqual(['tick 0', 'tick 1', 'tick 2', 'tick 3', 'tick 4'])
  })
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

  it('counts exactly up to a hundred thousand', async () => {
    const store = await aStore()
    for (let i = 0; i < 11; i++)
      await store.append(batchOf(Array.from({ length: 10_000 }, () => ({ message: 'many' }))))
    const many = { total: 100_000, atLeast: true, searchedTo: null }
    expect(await store.count(where(word('many')), AMPLE_MS)).toEqual(many)
    expect(await store.count(ALL, AMPLE_MS)).toEqual(many)
    expect(await store.count({ ...ALL, from: NOON - 1 }, AMPLE_MS)).toEqual(many)
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
