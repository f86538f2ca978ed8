// When sources of log lines were last seen, and the gaps that are usual for them.
import { beforeEach, expect, it } from 'vitest'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { downtimes } from '../state/schema/index.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import {
  discardLastGap,
  listQuietSources,
  pruneSources,
  readSource,
  readSourceZones,
  recordSource,
  rewindSources,
  setSourceZone,
} from './sources.ts'

const START = 20_000 * DAY
let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['default', 'other']) addProject(state, name, START)
})
const seen = (at: number, name = 'api') => recordSource(state, 1, name, START + at)
const stored = (name = 'api') => readSource(state, 1, name)!

it('the longest gap of each of the last seven days is kept; a source is written every five seconds at most', () => {
  expect(seen(0)).toBeNull()
  expect(seen(5 * SECOND - 1)).toBeNull()
  expect(stored().lastSeenAt).toBe(START)
  expect(seen(5 * SECOND)).toMatchObject({ lastSeenAt: START, gaps: [] })
  expect(stored()).toMatchObject({ firstSeenAt: START, lastSeenAt: START + 5 * SECOND, gaps: [[20_000, 5 * SECOND]] })
  for (const at of [HOUR, HOUR + MINUTE, DAY, 7 * DAY - 1]) seen(at)
  expect(stored().gaps).toEqual([
    [20_000, HOUR - 5 * SECOND],
    [20_001, 23 * HOUR - MINUTE],
    [20_006, 6 * DAY - 1],
  ])
  seen(7 * DAY + MINUTE)
  expect(stored().gaps.map(([day]) => day)).toEqual([20_001, 20_006, 20_007])
})

it('a downtime of Vakt is no gap of a source, and a gap can be taken back', () => {
  seen(0)
  const row = { from: START + MINUTE, to: START + 3 * MINUTE, kind: 'stopped' as const }
  state.db.insert(downtimes).values(row).run()
  const before = seen(10 * MINUTE)!
  expect(stored().gaps).toEqual([[20_000, 8 * MINUTE]])
  discardLastGap(state, before)
  expect(stored().gaps).toEqual([])
  seen(11 * MINUTE)
  expect(stored().gaps).toEqual([[20_000, MINUTE]])
})

it('quiet sources are listed by id, between two instants and in pages', () => {
  for (const [i, name] of ['a', 'b', 'c'].entries()) seen(i * MINUTE, name)
  const names = (from: number, until: number, after: number, limit: number) =>
    listQuietSources(state, START + from, START + until, after, limit).map(({ name }) => name)
  expect(names(-1, 2 * MINUTE + 1, 0, 10)).toEqual(['a', 'b', 'c'])
  expect(names(0, 2 * MINUTE, 0, 10)).toEqual(['b'])
  expect(names(-1, 2 * MINUTE + 1, 1, 1)).toEqual(['b'])
})

it('a clock that goes back takes what it saw along; old sources are removed', () => {
  seen(0, 'old')
  seen(HOUR)
  rewindSources(state, START + MINUTE)
  expect([stored().firstSeenAt, stored().lastSeenAt, stored('old').lastSeenAt]).toEqual([
    START + MINUTE,
    START + MINUTE,
    START,
  ])
  seen(2 * MINUTE)
  expect(stored().gaps).toEqual([[20_000, MINUTE]])
  pruneSources(state, START)
  expect(readSource(state, 1, 'old')).toBeDefined()
  pruneSources(state, START + 1)
  expect(readSource(state, 1, 'old')).toBeUndefined()
  expect(stored().lastSeenAt).toBe(START + 2 * MINUTE)
  // A removed source that sends lines again is a new one.
  expect(seen(3 * MINUTE, 'old')).toBeNull()
  expect(stored('old')).toMatchObject({ firstSeenAt: START + 3 * MINUTE, gaps: [] })
})

it('a zone belongs to one source of one project', () => {
  seen(0)
  seen(0, 'other')
  expect(readSourceZones(state, 1)).toBeNull()
  expect(setSourceZone(state, 1, 'api', 'Europe/Oslo')).toBe(true)
  expect(setSourceZone(state, 1, 'nobody', 'Europe/Oslo')).toBe(false)
  expect(setSourceZone(state, 2, 'api', 'Europe/Oslo')).toBe(false)
  expect(readSourceZones(state, 1)).toEqual({ api: 'Europe/Oslo' })
  expect(seen(MINUTE)).toMatchObject({ timeZone: 'Europe/Oslo' })
  setSourceZone(state, 1, 'api', null)
  expect(readSourceZones(state, 1)).toBeNull()
})
