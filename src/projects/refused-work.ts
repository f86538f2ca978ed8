// Charges senders for work that was refused: who sends much of it waits, so that it never costs others their share. Pure.
import { BoundedMap } from '../bounded-map.ts'
import { MEBIBYTE } from '../bytes.ts'
import { MINUTE, SECOND } from '../time.ts'

/** What a sender may have refused at once, and again within every minute, bytes. */
export const REFUSED_BYTES_PER_MINUTE = 8 * MEBIBYTE
/** What the smallest refused request costs, bytes. */
const MIN_CHARGE_BYTES = 4 * 1024
const MAX_SENDERS = 10_000

type Bucket = { bytes: number; at: number }

/** A token bucket of bytes for each sender that had work refused; the others cost nothing. */
export class RefusedWork {
  readonly #buckets = new BoundedMap<string, Bucket>(MAX_SENDERS)

  /** How long a sender must wait (ms) before its next request is looked at; 0 while it has bytes left. */
  waitFor(sender: string, now: number): number {
    const left = this.#bytesLeft(sender, now)
    return left > 0 ? 0 : Math.max(SECOND, Math.ceil((-left / REFUSED_BYTES_PER_MINUTE) * MINUTE))
  }

  /** Charges a sender for a refused request of so many bytes. */
  charge(sender: string, bytes: number, now: number): void {
    const left = this.#bytesLeft(sender, now) - Math.max(MIN_CHARGE_BYTES, bytes)
    this.#buckets.set(sender, { bytes: left, at: now })
  }

  #bytesLeft(sender: string, now: number): number {
    const bucket = this.#buckets.get(sender)
    if (!bucket) return REFUSED_BYTES_PER_MINUTE
    // After the clock went back, the bucket fills from now on.
    bucket.at = Math.min(bucket.at, now)
    const refilled = bucket.bytes + ((now - bucket.at) / MINUTE) * REFUSED_BYTES_PER_MINUTE
    return Math.min(REFUSED_BYTES_PER_MINUTE, refilled)
  }
}
