// What an emitter may send in a minute.
import { expect, it } from 'vitest'
import { MINUTE } from '../time.ts'
import { EmitterLimits, emitterOf } from './emitter-limit.ts'

const counts = (source: string, count: number) => [{ source, host: 'h', count }]
const api = emitterOf({ source: 'api', host: 'h' })

it('an emitter that used up its lines waits until the minute has paid for them, and no other does', () => {
  const limits = new EmitterLimits()
  limits.charge(1, counts('api', 99), 100, 0)
  expect(limits.usedUp(1, 100, 0).emitters).toEqual([])
  limits.charge(1, [...counts('api', 51), ...counts('web', 1)], 100, 0)
  expect(limits.usedUp(1, 100, 0)).toEqual({ emitters: [api], retryAfterMs: MINUTE / 2 })
  expect(limits.usedUp(2, 100, 0).emitters).toEqual([])
  expect(limits.usedUp(1, 100, MINUTE / 2 + 1).emitters).toEqual([])
  limits.charge(1, counts('api', 2), 100, MINUTE / 2 + 1)
  expect(limits.usedUp(1, 100, MINUTE / 2 + 1).emitters).toEqual([api])
  // A raised limit counts at once.
  expect(limits.usedUp(1, 100_000, MINUTE / 2 + 600).emitters).toEqual([])
})

it('a clock that went back keeps no emitter waiting for longer', () => {
  const limits = new EmitterLimits()
  limits.charge(1, counts('api', 150), 100, 60 * MINUTE)
  expect(limits.usedUp(1, 100, 0)).toEqual({ emitters: [api], retryAfterMs: MINUTE / 2 })
  expect(limits.usedUp(1, 100, MINUTE / 2 + 1).emitters).toEqual([])
})
