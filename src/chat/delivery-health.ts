// How a platform without a connection of its own is doing, learnt from what is sent there: a dead webhook is to be told elsewhere.
import type { Clock } from '../clock.ts'
import { MINUTE } from '../time.ts'
import { type Channel, DeliveryError, type PlatformStatus } from './channel.ts'

/** Every failure is followed by another try within some five minutes; what is not tried any more is in no trouble. */
const FORGOTTEN = 10 * MINUTE

export interface DeliveryHealth {
  /** The same channel, whose posts, edits and replies are learnt from. */
  watch(channel: Channel): Channel
  /** `lost` when tries at one of the channels have failed for `lasting` ms; online else. */
  status(): PlatformStatus
}

/** Watches the channels of one platform. */
export function createDeliveryHealth(clock: Clock, lasting: number): DeliveryHealth {
  const began = clock.now()
  const failing = new Map<string, { since: number; last: number; message: string }>()

  const learn = async <T>({ id, name }: Channel, sent: Promise<T>): Promise<T> => {
    try {
      const result = await sent
      failing.delete(id)
      return result
    } catch (error) {
      // What is refused, and what is limited, was answered.
      if (!(error instanceof DeliveryError) || !['unreachable', 'unsure'].includes(error.code)) failing.delete(id)
      else {
        const last = clock.now()
        failing.set(id, { since: failing.get(id)?.since ?? last, last, message: `${name}: ${error.message}` })
      }
      throw error
    }
  }

  return {
    watch: channel => ({
      ...channel,
      post: (card, nonce) => learn(channel, channel.post(card, nonce)),
      // Where nothing can be edited, an edit mostly sends nothing.
      edit: (ref, card) =>
        channel.capabilities.edits ? learn(channel, channel.edit(ref, card)) : channel.edit(ref, card),
      reply: (ref, card, nonce) => learn(channel, channel.reply(ref, card, nonce)),
    }),
    status() {
      const now = clock.now()
      for (const [id, { last }] of failing) if (now - last > FORGOTTEN) failing.delete(id)
      const lost = [...failing.values()].find(({ since, last }) => last - since >= lasting)
      return lost ? { state: 'lost', since: lost.since, message: lost.message } : { state: 'online', since: began }
    },
  }
}
