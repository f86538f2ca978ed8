// A day of identifies stays within Discord's budget.

import { expect, test } from 'vitest'
import { nextIdentify } from './identify.ts'

test('a session lost again and again for a day stays below a thousand identifies', () => {
  const spent: number[] = []
  for (let now = 0; now < 86_400_000; ) {
    now = nextIdentify(spent, now)
    spent.push(now)
  }
  expect(spent.length).toBeLessThan(700)
  expect(spent[1]).toBe(5_000)
})
