// One webhook as the delivery loop uses it: every message is a signed POST of JSON, and the receiver decides what to do.
import { createHmac } from 'node:crypto'
import type { Card } from '../../card.ts'
import type { Clock } from '../../clock.ts'
import { SECOND } from '../../time.ts'
import { cardText } from '../card-text.ts'
import type { Capabilities, Channel } from '../channel.ts'
import { plainMessage } from '../plain-form.ts'
import { postJson } from './client.ts'
import { refuseStatus } from './errors.ts'

export type WebhookParts = {
  /** The id of the channel. */
  id: string
  name: string
  /** The URL. */
  address: string
  /** The key of the signature; without one, requests are not signed. */
  secret: string | null
  capabilities: Capabilities
  clock: Clock
  timeZone: string
  version: string
  timeoutMs: number
}

/** `message` is new, `update` replaces an earlier message, `call` asks to notify people again about one. */
type Type = 'message' | 'update' | 'call'

/**
 * The channel of one webhook. The body is `{type, id, message, title, tone, text, card, sent_at}`: `message` names the
 * message that it is about, and `id` is the same when a request is repeated. The signature is that of the intake:
 * `X-Vakt-Signature: v1=<hex HMAC-SHA256 of "<timestamp>.<body>">`.
 */
export function createWebhook(parts: WebhookParts): Channel {
  const { id, name, address, secret, capabilities, clock, timeZone, version, timeoutMs } = parts

  const send = async (type: Type, delivery: string, message: string, card: Card): Promise<void> => {
    const now = clock.now()
    const { image, file, form, ...rest } = card
    const body = JSON.stringify({
      type,
      id: delivery,
      message,
      title: card.title,
      tone: card.tone,
      text: form ? plainMessage(card, timeZone) : cardText(card, { timeZone, now }),
      card: form ? { title: card.title, tone: card.tone } : rest,
      sent_at: new Date(now).toISOString(),
    })
    const timestamp = String(Math.floor(now / SECOND))
    const headers = {
      'user-agent': `Vakt/${version}`,
      'x-vakt-delivery': delivery,
      'x-vakt-timestamp': timestamp,
      ...(secret === null ? {} : { 'x-vakt-signature': `v1=${signature(secret, timestamp, body)}` }),
    }
    const { status, retryAfter } = await postJson(address, body, headers, timeoutMs)
    refuseStatus(status, retryAfter, type === 'update' ? 'edit' : 'post')
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
    // A receiver cannot be asked; the id of a repeated request is the same, so the receiver can recognise it.
    find: async () => null,
  }
}

function signature(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
}
