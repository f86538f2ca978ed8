// Lines in the order they were stored: each once, whatever is stored, purged or restarted meanwhile.
import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../../time.ts'
import type { LogLine } from '../line.ts'
import type { LogFeed } from '../store.ts'
import { ALL, aFolder, allPages, aStore, batchOf, messages, NOON, where, word } from './store.testing.ts'

const PLENTY = { lines: 1_000, bytes: 10_000_000 }

describe('lines in the order they were stored', () => {
  it('are given page by page from a position on, over partitions, days and retentions', async () => {
    const store = await aStore({ partitionLines: 40 })
    for (let i = 0; i < 40; i++) {
      const lines = Array.from({ length: 5 }, (_, n) => ({ message: `b${i} n${n}`, timestamp: NOON - i * HOUR + n }))
      const changes = { receivedAt: NOON - (i % 3) * DAY, retentionMs: (1 + (i % 2)) * DAY, idempotencyKey: `b${i}` }
      await store.append(batchOf(lines, changes))
    }
    const stored = (await allPages(store, ALL)).sort((a, b) => (a.id < b.id ? -1 : 1))
    for (const lines of [1, 7, 1_000]) {
      const { found, pages } = await follow(store, 0, { ...PLENTY, lines })
      expect(found).toEqual(stored)
      expect(Math.max(...pages)).toBe(Math.min(lines, stored.length))
    }
    const { next } = await store.linesAfter(0, { ...PLENTY, lines: 77 })
    expect((await follow(store, next, PLENTY)).found).toEqual(stored.slice(77))
  })

  it('come in pages of about so many bytes, of one line at least', async () => {
    const store = await aStore()
    const lines = Array.from({ length: 30 }, (_, i) => ({
      message: `${i} ${'x'.repeat(1_000)}`,
      attributes: { a: 'é'.repeat(500) },
    }))
    await store.append(batchOf(lines))
    expect((await follow(store, 0, { lines: 1_000, bytes: 10_000 })).pages.filter(count => count > 0)).toEqual([
      5, 5, 5, 5, 5, 5,
    ])
    expect((await follow(store, 0, { lines: 1_000, bytes: 1 })).pages.filter(count => count > 0).length).toBe(30)
  })

  it('begin where the reader is told that everything is committed, when it wants new lines only', async () => {
    const store = await aStore()
    await store.append(batchOf([{ message: 'before' }]))
    const { lines, next, committedTo } = await store.linesAfter(0, { lines: 0, bytes: 1 })
    expect([lines, next]).toEqual([[], committedTo])
    await store.append(batchOf([{ message: 'after' }]))
    expect(messages((await store.linesAfter(committedTo, PLENTY)).lines)).toEqual(['after'])
  })

  it('are each given once to a reader that follows while many batches are stored at once', async () => {
    const store = await aStore({ partitionLines: 300 })
    let isStoring = true
    const storing = Promise.all(
      Array.from({ length: 8 }, async (_, sender) => {
        for (let i = 0; i < 25; i++) {
          const name = `${sender} ${i}`
          const lines = Array.from({ length: 1 + (i % 9) }, (_, n) => ({ message: `${name} ${n}` }))
          await store.append(batchOf(lines, { idempotencyKey: name, receivedAt: NOON + (i % 4) * DAY }))
        }
      }),
    ).finally(() => {
      isStoring = false
    })
    const found: LogLine[] = []
    for (let position = 0, isLast = false; !isLast; ) {
      isLast = !isStoring
      const read = await follow(store, position, { lines: 50, bytes: 3_000 })
      found.push(...read.found)
      position = read.position
    }
    await storing
    const stored = (await allPages(store, ALL)).sort((a, b) => (a.id < b.id ? -1 : 1))
    expect(found).toEqual(stored)
  })

  it('lack what was purged and dropped, and continue after it', async () => {
    const store = await aStore()
    await store.append(batchOf([{ message: 'short' }], { retentionMs: DAY }))
    await store.append(batchOf([{ message: 'secret' }, { message: 'long' }], { retentionMs: 7 * DAY }))
    const { position } = await follow(store, 0, PLENTY)
    await store.purge(where(word('secret')))
    await store.maintain(NOON + 3 * DAY)
    expect(messages((await follow(store, 0, PLENTY)).found)).toEqual(['long'])
    await store.append(batchOf([{ message: 'later' }]))
    expect(messages((await follow(store, position, PLENTY)).found)).toEqual(['later'])
  })

  it('continue after a restart where the reader was', async () => {
    const folder = aFolder()
    const first = await aStore({ folder })
    await first.append(batchOf([{ message: 'read' }]))
    const { position } = await follow(first, 0, PLENTY)
    await first.append(batchOf([{ message: 'unread' }]))
    await first.close()
    const second = await aStore({ folder })
    await second.append(batchOf([{ message: 'new' }]))
    expect(messages((await follow(second, position, PLENTY)).found)).toEqual(['unread', 'new'])
  })

  it('are refused for a position that is none', async () => {
    const store = await aStore()
    for (const position of [-1, 0.5, Number.NaN, 2 ** 60])
      await expect(store.linesAfter(position, PLENTY)).rejects.toMatchObject({
        code: 'invalid',
        fields: { position: expect.any(String) },
      })
  })
})

/** Reads from a position to the end of what is committed; `pages` has the number of lines of each page. */
async function follow(feed: LogFeed, from: number, limits: { lines: number; bytes: number }) {
  const found: LogLine[] = []
  const pages: number[] = []
  for (let position = from; ; ) {
    const page = await feed.linesAfter(position, limits)
    found.push(...page.lines)
    pages.push(page.lines.length)
    expect(page.next).toBeGreaterThanOrEqual(position)
    position = page.next
    if (page.next >= page.committedTo) return { found, pages, position }
  }
}
