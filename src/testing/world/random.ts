// Random choices that a seed repeats, also those of Node's crypto.
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

export interface Random {
  /** A number from 0 up to, but not including, 1. */
  next(): number
  /** A whole number from `min` to `max`, both included. */
  whole(min: number, max: number): number
  chance(share: number): boolean
  pick<T>(list: readonly T[]): T
  /** One of the list, the more often the heavier it is. */
  pickWeighted<T>(list: readonly T[], weight: (of: T) => number): T
}

/** Random numbers from a seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const whole = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  const pickWeighted = <T>(list: readonly T[], weight: (of: T) => number): T => {
    let left = next() * list.reduce((sum, of) => sum + weight(of), 0)
    for (const of of list) {
      left -= weight(of)
      if (left < 0) return of
    }
    return list.at(-1)!
  }
  return { next, pickWeighted, whole, chance: share => next() < share, pick: list => list[whole(0, list.length - 1)]! }
}

/** Has the ids, nonces and keys of the process follow `random` until the returned function is called. */
export function seedCrypto(random: Random): () => void {
  const { randomBytes, randomInt, randomUUID } = crypto
  const bytes = (size: number) => Buffer.from(Array.from({ length: size }, () => random.whole(0, 255)))
  const replace = (functions: object) => {
    Object.assign(crypto, functions)
    // What imports one of them by name sees it, too.
    syncBuiltinESMExports()
  }
  replace({
    randomBytes: bytes,
    randomInt: (least: number, end?: number) =>
      end === undefined ? random.whole(0, least - 1) : random.whole(least, end - 1),
    randomUUID: () => uuid(random),
  })
  return () => replace({ randomBytes, randomInt, randomUUID })
}

/** A random id in the form of a UUID. */
export function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => random.whole(0, 15).toString(16)).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
