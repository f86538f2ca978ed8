// Removes the double of a message: one that arrived after all, when it had been sent again.
import type { Channel } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { State } from '../../state/database.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { forgetNonce, listRepeated, type RepeatedMessage, readRef } from './outbox.ts'

/** When doubles are looked for, counted from the last answer: a platform may take a minute for what it answers too late. */
const LOOKS_MS = [5 * SECOND, 20 * SECOND, MINUTE, 3 * MINUTE]

export interface DoubleRemover {
  /** A message was sent more than once with one nonce. */
  watch(message: RepeatedMessage): void
  /** Keeps every wait as long as it was after the clock moved back by `ms`. */
  rewind(ms: number): void
  stop(): void
}

type Watched = RepeatedMessage & { lookAt: number; looks: number }

/** Looks for doubles in one channel; it does nothing where messages can be neither found nor deleted. */
export function createDoubleRemover(state: State, channel: Channel, clock: Clock, logger: Logger): DoubleRemover {
  const watched = new Map<string, Watched>()
  let cancel = () => {}
  let isStopped = false

  const watch = (message: RepeatedMessage) => {
    if (!channel.findAll || !channel.remove) return
    watched.set(message.nonce, { ...message, lookAt: clock.now() + LOOKS_MS[0]!, looks: 0 })
    schedule()
  }

  const schedule = () => {
    cancel()
    if (isStopped || watched.size === 0) return
    const next = Math.min(...[...watched.values()].map(({ lookAt }) => lookAt))
    cancel = clock.at(
      next,
      () =>
        void look()
          .catch(error => failed(error))
          .finally(schedule),
    )
  }

  /** One search serves all messages that are watched. */
  const look = async () => {
    const messages = [...watched.values()]
    for (const message of messages) if (message.lookAt <= clock.now()) postpone(message)
    const since = Math.min(...messages.map(({ sentAt }) => sentAt))
    const found = await channel.findAll!(
      messages.map(({ nonce }) => nonce),
      since,
    )
    for (const message of messages) {
      const refs = found.get(message.nonce) ?? []
      // A reply has no reference of its own in the state: the first stays.
      const kept = message.kind === 'post' ? readRef(state, message.alertId, channel.id) : refs.toSorted()[0]
      // A card that somebody deleted is no reason to delete what is left of it.
      if (kept == null || !refs.includes(kept)) continue
      for (const ref of refs.filter(other => other !== kept)) await remove(message, ref)
    }
  }

  const postpone = (message: Watched) => {
    const looks = message.looks + 1
    const wait = LOOKS_MS[looks]
    if (wait === undefined) {
      watched.delete(message.nonce)
      forgetNonce(state, message.alertId, channel.id, message.nonce)
    } else watched.set(message.nonce, { ...message, looks, lookAt: message.lookAt + wait - LOOKS_MS[looks - 1]! })
  }

  const remove = async ({ alertId }: Watched, ref: string) => {
    await channel.remove!(ref)
    logger.info('a message that had arrived twice was deleted', { channel: channel.id, alert: alertId })
  }

  const failed = (error: unknown) =>
    logger.debug('looking for messages that arrived twice failed', { channel: channel.id, error })

  for (const message of listRepeated(state, channel.id)) watch(message)
  return {
    watch,
    rewind(ms) {
      for (const [nonce, message] of watched) watched.set(nonce, { ...message, lookAt: message.lookAt - ms })
      schedule()
    },
    stop() {
      isStopped = true
      cancel()
    },
  }
}
