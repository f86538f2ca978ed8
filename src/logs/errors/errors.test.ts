// The table of known errors: what is added to one, which are listed, and which go.
import { beforeEach, describe, expect, it } from 'vitest'
import { addProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import type { RecentCount } from '../../state/schema/index.ts'
import { HOUR } from '../../time.ts'
import {
  type ErrorLines,
  findErrorsByPrefix,
  listErrors,
  pruneErrors,
  readError,
  readErrorById,
  recordError,
  rewindErrors,
  setErrorState,
} from './errors.ts'
import { addToWindow, countInWindow, MAX_WINDOW_MS } from './sliding-window.ts'

let state: State
beforeEach(() => {
  state = memoryState()
  for (const name of ['shop', 'other']) addProject(state, name, 0)
})

const sample = (id: string) => ({ id, message: id }) as unknown as ErrorLines['samples'][number]
const add = (fingerprint: string, at: number, changes: Partial<ErrorLines> = {}) => {
  const lines = { projectId: 1, fingerprint, source: 'api', why: 'because', recent: [], at, count: 1, samples: [] }
  return recordError(state, { ...lines, ...changes })
}
const prints = (list: { fingerprint: string }[]) => list.map(({ fingerprint }) => fingerprint)

it('an error is new once, and then counts what comes', () => {
  const first = add('v1:a', 100, { count: 2, samples: [sample('1')], recent: [[100, 2, 7]] })
  expect(first.before).toBe(null)
  expect(first.error).toMatchObject({
    count: 2,
    firstSeenAt: 100,
    lastSeenAt: 100,
    source: 'api',
    why: 'because',
    state: 'open',
  })
  const second = add('v1:a', 90, { count: 3, samples: ['2', '3', '4'].map(sample), recent: [[90, 3, 7]] })
  expect(second.before).toEqual(first.error)
  expect(second.error).toMatchObject({ count: 5, firstSeenAt: 100, lastSeenAt: 100 })
  expect(second.error.samples.map(({ id }) => id)).toEqual(['2', '3', '4'])
  expect(second.error.recent).toEqual([
    [90, 3, 7],
    [100, 2, 7],
  ])
  expect(add('v1:a', 120).error.lastSeenAt).toBe(120)
  expect(readError(state, 1, 'v1:a')).toEqual({ ...second.error, count: 6, lastSeenAt: 120 })
  expect(readErrorById(state, first.error.id)).toEqual(readError(state, 1, 'v1:a'))
  expect(readError(state, 2, 'v1:a')).toBe(undefined)
  expect(readErrorById(state, 99)).toBe(undefined)
})

it('errors are listed by when they were last seen, of a project, a time and a state', () => {
  add('v1:a', 100)
  add('v1:b', 300)
  add('v1:c', 200, { projectId: 2 })
  setErrorState(state, readError(state, 1, 'v1:a')!.id, 'muted', 'ann', 500)
  expect(prints(listErrors(state, { limit: 9 }))).toEqual(['v1:b', 'v1:c', 'v1:a'])
  expect(prints(listErrors(state, { limit: 1 }))).toEqual(['v1:b'])
  expect(prints(listErrors(state, { limit: 9, since: 200 }))).toEqual(['v1:b', 'v1:c'])
  expect(prints(listErrors(state, { limit: 9, projectId: 2 }))).toEqual(['v1:c'])
  expect(prints(listErrors(state, { limit: 9, state: 'muted' }))).toEqual(['v1:a'])
  expect(readError(state, 1, 'v1:a')).toMatchObject({ state: 'muted', stateBy: 'ann', stateAt: 500 })
  expect(readError(state, 1, 'v1:b')).toMatchObject({ state: 'open' })
})

it('errors are found by the beginning of their fingerprint', () => {
  for (const fingerprint of ['v1:aa', 'v1:ab', 'v1:b', 'v1:a']) add(fingerprint, 1)
  expect(prints(findErrorsByPrefix(state, 'v1:a', 9)).sort()).toEqual(['v1:a', 'v1:aa', 'v1:ab'])
  expect(prints(findErrorsByPrefix(state, 'v1:ab', 9))).toEqual(['v1:ab'])
  expect(findErrorsByPrefix(state, 'v1:', 2)).toHaveLength(2)
  expect(findErrorsByPrefix(state, 'v2', 9)).toEqual([])
})

it('errors that were not seen for long go', () => {
  add('v1:a', 99)
  add('v1:b', 100)
  pruneErrors(state, 100)
  expect(prints(listErrors(state, { limit: 9 }))).toEqual(['v1:b'])
})

it('a clock that goes back takes along what lies after it', () => {
  add('v1:before', 100, { recent: [[100, 1, 1]] })
  add('v1:after', 50, { recent: [[50, 1, 1]] })
  add('v1:after', 300)
  add('v1:late', 300)
  add('v1:judged', 100, { recent: [[100, 1, 1]] })
  setErrorState(state, readError(state, 1, 'v1:judged')!.id, 'resolved', 'ann', 201)
  rewindErrors(state, 200)
  expect(readError(state, 1, 'v1:before')).toMatchObject({ firstSeenAt: 100, lastSeenAt: 100, recent: [[100, 1, 1]] })
  expect(readError(state, 1, 'v1:after')).toMatchObject({ firstSeenAt: 50, lastSeenAt: 200, recent: [] })
  expect(readError(state, 1, 'v1:late')).toMatchObject({ firstSeenAt: 200, lastSeenAt: 200 })
  expect(readError(state, 1, 'v1:judged')).toMatchObject({ stateAt: 200, recent: [] })
})

describe('a window of counts', () => {
  it.each<[string, RecentCount[], RecentCount[], RecentCount[]]>([
    ['is empty', [], [], []],
    [
      'keeps what comes in order',
      [[1, 1, 1]],
      [
        [3, 1, 1],
        [2, 1, 1],
      ],
      [
        [1, 1, 1],
        [2, 1, 1],
        [3, 1, 1],
      ],
    ],
    ['adds up what came at one instant', [[1, 1, 1]], [[1, 2, 1]], [[1, 3, 1]]],
    [
      'keeps series apart',
      [[1, 1, 1]],
      [[1, 2, 2]],
      [
        [1, 1, 1],
        [1, 2, 2],
      ],
    ],
    [
      'keeps an hour',
      [[0, 1, 1]],
      [[HOUR, 2, 1]],
      [
        [0, 1, 1],
        [HOUR, 2, 1],
      ],
    ],
    ['keeps no more', [[0, 1, 1]], [[HOUR + 1, 2, 1]], [[HOUR + 1, 2, 1]]],
  ])('%s', (_, entries, more, expected) => expect(addToWindow(entries, more)).toEqual(expected))

  it('merges its older half two by two once it is full', () => {
    const entries = (count: number, series = (_: number) => 1) =>
      Array.from({ length: count }, (_, i): RecentCount => [i, 1, series(i)])
    expect(addToWindow([], entries(128))).toEqual(entries(128))
    const merged = addToWindow([], entries(129))
    const pairs = Array.from({ length: 32 }, (_, i): RecentCount => [2 * i, 2, 1])
    expect(merged).toEqual([...pairs, [64, 1, 1], ...entries(129).slice(65)])
    // Of different series, nothing is merged, and the oldest go.
    expect(
      addToWindow(
        [],
        entries(130, i => i),
      ),
    ).toEqual(entries(130, i => i).slice(2))
    expect(countInWindow(merged, MAX_WINDOW_MS, 200)).toBe(129)
  })

  it('counts from its beginning to its end', () => {
    const entries: RecentCount[] = [
      [10, 1, 1],
      [20, 2, 2],
      [30, 4, 1],
    ]
    expect(countInWindow(entries, 10, 20)).toBe(3)
    expect(countInWindow(entries, 9, 20)).toBe(2)
    expect(countInWindow(entries, 20, 29)).toBe(3)
    expect(countInWindow(entries, 20, 30, series => series === 1)).toBe(5)
  })
})
