// Contract of log stores, the feed: each line once in the order of storing, whatever is stored, purged or restarted meanwhile.
import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../../time.ts'
import type { LogLine } from '../line.ts'
import { ALL, allPages, asStored, batchOf, follow, messages, NOON, where, word } from '../store.testing.ts'
import { fresh, type Open, shared, store } from './made.testing.ts'

const PLENTY = { lines: 1_000, bytes: 10_000_000 }

export function feedContract(open: Open): void {
  describe('lines in the order they were stored', () => {
    const made = shared(open, { partitionLines: 300 })

    it('are given page by page from a position on, over days and retentions', async () => {
      for (let i = 0; i < 40; i++) {
        const lines = Array.from({ length: 5 }, (_, n) => ({ message: `b${i} n${n}`, timestamp: NOON - i * HOUR + n }))
        const changes = { receivedAt: NOON - (i % 3) * DAY, retentionMs: (1 + (i % 2)) * DAY, idempotencyKey: `b${i}` }
        await store(made(), batchOf(lines, changes))
      }
      const stored = asStored(await allPages(made().store, ALL))
      for (const lines of [1, 7, 1_000]) {
        const { found, pages } = await follow(made().store, 0, { ...PLENTY, lines })
        expect(found).toEqual(stored)
        expect(Math.max(...pages)).toBe(Math.min(lines, stored.length))
      }
      const { next } = await made().store.linesAfter(0, { ...PLENTY, lines: 77 })
      expect((await follow(made().store, next)).found).toEqual(stored.slice(77))
    })

    it('come in pages of about so many bytes, of one line at least', async () => {
      const line = (i: number) => ({ message: `${i} ${'x'.repeat(1_000)}`, attributes: { a: 'é'.repeat(500) } })
      await store(made(), batchOf(Array.from({ length: 30 }, (_, i) => line(i))))
      const pagesOf = async (bytes: number) =>
        (await follow(made().store, 0, { lines: 1_000, bytes })).pages.filter(count => count > 0)
      expect(await pagesOf(10_000)).toEqual([5, 5, 5, 5, 5, 5])
      expect((await pagesOf(1)).length).toBe(30)
    })

    it('begin where everything is committed, for a reader that wants new lines only', async () => {
      await store(made(), batchOf([{ message: 'before' }]))
      const { lines, next, committedTo } = await made().store.linesAfter(0, { lines: 0, bytes: 1 })
      expect([lines, next]).toEqual([[], committedTo])
      await made().store.append(batchOf([{ message: 'after' }]))
      expect(messages((await made().store.linesAfter(committedTo, PLENTY)).lines)).toEqual(['after'])
    })

    it('are each given once to a reader that follows while many batches are stored at once', async () => {
      const feed = made().store
      let isStoring = true
      const storing = Promise.all(
        Array.from({ length: 8 }, async (_, sender) => {
          for (let i = 0; i < 25; i++) {
            const name = `${sender} ${i}`
            const lines = Array.from({ length: 1 + (i % 9) }, (_, n) => ({ message: `${name} ${n}` }))
            await feed.append(batchOf(lines, { idempotencyKey: name, receivedAt: NOON + (i % 4) * DAY }))
            if (sender === 0 && i % 8 === 7) await made().settle()
          }
        }),
      ).finally(() => {
        isStoring = false
      })
      const found: LogLine[] = []
      for (let position = 0, isLast = false; !isLast; ) {
        isLast = !isStoring
        const read = await follow(feed, position, { lines: 50, bytes: 3_000 })
        found.push(...read.found)
        position = read.position
      }
      await storing
      expect(found).toEqual(asStored(await allPages(feed, ALL)))
    })

    it('lack what was purged and dropped, and continue after it', async () => {
      const feed = made().store
      await store(made(), batchOf([{ message: 'short' }], { retentionMs: DAY }))
      await store(made(), batchOf([{ message: 'secret' }, { message: 'long' }], { retentionMs: 7 * DAY }))
      const { position } = await follow(feed, 0)
      await feed.purge(where(word('secret')))
      await feed.maintain(NOON + 3 * DAY)
      expect(messages((await follow(feed, 0)).found)).toEqual(['long'])
      await store(made(), batchOf([{ message: 'later' }]))
      expect(messages((await follow(feed, position)).found)).toEqual(['later'])
    })

    it('continue after a restart where the reader was', async () => {
      const own = await fresh(open)
      await store(own, batchOf([{ message: 'read' }]))
      const { position } = await follow(own.store, 0)
      await own.store.append(batchOf([{ message: 'unread' }]))
      await own.restart()
      await store(own, batchOf([{ message: 'new' }]))
      expect(messages((await follow(own.store, position)).found)).toEqual(['unread', 'new'])
    })

    it('are refused for a position that is none', async () => {
      for (const position of [-1, 0.5, Number.NaN, 2 ** 60])
        await expect(made().store.linesAfter(position, PLENTY)).rejects.toMatchObject({
          code: 'invalid',
          fields: { position: expect.any(String) },
        })
    })
  })
}
