// Keeps the connection to Slack: checks the tokens, holds a session, and comes back with patience when either is lost.
import { type App, SocketModeReceiver, webApi } from '@slack/bolt'
import { backOff } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { PlatformStatus } from '../channel.ts'
import { sdkLogger } from './client.ts'
import { isCredentialError, toDeliveryError } from './errors.ts'

/** How long to wait between attempts, in ms: doubling from the first to the most, with jitter. */
export interface Patience {
  firstMs: number
  mostMs: number
  /** When only an operator can help. */
  refusedMs: number
}

export const PATIENCE: Patience = { firstMs: SECOND, mostMs: MINUTE, refusedMs: 5 * MINUTE }

export interface ConnectionParts {
  /** Asks Slack who the bot is and what its channel is called; rejects with the Web API's error. */
  greet: () => Promise<void>
  /** Opens a session; absent in HTTP mode, where being greeted is all there is. */
  open?: (onOpening: (abort: () => void) => void) => Promise<Session>
  clock: Clock
  logger: Logger
  /** Called at every change to online. */
  onOnline?: () => void
  patience?: Patience
  random?: () => number
}

// In HTTP mode nothing tells us that Slack is away or the token is gone, so it is asked now and then.
const CHECK_EVERY_MS = 5 * MINUTE
const STOP_WITHIN_MS = 1500

/** The supervised connection: `start` never throws and the connection never gives up until `stop`. */
export function createConnection(parts: ConnectionParts) {
  const { clock, logger, patience = PATIENCE, random = Math.random } = parts
  let status: PlatformStatus = { state: 'connecting', since: clock.now() }
  let stopped = false
  let wake = () => {}
  let end: (() => unknown) | undefined
  let loop: Promise<void> = Promise.resolve()

  return {
    status: () => status,
    start(): void {
      loop = keep()
    },
    async stop(): Promise<void> {
      stopped = true
      wake()
      await end?.()
      // A call that hangs is not worth waiting for; it finds out by itself that it is too late.
      await atMost(STOP_WITHIN_MS, loop)
    },
  }

  async function keep(): Promise<void> {
    let failures = 0
    while (!stopped) {
      try {
        await parts.greet()
        if (stopped) return
        await hold(() => {
          failures = 0
        })
      } catch (error) {
        if (stopped) return
        failures += 1
        await pause(told(error, failures))
      }
    }
  }

  /** Stays while the connection is good; rejects when it is lost, resolves when it should simply be made anew. */
  async function hold(onGood: () => void): Promise<void> {
    if (parts.open === undefined) {
      become('online')
      onGood()
      return pause(CHECK_EVERY_MS)
    }
    const session = await parts.open(abort => {
      end = abort
    })
    end = session.close
    if (stopped) {
      await session.close()
      return
    }
    become('online')
    onGood()
    const ending = await session.ended
    end = undefined
    if (ending === 'disabled') throw new Error('Socket Mode is switched off for the Slack app')
    if (ending === 'lost') throw new Error('the socket was lost')
  }

  /** Makes the failure known and says how long to wait, in ms. */
  function told(error: unknown, failures: number): number {
    end = undefined
    const code = error instanceof webApi.WebAPIPlatformError ? String(error.data.error) : ''
    const cause = toDeliveryError(error, 'find', 'the channel')
    const refused = isCredentialError(code) || cause.code === 'refused' || /switched off/.test(cause.message)
    const again = backOff(failures, { random, baseMs: patience.firstMs, maxMs: patience.mostMs })
    const wait = refused ? patience.refusedMs : Math.max(again, cause.retryAfterMs ?? 0)
    become(refused ? 'refused' : 'lost', sentence(error, cause.message))
    return wait
  }

  /** Says each change of state once; a failure that repeats itself is not told again. */
  function become(state: PlatformStatus['state'], message?: string): void {
    if (status.state === state && status.message === message) return
    const since = status.state === state ? status.since : clock.now()
    status = { state, since, ...(message !== undefined && { message }) }
    if (message === undefined) {
      logger.info('Slack is connected.')
      parts.onOnline?.()
    } else logger[state === 'refused' ? 'error' : 'warn'](message)
  }

  function pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const cancel = clock.at(clock.now() + ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
      if (stopped) wake()
    })
  }
}

/** Resolves with the work, or after `ms` of real time when it takes longer. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

function sentence(error: unknown, explained: string): string {
  const fromSlack =
    error instanceof webApi.WebAPIPlatformError ||
    error instanceof webApi.WebAPIRequestError ||
    error instanceof webApi.WebAPIHTTPError ||
    error instanceof webApi.WebAPIRateLimitedError
  if (fromSlack || !(error instanceof Error)) return explained
  return `The connection to Slack failed: ${error.message}. Trying again.`
}

/** Why a session ended: Slack asked for a fresh one, Socket Mode was switched off, or the connection was lost. */
export type Ending = 'refresh' | 'disabled' | 'lost'

/** An open session. */
export interface Session {
  /** Resolves when it is over. */
  ended: Promise<Ending>
  /** Ends it; resolves when it is over, within about a second even if Slack does not answer. */
  close(): Promise<void>
}

/** `pingMs` is how long a missing pong is borne before the socket counts as dead (5 s is Slack's own default). */
export interface SessionOptions {
  appToken: string
  clientOptions: webApi.WebClientOptions
  pingMs: number
  helloWithinMs: number
  logger: Logger
}

/**
 * Opens a session and resolves once Slack has said hello. Rejects with the Web API's error, or with an `Error` when the
 * socket closes or stays silent. The SDK's own reconnecting is off: it rejects where nobody listens.
 */
export async function openSession(
  app: App,
  options: SessionOptions,
  onOpening: (abort: () => void) => void,
): Promise<Session> {
  const receiver = new SocketModeReceiver({
    appToken: options.appToken,
    autoReconnectEnabled: false,
    clientPingTimeout: options.pingMs,
    installerOptions: { clientOptions: options.clientOptions },
    logger: sdkLogger(options.logger),
  })
  receiver.init(app)
  const { client } = receiver
  const seen: { ending: Ending } = { ending: 'lost' }
  client.on('ws_message', (message: unknown) => {
    seen.ending = endingIn(message) ?? seen.ending
  })
  const abort = () => quietly(client)
  onOpening(abort)
  const silent = setTimeout(abort, options.helloWithinMs)
  try {
    await client.start()
  } catch (error) {
    // A socket that closed before the greeting rejects with nothing at all.
    throw (
      error ??
      new Error(seen.ending === 'disabled' ? 'Socket Mode is switched off' : 'the socket closed before a greeting')
    )
  } finally {
    clearTimeout(silent)
  }
  const ended = new Promise<Ending>(resolve => client.once('disconnected', () => resolve(seen.ending)))
  return {
    ended,
    async close() {
      quietly(client)
      // A second request makes the SDK cut a socket whose other end does not answer, instead of waiting 30 s for it.
      const cut = setTimeout(() => quietly(client), 1000)
      await ended
      clearTimeout(cut)
    },
  }
}

function quietly(client: SocketModeReceiver['client']): void {
  client.disconnect().catch(() => {})
}

function endingIn(message: unknown): Ending | undefined {
  if (typeof message !== 'string' || !message.includes('"disconnect"')) return undefined
  try {
    const { type, reason } = JSON.parse(message) as { type?: string; reason?: string }
    if (type !== 'disconnect') return undefined
    return reason === 'link_disabled' ? 'disabled' : reason === 'too_many_websockets' ? 'lost' : 'refresh'
  } catch {
    return undefined
  }
}
