// Telegram as one of Vakt's platforms: its chats, the bot, and the connection behind both.
import { Bot } from 'grammy'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { SECOND } from '../../time.ts'
import { addressIn, type Capabilities, type CommandDispatcher, type Platform, type PlatformStatus } from '../channel.ts'
import { addCommands } from './bot.ts'
import { createChannel } from './channel.ts'
import { deliveryError } from './errors.ts'

export type TelegramSettings = {
  token: string
  /** The chat for alerts; null when chats are added by commands only. */
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
  /** The id of this Vakt, for its buttons. */
  instance?: string
  onOnline?: () => void
  /** Seconds one request may take; for tests. */
  timeoutSeconds?: number
}

const RECONNECT_DELAY_MS = 5 * SECOND
/** How long Telegram keeps a request for updates open when there are none. */
const POLL_SECONDS = 20
const POLL_TIMEOUT_SECONDS = POLL_SECONDS + 10

/** The Telegram platform; nothing is sent before `start`. */
export function createTelegram({ settings, timeoutSeconds = 10, ...options }: TelegramOptions): Platform {
  const { clock, logger, timeZone, instance, capabilities, onOnline } = options
  const { token, apiUrl: apiRoot } = settings
  const bot = new Bot(token, { client: { apiRoot, timeoutSeconds: POLL_TIMEOUT_SECONDS } })
  // What is sent must not wait as long as a request for updates does.
  const { api } = new Bot(token, { client: { apiRoot, timeoutSeconds } })
  let status: PlatformStatus = { state: 'connecting', since: clock.now() }
  let isStopping = false
  let cancelReconnect = () => {}
  addCommands(bot, { ...options, api })

  const openChat = (chatId: string, name: string) =>
    createChannel({ api, chatId, name, capabilities, timeZone, instance, logger })

  const connect = async (): Promise<void> => {
    try {
      await bot.start({
        timeout: POLL_SECONDS,
        allowed_updates: ['message', 'callback_query'],
        onStart() {
          status = { state: 'online', since: clock.now() }
          onOnline?.()
        },
      })
    } catch (error) {
      status = statusAfter(error, status, clock.now())
    }
    if (!isStopping) cancelReconnect = clock.at(clock.now() + RECONNECT_DELAY_MS, () => void connect())
  }

  return {
    name: 'telegram',
    channels: settings.chatId === null ? [] : [openChat(settings.chatId, '')],
    open({ id, name }) {
      const chatId = addressIn(id, 'telegram')
      return chatId === null || chatId === settings.chatId ? null : openChat(chatId, name)
    },
    status: () => status,
    start: () => void connect(),
    async stop() {
      isStopping = true
      cancelReconnect()
      await bot.stop().catch(() => {})
    },
  }
}

function statusAfter(error: unknown, before: PlatformStatus, now: number): PlatformStatus {
  const { code, message } = deliveryError(error, 'edit')
  const since = before.state === 'lost' ? before.since : now
  return { state: code === 'refused' ? 'refused' : 'lost', since, message }
}
