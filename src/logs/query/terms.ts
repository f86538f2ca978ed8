// Parses one term of a query into its node: a word, a phrase, a regular expression, or a field with its value.
import { Problem } from '../../problem.ts'
import { readLevel } from '../intake/levels.ts'
import { LEVELS } from '../line.ts'
import { readNumber } from './attributes.ts'
import { readableWords } from './line-words.ts'
import { resolveName } from './names.ts'
import { compileRegex } from './regex.ts'
import { syntaxError, type TextRange } from './syntax-error.ts'
import type { Operator, Token } from './tokens.ts'
import type { Comparison, QueryNode } from './tree.ts'

type TokenOf<K extends Token['kind']> = Extract<Token, { kind: K }>

/** The node of a term. Throws `invalid` for a value that its field does not take. */
export function parseTerm(token: TokenOf<'text' | 'phrase' | 'regex' | 'field' | 'range'>, query: string): QueryNode {
  if (token.kind === 'text') return parseText(token, query)
  if (token.kind === 'phrase') return toWordsNode(token.text, token.prefix) ?? parseSigns(token, token.text, query)
  if (token.kind === 'regex') return parseRegex(token, query)
  if (token.kind === 'range') return parseRange(token, query)
  const node = parseField(token, query)
  return token.operator === '!=' ? { kind: 'not', part: node } : node
}

function parseText(token: TokenOf<'text'>, query: string): QueryNode {
  if (/\*+[\p{L}\p{N}]/u.test(token.text)) {
    const inner = token.text.replace(/^\*+|\*+$/g, '')
    const regex = inner.split(/\*+/).map(escapeRegex).join('.*')
    throw syntaxError(
      query,
      token,
      `* may only stand at the end of a word, as in timeou*. To search inside words, write /${regex}/i.`,
    )
  }
  return toWordsNode(token.text, /[\p{L}\p{M}\p{N}]\*+$/u.test(token.text)) ?? parseSigns(token, token.text, query)
}

/** One word, or several in a row, because symbols within a term are ignored; null when there is none. */
function toWordsNode(text: string, prefix: boolean): QueryNode | null {
  const found = readableWords(text)
  if (found.length === 0) return null
  if (found.length === 1) return { kind: 'word', text: found[0]!, prefix }
  return prefix ? { kind: 'phrase', words: found, prefix } : { kind: 'phrase', words: found }
}

/** A text without letters and digits, such as => or ❌: it is found as it is written. */
function parseSigns(range: TextRange, text: string, query: string): QueryNode {
  if (text.trim() === '')
    throw syntaxError(query, range, 'there is nothing to search for. Write words between the quotes.')
  if (/^\*+$/.test(text))
    throw syntaxError(
      query,
      range,
      '* alone is no condition. Leave it out to find every line; write /\\*/ to find the sign, or host:* for lines with a host.',
    )
  // Whether a sign is shown as an emoji (U+FE0F) differs between programs.
  const source = escapeRegex(text)
    .replace(/\ufe0f+$/, '')
    .replace(/\ufe0f+/g, '\ufe0f?')
  return { kind: 'regex', source: source === '' ? escapeRegex(text) : source, caseless: false }
}

function parseRegex(token: TokenOf<'regex'>, query: string): QueryNode {
  // RE2 takes the flags m and s within the expression; JavaScript's other flags change nothing here.
  const inner = [...token.flags].filter(flag => flag === 'm' || flag === 's').join('')
  const source = inner === '' ? token.source : `(?${inner})${token.source}`
  const caseless = token.flags.includes('i')
  try {
    compileRegex(source, caseless)
  } catch (error) {
    throw error instanceof Problem ? syntaxError(query, token, error.message) : error
  }
  return { kind: 'regex', source, caseless }
}

function parseField(token: TokenOf<'field'>, query: string): QueryNode {
  const { name, value } = token
  const meaning = token.quotedName ? null : resolveName(name)
  if (meaning?.kind === 'level') return parseLevel(token, query)
  if (meaning?.kind === 'text') return toWordsNode(value, value.endsWith('*')) ?? parseSigns(token, value, query)
  const comparison = comparisonOf(token)
  if (meaning?.kind === 'field') {
    if (comparison !== '=')
      throw syntaxError(
        query,
        token,
        `${name} is a text, which cannot be compared with ${token.operator}. Write ${name}:${bareValue(value)}.`,
      )
    const node: QueryNode = { kind: 'field', field: meaning.field, value }
    if (meaning.alias === undefined) return node
    return { kind: 'or', parts: [node, { kind: 'attribute', path: meaning.alias, comparison, value }] }
  }
  if (comparison !== '=' && readNumber(value) === null)
    throw syntaxError(query, token, `${value || 'nothing'} is not a number. Write ${name}${comparison}500.`)
  return { kind: 'attribute', path: name, comparison, value }
}

/** Both bounds of a range; one without bounds is any value. */
function parseRange({ name, low, high, at, end }: TokenOf<'range'>, query: string): QueryNode {
  const toField = (operator: Operator, value: string) =>
    parseField({ kind: 'field', name, quotedName: false, operator, value, at, end }, query)
  const parts: QueryNode[] = []
  if (low) parts.push(toField(low.isIncluded ? '>=' : '>', low.value))
  if (high) parts.push(toField(high.isIncluded ? '<=' : '<', high.value))
  if (parts.length === 0) return toField(':', '*')
  return parts.length === 1 ? parts[0]! : { kind: 'and', parts }
}

function parseLevel(token: TokenOf<'field'>, query: string): QueryNode {
  const level = readLevel(token.value)
  if (level) return { kind: 'level', comparison: comparisonOf(token), level }
  const isOperator = /^[<>=!:]/.test(token.value)
  const message = isOperator
    ? `${token.operator}${token.value[0]} is not a comparison. Use one of : < <= > >= !=, such as level>=warn.`
    : `${token.value} is not a level. The levels are ${LEVELS.join(', ')}.`
  throw syntaxError(query, token, message)
}

function comparisonOf(token: TokenOf<'field'>): Comparison {
  return token.operator === ':' || token.operator === '!=' ? '=' : token.operator
}

function bareValue(value: string): string {
  return value.replace(/^[<>=!:]+/, '') || 'web-1'
}

/** The expression that finds exactly this text. `RegExp.escape` would write some letters as numbers, which nobody can read. */
function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
