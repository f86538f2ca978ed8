// Says what a failed call to Telegram means for a delivery, and in a sentence what a person can do about it.
import { GrammyError, HttpError } from 'grammy'
import { DeliveryError } from '../channel.ts'

export type Step = 'post' | 'edit'

const NEVER_SENT = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CONNECT_TIMEOUT/
const NOT_EDITABLE = /message to (edit|be replied|reply) not found|message can't be edited|MESSAGE_ID_INVALID/i

/** The delivery error for whatever the Telegram client threw. */
export function deliveryError(error: unknown, step: Step): DeliveryError {
  if (error instanceof DeliveryError) return error
  const unclear = step === 'post' ? 'unsure' : 'unreachable'
  if (error instanceof GrammyError) {
    const { error_code: code, description, parameters } = error
    if (code === 429) {
      const retryAfterMs = Math.max(1, parameters.retry_after ?? 5) * 1000
      return new DeliveryError('limited', `Telegram asks to wait ${retryAfterMs / 1000} s.`, { retryAfterMs })
    }
    if (step === 'edit' && NOT_EDITABLE.test(description))
      return new DeliveryError('gone', 'The message cannot be edited any more.')
    if (code === 401 || code === 404)
      return new DeliveryError('unreachable', 'Telegram does not accept TELEGRAM_BOT_TOKEN.')
    if (code >= 500) return new DeliveryError(unclear, `Telegram has trouble of its own (${code}).`)
    return new DeliveryError('refused', `Telegram refuses this: ${description.slice(0, 200)}.`)
  }
  const reason = error instanceof HttpError ? causes(error.error) : causes(error)
  if (NEVER_SENT.test(reason)) return new DeliveryError('unreachable', 'Telegram cannot be reached.')
  return new DeliveryError(unclear, 'Telegram did not answer, or the connection broke.')
}

/** Whether an edit changed nothing, which is as good as done. */
export function isUnchanged(error: unknown): boolean {
  return error instanceof GrammyError && /message is not modified/i.test(error.description)
}

/** The codes and messages that fetch hides in causes. */
function causes(error: unknown): string {
  const parts: string[] = []
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    parts.push(String((one as { code?: unknown }).code ?? ''), one.message)
  return parts.join(' ')
}
