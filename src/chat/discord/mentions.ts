// A message on Discord that calls Vakt by its name: a question about the alert that it hangs from, answered for everybody.

import { type APIMessage, MessageType, type REST, Routes } from 'discord.js'
import type { Logger } from '../../logger.ts'
import type { CommandDispatcher, Mention, Requester } from '../channel.ts'
import type { GatewayMessage } from './connection.ts'
import { sentence } from './errors.ts'
import { render } from './render.ts'

export interface MentionDoor {
  dispatcher: CommandDispatcher
  rest: REST
  logger: Logger
  /** Where Vakt is spoken to; the server may be unknown until Discord has told it. */
  home: () => { guildId: string | null; channelId: string; others: ReadonlySet<string> }
}

/** Ordinary messages and replies; the rest says what happened to threads, members and pins. */
const SAID: ReadonlySet<MessageType> = new Set([MessageType.Default, MessageType.Reply])

/** Channels of alerts are few; what is in none of the first is asked about no more. */
const MOST_LOOKED_IN = 5

/** Whether a person calls the bot by name in the text itself; a reply that only rings is not meant for it. */
export function mentions(message: GatewayMessage, botId: string): boolean {
  const isPerson = message.author.bot !== true && message.webhook_id === undefined && message.member !== undefined
  return isPerson && SAID.has(message.type) && botId !== '' && nameOf(botId).test(message.content)
}

/** Takes one message that `mentions` the bot and sees it through; never rejects. */
export async function takeMention(door: MentionDoor, message: GatewayMessage, botId: string): Promise<void> {
  try {
    const mention = readMention(message, botId, door.home())
    if (mention === null) return
    const reply = await door.dispatcher.answerMention(await withRoot(door, mention), speakerOf(message))
    if (reply.ok && reply.quiet) return
    const { body, files } = render(reply.card)
    const under = { message_id: message.id, fail_if_not_exists: false }
    await door.rest.post(Routes.channelMessages(message.channel_id), {
      body: { ...body, message_reference: under },
      files,
    })
  } catch (error) {
    door.logger.warn('A mention on Discord was left without an answer.', {
      reason: sentence(error),
      message: message.id,
    })
  }
}

/** Null for what is said in another server, and for a channel that is neither one of alerts nor may be a thread of one. */
function readMention(
  message: GatewayMessage,
  botId: string,
  { guildId, channelId, others }: ReturnType<MentionDoor['home']>,
): Mention | null {
  if (guildId !== null && message.guild_id !== guildId) return null
  const text = message.content.replace(new RegExp(nameOf(botId), 'g'), ' ')
  const ids = [channelId, ...others]
  const { channel_id: place, message_reference: answered, referenced_message: other } = message
  if (!ids.includes(place)) {
    // A thread has the id of the message that it was begun at.
    const thread = { id: place, ref: message.id }
    return { channels: ids.map(channelIdOf), under: [place], text, thread }
  }
  const under = [answered?.message_id, other?.message_reference?.message_id].filter(id => id !== undefined)
  return { channels: [channelIdOf(place)], under, text, thread: null }
}

/** A thread may have been begun at an answer, which itself hangs from the card. */
async function withRoot({ rest }: MentionDoor, mention: Mention): Promise<Mention> {
  const { thread, channels, under } = mention
  if (thread === null) return mention
  for (const channel of channels.slice(0, MOST_LOOKED_IN)) {
    const id = channel.slice(channelIdOf('').length)
    const begun = (await rest.get(Routes.channelMessage(id, thread.id)).catch(() => null)) as APIMessage | null
    const root = begun?.message_reference?.message_id
    if (root !== undefined) return { ...mention, under: [...under, root] }
    if (begun) return mention
  }
  return mention
}

/** Discord does not say with a message whether its writer manages the server; nothing here needs to know. */
function speakerOf({ author, member }: GatewayMessage): Requester {
  return {
    ...{ platform: 'discord', id: author.id, name: member?.nick ?? author.global_name ?? author.username },
    ...{ admin: false, groups: member?.roles ?? [], interactive: true },
  }
}

function channelIdOf(id: string): string {
  return `discord:${id}`
}

function nameOf(botId: string): RegExp {
  return new RegExp(`<@!?${botId}>`)
}
