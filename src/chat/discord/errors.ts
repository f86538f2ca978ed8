// What a failed call or a lost connection to Discord means for a delivery, and what a person can do about it.
import { DiscordAPIError, HTTPError, RateLimitError } from 'discord.js'
import { SECOND } from '../../time.ts'
import { DeliveryError, type DeliveryErrorCode } from '../channel.ts'

/** What was attempted; it decides what a lost answer means and which limit was hit. */
export type Step = 'post' | 'edit' | 'find' | 'thread'

const DEFAULT_RETRY_MS = 5_000
const MAX_REASON_LENGTH = 300
/** How long to wait when Discord allows no more logins. */
const NO_LOGINS_LEFT_MS = 300_000
/** Too many edits of messages that are older than an hour: it passes by itself. */
const OLD_EDITS_LIMITED = 30046
/** The longest wait for an edit, because somebody who pressed a button looks at it; then a new card replaces the old one. */
const MAX_EDIT_WAIT_MS = 15 * SECOND
/** The message is deleted, in an archived thread, or somebody else's. */
const NOT_EDITABLE = [10008, 50083, 50005]
/** The statuses of a message that Discord cannot take as it is, and the codes among them that are about the place. */
const INVALID_STATUSES = [400, 413, 415, 422]
const ABOUT_THE_PLACE = [50083, 50024, 50033]
const LEGACY_FIELDS_REFUSED = 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2'
/** Connecting failed, so nothing was sent. */
const NOT_SENT = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
]

/** By the error codes of Discord; each is read after a colon. https://discord.com/developers/docs/topics/opcodes-and-status-codes */
const ADVICE: Record<number, string> = {
  10003: 'the channel does not exist; check DISCORD_CHANNEL_ID',
  10008: 'the message was deleted',
  [OLD_EDITS_LIMITED]: 'Discord limits edits of messages that are older than an hour',
  50001: 'the bot cannot see the channel; give it View Channel',
  50013: 'the bot lacks a permission in the channel; give it Send Messages, Embed Links, Attach Files and Pin Messages',
  50083: 'the thread is archived',
}

/** Whether an edit was refused because the message is in components, which take neither content nor embeds. */
export function needsComponents(error: unknown): boolean {
  return error instanceof DiscordAPIError && JSON.stringify(error.rawError).includes(LEGACY_FIELDS_REFUSED)
}

/** Whether Discord cannot take a message as it is; another form of it may be taken. */
export function isRefusedForm(error: unknown): boolean {
  return error instanceof DiscordAPIError && fromApi(error, 'post').code === 'invalid_form'
}

/** The delivery error for anything that the REST client threw. */
export function deliveryError(error: unknown, step: Step): DeliveryError {
  if (error instanceof DeliveryError) return error
  if (error instanceof RateLimitError) return limited(error.retryAfter, step, error.global)
  if (error instanceof DiscordAPIError) return fromApi(error, step)
  if (error instanceof HTTPError) return fromStatus(error.status, step)
  return fromNetwork(error, step)
}

/** One plain sentence about any error of the SDK, without tokens. */
export function errorSentence(error: unknown): string {
  if (error instanceof DiscordAPIError)
    return `Discord answered with ${error.status} (${error.code}): ${ADVICE[Number(error.code)] ?? error.message}.`
  return deliveryError(error, 'find').message
}

function limited(retryAfterMs: number, step: Step, isGlobal: boolean): DeliveryError {
  const waitMs = Math.ceil(retryAfterMs > 0 ? retryAfterMs : DEFAULT_RETRY_MS)
  const message = `Discord limits ${step === 'edit' ? 'edits' : 'messages'}: retry in ${(waitMs / 1000).toFixed(1)} s.`
  return new DeliveryError('limited', message, {
    retryAfterMs: waitMs,
    scope: isGlobal || step === 'find' ? 'all' : step === 'thread' ? 'edit' : step,
  })
}

function fromApi(error: DiscordAPIError, step: Step): DeliveryError {
  const code = Number(error.code)
  const advice = ADVICE[code] ?? error.message
  if (step === 'edit' && NOT_EDITABLE.includes(code))
    return new DeliveryError('gone', `The message cannot be edited: ${advice}.`)
  // A coded 429 (slow mode, a busy channel) arrives as an API error; see `client.ts`.
  const retryAfter = (error.rawError as { retry_after?: number }).retry_after
  if (code === OLD_EDITS_LIMITED) return oldEdit(retryAfter === undefined ? DEFAULT_RETRY_MS : retryAfter * SECOND)
  if (retryAfter !== undefined) return limited(retryAfter * SECOND, step, false)
  // The token may be corrected, and nothing may be lost until then.
  if (error.status === 401) return new DeliveryError('unreachable', 'Discord does not accept the bot token.')
  // A proxy before Discord answers with a page, which has no code and no sentence.
  if (Number.isNaN(code))
    return new DeliveryError('refused', `Discord, or a proxy before it, refused the message (status ${error.status}).`)
  const isForm = INVALID_STATUSES.includes(error.status) && !ABOUT_THE_PLACE.includes(code)
  return new DeliveryError(
    isForm ? 'invalid_form' : 'refused',
    `Discord refused the message (${code}): ${advice.replace(/\s+/g, ' ').slice(0, MAX_REASON_LENGTH)}.`,
  )
}

/** Other messages are not limited, so only this one waits. */
function oldEdit(waitMs: number): DeliveryError {
  if (waitMs > MAX_EDIT_WAIT_MS)
    return new DeliveryError('gone', `The message cannot be edited: ${ADVICE[OLD_EDITS_LIMITED]}.`, {
      isStillShown: true,
    })
  const retryAfterMs = Math.ceil(waitMs)
  const message = `${ADVICE[OLD_EDITS_LIMITED]}: retry in ${(retryAfterMs / SECOND).toFixed(1)} s.`
  return new DeliveryError('limited', message, { retryAfterMs, scope: 'message' })
}

/** A 503 comes before anything is accepted; after other failures of the server the message may be there. */
function fromStatus(status: number, step: Step): DeliveryError {
  if (INVALID_STATUSES.includes(status))
    return new DeliveryError('invalid_form', `Discord refused the message (status ${status}).`)
  const code: DeliveryErrorCode = status === 503 || step === 'find' ? 'unreachable' : 'unsure'
  return new DeliveryError(code, `Discord failed with an error of its own (status ${status}).`)
}

function fromNetwork(error: unknown, step: Step): DeliveryError {
  const { name, message, code, cause } = error as Error & { code?: string; cause?: { code?: string } }
  const reason = code ?? cause?.code ?? ''
  const unclear: DeliveryErrorCode = step === 'find' ? 'unreachable' : 'unsure'
  if (name === 'AbortError') return new DeliveryError(unclear, 'Discord did not answer in time.')
  if (NOT_SENT.includes(reason)) return new DeliveryError('unreachable', `Discord cannot be reached (${reason}).`)
  return new DeliveryError(unclear, `The connection to Discord was lost (${reason || message}).`)
}

/** Why a login or a session ended. */
export interface ConnectionFailure {
  /** `refused` needs a person; `lost` may end by itself. Both are retried. */
  state: 'lost' | 'refused'
  message: string
  /** The least time until the next attempt. */
  waitMs: number
}

const INVALID_TOKEN_CODE = 4004

const CLOSE_MESSAGES: Record<number, string> = {
  [INVALID_TOKEN_CODE]:
    'Discord does not accept DISCORD_TOKEN. Make a new token in the developer portal (Bot, Reset Token), set it and restart Vakt.',
  4010: 'Discord refuses the connection (invalid shard).',
  4011: 'The bot is in too many servers for one connection.',
  4012: 'Discord no longer supports this version of its gateway. Update Vakt.',
  4013: 'Discord refuses the intents of the bot. Update Vakt.',
  4014: 'Discord refuses the intents of the bot. Check in the developer portal, under Bot, that the application is not restricted.',
}

/** For a close code after which the SDK does not reconnect. */
export function closeFailure(code: number): ConnectionFailure {
  return {
    state: 'refused',
    message: CLOSE_MESSAGES[code] ?? `Discord closed the connection (code ${code}).`,
    waitMs: 0,
  }
}

/** For anything that `login` rejects with. */
export function loginFailure(error: unknown): ConnectionFailure {
  const { code, message = '' } = error as { code?: unknown; message?: string }
  if (code === 'TokenInvalid') return closeFailure(INVALID_TOKEN_CODE)
  const [, resetsAt] = /Not enough sessions remaining.*?resets at (\S+)/s.exec(message) ?? []
  if (resetsAt !== undefined)
    return {
      state: 'lost',
      message: `Discord allows the bot no more logins until ${resetsAt}. Vakt waits.`,
      waitMs: NO_LOGINS_LEFT_MS,
    }
  const waitMs = error instanceof RateLimitError ? error.retryAfter : 0
  return { state: 'lost', message: `Vakt cannot connect to Discord. ${errorSentence(error)}`, waitMs }
}
