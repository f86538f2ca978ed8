// Salvaging a damaged partition: every line that can still be read is searchable again, whatever the layout of the file.
import { closeSync, cpSync, openSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { runs } from '../../testing/property-runs.ts'
import { DAY } from '../../time.ts'
import type { LogLine } from '../line.ts'
import { ALL, allPages, batchOf, maintained, NOON } from '../store.testing.ts'
import { openLogStore } from './open-log-store.ts'
import { lineId } from './partitions/line-key.ts'
import type { PlacedLine } from './partitions/partition.ts'
import { salvageLines } from './partitions/salvage.ts'
import { aFolder, aStore, makeFolder } from './store.testing.ts'

const FIXTURE = join(import.meta.dirname, '../../testing/fixtures/3ed0b34/data/logs')
const PAGE_BYTES = 4096
const LINES = 9_000

type Store = { folder: string; lines: Map<string, LogLine> }
let sealed: Store
let old: Store

const folders = [makeFolder(), makeFolder()] as const
afterAll(() => folders.forEach(folder => void folder.remove()))

beforeAll(async () => {
  const [{ path: folder }, { path: oldFolder }] = folders
  const store = await openLogStore({ folder, logger: silentLogger })
  const lines = Array.from({ length: LINES }, (_, i) => ({ message: `request ${i} took ${(i * 7919) % 997} ms`, i }))
  await store.append(batchOf(lines, { idempotencyKey: 'k' }))
  await store.seal()
  await store.append(batchOf([{ message: 'not sealed' }], { idempotencyKey: 'k2' }))
  sealed = { folder, lines: await linesOf(store) }
  await store.close()
  cpSync(FIXTURE, oldFolder, { recursive: true })
  const oldStore = await openLogStore({ folder: oldFolder, logger: silentLogger })
  old = { folder: oldFolder, lines: await linesOf(oldStore) }
  await oldStore.close()
})

it.each([
  ['the layout of now', () => sealed, 0.5],
  ['the layout of earlier versions', () => old, 0],
])('with pages of nonsense anywhere in a file of %s gives no line wrong or twice', (_, of, share) => {
  const { folder, lines } = of()
  const [name] = largestFirst(folder)
  const whole = [...salvageLines(join(folder, name!))].flat().length
  expect(whole).toBeGreaterThan(50)
  const page = fc.tuple(fc.nat(), fc.boolean())
  let most = 0
  fc.assert(
    fc.property(fc.array(page, { minLength: 1, maxLength: 3 }), pages => {
      const copy = aFolder()
      cpSync(folder, copy, { recursive: true })
      const file = join(copy, name!)
      const count = statSync(file).size / PAGE_BYTES
      for (const [place, isZero] of pages) overwrite(file, 1 + (place % (count - 1)), isZero)
      const found = salvaged(file)
      const ids = found.map(lineId)
      expect(new Set(ids).size).toBe(ids.length)
      for (const placed of found) expect({ ...placed.line, id: lineId(placed) }).toEqual(lines.get(lineId(placed)))
      most = Math.max(most, found.length / whole)
    }),
    { numRuns: runs(20) },
  )
  expect(most).toBeGreaterThan(share)
})

it.each([
  [
    [4, 8],
    [16, 25],
  ],
  [[13], [12, 21, 25]],
  [[21, 23], [25]],
])(
  'ends when a table gives rows in no order or with keys beyond all numbers: nonsense in %j, zeros in %j',
  (nonsense, zeros) => {
    const copy = aFolder()
    const file = join(copy, '2026-03-09.3d.0.db')
    cpSync(join(FIXTURE, '2026-03-09.3d.0.db'), file)
    for (const page of nonsense) overwrite(file, page, false)
    for (const page of zeros) overwrite(file, page, true)
    let count = 0
    for (const lines of salvageLines(file)) {
      count += lines.length
      expect(count).toBeLessThanOrEqual(old.lines.size)
    }
  },
)

it('makes what can be read searchable under its old ids, and keeps the file under another name', async () => {
  const folder = aFolder()
  cpSync(sealed.folder, folder, { recursive: true })
  const [name] = largestFirst(folder)
  const file = join(folder, name!)
  // The file is met as damaged by its schema.
  writeFileSync(file, 'nonsense')
  const store = await aStore({ folder })
  expect((await store.status()).partitions.at(-1)!.state).toBe('damaged')
  await expect(store.salvage(`${name}.damaged`)).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('can be read'),
  })
  await expect(store.salvage('other.db.damaged')).rejects.toMatchObject({ code: 'not_found' })
  cpSync(join(sealed.folder, name!), `${file}.damaged`)
  const { lines, partition, keptAs } = await store.salvage(`${name}.damaged`)
  expect([lines, `${partition}.db`, keptAs]).toEqual([sealed.lines.size, name, `${name}.salvaged`])
  const found = await linesOf(store)
  expect(found).toEqual(sealed.lines)
  expect((await store.status()).partitions.map(({ state }) => state)).not.toContain('damaged')
  expect(await store.missing(ALL)).toMatchObject([
    { message: expect.stringContaining('9,001 lines that could be read') },
  ])
  await maintained(store, NOON + 5 * DAY)
  await vi.waitFor(() => expect(readdirSync(folder).filter(other => other.includes('salvaged'))).toEqual([]))
})

/** The lines that can be read; none when the list of tables itself is damaged. */
function salvaged(file: string): PlacedLine[] {
  try {
    return [...salvageLines(file)].flat()
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid') return []
    throw error
  }
}

async function linesOf(store: Parameters<typeof allPages>[0]): Promise<Map<string, LogLine>> {
  return new Map((await allPages(store, ALL, 'oldest', 5_000)).map(line => [line.id, line]))
}

function largestFirst(folder: string): string[] {
  const files = readdirSync(folder).filter(file => file.endsWith('.db'))
  return files.sort((a, b) => statSync(join(folder, b)).size - statSync(join(folder, a)).size)
}

function overwrite(file: string, page: number, isZero: boolean): void {
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.alloc(PAGE_BYTES, isZero ? 0 : 'nonsense '), 0, PAGE_BYTES, page * PAGE_BYTES)
  closeSync(handle)
}
