// What a channel still has to be told, kept while nothing changes it: a mass of alerts is not searched anew for every message.
import type { State } from '../../state/database.ts'
import { mattersMore, nextAttempt, type OutboxItem, type OutboxKind, readOutbox } from './outbox.ts'

/** How many of the most urgent items are read together, and how many there are at least: twice what is under way at once. */
const READ_AT_ONCE = 32
const LOOK_AHEAD = 8

/**
 * The outbox of one channel as it was last read. `forget` it after every commit that touches alerts or channels, after a
 * failure, and when the clock goes back; the end of a message that arrived is learnt by `told`.
 */
export class OutboxCache {
  readonly #state: State
  readonly #channelId: string
  readonly #read = new Map<OutboxKind, { items: readonly OutboxItem[]; whole: boolean }>()
  /** When time alone adds to what was read; null for never. Undefined while nothing is known. */
  #nextAttempt: number | null | undefined

  constructor(state: State, channelId: string) {
    this.#state = state
    this.#channelId = channelId
  }

  /** The most urgent items of a kind at `now`, in the order they are told: all, or those that could be sent at once. */
  items(kind: OutboxKind, now: number): readonly OutboxItem[] {
    this.nextAttempt(now)
    const known = this.#read.get(kind)
    if (known && (known.whole || known.items.length >= LOOK_AHEAD)) return known.items
    const read = readOutbox(this.#state, this.#channelId, kind, now, READ_AT_ONCE)
    this.#read.set(kind, read)
    return read.items
  }

  /** The nearest instant after `now` at which a delayed attempt is due again; null when there is none. */
  nextAttempt(now: number): number | null {
    if (this.#nextAttempt === undefined || (this.#nextAttempt !== null && this.#nextAttempt <= now)) {
      this.forget()
      this.#nextAttempt = nextAttempt(this.#state, this.#channelId, now)
    }
    return this.#nextAttempt
  }

  /** The channel shows more of an alert: what else it lacks of that one is read, and nothing of the others. */
  told(alertId: number, now: number): void {
    for (const [kind, { items, whole }] of this.#read) {
      const others = items.filter(item => item.alert.id !== alertId)
      const [lacking] = readOutbox(this.#state, this.#channelId, kind, now, 1, alertId).items
      const place = lacking ? others.findIndex(({ alert }) => mattersMore(lacking.alert, alert)) : -1
      // Behind the last of those that were read others may come first: it is read with them.
      const later = lacking && place < 0 && whole ? [lacking] : []
      const next = lacking && place >= 0 ? others.toSpliced(place, 0, lacking) : [...others, ...later]
      this.#read.set(kind, { items: next, whole })
    }
  }

  forget(): void {
    this.#read.clear()
    this.#nextAttempt = undefined
  }
}
