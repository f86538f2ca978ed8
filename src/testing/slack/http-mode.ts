// HTTP mode: signed requests to the app's URL, with Slack's retries for events.
import { createHmac } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Activity } from './activity.ts'
import type { Delivery, Outcome } from './delivery.ts'
import { asObject, type Obj } from './wire.ts'

/** Slack's signature of a raw body: `v0=` and the HMAC of `v0:<unix seconds>:<body>`. */
export function sign(secret: string, seconds: number | string, body: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${seconds}:${body}`).digest('hex')}`
}

/** How HTTP mode is to behave; delays and limits are real ms. */
export interface HttpMode {
  secret: string
  ackWithinMs: number
  /** Waits before the first, second and third retry of an event. */
  retryDelays: readonly number[]
  now: () => number
}

const REASONS: Record<string, string> = { timeout: 'http_timeout', 'no connection': 'connection_failed' }

/** Sends deliveries to `url` the way Slack does, and reports what became of them. */
export function createHttpMode(options: HttpMode, activity: Activity, violate: (text: string) => void) {
  return {
    async deliver(url: string, delivery: Delivery): Promise<Outcome> {
      let outcome = await post(url, delivery)
      if (delivery.kind !== 'events_api') {
        if (!outcome.acked) violate(`${delivery.kind} was not acknowledged: ${outcome.why}`)
        return outcome
      }
      for (const [index, delay] of options.retryDelays.entries()) {
        if (outcome.acked) break
        await wait(delay)
        const reason = REASONS[outcome.why ?? ''] ?? 'http_error'
        outcome = await post(url, { ...delivery, retry: { num: index + 1, reason } })
      }
      return outcome
    },

    /** The question Slack asks of a URL before it sends anything there; true when it was answered well. */
    async verifyUrl(url: string): Promise<boolean> {
      const challenge = 'simulated-challenge'
      const payload = { type: 'url_verification', token: 'legacy', challenge }
      const { acked, reply } = await post(url, { kind: 'events_api', payload })
      return acked && (reply.challenge === challenge || reply.text === challenge)
    },
  }

  async function post(url: string, delivery: Delivery): Promise<Outcome> {
    const over = activity.begin()
    const started = performance.now()
    try {
      const body = encode(delivery)
      const seconds = Math.floor(options.now() / 1000)
      const response = await fetch(url, {
        method: 'POST',
        body,
        signal: AbortSignal.timeout(options.ackWithinMs),
        headers: {
          'content-type': delivery.kind === 'events_api' ? 'application/json' : 'application/x-www-form-urlencoded',
          'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
          'x-slack-request-timestamp': String(seconds),
          'x-slack-signature': sign(options.secret, seconds, body),
          ...(delivery.retry && {
            'x-slack-retry-num': String(delivery.retry.num),
            'x-slack-retry-reason': delivery.retry.reason,
          }),
        },
      })
      const text = await response.text()
      const ms = performance.now() - started
      if (response.status !== 200) return { acked: false, why: `status ${response.status}`, reply: {}, ms }
      return { acked: true, reply: decode(text), ms }
    } catch (error) {
      const timedOut = error instanceof Error && error.name === 'TimeoutError'
      return { acked: false, why: timedOut ? 'timeout' : 'no connection', reply: {}, ms: performance.now() - started }
    } finally {
      over()
    }
  }
}

function encode({ kind, payload }: Delivery): string {
  if (kind === 'events_api') return JSON.stringify(payload)
  if (kind === 'interactive') return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  return new URLSearchParams(Object.entries(payload).map(([key, value]) => [key, String(value)])).toString()
}

function decode(text: string): Obj {
  if (text === '') return {}
  try {
    return asObject(JSON.parse(text)) ?? { text }
  } catch {
    return { text }
  }
}
