// The pure questions of the detectors, as tables of cases.
import { describe, expect, it, test } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { findSpike, spikeOver, usualPeak } from './logs/error-conditions.ts'
import { isTooMany } from './logs/error-rate.ts'
import { isNews } from './logs/new-error.ts'
import { isBack } from './logs/regression.ts'
import { isSporadic } from './logs/silent-source.ts'
import { episodesOf, slidingSums } from './rules/episodes.ts'
import { nextEvaluation } from './rules/evaluate-rules.ts'
import { lasting } from './rules/lasting.ts'

const any = () => true
const NOW = 100 * DAY

describe('a spike', () => {
  const rule = { threshold: 5, window: MINUTE, times: 2 }
  const five = [0, 15, 30, 45, 60].map(s => [NOW + s * SECOND, 1, 1] as const)

  it.each([
    ['five in 60 seconds', five, null, { count: 5, needed: 5 }],
    ['four', five.slice(1), null, null],
    ['five in 61 seconds', [[NOW - SECOND, 1, 1] as const, ...five.slice(1)], null, null],
    ['five at once', [[NOW + MINUTE, 5, 1] as const], null, { count: 5, needed: 5 }],
    ['five of what is never there', five, 0, { count: 5, needed: 5 }],
    ['five of what comes five times a minute anyway', five, 5, null],
    ['forty of what comes five times a minute', [[NOW + MINUTE, 40, 1] as const], 5, { count: 40, needed: 20 }],
  ])('is %s', (_, arrivals, usual, wanted) => {
    const found = findSpike(rule, arrivals, NOW + MINUTE, any, () => usual)
    if (wanted === null) expect(found).toBeNull()
    else expect(found).toMatchObject(wanted)
  })

  it('takes as often as much as its rule says, and never less than chance explains', () => {
    expect([spikeOver(5_000, 3), spikeOver(100, 1), spikeOver(5, 10)]).toEqual([15_000, 152, 50])
  })

  it.each([
    [0, 1],
    [0.5, 8],
    [1, 10],
    [5, 20],
    [20, 46],
    [100, 200],
    [5_000, 10_000],
  ])('over a usual %d takes %d', (usual, needed) => {
    expect(spikeOver(usual, 2)).toBe(needed)
  })

  const minutes = (count: (minute: number) => number) =>
    Array.from({ length: 1440 }, (_, i) => ({ at: NOW - DAY + i * MINUTE, count: count(i) })).filter(
      one => one.count > 0,
    )

  it.each([
    ['what comes all the time', minutes(() => 6), MINUTE, 6],
    ['what comes all the time, over five minutes', minutes(() => 6), 5 * MINUTE, 30],
    ['an outage of two hours', minutes(i => (i >= 600 && i < 720 ? 500 : 0)), MINUTE, 0],
    ['a burst every hour', minutes(i => (i % 60 === 7 ? 20 : 0)), MINUTE, 20],
    ['a nightly burst', minutes(i => (i === 120 ? 50 : 0)), MINUTE, 0],
    ['nothing', [], MINUTE, 0],
  ])('knows as usual %s', (_, counts, window, peak) => {
    expect(usualPeak(counts, window, NOW)).toBe(peak)
  })
})

test.each([
  ['a fifth', { errors: 20, lines: 100 }, 0, true],
  ['less than a fifth', { errors: 20, lines: 101 }, 0, false],
  ['too few errors', { errors: 19, lines: 19 }, 0, false],
  ['what is usual', { errors: 30, lines: 100 }, 25, false],
  ['twice what is usual', { errors: 50, lines: 100 }, 25, true],
  ['everything, of a source that mostly fails', { errors: 100, lines: 100 }, 60, true],
  ['everything, of a source that always fails', { errors: 100, lines: 100 }, 100, false],
])('an error rate of %s', (_, counts, usual, tooMany) => {
  const share = { projectId: 1, source: 'api', ...counts }
  expect(isTooMany({ threshold: 20, minimum: 20, times: 2 }, share, usual)).toBe(tooMany)
})

test.each([
  ['an open error', { state: 'open', stateAt: null }, NOW, false],
  ['a line of before', { state: 'resolved', stateAt: NOW }, NOW - 1, false],
  ['a line on its way', { state: 'resolved', stateAt: NOW }, NOW + MINUTE, false],
  ['a new line', { state: 'resolved', stateAt: NOW }, NOW + MINUTE + 1, true],
  ['a muted error', { state: 'muted', stateAt: NOW }, NOW + HOUR, false],
] as const)('a regression is not %s unless it is back', (_, error, latest, back) => {
  expect(isBack({ hold: MINUTE }, error, latest)).toBe(back)
})

test('an error is news once its source is known for a while', () => {
  expect(isNews({ hold: DAY }, undefined, NOW)).toBe(false)
  expect(isNews({ hold: DAY }, { firstSeenAt: NOW - DAY + 1 }, NOW)).toBe(false)
  expect(isNews({ hold: DAY }, { firstSeenAt: NOW - DAY }, NOW)).toBe(true)
})

test.each([
  ['a young source', { firstSeenAt: NOW - DAY + 1, gaps: [[99, MINUTE]] }, null],
  ['a steady source', { firstSeenAt: NOW - DAY, gaps: [[99, MINUTE]] }, 15 * MINUTE],
  [
    'one with pauses',
    {
      firstSeenAt: NOW - 9 * DAY,
      gaps: [
        [98, 40 * MINUTE],
        [99, MINUTE],
      ],
    },
    80 * MINUTE,
  ],
  ['one that rests at night', { firstSeenAt: NOW - 9 * DAY, gaps: [[99, 8 * HOUR]] }, null],
] as const)('how long %s may be quiet', (_, source, quiet) => {
  const rule = { window: 15 * MINUTE, hold: DAY, baseline: true, times: 2 }
  expect(isSporadic(rule, { ...source, gaps: [...source.gaps], lastSeenAt: NOW })).toBe(quiet)
})

test('without a baseline a source may be quiet for as long as the rule says, whatever it did before', () => {
  const rule = { window: 15 * MINUTE, hold: DAY, baseline: false, times: 2 }
  const source = { firstSeenAt: NOW - 9 * DAY, lastSeenAt: NOW, gaps: [[99, 8 * HOUR] as [number, number]] }
  expect(isSporadic(rule, source)).toBe(15 * MINUTE)
  expect(isSporadic({ ...rule, baseline: true, times: 4 }, { ...source, gaps: [[99, HOUR]] })).toBe(4 * HOUR)
})

test.each([
  ['begins to be watched', 0, null, true, 'watched'],
  ['passes', 0, ['pending', -1, -1], false, 'passed'],
  ['is told when it has lasted', 0, ['pending', -2, -1], true, 'told'],
  ['goes on', 0, ['open', -9, -1], true, 'goes on'],
  ['is not over at once', 0, ['open', -9, -2], false, 'none'],
  ['is over after quiet', 0, ['open', -9, -5], false, 'over'],
  ['is not over while Vakt was away', 2, ['open', -9, -5], false, 'none'],
  ['is nothing', 0, null, false, 'none'],
] as const)('trouble %s', (_, away, before, breached, turn) => {
  const rule = { hold: 2 * MINUTE, quiet: 5 * MINUTE }
  const at = (minutes: number) => NOW + minutes * MINUTE
  const watch =
    before === null ? undefined : { state: before[0], since: at(before[1]), lastAt: at(before[2]), value: 7 }
  const seen = { breached, value: 9, worse: (value: number, than: number) => value > than }
  expect(lasting(rule, watch, seen, NOW, away * MINUTE).turn).toBe(turn)
  expect(lasting(rule, watch, { ...seen, value: null }, NOW, 0).turn).toBe('none')
})

test('the past in episodes: each begins after its hold and ends after quiet', () => {
  const breached = [1, 2, 3, 9, 10, 11, 12, 30, 31, 40, 41, 42]
  const readings = Array.from({ length: 60 }, (_, i) => ({ at: i, value: i, breached: breached.includes(i) }))
  const worse = (value: number, than: number) => value > than
  expect(episodesOf({ hold: 2, quiet: 8 }, readings, worse)).toEqual([
    { from: 3, until: 20, value: 12 },
    { from: 42, until: 50, value: 42 },
  ])
})

test('sums slide over minutes; what is kept by the hour counts as spread evenly', () => {
  const step = { minute: 1, hour: 60, hourlyBefore: 120 }
  const counts = [
    { at: 60, count: 600 },
    { at: 120, count: 2 },
    { at: 121, count: 3 },
    { at: 125, count: 4 },
  ]
  expect(slidingSums(counts, 5, step)).toEqual([
    { at: 120, value: 50 },
    { at: 121, value: 2 },
    { at: 122, value: 5 },
    { at: 126, value: 7 },
  ])
})

test('surveys come at 2, 17, 32 and 47 seconds of every minute', () => {
  const after = [0, 2, 3, 16.999, 17, 46, 47, 59].map(s => (nextEvaluation(NOW + s * SECOND) - NOW) / SECOND)
  expect(after).toEqual([2, 17, 17, 17, 32, 47, 62, 62])
})
