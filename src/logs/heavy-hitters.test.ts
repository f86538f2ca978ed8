// Heavy hitters against exact counts: bounds of every count, and no noisy group hides another's frequent key.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeavyHitters } from './heavy-hitters.ts'

const CAPACITY = 16

type Added = { owner: string; group: string; key: string; amount: number }

const few = fc.constantFrom('a', 'b', 'c')
/** Adversarial streams: a few frequent keys between keys that never repeat, by any owner and group. */
const added = fc.record({
  owner: fc.constantFrom('p', 'q'),
  group: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('api', 'job') }, fc.string({ maxLength: 2 })),
  key: fc.oneof(few, fc.integer({ max: 60, min: 0 }).map(String), fc.uuid()),
  amount: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 30 })),
})
const stream = fc.array(added, { maxLength: 400 })

function play(list: readonly Added[]) {
  const hitters = new HeavyHitters<null>(CAPACITY)
  const exact = new Map<string, number>()
  const bounds = new Map<string, { count: number; overcount: number }>()
  for (const { owner, group, key, amount } of list) {
    const name = JSON.stringify([owner, group, key])
    exact.set(name, (exact.get(name) ?? 0) + amount)
    const { count, overcount } = hitters.add(owner, group, key, amount, 0)
    bounds.set(name, { count, overcount })
    expect(count).toBeGreaterThanOrEqual(exact.get(name)!)
    expect(count - overcount).toBeLessThanOrEqual(exact.get(name)!)
    expect(hitters.size).toBeLessThanOrEqual(CAPACITY)
  }
  return { hitters, exact, bounds }
}

describe('heavy hitters', () => {
  it('never count a key too low, and never guarantee more than was added', () => {
    fc.assert(fc.property(stream, list => void play(list)))
  })

  it('are exact as long as there is room for every key', () => {
    fc.assert(
      fc.property(stream, list => {
        const names = new Set<string>()
        const fitting = list.filter(({ owner, group, key }) => {
          const name = JSON.stringify([owner, group, key])
          if (names.size >= CAPACITY && !names.has(name)) return false
          names.add(name)
          return true
        })
        const { bounds, exact } = play(fitting)
        for (const [name, { count, overcount }] of bounds) expect([count, overcount]).toEqual([exact.get(name), 0])
      }),
    )
  })

  it('have every key of a group that has more than its share of the group, however the others are ordered', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uuid(), { maxLength: 300 }),
        fc.array(fc.nat(300), { maxLength: 60 }),
        (noise, places) => {
          const keys: string[] = [...noise]
          for (const place of places) keys.splice(Math.min(place, keys.length), 0, 'frequent')
          const hitters = new HeavyHitters<null>(CAPACITY)
          let last = null
          for (const key of keys) {
            const hitter = hitters.add('p', 'api', key, 1, 0)
            if (key === 'frequent') last = hitter
          }
          if (places.length <= keys.length / CAPACITY) return
          const again = hitters.add('p', 'api', 'frequent', 1, 0)
          expect(again).toBe(last)
        },
      ),
    )
  })

  it('of a quiet group are exact, however many keys the noisy groups and owners have', () => {
    fc.assert(
      fc.property(stream, list => {
        const hitters = new HeavyHitters<null>(CAPACITY)
        let quiet = 0
        for (const [i, { owner, group, key, amount }] of list.entries()) {
          hitters.add(owner, `noisy ${group.length}`, `${key} ${i}`, amount, 0)
          if (i % 7 !== 0) continue
          const { count, overcount } = hitters.add('quiet', 'api', 'frequent', 1, 0)
          expect(count - overcount).toBe(++quiet)
        }
      }),
    )
  })

  it('forget what was not seen for long, and count it again from nothing', () => {
    const hitters = new HeavyHitters<string>(2)
    hitters.add('p', 'api', 'old', 50, 0).data = 'kept by its caller'
    hitters.add('p', 'api', 'current', 1, 10)
    hitters.forget(5)
    expect(hitters.size).toBe(1)
    expect(hitters.add('p', 'api', 'old', 1, 11)).toMatchObject({ count: 1, overcount: 0, data: null })
    expect(hitters.add('p', 'api', 'current', 1, 11)).toMatchObject({ count: 2, overcount: 0 })
  })
})
