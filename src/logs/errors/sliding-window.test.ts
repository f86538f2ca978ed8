// Sliding windows are exact for few arrivals, and never ahead of the truth for many.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RecentCount } from '../../state/schema/index.ts'
import { runs } from '../../testing/property-runs.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { addToWindow, countInWindow, MAX_WINDOW_MS } from './sliding-window.ts'

const steps = (most: number) =>
  fc.array(
    fc.record({
      wait: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90 * SECOND })),
      // Requests end in another order than they began.
      early: fc.integer({ min: 0, max: 3 * SECOND }),
      count: fc.integer({ min: 1, max: 4 }),
      series: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: most },
  )

/** What comes one after the other, with what the window held each time: kept, and by brute force. */
function play(given: { wait: number; early: number; count: number; series: number }[], window: number) {
  let now = 1_000_000_000
  let kept: RecentCount[] = []
  const all: RecentCount[] = []
  return given.map(({ wait, early, count, series }) => {
    now += wait
    const arrival: RecentCount = [now - early, count, series]
    kept = addToWindow(kept, [arrival])
    all.push(arrival)
    const until = Math.max(...all.map(([at]) => at))
    const truth = all.filter(([at]) => at >= until - window).reduce((sum, [, lines]) => sum + lines, 0)
    return { kept: countInWindow(kept, window, until), truth, length: kept.length }
  })
}

test('up to 128 entries are counted exactly', () => {
  fc.assert(
    fc.property(steps(128), fc.integer({ min: SECOND, max: MAX_WINDOW_MS }), (given, window) => {
      for (const { kept, truth } of play(given, window)) expect(kept).toBe(truth)
    }),
    { numRuns: runs(200) },
  )
})

test('beyond it the newest 64 are exact, older ones are never counted for too long, and the length is limited', () => {
  fc.assert(
    fc.property(steps(400), fc.integer({ min: SECOND, max: MAX_WINDOW_MS }), (given, window) => {
      for (const { kept, truth, length } of play(given, window)) {
        expect(length).toBeLessThanOrEqual(128)
        expect(kept).toBeLessThanOrEqual(truth)
        expect(kept).toBeGreaterThanOrEqual(Math.min(truth, 64))
      }
    }),
    { numRuns: runs(50) },
  )
})

test('a window includes both its ends, and only matching series', () => {
  const arrivals: RecentCount[] = [
    [0, 1, 1],
    [MINUTE, 4, 2],
  ]
  expect(countInWindow(arrivals, MINUTE, MINUTE)).toBe(5)
  expect(countInWindow(arrivals, MINUTE - 1, MINUTE)).toBe(4)
  expect(countInWindow(arrivals, MINUTE, MINUTE, series => series === 1)).toBe(1)
})
