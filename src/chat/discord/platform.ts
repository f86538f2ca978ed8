// Discord as one of Vakt's platforms: its channel for cards, its commands, and the connection behind both.

import { type APIInteraction, REST, Routes } from 'discord.js'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { addressIn, type Capabilities, type CommandDispatcher, type Platform } from '../channel.ts'
import { takeInteraction } from './bot.ts'
import { discordChannel } from './channel.ts'
import { makeRest, restOptions } from './client.ts'
import type { GatewayMessage } from './connection.ts'
import { sentence } from './errors.ts'
import { makeGateway } from './gateway.ts'
import { mentions, takeMention } from './mentions.ts'
import { registerCommands } from './slash-commands.ts'

const DEFER_AFTER = 800
const SET_UP_AGAIN = 300_000
/** How long a stop waits for commands that are being answered. */
const IN_FLIGHT = 3_000

export type DiscordSettings = {
  token: string
  /** The channel for the alerts. */
  channelId: string
  /** The server; null for that of the channel. */
  guildId: string | null
  apiUrl: string
}

export interface DiscordOptions {
  settings: DiscordSettings
  capabilities: Capabilities
  dispatcher: CommandDispatcher
  logger: Logger
  clock: Clock
  /** At every new session: what waited may be sent now. */
  onOnline?: () => void
  /** Milliseconds one delivery may take; for tests. */
  deliverWithin?: number
  /** Milliseconds a command may take before its answer is deferred; for tests. */
  deferAfter?: number
}

/** The Discord platform; nothing is sent before `start`. Only this file is imported from outside, and only when Discord is set. */
export function createDiscord({
  settings,
  capabilities,
  dispatcher,
  logger,
  clock,
  deliverWithin,
  deferAfter = DEFER_AFTER,
  onOnline = () => {},
}: DiscordOptions): Platform {
  const { token, channelId, apiUrl } = settings
  const shared = { rest: makeRest(apiUrl, token, deliverWithin), token, capabilities, within: deliverWithin }
  const { channel, introduce } = discordChannel({ ...shared, channelId })
  // Answers to people may wait out a rate limit; they are few, and the SDK sends each callback at once, beside the others.
  const rest = new REST({ ...restOptions(apiUrl), rejectOnRateLimit: null }).setToken(token)
  const inFlight = new Set<Promise<void>>()
  let guildId = settings.guildId
  let isStopping = false
  /** Further channels that alerts go to; who is there may answer. */
  const others = new Set<string>()
  let cancelSetUp = () => {}

  const door = { dispatcher, rest, logger, home: () => ({ guildId, channelId, others }), now: clock.now, deferAfter }
  const gateway = makeGateway({ token, apiUrl, clock, logger, onInteraction, onMessage, onReady })

  return {
    name: 'discord',
    channels: [channel],
    open({ id, name }) {
      const other = addressIn(id, 'discord')
      if (other === null || other === channelId) return null
      others.add(other)
      const opened = discordChannel({ ...shared, channelId: other })
      if (name !== '') opened.introduce(name)
      return opened.channel
    },
    status: gateway.status,
    start: gateway.start,
    async stop() {
      isStopping = true
      cancelSetUp()
      await Promise.race([Promise.all(inFlight), new Promise(resolve => setTimeout(resolve, IN_FLIGHT).unref())])
      await gateway.stop()
    },
  }

  function onInteraction(interaction: APIInteraction): void {
    if (!isStopping) keep(takeInteraction(door, interaction))
  }

  function onMessage(message: GatewayMessage, botId: string): void {
    if (!isStopping && mentions(message, botId)) keep(takeMention(door, message, botId))
  }

  function keep(taken: Promise<void>): void {
    inFlight.add(taken)
    void taken.finally(() => inFlight.delete(taken))
  }

  function onReady(applicationId: string): void {
    onOnline()
    keepSettingUp(applicationId)
  }

  function keepSettingUp(applicationId: string): void {
    cancelSetUp()
    setUp(applicationId).catch(error => {
      logger.warn(`The Discord server is not set up yet: ${sentence(error)}`, { platform: 'discord' })
      if (!isStopping) cancelSetUp = clock.at(clock.now() + SET_UP_AGAIN, () => keepSettingUp(applicationId))
    })
  }

  /** Learns the channel's name and server, and brings the server's slash commands up to date. */
  async function setUp(applicationId: string): Promise<void> {
    rest.setToken(token)
    const place = (await rest.get(Routes.channel(channelId))) as { name?: string; guild_id?: string }
    if (place.name) introduce(place.name)
    guildId ??= place.guild_id ?? null
    if (place.guild_id !== guildId)
      logger.warn('DISCORD_CHANNEL_ID is not in the server of DISCORD_GUILD_ID.', { platform: 'discord' })
    if (guildId === null) return
    const outcome = await registerCommands(rest, applicationId, guildId, dispatcher.commands)
    if (outcome === 'registered') logger.info('The slash commands on Discord were brought up to date.')
  }
}
