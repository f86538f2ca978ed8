// Notices that go to the chats directly, because they are about the database that holds all other messages.
import { backOff } from '../backoff.ts'
import type { Card } from '../card.ts'
import type { Channel } from '../chat/channel.ts'
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { ChannelRegistry } from '../notifications/routing/channel-registry.ts'
import { errorMessage } from '../text.ts'
import { MINUTE, SECOND } from '../time.ts'

const RETRY = { baseMs: 5 * SECOND, maxMs: MINUTE }
const MAX_ATTEMPTS = 20

export interface DirectNotices {
  /** Posts a card to every channel, once for each `key`; retries a channel that cannot be reached. Never throws. */
  post(key: string, card: Card): void
  /** Ends a notice: nothing more is posted, and its messages become `card`. */
  close(key: string, card: Card): void
  stop(): void
}

type Notice = {
  nonce: string
  postedAt: number
  refs: Map<Channel, string>
  closedBy: Card | null
  /** Cancels the next attempt. */
  cancels: Map<Channel, () => void>
}

/** Notices to the channels of the settings; without any, to all channels. */
export function createDirectNotices(
  registry: Pick<ChannelRegistry, 'configured' | 'all'>,
  clock: Clock,
  logger: Logger,
): DirectNotices {
  const open = new Map<string, Notice>()

  const attempt = async (notice: Notice, channel: Channel, card: Card, attempts: number) => {
    const { nonce, postedAt } = notice
    try {
      // An earlier attempt may have arrived although its answer did not.
      const known = attempts > 1 ? await channel.find(nonce, postedAt) : null
      notice.refs.set(channel, known ?? (await channel.post(card, nonce)))
      if (notice.closedBy) await edit(notice, channel)
    } catch (error) {
      if (attempts === 1) logger.warn('direct notice not delivered; retrying', facts(channel, error))
      if (notice.closedBy || attempts >= MAX_ATTEMPTS) return
      const retry = () => void attempt(notice, channel, card, attempts + 1)
      notice.cancels.set(channel, clock.at(clock.now() + backOff(attempts, RETRY), retry))
    }
  }

  const edit = async (notice: Notice, channel: Channel) => {
    if (!channel.capabilities.edits) return
    try {
      await channel.edit(notice.refs.get(channel)!, notice.closedBy!)
    } catch (error) {
      logger.warn('direct notice could not be updated', facts(channel, error))
    }
  }

  const cancelRetries = ({ cancels }: Notice) => {
    for (const cancel of cancels.values()) cancel()
  }

  return {
    post(key, card) {
      if (open.has(key)) return
      const postedAt = clock.now()
      const nonce = `${key.slice(-12)}-${postedAt.toString(36)}`
      const notice: Notice = { nonce, postedAt, refs: new Map(), closedBy: null, cancels: new Map() }
      open.set(key, notice)
      const configured = registry.configured()
      for (const channel of configured.length > 0 ? configured : registry.all()) void attempt(notice, channel, card, 1)
    },
    close(key, card) {
      const notice = open.get(key)
      if (!notice) return
      open.delete(key)
      notice.closedBy = card
      cancelRetries(notice)
      for (const channel of notice.refs.keys()) void edit(notice, channel)
    },
    stop() {
      for (const notice of open.values()) cancelRetries(notice)
    },
  }
}

function facts(channel: Channel, error: unknown) {
  return { channel: channel.id, reason: errorMessage(error) }
}
