// Splits a query into tokens: words, phrases, expressions, fields with their values, parentheses, OR and NOT.
import { isPlainText, resolveName } from './names.ts'
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
    | { kind: 'day'; word: 'today' | 'yesterday' }
  )

const QUOTES: { [open: string]: string } = { '"': '"', '“': '”“"', '„': '“”"', '”': '”"' }
const name = /[\p{L}_@$][\p{L}\p{N}_.@$/-]*/uy
const operator = /!=|==|:?(?:>=|<=|>|<|=)|:/y
const expression = /\/((?:[^/\\]|\\.)+)\/([gimsuy]{0,6})(?=[\s)]|$)/suy
const timeOfDay = /\s+(\d{1,2}:\d{2}(?::\d{2})?)(?=[\s)]|$)/y
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
  if (sign === '-' && isNegation(query, at)) return { kind: 'not', at, end: at + 1 }
  return fieldToken(query, at) ?? plainToken(query, at)
}

/** A minus negates what directly follows it, signs too; `--flag`, `->` and a lone minus are text. */
function isNegation(query: string, at: number): boolean {
  const after = query[at + 1] ?? ' '
  if (/[\s\-)]/.test(after)) return false
  return after !== '>' || words(readBare(query, at).text).length > 0
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
  const value = readValue(query, start)
  const span = { at, end: value.end }
  if (!known && !value.quoted && isPlainText(named, sign.replace(/^:(?=.)/, ''), value.text)) return null
  if (known?.kind !== 'time') return makeField(named, false, sign, value.text, span)
  // `since:yesterday 14:00` is one instant although it contains a space.
  const day = /^(?:today|yesterday|\d{4}-\d\d-\d\d)$/i.test(value.text) && matchAt(timeOfDay, query, value.end)
  if (!day) return makeField(named, false, sign, value.text, span)
  return makeField(named, false, sign, `${value.text} ${day[1]}`, { at, end: value.end + day[0].length })
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
