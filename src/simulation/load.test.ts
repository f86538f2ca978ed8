// Rates, windows, ramps, bursts and jitter hold over any stretch of time.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runs } from '../testing/property-runs.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { lineInstants } from './load.ts'
import { randomFrom } from './random.ts'

type Load = Parameters<typeof lineInstants>[0]
const even: Load = { rate: 2, windows: undefined, ramp: { up: 0, down: 0 }, burst: undefined, jitter: 0 }
const instants = (load: Partial<Load>, duration = MINUTE) => [
  ...lineInstants({ ...even, ...load }, duration, randomFrom('x').next),
]
const within = (all: readonly number[], from: number, to: number) => all.filter(at => from <= at && at < to).length

describe('the lines of a source', () => {
  it.each<[string, Partial<Load>, [from: number, to: number, lines: number][]]>([
    [
      'an even rate',
      {},
      [
        [0, MINUTE, 120],
        [10_000, 20_000, 20],
      ],
    ],
    ['no rate', { rate: 0 }, [[0, MINUTE, 0]]],
    ['less than one a minute', { rate: 0.01 }, [[0, MINUTE, 1]]],
    [
      'two windows',
      {
        windows: [
          { from: 5000, to: 10_000 },
          { from: 20_000, to: 21_000 },
        ],
      },
      [
        [0, 5000, 0],
        [5000, 10_000, 10],
        [10_000, 20_000, 0],
        [20_000, 21_000, 2],
        [21_000, MINUTE, 0],
      ],
    ],
    [
      'a window that goes on after the end',
      { windows: [{ from: 50_000, to: HOUR }] },
      [
        [0, 50_000, 0],
        [50_000, MINUTE, 20],
      ],
    ],
    [
      'a ramp up',
      { ramp: { up: 20_000, down: 0 } },
      [
        [0, 10_000, 5],
        [10_000, 20_000, 15],
        [20_000, 30_000, 20],
      ],
    ],
    [
      'a ramp down',
      { ramp: { up: 0, down: 20_000 } },
      [
        [30_000, 40_000, 20],
        [40_000, 50_000, 15],
        [50_000, 60_000, 5],
      ],
    ],
    [
      'bursts',
      { burst: { every: 20_000, for: 5000, times: 10 } },
      [
        [0, 5000, 100],
        [5000, 20_000, 30],
        [20_000, 25_000, 100],
        [25_000, 40_000, 30],
      ],
    ],
    ['silence but for bursts', { burst: { every: 30_000, for: 30_000, times: 0 } }, [[0, MINUTE, 0]]],
  ])('%s', (_, load, expected) => {
    for (const jitter of [0, 1]) {
      const all = instants({ ...load, jitter })
      for (const [from, to, lines] of expected) expect(Math.abs(within(all, from, to) - lines)).toBeLessThanOrEqual(1)
    }
  })

  it('come like a clock without jitter, and anywhere within their turn with it', () => {
    expect(instants({}).slice(0, 3)).toEqual([250, 750, 1250])
    const uneven = instants({ jitter: 1 })
    expect(uneven.every((at, turn) => at >= turn * 500 && at <= (turn + 1) * 500)).toBe(true)
    expect(new Set(uneven.map((at, turn) => at - turn * 500)).size).toBeGreaterThan(60)
  })

  it('match the rate over any period, in order, and none is outside the windows', () => {
    const span = fc.integer({ min: SECOND, max: 5 * MINUTE })
    const loads = fc.record({
      rate: fc.double({ min: 0, max: 50, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      gaps: fc.array(fc.tuple(span, span), { maxLength: 4 }),
      up: fc.double({ min: 0, max: 0.5, noNaN: true }),
      down: fc.double({ min: 0, max: 0.5, noNaN: true }),
      burst: fc.option(
        fc.record({
          every: span,
          part: fc.double({ min: 0.05, max: 1, noNaN: true }),
          times: fc.integer({ min: 0, max: 20 }),
        }),
        { nil: undefined },
      ),
    })
    fc.assert(
      fc.property(loads, fc.integer({ min: SECOND, max: 10 * MINUTE }), span, span, (one, duration, a, b) => {
        let end = 0
        const windows = one.gaps.map(([gap, length]) => {
          const from = end + gap
          end = from + length
          return { from, to: end }
        })
        const shortest = Math.min(duration, ...windows.map(({ from, to }) => to - from))
        const ramp = { up: Math.floor(one.up * shortest), down: Math.floor(one.down * shortest) }
        const burst = one.burst && {
          every: one.burst.every,
          for: Math.ceil(one.burst.every * one.burst.part),
          times: one.burst.times,
        }
        const load: Load = {
          rate: one.rate,
          jitter: one.jitter,
          windows: windows.length > 0 ? windows : undefined,
          ramp,
          burst,
        }
        const all = instants(load, duration)
        expect(all).toEqual(all.toSorted((x, y) => x - y))
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const sum = integral(load, duration, from, to)
        // A line at either edge may fall on the other side of it, and so may what the coarse sum misses.
        expect(Math.abs(within(all, from, to) - sum)).toBeLessThanOrEqual(
          2 + sum * 0.01 + one.rate * (burst?.times ?? 1) * 0.1,
        )
        expect(
          all.every(at => at <= duration && (windows.length === 0 || windows.some(w => w.from <= at && at <= w.to))),
        ).toBe(true)
      }),
      { numRuns: runs(60) },
    )
  })
})

/** The expected count by brute force, in steps of 5 ms. */
function integral({ rate, windows, ramp, burst }: Load, duration: number, from: number, to: number): number {
  let sum = 0
  for (let at = from; at < Math.min(to, duration); at += 5) {
    const window = (windows ?? [{ from: 0, to: duration }]).find(one => one.from <= at && at < one.to)
    if (!window) continue
    const up = ramp.up === 0 ? 1 : (at - window.from) / ramp.up
    const down = ramp.down === 0 ? 1 : (window.to - at) / ramp.down
    const times = burst && at % burst.every < burst.for ? burst.times : 1
    sum += rate * Math.min(1, up, down) * times * 0.005
  }
  return sum
}
