// Limits of money: days and months as the time zone has them, and when there is room again.
import { beforeEach, describe, expect, it } from 'vitest'
import { memoryState, type State } from '../../state/database.ts'
import { HOUR, MINUTE } from '../../time.ts'
import { closeReservation, type Limits, reserve } from './spending.ts'
import { OverBudget, whyNoModel } from './unavailable.ts'

const ZONE = 'Europe/Oslo'
const PLENTY: Limits = { analysis: 1e9, personHour: 1e9, day: 1e9, month: 1e9 }
const at = (text: string) => Date.parse(text)

let state: State
beforeEach(() => {
  state = memoryState()
})
const call = (now: number, limits: Partial<Limits>, most = 60, person = 'ann') =>
  reserve(state, { person, model: 'm', most, already: 0 }, { ...PLENTY, ...limits }, now, ZONE)
const spends = (now: number, spent: number, person = 'ann') => {
  const reservation = call(now, {}, 100, person)
  if (!('id' in reservation)) throw new Error('there was no room')
  closeReservation(state, reservation, spent, null)
}

describe('the money of', () => {
  it.each([
    ['a day', { day: 100 }, '2026-03-28T22:59:59Z', '2026-03-28T23:00:00.000Z'],
    ['a day that lasts 23 hours', { day: 100 }, '2026-03-29T21:59:00Z', '2026-03-29T22:00:00.000Z'],
    ['a month', { month: 100 }, '2026-03-31T21:59:59Z', '2026-03-31T22:00:00.000Z'],
    ['the last month of a year', { month: 100 }, '2026-12-31T22:59:59Z', '2026-12-31T23:00:00.000Z'],
  ] as const)('%s runs out, and begins anew at midnight there', (_, limits, last, midnight) => {
    spends(at(last), 50)
    const refused = call(at(last), limits)
    expect('limit' in refused && new Date(refused.resetsAt!).toISOString()).toBe(midnight)
    expect(call(at(midnight), limits)).toHaveProperty('id')
  })

  it('a person in an hour has room when enough of it is an hour ago, not just the first of it', () => {
    const now = at('2026-03-02T12:00:00Z')
    spends(now, 5)
    spends(now + 10 * MINUTE, 50)
    spends(now + 20 * MINUTE, 30)
    const refused = call(now + 30 * MINUTE, { personHour: 100 })
    expect(refused).toMatchObject({ limit: 'personHour', resetsAt: now + 10 * MINUTE + HOUR })
    expect(call(now + 30 * MINUTE, { personHour: 100 }, 60, 'bo')).toHaveProperty('id')
    expect(call(now + 10 * MINUTE + HOUR + 1, { personHour: 100 })).toHaveProperty('id')
  })

  it('no time suffices for a call that costs more than the limit, and nobody is told to wait', () => {
    const refused = call(at('2026-03-02T12:00:00Z'), { day: 50 })
    if (!('limit' in refused)) throw new Error('there was room')
    expect(refused).toMatchObject({ limit: 'day', needed: 60, resetsAt: null })
    expect(whyNoModel(new OverBudget(refused), 0, ZONE)).not.toContain('again')
  })

  it('what was reserved and never settled counts', () => {
    const now = at('2026-03-02T12:00:00Z')
    call(now, { day: 100 })
    expect(call(now, { day: 100 })).toMatchObject({ limit: 'day' })
  })
})
