// When lines happened: by their own times, moved where they are of another zone.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, SECOND } from '../../../time.ts'
import { eventTimes, zoneShift } from './event-times.ts'

const NOW = Date.parse('2026-11-29T10:00:30Z')
const lines = (isZoneAssumed: boolean, ...ages: number[]) =>
  ages.map(age => ({ timestamp: NOW - age, receivedAt: NOW, source: 'api', host: 'a', isZoneAssumed }))
const timesOf = (list: ReturnType<typeof lines>) => {
  const timeOf = eventTimes(list.map(line => ({ line })))
  return list.map(line => timeOf(line))
}

describe('a line happens', () => {
  it('now when it was just written, or will be', () => {
    expect(timesOf(lines(false, 0, 60 * SECOND, -HOUR))).toEqual(Array(3).fill({ at: null, shift: 0 }))
  })

  it('when it was written when that was longer ago', () => {
    expect(timesOf(lines(false, 2 * HOUR)).map(({ at }) => at)).toEqual([NOW - 2 * HOUR])
  })

  it('in the hour in which it was written when that was more than two hours ago', () => {
    const hour = Math.floor(NOW / HOUR) * HOUR
    expect(timesOf(lines(false, 5 * HOUR)).map(({ at }) => at)).toEqual([hour - 5 * HOUR])
  })

  it('now when its sender writes the time of another zone, and the lines before it keep their distance', () => {
    const times = timesOf(lines(true, 5 * HOUR + 2 * SECOND, 5 * HOUR + 10 * MINUTE))
    expect(times).toEqual([
      { at: null, shift: 5 * HOUR },
      { at: Math.floor((NOW - 10 * MINUTE) / 10_000) * 10_000, shift: 5 * HOUR },
    ])
  })

  it('when its time says when it has a zone of its own, or lies off by no whole quarter hour', () => {
    expect(timesOf(lines(false, 90 * MINUTE))[0]!.at).toBe(NOW - 90 * MINUTE)
    expect(timesOf(lines(true, 5 * HOUR + 7 * MINUTE))[0]!.shift).toBe(0)
  })
})

it('the shift of a zone is whole quarter hours, whatever the zone and the transit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -14 * 4, max: 14 * 4 }).filter(quarters => quarters !== 0),
      fc.integer({ min: -5_000, max: 60_000 }),
      (quarters, transit) => {
        expect(zoneShift(NOW - quarters * 15 * MINUTE - transit, NOW)).toBe(quarters * 15 * MINUTE)
      },
    ),
  )
})
