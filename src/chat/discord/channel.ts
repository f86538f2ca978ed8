// A Discord channel as the delivery loop uses it: post, edit, reply and find, each done once and reported truthfully.
import { type APIMessage, DiscordAPIError, MessageFlags, type REST, Routes, SnowflakeUtil } from 'discord.js'
import { type Card, cutText } from '../../card.ts'
import { type Capabilities, type Channel, threadId } from '../channel.ts'
import { REQUEST_TIMEOUT_MS } from './client.ts'
import { markId, renderComponents } from './components.ts'
import { deliveryError, needsComponents, type Step } from './errors.ts'
import { render } from './render.ts'

const PAGE_SIZE = 100
const MAX_PAGES = 5
/** Lines of a thread notify nobody. */
const SILENT = MessageFlags.SuppressNotifications
/** After this long without a message Discord archives a thread; the next message opens it again. */
const ARCHIVE_AFTER_MINUTES = 24 * 60
/** Discord's clock and ours may differ. */
const CLOCK_SKEW_MS = 60_000
/** Discord's ids count from here. */
const DISCORD_EPOCH_MS = Date.UTC(2015, 0, 1)
/** Unknown Channel: no thread was begun at the message yet. */
const UNKNOWN_CHANNEL = 10003

export interface ChannelOptions {
  rest: REST
  token: string
  channelId: string
  capabilities: Capabilities
  /** The id of this Vakt, for its buttons. */
  instance?: string | undefined
  /** Of times in fixed-width blocks. */
  timeZone?: string
  /** How long one step may take, with the time that it waits behind others. */
  timeoutMs?: number | undefined
}

/** The channel with an id. `setName` gives it the real name once that is known. References are message ids. */
export function createChannel({
  rest,
  token,
  channelId,
  capabilities,
  instance,
  timeZone = 'UTC',
  timeoutMs = REQUEST_TIMEOUT_MS,
}: ChannelOptions): { channel: Channel; setName(name: string): void } {
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
        const change = ({ body, files }: ReturnType<typeof rendered>) =>
          rest.patch(Routes.channelMessage(channelId, ref), { body, files, signal })
        try {
          await change(rendered(silent(card)))
        } catch (error) {
          // A message in components stays one for good.
          if (!needsComponents(error)) throw error
          await change(renderComponents(silent(card), instance, timeZone))
        }
      }),
    thread: (ref, card) => attempt('thread', signal => addToThread(ref, card, signal)),
    remove: ref =>
      attempt('edit', async signal => void (await rest.delete(Routes.channelMessage(channelId, ref), { signal }))),
    pin: ref =>
      attempt('edit', async signal => void (await rest.put(Routes.channelMessagesPin(channelId, ref), { signal }))),
    inThread: thread => ({
      ...createChannel({ rest, token, channelId: thread, capabilities, instance, timeZone, timeoutMs }).channel,
      id: threadId(`discord:${channelId}`, thread),
      name,
    }),
    find: (nonce, since) => attempt('find', signal => search(nonce, since, signal)),
  }
  return {
    channel,
    setName(real) {
      name = `Discord #${real}`
    },
  }

  /** What people look at stands in components; what notifies them has its heading as content, for the push preview. */
  function rendered(card: Card, marked?: string) {
    const isView = card.isView === true && !card.form
    return isView ? renderComponents(card, instance, timeZone, marked) : render(card, marked, instance, timeZone)
  }

  function create(card: Card, nonce: string, more: object = {}): Promise<string> {
    return attempt('post', async signal => {
      const { body, files } = rendered(card, mark(nonce))
      const message = await rest.post(messages, {
        body: { ...body, ...more, nonce, enforce_nonce: true },
        files,
        signal,
      })
      return (message as APIMessage).id
    })
  }

  /** A thread has the id of the message that it was begun at, so it need not be stored. */
  async function addToThread(ref: string, card: Card, signal: AbortSignal): Promise<void> {
    const { body } = render(silent(card), undefined, instance, timeZone)
    const post = () => rest.post(Routes.channelMessages(ref), { body: { ...body, flags: SILENT }, signal })
    try {
      await post()
    } catch (error) {
      if (!isUnknownChannel(error)) throw error
      const thread = { name: cutText(`Alert: ${card.title}`, 100), auto_archive_duration: ARCHIVE_AFTER_MINUTES }
      await rest.post(Routes.threads(channelId, ref), { body: thread, signal })
      await post()
    }
  }

  /** Discord forgets nonces after minutes, so a message is recognised by the mark in its first embed or container. */
  async function search(nonce: string, since: number, signal: AbortSignal): Promise<string | null> {
    let after = String(SnowflakeUtil.generate({ timestamp: Math.max(since - CLOCK_SKEW_MS, DISCORD_EPOCH_MS) }))
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = new URLSearchParams({ after, limit: String(PAGE_SIZE) })
      const found = (await rest.get(messages, { query, signal })) as APIMessage[]
      const match = found.find(
        ({ embeds, components }) => embeds[0]?.url === mark(nonce) || components?.[0]?.id === markId(mark(nonce)),
      )
      if (match) return match.id
      if (found.length < PAGE_SIZE) return null
      after = found.map(message => message.id).reduce((a, b) => (BigInt(a) > BigInt(b) ? a : b))
    }
    return null
  }

  async function attempt<T>(step: Step, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // A 401 makes the SDK forget the token; a later one may be accepted again.
    rest.setToken(token)
    try {
      return await run(AbortSignal.timeout(timeoutMs))
    } catch (error) {
      throw deliveryError(error, step)
    }
  }
}

const silent = ({ mention, ...card }: Card): Card => card

function isUnknownChannel(error: unknown): boolean {
  return error instanceof DiscordAPIError && Number(error.code) === UNKNOWN_CHANNEL
}

/** An address that leads nowhere (RFC 2606) and that readers never see. */
const mark = (nonce: string) => `https://vakt.invalid/${encodeURIComponent(nonce)}`
