// Redacts secrets that are known by their shape: keys of providers, web tokens, private keys, credentials in URLs and headers.
import {
  AT_TRAIT,
  DOT_TRAIT,
  ESCAPE_TRAIT,
  LONG_WORD_TRAIT,
  PREFIX_TRAIT,
  SCHEME_TRAIT,
  SIGN_TRAIT,
} from './prefilter.ts'
import { PREFIX, PREFIXED, UNPREFIXED } from './token-shapes.ts'

/** The text in place of a secret. */
export function redactionMark(kind: string): string {
  return `[hidden:${kind}]`
}

/** The shortest token without a prefix. */
const MIN_LENGTH_WITHOUT_PREFIX = 26
/** The parts of `UNPREFIXED` have one of these. */
const UNPREFIXED_TRAITS = DOT_TRAIT | SIGN_TRAIT | ESCAPE_TRAIT

const urlPassword = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)([^\s/?#"'<>@:]{0,200}):([^\s"'<>/]{1,300})@(?=[\w.[%-])/gi
const urlToken = /\b(https?:\/\/)([^\s/?#"'<>@:]{20,300})@(?=[\w.[-])/gi
/**
 * A user name, not a token: words of letters, each with a few digits, or an e-mail address. Small letters alone stay
 * (`https://DeploymentAccount@host`, `https://deploymentaccountproduction@host`): of random tokens of 20 small letters and digits
 * 1 in 670 has no digit, of hexadecimal ones 1 in 300 million, and names before `@` are common. A random mix of both cases is no
 * row of words and is masked, and so is a token with the prefix of its provider.
 */
const USER_NAME = /^[\w.+-]{1,64}%40[\w.-]{3,100}$|^(?:[A-Z]?[a-z]{2,}(?![a-z])\d{0,4}(?!\d)[-_.]?)+$/
const goPassword = /\b([\w-]{1,60}):([^\s@/]{1,200})@(tcp|unix)\(/g
const header = /\b(bearer|basic)\s{1,3}([\w.~+/-]{8,}={0,2})/gi

/** The text with every secret of a known shape replaced. `traits` are those of the text. */
export function redactTokens(text: string, traits: number): string {
  let redacted = text
  const hasLongWord = (traits & LONG_WORD_TRAIT) !== 0
  if ((traits & PREFIX_TRAIT) !== 0 && PREFIX.test(text))
    for (const [kind, shape] of PREFIXED) redacted = redacted.replace(shape, redactionMark(kind))
  if ((traits & UNPREFIXED_TRAITS) !== 0 && text.length >= MIN_LENGTH_WITHOUT_PREFIX)
    for (const [kind, part, isLong, shape] of UNPREFIXED)
      if ((!isLong || hasLongWord) && redacted.includes(part)) redacted = redacted.replace(shape, redactionMark(kind))
  if ((traits & AT_TRAIT) !== 0)
    redacted = redacted
      .replace(urlPassword, (_, scheme: string, user: string) => `${scheme}${user}:${redactionMark('password')}@`)
      .replace(urlToken, (all, scheme: string, user: string) =>
        USER_NAME.test(user) ? all : `${scheme}${redactionMark('token')}@`,
      )
      .replace(goPassword, (_, user: string, net: string) => `${user}:${redactionMark('password')}@${net}(`)
  if ((traits & SCHEME_TRAIT) === 0) return redacted
  return redacted.replace(header, (all, scheme: string, value: string) =>
    looksRandom(value) ? `${scheme} ${redactionMark('token')}` : all,
  )
}

/** `Basic dXNlcjpwdw==` is a header, `basic authentication` is prose. */
function looksRandom(value: string): boolean {
  return /\d|[a-z][A-Z]|=$/.test(value)
}
