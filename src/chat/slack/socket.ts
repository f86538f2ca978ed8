// One Socket Mode session: opened, greeted, watched and closed, with every failure as one rejection.
import { type App, SocketModeReceiver, type webApi } from '@slack/bolt'
import type { Logger } from '../../logger.ts'
import { sdkLogger } from './client.ts'

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
