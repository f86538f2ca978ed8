// One Discord channel as delivery sees it: post, edit, reply and find, each done once and reported truthfully.

import { type APIMessage, DiscordAPIError, MessageFlags, type REST, Routes, SnowflakeUtil } from 'discord.js'
import { type Card, cutText } from '../../card.ts'
import { type Capabilities, type Channel, threadId } from '../channel.ts'
import { ANSWER_WITHIN } from './client.ts'
import { deliveryError, type Step } from './errors.ts'
import { render } from './render.ts'

const PAGE = 100
const PAGES = 5
/** Lines of a thread notify nobody. */
const SILENT = MessageFlags.SuppressNotifications
/** Minutes without a message after which Discord puts a thread away; the next one opens it again. */
const ARCHIVE_AFTER = 1440
/** Discord's clock and ours may differ. */
const CLOCK_MARGIN = 60_000
/** Discord's ids count from here. */
const FIRST_MOMENT = Date.UTC(2015, 0, 1)

export interface ChannelOptions {
  rest: REST
  token: string
  channelId: string
  capabilities: Capabilities
  /** Milliseconds for one step as a whole, with the time it waits behind others. */
  within?: number
}

/** The channel with this id; `name` becomes the real one once `introduce` has been told it. */
export function discordChannel({ rest, token, channelId, capabilities, within = ANSWER_WITHIN }: ChannelOptions) {
  let name = `Discord channel ${channelId}`
  const messages = Routes.channelMessages(channelId)

  const channel: Channel = {
    id: `discord:${channelId}`,
    capabilities,
    get name() {
      return name
    },
    post: (card, nonce) => create(card, nonce),
    reply: (ref, card, nonce) =>
      create(card, nonce, { message_reference: { message_id: ref, fail_if_not_exists: false } }),
    edit: (ref, card) =>
      attempt('edit', async signal => {
        const { body, files } = render(silent(card))
        await rest.patch(Routes.channelMessage(channelId, ref), { body, files, signal })
      }),
    thread: (ref, card) => attempt('thread', signal => addToThread(ref, card, signal)),
    inThread: thread => ({
      ...discordChannel({ rest, token, channelId: thread, capabilities, within }).channel,
      id: threadId(`discord:${channelId}`, thread),
      name,
    }),
    find: (nonce, since) => attempt('look', signal => search(nonce, since, signal)),
  }
  return {
    channel,
    introduce: (real: string) => {
      name = `Discord #${real}`
    },
  }

  function create(card: Card, nonce: string, more: object = {}): Promise<string> {
    return attempt('post', async signal => {
      const { body, files } = render(card, mark(nonce))
      const message = await rest.post(messages, {
        body: { ...body, ...more, nonce, enforce_nonce: true },
        files,
        signal,
      })
      return (message as APIMessage).id
    })
  }

  /** A thread has the id of the message that it was begun at, so it need not be remembered. */
  async function addToThread(ref: string, card: Card, signal: AbortSignal): Promise<void> {
    const { body } = render(silent(card))
    const say = () => rest.post(Routes.channelMessages(ref), { body: { ...body, flags: SILENT }, signal })
    try {
      await say()
    } catch (error) {
      if (!isUnknownChannel(error)) throw error
      const thread = { name: cutText(`Alert: ${card.title}`, 100), auto_archive_duration: ARCHIVE_AFTER }
      await rest.post(Routes.threads(channelId, ref), { body: thread, signal })
      await say()
    }
  }

  /** Discord forgets nonces after minutes, so what was posted is known again by the mark in its first embed. */
  async function search(nonce: string, since: number, signal: AbortSignal): Promise<string | null> {
    let after = String(SnowflakeUtil.generate({ timestamp: Math.max(since - CLOCK_MARGIN, FIRST_MOMENT) }))
    for (let page = 0; page < PAGES; page++) {
      const query = new URLSearchParams({ after, limit: String(PAGE) })
      const found = (await rest.get(messages, { query, signal })) as APIMessage[]
      const match = found.find(message => message.embeds[0]?.url === mark(nonce))
      if (match) return match.id
      if (found.length < PAGE) return null
      after = found.map(message => message.id).reduce((a, b) => (BigInt(a) > BigInt(b) ? a : b))
    }
    return null
  }

  async function attempt<T>(step: Step, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // A 401 makes the SDK forget the token; a later one may be accepted again.
    rest.setToken(token)
    try {
      return await run(AbortSignal.timeout(within))
    } catch (error) {
      throw deliveryError(error, step)
    }
  }
}

const silent = ({ mention, ...card }: Card): Card => card

/** Unknown Channel: no thread was begun at the message yet. */
function isUnknownChannel(error: unknown): boolean {
  return error instanceof DiscordAPIError && Number(error.code) === 10003
}

/** An address that leads nowhere by definition and that readers never see. */
const mark = (nonce: string) => `https://vakt.invalid/${encodeURIComponent(nonce)}`
