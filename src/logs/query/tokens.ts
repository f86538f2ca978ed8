// Splits a query into tokens: words, phrases, expressions, fields with their values, parentheses, OR and NOT.
import { isPlainText, isTimeName, resolveName, timeAlias } from './names.ts'
import { isTimeText, restOfTime } from './spoken-times.ts'
import { syntaxError, type TextRange } from './syntax-error.ts'
import { words } from './words.ts'

export type Operator = ':' | '=' | '!=' | '<' | '<=' | '>' | '>='

export type Token = TextRange &
  (
    | { kind: 'open' | 'close' | 'or' | 'and' | 'not' }
    | { kind: 'text'; text: string }
    | { kind: 'phrase'; text: string; prefix: boolean }
    | { kind: 'regex'; source: string; flags: string }
    /** `quotedName`: the name is in quotes, so it is always an attribute. */
    | { kind: 'field'; name: string; quotedName: boolean; operator: Operator; value: string }
    /** Numbers or levels between two bounds; null for none. */
    | { kind: 'range'; name: string; low: Bound | null; high: Bound | null }
    | { kind: 'day'; word: 'today' | 'yesterday' }
  )

export type Bound = { value: string; isIncluded: boolean }

const QUOTES: { [open: string]: string } = { '"': '"', '“': '”“"', '„': '“”"', '”': '”"' }
const name = /[\p{L}_@$][\p{L}\p{N}_.@$/-]*/uy
const operator = /!=|==|:?(?:>=|<=|>|<|=)|:/y
const expression = /\/((?:[^/\\]|\\.)+)\/([gimsuy]{0,6})(?=[\s)]|$)/suy
/** Lucene's `[1 TO 3]`, and `1..3` as GitHub has it. */
const bracketRange = /([[{])\s*([^\s\]}]+)\s+TO\s+([^\s\]}]+)\s*([\]}])(?=[\s)]|$)/iy
const dotRange = /(-?\d+(?:\.\d+)?|\*|[a-z]+)?\.\.(-?\d+(?:\.\d+)?|\*|[a-z]+)?(?=[\s)]|$)/iy
const punctuation = /[:=,;.!?]+(?=[\s)]|$)/y
const KEYWORDS = { OR: 'or', AND: 'and', NOT: 'not', '||': 'or', '&&': 'and' } as const

/** The tokens of a query in order; none is left out. Throws `invalid` for an unclosed quote. */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < query.length) {
    if (/\s/.test(query[at]!)) {
      at++
      continue
    }
    const token = nextToken(query, at)
    at = token.end
    tokens.push(token)
  }
  return tokens
}

function nextToken(query: string, at: number): Token {
  const sign = query[at]!
  if (sign === '(') return { kind: 'open', at, end: at + 1 }
  if (sign === ')') return { kind: 'close', at, end: at + 1 }
  if (sign in QUOTES) return quotedToken(query, at)
  if (sign === '/') {
    const found = matchAt(expression, query, at)
    if (found)
      return {
        kind: 'regex',
        source: found[1]!,
        flags: found[2]!,
        at,
        end: at + found[0].length,
      }
  }
  if (sign === '!' && isExclamation(query, at)) return { kind: 'not', at, end: at + 1 }
  if (sign === '-' && isNegation(query, at)) return { kind: 'not', at, end: at + 1 }
  return fieldToken(query, at) ?? plainToken(query, at)
}

/** A minus negates what directly follows it, signs too; `--flag`, `->` and a lone minus are text. */
function isNegation(query: string, at: number): boolean {
  const after = query[at + 1] ?? ' '
  if (/[\s\-)]/.test(after)) return false
  return after !== '>' || words(readBare(query, at).text).length > 0
}

/** `!n:7`, `!(a b)` and `!"a b"` negate; any other exclamation mark is text. */
function isExclamation(query: string, at: number): boolean {
  const after = query[at + 1] ?? ' '
  return (
    after === '(' ||
    after in QUOTES ||
    matchAt(expression, query, at + 1) !== null ||
    fieldToken(query, at + 1) !== null
  )
}

function quotedToken(query: string, at: number): Token {
  const quoted = readQuoted(query, at)
  const found = matchAt(operator, query, quoted.end)
  const start = quoted.end + (found?.[0].length ?? 0)
  // `"user":"Ann"` is an attribute; `"refused": x` is a phrase and more text.
  if (found && start < query.length && !/[\s)]/.test(query[start]!)) {
    const value = readValue(query, start)
    return makeField(quoted.text, true, found[0], value.text, { at, end: value.end })
  }
  const prefix = query[quoted.end] === '*'
  if (prefix) return { kind: 'phrase', text: quoted.text, prefix, at, end: quoted.end + 1 }
  // Like within a term, punctuation that touches words is no condition of its own.
  const glued = matchAt(punctuation, query, quoted.end)?.[0].length ?? 0
  return {
    kind: 'phrase',
    text: quoted.text,
    prefix,
    at,
    end: quoted.end + (words(quoted.text).length > 0 ? glued : 0),
  }
}

function fieldToken(query: string, at: number): Token | null {
  const named = matchAt(name, query, at)?.[0]
  const sign = named === undefined ? undefined : matchAt(operator, query, at + named.length)?.[0]
  if (named === undefined || sign === undefined) return null
  const start = at + named.length + sign.length
  const known = resolveName(named)
  if (start >= query.length || /[\s)]/.test(query[start]!)) {
    if (!known || named !== named.toLowerCase()) return null
    throw syntaxError(
      query,
      { at, end: start },
      `${named} needs a value directly after it, such as ${EXAMPLES[known.kind]}.`,
    )
  }
  return rangeToken(query, { at, end: start }, named, sign) ?? valueToken(query, { at, end: start }, named, sign)
}

/** A field with the value that begins at `end`; null when the two are clearly text. */
function valueToken(query: string, { at, end: start }: TextRange, named: string, sign: string): Token | null {
  const known = resolveName(named)
  const value = readValue(query, start)
  const span = { at, end: value.end }
  const time = /^[:=]$/.test(sign) && !value.quoted && isTimeText(value.text) ? timeAlias(named) : undefined
  if (isTimeName(named) && isTimeText(value.text.split('..')[0]!)) throw timeError(query, span, sign, value.text)
  if (!known && !value.quoted && isPlainText(named, sign.replace(/^:(?=.)/, ''), value.text)) return null
  if (known?.kind !== 'time' && time === undefined) return makeField(named, false, sign, value.text, span)
  // `since:yesterday 14:00` is one instant although it contains a space.
  const longer = value.quoted ? null : restOfTime(value.text, query, value.end)
  return makeField(time ?? named, false, sign, longer?.text ?? value.text, { at, end: longer?.end ?? value.end })
}

/** A field with a range of values, or null. */
function rangeToken(query: string, { at, end }: TextRange, named: string, sign: string): Token | null {
  if (sign !== ':' && sign !== '=') return null
  const dots = matchAt(dotRange, query, end)
  const found = matchAt(bracketRange, query, end) ?? (dots && /\d|^[a-z]+\.\.[a-z]+$/i.test(dots[0]) ? dots : null)
  if (!found) return null
  const span = { at, end: end + found[0].length }
  const [low, high] = found.length > 3 ? [found[2], found[3]] : [found[1], found[2]]
  if (resolveName(named)?.kind === 'time' || isTimeName(named) || [low, high].some(bound => isTimeText(bound ?? '')))
    throw timeError(query, span, sign, `${low ?? '*'}..${high ?? '*'}`)
  // Between letters, two dots are a range of levels only.
  if (found === dots && !/\d/.test(found[0]) && resolveName(named)?.kind !== 'level') return null
  const bound = (value: string | undefined, isIncluded: boolean) =>
    value === undefined || value === '*' ? null : { value, isIncluded }
  return { kind: 'range', name: named, low: bound(low, found[1] !== '{'), high: bound(high, found[4] !== '}'), ...span }
}

/** The time of a line is no attribute, so a comparison with it would silently find nothing. */
function timeError(query: string, range: TextRange, sign: string, value: string): Error {
  const [from = '14:00', to] = value.split('..').map(bound => (bound === '*' ? undefined : bound))
  const right = to ? `since:${from} until:${to}` : `${sign.includes('<') ? 'until' : 'since'}:${from}`
  return syntaxError(query, range, `the time of a line is searched with since: and until:. Write ${right}.`)
}

const EXAMPLES = { level: 'level:error', field: 'host:web-1', text: 'message:timeout', time: 'last:15m' }

function makeField(named: string, quotedName: boolean, sign: string, value: string, span: TextRange): Token {
  const bare = sign.length > 1 ? sign.replace(/^:/, '').replace('==', '=') : sign
  return { kind: 'field', name: named, quotedName, operator: bare as Operator, value, ...span }
}

function plainToken(query: string, at: number): Token {
  const { text, end } = readBare(query, at)
  if (Object.hasOwn(KEYWORDS, text)) return { kind: KEYWORDS[text as keyof typeof KEYWORDS], at, end }
  const day = text.toLowerCase()
  if (day === 'today' || day === 'yesterday') return { kind: 'day', word: day, at, end }
  return { kind: 'text', text, at, end }
}

function readValue(query: string, at: number): { text: string; end: number; quoted: boolean } {
  return query[at]! in QUOTES ? { ...readQuoted(query, at), quoted: true } : { ...readBare(query, at), quoted: false }
}

/** Up to white space or the end of an outer parenthesis; parentheses within the text belong to it. */
function readBare(query: string, at: number): { text: string; end: number } {
  let depth = 0
  let end = at
  for (; end < query.length && !/\s/.test(query[end]!); end++) {
    if (query[end] === '(') depth++
    else if (query[end] === ')' && --depth < 0) break
  }
  return { text: query.slice(at, end), end }
}

function readQuoted(query: string, at: number): { text: string; end: number } {
  const closing = QUOTES[query[at]!]!
  let text = ''
  for (let end = at + 1; end < query.length; end++) {
    const sign = query[end]!
    if (closing.includes(sign)) return { text, end: end + 1 }
    const escaped = sign === '\\' && (query[end + 1] === '\\' || closing.includes(query[end + 1] ?? ' '))
    text += escaped ? query[++end] : sign
  }
  throw syntaxError(query, { at, end: at + 1 }, 'this quote is never closed. Put a quote at the end of the phrase.')
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
