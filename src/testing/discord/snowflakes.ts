// Discord's ids: a time in the upper bits, and here never the same twice even on a clock that stands still.

const EPOCH = 1_420_070_400_000

/** Returns a source of ascending ids dated by `now` (ms). */
export function snowflakes(now: () => number): () => string {
  let last = 0n
  return () => {
    const fresh = BigInt(Math.max(0, now() - EPOCH)) << 22n
    last = fresh > last ? fresh : last + 1n
    return String(last)
  }
}
