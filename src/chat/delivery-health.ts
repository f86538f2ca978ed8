// The state of a platform without a connection of its own, learnt from its deliveries: a dead webhook must alert elsewhere.
import type { Clock } from '../clock.ts'
import { MINUTE } from '../time.ts'
import { type Channel, DeliveryError, type PlatformStatus } from './channel.ts'

/** Delivery retries a failure within about 5 minutes, so a channel without attempts for this long is not in use. */
const FORGET_AFTER_MS = 10 * MINUTE

export interface DeliveryHealth {
  /** The same channel; what becomes of its posts, edits and replies is noted. */
  watch(channel: Channel): Channel
  /** `lost` when several attempts at one of the channels failed, and none succeeded for the tolerated time; otherwise online. */
  status(): PlatformStatus
}

type Failure = { since: number; last: number; message: string }

/** Watches the channels of one platform. A channel may fail for `toleranceMs` before the platform counts as lost. */
export function createDeliveryHealth(clock: Clock, toleranceMs: number): DeliveryHealth {
  const startedAt = clock.now()
  const failing = new Map<string, Failure>()

  const note = async <T>({ id, name }: Channel, delivery: Promise<T>): Promise<T> => {
    try {
      const result = await delivery
      failing.delete(id)
      return result
    } catch (error) {
      if (hasAnswered(error)) failing.delete(id)
      else {
        const last = clock.now()
        failing.set(id, {
          since: failing.get(id)?.since ?? last,
          last,
          message: `${name}: ${(error as Error).message}`,
        })
      }
      throw error
    }
  }

  return {
    watch: channel => ({
      ...channel,
      post: (card, nonce) => note(channel, channel.post(card, nonce)),
      // Without edits, an edit mostly sends nothing.
      edit: (ref, card) =>
        channel.capabilities.edits ? note(channel, channel.edit(ref, card)) : channel.edit(ref, card),
      reply: (ref, card, nonce) => note(channel, channel.reply(ref, card, nonce)),
    }),
    status() {
      const now = clock.now()
      for (const [id, { last }] of failing) if (now - last > FORGET_AFTER_MS) failing.delete(id)
      // Two attempts at least; the next one may be minutes away, and people must know before.
      const lost = [...failing.values()].find(({ since, last }) => last > since && now - since >= toleranceMs)
      return lost ? { state: 'lost', since: lost.since, message: lost.message } : { state: 'online', since: startedAt }
    },
  }
}

/** Whether the other end answered: a refusal and a rate limit are answers. */
function hasAnswered(error: unknown): boolean {
  return !(error instanceof DeliveryError) || !['unreachable', 'unsure'].includes(error.code)
}
