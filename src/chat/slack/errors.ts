// Says what a failed call to Slack means for a delivery, and in a sentence what a person can do about it.
import { webApi } from '@slack/bolt'
import { DeliveryError } from '../channel.ts'

/** What was being attempted: it decides what an unclear failure means. */
export type Step = 'post' | 'edit' | 'find'

/** The delivery error for whatever the Slack client threw while `step` was done in `place` (such as `#ops`). */
export function toDeliveryError(error: unknown, step: Step, place: string): DeliveryError {
  if (error instanceof DeliveryError) return error
  const scope = step === 'edit' ? 'edit' : 'post'
  if (error instanceof webApi.WebAPIRateLimitedError)
    return new DeliveryError(
      'limited',
      `Slack asks to wait ${error.retryAfter} s before the next message to ${place}.`,
      {
        retryAfterMs: Math.max(1, error.retryAfter) * 1000,
        scope,
      },
    )
  if (error instanceof webApi.WebAPIPlatformError)
    return fromCode(String(error.data.error), step, place, (error.data as { needed?: unknown }).needed)
  if (error instanceof webApi.WebAPIHTTPError) return fromStatus(error.statusCode, step)
  if (error instanceof webApi.WebAPIRequestError) return fromNetwork(error.original, step)
  // The client reports a 429 without a usable Retry-After as a bare error.
  if (error instanceof Error && error.message.startsWith('Retry header'))
    return new DeliveryError('limited', 'Slack limits us without saying for how long.', { retryAfterMs: 10_000, scope })
  return new DeliveryError(unclear(step), `The call to Slack failed: ${reasonOf(error)}.`)
}

/** Whether nobody but an operator can mend this: the tokens or the app itself are at fault. */
export function isCredentialError(code: string): boolean {
  return CREDENTIALS.has(code)
}

/** The sentence for an error code of Slack's, for people; `place` is the channel meant. */
export function explain(code: string, place: string, needed?: unknown): string {
  if (CREDENTIALS.has(code)) return `Slack refuses the token (${code}): check SLACK_BOT_TOKEN and SLACK_APP_TOKEN.`
  if (code === 'missing_scope')
    return `The Slack app lacks the scope ${String(needed ?? '')}: apply the manifest again and reinstall the app.`
  return SENTENCES[code]?.replaceAll('{place}', place) ?? `Slack refuses this with ${code}.`
}

const CREDENTIALS = new Set([
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'not_allowed_token_type',
  'app_not_installed',
])

const SENTENCES: Record<string, string> = {
  not_in_channel: 'The bot is not in {place}: invite it there with /invite.',
  channel_not_found: 'Slack knows no channel {place} that the bot may see: check SLACK_CHANNEL_ID, or invite the bot.',
  is_archived: 'The channel {place} is archived.',
  restricted_action: 'The workspace does not let the bot post in {place}.',
  message_not_found: 'The message is no longer in {place}.',
  thread_not_found: 'The message is no longer in {place}.',
  cant_update_message: 'The message in {place} cannot be changed any more.',
  edit_window_closed: 'The message in {place} is too old to be changed.',
}

const GONE = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed', 'thread_not_found'])
const LIMITED = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded'])
// Slack says of these that part of the work may have been done.
const TEMPORARY = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'])

function fromCode(code: string, step: Step, place: string, needed: unknown): DeliveryError {
  if (GONE.has(code)) return new DeliveryError('gone', explain(code, place))
  if (LIMITED.has(code)) {
    const scope = step === 'edit' ? 'edit' : 'post'
    return new DeliveryError('limited', `Slack limits messages to ${place} (${code}).`, { retryAfterMs: 30_000, scope })
  }
  if (TEMPORARY.has(code)) return new DeliveryError(unclear(step), `Slack has a fault of its own (${code}).`)
  return new DeliveryError('refused', explain(code, place, needed))
}

function fromStatus(status: number, step: Step): DeliveryError {
  const message = `Slack answered with HTTP status ${status}.`
  // A 4xx comes from something in between (a proxy, a wrong address): Slack itself answers 200 or 429.
  return new DeliveryError(status >= 500 ? unclear(step) : 'unreachable', message)
}

const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
])

function fromNetwork(original: Error, step: Step): DeliveryError {
  if (original.name === 'TimeoutError' || original.name === 'AbortError')
    return new DeliveryError(unclear(step), 'Slack did not answer in time.')
  const code = codeOf(original)
  const never = NOT_SENT.has(code) || /CERT|TLS|SSL/.test(code)
  return new DeliveryError(
    never ? 'unreachable' : unclear(step),
    `Slack cannot be reached (${code || 'connection lost'}).`,
  )
}

/** Only a post can do harm when it is repeated. */
function unclear(step: Step): 'unsure' | 'unreachable' {
  return step === 'post' ? 'unsure' : 'unreachable'
}

/** The network's own error code, which fetch hides in causes. */
function codeOf(error: unknown): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown }
    if (typeof code === 'string') return code
    if (cause instanceof AggregateError) return codeOf(cause.errors[0])
  }
  return ''
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'no reason given'
}
