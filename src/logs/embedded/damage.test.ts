// Damaged partitions: set aside with a clear message wherever the damage shows, while the rest serves.
import { closeSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { describe, expect, it, vi } from 'vitest'
import { createLogger } from '../../logger.ts'
import { DAY } from '../../time.ts'
import { SLOT_COUNT } from './partitions/line-key.ts'
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
  where,
  word,
} from './store.testing.ts'

const YESTERDAY = '2026-11-20.3d.0'
const TODAY = '2026-11-21.3d.0'

describe('a damaged partition', () => {
  it.each([
    ['a header of nonsense', (file: string) => writeFileSync(file, 'nonsense '.repeat(2_000))],
    ['pages of zeros', (file: string) => overwrite(file, 0)],
    ['a file cut short', (file: string) => writeFileSync(file, 'SQLite format 3\0')],
  ])('with %s is set aside at the start', async (_, damage) => {
    const folder = await twoDays()
    damage(join(folder, `${YESTERDAY}.db`))
    const said: string[] = []
    const logger = createLogger('error', [], line => said.push(JSON.parse(line).message))
    const store = await aStore({ folder, logger })
    const found = await allPages(store, ALL)
    expect(found.at(-1)!.message).toBe('today 0')
    expect(said[0]).toMatch(/^The log partition 2026-11-20\.3d\.0 is damaged \(.+\) and was renamed to .*\.damaged\. /)
    const { partitions } = await store.status()
    expect(partitions.map(({ name, state }) => [name, state])).toEqual([
      [TODAY, 'open'],
      [`${YESTERDAY}.db.damaged`, 'damaged'],
    ])
    expect(partitions[1]!.message).toBe(said[0])
    await store.append(batchOf([{ message: 'yesterday anew' }], { receivedAt: NOON - DAY }))
    expect(await store.count(where(word('anew')), AMPLE_MS)).toMatchObject({ total: 1 })
  })

  it('that shows while it is searched is set aside, and the search answers from the rest', async () => {
    const folder = await twoDays()
    const store = await aStore({ folder })
    overwrite(join(folder, `${YESTERDAY}.db`), 8_192 * 4)
    expect(messages(await allPages(store, ALL, 'newest', 1_000)).filter(each => each.startsWith('today')).length).toBe(
      600,
    )
    await vi.waitFor(() => expect(readdirSync(folder)).toContain(`${YESTERDAY}.db.damaged`), { timeout: 10_000 })
    await vi.waitFor(async () => expect((await store.status()).partitions[1]!.state).toBe('damaged'))
    expect(await store.count(where(word('today')), AMPLE_MS)).toMatchObject({ total: 600 })
  })

  it('that shows while it is written to is set aside, and the lines go into a new one', async () => {
    const folder = await twoDays()
    const store = await aStore({ folder })
    overwrite(join(folder, `${TODAY}.db`), 8_192 * 2)
    const stored = await store.append(batchOf([{ message: 'in the new file' }]))
    expect(stored.accepted).toBe(1)
    expect(readdirSync(folder)).toContain(`${TODAY}.db.damaged`)
    expect(messages(await allPages(store, where(word('file'))))).toEqual(['in the new file'])
  })

  it('is told of after a restart, and removed when its lines are past their retention', async () => {
    const folder = await twoDays()
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

it('a partition of another version of Vakt is left alone, and the store does not open', async () => {
  const folder = await twoDays()
  const file = new Database(join(folder, `${TODAY}.db`))
  file.pragma('user_version = 99')
  file.close()
  await expect(aStore({ folder })).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining('another version of Vakt (layout 99)'),
  })
  expect(readdirSync(folder)).toContain(`${TODAY}.db`)
})

it('a partition of an earlier layout is set aside whole, and the rest serves', async () => {
  const folder = await twoDays()
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

it('a partition that has no room left for a batch gives way to the next', async () => {
  const folder = await twoDays()
  const file = new Database(join(folder, `${TODAY}.db`))
  file.prepare('update lines set slot = ? where slot = (select max(slot) from lines)').run(SLOT_COUNT - 2)
  file.close()
  const store = await aStore({ folder })
  const lines = Array.from({ length: 3 }, (_, i) => ({ message: `late ${i}`, timestamp: NOON + i }))
  expect(await store.append(batchOf(lines, { receivedAt: NOON }))).toMatchObject({ accepted: 3 })
  const filled = (await store.status()).partitions.map(partition => partition.lines)
  expect(filled.toSorted((a, b) => a - b)).toEqual([3, 600, 600])
})

/** A folder with a store of two days, 600 lines each. */
async function twoDays(): Promise<string> {
  const folder = aFolder()
  const store = await aStore({ folder })
  for (const [name, receivedAt] of [['yesterday', NOON - DAY] as const, ['today', NOON] as const]) {
    const lines = Array.from({ length: 600 }, (_, i) => ({ message: `${name} ${i}`, timestamp: receivedAt + i }))
    await store.append(batchOf(lines, { receivedAt }))
  }
  await store.close()
  return folder
}

/** Zeros from an offset to the end. */
function overwrite(file: string, from: number): void {
  const handle = openSync(file, 'r+')
  const { size } = statSync(file)
  writeSync(handle, Buffer.alloc(size - from), 0, size - from, from)
  closeSync(handle)
}
