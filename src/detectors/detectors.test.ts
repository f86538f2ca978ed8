// The pure decisions of the detectors, as tables of cases.
import { describe, expect, it, test } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND } from '../time.ts'
import { medianPeak, spikeThreshold } from './logs/error-baseline.ts'
import { episodesOf, slidingSums } from './rules/backtest.ts'
import { nextEvaluation } from './rules/evaluate-rules.ts'
import { isHighRate } from './rules/kinds/error-rate.ts'
import { findSpike } from './rules/kinds/error-spike.ts'
import { isNew } from './rules/kinds/new-error.ts'
import { isBack } from './rules/kinds/regression.ts'
import { allowedSilence } from './rules/kinds/silence.ts'
import { transition } from './rules/rule-state.ts'

const any = () => true
const NOW = 100 * DAY

describe('a spike', () => {
  const rule = { threshold: 5, window: MINUTE, factor: 2 }
  const five = [0, 15, 30, 45, 60].map(s => [NOW + s * SECOND, 1, 1] as const)

  it.each([
    ['five in 60 seconds', five, null, { count: 5, required: 5 }],
    ['four', five.slice(1), null, null],
    ['five in 61 seconds', [[NOW - SECOND, 1, 1] as const, ...five.slice(1)], null, null],
    ['five at once', [[NOW + MINUTE, 5, 1] as const], null, { count: 5, required: 5 }],
    ['five lines of an error that is rare', five, 0, { count: 5, required: 5 }],
    ['five lines of an error with a baseline of five', five, 5, null],
    [
      'forty lines of an error with a baseline of five',
      [[NOW + MINUTE, 40, 1] as const],
      5,
      { count: 40, required: 20 },
    ],
  ])('is %s', (_, arrivals, baseline, expected) => {
    const spike = findSpike(rule, arrivals, NOW + MINUTE, any, () => baseline)
    if (expected === null) expect(spike).toBeNull()
    else expect(spike).toMatchObject(expected)
  })

  it('needs the factor of its rule, and at least as many lines as chance does not explain', () => {
    expect([spikeThreshold(5_000, 3), spikeThreshold(100, 1), spikeThreshold(5, 10)]).toEqual([15_000, 152, 50])
  })

  it.each([
    [0, 1],
    [0.5, 8],
    [1, 10],
    [5, 20],
    [20, 46],
    [100, 200],
    [5_000, 10_000],
  ])('over a baseline of %d needs %d lines', (baseline, required) => {
    expect(spikeThreshold(baseline, 2)).toBe(required)
  })

  const minutes = (count: (minute: number) => number) =>
    Array.from({ length: 1440 }, (_, i) => ({ at: NOW - DAY + i * MINUTE, count: count(i) })).filter(
      minute => minute.count > 0,
    )

  it.each([
    ['an error that comes all the time', minutes(() => 6), MINUTE, 6],
    ['an error that comes all the time, over five minutes', minutes(() => 6), 5 * MINUTE, 30],
    ['an outage of two hours', minutes(i => (i >= 600 && i < 720 ? 500 : 0)), MINUTE, 0],
    ['a burst every hour', minutes(i => (i % 60 === 7 ? 20 : 0)), MINUTE, 20],
    ['a nightly burst', minutes(i => (i === 120 ? 50 : 0)), MINUTE, 0],
    ['an error without lines', [], MINUTE, 0],
  ])('has a baseline: %s', (_, counts, window, peak) => {
    expect(medianPeak(counts, window, NOW)).toBe(peak)
  })
})

test.each([
  ['a fifth', { errors: 20, lines: 100 }, 0, true],
  ['less than a fifth', { errors: 20, lines: 101 }, 0, false],
  ['too few errors', { errors: 19, lines: 19 }, 0, false],
  ['its baseline', { errors: 30, lines: 100 }, 25, false],
  ['twice its baseline', { errors: 50, lines: 100 }, 25, true],
  ['all lines, of a source that mostly fails', { errors: 100, lines: 100 }, 60, true],
  ['all lines, of a source that always fails', { errors: 100, lines: 100 }, 100, false],
])('an error rate of %s', (_, counts, baseline, isHigh) => {
  const rate = { projectId: 1, source: 'api', ...counts }
  expect(isHighRate({ threshold: 20, minimum: 20, factor: 2 }, rate, baseline)).toBe(isHigh)
})

test.each([
  ['an open error', { state: 'open', stateAt: null }, NOW, false],
  ['an older line', { state: 'resolved', stateAt: NOW }, NOW - 1, false],
  ['a line in transit', { state: 'resolved', stateAt: NOW }, NOW + MINUTE, false],
  ['a new line', { state: 'resolved', stateAt: NOW }, NOW + MINUTE + 1, true],
  ['a muted error', { state: 'muted', stateAt: NOW }, NOW + HOUR, false],
] as const)('a regression is not %s unless it is back', (_, error, latest, back) => {
  expect(isBack({ for: MINUTE }, error, latest)).toBe(back)
})

test('an error is new once its source has been known for a while', () => {
  expect(isNew({ for: DAY }, undefined, NOW)).toBe(false)
  expect(isNew({ for: DAY }, { firstSeenAt: NOW - DAY + 1 }, NOW)).toBe(false)
  expect(isNew({ for: DAY }, { firstSeenAt: NOW - DAY }, NOW)).toBe(true)
})

test.each([
  ['a young source', { firstSeenAt: NOW - DAY + 1, gaps: [[99, MINUTE]] }, null],
  ['a steady source', { firstSeenAt: NOW - DAY, gaps: [[99, MINUTE]] }, 15 * MINUTE],
  [
    'a source with pauses',
    {
      firstSeenAt: NOW - 9 * DAY,
      gaps: [
        [98, 40 * MINUTE],
        [99, MINUTE],
      ],
    },
    80 * MINUTE,
  ],
  ['a source that pauses at night', { firstSeenAt: NOW - 9 * DAY, gaps: [[99, 8 * HOUR]] }, null],
] as const)('how long %s may be silent', (_, source, ms) => {
  const rule = { window: 15 * MINUTE, for: DAY, baseline: true, factor: 2 }
  expect(allowedSilence(rule, { ...source, gaps: [...source.gaps], lastSeenAt: NOW })).toBe(ms)
})

test('without a baseline a source may be silent for the window of the rule, whatever its pauses were', () => {
  const rule = { window: 15 * MINUTE, for: DAY, baseline: false, factor: 2 }
  const source = { firstSeenAt: NOW - 9 * DAY, lastSeenAt: NOW, gaps: [[99, 8 * HOUR] as [number, number]] }
  expect(allowedSilence(rule, source)).toBe(15 * MINUTE)
  expect(allowedSilence({ ...rule, baseline: true, factor: 4 }, { ...source, gaps: [[99, HOUR]] })).toBe(4 * HOUR)
})

test.each([
  ['is pending when its condition begins', 0, null, true, 'pending'],
  ['is cleared when the condition ends too early', 0, ['pending', -1, -1], false, 'cleared'],
  ['fires when the condition has lasted', 0, ['pending', -2, -1], true, 'fired'],
  ['is still firing', 0, ['firing', -9, -1], true, 'still firing'],
  ['is not resolved at once', 0, ['firing', -9, -2], false, 'none'],
  ['is resolved after keep firing', 0, ['firing', -9, -5], false, 'resolved'],
  ['is not resolved by a downtime of Vakt', 2, ['firing', -9, -5], false, 'none'],
  ['does not exist without a condition', 0, null, false, 'none'],
] as const)('a rule state %s', (_, downtime, before, isBreached, kind) => {
  const rule = { for: 2 * MINUTE, keepFiring: 5 * MINUTE }
  const at = (minutes: number) => NOW + minutes * MINUTE
  const state =
    before === null ? undefined : { state: before[0], since: at(before[1]), lastAt: at(before[2]), value: 7 }
  const measured = { isBreached, value: 9, isWorse: (value: number, than: number) => value > than }
  expect(transition(rule, state, measured, NOW, downtime * MINUTE).kind).toBe(kind)
  expect(transition(rule, state, { ...measured, value: null }, NOW, 0).kind).toBe('none')
})

test('an episode begins when its condition has lasted and ends after keep firing', () => {
  const breached = [1, 2, 3, 9, 10, 11, 12, 30, 31, 40, 41, 42]
  const readings = Array.from({ length: 60 }, (_, i) => ({ at: i, value: i, isBreached: breached.includes(i) }))
  const subject = { subject: 'api', projectId: 1 }
  expect(episodesOf({ for: 2, keepFiring: 8, operator: '>=' }, subject, readings)).toEqual([
    { ...subject, from: 3, until: 20, value: 12 },
    { ...subject, from: 42, until: 50, value: 42 },
  ])
})

test('sums slide over minutes; counts by the hour are spread evenly', () => {
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

test('evaluations are due at 2, 17, 32 and 47 seconds of every minute', () => {
  const after = [0, 2, 3, 16.999, 17, 46, 47, 59].map(s => (nextEvaluation(NOW + s * SECOND) - NOW) / SECOND)
  expect(after).toEqual([2, 17, 17, 17, 32, 47, 62, 62])
})
