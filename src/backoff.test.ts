// Back-off: the waits between retries.
import { expect, it } from 'vitest'
import { backOff } from './backoff.ts'
import { MINUTE } from './time.ts'

it('doubles the wait from a second to five minutes and takes up to half off at random', () => {
  const latest = { random: () => 0 }
  const waits = [0, 1, 2, 3, 9, 10, 1_000].map(failures => backOff(failures, latest))
  expect(waits).toEqual([0, 1_000, 2_000, 4_000, 256_000, 300_000, 300_000])
  expect(backOff(2, { random: () => 1 })).toBe(1_000)
  const short = { ...latest, baseMs: 500, maxMs: MINUTE }
  expect([1, 2, 9].map(failures => backOff(failures, short))).toEqual([500, 1_000, MINUTE])
})
