// Chance that can be repeated: the same seed gives the same numbers, on every machine. Pure.
import { createHash } from 'node:crypto'

export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number from 0 up to, not including, `below`. */
  whole(below: number): number
  pick<T>(list: readonly T[]): T
}

/** A stream of numbers from a seed of any text; streams of different seeds have nothing to do with one another. */
export function randomFrom(seed: string): Random {
  let state = createHash('sha256').update(seed).digest().readUInt32LE()
  // mulberry32 by Tommy Ettinger: one 32-bit word of state, plenty for made-up traffic.
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
 * Draws from a deck that holds each name as often as its weight says and is shuffled anew when it is used up: the mix
 * holds exactly over every deck, and no name comes in clumps for long.
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
