// Keeps Discord's gateway connected: tries again with patience, tells each trouble once, and never ends the process.
import type { APIInteraction } from 'discord.js'
import { backOff } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { PlatformStatus } from '../channel.ts'
import { type Connection, connect, type GatewayMessage } from './connection.ts'
import type { Failure } from './errors.ts'

/** A connection that held this long was a good one; after it the next try follows at once. */
const HELD = 30_000
/** Discord asks for a reconnection now and then; one this short is not worth a word. */
const UNREMARKABLE = 5_000

export interface GatewayOptions {
  token: string
  apiUrl: string
  clock: Clock
  logger: Logger
  onInteraction: (interaction: APIInteraction) => void
  /** Whatever anybody writes where the bot can read; `botId` is its own user. */
  onMessage: (message: GatewayMessage, botId: string) => void
  /** At every new session; `applicationId` is the bot's. */
  onReady: (applicationId: string) => void
  /** Between 0 and 1; spreads the tries of many bots. */
  chance?: () => number
}

/** A supervised connection. `start` returns at once; `stop` resolves within about a second; nothing here throws. */
export function makeGateway(options: GatewayOptions) {
  const { clock, logger, chance = Math.random } = options
  const identifies: number[] = []
  let status: PlatformStatus = { state: 'connecting', since: clock.now() }
  let connection: Connection | undefined
  let tries = 0
  let stopped = false
  let cancelTimer = () => {}

  return { status: () => status, start: attempt, stop }

  function attempt(): void {
    if (stopped) return
    connection = connect(options, {
      pace: () => wait(backOff(tries++, { random: chance })),
      async mayIdentify() {
        await wait(nextIdentify(identifies, clock.now()) - clock.now())
        identifies.push(clock.now())
      },
      interaction: options.onInteraction,
      message: options.onMessage,
      ready: options.onReady,
      online: () => become('online'),
      lost,
      failed,
    })
  }

  async function stop(): Promise<void> {
    stopped = true
    cancelTimer()
    await connection?.abandon()
  }

  /** The SDK connects again by itself, at the pace given above. */
  function lost(message: string): void {
    if (status.state !== 'online') {
      become('lost', message)
      return
    }
    if (clock.now() - status.since >= HELD) tries = 0
    cancelTimer()
    cancelTimer = clock.at(clock.now() + UNREMARKABLE, () => become('lost', message))
  }

  /** This client is at its end; a new one is made after a while. */
  function failed({ state, message, waitMs }: Failure): void {
    void connection?.abandon()
    become(state, message)
    tries++
    cancelTimer = clock.at(clock.now() + Math.max(waitMs, backOff(tries, { random: chance })), attempt)
  }

  function become(state: PlatformStatus['state'], message?: string): void {
    if (stopped) return
    cancelTimer()
    if (state === status.state && message === status.message) return
    // The trouble goes on though it is told in other words.
    const since = state === status.state ? status.since : clock.now()
    status = { state, since, ...(message !== undefined && { message }) }
    if (state === 'online') logger.info('Discord is connected.')
    else logger.warn(message ?? 'Discord is not connected.', { platform: 'discord', state })
  }

  function wait(ms: number): Promise<void> {
    return new Promise(resolve => {
      if (ms <= 0) resolve()
      else clock.at(clock.now() + ms, resolve)
    })
  }
}

const LONGEST = 300_000
const DAY = 86_400_000

/**
 * The instant from which the next IDENTIFY is allowed, given the earlier ones (ascending). Discord wants 5 s between two
 * and resets the token after 1000 in a day, so the spacing grows: at this pace a day cannot hold more than about 630.
 */
export function nextIdentify(earlier: readonly number[], now: number): number {
  const today = earlier.filter(at => now - at < DAY).length
  const last = earlier.at(-1)
  if (last === undefined) return now
  const spacing = today < 100 ? 5_000 : today < 400 ? 60_000 : LONGEST
  return Math.max(now, last + spacing)
}
