// Damaged partitions: quarantined with a clear message wherever the damage is met, while the others stay available.
import {
  closeSync,
  cpSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createLogger, silentLogger } from '../../logger.ts'
import { DAY } from '../../time.ts'
import { ALL, AMPLE_MS, allPages, batchOf, maintained, messages, NOON, where, word } from '../store.testing.ts'
import { PIECES_PER_BLOCK } from './blocks/schema.ts'
import { openLogStore } from './open-log-store.ts'
import { aFolder, aStore, makeFolder } from './store.testing.ts'

const YESTERDAY = '2026-11-20.3d.0'
const TODAY = '2026-11-21.3d.0'

const template = makeFolder()

/** A folder with a store of two days, 600 lines each, which every test gets a copy of. */
beforeAll(async () => {
  const store = await openLogStore({ folder: template.path, logger: silentLogger })
  for (const [name, receivedAt] of [['yesterday', NOON - DAY] as const, ['today', NOON] as const]) {
    const lines = Array.from({ length: 600 }, (_, i) => ({ message: `${name} ${i}`, timestamp: receivedAt + i }))
    await store.append(batchOf(lines, { receivedAt }))
  }
  await store.close()
})
afterAll(template.remove)

describe('a damaged partition', () => {
  it.each([
    ['a header of nonsense', (file: string) => writeFileSync(file, 'nonsense '.repeat(2_000))],
    ['pages of zeros', (file: string) => overwrite(file, 0)],
    ['a file cut short', (file: string) => writeFileSync(file, 'SQLite format 3\0')],
  ])('with %s is quarantined at the start', async (_, damage) => {
    const folder = twoDays()
    damage(join(folder, `${YESTERDAY}.db`))
    const logged: string[] = []
    const logger = createLogger('error', [], line => logged.push(JSON.parse(line).message))
    const store = await aStore({ folder, logger })
    const found = await allPages(store, ALL)
    expect(found.at(-1)!.message).toBe('today 0')
    expect(logged[0]).toMatch(
      /^The log partition 2026-11-20\.3d\.0 is damaged \(.+\) and was renamed to .*\.damaged\. /,
    )
    const { partitions } = await store.status()
    expect(partitions.map(({ name, state }) => [name, state])).toEqual([
      [TODAY, 'open'],
      [`${YESTERDAY}.db.damaged`, 'damaged'],
    ])
    expect(partitions[1]!.message).toBe(logged[0])
    await store.append(batchOf([{ message: 'yesterday again' }], { receivedAt: NOON - DAY }))
    expect(await store.count(where(word('again')), AMPLE_MS)).toMatchObject({ total: 1 })
  })

  it('that is met during a search is quarantined, and the search answers from the others', async () => {
    const folder = twoDays()
    const store = await aStore({ folder })
    overwrite(join(folder, `${YESTERDAY}.db`), 8_192 * 4)
    expect(
      messages(await allPages(store, ALL, 'newest', 1_000)).filter(message => message.startsWith('today')).length,
    ).toBe(600)
    await vi.waitFor(() => expect(readdirSync(folder)).toContain(`${YESTERDAY}.db.damaged`), { timeout: 10_000 })
    await vi.waitFor(async () => expect((await store.status()).partitions[1]!.state).toBe('damaged'))
    expect(await store.count(where(word('today')), AMPLE_MS)).toMatchObject({ total: 600 })
  })

  it.each([
    ['at the start', (file: string) => writeFileSync(file, 'nonsense '.repeat(2_000)), true],
    ['in the middle of a search', (file: string) => overwrite(file, 8_192 * 4), false],
    ['as a file that is removed', (file: string) => rmSync(file), false],
  ])('met %s is shown by every answer about its time, and by no other', async (_, damage, isBefore) => {
    const folder = twoDays()
    const file = join(folder, `${YESTERDAY}.db`)
    if (isBefore) damage(file)
    const store = await aStore({ folder })
    if (!isBefore) damage(file)
    const range = { from: NOON - DAY, until: NOON - DAY + 1_000 }
    await store.search({ query: ALL, order: 'newest', limit: 1_000, cursor: null, timeoutMs: AMPLE_MS })
    // The search itself found it, and knows at once.
    expect(await store.missing(ALL)).toMatchObject([{ partition: YESTERDAY }])
    expect(await store.missing(range)).toMatchObject([{ partition: YESTERDAY, message: expect.stringMatching(/\.$/) }])
    expect(await store.missing({ from: NOON, until: null })).toEqual([])
  })

  it('is shown after a restart, and removed when its lines are past their retention', async () => {
    const folder = twoDays()
    writeFileSync(join(folder, `${YESTERDAY}.db`), 'nonsense '.repeat(2_000))
    await (await aStore({ folder })).close()
    const store = await aStore({ folder })
    expect((await store.status()).partitions[1]).toMatchObject({ name: `${YESTERDAY}.db.damaged`, state: 'damaged' })
    const end = NOON + DAY / 2 + 2 * DAY
    expect(await maintained(store, end - 1)).toEqual([])
    expect(await maintained(store, end)).toEqual([
      `Removed ${YESTERDAY}.db.damaged: its lines are past their retention.`,
    ])
    expect(readdirSync(folder).some(file => file.includes('damaged'))).toBe(false)
  })
})

describe('files that are removed while the store runs', () => {
  it('are not written to: with the whole folder gone no line is answered as stored, until it is put back', async () => {
    const folder = twoDays()
    const store = await aStore({ folder })
    await store.append(batchOf([{ message: 'before' }]))
    renameSync(folder, `${folder}-away`)
    for (const changes of [{}, { receivedAt: NOON - DAY }, { idempotencyKey: 'k' }])
      await expect(store.append(batchOf([{ message: 'lost' }], changes))).rejects.toMatchObject({
        code: 'busy',
        isStorage: true,
        message: expect.stringContaining('was removed while Vakt runs, so nothing was stored'),
      })
    expect(await store.missing(ALL)).toMatchObject([{ partition: 'all' }])
    renameSync(`${folder}-away`, folder)
    await store.append(batchOf([{ message: 'after' }]))
    expect(messages(await allPages(store, where(word('after'))))).toEqual(['after'])
    expect(await store.count(where(word('before')), AMPLE_MS)).toMatchObject({ total: 1 })
    expect(await store.missing(ALL)).toEqual([])
  })

  it('are replaced by new ones when the folder is there, and what was in them is missing', async () => {
    const folder = twoDays()
    const store = await aStore({ folder })
    await store.append(batchOf([{ message: 'before' }]))
    for (const file of readdirSync(folder)) if (file.startsWith(TODAY)) rmSync(join(folder, file))
    expect(await store.append(batchOf([{ message: 'after' }]))).toMatchObject({ accepted: 1 })
    expect(messages(await allPages(store, where(word('after'))))).toEqual(['after'])
    expect(await store.missing({ from: NOON, until: NOON + 1_000 })).toMatchObject([
      { partition: TODAY, message: expect.stringContaining('was removed while Vakt runs') },
    ])
  })

  it('are noticed within a minute, also where no lines arrive', async () => {
    const folder = twoDays()
    const store = await aStore({ folder })
    for (const file of readdirSync(folder)) if (file.startsWith(YESTERDAY)) rmSync(join(folder, file))
    await store.maintain(NOON)
    expect((await store.status()).partitions.map(({ name }) => name)).not.toContain(YESTERDAY)
    expect(await store.missing(ALL)).toMatchObject([
      { partition: YESTERDAY, message: expect.stringContaining('"logs restore" brings them back') },
    ])
  })
})

it('a partition of a later version of Vakt is not changed, and the store does not open', async () => {
  const folder = twoDays()
  const file = new Database(join(folder, `${TODAY}.db`))
  file.pragma('user_version = 99')
  file.close()
  await expect(aStore({ folder })).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining('another version of Vakt (layout 99)'),
  })
  expect(readdirSync(folder)).toContain(`${TODAY}.db`)
})

it('a partition of an earlier layout is quarantined, and the others stay available', async () => {
  const folder = twoDays()
  const file = new Database(join(folder, `${YESTERDAY}.db`))
  file.pragma('user_version = 1')
  file.close()
  const store = await aStore({ folder })
  const { partitions } = await store.status()
  expect(partitions.find(({ state }) => state === 'damaged')).toMatchObject({
    name: `${YESTERDAY}.db.damaged`,
    message: expect.stringContaining('layout 1'),
  })
  expect(partitions.filter(({ lines }) => lines === 600)).toHaveLength(1)
})

it('a damaged block costs its own lines: searches of its time name it, the rest of the partition serves', async () => {
  const folder = aFolder()
  const first = await aStore({ folder })
  for (const name of ['one', 'two']) {
    const lines = Array.from({ length: 4_096 }, (_, i) => ({ message: `${name} ${i}`, timestamp: NOON + i }))
    await first.append(batchOf(lines, { idempotencyKey: name }))
    await first.seal()
  }
  const { file: archive } = await first.archive(TODAY, aFolder())
  const stored = await allPages(first, ALL, 'newest', 2_000)
  await first.close()
  const file = new Database(join(folder, `${TODAY}.db`))
  const damaged = file.prepare('select min(id) from blocks').pluck().get() as number
  for (const { id, data } of pieces(file, damaged)) {
    data[data.length >> 1]! ^= 0xff
    file.prepare('update pieces set data = ? where id = ?').run(data, id)
  }
  file.close()
  const logged: string[] = []
  const store = await aStore({
    folder,
    logger: createLogger('error', [], line => logged.push(JSON.parse(line).message)),
  })
  expect((await allPages(store, ALL, 'newest', 2_000)).every(line => line.message.startsWith('two'))).toBe(true)
  expect(await store.count(where(word('two')), AMPLE_MS)).toMatchObject({ total: 4_096 })
  expect(await store.count(ALL, AMPLE_MS)).toMatchObject({ total: 4_096 })
  expect(await store.missing(ALL)).toMatchObject([{ partition: TODAY, from: NOON, until: NOON + 4_095 }])
  expect(await store.missing({ from: NOON + DAY, until: null })).toEqual([])
  expect(logged).toEqual([
    expect.stringMatching(/^A block of the log partition .* is damaged \(.+\)\. Its 4,096 lines cannot be found; /),
  ])
  const expiresAt = NOON + DAY
  expect(await store.restore(archive, expiresAt)).toBe(8_192)
  expect(await allPages(store, ALL, 'newest', 2_000)).toEqual(stored)
  expect(await store.missing(ALL)).toEqual([])
  await expect(store.restore(archive, expiresAt)).rejects.toMatchObject({ code: 'conflict' })
  expect(await store.purge(where(word('one')))).toBe(4_096)
  expect(await store.restore(archive, expiresAt)).toBe(8_192)
  expect(await allPages(store, ALL, 'newest', 2_000)).toEqual(stored)
  // Until the retention of the partition ends, which is later.
  expect((await store.status()).partitions[0]).toMatchObject({ lines: 8_192, expiresAt: NOON + 3.5 * DAY })
  expect(await store.append(batchOf([{ message: 'one' }], { idempotencyKey: 'one' }))).toMatchObject({ repeated: true })
  await store.append(batchOf([{ message: 'later', timestamp: NOON }]))
  expect(await store.purge(where(word('one')))).toBe(4_096)
  await expect(store.restore(archive, expiresAt)).rejects.toMatchObject({ code: 'conflict' })
})

/** The pieces of a block, as a partition file has them. */
function pieces(file: Database.Database, block: number): { id: number; data: Buffer }[] {
  const query = file.prepare('select id, data from pieces where id >= ? and id < ?')
  return query.all(block * PIECES_PER_BLOCK, (block + 1) * PIECES_PER_BLOCK) as { id: number; data: Buffer }[]
}

function twoDays(): string {
  const folder = aFolder()
  cpSync(template.path, folder, { recursive: true })
  return folder
}

/** Zeros from an offset to the end. */
function overwrite(file: string, from: number): void {
  const handle = openSync(file, 'r+')
  const { size } = statSync(file)
  writeSync(handle, Buffer.alloc(size - from), 0, size - from, from)
  closeSync(handle)
}
