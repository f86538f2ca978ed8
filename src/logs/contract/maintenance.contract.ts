// Contract of log stores, maintenance: purge, retention, the disk budget, archives, and restarts.
import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { DAY, HOUR } from '../../time.ts'
import type { LogLine } from '../line.ts'
import { ALL, AMPLE_MS, allPages, batchOf, maintained, messages, NOON, where, word } from '../store.testing.ts'
import { fresh, type Made, type Open, shared, store } from './made.testing.ts'

export function maintenanceContract(open: Open): void {
  purgeContract(open)
  retentionContract(open)
  budgetContract(open)
  restartContract(open)
  archiveContract(open)
}

export function purgeContract(open: Open): void {
  describe('a purge', () => {
    const made = shared(open)

    it('removes matching lines, and nothing else', async () => {
      for (let at = 0; at < 1_500; at += 250) {
        const lines = Array.from({ length: 250 }, (_, i) => ({
          message: `${(at + i) % 3 === 0 ? 'hushhushpassword' : 'harmless'} n${at + i}`,
          host: 'h',
          tags: ['t'],
          stack: 'at somewhere',
          attributes: { n: i },
        }))
        await made().store.append(batchOf(lines, { idempotencyKey: `part ${at}` }))
        if (at === 500) await made().settle()
      }
      await made().settle()
      const purged = where(word('hushhushpassword'))
      const before = await allPages(made().store, ALL)
      expect(await made().store.purge(purged)).toBe(500)
      expect(await made().store.purge(purged)).toBe(0)
      expect((await made().store.status()).lines).toBe(1_000)
      expect((await made().store.count(ALL, AMPLE_MS)).total).toBe(1_000)
      expect((await allPages(made().store, where(word('n0')))).length).toBe(0)
      expect((await allPages(made().store, where(word('n1')))).length).toBe(1)
      expect(await allPages(made().store, ALL)).toEqual(before.filter(line => !line.message.startsWith('hush')))
      const { rows } = await made().store.top(ALL, 'host', 5, AMPLE_MS)
      expect(rows.map(({ value, count }) => [value, count])).toEqual([['h', 1_000]])
      const drawn = await made().store.histogram(ALL, NOON, NOON + 1, 1, AMPLE_MS)
      expect(drawn[0]!.counts.info).toBe(1_000)
      const gone = before.find(line => line.message.startsWith('hush'))!
      expect(await made().store.read(gone.id)).toBe(null)
    })

    it('removes lines that an index cannot decide on, within its time range only', async () => {
      const lines = Array.from({ length: 100 }, (_, i) => ({
        message: `m${i}`,
        timestamp: NOON + i,
        attributes: { user: { id: i % 10 } },
      }))
      await store(made(), batchOf(lines))
      const user = { kind: 'attribute' as const, path: 'user.id', comparison: '=' as const, value: '7' }
      expect(await made().store.purge({ where: user, from: NOON, until: NOON + 50 })).toBe(5)
      expect(await made().store.purge({ where: { kind: 'not', part: user }, from: null, until: null })).toBe(90)
      expect(messages(await allPages(made().store, ALL, 'oldest'))).toEqual(['m57', 'm67', 'm77', 'm87', 'm97'])
    })

    it('does not block appends, and does not touch lines stored meanwhile', async () => {
      const { store: lines } = made()
      await store(made(), batchOf(Array.from({ length: 5_000 }, () => ({ message: 'old' }))))
      const purged = lines.purge(ALL)
      await Promise.all(Array.from({ length: 50 }, (_, i) => lines.append(batchOf([{ message: `new ${i}` }]))))
      expect(await purged).toBe(5_000)
      expect(await lines.count(where(word('old')), AMPLE_MS)).toMatchObject({ total: 0 })
      expect(await lines.count(where(word('new')), AMPLE_MS)).toMatchObject({ total: 50 })
    })

    it('is not undone by a restart', async () => {
      const own = await fresh(open)
      await store(own, batchOf([{ message: 'secret' }, { message: 'kept' }]))
      await own.store.purge(where(word('secret')))
      await own.restart()
      await own.settle()
      expect(messages(await allPages(own.store, ALL))).toEqual(['kept'])
    })
  })
}

export function retentionContract(open: Open): void {
  describe('retention', () => {
    it('drops what is past it as a whole, frees its bytes, and says so', async () => {
      const made = await fresh(open)
      await store(made, batchOf([{ message: 'long' }], { retentionMs: 7 * DAY }))
      await store(made, batchOf(noisyLines('short', 400), { retentionMs: DAY }))
      const { partitions, bytes } = await made.store.status()
      const ends = partitions.map(({ expiresAt }) => expiresAt!).toSorted((a, b) => a - b)
      expect(ends[0]).toBeGreaterThanOrEqual(NOON + DAY)
      expect(ends.at(-1)).toBeGreaterThanOrEqual(NOON + 7 * DAY)
      expect(await maintained(made.store, ends[0]! - 1)).toEqual([])
      expect((await made.store.count(ALL, AMPLE_MS)).total).toBe(401)
      const { removed, status } = await made.store.maintain(ends[0]!)
      expect(removed.map(({ reason, message }) => [reason, message])).toEqual([
        ['retention', expect.stringMatching(/\(400 lines, .+\): its lines are past their retention\.$/)],
      ])
      expect(messages(await allPages(made.store, ALL))).toEqual(['long'])
      expect(status!.bytes).toBeLessThan(bytes / 2)
      await store(made, batchOf([{ message: 'short again' }], { retentionMs: DAY }))
      expect(messages(await allPages(made.store, ALL, 'oldest'))).toEqual(['long', 'short again'])
    })

    it('is not changed by looking after the store again and again', async () => {
      const made = await fresh(open)
      for (let i = 0; i < 40; i++) await made.store.append(batchOf([{ message: `piece n${i}` }, { message: 'common' }]))
      await made.settle()
      for (let i = 0; i < 5; i++) await made.store.maintain(NOON + DAY)
      expect(await made.store.count(where(word('common')), AMPLE_MS)).toMatchObject({ total: 40 })
      for (const i of [0, 17, 39]) expect((await allPages(made.store, where(word(`n${i}`)))).length).toBe(1)
      await made.store.append(batchOf([{ message: 'late piece' }]))
      expect(await made.store.count(where(word('piece')), AMPLE_MS)).toMatchObject({ total: 41 })
    })
  })
}

function budgetContract(open: Open): void {
  const threeDays = async (settings: { diskBudgetBytes?: number } = {}) => {
    const made = await fresh(open, settings)
    for (const day of [0, 1, 2])
      await store(made, batchOf(noisyLines(`d${day}`, 400), { receivedAt: NOON + day * DAY }))
    return made
  }
  const archived = (...names: string[]) => ({ isArchived: ({ name }: { name: string }) => names.includes(name) })
  const daysLeft = async (made: Made) =>
    (await made.store.top(ALL, 'source', 5, AMPLE_MS)).rows.map(({ value }) => value).sort()
  const oldest = async (made: Made) =>
    (await made.store.status()).partitions.toSorted((a, b) => a.from - b.from).map(({ name }) => name)

  describe('the disk budget', () => {
    it('drops the oldest lines first, with a message, and never what still takes lines', async () => {
      const made = await threeDays({ diskBudgetBytes: 60_000 })
      expect((await made.store.status()).diskBudgetBytes).toBe(60_000)
      const { removed, status } = await made.store.maintain(NOON + 2 * DAY)
      expect(removed.length).toBeGreaterThanOrEqual(1)
      for (const { reason, message } of removed) {
        expect(reason).toBe('budget')
        expect(message).toMatch(/^Dropped .*\(400 lines, .* disk budget of 60(\.0)? kB\.$/)
      }
      const left = await daysLeft(made)
      expect(left).toEqual(['d0', 'd1', 'd2'].slice(removed.length))
      expect(left.length === 1 || status!.bytes <= 60_000).toBe(true)
    })
  })

  describe('what is not archived yet', () => {
    it('is not dropped after its retention, the archived is', async () => {
      const made = await threeDays()
      const late = NOON + 20 * DAY
      const [first] = await oldest(made)
      expect(await maintained(made.store, late, { ...archived(), isReachable: false })).toEqual([])
      const removed = await maintained(made.store, late, { ...archived(first!), isReachable: true })
      expect(removed).toEqual([expect.stringContaining(first!)])
      expect((await made.store.status()).lines).toBe(800)
      expect(await daysLeft(made)).toEqual(['d1', 'd2'])
    })

    it('is dropped for the disk budget only while the archive is out of reach, with a message', async () => {
      const made = await threeDays({ diskBudgetBytes: 30_000 })
      const now = NOON + 2 * DAY
      const [first, second] = await oldest(made)
      expect(await maintained(made.store, now, { ...archived(), isReachable: true })).toEqual([])
      const { removed } = await made.store.maintain(now, { ...archived(second!), isReachable: true })
      expect(removed).toMatchObject([{ partition: { name: second }, reason: 'budget', isArchived: true }])
      const forced = await made.store.maintain(now, { ...archived(second!), isReachable: false })
      expect(forced.removed).toMatchObject([
        { partition: { name: first }, isArchived: false, message: expect.stringContaining('before it was archived') },
      ])
    })

    it('is closed when its day is over, even without new lines', async () => {
      const made = await threeDays()
      const open = async () => (await made.store.status()).partitions.filter(({ state }) => state === 'open')
      await made.store.maintain(NOON + 2 * DAY)
      expect((await open()).map(({ from }) => from)).toEqual([NOON + 2 * DAY])
      await made.store.maintain(NOON + 3 * DAY)
      expect(await open()).toEqual([])
    })

    it('never gets the name of what was dropped on the same day', async () => {
      const made = await fresh(open, { partitionLines: 100, diskBudgetBytes: 1 })
      const names = new Set<string>()
      // A store may complete a partition a round later.
      for (let i = 0; i < 8 && names.size < 4; i++) {
        await store(made, batchOf(Array.from({ length: 100 }, (_, n) => ({ message: `m${i} ${n}` }))))
        await store(made, batchOf([{ message: 'another' }]))
        for (const { partition } of (await made.store.maintain(NOON)).removed) {
          expect(names.has(partition.name)).toBe(false)
          names.add(partition.name)
        }
      }
      expect(names.size).toBe(4)
    })
  })
}

export function restartContract(open: Open): void {
  describe('a restart', () => {
    it('does not change lines, ids or their order', async () => {
      const made = await fresh(open)
      const same = (from: number) =>
        Array.from({ length: 20 }, (_, i) => ({ message: `m${from + i}`, timestamp: NOON }))
      await store(made, batchOf(same(0)))
      const before = await allPages(made.store, ALL, 'oldest')
      await made.restart()
      expect(await allPages(made.store, ALL, 'oldest')).toEqual(before)
      expect(await made.store.read(before[3]!.id)).toEqual(before[3])
      await store(made, batchOf(same(20)))
      const all = await allPages(made.store, ALL, 'oldest')
      expect(messages(all)).toEqual(Array.from({ length: 40 }, (_, i) => `m${i}`))
      const { lines, partitions } = await made.store.status()
      expect([lines, partitions.map(({ lines, state }) => [lines, state])]).toEqual([40, [[40, 'open']]])
    })

    it('gives higher ids even after a clock rollback of years', async () => {
      const made = await fresh(open)
      await store(made, batchOf([{ message: 'first', timestamp: NOON }]))
      const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.UTC(2001, 0, 1))
      await made.restart()
      clock.mockRestore()
      await store(made, batchOf([{ message: 'second', timestamp: NOON }]))
      expect(messages(await allPages(made.store, ALL, 'oldest'))).toEqual(['first', 'second'])
    })

    it('answers running requests before it closes', async () => {
      const made = await fresh(open)
      const answers = Array.from({ length: 50 }, (_, i) => made.store.append(batchOf([{ message: `m${i}` }])))
      await made.store.close()
      expect((await Promise.all(answers)).every(({ accepted }) => accepted === 1)).toBe(true)
      await expect(made.store.append(batchOf([{ message: 'late' }]))).rejects.toMatchObject({ code: 'busy' })
    })
  })
}

function archiveContract(open: Open): void {
  describe('an archive', () => {
    it('is JSON lines, which are restored with their ids', async () => {
      const [made, to] = [await fresh(open), aFolder()]
      const { before, name } = await archivable(made)
      const { file, lines, bytes } = await made.store.archive(name, to)
      expect({ folder: dirname(file), file: basename(file), lines }).toEqual({
        ...{ folder: to, file: `${name}.ndjson.zst`, lines: 2_500 },
      })
      const texts = zstdDecompressSync(readFileSync(file)).toString().trimEnd().split('\n')
      expect(texts.map(text => JSON.parse(text))).toEqual(before)
      expect(bytes).toBe(readFileSync(file).length)
      await expect(made.store.restore(file, NOON + 3 * DAY)).rejects.toMatchObject({ code: 'conflict' })
      expect((await maintained(made.store, NOON + 5 * DAY)).length).toBe(1)
      expect((await made.store.status()).lines).toBe(0)
      expect(await made.store.restore(file, NOON + 9 * DAY)).toBe(2_500)
      expect(await allPages(made.store, ALL, 'oldest', 1_000)).toEqual(before)
      expect((await allPages(made.store, where(word('m77'))))[0]).toEqual(before[77])
      expect(await maintained(made.store, NOON + 9 * DAY - HOUR)).toEqual([])
      expect((await maintained(made.store, NOON + 9 * DAY)).length).toBe(1)
    })

    it('is restored as a whole or not at all', async () => {
      const [made, to] = [await fresh(open), aFolder()]
      const { name } = await archivable(made)
      const { file } = await made.store.archive(name, to)
      await maintained(made.store, NOON + 5 * DAY)
      truncateSync(file, 6_000)
      await expect(made.store.restore(file, NOON + 9 * DAY)).rejects.toMatchObject({ code: 'invalid' })
      writeFileSync(file, 'no archive at all')
      await expect(made.store.restore(file, NOON + 9 * DAY)).rejects.toMatchObject({ code: 'invalid' })
      await expect(made.store.restore(join(to, 'x.ndjson.zst'), 0)).rejects.toMatchObject({ code: 'invalid' })
      await expect(made.store.restore(join(to, 'gone', basename(file)), 0)).rejects.toThrow()
      expect((await made.store.status()).partitions).toEqual([])
      expect((await made.store.count(ALL, AMPLE_MS)).total).toBe(0)
      await expect(made.store.archive(name, to)).rejects.toMatchObject({ code: 'not_found' })
    })
  })
}

/** Lines in one partition, in the order they were stored, and its name. */
async function archivable(made: Made): Promise<{ before: LogLine[]; name: string }> {
  const lines = Array.from({ length: 2_500 }, (_, i) => ({
    message: `m${i} \u2028 é 😀`,
    timestamp: NOON + i,
    attributes: { i },
  }))
  await store(made, batchOf(lines))
  const before = await allPages(made.store, ALL, 'oldest', 1_000)
  const { partitions } = await made.store.status()
  expect(partitions.length).toBe(1)
  return { before, name: partitions[0]!.name }
}

/** Lines that no compression makes much smaller. */
function noisyLines(source: string, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    message: `${source} ${i} ${hash('sha512', `${source} ${i}`).replaceAll(/.{6}/g, '$& ')}`,
    source,
  }))
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-archives-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
