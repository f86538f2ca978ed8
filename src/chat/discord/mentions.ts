// A message on Discord that mentions Vakt: a question about the alert that it belongs to, answered for everybody.
import { type APIMessage, MessageType, type REST, Routes } from 'discord.js'
import type { Logger } from '../../logger.ts'
import type { CommandDispatcher, Mention, Requester } from '../channel.ts'
import type { GatewayMessage } from './connection.ts'
import { errorSentence } from './errors.ts'
import { render } from './render.ts'
import type { Home } from './requester.ts'

export interface MentionParts {
  dispatcher: CommandDispatcher
  rest: REST
  logger: Logger
  home: () => Home
  /** The id of this Vakt, for its buttons. */
  instance?: string | undefined
}

/** Messages of people; the other types report changes of threads, members and pins. */
const WRITTEN: ReadonlySet<MessageType> = new Set([MessageType.Default, MessageType.Reply])

/** In how many channels the message is looked for that a thread was begun at; channels of alerts are few. */
const MAX_LOOKUPS = 5

/** Whether a person mentions the bot in the text itself; a reply that only notifies it is not a question. */
export function isMention(message: GatewayMessage, botId: string): boolean {
  const isPerson = message.author.bot !== true && message.webhook_id === undefined && message.member !== undefined
  return isPerson && WRITTEN.has(message.type) && botId !== '' && mentionOf(botId).test(message.content)
}

/** Answers one message that mentions the bot; never rejects. */
export async function answerMention(parts: MentionParts, message: GatewayMessage, botId: string): Promise<void> {
  try {
    const mention = readMention(message, botId, parts.home())
    if (mention === null) return
    const reply = await parts.dispatcher.answerMention(await withThreadRoot(parts, mention), authorOf(message))
    if (reply.ok && reply.quiet) return
    // A reply notifies, so its heading must be content: see components.ts.
    const { body, files } = render(reply.card, undefined, parts.instance)
    const reference = { message_id: message.id, fail_if_not_exists: false }
    await parts.rest.post(Routes.channelMessages(message.channel_id), {
      body: { ...body, message_reference: reference },
      files,
    })
  } catch (error) {
    parts.logger.warn('a mention on Discord was not answered', { error: errorSentence(error), message: message.id })
  }
}

/** Null in another server, and in a channel that is neither one of alerts nor may be a thread of one. */
function readMention(message: GatewayMessage, botId: string, { guildId, channelId, others }: Home): Mention | null {
  if (guildId !== null && message.guild_id !== guildId) return null
  const text = message.content.replace(new RegExp(mentionOf(botId), 'g'), ' ')
  const alertChannels = [channelId, ...others]
  const { channel_id: place, message_reference: reference, referenced_message: answered } = message
  if (!alertChannels.includes(place)) {
    // A thread has the id of the message that it was begun at.
    const thread = { id: place, ref: message.id }
    return { channels: alertChannels.map(channelIdOf), under: [place], text, thread }
  }
  const under = [reference?.message_id, answered?.message_reference?.message_id].filter(id => id !== undefined)
  return { channels: [channelIdOf(place)], under, text, thread: null }
}

/** A thread may have been begun at a reply, which itself hangs from the card. */
async function withThreadRoot({ rest }: MentionParts, mention: Mention): Promise<Mention> {
  const { thread, channels, under } = mention
  if (thread === null) return mention
  for (const channel of channels.slice(0, MAX_LOOKUPS)) {
    const id = channel.slice(channelIdOf('').length)
    const begun = (await rest.get(Routes.channelMessage(id, thread.id)).catch(() => null)) as APIMessage | null
    const root = begun?.message_reference?.message_id
    if (root !== undefined) return { ...mention, under: [...under, root] }
    if (begun) return mention
  }
  return mention
}

/** A message does not tell whether its author manages the server; a question needs no such right. */
function authorOf({ author, member }: GatewayMessage): Requester {
  return {
    platform: 'discord',
    id: author.id,
    name: member?.nick ?? author.global_name ?? author.username,
    admin: false,
    groups: member?.roles ?? [],
    interactive: true,
  }
}

function channelIdOf(id: string): string {
  return `discord:${id}`
}

function mentionOf(botId: string): RegExp {
  return new RegExp(`<@!?${botId}>`)
}
