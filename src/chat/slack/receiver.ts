// Slack in HTTP mode: checks the signature of the raw body, hands it to the bot, and answers with its acknowledgement.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { App, Receiver } from '@slack/bolt'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { MINUTE } from '../../time.ts'
import type { HttpAnswer, Receive } from '../channel.ts'

const TOLERANCE_MS = 5 * MINUTE
// Slack waits three seconds.
const ACK_WAIT_MS = 2800

/** A receiver for Bolt that is given requests instead of listening for them. */
export function createReceiver(secret: string, clock: Clock, logger: Logger): { receiver: Receiver; receive: Receive } {
  let app: App | undefined
  const receiver: Receiver = {
    init: given => {
      app = given
    },
    start: async () => undefined,
    stop: async () => undefined,
  }

  const receive: Receive = async (rawBody, headers) => {
    const raw = Buffer.from(rawBody)
    const fault = signatureFault(raw, headers, secret, clock.now())
    if (fault !== null) return plain(401, fault)
    const body = parse(raw.toString('utf8'), headers['content-type'] ?? '')
    if (body === null) return plain(400, 'The body is neither a form nor JSON as Slack sends it.')
    if (body.ssl_check !== undefined) return plain(200, '')
    if (body.type === 'url_verification') return json({ challenge: body.challenge })
    if (!saysWhose(body)) return plain(400, 'The body does not say whose it is: it has no team.')
    return new Promise(resolve => {
      const cancel = clock.at(clock.now() + ACK_WAIT_MS, () => resolve(plain(404, 'Nothing here answers that.')))
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
        logger.error('A request from Slack failed.', { error })
        resolve(plain(500, 'Vakt failed at this; its log says why.'))
      })
    })
  }
  return { receiver, receive }
}

/** Why the signature does not hold, or null when it does. A timestamp may be five minutes off either way. */
export function signatureFault(
  raw: Uint8Array,
  headers: Parameters<Receive>[1],
  secret: string,
  now: number,
): string | null {
  const timestamp = headers['x-slack-request-timestamp'] ?? ''
  const signature = headers['x-slack-signature'] ?? ''
  if (!/^\d{1,12}$/.test(timestamp)) return 'X-Slack-Request-Timestamp is missing or not in seconds.'
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(raw).digest()
  const given = Buffer.from(/^v0=([0-9a-f]{64})$/.exec(signature)?.[1] ?? '', 'hex')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'X-Slack-Signature does not match.'
  if (Math.abs(now - Number(timestamp) * 1000) > TOLERANCE_MS)
    return 'X-Slack-Request-Timestamp is more than five minutes off.'
  return null
}

/** Whether a body names the workspace and, where somebody acts, who: Bolt fails at those that do not. */
function saysWhose(body: Record<string, unknown>): boolean {
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
