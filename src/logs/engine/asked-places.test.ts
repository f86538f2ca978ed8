// Which of both a store with an engine asks, spool or engine, and what it makes of their answers.
import { beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import type { LogLine } from '../line.ts'
import { ALL, AMPLE_MS, batchOf, messages, where, word } from '../store.testing.ts'
import { EngineHealth } from './engine-health.ts'
import { EngineLogStore } from './engine-log-store.ts'
import type { EngineMaintenance } from './engine-maintenance.ts'
import { type MemoryEngine, memoryEngine, placedLine } from './memory-driver.testing.ts'
import { type MemoryShipper, type MemorySpool, memoryShipper, memorySpool } from './memory-spool.testing.ts'
import { keyOf } from './merge.ts'

const at = (i: number, changes: Partial<LogLine> = {}) => placedLine(i * 10, i, changes)
const LINES = [1, 2, 3, 4, 5, 6].map(i => at(i))
const busy = () => new Problem('busy', 'It does not answer.')

let spool: MemorySpool
let driver: MemoryEngine
let shipper: MemoryShipper
let health: EngineHealth
let maintenance: { full: Problem | null; left: { partition: string; from: number; until: number; message: string }[] }
let store: EngineLogStore
let asked: string[]

/** A store whose engine has the lines up to a position, and whose spool still has those after another one. */
function open(lines: readonly LogLine[], shippedTo = 4, released = 2): void {
  const position = (line: LogLine) => keyOf(line).position
  spool = memorySpool(lines.filter(line => position(line) > released))
  driver = memoryEngine(lines.filter(line => position(line) <= shippedTo))
  shipper = memoryShipper(shippedTo, released)
  health = new EngineHealth(
    () => 1_000,
    () => {},
  )
  maintenance = { full: null, left: [] }
  asked = []
  driver.onAsked = name => void asked.push(name)
  const parts = {
    fullSpool: () => maintenance.full,
    leftOut: () => maintenance.left,
  } as unknown as EngineMaintenance
  store = new EngineLogStore({ spool, driver, shipper: shipper as never, health, maintenance: parts })
}
const goAway = () => {
  driver.onAsked = name => {
    asked.push(name)
    throw busy()
  }
}
beforeEach(() => open(LINES))

describe('a line by its id', () => {
  it('is asked of the engine when it is not here, and was shipped', async () => {
    for (const line of LINES) expect(await store.read(line.id)).toEqual(line)
    expect(asked).toEqual(['read', 'read'])
    expect(await store.read('no id')).toBe(null)
    expect(await store.read(at(9).id)).toBe(null)
    expect(asked).toEqual(['read', 'read'])
    // At the last position that was shipped the engine may have it.
    expect(await store.read(placedLine(5, 4).id)).toBe(null)
    expect(asked).toEqual(['read', 'read', 'read'])
  })
})

describe('a search', () => {
  const page = async () => {
    const { lines } = await store.search({ query: ALL, order: 'oldest', limit: 9, cursor: null, timeoutMs: AMPLE_MS })
    return lines.map(({ timestamp }) => timestamp / 10)
  }

  it('has each line once', async () => expect(await page()).toEqual([1, 2, 3, 4, 5, 6]))

  it('has what is here while the engine does not answer', async () => {
    goAway()
    expect(await page()).toEqual([3, 4, 5, 6])
    expect(await store.count(ALL, AMPLE_MS)).toEqual({ total: 4, atLeast: false, searchedTo: null })
  })

  it('fails when the engine fails otherwise', async () => {
    driver.onAsked = () => {
      throw new Problem('internal', 'It refuses the question.')
    }
    await expect(page()).rejects.toThrow('It refuses the question.')
  })

  it('in the turn of somebody is the same', async () => {
    store = store.readBy('somebody')
    expect(await page()).toEqual([1, 2, 3, 4, 5, 6])
  })
})

describe('the lines around a line', () => {
  const around = async (i: number, before: number, after: number) =>
    (await store.context(at(i).id, before, after)).map(({ timestamp }) => timestamp / 10)

  it('are as many as asked for on each side, oldest first', async () => {
    expect(await around(3, 1, 2)).toEqual([2, 3, 4, 5])
    expect(await around(3, 0, 1)).toEqual([3, 4])
    expect(await around(3, 9, 0)).toEqual([1, 2, 3])
    expect(await store.context('no id', 1, 1)).toEqual([])
  })

  it('are of the same project, source and host', async () => {
    const own = { project: 'p*', source: 's', host: 'h' }
    const lines = [
      at(1, own),
      at(2, { ...own, project: 'pq' }),
      at(3, { ...own, source: 'other' }),
      at(4, own),
      at(5, { ...own, host: 'other' }),
      at(6, own),
    ]
    open(lines)
    expect(await store.context(lines[3]!.id, 9, 9)).toEqual([lines[0], lines[3], lines[5]])
  })

  it('are looked for in many pages when others are between', async () => {
    const many = Array.from({ length: 450 }, (_, i) => at(i + 1, { host: i === 0 || i === 449 ? 'h*' : `h${i}` }))
    open(many, 200, 0)
    expect(await store.context(many[0]!.id, 0, 1)).toEqual([many[0], many[449]])
  })
})

describe('a chart', () => {
  it('has the buckets of both', async () => {
    const bars = async (from: number, until: number, buckets: number) =>
      (await store.histogram(ALL, from, until, buckets, AMPLE_MS)).map(bucket => [bucket.from, bucket.counts.info])
    expect(await bars(0, 80, 2)).toEqual([
      [0, 3],
      [40, 3],
    ])
    expect(await bars(10, 61, 3)).toEqual([
      [10, 2],
      [27, 2],
      [44, 2],
    ])
  })
})

describe('the most frequent values', () => {
  const lines = [
    at(1, { source: 'a' }),
    at(2, { source: 'b' }),
    at(3, { source: 'a' }),
    at(4, { source: 'd' }),
    at(5, { source: 'b' }),
    at(6, { source: 'c' }),
    at(7, { source: 'a' }),
  ]
  it.each([true, false])('are counted in both, each with its newest line (filters decide: %s)', async isExact => {
    open(lines)
    driver.isExact = isExact
    const { rows, searchedTo } = await store.top(ALL, 'source', 3, AMPLE_MS)
    expect(rows).toEqual([
      { value: 'a', count: 3, sample: lines[6] },
      { value: 'b', count: 2, sample: lines[4] },
      { value: 'c', count: 1, sample: lines[5] },
    ])
    expect(searchedTo).toBe(null)
    const all = await store.top(ALL, 'source', 9, AMPLE_MS)
    expect(all.rows.at(-1)).toEqual({ value: 'd', count: 1, sample: lines[3] })
  })

  it('have the line that is newer, wherever it is', async () => {
    // The engine has the newest timestamp; then both have one of the same instant.
    const late = [placedLine(90, 1, { source: 'a' }), placedLine(20, 5, { source: 'a' })]
    open(late)
    expect((await store.top(ALL, 'source', 1, AMPLE_MS)).rows[0]!.sample).toEqual(late[0])
    const same = [placedLine(90, 1, { source: 'a' }), placedLine(90, 5, { source: 'a' })]
    open(same)
    expect((await store.top(ALL, 'source', 1, AMPLE_MS)).rows[0]!.sample).toEqual(same[1])
  })

  it('are patterns of messages, the most frequent first', async () => {
    const told = ['user 1 left', 'user 2 left', 'disk full', 'user 3 left', 'port closed', 'disk full']
    open(told.map((message, i) => at(i + 1, { message })))
    const { rows, searchedTo } = await store.top(ALL, 'pattern', 2, AMPLE_MS)
    expect(rows.map(({ count, sample }) => [count, sample!.message])).toEqual([
      [3, 'user 3 left'],
      [2, 'disk full'],
    ])
    expect(searchedTo).toBe(null)
  })

  it('are patterns of all pages, in as much time as there is', async () => {
    const many = Array.from({ length: 2_500 }, (_, i) => at(i + 1, { message: i < 600 ? 'old' : 'new' }))
    open(many, 1_200, 0)
    const whole = await store.top(ALL, 'pattern', 9, AMPLE_MS)
    expect(whole.rows.map(({ count }) => count)).toEqual([1_900, 600])
    expect(whole.searchedTo).toBe(null)
    // Out of time after the first page.
    const part = await store.top(ALL, 'pattern', 9, -1)
    expect(part.rows.map(({ count }) => count)).toEqual([1_000])
    expect(part.searchedTo).toBe(many[1_500]!.timestamp)
  })
})

describe('values to complete', () => {
  it('come from both, each once, sorted, as many as wanted', async () => {
    open([at(1, { source: 'web' }), at(2, { source: 'api' }), at(5, { source: 'web' }), at(6, { source: 'worker' })])
    expect(await store.values('source', '', 9)).toEqual(['api', 'web', 'worker'])
    expect(await store.values('source', 'w', 9)).toEqual(['web', 'worker'])
    expect(await store.values('source', '', 2)).toEqual(['api', 'web'])
    goAway()
    expect(await store.values('source', '', 9)).toEqual(['web', 'worker'])
  })
})

describe('what is missing', () => {
  const ANY = { from: null, until: null }
  const fail = async () => {
    goAway()
    await store.read(LINES[0]!.id).catch(() => {})
  }

  it('is nothing while the engine answers, but what spool and engine left out', async () => {
    shipper.goneUntil = 50
    expect(await store.missing(ANY)).toEqual([])
    spool.missed.push({ partition: 'a', from: 1, until: 2, message: 'damaged' })
    maintenance.left.push({ partition: 'b', from: 1, until: 2, message: 'lost' })
    expect((await store.missing(ANY)).map(({ partition }) => partition)).toEqual(['a', 'b'])
  })

  it('is everything that only the engine has while it does not answer', async () => {
    shipper.goneUntil = 50
    await fail()
    const gone = { partition: 'log engine', from: 0, until: 50 }
    const message =
      'The log engine does not answer since 1970-01-01T00:00:01.000Z. Lines that only it has are not found.'
    expect(await store.missing(ANY)).toEqual([{ ...gone, message }])
    expect(await store.missing({ from: 50, until: null })).toMatchObject([gone])
    expect(await store.missing({ from: 51, until: null })).toEqual([])
    shipper.goneUntil = 0
    expect(await store.missing(ANY)).toEqual([])
  })

  it('may be missing from an answer of a moment ago, too', async () => {
    shipper.goneUntil = 50
    await fail()
    await health.try(async () => {})
    const message = 'The log engine does not answer a moment ago. Lines that only it has are not found.'
    expect(await store.missing(ANY)).toMatchObject([{ message }])
  })
})

describe('lines in the order they were stored', () => {
  const read = (position: number, lines = 9, bytes = 1e6) => store.linesAfter(position, { lines, bytes })

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('do not begin at %d', async position => {
    await expect(read(position)).rejects.toMatchObject({ code: 'invalid' })
  })

  it('come from the engine as far as they are not here', async () => {
    const page = await read(0)
    expect(page).toEqual({ lines: LINES, next: 6, committedTo: 6 })
    expect(asked).toEqual(['stored'])
    expect(spool.asked).toEqual([['linesAfter', 2, { lines: 7, bytes: expect.any(Number) }]])
    const bytes = (spool.asked[0]![2] as { bytes: number }).bytes
    expect(bytes).toBeLessThan(1e6)
    expect(bytes).toBeGreaterThan(1e6 - 5_000)
  })

  it('are not asked of the engine when they are here', async () => {
    expect((await read(2)).lines).toEqual(LINES.slice(2))
    expect(await read(0, 0)).toMatchObject({ lines: [], committedTo: 6 })
    expect(asked).toEqual([])
  })

  it.each([
    ['lines', 1, 1e6],
    ['bytes', 9, 1],
  ])('are no more than asked for: %s', async (_, lines, bytes) => {
    expect(await read(0, lines, bytes)).toEqual({ lines: [LINES[0]], next: 1, committedTo: 6 })
    expect(await read(1, lines, bytes)).toEqual({ lines: [LINES[1]], next: 2, committedTo: 6 })
  })
})

describe('lines that are deleted', () => {
  const secrets = [1, 2, 3, 4, 5, 6].map(i => at(i, { message: i % 2 ? 'secret' : 'kept' }))

  it.each([
    ['whose filters decide', true, false, ['purge']],
    ['that finds too much', false, false, ['page', 'remove']],
    ['that may have more than was shipped', true, true, ['purge', 'purge']],
    ['that finds too much and may have more', false, true, ['page', 'remove', 'page', 'remove']],
  ])('are deleted in an engine %s and here, and each counts once', async (_, isExact, isUncertain, questions) => {
    open(secrets)
    driver.isExact = isExact
    shipper.isUncertain = isUncertain
    // A batch whose answer was lost.
    if (isUncertain) driver.lines.push(secrets[4]!, secrets[5]!)
    expect(await store.purge(where(word('secret')))).toBe(3)
    expect(asked).toEqual(questions)
    expect(messages(driver.lines)).toEqual(isUncertain ? ['kept', 'kept', 'kept'] : ['kept', 'kept'])
    expect(messages(spool.lines)).toEqual(['kept', 'kept'])
    expect(spool.asked).toEqual([
      ['purge', 4, 6],
      ['purge', 0, 6],
    ])
    expect(shipper.pauses).toBe(0)
  })

  it('stay when the engine does not answer, and shipping goes on', async () => {
    open(secrets)
    goAway()
    await expect(store.purge(where(word('secret')))).rejects.toMatchObject({ code: 'busy' })
    expect(messages(spool.lines)).toEqual(['secret', 'kept', 'secret', 'kept'])
    expect(shipper.pauses).toBe(0)
  })
})

describe('lines that come', () => {
  it('are stored here and shipped soon', async () => {
    expect(await store.append(batchOf([{ message: 'a' }]))).toMatchObject({ accepted: 1 })
    expect(shipper.wakes).toBe(1)
  })

  it('are refused while too many wait', async () => {
    maintenance.full = busy()
    await expect(store.append(batchOf([{ message: 'a' }]))).rejects.toBe(maintenance.full)
    expect(spool.asked).toEqual([])
  })
})

it('closing closes all three', async () => {
  const closed: string[] = []
  shipper.close = async () => void closed.push('shipper')
  driver.close = async () => void closed.push('driver')
  await store.close()
  expect([closed, spool.asked]).toEqual([['shipper', 'driver'], [['close']]])
})
