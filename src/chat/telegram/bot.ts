// What people do on Telegram, as command lines for the dispatcher: pressed buttons and typed lines.
import type { Api, Bot, Context, Filter } from 'grammy'
import { BoundedMap } from '../../bounded-map.ts'
import type { Card } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE } from '../../time.ts'
import type { CommandDispatcher, PressOrigin, Requester } from '../channel.ts'
import { messageFor } from './channel.ts'
import { deliveryError } from './errors.ts'
import { readPress } from './render.ts'

const ADMIN_CACHE_MS = 5 * MINUTE
const ADMIN_CACHE_SIZE = 2_000
/** Telegram takes 200 characters in the notice at the top of a chat. */
const MAX_NOTICE_LENGTH = 190

export type BotParts = {
  api: Api
  dispatcher: CommandDispatcher
  isChannel(id: string): boolean
  timeZone: string
  /** The id of this Vakt, for its buttons. */
  instance?: string | undefined
  clock: Clock
  logger: Logger
}

/** Makes `bot` run commands for people in the chats that alerts can go to; in other chats it is silent. */
export function addCommands(bot: Bot, parts: BotParts): void {
  const { api, dispatcher, isChannel, timeZone, clock, logger } = parts
  const admins = new BoundedMap<string, { isAdmin: boolean; at: number }>(ADMIN_CACHE_SIZE)

  bot.on('callback_query:data', context => begin(pressed(context)))
  bot.on('message:text', context => begin(typed(context)))
  bot.catch(({ error }) => warn(error))

  /** The bot takes the next update when this returns: an analysis of a minute must not delay an acknowledgement. */
  function begin(work: Promise<void>): void {
    work.catch(warn)
  }

  function warn(error: unknown): void {
    logger.warn('a command on Telegram was not answered', { error: deliveryError(error, 'edit').message })
  }

  async function pressed(context: Filter<Context, 'callback_query:data'>): Promise<void> {
    const { line, instance } = readPress(context.callbackQuery.data)
    const reply = await run(context, line, originOf(context, instance))
    if (reply === null) return void (await context.answerCallbackQuery().catch(() => {}))
    const notice = reply.ok ? reply.card.title : reply.problem.message
    await context
      .answerCallbackQuery({ text: notice.slice(0, MAX_NOTICE_LENGTH), show_alert: !reply.ok })
      .catch(() => {})
    if (reply.ok && !reply.quiet) await answer(context, reply.card)
  }

  async function typed(context: Filter<Context, 'message:text'>): Promise<void> {
    const { text } = context.message
    const [, word, addressee] = /^\/(\w+)@(\w+)/.exec(text) ?? []
    // In a group with several bots, this one may see the commands of the others.
    if (addressee !== undefined && addressee.toLowerCase() !== context.me.username.toLowerCase()) return
    const line = addressee === undefined ? text : `/${word}${text.slice(word!.length + addressee.length + 2)}`
    if (!line.startsWith('/')) return
    const reply = await run(context, line === '/start' ? 'help' : line)
    if (reply) await answer(context, reply.card)
  }

  async function run(context: Context, line: string, pressedAt: PressOrigin | null = null) {
    const { id, username } = context.chat ?? {}
    const names = [id, username === undefined ? undefined : `@${username}`]
    const isOwnChat = names.some(name => name !== undefined && isChannel(`telegram:${name}`))
    if (!isOwnChat || !context.from || context.from.is_bot) return null
    const requester = await requesterOf(context)
    const notOwn = pressedAt && dispatcher.pressRefusal?.(line, pressedAt)
    return notOwn || dispatcher.run({ line }, requester)
  }

  async function answer(context: Context, card: Card): Promise<void> {
    const { text, options } = messageFor(card, timeZone, parts.instance)
    await context.reply(text, options)
  }

  /** An administrator of the group is an admin here too; in a private chat nobody is. */
  async function requesterOf(context: Context): Promise<Requester> {
    const { id, first_name, last_name } = context.from!
    const key = `${context.chat!.id}/${id}`
    let known = admins.get(key)
    if (!known || clock.now() - known.at > ADMIN_CACHE_MS) {
      known = { isAdmin: await isAdmin(context, id), at: clock.now() }
      admins.set(key, known)
    }
    const name = [first_name, last_name].filter(Boolean).join(' ')
    const isPublic = context.chat!.type !== 'private'
    const own = { platform: 'telegram', id: String(id), name, admin: known.isAdmin, groups: [], interactive: true }
    return { ...own, isPublic, channel: `telegram:${context.chat!.id}` }
  }

  async function isAdmin({ chat }: Context, userId: number): Promise<boolean> {
    const isGroup = chat!.type === 'group' || chat!.type === 'supergroup'
    const member = isGroup ? await api.getChatMember(chat!.id, userId).catch(() => null) : null
    return member?.status === 'creator' || member?.status === 'administrator'
  }
}

function originOf({ chat, callbackQuery }: Context, instance: string | null): PressOrigin {
  const { message } = callbackQuery ?? {}
  const above = message && 'reply_to_message' in message ? message.reply_to_message?.message_id : undefined
  const names = [chat?.id, chat?.username === undefined ? undefined : `@${chat.username}`]
  return {
    instance,
    channels: names.filter(name => name !== undefined).map(name => `telegram:${name}`),
    refs: [message?.message_id, above].filter(id => id !== undefined).map(String),
  }
}
