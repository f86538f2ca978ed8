// Finds personal data in texts: e-mail and IP addresses, telephone numbers and IBANs.
import { isIPv4, isIPv6 } from 'node:net'

export const PERSONAL_KINDS = ['email', 'iban', 'ip', 'phone'] as const
export type PersonalKind = (typeof PERSONAL_KINDS)[number]

type Detector = { shape: RegExp; isValid(found: string): boolean }

const BYTE = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)'
const DETECTORS: { [kind in PersonalKind]: Detector } = {
  email: {
    shape: /(?<![\w.+%-])[\w.%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}])/gu,
    isValid: () => true,
  },
  iban: { shape: /(?<![\w-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\w-])/g, isValid: isIban },
  ip: {
    shape: new RegExp(
      `(?<![\\w.-])${BYTE}(?:\\.${BYTE}){3}(?![\\w-]|\\.\\w)|(?<![\\w:.])[0-9a-fA-F:]{2,39}(?:\\.\\d{1,3}){0,3}(?![\\w:.])|(?<![\\w:.])[0-9a-fA-F:]{2,39}(?=\\.(?:\\s|$))`,
      'g',
    ),
    isValid: found => (found.includes(':') ? isIPv6(found) : isIPv4(found)),
  },
  phone: {
    shape:
      /(?<![\w+.-])(?:(?:\+|00)[1-9]\d{0,2}[ \d()./-]{5,20}\d|\(\d{3}\) ?\d{3}[ -]\d{4}|\d{3}[ .-]\d{3}[ .-]\d{4})(?![\w-]|\.\d)/g,
    isValid: found => {
      const digits = found.replace(/\D/g, '').length
      return digits >= 8 && digits <= 17
    },
  },
}

/** The text with each item of a kind replaced by the result of `replace`. */
export function replacePersonal(text: string, kind: PersonalKind, replace: (found: string) => string): string {
  if (kind === 'email' && !text.includes('@')) return text
  const { shape, isValid } = DETECTORS[kind]
  return text.replace(shape, found => (isValid(found) ? replace(found) : found))
}

/** Whether the check digits of an IBAN are valid (ISO 13616: the rearranged number modulo 97 is 1). */
export function isIban(text: string): boolean {
  const bare = text.replaceAll(' ', '')
  if (bare.length < 15 || bare.length > 34) return false
  let rest = 0
  for (const sign of bare.slice(4) + bare.slice(0, 4)) {
    const value = Number.parseInt(sign, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}
