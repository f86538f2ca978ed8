// The Slack platform: one bot, one alert channel, over Socket Mode or HTTP, supervised by itself.
import type { Receiver } from '@slack/bolt'
import { type Clock, systemClock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { SECOND } from '../../time.ts'
import { addressIn, type Capabilities, type CommandDispatcher, type HttpAnswer, type Platform } from '../channel.ts'
import { createBot } from './bot.ts'
import { createChannel } from './channel.ts'
import { clientOptions, createClient } from './client.ts'
import { atMost, createConnection, openSession, type Patience } from './connection.ts'
import { createReceiver } from './receiver.ts'
import { createSpeakers } from './requester.ts'

export type SlackSettings = {
  botToken: string
  /** For Socket Mode; null in HTTP mode. */
  appToken: string | null
  /** For HTTP mode. */
  signingSecret: string | null
  /** The channel for the alerts. */
  channelId: string
  apiUrl: string
}

/** What Slack needs; the last three only tests change. */
export interface SlackOptions {
  settings: SlackSettings
  capabilities: Capabilities
  dispatcher: CommandDispatcher
  logger: Logger
  clock?: Clock
  /** For readers whose zone Slack cannot know. */
  timeZone?: string
  /** Whenever the connection is good again: what waited may be sent now. */
  onOnline?: () => void
  patience?: Patience
  pingMs?: number
  callTimeoutMs?: number
}

const STOP_WITHIN_MS = 4 * SECOND
// Somebody waits for these.
const QUICK_MS = 3 * SECOND

/** The Slack platform: nothing is sent before `start`. Only this file is imported from outside, and only when Slack is set. */
export function createSlack(parts: SlackOptions): Platform {
  const { settings, capabilities, dispatcher, logger, clock = systemClock, timeZone = 'UTC' } = parts
  const options = (timeout = parts.callTimeoutMs) => clientOptions(settings.apiUrl, logger, timeout)
  const web = createClient(settings.botToken, options())
  const quick = createClient(settings.botToken, options(Math.min(QUICK_MS, parts.callTimeoutMs ?? QUICK_MS)))
  let channelName: string | null = null
  let stopping = false
  const others = new Set<string>()
  const place = () => (channelName === null ? settings.channelId : `#${channelName}`)

  const http = settings.appToken === null ? createReceiver(settings.signingSecret ?? '', clock, logger) : null
  const bot = createBot({
    dispatcher,
    web,
    receiver: http?.receiver ?? IDLE_RECEIVER,
    clientOptions: options(),
    speakerOf: createSpeakers(quick, clock, logger),
    channelId: settings.channelId,
    others,
    place,
    timeZone,
    clock,
    logger,
  })
  const { appToken } = settings
  const pingMs = parts.pingMs ?? 5 * SECOND
  const connection = createConnection({
    greet,
    clock,
    logger,
    ...(parts.onOnline && { onOnline: parts.onOnline }),
    ...(parts.patience && { patience: parts.patience }),
    ...(appToken !== null && {
      open: onOpening =>
        openSession(
          bot.app,
          { appToken, clientOptions: options(), pingMs, helloWithinMs: 2 * pingMs, logger },
          onOpening,
        ),
    }),
  })

  return {
    name: 'slack',
    channels: [createChannel({ web, channelId: settings.channelId, capabilities, timeZone, place, logger })],
    open({ id, name }) {
      const channelId = addressIn(id, 'slack')
      if (channelId === null || channelId === settings.channelId) return null
      others.add(channelId)
      const place = () => (name === '' ? channelId : `#${name}`)
      return createChannel({ web, channelId, capabilities, timeZone, place, logger })
    },
    status: connection.status,
    start: connection.start,
    ...(http && {
      receive: async (rawBody, headers) =>
        stopping ? refuse(503, 'Vakt is stopping.') : http.receive(rawBody, headers),
    }),
    async stop() {
      stopping = true
      // Everything under way was acknowledged; answers do not need the socket, and nothing new comes without it.
      await connection.stop()
      await atMost(STOP_WITHIN_MS, bot.idle())
    },
  }

  async function greet(): Promise<void> {
    await web.auth.test()
    // The name is for people only; without the scope to read it the id serves.
    const found = await quick.conversations.info({ channel: settings.channelId }).catch(() => null)
    channelName = found?.channel?.name ?? channelName
  }
}

/** In Socket Mode every session brings its own receiver. */
const IDLE_RECEIVER: Receiver = { init() {}, start: async () => undefined, stop: async () => undefined }

function refuse(status: number, body: string): HttpAnswer {
  return { status, body, headers: { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5' } }
}
