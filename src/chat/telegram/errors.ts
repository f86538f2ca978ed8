// What a failed call to Telegram means for a delivery, and what a person can do about it.
import { GrammyError, HttpError } from 'grammy'
import { SECOND } from '../../time.ts'
import { DeliveryError } from '../channel.ts'

/** What was attempted; a post that may have arrived must not be repeated without a look. */
export type Step = 'post' | 'edit'

const NOT_SENT = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CONNECT_TIMEOUT/
const NOT_EDITABLE = /message to (edit|be replied|reply) not found|message can't be edited|MESSAGE_ID_INVALID/i
/** What Telegram refuses with 400 for any message; all other 400 are about the message itself. */
const ABOUT_THE_CHAT =
  /\b(chat|peer|rights?|topic|thread|forbidden|kicked|blocked|deactivated|upgraded|channel)|CHAT_|USER_|PEER_/i
const DEFAULT_RETRY_SECONDS = 5

/** The delivery error for anything that the Telegram client threw. */
export function deliveryError(error: unknown, step: Step): DeliveryError {
  if (error instanceof DeliveryError) return error
  const unclear = step === 'post' ? 'unsure' : 'unreachable'
  if (error instanceof GrammyError) return fromApi(error, step, unclear)
  const reason = causesOf(error instanceof HttpError ? error.error : error)
  if (NOT_SENT.test(reason)) return new DeliveryError('unreachable', 'Telegram cannot be reached.')
  return new DeliveryError(unclear, 'Telegram did not answer, or the connection was lost.')
}

/** Whether an edit failed only because it changed nothing. */
export function isUnchanged(error: unknown): boolean {
  return error instanceof GrammyError && /message is not modified/i.test(error.description)
}

function fromApi(error: GrammyError, step: Step, unclear: 'unsure' | 'unreachable'): DeliveryError {
  const { error_code: code, description, parameters } = error
  if (code === 429) {
    const retryAfterMs = Math.max(1, parameters.retry_after ?? DEFAULT_RETRY_SECONDS) * SECOND
    return new DeliveryError('limited', `Telegram limits the bot: retry in ${retryAfterMs / SECOND} s.`, {
      retryAfterMs,
    })
  }
  if (step === 'edit' && NOT_EDITABLE.test(description))
    return new DeliveryError('gone', 'The message can no longer be edited.', {
      isStillShown: /can't be edited/i.test(description),
    })
  if (code === 401 || code === 404)
    return new DeliveryError('unreachable', 'Telegram does not accept the token. Check TELEGRAM_BOT_TOKEN.')
  if (code >= 500) return new DeliveryError(unclear, `Telegram failed with an error of its own (${code}).`)
  const isForm = (code === 400 || code === 413) && !ABOUT_THE_CHAT.test(description)
  return new DeliveryError(
    isForm ? 'invalid_form' : 'refused',
    `Telegram refused the message: ${description.slice(0, 200)}.`,
  )
}

/** The codes and messages that fetch hides in causes. */
function causesOf(error: unknown): string {
  const parts: string[] = []
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    parts.push(String((cause as { code?: unknown }).code ?? ''), cause.message)
  return parts.join(' ')
}
