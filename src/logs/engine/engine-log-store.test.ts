// A store with an engine, which is a second embedded store here: every answer is the same wherever the lines are, also while
// the engine is away. The whole contract runs over it, and over a real cluster, by `npm run proof -- engine`.
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { DAY } from '../../time.ts'
import { asking, faultOf, valuesFault } from '../contract/brute-force.testing.ts'
import { hostileQuery, randomBatches } from '../contract/hostile-lines.testing.ts'
import { openLogStore } from '../embedded/open-log-store.ts'
import { makeFolder } from '../embedded/store.testing.ts'
import type { LogLine } from '../line.ts'
import { ALL, AMPLE_MS, allPages, asStored, batchOf, follow, messages, NOON, where, word } from '../store.testing.ts'
import { LOST_FILE } from './embedded-driver.testing.ts'
import type { EngineLogStore } from './engine-log-store.ts'
import { openEngineLogStore } from './open-engine-log-store.ts'

const MODULE = new URL('./embedded-driver.testing.ts', import.meta.url).href
const QUERIES = 12

const spool = makeFolder()
const engine = makeFolder()
let store: EngineLogStore
let all: LogLine[]

const open = (changes: { isShipping?: boolean; spoolBudgetBytes?: number; diskBudgetBytes?: number } = {}) =>
  openEngineLogStore({
    folder: spool.path,
    logger: silentLogger,
    source: { module: MODULE, options: { folder: engine.path } },
    spoolBudgetBytes: 1e9,
    now: Date.now,
    keepMs: 0,
    ...changes,
  })

/** Ships everything and lets it leave the spool. */
async function ship(): Promise<void> {
  await store.shipped()
  await store.seal()
  await store.release(NOON)
}

async function expectNoFaults(seed: number): Promise<void> {
  for (const [query, how] of fc.sample(fc.tuple(hostileQuery, asking), { numRuns: QUERIES, seed }))
    expect(await faultOf(store, all, query, how)).toBe(null)
}

beforeAll(async () => {
  // Lines from before there was an engine.
  const before = await openLogStore({ folder: spool.path, logger: silentLogger })
  for (const batch of randomBatches(40, 1, { longWord: 300 })) await before.append(batch)
  all = await allPages(before, ALL, 'oldest')
  await before.close()
  store = await open({ isShipping: false })
})
afterAll(async () => {
  await store.close()
  spool.remove()
  engine.remove()
})

describe('lines that were stored before there was an engine', () => {
  it('are found before they are shipped, and wait', async () => {
    expect(await allPages(store, ALL, 'oldest')).toEqual(all)
    expect((await store.status()).engine).toMatchObject({ waiting: all.length, away: null })
    await expectNoFaults(1)
  })

  it('keep their ids, order and counts when they have moved, beside new ones that have not', async () => {
    await store.close()
    store = await open()
    await ship()
    expect(await allPages(store, ALL, 'oldest', 7)).toEqual(all)
    const { engine: facts, lines, partitions } = await store.status()
    expect([facts!.waiting, lines, partitions.length]).toEqual([
      0,
      all.length,
      new Set(partitions.map(p => p.name)).size,
    ])
    await store.close()
    store = await open({ isShipping: false })
    for (const batch of randomBatches(40, 2, { longWord: 300 })) await store.append(batch)
    all = await allPages(store, ALL, 'oldest', 11)
    expect(all.length).toBe(lines * 2)
    expect((await store.status()).engine).toMatchObject({ waiting: lines })
    await expectNoFaults(2)
    expect(await valuesFault(store, all)).toBe(null)
    for (const line of all.filter((_, i) => i % 9 === 0)) expect(await store.read(line.id)).toEqual(line)
  })

  it('are given in the order they were stored to whoever follows, from the engine and then from here', async () => {
    for (const lines of [3, 50, 1_000])
      expect((await follow(store, 0, { lines, bytes: 1e7 })).found).toEqual(asStored(all))
  })

  it('stand beside a line wherever its neighbours are', async () => {
    for (const line of all.filter((_, i) => i % 20 === 0)) {
      const same = all.filter(
        ({ project, source, host }) => project === line.project && source === line.source && host === line.host,
      )
      const at = same.indexOf(line)
      expect(await store.context(line.id, 2, 2)).toEqual(same.slice(Math.max(0, at - 2), at + 3))
    }
  })
})

describe('while the engine is away', () => {
  const away = `${engine.path}.away`

  it('lines are stored and found, and every answer says what is missing', async () => {
    await ship0()
    expect(await store.missing({ from: null, until: null })).toEqual([])
    renameSync(engine.path, away)
    await store.append(batchOf([{ message: 'meanwhile' }]))
    expect(messages(await allPages(store, where(word('meanwhile'))))).toEqual(['meanwhile'])
    const missing = await store.missing({ from: null, until: null })
    expect(missing).toMatchObject([
      { partition: 'log engine', message: expect.stringContaining('does not answer since') },
    ])
    // What is newer than everything that left the spool is whole.
    expect(await store.missing({ from: missing[0]!.until + 1, until: null })).toEqual([])
    expect((await store.count(ALL, AMPLE_MS)).total).toBeLessThan(all.length + 1)
    expect((await store.status()).engine!.away).not.toBe(null)
    await expect(store.purge(ALL)).rejects.toMatchObject({ code: 'busy' })
  })

  it('nothing more is taken once too much waits, and everything is shipped when it is back', async () => {
    await store.close()
    store = await open({ spoolBudgetBytes: 1 })
    await expect(store.append(batchOf([{ message: 'too much' }]))).rejects.toMatchObject({ code: 'busy' })
    await store.close()
    renameSync(away, engine.path)
    store = await open()
    await ship()
    expect(messages(await allPages(store, where(word('meanwhile'))))).toEqual(['meanwhile'])
    expect((await store.count(ALL, AMPLE_MS)).total).toBe(all.length + 1)
  })
})

describe('lines that wait for the engine', () => {
  it('are neither dropped for the disk budget nor archived', async () => {
    await store.close()
    store = await open({ isShipping: false, diskBudgetBytes: 1 })
    await store.append(batchOf([{ message: 'waits' }], { receivedAt: NOON + 2 * DAY, retentionMs: 9 * DAY }))
    const waiting = (await store.status()).partitions.find(({ name }) => name.includes('.9d.'))!
    expect(waiting).toMatchObject({ lines: 1, state: 'open' })
    const { removed } = await store.maintain(NOON + 4 * DAY)
    expect(removed.map(({ partition }) => partition.name)).not.toContain(waiting.name)
    expect((await store.count(where(word('waits')), AMPLE_MS)).total).toBe(1)
    await expect(store.archive(waiting.name, spool.path)).rejects.toMatchObject({ code: 'busy' })
    await store.purge(where(word('waits')))
    await store.close()
    store = await open()
  })
})

describe('lines in both places', () => {
  it('are purged everywhere, counted once, and do not come back', async () => {
    await store.append(batchOf([{ message: 'secret new' }, { message: 'kept' }]))
    await store.shipped()
    await store.append(batchOf([{ message: 'secret newer' }]))
    expect(await store.purge(where(word('secret')))).toBe(2)
    await store.close()
    store = await open()
    await ship()
    expect((await store.count(where(word('secret')), AMPLE_MS)).total).toBe(0)
  })

  it('leave the spool, but not the answers to idempotency keys', async () => {
    const batch = () => batchOf([{ message: 'once' }], { idempotencyKey: 'key' })
    await store.append(batch())
    await ship()
    expect(await store.append(batch())).toMatchObject({ repeated: true })
    expect((await store.count(where(word('once')), AMPLE_MS)).total).toBe(1)
    await store.release(NOON + 5 * DAY)
    await store.release(NOON + 5 * DAY)
    expect(readdirSync(spool.path).filter(file => file.endsWith('.db'))).toEqual([])
    expect((await store.count(where(word('once')), AMPLE_MS)).total).toBe(1)
  })

  it('say what is missing while a partition of the engine is lost, and nothing more once it is back', async () => {
    const { partitions, lines } = await store.status()
    const { name, from, until, lines: own } = partitions[0]!
    writeFileSync(join(engine.path, LOST_FILE), name)
    expect((await store.count(ALL, AMPLE_MS)).total).toBe(lines - own)
    expect(await store.missing({ from: null, until: null })).toEqual([
      { partition: name, from, until, message: expect.stringContaining(name) },
    ])
    expect(await store.missing({ from: until + 1, until: null })).toEqual([])
    rmSync(join(engine.path, LOST_FILE))
    expect(await store.missing({ from: null, until: null })).toEqual([])
    expect((await store.count(ALL, AMPLE_MS)).total).toBe(lines)
  })

  it('expire with their partition, whatever the clock was when the spool emptied', async () => {
    const { partitions } = await store.status()
    const last = Math.max(...partitions.map(({ expiresAt }) => expiresAt!))
    const { removed, status } = await store.maintain(last)
    expect(removed.length).toBe(partitions.length)
    expect(status!.lines).toBe(0)
    await store.close()
    store = await open()
    await store.append(batchOf([{ message: 'later' }]))
    expect(messages(await allPages(store, ALL))).toEqual(['later'])
  })
})

/** Everything shipped, so that what is missing is what left the spool. */
async function ship0(): Promise<void> {
  await store.close()
  store = await open()
  await ship()
  expect(existsSync(engine.path)).toBe(true)
}
