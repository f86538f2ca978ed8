// Which indexes are left out of searches, when that is looked at again, and for how long answers say so.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { OpenSearchClient } from './client.ts'
import { indexNames } from './indexes.ts'
import { RedIndexes } from './red-indexes.ts'

const ONE = 'vakt-2026-11-21.3d.0'
const TWO = 'vakt-2026-11-22.3d.0'
const NAMES = indexNames('vakt')

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

/** A cluster with these indexes, by their health, and these shards. */
function cluster(health: Record<string, string>, shards: { status?: number; body?: object[] } = {}) {
  const asked: string[] = []
  const client = {
    async get(_: string, path: string) {
      asked.push(path.split('?')[0]!)
      return Object.entries(health).map(([index, own]) => ({ index, health: own }))
    },
    async send(_: string, path: string) {
      asked.push(path.split('?')[0]!)
      return { status: 200, body: [], ...shards }
    },
  }
  return { health, asked, shards, red: new RedIndexes(client as unknown as OpenSearchClient, NAMES) }
}
const lost = (index: string, changes: object = {}) => {
  return { index, prirep: 'p', state: 'UNASSIGNED', 'unassigned.reason': 'NODE_LEFT', ...changes }
}

it('leaves red ones out by name, beside others', async () => {
  const { red } = cluster({ [ONE]: 'red', [TWO]: 'yellow' }, { body: [lost(ONE)] })
  expect(red.searched()).toBe(NAMES.all)
  expect(await red.check()).toEqual({ isChanged: true, starting: [] })
  expect(red.indexes).toEqual([ONE])
  expect(red.searched()).toBe(`${NAMES.all},-${ONE}`)
  expect(red.searched([TWO])).toBe(`${NAMES.all},-${ONE},-${TWO}`)
  expect(await red.check()).toEqual({ isChanged: false, starting: [] })
})

it('says when others are red than before', async () => {
  const own = cluster({ [ONE]: 'red' }, { body: [lost(ONE), lost(TWO)] })
  await own.red.check()
  own.health[ONE] = 'green'
  own.health[TWO] = 'red'
  expect((await own.red.check()).isChanged).toBe(true)
  own.health[ONE] = 'red'
  expect((await own.red.check()).isChanged).toBe(true)
  own.health[ONE] = 'green'
  own.health[TWO] = 'green'
  expect((await own.red.check()).isChanged).toBe(true)
  expect((await own.red.check()).isChanged).toBe(false)
})

it('looks again after five seconds, and only while some are red', async () => {
  const own = cluster({ [ONE]: 'red' }, { body: [lost(ONE)] })
  vi.advanceTimersByTime(60_000)
  await own.red.recheck()
  expect(own.asked).toEqual([])
  await own.red.check()
  own.asked.length = 0
  vi.advanceTimersByTime(5_000)
  await own.red.recheck()
  expect(own.asked).toEqual([])
  vi.advanceTimersByTime(1)
  await own.red.recheck()
  expect(own.asked.length).toBe(2)
})

it('names what was left out for fifteen seconds after it is back', async () => {
  const own = cluster({ [ONE]: 'red' }, { body: [lost(ONE)] })
  await own.red.check()
  vi.advanceTimersByTime(60_000)
  expect(own.red.partitions).toEqual(['2026-11-21.3d.0'])
  own.health[ONE] = 'green'
  await own.red.check()
  vi.advanceTimersByTime(14_999)
  expect(own.red.partitions).toEqual(['2026-11-21.3d.0'])
  vi.advanceTimersByTime(1)
  expect(own.red.partitions).toEqual([])
  vi.advanceTimersByTime(1)
  await own.red.check()
  expect(own.red.partitions).toEqual([])
})

it.each<[string, { status?: number; body?: object[] }, boolean]>([
  ['is lost when its node left', { body: [lost(ONE)] }, true],
  [
    'is only starting when it was made a moment ago',
    { body: [lost(ONE, { 'unassigned.reason': 'INDEX_CREATED' })] },
    false,
  ],
  [
    'is lost when one of its parts is',
    { body: [lost(ONE), lost(ONE, { 'unassigned.reason': 'INDEX_CREATED' })] },
    true,
  ],
  ['is only starting whatever became of its copies', { body: [lost(ONE, { prirep: 'r' })] }, false],
  ['is only starting when its parts have started meanwhile', { body: [lost(ONE, { state: 'STARTED' })] }, false],
  [
    'is only starting when another one is lost',
    { body: [lost(TWO), lost(ONE, { 'unassigned.reason': 'INDEX_CREATED' })] },
    false,
  ],
  [
    'is lost when the cluster does not say',
    { status: 403, body: [lost(ONE, { 'unassigned.reason': 'INDEX_CREATED' })] },
    true,
  ],
])('an index %s', async (_, shards, isLost) => {
  const { red } = cluster({ [ONE]: 'red', [TWO]: 'green' }, shards)
  expect(await red.check()).toEqual({ isChanged: isLost, starting: isLost ? [] : [ONE] })
  expect(red.indexes).toEqual(isLost ? [ONE] : [])
})

it('does not ask about more shards than are made at once', async () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`vakt-2026-11-21.3d.${i}`, 'red']))
  const few = cluster(many(50), { body: [] })
  expect((await few.red.check()).starting.length).toBe(50)
  const more = cluster(many(51), { body: [] })
  expect((await more.red.check()).starting.length).toBe(0)
  expect(more.asked.length).toBe(1)
})

it('does not search around more than can be named', () => {
  const { red } = cluster({})
  const room = 3_000 - NAMES.all.length
  const name = (length: number) => 'x'.repeat(length - 2)
  expect(red.searched([name(room)]).length).toBe(3_000)
  expect(() => red.searched([name(room + 1)])).toThrow('1 index of the log engine are red.')
})

it('knows a restored index by the name under which it is searched', () => {
  expect(NAMES.searchedAs('vakt-restoring-2026-11-21.3d.0')).toBe('vakt-restored-2026-11-21.3d.0')
  expect(NAMES.searchedAs(ONE)).toBe(ONE)
  expect(NAMES.partitionOf('vakt-restoring-2026-11-21.3d.0')).toBe('2026-11-21.3d.0')
  expect(NAMES.partitionOf(ONE)).toBe('2026-11-21.3d.0')
  expect(NAMES.partitionOf('vakt-other')).toBe(null)
})
