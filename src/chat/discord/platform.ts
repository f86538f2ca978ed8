// Discord as one of Vakt's platforms: its channels for cards, its commands, and the connection behind both.
import { type APIInteraction, REST, Routes } from 'discord.js'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { addressIn, type Capabilities, type CommandDispatcher, type Platform } from '../channel.ts'
import { answerInteraction } from './bot.ts'
import { createChannel } from './channel.ts'
import { createRest, restOptions } from './client.ts'
import type { GatewayMessage } from './connection.ts'
import { errorSentence } from './errors.ts'
import { createGateway } from './gateway.ts'
import { answerMention, isMention } from './mentions.ts'
import { registerCommands } from './slash-commands.ts'

const DEFER_AFTER_MS = 800
const SET_UP_RETRY_MS = 5 * MINUTE
/** How long a stop waits for commands that are being answered. */
const STOP_TIMEOUT_MS = 3 * SECOND

export type DiscordSettings = {
  token: string
  /** The channel for alerts. */
  channelId: string
  /** The server; null for that of the channel. */
  guildId: string | null
  apiUrl: string
}

export interface DiscordOptions {
  settings: DiscordSettings
  capabilities: Capabilities
  dispatcher: CommandDispatcher
  /** Whether alerts can go to the channel of this id now; people are answered only there. */
  isChannel?: (id: string) => boolean
  /** The id of this Vakt, for its buttons. */
  instance?: string
  /** Of times in fixed-width blocks; all others are shown in the reader's own. */
  timeZone?: string
  logger: Logger
  clock: Clock
  /** Called at every new session: delivery sends what waited. */
  onOnline?: () => void
  /** How long one delivery may take; for tests. */
  deliveryTimeoutMs?: number
  /** See `BotParts`; for tests. */
  foreignAnswerAfterMs?: number
  /** How long a command may take before its reply is deferred; for tests. */
  deferAfterMs?: number
}

/** The Discord platform; nothing is sent before `start`. */
export function createDiscord(options: DiscordOptions): Platform {
  const { settings, capabilities, dispatcher, instance, timeZone = 'UTC', logger, clock, onOnline = () => {} } = options
  const { token, channelId, apiUrl } = settings
  const timeoutMs = options.deliveryTimeoutMs
  const shared = { rest: createRest(apiUrl, token, timeoutMs), token, capabilities, instance, timeZone, timeoutMs }
  const { channel, setName } = createChannel({ ...shared, channelId })
  // Replies to people may wait out a rate limit: they are few, and the SDK sends each callback at once, beside the others.
  const rest = new REST({ ...restOptions(apiUrl), rejectOnRateLimit: null }).setToken(token)
  const inFlight = new Set<Promise<void>>()
  let guildId = settings.guildId
  let isStopping = false
  /** The channels that were opened, also those that were only tried, or removed since. */
  const opened = new Set<string>()
  const { isChannel = () => true } = options
  const others = () => new Set([...opened].filter(id => isChannel(`discord:${id}`)))
  let cancelSetUp = () => {}

  const botParts = {
    dispatcher,
    rest,
    logger,
    home: () => ({ guildId, channelId, others: others() }),
    now: clock.now,
    instance,
    timeZone,
    ...(options.foreignAnswerAfterMs === undefined ? {} : { foreignAnswerAfterMs: options.foreignAnswerAfterMs }),
    deferAfterMs: options.deferAfterMs ?? DEFER_AFTER_MS,
  }
  const gateway = createGateway({ token, apiUrl, clock, logger, onInteraction, onMessage, onReady })

  return {
    name: 'discord',
    channels: [channel],
    open({ id, name }) {
      const other = addressIn(id, 'discord')
      if (other === null || other === channelId) return null
      opened.add(other)
      const added = createChannel({ ...shared, channelId: other })
      if (name !== '') added.setName(name)
      return added.channel
    },
    status: gateway.status,
    start: gateway.start,
    async stop() {
      isStopping = true
      cancelSetUp()
      await Promise.race([Promise.all(inFlight), new Promise(resolve => setTimeout(resolve, STOP_TIMEOUT_MS).unref())])
      await gateway.stop()
    },
  }

  function onInteraction(interaction: APIInteraction): void {
    if (!isStopping) track(answerInteraction(botParts, interaction))
  }

  function onMessage(message: GatewayMessage, botId: string): void {
    if (!isStopping && isMention(message, botId)) track(answerMention(botParts, message, botId))
  }

  function track(work: Promise<void>): void {
    inFlight.add(work)
    void work.finally(() => inFlight.delete(work))
  }

  function onReady(applicationId: string): void {
    onOnline()
    setUpWithRetries(applicationId)
  }

  function setUpWithRetries(applicationId: string): void {
    cancelSetUp()
    setUp(applicationId).catch(error => {
      logger.warn('setting up the Discord server failed; retrying in 5 min', { error: errorSentence(error) })
      if (!isStopping) cancelSetUp = clock.at(clock.now() + SET_UP_RETRY_MS, () => setUpWithRetries(applicationId))
    })
  }

  /** Reads the name and the server of the channel, and updates the slash commands of the server. */
  async function setUp(applicationId: string): Promise<void> {
    rest.setToken(token)
    const found = (await rest.get(Routes.channel(channelId))) as { name?: string; guild_id?: string }
    if (found.name) setName(found.name)
    guildId ??= found.guild_id ?? null
    if (found.guild_id !== guildId)
      logger.warn('DISCORD_CHANNEL_ID is not a channel of the server DISCORD_GUILD_ID', { channel: channelId })
    if (guildId === null) return
    const outcome = await registerCommands(rest, applicationId, guildId, dispatcher.commands)
    if (outcome === 'registered') logger.info('slash commands on Discord updated')
  }
}
