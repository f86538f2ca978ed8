// What a failed mail means for a delivery, and what a person can do about it.
import { DeliveryError } from '../channel.ts'

const NOT_SENT = new Set([
  'ECONNECTION',
  'ECONNREFUSED',
  'EDNS',
  'ENOTFOUND',
  'ETLS',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ESOCKET',
])

/** Too large, or content that is not accepted (RFC 3463: X.2.3, X.3.4, X.6.x). */
const INVALID_FORM = /\b5\.(2\.3|3\.4|6\.\d+)\b/

/** The delivery error for anything that nodemailer threw. */
export function deliveryError(
  error: Error & { code?: string; responseCode?: number; command?: string; response?: string },
): DeliveryError {
  const { code = '', responseCode: status = 0, command, response = '' } = error
  if (code === 'EAUTH')
    return new DeliveryError('refused', 'The mail server does not accept the user and password in SMTP_URL.')
  // 4yz means "try again later" (RFC 5321, 4.2.1), as servers that greylist answer.
  if (status >= 400 && status < 500)
    return new DeliveryError('unreachable', `The mail server asks to try again later (${status}).`)
  if (status === 552 || (status >= 500 && INVALID_FORM.test(response)))
    return new DeliveryError('invalid_form', `The mail server refused the mail for its size or content (${status}).`)
  if (status >= 500) return new DeliveryError('refused', `The mail server refused the mail (${status}).`)
  if (NOT_SENT.has(code) || (code === 'ETIMEDOUT' && command === 'CONN'))
    return new DeliveryError('unreachable', `The mail server cannot be reached (${code}).`)
  return new DeliveryError('unsure', `The connection to the mail server was lost (${code || 'no reason given'}).`)
}
