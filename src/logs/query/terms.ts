// Turns one piece of a query into its node: a word, a phrase, a regular expression, or a field with its value.
import { Problem } from '../../problem.ts'
import { readLevel } from '../intake/levels.ts'
import { LEVELS } from '../line.ts'
import { readNumber } from './attributes.ts'
import { meaningOf } from './names.ts'
import { compileRegex } from './regex.ts'
import { syntaxError } from './syntax-error.ts'
import type { Token } from './tokens.ts'
import type { Comparison, QueryNode } from './tree.ts'
import { words } from './words.ts'

type TokenOf<K extends Token['kind']> = Extract<Token, { kind: K }>

/** The node of a piece that stands for a condition. */
export function readTerm(token: TokenOf<'text' | 'phrase' | 'regex' | 'field'>, query: string): QueryNode {
  if (token.kind === 'text') return textNode(token, query)
  if (token.kind === 'phrase') return wordsNode(token.text, token.prefix) ?? noWords(token, query)
  if (token.kind === 'regex') return regexNode(token, query)
  const node = fieldNode(token, query)
  return token.operator === '!=' ? { kind: 'not', part: node } : node
}

function textNode(token: TokenOf<'text'>, query: string): QueryNode {
  const star = /\*+[\p{L}\p{N}]/u.exec(token.text)
  if (star) {
    const regex = token.text.split(/\*+/).map(literally).join('.*')
    throw syntaxError(query, token, `* can only end a word, as in timeou*. To look inside words, search /${regex}/.`)
  }
  return wordsNode(token.text, /[\p{L}\p{N}]\*+$/u.test(token.text)) ?? noWords(token, query)
}

/** One word, or several in a row, as signs within a piece are set aside; null when there is none. */
function wordsNode(text: string, prefix: boolean): QueryNode | null {
  const found = words(text)
  if (found.length === 0) return null
  if (found.length === 1) return { kind: 'word', text: found[0]!, prefix }
  return prefix ? { kind: 'phrase', words: found, prefix } : { kind: 'phrase', words: found }
}

function noWords(token: Token & { text: string }, query: string): never {
  const instead = token.text === '' ? 'Write words between the quotes' : `Signs are found by /${literally(token.text)}/`
  throw syntaxError(query, token, `there is no letter or digit to search for. ${instead}.`)
}

function regexNode(token: TokenOf<'regex'>, query: string): QueryNode {
  // Flags that RE2 takes within the expression go there; the rest of JavaScript's change nothing here.
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

function fieldNode(token: TokenOf<'field'>, query: string): QueryNode {
  const { name, value } = token
  const meaning = token.quotedName ? null : meaningOf(name)
  if (meaning?.kind === 'level') return levelNode(token, query)
  if (meaning?.kind === 'text')
    return wordsNode(value, value.endsWith('*')) ?? noWords({ ...token, text: value }, query)
  const comparison = relation(token)
  if (meaning?.kind === 'field') {
    if (comparison !== '=')
      throw syntaxError(query, token, `${name} is a text and cannot be compared. Write ${name}:${tail(value)}.`)
    const node: QueryNode = { kind: 'field', field: meaning.field, value }
    if (meaning.alias === undefined) return node
    return { kind: 'or', parts: [node, { kind: 'attribute', path: meaning.alias, comparison, value }] }
  }
  if (comparison !== '=' && readNumber(value) === null)
    throw syntaxError(query, token, `${name}${comparison} needs a number, such as ${name}${comparison}500.`)
  return { kind: 'attribute', path: name, comparison, value }
}

function levelNode(token: TokenOf<'field'>, query: string): QueryNode {
  const level = readLevel(token.value)
  if (level) return { kind: 'level', comparison: relation(token), level }
  const doubled = /^[<>=!:]/.test(token.value)
  const what = doubled
    ? `${token.operator}${token.value[0]} is no comparison. Write one of : < <= > >= !=, such as level>=warn.`
    : `${token.value} is no level. The levels are ${LEVELS.join(', ')}.`
  throw syntaxError(query, token, what)
}

function relation(token: TokenOf<'field'>): Comparison {
  return token.operator === ':' || token.operator === '!=' ? '=' : token.operator
}

function tail(value: string): string {
  return value.replace(/^[<>=!:]+/, '') || 'web-1'
}

/** A text as the expression that finds just it. `RegExp.escape` would write letters as numbers, which nobody could read. */
function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
