// One discord.js client from its login until it cannot go on, with the pace of its reconnections under control.
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
import { type ConnectionFailure, closeFailure, loginFailure } from './errors.ts'

/** The SDK never finishes to destroy a client that is just connecting. */
const DESTROY_TIMEOUT_MS = 1_000

export interface Connection {
  /** Ends the client for good, within a second. */
  abandon(): Promise<void>
}

export interface ConnectionHooks {
  /** Resolves when the SDK may reconnect after a loss; by itself it would retry twice a second forever. */
  beforeReconnecting(): Promise<void>
  /** Resolves when an IDENTIFY may be spent. */
  beforeIdentifying(): Promise<void>
  onInteraction(interaction: APIInteraction): void
  /** A person wrote a message; it has a text only where the bot, whose id this is, is mentioned. */
  onMessage(message: GatewayMessage, botId: string): void
  /** A new session has begun. */
  onReady(applicationId: string): void
  /** A session has begun or was resumed. */
  onOnline(): void
  onLost(message: string): void
  /** Called at most once, and no other hook after it. */
  onFailed(failure: ConnectionFailure): void
}

/** A message as the gateway sends it, with its author and server. */
export type GatewayMessage = APIMessage & { guild_id?: string; member?: { nick?: string | null; roles: string[] } }

/** Logs in with intents that need no permission; everything else is reported through `hooks`. Never throws. */
export function connect(
  { token, apiUrl, logger }: { token: string; apiUrl: string; logger: Logger },
  hooks: ConnectionHooks,
): Connection {
  let isOver = false
  let connections = 0
  const client = new Client({
    // Without the privileged MessageContent the texts are empty, except of those that mention the bot.
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages],
    makeCache: Options.cacheWithLimits({
      ...{ MessageManager: 0, ReactionManager: 0, PresenceManager: 0, UserManager: 100 },
      // By default everybody who ever wrote something would stay in memory.
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
      if (!isOver) then(...args)
    }
  const fail = ifAlive((failure: ConnectionFailure) => {
    isOver = true
    hooks.onFailed(failure)
  })

  client.ws.on(
    GatewayDispatchEvents.InteractionCreate,
    ifAlive((sent: APIInteraction | null) => {
      if (sent) hooks.onInteraction(sent)
    }),
  )
  client.ws.on(
    GatewayDispatchEvents.MessageCreate,
    ifAlive((sent: GatewayMessage | null) => {
      if (sent) hooks.onMessage(sent, client.user?.id ?? '')
    }),
  )
  client.on(
    Events.ShardReady,
    ifAlive(() => hooks.onOnline()),
  )
  client.on(
    Events.ShardReady,
    ifAlive(() => hooks.onReady(client.application?.id ?? client.user?.id ?? '')),
  )
  client.on(
    Events.ShardResume,
    ifAlive(() => hooks.onOnline()),
  )
  client.on(
    Events.ShardReconnecting,
    ifAlive(() => hooks.onLost('The connection to Discord is lost. Vakt keeps trying.')),
  )
  client.on(Events.ShardDisconnect, ({ code }) => fail(closeFailure(code)))
  client.on(
    Events.ShardError,
    ifAlive(error => logger.debug('Discord connection error', { error })),
  )
  client.on(Events.Error, error => logger.debug('discord.js error', { error }))
  client.login(token).catch(error => fail(loginFailure(error)))

  return {
    async abandon() {
      isOver = true
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise(resolve => {
        timer = setTimeout(resolve, DESTROY_TIMEOUT_MS)
      })
      await Promise.race([client.destroy().catch(() => {}), timeout])
      clearTimeout(timer)
    },
  }

  async function beforeConnecting(): Promise<void> {
    if (connections++ > 0 && !isOver) await hooks.beforeReconnecting()
    if (isOver) await never()
  }

  async function waitForIdentify(): Promise<void> {
    if (!isOver) await hooks.beforeIdentifying()
    if (isOver) await never()
  }
}

/** An abandoned client may still try to reconnect as a second bot; it waits here until it is garbage. */
const never = () => new Promise<never>(() => {})

/**
 * The SDK asks for the session just before it connects, while the shard is idle: the only place where its reconnections
 * can be delayed or stopped.
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
