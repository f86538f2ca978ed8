// Slack as one of Vakt's platforms: its channels and its bot, over Socket Mode or HTTP, and the connection behind both.
import type { Receiver } from '@slack/bolt'
import { type Clock, systemClock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { SECOND } from '../../time.ts'
import { addressIn, type Capabilities, type CommandDispatcher, type HttpAnswer, type Platform } from '../channel.ts'
import type { PlatformMemory } from '../platform-definition.ts'
import { createBot } from './bot.ts'
import { createChannel } from './channel.ts'
import { clientOptions, createClient } from './client.ts'
import { createConnection, endsWithin, openSession, type RetryDelays } from './connection.ts'
import { createNewerBlocks, FORGETFUL } from './newer-blocks.ts'
import { createPictures } from './pictures.ts'
import { createReceiver } from './receiver.ts'
import { createUserLookup } from './requester.ts'

export type SlackSettings = {
  botToken: string
  /** For Socket Mode; null in HTTP mode. */
  appToken: string | null
  /** For HTTP mode. */
  signingSecret: string | null
  /** The channel for alerts. */
  channelId: string
  apiUrl: string
}

/** `retryDelays`, `pingMs` and `timeoutMs` are for tests. */
export interface SlackOptions {
  settings: SlackSettings
  capabilities: Capabilities
  dispatcher: CommandDispatcher
  /** Whether alerts can go to the channel of this id now; people are answered only there. */
  isChannel?: (id: string) => boolean
  /** The id of this Vakt, for its buttons. */
  instance?: string
  logger: Logger
  clock?: Clock
  /** For readers whose zone Slack does not know. */
  timeZone?: string
  /** What the workspace refused is remembered in it. */
  memory?: PlatformMemory
  /** Called whenever the connection is good again: delivery sends what waited. */
  onOnline?: () => void
  retryDelays?: RetryDelays
  pingMs?: number
  timeoutMs?: number
}

const STOP_TIMEOUT_MS = 4 * SECOND
/** For requests that a person waits for. */
const LOOKUP_TIMEOUT_MS = 3 * SECOND
const PING_MS = 5 * SECOND

/** The Slack platform; nothing is sent before `start`. In HTTP mode `receive` answers the requests of Slack. */
export function createSlack(parts: SlackOptions): Platform {
  const {
    settings,
    capabilities,
    dispatcher,
    instance,
    logger,
    clock = systemClock,
    timeZone = 'UTC',
    timeoutMs,
  } = parts
  const { apiUrl, appToken, botToken, channelId } = settings
  const options = (timeout = timeoutMs) => clientOptions(apiUrl, logger, timeout)
  const web = createClient(botToken, options())
  const lookups = createClient(botToken, options(Math.min(LOOKUP_TIMEOUT_MS, timeoutMs ?? LOOKUP_TIMEOUT_MS)))
  let foundName: string | null = null
  let isStopping = false
  /** The channels that were opened, also those that were only tried, or removed since. */
  const opened = new Set<string>()
  const { isChannel = () => true } = parts
  const others = () => new Set([...opened].filter(id => isChannel(`slack:${id}`)))
  const channelName = () => (foundName === null ? channelId : `#${foundName}`)

  const http = appToken === null ? createReceiver(settings.signingSecret ?? '', clock, logger) : null
  const { memory = FORGETFUL } = parts
  const newerBlocks = createNewerBlocks(clock, memory)
  const shown = { newerBlocks, pictures: createPictures(web, logger) }
  const bot = createBot({
    newerBlocks,
    memory,
    dispatcher,
    web,
    receiver: http?.receiver ?? IDLE_RECEIVER,
    clientOptions: options(),
    requesterOf: createUserLookup(lookups, clock, logger),
    channelId,
    others,
    channelName,
    timeZone,
    instance,
    clock,
    logger,
  })
  const pingMs = parts.pingMs ?? PING_MS
  const connection = createConnection({
    checkTokens,
    clock,
    logger,
    ...(parts.onOnline && { onOnline: parts.onOnline }),
    ...(parts.retryDelays && { retryDelays: parts.retryDelays }),
    ...(appToken !== null && {
      openSession: onOpening =>
        openSession(
          bot.app,
          { appToken, clientOptions: options(), pingMs, helloTimeoutMs: 2 * pingMs, logger },
          onOpening,
        ),
    }),
  })

  return {
    name: 'slack',
    channels: [createChannel({ web, channelId, capabilities, timeZone, instance, channelName, ...shown, logger })],
    open({ id, name }) {
      const other = addressIn(id, 'slack')
      if (other === null || other === channelId) return null
      opened.add(other)
      const otherName = () => (name === '' ? other : `#${name}`)
      const own = { web, channelId: other, capabilities, timeZone, instance, channelName: otherName, logger }
      return createChannel({ ...own, ...shown })
    },
    status: connection.status,
    onBoardChange: bot.homes.refresh,
    start: connection.start,
    ...(http && {
      receive: async (rawBody, headers) => (isStopping ? STOPPING : http.receive(rawBody, headers)),
    }),
    async stop() {
      isStopping = true
      bot.homes.stop()
      // Everything that runs was acknowledged; replies do not need the socket, and nothing new comes without it.
      await connection.stop()
      await endsWithin(STOP_TIMEOUT_MS, bot.idle())
    },
  }

  async function checkTokens(): Promise<void> {
    await web.auth.test()
    // The name is only for people; without the scope to read it, the id is shown.
    const found = await lookups.conversations.info({ channel: channelId }).catch(() => null)
    foundName = found?.channel?.name ?? foundName
  }
}

/** In Socket Mode every session brings its own receiver. */
const IDLE_RECEIVER: Receiver = { init() {}, start: async () => undefined, stop: async () => undefined }

/** Slack delivers the request again. */
const STOPPING: HttpAnswer = {
  status: 503,
  body: 'Vakt is stopping.',
  headers: { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5' },
}
