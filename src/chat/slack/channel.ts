// A Slack channel as the delivery loop uses it: post, edit in place, reply under a message, and find a sent message.
import type { webApi } from '@slack/bolt'
import { BoundedMap } from '../../bounded-map.ts'
import type { Card } from '../../card.ts'
import { systemClock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { type Capabilities, type Channel, threadId } from '../channel.ts'
import { uploadFiles } from './client.ts'
import { deliveryError, type Step } from './errors.ts'
import { createNewerBlocks, FORGETFUL, type NewerBlocks } from './newer-blocks.ts'
import { createPictures, type Pictures } from './pictures.ts'
import { type Rendered, renderCard } from './render.ts'

/** The type of the metadata that our messages carry, by which `find` recognises them. */
export const METADATA_TYPE = 'vakt_card'

const MAX_PAGES = 5
const PAGE_SIZE = 200
/** Slack's clock and ours may differ. A message that seems too early is still ours, because it has our nonce. */
const CLOCK_SKEW_MS = 60_000
const MAX_SHOWN_PICTURES = 500

export interface ChannelParts {
  web: webApi.WebClient
  channelId: string
  capabilities: Capabilities
  timeZone: string
  /** The id of this Vakt, for its buttons. */
  instance?: string | undefined
  /** `#ops`, or the id until the name is known. */
  channelName: () => string
  /** What the workspace takes; by default nothing is remembered. */
  newerBlocks?: NewerBlocks
  pictures?: Pictures
  logger: Logger
}

/** The channel. References are message timestamps. */
export function createChannel(parts: ChannelParts): Channel {
  const { web, channelId, capabilities, timeZone, instance, channelName, logger } = parts
  const { newerBlocks = createNewerBlocks(systemClock, FORGETFUL), pictures = createPictures(web, logger) } = parts
  /** The picture of each message, which an edit without one keeps. */
  const shownPictures = new BoundedMap<string, Picture>(MAX_SHOWN_PICTURES)
  const attempt = async <T>(step: Step, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      throw deliveryError(error, step, channelName())
    }
  }

  /** Sends a card in the newest form that the workspace takes, with its picture inside where that works. */
  async function send<T>(
    card: Card,
    picture: Picture | undefined,
    call: (message: Rendered) => Promise<T>,
  ): Promise<T> {
    const shown = picture === undefined || card.image ? card : { ...card, image: picture.image }
    return newerBlocks.send(
      refused => {
        const pictureId = refused.has('slack_file') ? undefined : picture?.id
        return renderCard(shown, { timeZone, instance, refused, pictureId })
      },
      message => (picture === undefined ? call(message) : pictures.whenReady(() => call(message))),
    )
  }

  async function uploaded({ image }: Card): Promise<Picture | undefined> {
    if (image === undefined || newerBlocks.refused().has('slack_file')) return undefined
    const id = await pictures.upload(image)
    return id === undefined ? undefined : { id, image }
  }

  async function post(card: Card, nonce: string, more: { thread_ts?: string; reply_broadcast?: boolean }) {
    const rest = {
      channel: channelId,
      ...more,
      metadata: { event_type: METADATA_TYPE, event_payload: { nonce } },
      parse: 'none' as const,
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    }
    const picture = await uploaded(card)
    let hasPicture = false
    const { ts } = await attempt('post', () =>
      send(card, picture, message => {
        hasPicture = showsPicture(message)
        return web.chat.postMessage({ ...message, ...rest } as webApi.ChatPostMessageArguments)
      }),
    )
    if (picture && hasPicture) shownPictures.set(ts!, picture)
    // The card is delivered; a file that fails to follow is no reason to send it again, nor to wait for it.
    const files = hasPicture ? withoutImage(card) : card
    void uploadFiles(web, files, { channel_id: channelId, thread_ts: more.thread_ts ?? ts! }).catch(error =>
      logger.warn('a file could not be uploaded to Slack', { error, channel: channelId }),
    )
    return ts!
  }

  const channel: Channel = {
    capabilities,
    id: `slack:${channelId}`,
    get name() {
      return `Slack ${channelName()}`
    },
    post: (card, nonce) => post(card, nonce, {}),
    reply: (ref, card, nonce) => post(card, nonce, { thread_ts: ref, reply_broadcast: true }),
    // A reply that is not shown in the channel notifies only those who follow the thread.
    async thread(ref, card) {
      const rest = { channel: channelId, thread_ts: ref, parse: 'none' }
      await attempt('post', () =>
        send(silent(card), undefined, message =>
          web.chat.postMessage({ ...message, ...rest } as webApi.ChatPostMessageArguments),
        ),
      )
    },
    // People who ask in a thread read it there, so the channel does not get the reply too.
    inThread: thread => ({
      ...channel,
      id: threadId(channel.id, thread),
      reply: (_ref, card, nonce) => post(card, nonce, { thread_ts: thread }),
    }),
    async edit(ref, card) {
      const rest = { channel: channelId, ts: ref, parse: 'none', link_names: false }
      const picture = (await uploaded(card)) ?? shownPictures.get(ref)
      await attempt('edit', () =>
        send(silent(card), picture, message => web.chat.update({ ...message, ...rest } as webApi.ChatUpdateArguments)),
      )
      if (picture) shownPictures.set(ref, picture)
    },
    async remove(ref) {
      await attempt('edit', () => web.chat.delete({ channel: channelId, ts: ref }))
    },
    async pin(ref) {
      await attempt('edit', () => web.pins.add({ channel: channelId, timestamp: ref }))
    },
    async find(nonce, since) {
      for await (const message of history(since)) if (nonceOf(message) === nonce) return message.ts!
      return null
    },
    async findAll(nonces, since) {
      const found = new Map<string, string[]>()
      for await (const message of history(since)) {
        const nonce = nonceOf(message)
        if (typeof nonce === 'string' && nonces.includes(nonce))
          found.set(nonce, [...(found.get(nonce) ?? []), message.ts!])
      }
      return found
    },
  }

  /** The messages since an instant that were sent with metadata, newest first. */
  async function* history(since: number): AsyncGenerator<HistoryMessage> {
    const oldest = String((since - CLOCK_SKEW_MS) / 1000)
    let cursor: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = {
        channel: channelId,
        oldest,
        limit: PAGE_SIZE,
        include_all_metadata: true,
        ...(cursor && { cursor }),
      }
      const answer = await attempt('find', () => web.conversations.history(query))
      yield* (answer.messages ?? []).filter(({ ts, metadata }) => ts !== undefined && metadata !== undefined)
      cursor = answer.response_metadata?.next_cursor
      if (!cursor) return
    }
  }
  return channel
}

type Picture = { id: string; image: NonNullable<Card['image']> }

const withoutImage = ({ image, ...card }: Card): Card => card

function showsPicture({ blocks, attachments }: Rendered): boolean {
  const all = [...blocks, ...attachments.flatMap(attachment => attachment.blocks ?? [])]
  return all.some(block => block.type === 'image')
}

const silent = ({ mention, ...card }: Card): Card => card

type HistoryMessage = { ts?: string; metadata?: { event_type?: string; event_payload?: unknown } }

function nonceOf({ metadata }: HistoryMessage): unknown {
  if (metadata?.event_type !== METADATA_TYPE) return undefined
  return (metadata.event_payload as { nonce?: unknown } | undefined)?.nonce
}
