// One channel's lane of the delivery loop: what it sends at once, and how long it holds back after which failure.

import { backOff } from '../../backoff.ts'
import type { DeliveryError } from '../../chat/channel.ts'
import { HOUR, MINUTE } from '../../time.ts'

export type Operation = 'post' | 'edit'

/** How many messages may be under way at once; fewer edits, so that they never keep a new alert waiting. */
const AT_ONCE = { all: 4, edit: 2 }
/** What was refused for good is tried again all the same, for people mend permissions: ever more rarely. */
const REFUSED = { first: 5 * MINUTE, longest: HOUR }

/** The pace of one channel. Holds no message: only what is under way and until when each kind is held back. */
export class ChannelThrottle {
  readonly underWay = new Map<number, Operation>()
  readonly #suppressedUntil = { post: 0, edit: 0 }
  /** Until when the platform itself asked to wait. */
  readonly #limitedUntil = { post: 0, edit: 0 }
  #failures = 0
  /** Until when the last failure holds back. */
  #failingUntil = 0
  /** Since when and why the channel refuses, how often in a row, and when it is tried again. */
  refusal: { since: number; message: string; times: number; retryAt: number } | null = null

  /** Whether nothing more can be sent before something under way has ended. */
  get full(): boolean {
    return this.underWay.size >= AT_ONCE.all
  }

  /** Whether one more message of this kind may be sent at `now`. */
  allows(operation: Operation, now: number): boolean {
    if (this.full || this.#suppressedUntil[operation] > now) return false
    const edits = [...this.underWay.values()].filter(one => one === 'edit').length
    return operation !== 'edit' || edits < AT_ONCE.edit
  }

  /** The nearest instant after `now` at which a kind is held back no more. */
  suppressedUntil(now: number): number | null {
    const later = Object.values(this.#suppressedUntil).filter(at => at > now)
    return later.length > 0 ? Math.min(...later) : null
  }

  succeeded(): void {
    this.#failures = 0
    this.refusal = null
  }

  /** Holds back after a failure: as long as the platform asked, or doubling up to five minutes; returns until when. */
  failed(error: DeliveryError, now: number): number {
    if (error.code === 'refused') this.#refused(error, now)
    if (error.code === 'refused' || error.code === 'gone') return now
    // Several that were under way and fail together are one failure; the next counts once it was tried again.
    if (error.code !== 'limited' && now >= this.#failingUntil) this.#failures++
    const wait = error.retryAfterMs ?? backOff(Math.max(1, this.#failures))
    const kinds: Operation[] = error.scope === 'all' || error.code !== 'limited' ? ['post', 'edit'] : [error.scope]
    for (const kind of kinds) {
      this.#suppressedUntil[kind] = Math.max(this.#suppressedUntil[kind], now + wait)
      if (error.code === 'limited') this.#limitedUntil[kind] = Math.max(this.#limitedUntil[kind], now + wait)
    }
    if (error.code !== 'limited') this.#failingUntil = Math.max(this.#failingUntil, now + wait)
    return now + wait
  }

  #refused({ message }: DeliveryError, now: number): void {
    // A burst of refusals is one; the next counts once it was tried again.
    const again = this.refusal === null || now >= this.refusal.retryAt
    const times = (this.refusal?.times ?? 0) + (again ? 1 : 0)
    const wait = Math.min(REFUSED.first * 2 ** (times - 1), REFUSED.longest)
    this.refusal = {
      since: this.refusal?.since ?? now,
      message,
      times,
      retryAt: again ? now + wait : this.refusal!.retryAt,
    }
  }

  /** The clock went back by `ms`: what was held back is as long as before. */
  setBack(ms: number): void {
    for (const held of [this.#suppressedUntil, this.#limitedUntil]) {
      held.post -= ms
      held.edit -= ms
    }
    this.#failingUntil -= ms
    if (this.refusal)
      this.refusal = { ...this.refusal, since: this.refusal.since - ms, retryAt: this.refusal.retryAt - ms }
  }

  /** Forgets every hold but those that the platform asked for, for when it is back. */
  release(): void {
    Object.assign(this.#suppressedUntil, this.#limitedUntil)
    this.#failures = 0
    this.#failingUntil = 0
  }
}
