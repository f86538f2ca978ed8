// Redacts card numbers: digits grouped as on cards, with the prefix and length of an issuer, and a valid Luhn check digit.
import { redactionMark } from './tokens.ts'

/** One or two signs between the groups, always the same; the date of expiry may follow. */
const candidate =
  /(?<![\w.+-])(\d{13,19}|\d{4}([ .\-_\u00a0]{1,2})\d{4}\2\d{4}\2\d{1,7}|\d{4}([ .\-_\u00a0]{1,2})\d{6}\3\d{4,5})(?:-\d{3,4})?(?![\w-]|\.\d)/g

/** Prefixes and lengths by issuer (ISO/IEC 7812): Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay. */
const ISSUERS =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17})$/

/** The text with card numbers replaced; other long numbers stay. */
export function redactCardNumbers(text: string): string {
  return text.replace(candidate, (found, number: string) => {
    const digits = number.replace(/\D/g, '')
    return ISSUERS.test(digits) && luhn(digits) ? redactionMark('card') : found
  })
}

/** Whether the check digit of a number is valid (Luhn, ISO/IEC 7812-1 annex B). */
export function luhn(digits: string): boolean {
  let sum = 0
  for (let at = digits.length - 1, twice = false; at >= 0; at--, twice = !twice) {
    const digit = digits.charCodeAt(at) - 48
    sum += twice ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit
  }
  return sum % 10 === 0
}
