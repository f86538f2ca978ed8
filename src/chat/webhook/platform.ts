// Webhooks as channels: each message is a signed POST of JSON, which another program makes of it what it likes.
import { createHmac } from 'node:crypto'
import type { Card } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import { MINUTE } from '../../time.ts'
import { cardText } from '../card-text.ts'
import {
  type AddedChannel,
  addressIn,
  type Capabilities,
  type Channel,
  DeliveryError,
  type Platform,
} from '../channel.ts'
import { createDeliveryHealth } from '../delivery-health.ts'
import { postJson } from './post.ts'

export type WebhookOptions = {
  capabilities: Capabilities
  clock: Clock
  timeZone: string
  version: string
  /** Milliseconds one request may take; for tests. */
  within?: number
}

const WITHIN = 10_000
/** How long one may take nothing before others are told, ms. */
const LASTING = 2 * MINUTE

/** The webhooks as a platform: there is nothing to connect to, and every channel of it was added by command. */
export function createWebhooks(options: WebhookOptions): Platform {
  const troubles = createDeliveryHealth(options.clock, LASTING)
  return {
    name: 'webhook',
    channels: [],
    open(given) {
      if (given.address === null || addressIn(given.id, 'webhook') === null) return null
      return troubles.watch(webhookChannel(given, options))
    },
    status: troubles.status,
    start() {},
    async stop() {},
  }
}

/**
 * One webhook. The body is `{type, id, message, title, tone, text, card, sent_at}`: `type` is `message` (new), `update`
 * (replaces what `message` was) or `call` (people are to be notified anew about `message`); `id` is the same when a request
 * is repeated. The signature is that of the intake: `X-Vakt-Signature: v1=<hex HMAC-SHA256 of "<timestamp>.<body>">`.
 */
function webhookChannel({ id, name, address, secret }: AddedChannel, options: WebhookOptions): Channel {
  const { capabilities, clock, timeZone, version, within = WITHIN } = options

  const send = async (type: 'message' | 'update' | 'call', delivery: string, message: string, card: Card) => {
    const now = clock.now()
    const { image, file, ...rest } = card
    const body = JSON.stringify({
      type,
      id: delivery,
      message,
      title: card.title,
      tone: card.tone,
      text: cardText(card, { timeZone, now }),
      card: rest,
      sent_at: new Date(now).toISOString(),
    })
    const timestamp = String(Math.floor(now / 1000))
    const signature = createHmac('sha256', secret ?? '')
      .update(`${timestamp}.${body}`)
      .digest('hex')
    const headers = {
      'user-agent': `Vakt/${version}`,
      'x-vakt-delivery': delivery,
      'x-vakt-timestamp': timestamp,
      ...(secret === null ? {} : { 'x-vakt-signature': `v1=${signature}` }),
    }
    const { status, retryAfter } = await postJson(address!, body, headers, within)
    refuse(status, retryAfter, type === 'update' ? 'edit' : 'post')
  }

  return {
    id,
    capabilities,
    name,
    async post(card, nonce) {
      await send('message', nonce, nonce, card)
      return nonce
    },
    edit: (ref, card) => send('update', `${ref}-${clock.now()}`, ref, card),
    async reply(ref, card, nonce) {
      await send('call', nonce, ref, card)
      return nonce
    },
    // Nobody can be asked; the id is the same when it is sent again, so the receiver can tell.
    find: async () => null,
  }
}

function refuse(status: number, retryAfter: string | undefined, scope: 'post' | 'edit'): void {
  if (status >= 200 && status < 300) return
  if (status === 429 || (status === 503 && retryAfter !== undefined)) {
    const seconds = Number(retryAfter)
    const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) * 1000 : 30_000
    throw new DeliveryError('limited', 'The webhook asks to wait.', { retryAfterMs, scope })
  }
  const message = `The webhook answered with status ${status}.`
  if (status >= 300 && status < 400)
    throw new DeliveryError('refused', `${message} Redirects are not followed; give the final address.`)
  if (status === 408 || status >= 500) throw new DeliveryError(scope === 'edit' ? 'unreachable' : 'unsure', message)
  throw new DeliveryError('refused', message)
}
