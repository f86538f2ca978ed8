// How fast one channel is used: the number of sends in flight, and the wait after rate limits and failures.
import { backOff } from '../../backoff.ts'
import type { DeliveryError } from '../../chat/channel.ts'
import { MINUTE, SECOND } from '../../time.ts'

export type Operation = 'post' | 'edit'

/** How many sends may be in flight at once; fewer edits, so that they never delay a new alert. */
const MAX_IN_FLIGHT = { all: 4, edit: 2 }
/** For this long after a rate limit only one send of its kind is in flight: more would only be refused, which platforms count. */
const CAREFUL_MS = 10 * SECOND
/** A refusal is retried all the same, because people fix permissions: at longer and longer intervals, without jitter. */
const REFUSED_RETRY = { baseMs: 15 * SECOND, maxMs: 5 * MINUTE, random: () => 0 }
/** A message that is refused while others are accepted is retried less and less often. */
const REFUSED_ALONE_RETRY = { ...REFUSED_RETRY, maxMs: 60 * MINUTE }

/** `isPartial` when it accepted other messages meanwhile: then those that it refuses are at fault, not the channel. */
type Refusal = { since: number; message: string; retries: number; retryAt: number; isPartial: boolean }

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
  /** Since when and why the channel refuses something that it still lacks, how many times it was retried, and when next. */
  refusal: Refusal | null = null
  /** By the id of a refused alert: how many times a success retried it, and until when the next one does not. */
  readonly #retriedAfterSuccess = new Map<number, { count: number; until: number }>()

  /** Whether a send must end before another may start. */
  get isFull(): boolean {
    return this.inFlight.size >= MAX_IN_FLIGHT.all
  }

  /** Whether one more send of this kind may start at `now`. */
  allows(operation: Operation, now: number): boolean {
    if (this.isFull || this.#blockedUntil[operation] > now) return false
    const sameKind = [...this.inFlight.values()].filter(started => started === operation).length
    if (now < this.#limitedUntil[operation] + CAREFUL_MS) return sameKind === 0
    return operation !== 'edit' || sameKind < MAX_IN_FLIGHT.edit
  }

  /** The nearest instant after `now` at which a wait ends; null when nothing waits. */
  blockedUntil(now: number): number | null {
    const careful = Object.values(this.#limitedUntil).map(at => at + CAREFUL_MS)
    const later = [...Object.values(this.#blockedUntil), ...careful].filter(at => at > now)
    return later.length > 0 ? Math.min(...later) : null
  }

  recordSuccess(alertId: number, operation: Operation): void {
    this.#failures = 0
    // An accepted edit proves nothing about a refused reply under the same card.
    if (operation === 'post') this.#retriedAfterSuccess.delete(alertId)
  }

  /**
   * Which of the refused alerts are retried now that the channel accepted a message: each at once for the first time, and
   * with back-off if it is refused again.
   */
  takeRetriable(refused: readonly number[], now: number): number[] {
    if (this.refusal && refused.length > 0) this.refusal = { ...this.refusal, isPartial: true }
    const retriable = refused.filter(id => (this.#retriedAfterSuccess.get(id)?.until ?? 0) <= now)
    for (const id of retriable) {
      const count = (this.#retriedAfterSuccess.get(id)?.count ?? 0) + 1
      this.#retriedAfterSuccess.set(id, { count, until: now + backOff(count, REFUSED_ALONE_RETRY) })
    }
    return retriable
  }

  /** The channel lacks nothing any more that it refused. */
  endRefusal(): void {
    this.refusal = null
    this.#retriedAfterSuccess.clear()
  }

  /** Sets the next retry of what is refused, because one begins now. */
  postponeRefusedRetry(now: number): void {
    if (!this.refusal) return
    const retries = this.refusal.retries + 1
    const wait = backOff(retries + 1, this.refusal.isPartial ? REFUSED_ALONE_RETRY : REFUSED_RETRY)
    this.refusal = { ...this.refusal, retries, retryAt: now + wait }
  }

  /** Waits after a failure: as long as the platform asked, or with back-off. Returns the end of the wait, epoch ms. */
  recordFailure(alertId: number, error: DeliveryError, now: number): number {
    if (error.code === 'refused') this.#recordRefusal(alertId, error, now)
    if (error.code === 'refused' || error.code === 'gone') return now
    if (error.scope === 'message') return now + (error.retryAfterMs ?? backOff(1))
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

  #recordRefusal(alertId: number, { message }: DeliveryError, now: number): void {
    const first = { since: now, retries: 0, retryAt: now + backOff(1, REFUSED_RETRY), isPartial: false }
    const { refusal } = this
    // The first refusal of another alert: it may be the channel now.
    const isNew = refusal === null || (refusal.isPartial && !this.#retriedAfterSuccess.has(alertId))
    this.refusal = isNew ? { ...first, since: refusal?.since ?? now, message } : { ...refusal, message }
  }

  /** Keeps every wait as long as it was after the clock moved back by `ms`. */
  rewind(ms: number): void {
    for (const waits of [this.#blockedUntil, this.#limitedUntil]) {
      waits.post -= ms
      waits.edit -= ms
    }
    this.#failingUntil -= ms
    for (const retried of this.#retriedAfterSuccess.values()) retried.until -= ms
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
