// Keeps Discord's gateway connected: reconnects with back-off, reports each failure once, and never ends the process.
import type { APIInteraction } from 'discord.js'
import { backOff } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { DAY, MINUTE, SECOND } from '../../time.ts'
import type { PlatformStatus } from '../channel.ts'
import { type Connection, connect, type GatewayMessage } from './connection.ts'
import type { ConnectionFailure } from './errors.ts'

/** A connection that lasted this long was a good one; after it Vakt reconnects at once. */
const STABLE_AFTER_MS = 30 * SECOND
/** Discord asks for a reconnection now and then; a loss this short is not reported. */
const REPORT_AFTER_MS = 5 * SECOND

export interface GatewayOptions {
  token: string
  apiUrl: string
  clock: Clock
  logger: Logger
  onInteraction: (interaction: APIInteraction) => void
  /** Called for every message that the bot can read; `botId` is its own user. */
  onMessage: (message: GatewayMessage, botId: string) => void
  /** Called at every new session; `applicationId` is the bot's. */
  onReady: (applicationId: string) => void
  /** A number from 0 to 1; spreads the attempts of many bots. */
  random?: () => number
}

/** A supervised connection. `start` returns at once; `stop` resolves within about a second; nothing here throws. */
export function createGateway(options: GatewayOptions) {
  const { clock, logger, random = Math.random } = options
  const identifies: number[] = []
  let status: PlatformStatus = { state: 'connecting', since: clock.now() }
  let connection: Connection | undefined
  let failures = 0
  let isStopped = false
  let cancelTimer = () => {}

  return { status: () => status, start: attempt, stop }

  function attempt(): void {
    if (isStopped) return
    connection = connect(options, {
      beforeReconnecting: () => wait(backOff(failures++, { random })),
      async beforeIdentifying() {
        await wait(nextIdentify(identifies, clock.now()) - clock.now())
        identifies.push(clock.now())
      },
      onInteraction: options.onInteraction,
      onMessage: options.onMessage,
      onReady: options.onReady,
      onOnline: () => setStatus('online'),
      onLost,
      onFailed,
    })
  }

  async function stop(): Promise<void> {
    isStopped = true
    cancelTimer()
    await connection?.abandon()
  }

  /** The SDK reconnects by itself, after `beforeReconnecting`. */
  function onLost(message: string): void {
    if (status.state !== 'online') {
      setStatus('lost', message)
      return
    }
    if (clock.now() - status.since >= STABLE_AFTER_MS) failures = 0
    cancelTimer()
    cancelTimer = clock.at(clock.now() + REPORT_AFTER_MS, () => setStatus('lost', message))
  }

  /** The SDK's client cannot go on; a new one is made later. */
  function onFailed({ state, message, waitMs }: ConnectionFailure): void {
    void connection?.abandon()
    setStatus(state, message)
    failures++
    cancelTimer = clock.at(clock.now() + Math.max(waitMs, backOff(failures, { random })), attempt)
  }

  function setStatus(state: PlatformStatus['state'], message?: string): void {
    if (isStopped) return
    cancelTimer()
    if (state === status.state && message === status.message) return
    // The same failure in other words did not begin now.
    const since = state === status.state ? status.since : clock.now()
    status = { state, since, ...(message !== undefined && { message }) }
    if (state === 'online') logger.info('Discord connected')
    else logger.warn('Discord not connected', { state, reason: message })
  }

  function wait(ms: number): Promise<void> {
    return new Promise(resolve => {
      if (ms <= 0) resolve()
      else clock.at(clock.now() + ms, resolve)
    })
  }
}

/**
 * The instant from which the next IDENTIFY is allowed, after the earlier ones (ascending). Discord wants 5 s between two
 * and resets the token after 1000 in a day, so the spacing grows: at this pace a day cannot hold more than about 630.
 * https://discord.com/developers/docs/events/gateway#session-start-limit-object
 */
export function nextIdentify(earlier: readonly number[], now: number): number {
  const lastDay = earlier.filter(at => now - at < DAY).length
  const last = earlier.at(-1)
  if (last === undefined) return now
  const spacing = lastDay < 100 ? 5 * SECOND : lastDay < 400 ? MINUTE : 5 * MINUTE
  return Math.max(now, last + spacing)
}
