// What the answer of a webhook, or its absence, means for a delivery.
import { HOUR, SECOND } from '../../time.ts'
import { DeliveryError } from '../channel.ts'

const DEFAULT_RETRY_MS = 30 * SECOND
const MAX_RETRY_MS = HOUR
/** The receiver cannot take the body as it is: malformed, too large, or not processable. */
const INVALID_STATUSES = new Set([400, 413, 414, 422, 431])
/** Connecting failed, so nothing was sent. */
const NOT_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/

/** Throws a `DeliveryError` for every status but those of success; `retryAfter` is the header, in seconds. */
export function refuseStatus(status: number, retryAfter: string | undefined, step: 'post' | 'edit'): void {
  if (status >= 200 && status < 300) return
  if (status === 429 || (status === 503 && retryAfter !== undefined))
    throw new DeliveryError('limited', 'The webhook asks to try again later.', {
      retryAfterMs: retryMs(retryAfter),
      scope: step,
    })
  const message = `The webhook answered with status ${status}.`
  if (status >= 300 && status < 400)
    throw new DeliveryError('refused', `${message} Redirects are not followed: use the final address.`)
  if (status === 408 || status >= 500) throw new DeliveryError(step === 'edit' ? 'unreachable' : 'unsure', message)
  throw new DeliveryError(INVALID_STATUSES.has(status) ? 'invalid_form' : 'refused', message)
}

/** The delivery error for a request that got no answer. */
export function deliveryError(error: Error & { code?: string }): DeliveryError {
  if (error instanceof DeliveryError) return error
  const code = error.code ?? ''
  if (error.name === 'TimeoutError' || error.name === 'AbortError' || code === 'ABORT_ERR')
    return new DeliveryError('unsure', 'The webhook did not answer in time.')
  if (NOT_SENT.test(code)) return new DeliveryError('unreachable', `The webhook cannot be reached (${code}).`)
  return new DeliveryError('unsure', `The connection to the webhook was lost (${code || 'no reason given'}).`)
}

/** The delivery error for an address that Vakt sends nothing to. */
export function forbiddenAddress(): DeliveryError {
  return new DeliveryError('refused', 'Vakt does not send to the address of the webhook.')
}

function retryMs(retryAfter: string | undefined): number {
  const ms = Number(retryAfter) * SECOND
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, MAX_RETRY_MS) : DEFAULT_RETRY_MS
}
