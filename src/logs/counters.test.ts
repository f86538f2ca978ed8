// The counters: limits of series, downsampling of old minutes, and nothing counted twice or lost.
import { beforeEach, describe, expect, it } from 'vitest'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'
import {
  addCount,
  countByMinute,
  downsampleCounts,
  listSeries,
  MAX_SERIES_PER_MINUTE,
  OTHER_SOURCES,
  pruneCountedBatches,
  registerBatch,
  seriesFor,
} from './counters.ts'
import { readAllSeries } from './window-counts.ts'

const NOW = 100 * DAY
const kind = { source: 'api', host: 'web-1', group: '', level: 'info' as const, fingerprint: '' }
let state: State
let project: number

beforeEach(() => {
  state = memoryState()
  project = addProject(state, 'default', NOW).id
})

const total = () => countByMinute(state, listSeries(state), 0, 2 * NOW).reduce((sum, { count }) => sum + count, 0)
const add = (changes: Partial<typeof kind>, at: number, count = 1) =>
  state.transaction(() => addCount(state, seriesFor(state, project, { ...kind, ...changes }, at).id, at, count))

describe('series', () => {
  it('beyond the limit are aggregated by source, then in one, and every line is counted', () => {
    for (let i = 0; i < MAX_SERIES_PER_MINUTE + 500; i++) add({ host: `pod-${i}` }, NOW)
    for (let i = 0; i < 3 * MAX_SERIES_PER_MINUTE; i++) add({ source: `made-up-${i}` }, NOW)
    const series = listSeries(state)
    expect(total()).toBe(4 * MAX_SERIES_PER_MINUTE + 500)
    expect(series.filter(({ source, host }) => source === 'api' && host === '')).toHaveLength(1)
    expect(series.filter(({ source }) => source === OTHER_SOURCES)).toHaveLength(1)
    expect(
      countByMinute(
        state,
        series.filter(({ source }) => source === OTHER_SOURCES),
        0,
        2 * NOW,
      )[0]!.count,
    ).toBeGreaterThan(1000)
  })

  it('are separate again in the next minute, and in another project at any time', () => {
    for (let i = 0; i < MAX_SERIES_PER_MINUTE + 10; i++) add({ host: `pod-${i}` }, NOW)
    expect(seriesFor(state, project, { ...kind, host: 'new' }, NOW).host).toBe('')
    expect(seriesFor(state, project, { ...kind, host: 'new' }, NOW + MINUTE).host).toBe('new')
    const other = addProject(state, 'other', NOW).id
    expect(seriesFor(state, other, { ...kind, host: 'new' }, NOW).host).toBe('new')
  })
})

it('downsamples minutes older than two days to hours, in parts, and drops those older than 35 days', () => {
  for (let i = 0; i < 450; i++) {
    add({ host: `web-${i}` }, NOW - 3 * DAY + 5 * MINUTE, 2)
    add({ host: `web-${i}` }, NOW - 3 * DAY + 6 * MINUTE, 3)
    add({ host: `web-${i}` }, NOW - MINUTE, 5)
  }
  add({ host: 'gone' }, NOW - 36 * DAY, 7)
  add({ host: 'latest' }, NOW - 36 * DAY, 7)
  for (let i = 0; i < 5; i++) downsampleCounts(state, NOW)
  const web = listSeries(state).filter(({ host }) => host === 'web-449')
  expect(countByMinute(state, web, 0, NOW)).toEqual([
    { at: NOW - 3 * DAY, count: 5 },
    { at: NOW - MINUTE, count: 5 },
  ])
  // The highest number is not given away, or the next new series would be taken for this one.
  expect(listSeries(state).filter(({ host }) => !host.startsWith('web-'))).toMatchObject([{ host: 'latest' }])
  expect(total()).toBe(4500)
  add({ host: 'gone' }, NOW)
  expect(total()).toBe(4501)
  for (let i = 0; i < 5; i++) downsampleCounts(state, NOW + 50 * HOUR)
  expect(total()).toBe(4501)
})

it('keeps hours that began 35 days ago to the millisecond, and lists no series that is gone', () => {
  add({ host: 'old' }, NOW - 35 * DAY - HOUR)
  add({ host: 'kept' }, NOW - 35 * DAY)
  add({ host: 'new' }, NOW)
  const hosts = () => {
    const steps = readAllSeries(state)
    for (let step = steps.next(); ; step = steps.next()) if (step.done) return step.value.map(({ host }) => host)
  }
  expect(hosts()).toEqual(['old', 'kept', 'new'])
  downsampleCounts(state, NOW)
  expect(hosts()).toEqual(['kept', 'new'])
  // Lines of a series that is gone begin another one.
  add({ host: 'old' }, NOW)
  expect([hosts(), total()]).toEqual([['kept', 'new', 'old'], 3])
})

it('counts the batch of a key once, and nothing of a rolled-back transaction', () => {
  expect([registerBatch(state, project, 'k', NOW, NOW), registerBatch(state, project, 'k', NOW, NOW)]).toEqual([
    true,
    false,
  ])
  expect(registerBatch(state, project, 'stored before Vakt died', NOW, NOW + 4 * MINUTE)).toBe(true)
  // Keys are forgotten after minutes, so that theirs never come to count twice.
  pruneCountedBatches(state, NOW + 20 * MINUTE)
  expect(registerBatch(state, project, 'k', NOW, NOW + 20 * MINUTE)).toBe(false)
  const undone = () => {
    add({ host: 'undone' }, NOW)
    throw new Error('undone')
  }
  expect(() => state.transaction(undone)).toThrow('undone')
  add({ host: 'undone' }, NOW)
  expect(total()).toBe(1)
})
