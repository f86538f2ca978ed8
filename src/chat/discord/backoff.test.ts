// Patience in numbers: the waits between tries, and a day of identifies that stays within Discord's budget.

import { expect, test } from 'vitest'
import { backOff, nextIdentify } from './backoff.ts'

test('the wait doubles from a second to five minutes, less up to half by chance', () => {
  expect([0, 1, 2, 3, 9, 10, 1_000].map(failures => backOff(failures, 0))).toEqual([
    0, 1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
  ])
  expect(backOff(2, 1)).toBe(1_000)
})

test('a session lost again and again for a day stays below a thousand identifies', () => {
  const spent: number[] = []
  for (let now = 0; now < 86_400_000; ) {
    now = nextIdentify(spent, now)
    spent.push(now)
  }
  expect(spent.length).toBeLessThan(700)
  expect(spent[1]).toBe(5_000)
})
