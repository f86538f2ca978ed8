// Reads a query as people type it into the tree that stores compile and the two instants it lies between.

import { meaningOf } from './names.ts'
import { type Span, syntaxError } from './syntax-error.ts'
import { readTerm } from './terms.ts'
import { readTimes, type TimeTerm } from './times.ts'
import { type Token, tokenise } from './tokens.ts'
import type { Query, QueryNode } from './tree.ts'

const LONGEST_QUERY = 2_000
const MOST_PIECES = 200
const DEEPEST = 30

/**
 * Reads a query; the empty one fits every line. Conditions side by side must all hold and bind tighter than `OR`; `-` and
 * `NOT` bind tightest. Times hold for the whole query and are read at `now` (epoch ms) in `timeZone`.
 * Throws `invalid` on the field `query` with where the mistake is and what would be right.
 */
export function parseQuery(text: string, now: number, timeZone: string): Query {
  if (text.length > LONGEST_QUERY)
    throw syntaxError(text, { at: LONGEST_QUERY, end: text.length }, `a query has at most ${LONGEST_QUERY} characters.`)
  const tokens = tokenise(text)
  if (tokens.length > MOST_PIECES)
    throw syntaxError(text, tokens[MOST_PIECES]!, `a query has at most ${MOST_PIECES} pieces.`)
  if (tokens.length === 0 && text.trim() !== '')
    throw syntaxError(
      text,
      { at: 0, end: text.length },
      'there is no letter or digit to search for. Signs are found by /=>/.',
    )
  const { times, rest } = takeTimes(tokens, text)
  const where = rest.length === 0 ? null : new Reader(rest, text).all()
  return { where, ...readTimes(times, text, now, timeZone) }
}

/** Sets the times apart, which stand beside conditions but narrow the query as a whole. */
function takeTimes(tokens: readonly Token[], text: string): { times: TimeTerm[]; rest: Token[] } {
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
      throw syntaxError(text, token, 'a time holds for the whole query. Write it without parentheses, OR or a minus.')
    times.push(time)
  }
  return { times, rest }
}

/** Whether a piece stands alone on a side of OR. */
function isAlternative(tokens: readonly Token[], index: number): boolean {
  const beside = [tokens[index - 1]?.kind, tokens[index + 1]?.kind]
  return beside.includes('or') && beside.every(kind => kind === undefined || kind === 'or')
}

function timeOf(token: Token, text: string): TimeTerm | null {
  if (token.kind === 'day') return token
  if (token.kind !== 'field' || token.quotedName) return null
  const meaning = meaningOf(token.name)
  if (meaning?.kind !== 'time') return null
  if (token.operator !== ':' && token.operator !== '=')
    throw syntaxError(text, token, `${meaning.word} takes a colon, such as ${meaning.word}:${EXAMPLES[meaning.word]}.`)
  return { kind: meaning.word, value: token.value, at: token.at, end: token.end }
}

const EXAMPLES = { last: '15m', since: '14:00', until: '14:30' }

/** Descends through alternatives, conditions side by side, and negations. */
class Reader {
  private at = 0
  private depth = 0
  private readonly tokens: readonly Token[]
  private readonly text: string

  constructor(tokens: readonly Token[], text: string) {
    this.tokens = tokens
    this.text = text
  }

  all(): QueryNode {
    const node = this.alternatives()
    const left = this.tokens[this.at]
    if (left) throw this.wrong(left, 'this parenthesis closes none. Open one before it, or leave it out.')
    return node
  }

  private alternatives(): QueryNode {
    const parts = [this.together()]
    while (this.tokens[this.at]?.kind === 'or') {
      this.at++
      parts.push(this.together())
    }
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts }
  }

  private together(): QueryNode {
    const parts: QueryNode[] = []
    for (let token = this.tokens[this.at]; token && token.kind !== 'or' && token.kind !== 'close'; ) {
      if (token.kind === 'and') {
        if (parts.length === 0) throw this.wrong(token, 'AND has nothing before it. It stands between two conditions.')
        this.at++
        this.mustFollow(token, 'AND has nothing after it. It stands between two conditions.')
      }
      parts.push(this.single())
      token = this.tokens[this.at]
    }
    if (parts.length === 0) throw this.nothing()
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
  }

  private single(): QueryNode {
    const token = this.tokens[this.at++]!
    switch (token.kind) {
      case 'not':
        this.mustFollow(token, 'there is nothing after it to leave out. Write a word after it, such as -debug.')
        return { kind: 'not', part: this.single() }
      case 'open':
        return this.parentheses(token)
      case 'text':
      case 'phrase':
      case 'regex':
      case 'field':
        return readTerm(token, this.text)
      default:
        throw this.wrong(token, 'it stands between two conditions.')
    }
  }

  private parentheses(open: Token): QueryNode {
    if (++this.depth > DEEPEST) throw this.wrong(open, `parentheses go at most ${DEEPEST} deep.`)
    if (this.tokens[this.at]?.kind === 'close') throw this.wrong(open, 'there is nothing in these parentheses.')
    this.mustFollow(open, 'this parenthesis is never closed. Close it, or put text with parentheses in quotes.')
    const node = this.alternatives()
    if (this.tokens[this.at]?.kind !== 'close')
      throw this.wrong(open, 'this parenthesis is never closed. Close it, or put text with parentheses in quotes.')
    this.at++
    this.depth--
    return node
  }

  private mustFollow(token: Token, otherwise: string): void {
    const kind = this.tokens[this.at]?.kind
    if (kind === undefined || (token.kind !== 'open' && (kind === 'close' || kind === 'or' || kind === 'and')))
      throw this.wrong(token, otherwise)
  }

  private nothing(): Error {
    const token = this.tokens[this.at]
    const before = this.tokens[this.at - 1]
    if (before?.kind === 'or') return this.wrong(before, 'OR has nothing after it. It stands between two conditions.')
    if (token?.kind === 'or') return this.wrong(token, 'OR has nothing before it. It stands between two conditions.')
    return this.wrong(token ?? { at: this.text.length, end: this.text.length }, 'this parenthesis closes none.')
  }

  private wrong(span: Span, what: string): Error {
    return syntaxError(this.text, span, what)
  }
}
