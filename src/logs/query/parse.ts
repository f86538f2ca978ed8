// Parses a query as people type it into the tree that stores compile, and the time range.
import { resolveName } from './names.ts'
import { syntaxError, type TextRange } from './syntax-error.ts'
import { parseTerm } from './terms.ts'
import { resolveTimes, type TimeTerm } from './times.ts'
import { type Token, tokenize } from './tokens.ts'
import type { Query, QueryNode } from './tree.ts'

const MAX_QUERY_LENGTH = 2_000
const MAX_TOKENS = 200
const MAX_DEPTH = 30

/**
 * Parses a query; the empty one matches every line. Conditions side by side must all match and bind tighter than `OR`; `-`
 * and `NOT` bind tightest. Times apply to the whole query and are resolved at `now` (epoch ms) in `timeZone`.
 * Throws `invalid` on the field `query` with the position of the error and what is expected.
 */
export function parseQuery(text: string, now: number, timeZone: string): Query {
  if (text.length > MAX_QUERY_LENGTH)
    throw syntaxError(
      text,
      { at: MAX_QUERY_LENGTH, end: text.length },
      `a query may have at most ${MAX_QUERY_LENGTH} characters.`,
    )
  const tokens = tokenize(text)
  if (tokens.length > MAX_TOKENS)
    throw syntaxError(text, tokens[MAX_TOKENS]!, `a query may have at most ${MAX_TOKENS} terms.`)
  const { times, rest } = extractTimes(tokens, text)
  const where = rest.length === 0 ? null : new Parser(rest, text).parse()
  return { where, ...resolveTimes(times, text, now, timeZone) }
}

/** Separates the times, which stand beside conditions but apply to the whole query. */
function extractTimes(tokens: readonly Token[], text: string): { times: TimeTerm[]; rest: Token[] } {
  const times: TimeTerm[] = []
  const rest: Token[] = []
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    const time = timeOf(token, text)
    if (token.kind === 'open') depth++
    if (token.kind === 'close') depth--
    if (!time) {
      rest.push(token)
      continue
    }
    if (depth > 0 || tokens[index - 1]?.kind === 'not' || isAlternative(tokens, index))
      throw syntaxError(
        text,
        token,
        'a time applies to the whole query. Write it outside of parentheses, without OR and minus.',
      )
    times.push(time)
  }
  return { times, rest }
}

/** Whether a token stands alone on a side of OR. */
function isAlternative(tokens: readonly Token[], index: number): boolean {
  const neighbours = [tokens[index - 1]?.kind, tokens[index + 1]?.kind]
  return neighbours.includes('or') && neighbours.every(kind => kind === undefined || kind === 'or')
}

function timeOf(token: Token, text: string): TimeTerm | null {
  if (token.kind === 'day') return token
  if (token.kind !== 'field' || token.quotedName) return null
  const meaning = resolveName(token.name)
  if (meaning?.kind !== 'time') return null
  if (token.operator !== ':' && token.operator !== '=')
    throw syntaxError(
      text,
      token,
      `${meaning.word} needs a colon and a value, such as ${meaning.word}:${EXAMPLES[meaning.word]}.`,
    )
  return { kind: meaning.word, value: token.value, at: token.at, end: token.end }
}

const EXAMPLES = { last: '15m', since: '14:00', until: '14:30' }

/** A recursive descent parser: alternatives, conditions side by side, negations. */
class Parser {
  private at = 0
  private depth = 0
  private readonly tokens: readonly Token[]
  private readonly text: string

  constructor(tokens: readonly Token[], text: string) {
    this.tokens = tokens
    this.text = text
  }

  parse(): QueryNode {
    const node = this.disjunction()
    const rest = this.tokens[this.at]
    if (rest) throw this.error(rest, 'this parenthesis was never opened. Remove it, or open one before it.')
    return node
  }

  private disjunction(): QueryNode {
    const parts = [this.conjunction()]
    while (this.tokens[this.at]?.kind === 'or') {
      this.at++
      parts.push(this.conjunction())
    }
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
  }

  private conjunction(): QueryNode {
    const parts: QueryNode[] = []
    for (let token = this.tokens[this.at]; token && token.kind !== 'or' && token.kind !== 'close'; ) {
      if (token.kind === 'and') {
        if (parts.length === 0) throw this.error(token, 'AND needs a condition before it.')
        this.at++
        this.requireNext(token, 'AND needs a condition after it.')
      }
      parts.push(this.condition())
      token = this.tokens[this.at]
    }
    if (parts.length === 0) throw this.emptyError()
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
  }

  private condition(): QueryNode {
    const token = this.tokens[this.at++]!
    switch (token.kind) {
      case 'not':
        this.requireNext(token, 'a negation needs a condition after it, such as -debug.')
        return { kind: 'not', part: this.condition() }
      case 'open':
        return this.parentheses(token)
      case 'text':
      case 'phrase':
      case 'regex':
      case 'field':
      case 'range':
        return parseTerm(token, this.text)
      default:
        throw this.error(token, 'a condition is expected here, such as a word or level:error.')
    }
  }

  private parentheses(open: Token): QueryNode {
    if (++this.depth > MAX_DEPTH) throw this.error(open, `parentheses may be nested at most ${MAX_DEPTH} deep.`)
    if (this.tokens[this.at]?.kind === 'close')
      throw this.error(open, 'these parentheses are empty. Write a condition in them, or remove them.')
    this.requireNext(open, 'this parenthesis is never closed. Close it, or put text with parentheses in quotes.')
    const node = this.disjunction()
    if (this.tokens[this.at]?.kind !== 'close')
      throw this.error(open, 'this parenthesis is never closed. Close it, or put text with parentheses in quotes.')
    this.at++
    this.depth--
    return node
  }

  private requireNext(token: Token, message: string): void {
    const kind = this.tokens[this.at]?.kind
    if (kind === undefined || (token.kind !== 'open' && (kind === 'close' || kind === 'or' || kind === 'and')))
      throw this.error(token, message)
  }

  private emptyError(): Error {
    const token = this.tokens[this.at]
    const before = this.tokens[this.at - 1]
    if (before?.kind === 'or') return this.error(before, 'OR needs a condition after it.')
    if (token?.kind === 'or') return this.error(token, 'OR needs a condition before it.')
    return this.error(
      token ?? { at: this.text.length, end: this.text.length },
      'this parenthesis was never opened. Remove it.',
    )
  }

  private error(range: TextRange, message: string): Error {
    return syntaxError(this.text, range, message)
  }
}
