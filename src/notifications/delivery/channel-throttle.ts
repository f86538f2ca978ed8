// How fast one channel is used: the number of sends in flight, and the wait after rate limits and failures.
import { backOff } from '../../backoff.ts'
import type { DeliveryError } from '../../chat/channel.ts'
import { HOUR, MINUTE } from '../../time.ts'

export type Operation = 'post' | 'edit'

/** How many sends may be in flight at once; fewer edits, so that they never delay a new alert. */
const MAX_IN_FLIGHT = { all: 4, edit: 2 }
/** A refusal is retried all the same, because people fix permissions: at longer and longer intervals, without jitter. */
const REFUSED_RETRY = { baseMs: 5 * MINUTE, maxMs: HOUR, random: () => 0 }

/** The pace of one channel. It holds no messages: only which alerts are in flight, and until when each operation waits. */
export class ChannelThrottle {
  /** By the id of the alert. */
  readonly inFlight = new Map<number, Operation>()
  readonly #blockedUntil = { post: 0, edit: 0 }
  /** The part of the waits that the platform itself asked for. */
  readonly #limitedUntil = { post: 0, edit: 0 }
  #failures = 0
  /** The end of the wait after the last failure. */
  #failingUntil = 0
  /** Since when and why the channel refuses, how many times in a row, and when it is retried. */
  refusal: { since: number; message: string; count: number; retryAt: number } | null = null

  /** Whether a send must end before another may start. */
  get isFull(): boolean {
    return this.inFlight.size >= MAX_IN_FLIGHT.all
  }

  /** Whether one more send of this kind may start at `now`. */
  allows(operation: Operation, now: number): boolean {
    if (this.isFull || this.#blockedUntil[operation] > now) return false
    const edits = [...this.inFlight.values()].filter(started => started === 'edit').length
    return operation !== 'edit' || edits < MAX_IN_FLIGHT.edit
  }

  /** The nearest instant after `now` at which a wait ends; null when nothing waits. */
  blockedUntil(now: number): number | null {
    const later = Object.values(this.#blockedUntil).filter(at => at > now)
    return later.length > 0 ? Math.min(...later) : null
  }

  recordSuccess(): void {
    this.#failures = 0
    this.refusal = null
  }

  /** Waits after a failure: as long as the platform asked, or with back-off. Returns the end of the wait, epoch ms. */
  recordFailure(error: DeliveryError, now: number): number {
    if (error.code === 'refused') this.#recordRefusal(error, now)
    if (error.code === 'refused' || error.code === 'gone') return now
    const isLimited = error.code === 'limited'
    // Sends in flight that fail together are one failure; the next one counts after a retry.
    if (!isLimited && now >= this.#failingUntil) this.#failures++
    const until = now + (error.retryAfterMs ?? backOff(Math.max(1, this.#failures)))
    const operations: Operation[] = error.scope === 'all' || !isLimited ? ['post', 'edit'] : [error.scope]
    for (const operation of operations) {
      this.#blockedUntil[operation] = Math.max(this.#blockedUntil[operation], until)
      if (isLimited) this.#limitedUntil[operation] = Math.max(this.#limitedUntil[operation], until)
    }
    if (!isLimited) this.#failingUntil = Math.max(this.#failingUntil, until)
    return until
  }

  #recordRefusal({ message }: DeliveryError, now: number): void {
    const { refusal } = this
    // Sends in flight that are refused together are one refusal; the next one counts after a retry.
    const isNew = refusal === null || now >= refusal.retryAt
    const count = (refusal?.count ?? 0) + (isNew ? 1 : 0)
    const retryAt = isNew ? now + backOff(count, REFUSED_RETRY) : refusal.retryAt
    this.refusal = { since: refusal?.since ?? now, message, count, retryAt }
  }

  /** Keeps every wait as long as it was after the clock moved back by `ms`. */
  rewind(ms: number): void {
    for (const waits of [this.#blockedUntil, this.#limitedUntil]) {
      waits.post -= ms
      waits.edit -= ms
    }
    this.#failingUntil -= ms
    if (this.refusal)
      this.refusal = { ...this.refusal, since: this.refusal.since - ms, retryAt: this.refusal.retryAt - ms }
  }

  /** Ends every wait but those that the platform asked for, because it is online again. */
  reset(): void {
    Object.assign(this.#blockedUntil, this.#limitedUntil)
    this.#failures = 0
    this.#failingUntil = 0
  }
}
