// Contract of log stores, paging: shared timestamps, lines that arrive meanwhile, clocks that jump, searches out of time.
import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../../time.ts'
import type { LogLine } from '../line.ts'
import { ALL, AMPLE_MS, allPages, asStored, batchOf, bytes, messages, NOON, where, word } from '../store.testing.ts'
import type { PageRequest } from '../store.ts'
import { fresh, type Made, type Open, shared, store } from './made.testing.ts'

const REGEX = { kind: 'regex' as const, source: '^[a-z]{6} ', caseless: false }

export function pagingContract(open: Open): void {
  describe('paging', () => {
    const made = shared(open)

    it('returns two thousand lines of one timestamp, each once and in order, in both directions', async () => {
      const own = await fresh(open, { partitionLines: 300 })
      for (let at = 0; at < 2_000; at += 50) {
        // Keys spread the lines over several writers.
        const lines = Array.from({ length: 50 }, (_, i) => ({ message: `same ${at + i}`, timestamp: NOON }))
        await own.store.append(batchOf(lines, { idempotencyKey: `same ${at}` }))
        if (at % 500 === 450) await own.settle()
      }
      const expected = Array.from({ length: 2_000 }, (_, i) => `same ${i}`)
      expect(messages(await allPages(own.store, ALL, 'oldest', 33))).toEqual(expected)
      expect(messages(await allPages(own.store, ALL, 'newest', 70))).toEqual(expected.toReversed())
      expect(messages(await allPages(own.store, where(word('same')), 'newest', 64))).toEqual(expected.toReversed())
    })

    it('includes the lines at the very bounds of what is stored together', async () => {
      await store(made(), batchOf([0, 5, 9].map(at => ({ message: `at ${at}`, timestamp: NOON + at }))))
      const between = async (from: number | null, until: number | null) =>
        messages(await allPages(made().store, { where: null, from, until }, 'oldest'))
      expect(await between(NOON + 9, null)).toEqual(['at 9'])
      expect(await between(NOON + 9, NOON + 10)).toEqual(['at 9'])
      expect(await between(null, NOON + 1)).toEqual(['at 0'])
      expect(await between(null, NOON)).toEqual([])
      expect(await between(NOON + 10, null)).toEqual([])
      const last = { where: null, from: NOON + 9, until: null }
      expect(await made().store.count(last, AMPLE_MS)).toMatchObject({ total: 1 })
    })

    it('is not disturbed by lines that arrive meanwhile, nor by their sealing', async () => {
      const some = (name: string, at: number) =>
        Array.from({ length: 40 }, (_, i) => ({ message: `${name} ${i}`, timestamp: at + i }))
      await made().store.append(batchOf(some('early', NOON)))
      const found: LogLine[] = []
      let cursor: string | null = null
      for (let round = 0; ; round++) {
        const page = await made().store.search({ query: ALL, order: 'newest', limit: 7, cursor, timeoutMs: AMPLE_MS })
        found.push(...page.lines)
        cursor = page.next
        if (cursor === null) break
        await store(made(), batchOf(some(`late ${round}`, NOON + 100 + round)))
      }
      expect(messages(found)).toEqual(Array.from({ length: 40 }, (_, i) => `early ${39 - i}`))
    })

    it('ends exactly where the lines end, and rejects an invalid cursor', async () => {
      await store(made(), batchOf([{ message: 'a' }, { message: 'b' }, { message: 'c' }]))
      const page = (limit: number) =>
        made().store.search({ query: ALL, order: 'oldest', limit, cursor: null, timeoutMs: AMPLE_MS })
      expect((await page(3)).next).toBe(null)
      expect((await page(2)).next).not.toBe(null)
      expect((await page(4)).next).toBe(null)
      const request: PageRequest = {
        query: ALL,
        order: 'newest',
        limit: 1,
        cursor: "x'; drop table lines",
        timeoutMs: 1,
      }
      await expect(made().store.search(request)).rejects.toMatchObject({
        code: 'invalid',
        fields: { cursor: expect.any(String) },
      })
      expect(await made().store.read("x'; drop table lines")).toBe(null)
      expect(await made().store.read('zzzzzzzzzzzzzzzzzz')).toBe(null)
      expect(await made().store.context('0', 1, 1)).toEqual([])
    })
  })

  describe('time', () => {
    const made = shared(open)

    it('finds lines of last week, of next year and of long ago by their own time', async () => {
      const times = [NOON - 7 * DAY, NOON + 365 * DAY, Date.UTC(1999, 0, 1), NOON, Date.UTC(2101, 5, 5)]
      for (const [i, timestamp] of times.entries())
        await made().store.append(batchOf([{ message: `line ${i}`, timestamp: new Date(timestamp).toISOString() }]))
      await made().settle()
      const found = async (query: typeof ALL) => messages(await allPages(made().store, query))
      expect(await found(ALL)).toEqual(['line 4', 'line 1', 'line 3', 'line 0', 'line 2'])
      expect(await found({ where: word('line'), from: NOON - 8 * DAY, until: NOON - 6 * DAY })).toEqual(['line 0'])
      const next = { where: null, from: NOON + HOUR, until: NOON + 1_000 * DAY }
      expect(await made().store.count(next, AMPLE_MS)).toEqual({ total: 1, atLeast: false, searchedTo: null })
    })

    it('stores every line when the clock jumps a day back and a year ahead', async () => {
      const clock = [NOON, NOON - DAY, NOON + 365 * DAY, NOON + 1, NOON - 1]
      for (const [i, receivedAt] of clock.entries())
        await made().store.append(batchOf([{ message: `tick ${i}` }], { receivedAt }))
      await made().settle()
      const lines = await allPages(made().store, ALL, 'oldest')
      expect(lines.map(line => [line.message, line.timestamp])).toEqual([
        ['tick 1', NOON - DAY],
        ['tick 4', NOON - 1],
        ['tick 0', NOON],
        ['tick 3', NOON + 1],
        ['tick 2', NOON + 365 * DAY],
      ])
      expect(messages(asStored(lines))).toEqual(['tick 0', 'tick 1', 'tick 2', 'tick 3', 'tick 4'])
    })
  })

  describe('a search without any time left', () => {
    it('continues where it stopped until it has found everything, and says how far it got', async () => {
      const made = await fresh(open)
      const wanted = await fill(made, 9_000)
      for (const order of ['newest', 'oldest'] as const) {
        const found: LogLine[] = []
        const reached: number[] = []
        let cursor: string | null = null
        do {
          const page = await made.store.search({ query: where(REGEX), order, limit: 3, cursor, timeoutMs: 0 })
          found.push(...page.lines)
          if (page.searchedTo !== null) reached.push(page.searchedTo)
          expect(page.searchedTo === null || page.next !== null).toBe(true)
          cursor = page.next
        } while (cursor !== null)
        expect(messages(found)).toEqual(order === 'oldest' ? wanted : wanted.toReversed())
        expect(reached).toEqual(reached.toSorted((a, b) => (order === 'oldest' ? a - b : b - a)))
      }
      const { total, atLeast, searchedTo } = await made.store.count(where(REGEX), 0)
      expect(atLeast).toBe(searchedTo !== null)
      expect(atLeast ? total <= wanted.length : total === wanted.length).toBe(true)
      const partial = await made.store.histogram(where(REGEX), NOON, NOON + 9_000, 9, 0)
      const all = await made.store.histogram(where(REGEX), NOON, NOON + 9_000, 9, AMPLE_MS)
      expect(all.length).toBe(9)
      expect(partial).toEqual(all.slice(9 - partial.length))
      expect(await made.store.count(where(REGEX), AMPLE_MS)).toMatchObject({ total: wanted.length, atLeast: false })
    })
  })
}

export function countContract(open: Open): void {
  it('counts exactly up to a hundred thousand', async () => {
    const made = await fresh(open)
    const body = 'many\n'.repeat(10_000)
    for (let i = 0; i < 11; i++) await made.store.append(batchOf([], { body: bytes(body), format: 'text' }))
    await made.settle()
    const many = { total: 100_000, atLeast: true, searchedTo: null }
    expect(await made.store.count(where(word('many')), AMPLE_MS)).toEqual(many)
    expect(await made.store.count(ALL, AMPLE_MS)).toEqual(many)
    expect(await made.store.count({ ...ALL, from: NOON - 1 }, AMPLE_MS)).toEqual(many)
  })
}

/** Lines a millisecond apart, every 500th a needle; returns the needles, oldest first. */
async function fill(made: Made, count: number): Promise<string[]> {
  const lines = Array.from({ length: count }, (_, i) => ({
    message: i % 500 === 0 ? `needle ${i}` : `hay ${i}`,
    timestamp: NOON + i,
    tags: ['t'],
  }))
  // Out of order, so that the order of storing and that of time differ.
  for (let at = 0; at < count; at += 2_000) {
    const part = lines.slice(at, at + 2_000).toReversed()
    await made.store.append(batchOf(part, { idempotencyKey: `part ${at}` }))
    if (at % 4_000 === 0) await made.settle()
  }
  return lines.filter(line => line.message.startsWith('needle')).map(line => line.message)
}
