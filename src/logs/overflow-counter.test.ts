// Floods of kinds of lines: what repeats among them is counted apart and exactly, and no line is counted twice or lost.
import { beforeEach, expect, it } from 'vitest'
import { addProject } from '../projects/projects.ts'
import { memoryState, type State } from '../state/database.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'
import {
  addCount,
  countByMinute,
  isSeparate,
  listSeries,
  MAX_SERIES_PER_MINUTE,
  type SeriesLabels,
  seriesFor,
} from './counters.ts'
import { OverflowCounter } from './overflow-counter.ts'

const NOW = 100 * DAY
const info: SeriesLabels = { source: 'api', host: '', group: '', level: 'info', fingerprint: '' }
const error: SeriesLabels = { ...info, level: 'error', fingerprint: 'v1:0' }
let state: State
let project: number
let overflow: OverflowCounter

beforeEach(() => {
  state = memoryState()
  project = addProject(state, 'default', NOW).id
  overflow = new OverflowCounter()
})

/** Counts lines as detection does; returns how many of their kind are counted separately by it. */
function count(labels: SeriesLabels, at = NOW, lines = 1, of = project): number {
  return state.transaction(() => {
    const series = seriesFor(state, of, labels, at)
    if (!isSeparate(series, labels))
      return overflow.add(state, of, labels, series, at, lines).reduce((sum, [, own]) => sum + own, 0)
    addCount(state, series.id, at, lines)
    return lines
  })
}

function flood(kinds: number, labelsOf: (i: number) => SeriesLabels, at = NOW): void {
  state.transaction(() => {
    for (let i = 0; i < kinds; i++) count(labelsOf(i), at)
  })
}

const variedErrors = (kinds: number, at = NOW) => flood(kinds, i => ({ ...error, fingerprint: `v1:${i}` }), at)
const total = () => linesOf(() => true)
const linesOf = (isWanted: (series: SeriesLabels) => boolean) =>
  countByMinute(state, listSeries(state).filter(isWanted), 0, 2 * NOW).reduce((sum, own) => sum + own.count, 0)

it('an error that repeats in a flood of errors is counted from its first line, and all lines are counted once', () => {
  const boom = { ...error, fingerprint: 'v1:boom' }
  variedErrors(MAX_SERIES_PER_MINUTE + 100)
  const counted = []
  for (let i = 0; i < 5; i++) {
    counted.push(count({ ...boom, host: `web-${i}` }, NOW + i))
    flood(20, own => ({ ...error, fingerprint: `v1:${i} ${own}` }))
  }
  expect(counted).toEqual([0, 2, 1, 1, 1])
  expect(count(boom, NOW + 10, 7)).toBe(7)
  expect(linesOf(({ fingerprint }) => fingerprint === boom.fingerprint)).toBe(12)
  expect(total()).toBe(MAX_SERIES_PER_MINUTE + 100 + 5 * 21 + 7)
})

it('a kind of line below error that repeats in a flood gets its own series, and all lines are counted once', () => {
  flood(MAX_SERIES_PER_MINUTE + 100, i => ({ ...info, host: `pod-${i}` }))
  const steady = { ...info, host: 'db-1' }
  for (let i = 0; i < 4; i++) count(steady, NOW + i * 1000)
  expect(linesOf(({ host }) => host === 'db-1')).toBe(4)
  expect(total()).toBe(MAX_SERIES_PER_MINUTE + 104)
})

it('lines that repeat only over minutes are counted in the minutes in which they came', () => {
  const boom = { ...error, fingerprint: 'v1:boom' }
  for (const minute of [0, 1, 2]) {
    variedErrors(MAX_SERIES_PER_MINUTE + 10, NOW + minute * MINUTE)
    count(boom, NOW + minute * MINUTE)
  }
  const own = listSeries(state).filter(({ fingerprint }) => fingerprint === boom.fingerprint)
  const minutes = countByMinute(state, own, 0, 2 * NOW)
  expect(minutes).toEqual([0, 1, 2].map(minute => ({ at: NOW + minute * MINUTE, count: 1 })))
})

it('a line that comes again after more than the longest window does not count as repeated', () => {
  const boom = { ...error, fingerprint: 'v1:boom' }
  variedErrors(MAX_SERIES_PER_MINUTE + 10)
  expect(count(boom, NOW)).toBe(0)
  const later = NOW + HOUR + 11 * MINUTE
  variedErrors(MAX_SERIES_PER_MINUTE + 10, later)
  expect(count(boom, later)).toBe(0)
})

it('errors, fatal lines, other sources and other projects have a place while one source floods', () => {
  variedErrors(MAX_SERIES_PER_MINUTE + 500)
  const other = addProject(state, 'other', NOW).id
  expect(count({ ...error, fingerprint: 'v1:new' })).toBe(0)
  expect(count({ ...error, level: 'fatal', fingerprint: 'v1:once' })).toBe(1)
  expect(count({ ...error, source: 'quiet', fingerprint: 'v1:once more' })).toBe(1)
  expect(count({ ...info, host: 'web-1' })).toBe(1)
  expect(count({ ...error, fingerprint: 'v1:new' }, NOW, 1, other)).toBe(1)
})
