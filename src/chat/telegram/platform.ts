// Telegram as one of Vakt's platforms: chats for cards, buttons and lines that run commands, and the connection behind both.
import { Bot, type Context, InputFile } from 'grammy'
import type { Card } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE, SECOND } from '../../time.ts'
import {
  addressIn,
  type Capabilities,
  type Channel,
  type CommandDispatcher,
  type Platform,
  type PlatformStatus,
  type Speaker,
} from '../channel.ts'
import { deliveryError, isUnchanged, type Step } from './errors.ts'
import { renderCard } from './render.ts'

export type TelegramSettings = {
  token: string
  /** The chat for the alerts; null when only commands add chats. */
  chatId: string | null
  apiUrl: string
}

export type TelegramOptions = {
  settings: TelegramSettings
  capabilities: Capabilities
  dispatcher: CommandDispatcher
  /** Whether alerts can go to the channel of this id now; people are answered only there. */
  isChannel(id: string): boolean
  logger: Logger
  clock: Clock
  timeZone: string
  onOnline?: () => void
  /** Seconds one request may take; for tests. */
  withinSeconds?: number
}

const AGAIN = 5 * SECOND
const ADMINS_FOR = 5 * MINUTE
const MOST_KNOWN = 2_000
/** Seconds that Telegram keeps a question for news open. */
const LISTENS = 20

/** The Telegram platform; nothing is sent before `start`. */
export function createTelegram({
  settings,
  capabilities,
  dispatcher,
  isChannel,
  logger,
  clock,
  timeZone,
  onOnline,
  withinSeconds = 10,
}: TelegramOptions): Platform {
  const client = { apiRoot: settings.apiUrl, timeoutSeconds: withinSeconds }
  const bot = new Bot(settings.token, { client: { ...client, timeoutSeconds: LISTENS + 10 } })
  const { api } = new Bot(settings.token, { client })
  const admins = new Map<string, { admin: boolean; at: number }>()
  let status: PlatformStatus = { state: 'connecting', since: clock.now() }
  let stopping = false
  let cancel = () => {}

  const attempt = async <T>(step: Step, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      throw deliveryError(error, step)
    }
  }

  const chat = (chatId: string, name: string): Channel => {
    const send = async (card: Card, more: object) => {
      const { text, keyboard } = renderCard(card, timeZone)
      const options = {
        parse_mode: 'HTML' as const,
        reply_markup: keyboard,
        link_preview_options: { is_disabled: true },
      }
      const { message_id } = await attempt('post', () => api.sendMessage(chatId, text, { ...options, ...more }))
      // The card is delivered; a picture that fails to follow is no reason to send it again, nor to wait for it.
      if (card.image) {
        const photo = new InputFile(card.image.png, card.image.name)
        const under = { reply_parameters: { message_id }, disable_notification: true }
        api
          .sendPhoto(chatId, photo, under)
          .catch(error => logger.warn('A picture for Telegram could not be sent.', { error }))
      }
      return String(message_id)
    }
    return {
      id: `telegram:${chatId}`,
      capabilities,
      name: name === '' ? `Telegram ${chatId}` : name,
      post: card => send(card, {}),
      reply: (ref, card) =>
        send(card, { reply_parameters: { message_id: Number(ref), allow_sending_without_reply: true } }),
      async thread(ref, card) {
        await send(card, { reply_parameters: { message_id: Number(ref) }, disable_notification: true })
      },
      async edit(ref, { mention, ...card }) {
        const { text, keyboard } = renderCard(card, timeZone)
        const options = {
          parse_mode: 'HTML' as const,
          reply_markup: keyboard,
          link_preview_options: { is_disabled: true },
        }
        await attempt('edit', async () => {
          await api.editMessageText(chatId, Number(ref), text, options).catch(error => {
            if (!isUnchanged(error)) throw error
          })
        })
      },
      // Bots cannot look back on Telegram: better said twice.
      find: async () => null,
    }
  }

  bot.on('callback_query:data', async context => {
    const reply = await run(context, context.callbackQuery.data)
    if (reply === null) return void (await context.answerCallbackQuery().catch(ignore))
    const short = reply.ok ? reply.card.title : reply.problem.message
    const failed = !reply.ok
    await context.answerCallbackQuery({ text: short.slice(0, 190), show_alert: failed }).catch(ignore)
    if (reply.ok && !reply.quiet) await answer(context, reply.card)
  })
  bot.on('message:text', async context => {
    const line = context.message.text.replace(/^\/(\w+)@\w+/, '/$1')
    if (!line.startsWith('/')) return
    const reply = await run(context, line === '/start' ? 'help' : line)
    if (reply) await answer(context, reply.card)
  })
  bot.catch(({ error }) =>
    logger.warn('A command on Telegram was left without an answer.', { reason: deliveryError(error, 'edit').message }),
  )

  const run = async (context: Context, line: string) => {
    const { id, username } = context.chat ?? {}
    const known = [id, username === undefined ? undefined : `@${username}`].some(
      one => one !== undefined && isChannel(`telegram:${one}`),
    )
    if (!known || !context.from || context.from.is_bot) return null
    return dispatcher.run({ line }, await speakerOf(context))
  }
  const answer = async (context: Context, card: Card) => {
    const { text, keyboard } = renderCard(card, timeZone)
    await context.reply(text, {
      parse_mode: 'HTML',
      reply_markup: keyboard,
      link_preview_options: { is_disabled: true },
    })
  }

  /** Who administers a group is an admin here too; somebody whom Vakt knows only by a private chat is not. */
  const speakerOf = async (context: Context): Promise<Speaker> => {
    const { id, first_name, last_name } = context.from!
    const key = `${context.chat!.id}/${id}`
    let known = admins.get(key)
    if (!known || clock.now() - known.at > ADMINS_FOR) {
      const isGroup = context.chat!.type === 'group' || context.chat!.type === 'supergroup'
      const member = isGroup ? await api.getChatMember(context.chat!.id, id).catch(() => null) : null
      known = { admin: member?.status === 'creator' || member?.status === 'administrator', at: clock.now() }
      if (admins.size >= MOST_KNOWN) admins.clear()
      admins.set(key, known)
    }
    const name = [first_name, last_name].filter(Boolean).join(' ')
    return { platform: 'telegram', id: String(id), name, admin: known.admin, groups: [], interactive: true }
  }

  const connect = async (): Promise<void> => {
    try {
      await bot.start({
        timeout: LISTENS,
        allowed_updates: ['message', 'callback_query'],
        onStart: () => {
          status = { state: 'online', since: clock.now() }
          onOnline?.()
        },
      })
    } catch (error) {
      const { refusal, message } = deliveryError(error, 'edit')
      status = {
        state: refusal === 'refused' ? 'refused' : 'lost',
        since: status.state === 'lost' ? status.since : clock.now(),
        message,
      }
    }
    if (!stopping) cancel = clock.at(clock.now() + AGAIN, () => void connect())
  }

  return {
    name: 'telegram',
    channels: settings.chatId === null ? [] : [chat(settings.chatId, '')],
    open({ id, name }) {
      const chatId = addressIn(id, 'telegram')
      return chatId === null || chatId === settings.chatId ? null : chat(chatId, name)
    },
    status: () => status,
    start: () => void connect(),
    async stop() {
      stopping = true
      cancel()
      await bot.stop().catch(ignore)
    },
  }
}

function ignore(): void {}
