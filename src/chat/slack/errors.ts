// What a failed call to Slack means for a delivery, and what a person can do about it.
import { webApi } from '@slack/bolt'
import { SECOND } from '../../time.ts'
import { DeliveryError } from '../channel.ts'

/** What was attempted; it decides what an unclear failure means. */
export type Step = 'post' | 'edit' | 'find'

const DEFAULT_RETRY_MS = 10 * SECOND
const CODED_RETRY_MS = 30 * SECOND
const MAX_REASON_LENGTH = 300

/** By the error codes of Slack (https://api.slack.com/methods/chat.postMessage#errors). */
const SENTENCES: Record<string, string> = {
  not_in_channel: 'The bot is not in {channel}: invite it there with /invite.',
  channel_not_found: 'Slack has no channel {channel} that the bot can see: check SLACK_CHANNEL_ID, or invite the bot.',
  is_archived: 'The channel {channel} is archived.',
  restricted_action: 'The workspace does not let the bot post in {channel}.',
  message_not_found: 'The message is no longer in {channel}.',
  thread_not_found: 'The message is no longer in {channel}.',
  cant_update_message: 'The message in {channel} can no longer be edited.',
  edit_window_closed: 'The message in {channel} is too old to be edited.',
}

const CREDENTIAL_ERRORS = new Set([
  'invalid_auth',
  'not_authed',
  'token_revoked',
  'token_expired',
  'account_inactive',
  'not_allowed_token_type',
  'app_not_installed',
])
const GONE = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed', 'thread_not_found'])
/** The message is there all the same. */
const NOT_EDITABLE = new Set(['cant_update_message', 'edit_window_closed'])
const LIMITED = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded'])
/** The message cannot be taken as it is. */
const INVALID_FORM =
  /^(invalid_(blocks|attachments|arguments|arg|array|form|json|metadata|charset)|msg_|no_text|too_many_|attachment_|blocks_|metadata_|markdown_)/
/** After these, part of the work may have been done. */
const TEMPORARY = new Set(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'])
/** Connecting failed, so nothing was sent. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** The delivery error for anything that the Slack client threw; `channelName` is one such as `#ops`. */
export function deliveryError(error: unknown, step: Step, channelName: string): DeliveryError {
  if (error instanceof DeliveryError) return error
  const scope = step === 'edit' ? 'edit' : 'post'
  if (error instanceof webApi.WebAPIRateLimitedError)
    return new DeliveryError('limited', `Slack limits messages to ${channelName}: retry in ${error.retryAfter} s.`, {
      retryAfterMs: Math.max(1, error.retryAfter) * SECOND,
      scope,
    })
  if (error instanceof webApi.WebAPIPlatformError)
    return fromCode(String(error.data.error), step, channelName, error.data)
  if (error instanceof webApi.WebAPIHTTPError) return fromStatus(error.statusCode, step)
  if (error instanceof webApi.WebAPIRequestError) return fromNetwork(error.original, step)
  // The client reports a 429 without a usable Retry-After as a bare error.
  if (error instanceof Error && error.message.startsWith('Retry header'))
    return new DeliveryError('limited', 'Slack limits the bot.', { retryAfterMs: DEFAULT_RETRY_MS, scope })
  const reason = error instanceof Error ? error.message : 'no reason given'
  return new DeliveryError(unclear(step), `The call to Slack failed: ${reason}.`)
}

/** Whether the tokens or the app itself are at fault, so that only a person can help. */
export function isCredentialError(code: string): boolean {
  return CREDENTIAL_ERRORS.has(code)
}

/** The sentence for an error code of Slack; `needed` is the missing scope. */
export function codeSentence(code: string, channelName: string, needed?: unknown): string {
  if (isCredentialError(code)) return `Slack refuses the token (${code}): check SLACK_BOT_TOKEN and SLACK_APP_TOKEN.`
  if (code === 'missing_scope')
    return `The Slack app lacks the scope ${String(needed ?? '')}: apply the manifest again and reinstall the app.`
  return SENTENCES[code]?.replaceAll('{channel}', channelName) ?? `Slack refused the request (${code}).`
}

type ErrorDetails = { needed?: unknown; response_metadata?: { messages?: readonly string[] } }

function fromCode(code: string, step: Step, channelName: string, data: object): DeliveryError {
  const { needed, response_metadata: details } = data as ErrorDetails
  if (GONE.has(code))
    return new DeliveryError('gone', codeSentence(code, channelName), { isStillShown: NOT_EDITABLE.has(code) })
  if (LIMITED.has(code)) {
    const scope = step === 'edit' ? 'edit' : 'post'
    const message = `Slack limits messages to ${channelName} (${code}).`
    return new DeliveryError('limited', message, { retryAfterMs: CODED_RETRY_MS, scope })
  }
  if (INVALID_FORM.test(code)) {
    const parts = [code, ...(details?.messages ?? [])].join('; ').slice(0, MAX_REASON_LENGTH)
    return new DeliveryError('invalid_form', `Slack refused the message for its form (${parts}).`)
  }
  if (TEMPORARY.has(code)) return new DeliveryError(unclear(step), `Slack failed with an error of its own (${code}).`)
  return new DeliveryError('refused', codeSentence(code, channelName, needed))
}

function fromStatus(status: number, step: Step): DeliveryError {
  if (status === 413) return new DeliveryError('invalid_form', 'Slack refused the message as too large (status 413).')
  // A 4xx comes from something in between (a proxy, a wrong address): Slack itself answers with 200 or 429.
  return new DeliveryError(status >= 500 ? unclear(step) : 'unreachable', `Slack answered with status ${status}.`)
}

function fromNetwork(original: Error, step: Step): DeliveryError {
  if (original.name === 'TimeoutError' || original.name === 'AbortError')
    return new DeliveryError(unclear(step), 'Slack did not answer in time.')
  const code = networkCode(original)
  const isUnsent = NOT_SENT.has(code) || /CERT|TLS|SSL/.test(code)
  const message = `Slack cannot be reached (${code || 'connection lost'}).`
  return new DeliveryError(isUnsent ? 'unreachable' : unclear(step), message)
}

/** Only a repeated post can do harm. */
function unclear(step: Step): 'unsure' | 'unreachable' {
  return step === 'post' ? 'unsure' : 'unreachable'
}

/** The code of the network, which fetch hides in causes. */
function networkCode(error: unknown): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown }
    if (typeof code === 'string') return code
    if (cause instanceof AggregateError) return networkCode(cause.errors[0])
  }
  return ''
}
