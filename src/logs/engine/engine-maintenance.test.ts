// What goes from an engine and from the spool before it, when, and how both are shown as one.
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import { dayOf, expiryOf, parsePartition } from '../embedded/partitions/partition-name.ts'
import { makeFolder } from '../embedded/store.testing.ts'
import { NOON } from '../store.testing.ts'
import type { ArchiveStatus, PartitionStatus } from '../store.ts'
import type { EnginePartition } from './driver.ts'
import { EngineHealth } from './engine-health.ts'
import { EngineMaintenance } from './engine-maintenance.ts'
import { type MemoryEngine, memoryEngine, placedLine } from './memory-driver.testing.ts'
import { type MemoryShipper, type MemorySpool, memoryShipper, memorySpool } from './memory-spool.testing.ts'

const MIDNIGHT = dayOf(NOON)
let spool: MemorySpool
let driver: MemoryEngine
let shipper: MemoryShipper
let errors: unknown[]
let health: EngineHealth

beforeEach(() => {
  spool = memorySpool()
  driver = memoryEngine()
  shipper = memoryShipper(100)
  errors = []
  health = new EngineHealth(
    () => 7,
    () => {},
  )
})

function open(options: { diskBudgetBytes?: number; spoolBudgetBytes?: number; keepMs?: number; folder?: string } = {}) {
  const { diskBudgetBytes = null, spoolBudgetBytes = 1_000, folder = '', ...rest } = options
  const logger = { ...silentLogger, error: (...told: unknown[]) => void errors.push(told) }
  return new EngineMaintenance({
    ...{ spool, driver, shipper: shipper as never, health, logger, folder, diskBudgetBytes, spoolBudgetBytes },
    ...rest,
  })
}

/** A partition of the engine, with a line an hour. */
function partition(name: string, changes: Partial<EnginePartition> = {}): EnginePartition {
  const kind = parsePartition(name)!
  const edges = { from: kind.day, until: kind.day + 23 * HOUR, firstPosition: 1, lastPosition: 50 }
  return { name, lines: 24, bytes: 1_000, ...edges, expiresAt: expiryOf(kind), damage: null, ...changes }
}
/** A partition of the spool. */
function own(name: string, changes: Partial<PartitionStatus> = {}): PartitionStatus {
  const { day } = parsePartition(name)!
  const time = { from: day + HOUR, until: day + 2 * HOUR }
  const rest = { message: null, lastPosition: 200, expiresAt: day + 4 * DAY }
  return { name, lines: 10, bytes: 500, ...time, state: 'open', ...rest, ...changes }
}
const goAway = () => {
  driver.onAsked = () => {
    throw new Problem('busy', 'It does not answer.')
  }
}
const TODAY = '2026-11-21.3d.0'
const YESTERDAY = '2026-11-20.3d.0'
const ARCHIVED = (names: readonly string[], isReachable = true): ArchiveStatus => {
  return { isReachable, isArchived: ({ name }) => names.includes(name) }
}

describe('partitions of the engine', () => {
  it.each([
    ['a moment before the end of their retention', expiryOf(parsePartition(YESTERDAY)!) - 1, []],
    ['at the end of their retention', expiryOf(parsePartition(YESTERDAY)!), [YESTERDAY]],
  ])('are kept or dropped %s', async (_, now, expected) => {
    driver.listed = [partition(YESTERDAY), partition(TODAY)]
    const { removed } = await open().maintain(now, null)
    expect(removed.map(own => [own.partition.name, own.reason])).toEqual(expected.map(name => [name, 'retention']))
    expect(driver.dropped).toEqual(expected)
    expect(shipper.gone).toEqual(expected)
    expect(shipper.pauses).toBe(0)
  })

  it('that had no line go without a word, and damaged ones with one', async () => {
    const late = NOON + 9 * DAY
    driver.listed = [partition(YESTERDAY, { lines: 0 }), partition(TODAY, { lines: 0, damage: 'It is red.' })]
    const { removed } = await open().maintain(late, null)
    expect(driver.dropped).toEqual([YESTERDAY, TODAY])
    expect(removed.map(({ partition: { name, state, message } }) => [name, state, message])).toEqual([
      [TODAY, 'damaged', 'It is red.'],
    ])
  })

  it('wait for the archive', async () => {
    driver.listed = [partition(YESTERDAY), partition(TODAY)]
    await open().maintain(NOON + 9 * DAY, ARCHIVED([TODAY]))
    expect(driver.dropped).toEqual([TODAY])
  })

  const OLD = '2026-11-18.9d.0'
  const OLDER = '2026-11-17.9d.0'
  it.each<[string, number, ArchiveStatus | null, string[]]>([
    ['are kept within the budget', 3_000, null, []],
    ['go, the oldest first, above it', 2_999, null, [OLDER]],
    ['go until the rest fits', 1_999, null, [OLDER, OLD]],
    ['are kept while lines may come', 1, null, [OLDER, OLD]],
    ['are kept while the archive lacks them', 1, ARCHIVED([OLD]), [OLD]],
    ['go all the same when it cannot be reached', 1, ARCHIVED([OLD], false), [OLDER, OLD]],
  ])('%s', async (_, diskBudgetBytes, archive, expected) => {
    driver.listed = [partition(OLD, { lastPosition: 30 }), partition(TODAY), partition(OLDER, { lastPosition: 20 })]
    await open({ diskBudgetBytes }).maintain(NOON, archive)
    expect(driver.dropped).toEqual(expected)
  })

  it('of one instant go in the order of storing', async () => {
    const same = { from: 5, until: 6 }
    driver.listed = [
      partition('2026-11-18.9d.1', { ...same, lastPosition: 9 }),
      partition('2026-11-18.9d.0', { ...same, lastPosition: 8 }),
      partition(TODAY),
    ]
    await open({ diskBudgetBytes: 2_000 }).maintain(NOON, null)
    expect(driver.dropped).toEqual(['2026-11-18.9d.0'])
  })

  it.each<[string, string[], number, string[]]>([
    ['today', [YESTERDAY, TODAY], NOON, [TODAY]],
    [
      'yesterday too, for an hour after midnight, when nothing of today is there',
      [YESTERDAY],
      MIDNIGHT + HOUR - 1,
      [YESTERDAY],
    ],
    ['nothing of yesterday afterwards', [YESTERDAY], MIDNIGHT + HOUR, []],
    [
      'the last one of each retention',
      [TODAY, '2026-11-21.3d.1', '2026-11-21.9d.0'],
      NOON,
      ['2026-11-21.3d.1', '2026-11-21.9d.0'],
    ],
  ])('are open that take lines: %s', async (_, names, now, expected) => {
    driver.listed = names.map(name => partition(name))
    const { status } = await open().maintain(now, null)
    expect(status!.partitions.flatMap(({ name, state }) => (state === 'open' ? name : []))).toEqual(expected)
  })

  it('are left alone while it does not answer; another failure is told', async () => {
    driver.listed = [partition(YESTERDAY)]
    goAway()
    expect((await open().maintain(NOON + 9 * DAY, null)).removed).toEqual([])
    expect([driver.dropped, errors]).toEqual([[], []])
    health = new EngineHealth(
      () => 7,
      () => {},
    )
    driver.onAsked = name => {
      if (name === 'drop') throw new Problem('internal', 'It refuses.')
    }
    expect((await open().maintain(NOON + 9 * DAY, null)).removed).toEqual([])
    expect(errors.length).toBe(1)
    expect(shipper.pauses).toBe(0)
  })
})

describe('partitions of the spool', () => {
  it('count as archived once they are in the engine, unless they are damaged', async () => {
    await open().maintain(NOON, ARCHIVED([]))
    const [, now, archive] = spool.asked.find(([name]) => name === 'maintain')! as [string, number, ArchiveStatus]
    expect([now, archive.isReachable]).toEqual([NOON, true])
    expect(archive.isArchived(own(TODAY, { lastPosition: 100 }))).toBe(true)
    expect(archive.isArchived(own(TODAY, { lastPosition: 101 }))).toBe(false)
    expect(archive.isArchived(own(TODAY, { lastPosition: 100, state: 'damaged' }))).toBe(false)
    await open().maintain(NOON, null)
    expect(spool.asked.findLast(([name]) => name === 'maintain')).toEqual(['maintain', NOON, undefined])
  })

  it('that go are named when the engine does not have them', async () => {
    const told = (lastPosition: number) => {
      return { partition: own(TODAY, { lastPosition }), reason: 'retention' as const, isArchived: false, message: '' }
    }
    spool.maintain = async () => ({ removed: [told(100), told(101)], status: null })
    const { removed } = await open().maintain(NOON, null)
    expect(removed.map(({ partition: { lastPosition } }) => lastPosition)).toEqual([101])
  })
})

describe('lines leave the spool', () => {
  const released = () => spool.asked.flatMap(([name, upTo]) => (name === 'release' ? [upTo] : []))

  it('when the engine has had them for an hour', async () => {
    const maintenance = open()
    await maintenance.release(NOON)
    shipper.shippedTo = 150
    await maintenance.release(NOON + 30 * MINUTE)
    await maintenance.release(NOON + HOUR - 1)
    expect(released()).toEqual([])
    await maintenance.release(NOON + HOUR)
    expect(released()).toEqual([100])
    await maintenance.release(NOON + HOUR + 1)
    expect(released()).toEqual([100])
    await maintenance.release(NOON + 90 * MINUTE)
    expect(released()).toEqual([100, 150])
  })

  it('at once when they take more than half of the room', async () => {
    spool.size = 500
    await open().release(NOON)
    expect(released()).toEqual([])
    spool.size = 501
    await open().release(NOON)
    expect(spool.asked.at(-1)).toEqual(['release', 100, NOON])
    shipper.shippedTo = 0
    await open().release(NOON)
    expect(released()).toEqual([100])
  })

  it('after it is remembered what only the engine has', async () => {
    spool.size = 501
    shipper.shipped = { ...shipper.shipped, released: { position: 40, until: 9 } }
    await open().release(NOON)
    expect(shipper.shipped.released).toEqual({ position: 40, until: 9 })
    spool.releasables = { position: 60, until: 5 }
    await open().release(NOON)
    expect(shipper.shipped.released).toEqual({ position: 60, until: 9 })
    expect(spool.asked.filter(([name]) => name === 'releasable')).toEqual([
      ['releasable', 100],
      ['releasable', 100],
    ])
  })

  it('also after a clock was set back for a while', async () => {
    const maintenance = open({ keepMs: 10 })
    for (let i = 0; i <= 1_000; i++) await maintenance.release(NOON)
    await maintenance.release(NOON + 10)
    expect(released()).toEqual([])
    await maintenance.release(NOON + 20)
    expect(released()).toEqual([100])
  })
})

describe('too many lines wait', () => {
  it.each([
    ['within the budget', 1_000, false, false],
    ['beyond the budget', 1_001, false, true],
    ['beyond the budget, but none of them waits', 1_001, true, false],
  ])('%s', (_, size, hasAll, isRefused) => {
    spool.size = size
    shipper.hasAll = hasAll
    const problem = open().fullSpool()
    expect(problem !== null).toBe(isRefused)
    if (isRefused) expect(problem).toMatchObject({ code: 'busy', isStorage: true, retryAfterMs: 30_000 })
  })
})

describe('what searches left out', () => {
  beforeEach(() => {
    driver.lost = [
      { partition: TODAY, message: 'red' },
      { partition: YESTERDAY, message: 'red' },
    ]
  })
  const names = (found: { partition: string }[]) => found.map(({ partition: name }) => name)

  it('is that of a day before it was ever asked, and of its lines afterwards; oldest first', async () => {
    const maintenance = open()
    const all = maintenance.leftOut({ from: null, until: null })
    expect(all).toEqual([
      { partition: YESTERDAY, from: MIDNIGHT - DAY, until: MIDNIGHT, message: 'red' },
      { partition: TODAY, from: MIDNIGHT, until: MIDNIGHT + DAY, message: 'red' },
    ])
    driver.listed = [
      partition(TODAY, { from: 50, until: 60 }),
      // What is lost does not say what it has.
      partition(YESTERDAY, { from: 10, until: 20, damage: 'red' }),
    ]
    await maintenance.status()
    expect(maintenance.leftOut({ from: null, until: null })).toEqual([
      { partition: TODAY, from: 50, until: 60, message: 'red' },
      all[0],
    ])
    expect(names(maintenance.leftOut({ from: 60, until: 61 }))).toEqual([TODAY])
    expect(names(maintenance.leftOut({ from: 61, until: 62 }))).toEqual([])
    expect(names(maintenance.leftOut({ from: 40, until: 50 }))).toEqual([])
    expect(names(maintenance.leftOut({ from: 40, until: 51 }))).toEqual([TODAY])
  })

  it('is that of a day again when the partition was dropped', async () => {
    driver.lost = [{ partition: YESTERDAY, message: 'red' }]
    driver.listed = [partition(YESTERDAY, { from: 50, until: 60 })]
    const maintenance = open()
    await maintenance.maintain(NOON + 9 * DAY, null)
    expect(maintenance.leftOut({ from: null, until: null })).toMatchObject([{ from: MIDNIGHT - DAY, until: MIDNIGHT }])
  })
})

describe('the status', () => {
  it('has the partitions of the engine with what waits for them, by time', async () => {
    driver.listed = [
      partition(TODAY, { from: MIDNIGHT + 90 * MINUTE, until: MIDNIGHT + 95 * MINUTE, lastPosition: 100 }),
      partition(YESTERDAY, { lines: 0, from: null, until: null }),
    ]
    spool.listed = [
      own(TODAY, { lines: 10, bytes: 505 }),
      own('2026-11-21.9d.0', { lines: 4, from: MIDNIGHT + 5, state: 'closed' }),
      own('2026-11-20.9d.0', { lastPosition: 99 }),
      own('2026-11-19.9d.0', { state: 'damaged', lines: 0, message: 'It is damaged.' }),
    ]
    spool.size = 777
    const { partitions, lines, bytes, engine, diskBudgetBytes, queued, queueLimit } = await open({
      diskBudgetBytes: 5,
    }).status()
    const shown = partitions.map(({ name, lines, bytes, from, until, state, message, lastPosition }) => {
      return [name, lines, bytes, (from - MIDNIGHT) / MINUTE, (until - MIDNIGHT) / MINUTE, state, message, lastPosition]
    })
    expect(shown).toEqual(
      [
        [YESTERDAY, 0, 1_000, -MIDNIGHT / MINUTE, -MIDNIGHT / MINUTE, 'open', null, 50],
        ['2026-11-19.9d.0', 0, 500, -2 * 1_440 + 60, -2 * 1_440 + 120, 'damaged', 'It is damaged.', 200],
        ['2026-11-21.9d.0', 4, 500, 5 / MINUTE, 120, 'open', null, 200],
        [TODAY, 34, 1_505, 60, 120, 'open', null, 200],
      ].map(row => (row[0] === YESTERDAY ? row.with(5, 'closed') : row)),
    )
    expect([lines, bytes, diskBudgetBytes, queued, queueLimit]).toEqual([38, 3_505, 5, 3, 9])
    expect(engine).toEqual({
      ...{ version: null, nodes: null, health: null, away: null, refusal: null, warnings: [] },
      ...{ waiting: 14, spoolBytes: 777, spoolBudgetBytes: 1_000, refused: 0 },
    })
  })

  it('shares the bytes of lines of which a part waits', async () => {
    driver.listed = [partition(TODAY, { bytes: 0 })]
    spool.listed = [own(TODAY, { lines: 10, bytes: 300 })]
    spool.lineCounts = async () => [{ name: TODAY, lines: 5 }]
    const counted = vi.spyOn(spool, 'storedAfter').mockReturnValue(spool)
    expect((await open().status()).bytes).toBe(150)
    expect(counted).toHaveBeenCalledWith(100)
  })

  it('says what the engine said last, and why it does not answer', async () => {
    driver.facts = { ...driver.facts, warnings: ['One copy.'] }
    shipper.refusal = { since: 5, message: 'full' }
    const maintenance = open()
    shipper.facts = { ...driver.facts, version: 'Before 1' }
    expect((await maintenance.status()).engine).toMatchObject({ version: 'Before 1', refusal: { since: 5 } })
    await maintenance.maintain(NOON, null)
    const facts = { version: 'Memory 1', nodes: 1, health: 'green', warnings: ['One copy.'] }
    expect((await maintenance.status()).engine).toMatchObject({ ...facts, away: null })
    goAway()
    const away = { since: 7, message: 'It does not answer.' }
    expect((await maintenance.status()).engine).toMatchObject({ ...facts, away, refusal: null })
  })
})

describe('an archive', () => {
  it('is made of the lines of the engine, when none of its kind waits', async () => {
    const folder = makeFolder()
    driver.listed = [partition(YESTERDAY)]
    driver.lines = Array.from({ length: 1_001 }, (_, i) => placedLine(i, i + 1))
    shipper.shippedTo = 1_000
    const maintenance = open()
    expect(await maintenance.archive(YESTERDAY, folder.path)).toMatchObject({ lines: 1_000 })
    spool.listed = [own('2026-11-20.3d.1', { lastPosition: 1_000 }), own('2026-11-20.9d.0', { lastPosition: 1_001 })]
    expect(await maintenance.archive(YESTERDAY, folder.path)).toMatchObject({ lines: 1_000 })
    await expect(maintenance.archive(TODAY, folder.path)).rejects.toMatchObject({ code: 'not_found' })
    spool.listed = [own('2026-11-20.3d.1', { lastPosition: 1_001 })]
    await expect(maintenance.archive(YESTERDAY, folder.path)).rejects.toMatchObject({ code: 'busy' })
    folder.remove()
  })

  it('is restored, whose lines only the engine has then', async () => {
    const folder = makeFolder()
    driver.listed = [partition(YESTERDAY)]
    driver.lines = [placedLine(500, 3), placedLine(400, 4)]
    const maintenance = open()
    const { file } = await maintenance.archive(YESTERDAY, folder.path)
    await expect(maintenance.restore(file, NOON)).rejects.toMatchObject({ code: 'conflict' })
    driver.listed = [partition(TODAY)]
    driver.lines = []
    expect(await maintenance.restore(file, NOON)).toBe(2)
    expect(driver.lines.map(({ timestamp }) => timestamp)).toEqual([500, 400])
    expect(shipper.shipped.released).toEqual({ position: 1, until: 500 })
    expect([shipper.gone, shipper.pauses]).toEqual([[YESTERDAY], 0])
    shipper.shipped = { ...shipper.shipped, released: { position: 9, until: 900 } }
    await maintenance.restore(file, NOON)
    expect(shipper.shipped.released).toEqual({ position: 9, until: 900 })
    folder.remove()
  })

  it('of a damaged file of the spool goes to the engine as far as others of its time went', async () => {
    const folder = makeFolder()
    const lines = [placedLine(10, 99), placedLine(20, 100), placedLine(30, 101)]
    const other = open({ folder: folder.path })
    spool.salvage = async () => ({ partition: YESTERDAY, lines: 3, keptAs: 'kept' })
    spool.archive = async (name, to) => {
      driver.listed = [partition(name)]
      shipper.shippedTo = 101
      driver.lines = lines
      const made = await other.archive(name, to)
      shipper.shippedTo = 100
      driver.lines = []
      return made
    }
    expect(await other.salvage('a file')).toEqual({ partition: YESTERDAY, lines: 3, keptAs: 'kept' })
    expect(driver.lines).toEqual(lines.slice(0, 2))
    expect(driver.refreshed).toEqual([[YESTERDAY]])
    driver.put = async () => ({ refused: 0, delayed: 'It is full.' })
    await expect(other.salvage('a file')).rejects.toMatchObject({ code: 'busy', message: 'It is full.' })
    folder.remove()
  })
})
