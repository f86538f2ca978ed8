// Parses one term of a query into its node: a word, a phrase, a regular expression, or a field with its value.
import { Problem } from '../../problem.ts'
import { readLevel } from '../intake/levels.ts'
import { LEVELS } from '../line.ts'
import { readNumber } from './attributes.ts'
import { resolveName } from './names.ts'
import { compileRegex } from './regex.ts'
import { syntaxError } from './syntax-error.ts'
import type { Token } from './tokens.ts'
import type { Comparison, QueryNode } from './tree.ts'
import { words } from './words.ts'

type TokenOf<K extends Token['kind']> = Extract<Token, { kind: K }>

/** The node of a term. Throws `invalid` for a value that its field does not take. */
export function parseTerm(token: TokenOf<'text' | 'phrase' | 'regex' | 'field'>, query: string): QueryNode {
  if (token.kind === 'text') return parseText(token, query)
  if (token.kind === 'phrase') return toWordsNode(token.text, token.prefix) ?? throwNoWords(token, query)
  if (token.kind === 'regex') return parseRegex(token, query)
  const node = parseField(token, query)
  return token.operator === '!=' ? { kind: 'not', part: node } : node
}

function parseText(token: TokenOf<'text'>, query: string): QueryNode {
  const star = /\*+[\p{L}\p{N}]/u.exec(token.text)
  if (star) {
    const regex = token.text.split(/\*+/).map(escapeRegex).join('.*')
    throw syntaxError(
      query,
      token,
      `* may only stand at the end of a word, as in timeou*. To search inside words, write /${regex}/.`,
    )
  }
  return toWordsNode(token.text, /[\p{L}\p{N}]\*+$/u.test(token.text)) ?? throwNoWords(token, query)
}

/** One word, or several in a row, because symbols within a term are ignored; null when there is none. */
function toWordsNode(text: string, prefix: boolean): QueryNode | null {
  const found = words(text)
  if (found.length === 0) return null
  if (found.length === 1) return { kind: 'word', text: found[0]!, prefix }
  return prefix ? { kind: 'phrase', words: found, prefix } : { kind: 'phrase', words: found }
}

function throwNoWords(token: Token & { text: string }, query: string): never {
  const advice =
    token.text === '' ? 'Write words between the quotes' : `To find symbols, write /${escapeRegex(token.text)}/`
  throw syntaxError(query, token, `there is no letter or digit to search for. ${advice}.`)
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
  if (meaning?.kind === 'text')
    return toWordsNode(value, value.endsWith('*')) ?? throwNoWords({ ...token, text: value }, query)
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
