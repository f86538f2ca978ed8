// Whatever goes wrong between Vakt and Discord's REST, as the refusal that delivery understands and a person can read.
import { DiscordAPIError, HTTPError, RateLimitError } from 'discord.js'
import { DeliveryError, type DeliveryErrorCode } from '../channel.ts'

/** What was being done; decides what a lost answer means and which limit was hit. */
export type Step = 'post' | 'edit' | 'look' | 'thread'

const UNCODED_RETRY = 5_000
/** The message is gone, too old to edit, in an archived thread, or somebody else's. */
const NOT_EDITABLE = [10008, 30046, 50083, 50005]
/** Connecting failed, so nothing was sent. */
const NEVER_SENT = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
]

const ADVICE: Record<number, string> = {
  10003: 'Discord knows no such channel; check DISCORD_CHANNEL_ID',
  10008: 'the message was deleted',
  30046: 'Discord edits messages older than an hour only so often',
  50001: 'the bot may not see the channel; give it View Channel',
  50013: 'the bot lacks a permission in the channel; give it Send Messages, Embed Links and Attach Files',
  50083: 'the thread is archived',
}

/** Maps any error of the REST client; never throws. */
export function deliveryError(error: unknown, step: Step): DeliveryError {
  if (error instanceof DeliveryError) return error
  if (error instanceof RateLimitError) return limited(error.retryAfter, step, error.global)
  if (error instanceof DiscordAPIError) return fromApi(error, step)
  if (error instanceof HTTPError) return fromStatus(error.status, step)
  return fromNetwork(error, step)
}

/** One plain sentence about any error of the SDK, without tokens. */
export function sentence(error: unknown): string {
  if (error instanceof DiscordAPIError)
    return `Discord refused with ${error.status} (${error.code}): ${ADVICE[Number(error.code)] ?? error.message}.`
  return deliveryError(error, 'look').message
}

function limited(retryAfterMs: number, step: Step, global: boolean): DeliveryError {
  const wait = Math.ceil(retryAfterMs > 0 ? retryAfterMs : UNCODED_RETRY)
  const message = `Discord asks to wait ${(wait / 1000).toFixed(1)} s before the next ${step === 'edit' ? 'edit' : 'message'}.`
  return new DeliveryError('limited', message, {
    retryAfterMs: wait,
    scope: global || step === 'look' ? 'all' : step === 'thread' ? 'edit' : step,
  })
}

function fromApi(error: DiscordAPIError, step: Step): DeliveryError {
  const code = Number(error.code)
  if (step === 'edit' && NOT_EDITABLE.includes(code))
    return new DeliveryError('gone', `The message cannot be edited: ${ADVICE[code] ?? error.message}.`)
  // A coded 429 (slow mode, a busy channel) reaches us as an API error; see `client.ts`.
  const retryAfter = (error.rawError as { retry_after?: number }).retry_after
  if (retryAfter !== undefined) return limited(retryAfter * 1000, step, false)
  // The token may be put right, and nothing may be lost until then.
  if (error.status === 401) return new DeliveryError('unreachable', 'Discord does not accept the bot token.')
  return new DeliveryError('refused', `Discord refused the message (${code}): ${ADVICE[code] ?? error.message}.`)
}

/** 503 comes before anything is accepted; after other failures of the server the message may be there. */
function fromStatus(status: number, step: Step): DeliveryError {
  const refusal: DeliveryErrorCode = status === 503 || step === 'look' ? 'unreachable' : 'unsure'
  return new DeliveryError(refusal, `Discord has trouble of its own (status ${status}).`)
}

function fromNetwork(error: unknown, step: Step): DeliveryError {
  const { name, message, code, cause } = error as Error & { code?: string; cause?: { code?: string } }
  const reason = code ?? cause?.code ?? ''
  if (name === 'AbortError')
    return new DeliveryError(step === 'look' ? 'unreachable' : 'unsure', 'Discord did not answer in time.')
  if (NEVER_SENT.includes(reason)) return new DeliveryError('unreachable', `Discord cannot be reached (${reason}).`)
  const refusal: DeliveryErrorCode = step === 'look' ? 'unreachable' : 'unsure'
  return new DeliveryError(refusal, `The connection to Discord broke (${reason || message}).`)
}

export interface Failure {
  /** `refused` needs a person; `lost` may mend itself. Both are tried again. */
  state: 'lost' | 'refused'
  message: string
  /** The least time until the next try. */
  waitMs: number
}

const LONG = 300_000

const BAD_TOKEN =
  'Discord does not accept DISCORD_TOKEN; make a new one in the developer portal (Bot, Reset Token), set it and restart Vakt.'

const CLOSES: Record<number, string> = {
  4004: BAD_TOKEN,
  4010: 'Discord refuses the connection (invalid shard).',
  4011: 'The bot is in too many servers for one connection.',
  4012: 'Discord no longer speaks this version of its gateway; update Vakt.',
  4013: 'Discord refuses the intents of the bot; update Vakt.',
  4014: 'Discord refuses the intents of the bot; check under Bot in the developer portal that the application is not restricted.',
}

/** For a close code after which the SDK does not come back. */
export function explainClose(code: number): Failure {
  return { state: 'refused', message: CLOSES[code] ?? `Discord ended the connection (code ${code}).`, waitMs: 0 }
}

/** For whatever `login` rejects with. */
export function explainError(error: unknown): Failure {
  const { code, message = '' } = error as { code?: unknown; message?: string }
  if (code === 'TokenInvalid') return explainClose(4004)
  const spent = /Not enough sessions remaining.*?resets at (\S+)/s.exec(message)
  if (spent)
    return {
      state: 'lost',
      message: `Discord allows the bot no more logins until ${spent[1]}; Vakt waits.`,
      waitMs: LONG,
    }
  const waitMs = error instanceof RateLimitError ? error.retryAfter : 0
  return { state: 'lost', message: `Discord cannot be joined: ${sentence(error)}`, waitMs }
}
