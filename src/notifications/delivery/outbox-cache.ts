// The outbox of one channel, cached until something changes it: a mass of alerts is not searched again for every message.
import type { State } from '../../state/database.ts'
import { isMoreUrgent, nextAttempt, type OutboxItem, type OutboxKind, readOutbox } from './outbox.ts'

const READ_BATCH_SIZE = 32
/** Fewer cached items are read again: twice the number of sends in flight. */
const MIN_ITEMS = 8

/**
 * The outbox of one channel as it was last read. Call `clear` after every commit that touches alerts or channels, after a
 * failure, and after the clock moved back; call `refresh` after a message was sent.
 */
export class OutboxCache {
  readonly #state: State
  readonly #channelId: string
  readonly #cached = new Map<OutboxKind, { items: readonly OutboxItem[]; isComplete: boolean }>()
  /** When a delayed attempt becomes due; null for never, undefined while it is not read. */
  #nextAttempt: number | null | undefined

  constructor(state: State, channelId: string) {
    this.#state = state
    this.#channelId = channelId
  }

  /** The most urgent items of a kind at `now`, in the order of sending: all, or at least as many as can be in flight. */
  items(kind: OutboxKind, now: number): readonly OutboxItem[] {
    this.nextAttempt(now)
    const cached = this.#cached.get(kind)
    if (cached && (cached.isComplete || cached.items.length >= MIN_ITEMS)) return cached.items
    const read = readOutbox(this.#state, this.#channelId, kind, now, READ_BATCH_SIZE)
    this.#cached.set(kind, read)
    return read.items
  }

  /** The nearest instant after `now` at which a delayed attempt is due; null when there is none. */
  nextAttempt(now: number): number | null {
    if (this.#nextAttempt === undefined || (this.#nextAttempt !== null && this.#nextAttempt <= now)) {
      this.clear()
      this.#nextAttempt = nextAttempt(this.#state, this.#channelId, now)
    }
    return this.#nextAttempt
  }

  /** Reads what the channel still lacks of one alert, after it was sent something; other alerts stay cached. */
  refresh(alertId: number, now: number): void {
    for (const [kind, { items, isComplete }] of this.#cached) {
      const others = items.filter(item => item.alert.id !== alertId)
      const [item] = readOutbox(this.#state, this.#channelId, kind, now, 1, alertId).items
      const place = item ? others.findIndex(({ alert }) => isMoreUrgent(item.alert, alert)) : -1
      // After the last cached item, items that are not cached may come first.
      const last = item && place < 0 && isComplete ? [item] : []
      const next = item && place >= 0 ? others.toSpliced(place, 0, item) : [...others, ...last]
      this.#cached.set(kind, { items: next, isComplete })
    }
  }

  clear(): void {
    this.#cached.clear()
    this.#nextAttempt = undefined
  }
}
