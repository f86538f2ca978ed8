// Slack in HTTP mode: checks the signature of the raw body, passes it to the bot, and answers with its acknowledgement.
// https://api.slack.com/authentication/verifying-requests-from-slack
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { App, Receiver } from '@slack/bolt'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE } from '../../time.ts'
import type { HttpAnswer, Receive } from '../channel.ts'

const MAX_CLOCK_SKEW_MS = 5 * MINUTE
/** Slack waits 3 s. */
const ACK_TIMEOUT_MS = 2_800

/** A receiver for Bolt that does not listen by itself: `receive` answers the requests of the intake. */
export function createReceiver(secret: string, clock: Clock, logger: Logger): { receiver: Receiver; receive: Receive } {
  let app: App | undefined
  const receiver: Receiver = {
    init(bolt) {
      app = bolt
    },
    start: async () => undefined,
    stop: async () => undefined,
  }

  const receive: Receive = async (rawBody, headers) => {
    const raw = Buffer.from(rawBody)
    const error = signatureError(raw, headers, secret, clock.now())
    if (error !== null) return plain(401, error)
    const body = parse(raw.toString('utf8'), headers['content-type'] ?? '')
    if (body === null) return plain(400, 'The body is neither a form nor JSON.')
    if (body.ssl_check !== undefined) return plain(200, '')
    if (body.type === 'url_verification') return json({ challenge: body.challenge })
    if (!hasSender(body)) return plain(400, 'The body has no team or no user.')
    return new Promise(resolve => {
      const cancel = clock.at(clock.now() + ACK_TIMEOUT_MS, () =>
        resolve(plain(404, 'Vakt does not answer such requests.')),
      )
      const ack = async (content?: unknown) => {
        cancel()
        resolve(
          content === undefined ? plain(200, '') : typeof content === 'string' ? plain(200, content) : json(content),
        )
      }
      const retryNum = Number(headers['x-slack-retry-num'] ?? Number.NaN)
      const retryReason = headers['x-slack-retry-reason']
      const retry = { ...(retryNum > 0 && { retryNum }), ...(retryReason && { retryReason }) }
      app?.processEvent({ body, ack, ...retry }).catch(error => {
        logger.error('a request from Slack failed', { error })
        resolve(plain(500, 'Vakt failed with an error of its own. Its log has the details.'))
      })
    })
  }
  return { receiver, receive }
}

/** Why the signature is refused; null when it is valid. The timestamp may differ by five minutes. */
export function signatureError(
  raw: Uint8Array,
  headers: Parameters<Receive>[1],
  secret: string,
  now: number,
): string | null {
  const timestamp = headers['x-slack-request-timestamp'] ?? ''
  const signature = headers['x-slack-signature'] ?? ''
  if (!/^\d{1,12}$/.test(timestamp)) return 'X-Slack-Request-Timestamp is missing or not a number of seconds.'
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(raw).digest()
  const actual = Buffer.from(/^v0=([0-9a-f]{64})$/.exec(signature)?.[1] ?? '', 'hex')
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected))
    return 'X-Slack-Signature does not match.'
  if (Math.abs(now - Number(timestamp) * 1000) > MAX_CLOCK_SKEW_MS)
    return 'X-Slack-Request-Timestamp differs from the clock by more than five minutes.'
  return null
}

/** Whether a body has the workspace and, for an action of a person, the user: Bolt fails without them. */
function hasSender(body: Record<string, unknown>): boolean {
  if (typeof body.command === 'string' || body.type === 'event_callback') return typeof body.team_id === 'string'
  const user = asObject(body.user)
  const team = asObject(body.team) ?? asObject(body.enterprise)
  return user !== null && (typeof team?.id === 'string' || typeof user.team_id === 'string')
}

function parse(text: string, contentType: string): Record<string, unknown> | null {
  try {
    if (contentType.startsWith('application/json')) return asObject(JSON.parse(text))
    if (!contentType.startsWith('application/x-www-form-urlencoded')) return null
    const form = Object.fromEntries(new URLSearchParams(text))
    return form.payload === undefined ? form : asObject(JSON.parse(form.payload))
  } catch {
    return null
  }
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}

function plain(status: number, body: string): HttpAnswer {
  return { status, body, headers: { 'content-type': 'text/plain; charset=utf-8' } }
}

function json(content: unknown): HttpAnswer {
  return { status: 200, body: JSON.stringify(content), headers: { 'content-type': 'application/json; charset=utf-8' } }
}
