// How a query is asked of an engine: one whose filters decide, and one that finds more than they say, which Vakt tests.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HOUR } from '../../time.ts'
import { lineId, MAX_POSITION } from '../embedded/partitions/line-key.ts'
import type { LogLine } from '../line.ts'
import type { Query } from '../query/tree.ts'
import { NOON, where, word } from '../store.testing.ts'
import { EngineSearch, patternCounter, valuesOf } from './engine-search.ts'
import { memoryEngine, placedLine } from './memory-driver.testing.ts'
import { MAX_EXACT_COUNT } from './merge.ts'

const START = NOON - 100 * HOUR
const ALL_TIME = { where: null, from: null, until: null }
const at = (timestamp: number, changes: Partial<LogLine> = {}) => placedLine(timestamp, timestamp, changes)
/** Lines at 1 … 9; the even ones say so. */
const NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(i => at(i, { message: i % 2 === 0 ? 'even' : 'odd' }))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] })
  vi.setSystemTime(NOON)
})
afterEach(() => void vi.useRealTimers())

const timesOf = (lines: readonly LogLine[]) => lines.map(({ timestamp }) => timestamp)

describe.each([true, false])('an engine whose filters decide (%s)', isExact => {
  const engineOf = (lines: LogLine[]) => Object.assign(memoryEngine(lines), { isExact })
  const search = (query: Query, lines = NINE, upTo = MAX_POSITION) => new EngineSearch(engineOf(lines), query, upTo)

  it('returns a page, and says whether there is more', async () => {
    const even = search(where(word('even')))
    expect(await even.page('newest', null, 2, 1_000)).toMatchObject({
      lines: [{ timestamp: 8 }, { timestamp: 6 }],
      reached: { timestamp: 6, position: 6 },
      isTimedOut: false,
    })
    const last = await even.page('newest', { timestamp: 6, position: 6 }, 2, 1_000)
    expect([timesOf(last.lines), last.reached, last.isTimedOut]).toEqual([[4, 2], null, false])
    const whole = await even.page('oldest', null, 4, 1_000)
    expect([timesOf(whole.lines), whole.reached]).toEqual([[2, 4, 6, 8], null])
    const upwards = await even.page('oldest', { timestamp: 4, position: 4 }, 1, 1_000)
    expect([timesOf(upwards.lines), upwards.reached]).toEqual([[6], { timestamp: 6, position: 6 }])
  })

  it('continues after a line among others of its instant, either way', async () => {
    const same = [placedLine(5, 1), placedLine(5, 2), placedLine(5, 3)]
    const page = (order: 'newest' | 'oldest') =>
      search(ALL_TIME, same).page(order, { timestamp: 5, position: 2 }, 9, 1_000)
    expect((await page('newest')).lines).toEqual([same[0]])
    expect((await page('oldest')).lines).toEqual([same[2]])
  })

  it('has the lines from an instant up to, not including, another one, stored up to a position', async () => {
    const page = async (query: Query, upTo?: number) =>
      timesOf((await search(query, NINE, upTo).page('oldest', null, 9, 1_000)).lines)
    expect(await page({ where: null, from: 3, until: 5 })).toEqual([3, 4])
    expect(await page({ where: null, from: 2.5, until: 4.5 })).toEqual([3, 4])
    expect(await page({ where: null, from: -5, until: null })).toEqual(timesOf(NINE))
    expect(await page(ALL_TIME, 3)).toEqual([1, 2, 3])
    expect(await page({ where: null, from: 5, until: 5 })).toEqual([])
  })

  it('counts', async () => {
    expect(await search(where(word('even'))).count(1_000)).toEqual({ total: 4, atLeast: false, searchedTo: null })
  })

  it('draws a chart of the part of the query that is in its time', async () => {
    const counts = async (query: Query, from: number, until: number, width: number) =>
      (await search(query).histogram({ from, until, width }, 1_000)).map(bucket => [bucket.from, bucket.counts.info])
    expect(await counts(where(word('even')), 0, 10, 4)).toEqual([
      [0, 1],
      [4, 2],
      [8, 1],
    ])
    expect(await counts({ where: null, from: 3, until: 5 }, 0, 10, 5)).toEqual([
      [0, 2],
      [5, 0],
    ])
    expect(await counts(ALL_TIME, 2, 6, 2)).toEqual([
      [2, 2],
      [4, 2],
    ])
    expect(await counts(ALL_TIME, 6, 2, 2)).toEqual([])
  })

  it('counts values, each with its newest line', async () => {
    const lines = [at(1, { source: 'a' }), at(2, { source: 'b' }), at(3, { source: 'a' }), at(4)]
    const one = search(ALL_TIME, lines)
    const { tallies, searchedTo } = await one.top('source', 1_000)
    const counted = tallies.map(({ value, count }) => [value, count]).sort()
    expect([counted, searchedTo]).toEqual([
      [
        ['a', 2],
        ['b', 1],
      ],
      null,
    ])
    expect(tallies.map(({ newest }) => newest?.timestamp ?? null).sort()).toEqual(isExact ? [null, null] : [2, 3])
    expect(await one.newestOf('source', ['b', 'a', 'c'])).toEqual([lines[1], lines[2], null])
    expect(await one.newestOf('source', [])).toEqual([])
  })

  it('has the ids of all lines that match', async () => {
    const found: string[] = []
    await search(where(word('even'))).ids(async ids => void found.push(...ids))
    expect(found).toEqual([8, 6, 4, 2].map(i => at(i).id))
  })

  describe('that takes too long', () => {
    const lines = [0, 1, 10, 50, 98, 99.5].map((hour, i) => placedLine(START + hour * HOUR, i + 1, { source: 's' }))
    const slow = (query: Query = { where: null, from: START, until: START + 100 * HOUR }) => {
      const engine = Object.assign(engineOf(lines), { ableMs: 16 * HOUR })
      return new EngineSearch(engine, query, MAX_POSITION)
    }
    const reached = START + (100 - 21) * HOUR

    it('says how far it came', async () => {
      const page = await slow().page('newest', null, 9, 60_000)
      expect([page.lines.length, page.reached, page.isTimedOut]).toEqual([2, { timestamp: reached, position: 0 }, true])
      const up = await slow().page('oldest', null, 9, 60_000)
      const edge = { timestamp: START + 21 * HOUR - 1, position: MAX_POSITION }
      expect([up.lines.length, up.reached, up.isTimedOut]).toEqual([3, edge, true])
      expect(await slow().count(60_000)).toEqual({ total: 2, atLeast: true, searchedTo: reached })
      const { tallies, searchedTo } = await slow().top('source', 60_000)
      expect([tallies[0]!.count, searchedTo]).toEqual([2, reached])
    })

    it('leaves out the buckets that were not searched as a whole', async () => {
      const chart = await slow().histogram({ from: START, until: START + 100 * HOUR, width: HOUR }, 60_000)
      const counted = chart.filter(({ counts }) => counts.info > 0).map(({ from }) => (from - START) / HOUR)
      expect([chart[0]!.from, counted]).toEqual([reached + HOUR, [98, 99]])
    })

    it('has a whole page all the same when the first slices have it', async () => {
      const page = await slow().page('newest', null, 1, 60_000)
      expect([timesOf(page.lines), page.reached, page.isTimedOut]).toEqual([
        [START + 99.5 * HOUR],
        { timestamp: START + 99.5 * HOUR, position: 6 },
        false,
      ])
    })
  })
})

describe('an engine that finds more than is sought', () => {
  const many = Array.from({ length: 4_001 }, (_, i) => at(i + 1, { message: i % 2_000 === 0 ? 'sought' : 'other' }))
  const inexact = () => Object.assign(memoryEngine(many), { isExact: false })

  it('is asked for the next lines until there are no more', async () => {
    const engine = inexact()
    let asked = 0
    engine.onAsked = () => void asked++
    const search = new EngineSearch(engine, where(word('sought')), MAX_POSITION)
    expect(timesOf((await search.page('newest', null, 9, 1_000)).lines)).toEqual([4_001, 2_001, 1])
    expect(asked).toBe(3)
    const found: string[][] = []
    await search.ids(async ids => void found.push([...ids]))
    expect(found).toEqual([[many[4_000]!.id], [many[2_000]!.id], [many[0]!.id]])
  })

  it('is not asked on when the time is over, and the page says how far it came', async () => {
    const engine = inexact()
    engine.onAsked = () => void vi.advanceTimersByTime(600)
    const search = new EngineSearch(engine, where(word('sought')), MAX_POSITION)
    const page = await search.page('newest', null, 9, 1_000)
    expect([timesOf(page.lines), page.reached, page.isTimedOut]).toEqual([
      [4_001, 2_001],
      { timestamp: 2, position: 2 },
      true,
    ])
    // A question that ends just in time is followed by another one.
    engine.onAsked = () => void vi.advanceTimersByTime(500)
    expect((await search.page('newest', null, 9, 1_000)).lines.length).toBe(3)
  })

  it('leaves nothing to visit once who visits has enough', async () => {
    const search = new EngineSearch(inexact(), where(word('sought')), MAX_POSITION)
    const visited: number[] = []
    const end = await search.eachLine(1_000, ({ timestamp }) => (visited.push(timestamp) === 2 ? 'stop' : 'continue'))
    expect([visited, end]).toEqual([[4_001, 2_001], null])
  })
})

it.each([true, false])('a count is exact up to a limit, above which it is a lower bound (%s)', async isExact => {
  const lines = new Array<LogLine>(MAX_EXACT_COUNT + 1).fill(at(5))
  const engine = memoryEngine()
  engine.isExact = isExact
  // All of them at once, so that the test is quick.
  engine.page = async (_, __, after) => ({ answer: after === null ? lines : [] })
  engine.count = async (_, limit) => ({ answer: Math.min(limit, lines.length) })
  const count = () => new EngineSearch(engine, ALL_TIME, MAX_POSITION).count(1_000)
  expect(await count()).toEqual({ total: MAX_EXACT_COUNT, atLeast: true, searchedTo: null })
  lines.pop()
  expect(await count()).toEqual({ total: MAX_EXACT_COUNT, atLeast: false, searchedTo: null })
})

it('a line has each of its tags once, and no value that is empty', () => {
  expect([...valuesOf(at(1, { tags: ['a', 'b', 'a'] }), 'tag')]).toEqual(['a', 'b'])
  expect([...valuesOf(at(1, { source: 's' }), 'source')]).toEqual(['s'])
  expect([...valuesOf(at(1), 'source')]).toEqual([])
})

it('patterns are counted with the newest of their lines that came first', () => {
  const counter = patternCounter()
  const first = at(9, { message: 'user 5 left' })
  for (const line of [first, at(8, { message: 'user 7 left' }), at(7, { message: 'disk full' })]) counter.add(line)
  const tallies = counter.tallies().sort((a, b) => b.count - a.count)
  expect(tallies.map(({ count }) => count)).toEqual([2, 1])
  expect(tallies[0]!.newest).toEqual(first)
  expect(lineId({ timestamp: 9, position: 9 })).toBe(first.id)
})
