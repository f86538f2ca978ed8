// One discord.js client from its login until it can go on no more, with the SDK's haste and its ghosts held in check.

import {
  type APIInteraction,
  type APIMessage,
  Client,
  Events,
  GatewayDispatchEvents,
  GatewayIntentBits,
  Options,
  SimpleShardingStrategy,
  WebSocketShardStatus,
} from 'discord.js'
import type { Logger } from '../../logger.ts'
import { restOptions } from './client.ts'
import { explainClose, explainError, type Failure } from './errors.ts'

/** The SDK never finishes destroying a client that meets a connection in the making. */
const GOODBYE = 1_000

export interface Connection {
  /** Ends the client for good, within a second. */
  abandon(): Promise<void>
}

export interface Hooks {
  /** Resolves when the SDK may connect again after a loss; by itself it would try twice a second for ever. */
  pace(): Promise<void>
  /** Resolves when an IDENTIFY may be spent. */
  mayIdentify(): Promise<void>
  interaction(interaction: APIInteraction): void
  /** Somebody wrote something; its text is there only where the bot, whose id this is, is mentioned. */
  message(message: GatewayMessage, botId: string): void
  /** A new session has begun. */
  ready(applicationId: string): void
  /** Begun or resumed. */
  online(): void
  lost(message: string): void
  /** Called once at most, and then nothing else is. */
  failed(failure: Failure): void
}

/** A message as it comes over the gateway, with who wrote it in which server. */
export type GatewayMessage = APIMessage & { guild_id?: string; member?: { nick?: string | null; roles: string[] } }

/** Logs in with intents that need no permission; everything further is told through `hooks`. Never throws. */
export function connect(
  { token, apiUrl, logger }: { token: string; apiUrl: string; logger: Logger },
  hooks: Hooks,
): Connection {
  let over = false
  let connections = 0
  const client = new Client({
    // Without the privileged MessageContent the texts are empty, except of those that mention the bot.
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages],
    makeCache: Options.cacheWithLimits({
      ...{ MessageManager: 0, ReactionManager: 0, PresenceManager: 0, UserManager: 100 },
      // Whoever writes anything would be kept for ever.
      GuildMemberManager: { maxSize: 100, keepOverLimit: member => member.id === member.client.user.id },
    }),
    rest: restOptions(apiUrl),
    ws: {
      buildStrategy: sockets => new PacedStrategy(sockets, beforeConnecting),
      buildIdentifyThrottler: async () => ({ waitForIdentify }),
    },
  })
  const ifAlive =
    <A extends unknown[]>(then: (...args: A) => void) =>
    (...args: A) => {
      if (!over) then(...args)
    }
  const fail = ifAlive((failure: Failure) => {
    over = true
    hooks.failed(failure)
  })

  client.ws.on(
    GatewayDispatchEvents.InteractionCreate,
    ifAlive((sent: APIInteraction | null) => {
      if (sent) hooks.interaction(sent)
    }),
  )
  client.ws.on(
    GatewayDispatchEvents.MessageCreate,
    ifAlive((sent: GatewayMessage | null) => {
      if (sent) hooks.message(sent, client.user?.id ?? '')
    }),
  )
  client.on(
    Events.ShardReady,
    ifAlive(() => hooks.online()),
  )
  client.on(
    Events.ShardReady,
    ifAlive(() => hooks.ready(client.application?.id ?? client.user?.id ?? '')),
  )
  client.on(
    Events.ShardResume,
    ifAlive(() => hooks.online()),
  )
  client.on(
    Events.ShardReconnecting,
    ifAlive(() => hooks.lost('The connection to Discord is lost; Vakt keeps trying.')),
  )
  client.on(Events.ShardDisconnect, ({ code }) => fail(explainClose(code)))
  client.on(
    Events.ShardError,
    ifAlive(error => logger.debug('Discord connection trouble.', { error })),
  )
  client.on(Events.Error, error => logger.debug('discord.js trouble.', { error }))
  client.login(token).catch(error => fail(explainError(error)))

  return {
    async abandon() {
      over = true
      let timer: NodeJS.Timeout | undefined
      const enough = new Promise(resolve => {
        timer = setTimeout(resolve, GOODBYE)
      })
      await Promise.race([client.destroy().catch(() => {}), enough])
      clearTimeout(timer)
    },
  }

  async function beforeConnecting(): Promise<void> {
    if (connections++ > 0 && !over) await hooks.pace()
    if (over) await never()
  }

  async function waitForIdentify(): Promise<void> {
    if (!over) await hooks.mayIdentify()
    if (over) await never()
  }
}

/** An abandoned client may still try to come back as a second bot; it waits here instead, until it is forgotten. */
const never = () => new Promise<never>(() => {})

/**
 * The SDK asks for the session just before it connects, while the shard is idle: the one place where its reconnections
 * can be slowed down, or stopped for good.
 */
class PacedStrategy extends SimpleShardingStrategy {
  constructor(sockets: ConstructorParameters<typeof SimpleShardingStrategy>[0], beforeConnecting: () => Promise<void>) {
    super(sockets)
    const { retrieveSessionInfo } = sockets.options
    sockets.options.retrieveSessionInfo = async id => {
      const statuses = await this.fetchStatus()
      if (statuses.get(id) === WebSocketShardStatus.Idle) await beforeConnecting()
      return retrieveSessionInfo(id)
    }
  }
}
