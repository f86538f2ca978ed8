// Repeatable random numbers: the same seed gives the same numbers on every machine. Pure.
import { createHash } from 'node:crypto'

export interface Random {
  /** From 0 (included) to 1 (excluded). */
  next(): number
  /** A whole number from 0 (included) to `below` (excluded). */
  whole(below: number): number
  pick<T>(list: readonly T[]): T
}

/** A stream of numbers from any text as seed; streams of different seeds are independent. */
export function randomFrom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE()
  // mulberry32 by Tommy Ettinger: one 32-bit word of state, enough for simulated traffic.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (below: number) => Math.floor(next() * below)
  return { next, whole, pick: list => list[whole(list.length)]! }
}

/**
 * Draws from a deck with each name as often as its weight, shuffled again when it is used up: the mix is exact over every
 * deck, and no name comes in long runs.
 */
export function deckOf<Name extends string>(weights: Partial<Record<Name, number>>, random: Random): () => Name {
  const names = Object.entries(weights).flatMap(([name, weight]) => Array(weight).fill(name)) as Name[]
  let left: Name[] = []
  return () => {
    if (left.length === 0) left = shuffled(names, random)
    return left.pop()!
  }
}

/** The list in another order (Fisher and Yates). */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const order = [...list]
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.whole(i + 1)
    ;[order[i], order[j]] = [order[j]!, order[i]!]
  }
  return order
}
