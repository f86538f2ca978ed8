// Keeps the connection to Slack: checks the tokens, keeps a session open, and reconnects with back-off when it is lost.
import { type App, SocketModeReceiver, webApi } from '@slack/bolt'
import { backOff } from '../../backoff.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { PlatformStatus } from '../channel.ts'
import { sdkLogger } from './client.ts'
import { deliveryError, isCredentialError } from './errors.ts'

/** How long to wait between attempts: doubling from `baseMs` to `maxMs`, with jitter. */
export interface RetryDelays {
  baseMs: number
  maxMs: number
  /** When only a person can help. */
  refusedMs: number
}

const RETRY_DELAYS: RetryDelays = { baseMs: SECOND, maxMs: MINUTE, refusedMs: 5 * MINUTE }

export interface ConnectionParts {
  /** Checks the tokens and reads the name of the channel; rejects with the Web API's error. */
  checkTokens: () => Promise<void>
  /** Opens a session; absent in HTTP mode, where there are none. */
  openSession?: (onOpening: (abort: () => void) => void) => Promise<Session>
  clock: Clock
  logger: Logger
  /** Called at every change to online. */
  onOnline?: () => void
  retryDelays?: RetryDelays
  random?: () => number
}

/** In HTTP mode nothing reports that Slack is unreachable or the token revoked, so it is checked now and then. */
const CHECK_INTERVAL_MS = 5 * MINUTE
const STOP_TIMEOUT_MS = 1.5 * SECOND

/** The supervised connection: `start` never throws, and the connection is retried until `stop`. */
export function createConnection(parts: ConnectionParts) {
  const { clock, logger, retryDelays = RETRY_DELAYS, random = Math.random } = parts
  let status: PlatformStatus = { state: 'connecting', since: clock.now() }
  let isStopped = false
  let wake = () => {}
  let endSession: (() => unknown) | undefined
  let loop: Promise<void> = Promise.resolve()

  return {
    status: () => status,
    start(): void {
      loop = reconnectUntilStopped()
    },
    async stop(): Promise<void> {
      isStopped = true
      wake()
      await endSession?.()
      // A request that hangs is not worth waiting for; it ends later without effect.
      await endsWithin(STOP_TIMEOUT_MS, loop)
    },
  }

  async function reconnectUntilStopped(): Promise<void> {
    let failures = 0
    while (!isStopped) {
      try {
        await parts.checkTokens()
        if (isStopped) return
        await stayConnected(() => {
          failures = 0
        })
      } catch (error) {
        if (isStopped) return
        failures += 1
        await pause(reportFailure(error, failures))
      }
    }
  }

  /** Rejects when the connection is lost; resolves when Slack asks for a new one, or in HTTP mode for the next check. */
  async function stayConnected(onConnected: () => void): Promise<void> {
    if (parts.openSession === undefined) {
      setStatus('online')
      onConnected()
      return pause(CHECK_INTERVAL_MS)
    }
    const session = await parts.openSession(abort => {
      endSession = abort
    })
    endSession = session.close
    if (isStopped) {
      await session.close()
      return
    }
    setStatus('online')
    onConnected()
    const ending = await session.ended
    endSession = undefined
    if (ending === 'disabled') throw new SocketModeDisabled()
    if (ending === 'lost') throw new Error('the socket was lost')
  }

  /** Reports a failure and returns how long to wait, ms. */
  function reportFailure(error: unknown, failures: number): number {
    endSession = undefined
    const code = error instanceof webApi.WebAPIPlatformError ? String(error.data.error) : ''
    const cause = deliveryError(error, 'find', 'the channel')
    const isRefused = isCredentialError(code) || cause.code === 'refused' || error instanceof SocketModeDisabled
    setStatus(isRefused ? 'refused' : 'lost', isFromSlack(error) ? cause.message : connectionSentence(error))
    return isRefused
      ? retryDelays.refusedMs
      : Math.max(backOff(failures, { random, ...retryDelays }), cause.retryAfterMs ?? 0)
  }

  /** Logs each change once; the same failure again is not logged. */
  function setStatus(state: PlatformStatus['state'], message?: string): void {
    if (status.state === state && status.message === message) return
    const since = status.state === state ? status.since : clock.now()
    status = { state, since, ...(message !== undefined && { message }) }
    if (message === undefined) {
      logger.info('Slack connected')
      parts.onOnline?.()
    } else logger[state === 'refused' ? 'error' : 'warn']('Slack not connected', { state, reason: message })
  }

  function pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const cancel = clock.at(clock.now() + ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
      if (isStopped) wake()
    })
  }
}

/** Resolves with the work, or after `ms` of real time when it takes longer. */
export async function endsWithin(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

function isFromSlack(error: unknown): boolean {
  return (
    error instanceof webApi.WebAPIPlatformError ||
    error instanceof webApi.WebAPIRequestError ||
    error instanceof webApi.WebAPIHTTPError ||
    error instanceof webApi.WebAPIRateLimitedError ||
    !(error instanceof Error)
  )
}

function connectionSentence(error: unknown): string {
  return `The connection to Slack failed: ${(error as Error).message}. Vakt keeps trying.`
}

class SocketModeDisabled extends Error {
  constructor() {
    super('Socket Mode is switched off for the Slack app')
    this.name = 'SocketModeDisabled'
  }
}

/** Why a session ended: Slack asked for a new one, Socket Mode was switched off, or the connection was lost. */
export type Ending = 'refresh' | 'disabled' | 'lost'

/** An open session in Socket Mode. */
export interface Session {
  /** Resolves when it is over. */
  ended: Promise<Ending>
  /** Ends it; resolves when it is over, within about a second even if Slack does not answer. */
  close(): Promise<void>
}

export interface SessionOptions {
  appToken: string
  clientOptions: webApi.WebClientOptions
  /** After how long without a pong the socket counts as dead (the SDK's own default is 5 s). */
  pingMs: number
  /** How long Slack has for its greeting. */
  helloTimeoutMs: number
  logger: Logger
}

const CLOSE_TIMEOUT_MS = SECOND

/**
 * Opens a session and resolves when Slack has sent its greeting. Rejects with the Web API's error, or with an `Error`
 * when the socket closes or nothing comes. The SDK's own reconnecting is off, because its rejections cannot be caught.
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
  let ending: Ending = 'lost'
  client.on('ws_message', (message: unknown) => {
    ending = endingIn(message) ?? ending
  })
  const endingNow = (): Ending => ending
  const abort = () => disconnect(client)
  onOpening(abort)
  const helloTimer = setTimeout(abort, options.helloTimeoutMs)
  try {
    await client.start()
  } catch (error) {
    // A socket that closed before the greeting rejects with nothing at all.
    throw (
      error ??
      (endingNow() === 'disabled' ? new SocketModeDisabled() : new Error('the socket closed before a greeting'))
    )
  } finally {
    clearTimeout(helloTimer)
  }
  const ended = new Promise<Ending>(resolve => client.once('disconnected', () => resolve(endingNow())))
  return {
    ended,
    async close() {
      disconnect(client)
      // A second request makes the SDK cut a socket whose other end does not answer, instead of waiting 30 s for it.
      const cut = setTimeout(() => disconnect(client), CLOSE_TIMEOUT_MS)
      await ended
      clearTimeout(cut)
    },
  }
}

function disconnect(client: SocketModeReceiver['client']): void {
  client.disconnect().catch(() => {})
}

/** The ending that a message of the socket announces. */
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
