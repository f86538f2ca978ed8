// Counts what the writers seal, in memory that the main thread reads: no message is sent for it.

/** Blocks, lines and microseconds. */
export type SealTally = BigInt64Array<SharedArrayBuffer>

export function createSealTally(): SealTally {
  return new BigInt64Array(new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT))
}

/** Counts a block that was made of `lines` in `ms`. */
export function countSealed(tally: SealTally, lines: number, ms: number): void {
  Atomics.add(tally, 0, 1n)
  Atomics.add(tally, 1, BigInt(lines))
  Atomics.add(tally, 2, BigInt(Math.round(ms * 1_000)))
}

/** What was sealed since the tally was created. */
export function readSealTally(tally: SealTally): { blocks: number; lines: number; seconds: number } {
  const [blocks, lines, microseconds] = [0, 1, 2].map(at => Number(Atomics.load(tally, at)))
  return { blocks: blocks!, lines: lines!, seconds: microseconds! / 1e6 }
}
