// The progress of a long operation in one message of each channel, edited at a safe rate: the output of an action, a fetch.
import { randomBytes } from 'node:crypto'
import type { Card } from '../../card.ts'
import { type Channel, DeliveryError } from '../../chat/channel.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { SECOND } from '../../time.ts'

/** Edits share the channel's rate limit with alerts, so they stay well below it. */
const EDIT_INTERVAL_MS = 3 * SECOND
const RETRY_DELAY_MS = 5 * SECOND
const MAX_ATTEMPTS = 5

/** A channel, and the message to reply to; null is the channel itself. */
export type Place = { channel: Channel; ref: string | null }

/** Starts a message in every place; `card` returns its current content. `end` shows the final card and resolves when it was sent. */
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
  const sendNew = () => (ref === null ? channel.post(card(), nonce()) : channel.reply(ref, card(), nonce()))
  let isEnded = false
  let cancel = () => {}
  let shownJson = ''
  let messageRef: string | null = null

  const post = async () => {
    // Without edits only the final card is sent.
    if (channel.capabilities.edits) messageRef = await sendNew()
  }

  const update = async (): Promise<void> => {
    if (isEnded) return
    const current = card()
    const json = JSON.stringify(current)
    if (messageRef !== null && json !== shownJson) {
      shownJson = json
      await channel.edit(messageRef, current)
    }
  }

  const scheduleUpdate = () => {
    if (isEnded) return
    cancel = clock.at(clock.now() + EDIT_INTERVAL_MS, () => {
      inFlight = update()
        .catch(error => logger.debug('showing the progress of an operation failed', { channel: channel.id, error }))
        .finally(scheduleUpdate)
    })
  }

  const sendFinal = async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        if (messageRef === null) await sendNew()
        else await channel.edit(messageRef, card())
        return
      } catch (error) {
        const failure = error instanceof DeliveryError ? error : null
        if (failure?.code === 'gone') messageRef = null
        // A message that may have arrived is not sent twice: the card of the alert shows the result too.
        const isFinal =
          failure === null || failure.code === 'refused' || (messageRef === null && failure.code === 'unsure')
        if (isFinal || attempt === MAX_ATTEMPTS)
          return logger.warn('showing the result of an operation failed', { channel: channel.id, error })
        await new Promise<void>(done => clock.at(clock.now() + (failure.retryAfterMs ?? RETRY_DELAY_MS), done))
      }
    }
  }

  let inFlight: Promise<void> = post()
    .catch(error => logger.debug('showing an operation failed', { channel: channel.id, error }))
    .finally(scheduleUpdate)
  return async () => {
    isEnded = true
    cancel()
    await inFlight
    await sendFinal()
  }
}

function nonce(): string {
  return randomBytes(12).toString('hex')
}
