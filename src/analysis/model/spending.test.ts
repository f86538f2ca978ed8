// Budget limits: days and months of the time zone, and when a refused call fits again.
import { beforeEach, describe, expect, it } from 'vitest'
import { memoryState, type State } from '../../state/database.ts'
import { DAY, HOUR, MINUTE } from '../../time.ts'
import {
  closeReservation,
  pruneSpending,
  readSpending,
  readSpentSince,
  reserve,
  type SpendingLimits,
} from './spending.ts'
import { BudgetExceeded, describeModelFailure } from './unavailable.ts'

const ZONE = 'Europe/Oslo'
const PLENTY: SpendingLimits = { analysis: 1e9, personHour: 1e9, day: 1e9, month: 1e9 }
const at = (text: string) => Date.parse(text)

let state: State
beforeEach(() => {
  state = memoryState()
})
const call = (now: number, limits: Partial<SpendingLimits>, maxCost = 60, person = 'ann') =>
  reserve(state, { person, model: 'm', maxCost, spentBefore: 0 }, { ...PLENTY, ...limits }, now, ZONE)
const spends = (now: number, spent: number, person = 'ann') => {
  const reservation = call(now, {}, 100, person)
  if (!('id' in reservation)) throw new Error('the call was refused')
  closeReservation(state, reservation, spent, null)
}

describe('the budget of', () => {
  it.each([
    ['a day', { day: 100 }, '2026-03-28T22:59:59Z', '2026-03-28T23:00:00.000Z'],
    ['a day that lasts 23 hours', { day: 100 }, '2026-03-29T21:59:00Z', '2026-03-29T22:00:00.000Z'],
    ['a month', { month: 100 }, '2026-03-31T21:59:59Z', '2026-03-31T22:00:00.000Z'],
    ['the last month of a year', { month: 100 }, '2026-12-31T22:59:59Z', '2026-12-31T23:00:00.000Z'],
  ] as const)('%s is used up, and starts again at midnight in the time zone', (_, limits, last, midnight) => {
    spends(at(last), 50)
    const refusal = call(at(last), limits)
    expect('limit' in refusal && new Date(refusal.resetsAt!).toISOString()).toBe(midnight)
    expect(call(at(midnight), limits)).toHaveProperty('id')
  })

  it('a person per hour fits a call again once enough spending is more than an hour ago', () => {
    const now = at('2026-03-02T12:00:00Z')
    spends(now, 5)
    spends(now + 10 * MINUTE, 50)
    spends(now + 20 * MINUTE, 30)
    const refusal = call(now + 30 * MINUTE, { personHour: 100 })
    expect(refusal).toMatchObject({ limit: 'personHour', resetsAt: now + 10 * MINUTE + HOUR })
    expect(call(now + 30 * MINUTE, { personHour: 100 }, 60, 'bo')).toHaveProperty('id')
    expect(call(now + 10 * MINUTE + HOUR + 1, { personHour: 100 })).toHaveProperty('id')
  })

  it('any scope never fits a call that costs more than the limit, and the sentence names no time', () => {
    const refusal = call(at('2026-03-02T12:00:00Z'), { day: 50 })
    if (!('limit' in refusal)) throw new Error('the call was not refused')
    expect(refusal).toMatchObject({ limit: 'day', needed: 60, resetsAt: null })
    expect(describeModelFailure(new BudgetExceeded(refusal), 0, ZONE)).not.toContain('next call')
  })

  it('a day counts a reservation that was never closed', () => {
    const now = at('2026-03-02T12:00:00Z')
    call(now, { day: 100 })
    expect(call(now, { day: 100 })).toMatchObject({ limit: 'day' })
  })

  it('any scope is used up to the last millionth', () => {
    const now = at('2026-03-02T12:00:00Z')
    spends(now - 1, 40)
    expect(call(now, { day: 99 })).toMatchObject({ limit: 'day', limitCost: 99, needed: 60 })
    // A call of the whole limit fits again, though not today.
    expect(call(now, { day: 60 })).toMatchObject({ resetsAt: at('2026-03-02T23:00:00Z') })
    expect(call(now, { day: 100, month: 100, personHour: 100, analysis: 60 })).toHaveProperty('id')
  })

  it('a person per hour fits a call again when just enough is free', () => {
    const now = at('2026-03-02T12:00:00Z')
    spends(now, 50)
    spends(now + MINUTE, 40)
    expect(call(now + 2 * MINUTE, { personHour: 100 })).toMatchObject({ resetsAt: now + HOUR })
    spends(now + 2 * MINUTE, 1)
    expect(call(now + 3 * MINUTE, { personHour: 100 })).toMatchObject({ resetsAt: now + MINUTE + HOUR })
    // What was spent an hour ago to the millisecond counts still.
    expect(readSpentSince(state, now, 'ann')).toBe(91)
  })
})

it('spending is added up by day and month of the time zone, and kept for 400 days', () => {
  const now = at('2026-03-02T12:00:00Z')
  for (const [i, text] of ['2026-02-28T22:59:59Z', '2026-02-28T23:00:00Z', '2026-03-01T23:00:00Z'].entries())
    spends(at(text), 10 ** i)
  expect(readSpending(state, now, ZONE)).toEqual({ day: 100, month: 110 })
  pruneSpending(state, at('2026-02-28T23:00:00Z') + 400 * DAY)
  expect(readSpentSince(state, 0)).toBe(110)
  pruneSpending(state, at('2026-02-28T23:00:00Z') + 400 * DAY + 1)
  expect(readSpentSince(state, 0)).toBe(100)
})
