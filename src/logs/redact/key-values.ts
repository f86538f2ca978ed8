// Redacts the values of secret names in texts: `password=…`, `"apiKey": "…"`, headers, XML, flags; also in escaped JSON.
import { isSecretName } from './secret-names.ts'
import { redactionMark } from './tokens.ts'

/** A name from its very beginning, so that each word is tried once; then the signs between it and its value. */
const named = /(?<![\w.-])([\w.-]{2,200})(?:\]?\\{0,3}["']?\s{0,3}(?:=>|:=|[:=])\s{0,3})/g
const flag = /(?<![\w.-])--([\w.-]{2,80}) {1,3}([^\s-]\S*)/g
const element = /<([A-Za-z_][\w.:-]{1,80})>([^<]{1,2000})(?=<\/)/g
const escapedQuote = /(\\{1,3})(["'])((?:(?!\1\2)[\s\S])*)\1\2/y
const quoted = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y
/** Up to white space, a quote or `&`; a comma or bracket ends it only before another name or at the end. */
const bare = /(?:[^\s"'&,;)}\]]|[,;)}\]](?!\s|$|["']?[\w.-]{1,40}\\{0,3}["']?\s?[=:]))+/y
const scheme = /(?:bearer|basic|digest|token|apikey|aws4-hmac-sha256)\s+\S+/iy
const line = /[^\r\n"']+/y
/** Words that follow such a name in sentences, where they are not a secret. */
const PROSE =
  /^(?:null|none|nil|undefined|true|false|yes|no|not|is|was|has|must|should|too|missing|invalid|expired|incorrect|required|wrong|empty|unknown|rejected|failed|valid|ok|changed|mismatch|denied|revoked|\*+|<[\w -]*>|\$\{?[\w.]*\}?|\.{3})$/i

/** The text with the values of secret names replaced. */
export function redactNamedValues(text: string): string {
  let redacted = ''
  let done = 0
  named.lastIndex = 0
  for (let found = named.exec(text); found; found = named.exec(text)) {
    if (!isSecretName(found[1]!)) continue
    const start = found.index + found[0].length
    const value = valueAt(text, start, found[1]!)
    if (value === null) continue
    redacted += text.slice(done, start) + value.mark
    done = value.end
    named.lastIndex = Math.max(done, start)
  }
  let all = done === 0 ? text : redacted + text.slice(done)
  if (all.includes('--'))
    all = all.replace(flag, (whole, name: string) =>
      isSecretName(name) ? `--${name} ${redactionMark('secret')}` : whole,
    )
  if (!all.includes('</')) return all
  return all.replace(element, (whole, name: string) =>
    isSecretName(name) ? `<${name}>${redactionMark('secret')}` : whole,
  )
}

type Value = { mark: string; end: number }

function valueAt(text: string, start: number, name: string): Value | null {
  const mark = redactionMark(/pass|pwd/i.test(name) ? 'password' : /cookie/i.test(name) ? 'cookie' : 'secret')
  const escaped = matchAt(escapedQuote, text, start)
  if (escaped) {
    const quote = escaped[1]! + escaped[2]!
    return { mark: quote + mark + quote, end: start + escaped[0].length }
  }
  const quotation = matchAt(quoted, text, start)
  if (quotation) {
    const quote = quotation[0][0]!
    const empty = quotation[0].length === 2
    return empty ? null : { mark: quote + mark + quote, end: start + quotation[0].length }
  }
  // A quote that is never closed belongs to the value it opens.
  const begin = text[start] === '"' || text[start] === "'" ? start + 1 : start
  // Cookies and signed headers have several words.
  const several = /cookie/i.test(name) ? matchAt(line, text, begin) : matchAt(scheme, text, begin)
  const word = several ?? matchAt(bare, text, begin)
  if (!word || word[0].startsWith('[hidden:') || PROSE.test(word[0].replace(/[.,;:!?]+$/, ''))) return null
  return { mark, end: begin + word[0].length }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
