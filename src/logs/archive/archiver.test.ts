// The archiver with the real store: each partition is archived once, also after crashes, and only intact archives are restored.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { DAY, MINUTE } from '../../time.ts'
import { listArchives } from '../archives.ts'
import type { EmbeddedLogStore } from '../embedded/embedded-log-store.ts'
import { aFolder, aStore } from '../embedded/store.testing.ts'
import { batchOf, NOON } from '../store.testing.ts'
import { createArchiver } from './archiver.ts'
import { folderStorage } from './folder-storage.ts'
import type { ArchiveStorage } from './storage.ts'

const FIRST = '2026-11-21.3d.0'
const SECOND = '2026-11-22.3d.0'

let store: EmbeddedLogStore
let state: State
let to: string
let scratch: string
const clock = createFakeClock(NOON)

beforeEach(async () => {
  store = await aStore()
  state = memoryState()
  to = aFolder()
  scratch = join(aFolder(), 'archiving')
  for (const day of [0, 1, 2]) await comes(day)
})

const comes = (day: number, receivedAt = NOON + day * DAY) =>
  store.append(
    batchOf(
      Array.from({ length: 200 }, (_, i) => ({ message: `day ${day} ${i}` })),
      { receivedAt },
    ),
  )
const archiver = (storage: ArchiveStorage = folderStorage(to)) => {
  const made = createArchiver({ state, store, storage, folder: scratch, clock, logger: silentLogger })
  onTestFinished(() => made.close())
  return made
}
const recorded = () => listArchives(state, 100).map(({ name }) => name)

/** A place that does something at each file before or after it is put. */
function troubled(trouble: { before?: () => void; after?: () => void }): ArchiveStorage {
  const place = folderStorage(to)
  return {
    ...place,
    async put(file, key, options) {
      trouble.before?.()
      await place.put(file, key, options)
      trouble.after?.()
    },
  }
}
const gone = () => {
  throw new Problem('busy', 'It is away.')
}

describe('archiving', () => {
  it('archives closed partitions once, oldest first, with every line and a checksum', async () => {
    const one = archiver()
    expect(await Promise.all([one.run(), one.run()])).toEqual([2, 2])
    expect(await one.run()).toBe(0)
    expect(recorded()).toEqual([SECOND, FIRST])
    const { key, lines, bytes } = listArchives(state, 1)[0]!
    const file = readFileSync(join(to, key))
    expect({ lines, bytes }).toEqual({ lines: 200, bytes: file.length })
    expect(zstdDecompressSync(file).toString().trimEnd().split('\n')).toHaveLength(200)
    expect(readdirSync(scratch)).toEqual([])
  })

  it('waits for the next run while a closed partition may still get batches', async () => {
    const one = archiver()
    expect(await one.run(true)).toBe(0)
    await comes(1)
    expect(await one.run(true)).toBe(1)
    expect(recorded()).toEqual([FIRST])
    expect(await one.run(true)).toBe(1)
  })

  it('repeats what a crash cut short, before or after the file was stored, without a second copy', async () => {
    for (const trouble of [{ before: gone }, { after: gone }]) {
      await expect(archiver(troubled(trouble)).run()).rejects.toMatchObject({ code: 'busy' })
      expect(recorded()).toEqual([])
    }
    mkdirSync(join(scratch, 'archive'), { recursive: true })
    writeFileSync(join(scratch, 'archive', 'half'), 'of a crash')
    const next = archiver()
    expect(await next.run()).toBe(2)
    expect(readdirSync(to)).toHaveLength(2)
    expect(existsSync(join(scratch, 'archive', 'half'))).toBe(false)
  })

  it('reports since when it fails, is out of reach after ten minutes, and recovers with a success', async () => {
    const trouble: { before?: () => void } = { before: gone }
    const one = archiver(troubled(trouble))
    const since = clock.now()
    expect(one.failing()).toBe(undefined)
    await expect(one.run()).rejects.toMatchObject({ message: 'It is away.' })
    expect(one.failing()).toMatchObject({ since, problem: { message: 'It is away.' } })
    clock.sleep(9 * MINUTE)
    await expect(one.run()).rejects.toThrow()
    expect(one.status().isReachable).toBe(true)
    clock.sleep(MINUTE)
    expect(one.status().isReachable).toBe(false)
    delete trouble.before
    await one.run()
    expect(one.failing()).toBe(null)
    const [first] = (await store.status()).partitions
    expect(one.status().isArchived(first!)).toBe(true)
  })

  it('goes on when the retention of a partition ends while it is archived', async () => {
    const place = folderStorage(to)
    let isFirst = true
    const one = archiver({
      ...place,
      async put(...file) {
        if (!isFirst) return place.put(...file)
        isFirst = false
        await store.maintain(NOON + 4 * DAY, { isArchived: () => true, isReachable: true })
        throw new Problem('busy', 'It is away.')
      },
    })
    expect(await one.run()).toBe(1)
    expect(one.failing()).toBe(null)
    expect(recorded()).toEqual([SECOND])
  })

  it('archives a partition again under another name when it got more lines', async () => {
    const one = archiver()
    await one.run()
    await comes(1)
    expect(await one.run()).toBe(1)
    expect(recorded()).toEqual([`${SECOND}~2`, SECOND, FIRST])
    expect(readdirSync(to)).toHaveLength(3)
    await store.maintain(NOON + 9 * DAY, one.status())
    expect(await one.restore(`${SECOND}~2`, NOON + 20 * DAY)).toBe(400)
  })
})

describe('restoring', () => {
  it('rejects archives that are searchable, unknown, in another place, or too large for the disk budget', async () => {
    const one = archiver()
    await one.run()
    const until = NOON + 20 * DAY
    await expect(one.restore(FIRST, until)).rejects.toMatchObject({ code: 'conflict' })
    await expect(one.restore('../../etc/passwd', until)).rejects.toMatchObject({ code: 'not_found' })
    await store.maintain(NOON + 9 * DAY, one.status())
    await expect(archiver(folderStorage('/elsewhere')).restore(FIRST, until)).rejects.toMatchObject({
      message: expect.stringContaining(`is in ${to}`),
    })
    const small = await aStore({ diskBudgetBytes: 50_000 })
    const tight = createArchiver({
      state,
      store: small,
      storage: folderStorage(to),
      folder: scratch,
      clock,
      logger: silentLogger,
    })
    await expect(tight.restore(FIRST, until)).rejects.toMatchObject({ message: expect.stringContaining('do not fit') })
    expect(await one.restore(`${FIRST}.ndjson.zst`, until)).toBe(200)
  })

  it('of a changed or missing file fails with a sentence, and restores nothing', async () => {
    const one = archiver()
    await one.run()
    await store.maintain(NOON + 9 * DAY, one.status())
    const [file] = readdirSync(to).sort()
    const content = readFileSync(join(to, file!))
    content[content.length >> 1]! ^= 1
    writeFileSync(join(to, file!), content)
    const before = (await store.status()).lines
    await expect(one.restore(FIRST, NOON + 20 * DAY)).rejects.toMatchObject({ code: 'invalid' })
    expect(one.restoreFailure()).toMatchObject({ name: FIRST })
    expect((await store.status()).lines).toBe(before)
    await expect(archiver(folderStorage(aFolder())).run()).resolves.toBeGreaterThanOrEqual(0)
  })
})
