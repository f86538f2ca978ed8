// What the threads of a process share about their lease: until when it may act, why it may not, and when its main thread was alive.
const [UNTIL, ALIVE, LENGTH] = [0, 1, 2]
const NUMBERS = 3
const MAX_SENTENCE_BYTES = 2_000
const US_PER_MS = 1_000

/** Memory for one lease. */
export function sharedLeaseMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(NUMBERS * BigInt64Array.BYTES_PER_ELEMENT + MAX_SENTENCE_BYTES)
}

/** Reads and writes it; times are elapsed ms. */
export function openSharedLease(memory: SharedArrayBuffer) {
  const numbers = new BigInt64Array(memory, 0, NUMBERS)
  const text = new Uint8Array(memory, NUMBERS * BigInt64Array.BYTES_PER_ELEMENT)
  const read = (at: number) => Number(Atomics.load(numbers, at)) / US_PER_MS
  const write = (at: number, ms: number) => void Atomics.store(numbers, at, BigInt(Math.floor(ms * US_PER_MS)))
  return {
    until: () => read(UNTIL),
    setUntil: (ms: number) => write(UNTIL, ms),
    aliveAt: () => read(ALIVE),
    setAlive: (ms: number) => write(ALIVE, ms),
    /** Why the process may act no more; null while it may. */
    lost(): string | null {
      const length = Number(Atomics.load(numbers, LENGTH))
      // A decoder takes no shared memory.
      return length === 0 ? null : new TextDecoder().decode(text.slice(0, length))
    },
    setLost(sentence: string): void {
      const bytes = new TextEncoder().encode(sentence).subarray(0, MAX_SENTENCE_BYTES)
      text.set(bytes)
      Atomics.store(numbers, LENGTH, BigInt(bytes.length))
    },
  }
}
