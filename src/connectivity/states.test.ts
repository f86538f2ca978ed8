// The history of connectivity: spans that go on, gaps in which Vakt did not run, and what is kept.
import { beforeEach, describe, expect, it } from 'vitest'
import { memoryState, type State } from '../state/database.ts'
import { DAY, SECOND } from '../time.ts'
import { type Connectivity, initialConnectivity } from './connectivity.ts'
import { listConnectivity, pruneConnectivity, recordConnectivity } from './states.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const at = (seconds: number) => START + seconds * SECOND
let state: State

beforeEach(() => {
  state = memoryState()
})

const record = (seconds: number, changes: Partial<Connectivity> = {}) =>
  recordConnectivity(state, { ...initialConnectivity(START), ...changes }, at(seconds))
/** The spans in seconds after the start, oldest first. */
const spans = () =>
  listConnectivity(state, { limit: 100 })
    .reverse()
    .map(row => [row.state, (row.from - START) / SECOND, (row.to - START) / SECOND])

it('a state that goes on is one span, also over a gap of 30 s, and no more over a longer one', () => {
  for (const seconds of [0, 15, 45, 45]) record(seconds)
  expect(spans()).toEqual([['online', 0, 45]])
  record(76)
  expect(spans()).toEqual([
    ['online', 0, 45],
    ['online', 76, 76],
  ])
})

it('a new state begins when it was noticed, an offline one with the first round that failed', () => {
  record(0)
  record(15)
  record(30, { state: 'degraded', since: at(20) })
  record(45, { state: 'offline', since: at(42), failingSince: at(39) })
  record(60, { state: 'offline', since: at(42), failingSince: at(39) })
  record(75, { state: 'online', since: at(70), failingSince: null })
  expect(spans()).toEqual([
    ['online', 0, 20],
    ['degraded', 20, 39],
    ['offline', 39, 70],
    ['online', 70, 75],
  ])
})

it('a state without a first failed round begins when it was confirmed', () => {
  record(0)
  record(15, { state: 'offline', since: at(9), failingSince: null })
  expect(spans().at(-1)).toEqual(['offline', 9, 15])
})

it('no span begins before the one before it, or after now, or in a time in which Vakt did not run', () => {
  record(10)
  record(20, { state: 'degraded', since: at(5) })
  record(30, { state: 'online', since: at(35) })
  record(200, { state: 'offline', since: at(190), failingSince: at(180) })
  expect(spans()).toEqual([
    ['online', 10, 10],
    ['degraded', 10, 30],
    ['online', 30, 30],
    ['offline', 200, 200],
  ])
})

it('a clock that went back begins a span of its own', () => {
  record(100)
  record(115)
  record(50)
  expect(spans()).toEqual([
    ['online', 100, 115],
    ['online', 50, 50],
  ])
})

describe('the list', () => {
  beforeEach(() => {
    record(0)
    record(15)
    record(30, { state: 'offline', since: at(20), failingSince: at(20) })
    record(45, { state: 'online', since: at(40) })
  })

  it('is newest first, of one state, after an instant, and limited', () => {
    const list = (filter: Parameters<typeof listConnectivity>[1]) =>
      listConnectivity(state, filter).map(row => `${row.state} ${(row.from - START) / SECOND}`)
    expect(list({ limit: 2 })).toEqual(['online 40', 'offline 20'])
    expect(list({ limit: 9, state: 'online' })).toEqual(['online 40', 'online 0'])
    expect(list({ limit: 9, after: at(20) })).toEqual(['online 40', 'offline 20'])
    expect(list({ limit: 9, after: at(20), state: 'offline' })).toEqual(['offline 20'])
  })

  it('forgets what ended more than 400 days ago', () => {
    pruneConnectivity(state, at(20) + 400 * DAY)
    expect(spans().length).toBe(3)
    pruneConnectivity(state, at(20) + 400 * DAY + 1)
    expect(spans().map(([name]) => name)).toEqual(['offline', 'online'])
  })
})
