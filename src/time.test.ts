// Patience in numbers: how long is waited between tries.
import { expect, it } from 'vitest'
import { backOff, MINUTE } from './time.ts'

it('the wait doubles from a second to five minutes, less up to half by chance', () => {
  const waits = [0, 1, 2, 3, 9, 10, 1_000].map(failures => backOff(failures, 0))
  expect(waits).toEqual([0, 1_000, 2_000, 4_000, 256_000, 300_000, 300_000])
  expect(backOff(2, 1)).toBe(1_000)
  expect([1, 2, 9].map(failures => backOff(failures, 0, 500, MINUTE))).toEqual([500, 1_000, MINUTE])
})
