// How something long goes on, told in one message of each channel that is edited at a safe pace: what an action says, a fetch.
import { randomBytes } from 'node:crypto'
import type { Card } from '../../card.ts'
import { type Channel, DeliveryError } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { SECOND } from '../../time.ts'

/** Edits share the channel's limit with alerts, so they keep well below it. */
const PACE = 3 * SECOND
const RETRY = 5 * SECOND
const ATTEMPTS = 5

/** Under which message, or in the channel itself. */
export type Place = { channel: Channel; ref: string | null }

/** Begins a message in every place; `card` is asked for what it shows now. `end` shows the last and resolves when it is there. */
export function showLive(
  places: readonly Place[],
  card: () => Card,
  clock: Clock,
  logger: Logger,
): { end(): Promise<void> } {
  const messages = places.map(place => createMessage(place, card, clock, logger))
  return { end: async () => void (await Promise.all(messages.map(end => end()))) }
}

function createMessage({ channel, ref }: Place, card: () => Card, clock: Clock, logger: Logger): () => Promise<void> {
  const say = () => (ref === null ? channel.post(card(), nonce()) : channel.reply(ref, card(), nonce()))
  let ended = false
  let cancel = () => {}
  let shown = ''
  let message: string | null = null

  const post = async () => {
    // Where nothing can be edited only the end is told.
    if (channel.capabilities.edits) message = await say()
  }

  const turn = async (): Promise<void> => {
    if (ended) return
    const now = card()
    const words = JSON.stringify(now)
    if (message !== null && words !== shown) {
      shown = words
      await channel.edit(message, now)
    }
  }

  const arm = () => {
    if (ended) return
    cancel = clock.at(clock.now() + PACE, () => {
      under = turn()
        .catch(error => logger.debug('what an action says could not be shown', { channel: channel.id, error }))
        .finally(arm)
    })
  }

  const last = async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        if (message === null) await say()
        else await channel.edit(message, card())
        return
      } catch (error) {
        const failed = error instanceof DeliveryError ? error : null
        if (failed?.code === 'gone') message = null
        // A message that may be there is not sent twice: the card of the alert tells the end too.
        const hopeless = failed === null || failed.code === 'refused' || (message === null && failed.code === 'unsure')
        if (hopeless || attempt === ATTEMPTS)
          return logger.warn('the end of an action could not be shown', { channel: channel.id, error })
        await new Promise<void>(done => clock.at(clock.now() + (failed.retryAfterMs ?? RETRY), done))
      }
    }
  }

  let under: Promise<void> = post()
    .catch(error => logger.debug('an action could not be shown', { channel: channel.id, error }))
    .finally(arm)
  return async () => {
    ended = true
    cancel()
    await under
    await last()
  }
}

function nonce(): string {
  return randomBytes(12).toString('hex')
}
