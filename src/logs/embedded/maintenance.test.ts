// Maintenance: purge, retention, the disk budget, merging, restarts and archives.
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { describe, expect, it, vi } from 'vitest'
import { DAY, HOUR } from '../../time.ts'
import type { LogLine } from '../line.ts'
import type { EmbeddedLogStore } from './embedded-log-store.ts'
import {
  ALL,
  AMPLE_MS,
  aFolder,
  allPages,
  aStore,
  batchOf,
  maintained,
  messages,
  NOON,
  sharedStore,
  where,
  word,
} from './store.testing.ts'

const RETENTION_MS = 3 * DAY

describe('a purge', () => {
  const shared = sharedStore()

  it('removes matching lines and their words in the index, and nothing else', async () => {
    const folder = aFolder()
    const store = await aStore({ folder })
    for (let at = 0; at < 1_500; at += 250) {
      const lines = Array.from({ length: 250 }, (_, i) => ({
        message: `${(at + i) % 3 === 0 ? 'hushhushpassword' : 'harmless'} n${at + i}`,
        host: 'h',
        tags: ['t'],
        stack: 'at somewhere',
        attributes: { n: i },
      }))
      await store.append(batchOf(lines, { idempotencyKey: `part ${at}` }))
    }
    expect(await store.purge(where(word('hushhushpassword')))).toBe(500)
    expect(await store.purge(where(word('hushhushpassword')))).toBe(0)
    expect((await store.status()).lines).toBe(1_000)
    expect((await store.count(ALL, AMPLE_MS)).total).toBe(1_000)
    expect((await allPages(store, where(word('n0')))).length).toBe(0)
    expect((await allPages(store, where(word('n1')))).length).toBe(1)
    await store.close()
    // Not on the disk either, neither as text nor as a word of the index.
    for (const file of readdirSync(folder)) expect(readFileSync(join(folder, file)).includes('hushhush')).toBe(false)
  })

  it('removes lines that the index cannot decide on, within its time range only', async () => {
    const store = shared()
    const lines = Array.from({ length: 100 }, (_, i) => ({
      message: `m${i}`,
      timestamp: NOON + i,
      attributes: { user: { id: i % 10 } },
    }))
    await store.append(batchOf(lines))
    const user = { kind: 'attribute' as const, path: 'user.id', comparison: '=' as const, value: '7' }
    expect(await store.purge({ where: user, from: NOON, until: NOON + 50 })).toBe(5)
    expect(await store.purge({ where: { kind: 'not', part: user }, from: null, until: null })).toBe(90)
    expect(messages(await allPages(store, ALL, 'oldest'))).toEqual(['m57', 'm67', 'm77', 'm87', 'm97'])
  })

  it('does not block appends, and does not touch lines stored meanwhile', async () => {
    const store = shared()
    await store.append(batchOf(Array.from({ length: 5_000 }, () => ({ message: 'old' }))))
    const purged = store.purge(ALL)
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.append(batchOf([{ message: `new ${i}` }]))))
    expect(await purged).toBe(5_000)
    expect(await store.count(where(word('old')), AMPLE_MS)).toMatchObject({ total: 0 })
    expect(await store.count(where(word('new')), AMPLE_MS)).toMatchObject({ total: 50 })
  })
})

describe('retention', () => {
  it('drops a partition when its last line is past it, with a message', async () => {
    const folder = aFolder()
    const store = await aStore({ folder })
    await store.append(batchOf([{ message: 'short' }], { retentionMs: DAY }))
    await store.append(batchOf([{ message: 'long' }], { retentionMs: 7 * DAY }))
    const endOfDay = NOON + DAY / 2
    expect(await maintained(store, endOfDay + DAY - 1)).toEqual([])
    expect(messages(await allPages(store, ALL, 'oldest'))).toEqual(['short', 'long'])
    expect(await maintained(store, endOfDay + DAY)).toEqual([
      expect.stringMatching(
        /^Dropped the log partition 2026-11-21\.1d\.0 \(1 line, \d+ kB\): its lines are past their retention\.$/,
      ),
    ])
    expect(messages(await allPages(store, ALL))).toEqual(['long'])
    expect(readdirSync(folder).some(file => file.includes('.1d.'))).toBe(false)
    await store.append(batchOf([{ message: 'short again' }], { retentionMs: DAY }))
    expect(messages(await allPages(store, ALL, 'oldest'))).toEqual(['long', 'short again'])
  })
})

describe('the disk budget', () => {
  it('drops the oldest partition first, with a message, and never the open one', async () => {
    const store = await aStore({ diskBudgetBytes: 100_000 })
    for (const [day, name] of ['oldest', 'older', 'today'].entries()) {
      const lines = Array.from({ length: 400 }, (_, i) => ({ message: `${name} ${i} ${'text '.repeat(20)}` }))
      await store.append(batchOf(lines, { receivedAt: NOON + day * DAY }))
    }
    const dropped = await maintained(store, NOON + 2 * DAY)
    expect(dropped.length).toBe(2)
    expect(dropped[0]).toMatch(/^Dropped the log partition 2026-11-21\.3d\.0 \(400 lines, .* disk budget of 100 kB\.$/)
    expect(await store.count(where(word('oldest')), AMPLE_MS)).toMatchObject({ total: 0 })
    expect(await store.count(where(word('today')), AMPLE_MS)).toMatchObject({ total: 400 })
  })
})

describe('partitions that are not archived yet', () => {
  const threeDays = async (options: { diskBudgetBytes?: number } = {}) => {
    const store = await aStore(options)
    for (const day of [0, 1, 2]) {
      const lines = Array.from({ length: 400 }, (_, i) => ({ message: `d${day} ${i} ${'text '.repeat(20)}` }))
      await store.append(batchOf(lines, { receivedAt: NOON + day * DAY }))
    }
    return store
  }
  const archived = (...names: string[]) => ({ isArchived: ({ name }: { name: string }) => names.includes(name) })
  const [FIRST, SECOND] = ['2026-11-21.3d.0', '2026-11-22.3d.0'] as const

  it('are not dropped after their retention, the archived ones are', async () => {
    const store = await threeDays()
    const late = NOON + 20 * DAY
    expect(await maintained(store, late, { ...archived(), isReachable: false })).toEqual([])
    const removed = await maintained(store, late, { ...archived(FIRST), isReachable: true })
    expect(removed).toEqual([expect.stringContaining(`Dropped the log partition ${FIRST}`)])
    expect((await store.status()).lines).toBe(800)
  })

  it('are dropped for the disk budget only while the archive is out of reach, with a message', async () => {
    const store = await threeDays({ diskBudgetBytes: 100_000 })
    const now = NOON + 2 * DAY
    expect(await maintained(store, now, { ...archived(), isReachable: true })).toEqual([])
    const { removed } = await store.maintain(now, { ...archived(SECOND), isReachable: true })
    expect(removed).toMatchObject([{ partition: { name: SECOND }, reason: 'budget', isArchived: true }])
    const forced = await store.maintain(now, { ...archived(SECOND), isReachable: false })
    expect(forced.removed).toMatchObject([
      { partition: { name: FIRST }, isArchived: false, message: expect.stringContaining('before it was archived') },
    ])
  })

  it('are closed when their day is over, even without new lines', async () => {
    const store = await threeDays()
    const open = async () => (await store.status()).partitions.filter(({ state }) => state === 'open')
    await store.maintain(NOON + 2 * DAY)
    expect(await open()).toMatchObject([{ name: '2026-11-23.3d.0' }])
    await store.maintain(NOON + 3 * DAY)
    expect(await open()).toEqual([])
  })

  it('never get the name of one dropped on the same day', async () => {
    const store = await aStore({ partitionLines: 100, diskBudgetBytes: 1 })
    const names = new Set<string>()
    for (let i = 0; i < 4; i++) {
      await store.append(batchOf(Array.from({ length: 100 }, (_, n) => ({ message: `m${i} ${n}` }))))
      await store.append(batchOf([{ message: 'another' }]))
      for (const { partition } of (await store.maintain(NOON)).removed) {
        expect(names.has(partition.name)).toBe(false)
        names.add(partition.name)
      }
    }
    expect(names.size).toBe(4)
  })
})

describe('merging', () => {
  it('merges the index of a partition that is full, on its own day already', async () => {
    const folder = aFolder()
    const store = await aStore({ folder, partitionLines: 2 })
    for (let i = 0; i < 5; i++) await store.append(batchOf([{ message: `line ${i}` }, { message: `more ${i}` }]))
    await store.maintain(NOON)
    await store.maintain(NOON)
    const { partitions } = await store.status()
    await store.close()
    const merged = partitions.map(({ name }) => {
      const file = new Database(join(folder, `${name}.db`), { readonly: true })
      const flag = file.prepare('select merged from summary').pluck().get()
      file.close()
      return flag
    })
    expect(merged.filter(flag => flag === 1).length).toBeGreaterThanOrEqual(partitions.length - 1)
    expect(partitions.length).toBeGreaterThan(2)
  })

  it('merges the index of past days step by step, without a change in search results', async () => {
    const store = await aStore()
    for (let i = 0; i < 40; i++) await store.append(batchOf([{ message: `piece n${i}` }, { message: 'common' }]))
    for (let i = 0; i < 5; i++) await maintained(store, NOON + DAY)
    expect(await store.count(where(word('common')), AMPLE_MS)).toMatchObject({ total: 40 })
    for (const i of [0, 17, 39]) expect((await allPages(store, where(word(`n${i}`)))).length).toBe(1)
    await store.append(batchOf([{ message: 'late piece' }]))
    expect(await store.count(where(word('piece')), AMPLE_MS)).toMatchObject({ total: 41 })
  })
})

describe('a restart', () => {
  it('does not change lines, ids or their order', async () => {
    const folder = aFolder()
    const first = await aStore({ folder })
    const same = (from: number) => Array.from({ length: 20 }, (_, i) => ({ message: `m${from + i}`, timestamp: NOON }))
    await first.append(batchOf(same(0)))
    const before = await allPages(first, ALL, 'oldest')
    await first.close()
    const second = await aStore({ folder })
    expect(await allPages(second, ALL, 'oldest')).toEqual(before)
    expect(await second.read(before[3]!.id)).toEqual(before[3])
    await second.append(batchOf(same(20)))
    expect(messages(await allPages(second, ALL, 'oldest'))).toEqual(Array.from({ length: 40 }, (_, i) => `m${i}`))
    expect((await second.status()).partitions).toMatchObject([{ name: '2026-11-21.3d.0', lines: 40, state: 'open' }])
  })

  it('gives higher ids even after a clock rollback of years', async () => {
    const folder = aFolder()
    const first = await aStore({ folder })
    await first.append(batchOf([{ message: 'first', timestamp: NOON }]))
    await first.close()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2001, 0, 1))
    const second = await aStore({ folder })
    clock.mockRestore()
    await second.append(batchOf([{ message: 'second', timestamp: NOON }]))
    expect(messages(await allPages(second, ALL, 'oldest'))).toEqual(['first', 'second'])
  })

  it('answers running requests before it closes', async () => {
    const store = await aStore()
    const answers = Array.from({ length: 50 }, (_, i) => store.append(batchOf([{ message: `m${i}` }])))
    await store.close()
    expect((await Promise.all(answers)).every(({ accepted }) => accepted === 1)).toBe(true)
    await expect(store.append(batchOf([{ message: 'late' }]))).rejects.toMatchObject({ code: 'busy' })
  })
})

describe('an archive', () => {
  it('is JSON lines, which are restored with their ids', async () => {
    const [folder, to] = [aFolder(), aFolder()]
    const store = await aStore({ folder })
    const before = await someLines(store)
    const { file, lines, bytes } = await store.archive('2026-11-21.3d.0', to)
    expect({ file, lines }).toEqual({ file: join(to, '2026-11-21.3d.0.ndjson.zst'), lines: 2_500 })
    const texts = zstdDecompressSync(readFileSync(file)).toString().trimEnd().split('\n')
    expect(texts.map(text => JSON.parse(text))).toEqual(before)
    expect(bytes).toBeGreaterThan(1_000)
    await expect(store.restore(file, NOON + RETENTION_MS)).rejects.toMatchObject({ code: 'conflict' })
    expect((await maintained(store, NOON + 5 * DAY)).length).toBe(1)
    expect((await store.status()).lines).toBe(0)
    expect(await store.restore(file, NOON + 9 * DAY)).toBe(2_500)
    expect(await allPages(store, ALL, 'oldest', 1_000)).toEqual(before)
    expect((await allPages(store, where(word('m77'))))[0]).toEqual(before[77])
    expect(await maintained(store, NOON + 9 * DAY - HOUR)).toEqual([])
    expect((await maintained(store, NOON + 9 * DAY)).length).toBe(1)
  })

  it('is restored as a whole or not at all', async () => {
    const [folder, to] = [aFolder(), aFolder()]
    const store = await aStore({ folder })
    await someLines(store)
    const { file } = await store.archive('2026-11-21.3d.0', to)
    await maintained(store, NOON + 5 * DAY)
    truncateSync(file, 6_000)
    await expect(store.restore(file, NOON + 9 * DAY)).rejects.toMatchObject({ code: 'invalid' })
    writeFileSync(file, 'no archive at all')
    await expect(store.restore(file, NOON + 9 * DAY)).rejects.toMatchObject({ code: 'invalid' })
    await expect(store.restore(join(to, 'x.ndjson.zst'), 0)).rejects.toMatchObject({ code: 'invalid' })
    await expect(store.restore(join(to, 'gone', '2026-11-20.3d.0.ndjson.zst'), 0)).rejects.toThrow()
    expect((await store.status()).partitions).toEqual([])
    expect(readdirSync(folder)).toEqual([])
    await expect(store.archive('2026-11-21.3d.0', to)).rejects.toMatchObject({ code: 'not_found' })
  })
})

async function someLines(store: EmbeddedLogStore): Promise<LogLine[]> {
  const lines = Array.from({ length: 2_500 }, (_, i) => ({
    message: `m${i} \u2028 é 😀`,
    timestamp: NOON + i,
    attributes: { i },
  }))
  await store.append(batchOf(lines))
  return allPages(store, ALL, 'oldest', 1_000)
}
