// Writes a query in the search language, so that parsing it gives the same meaning.
import { isoTime } from '../../time.ts'
import { readNumber } from './attributes.ts'
import { readableWords } from './line-words.ts'
import { isPlainText, isTimeName, resolveName, timeAlias } from './names.ts'
import type { FieldName, Query, QueryNode } from './tree.ts'

/** Conditions that every line matches, and no line: a regular expression that is found in any text, and its negation. */
const MATCHES_ALL = '/(?:)/'
const MATCHES_NONE = `-${MATCHES_ALL}`

/** A query as text: `parseQuery` of it matches the same lines. Times are written as instants, so that it keeps its meaning. */
export function printQuery(query: Query): string {
  return [
    query.where === null ? '' : printNode(query.where, 'top'),
    query.from === null ? '' : `since:${isoTime(query.from)}`,
    query.until === null ? '' : `until:${isoTime(query.until)}`,
  ]
    .filter(part => part !== '')
    .join(' ')
}

function printNode(node: QueryNode, place: 'top' | 'inside'): string {
  switch (node.kind) {
    case 'and':
      return joinParts(node.parts, ' ', MATCHES_ALL, 'inside')
    case 'or':
      return joinParts(node.parts, ' OR ', MATCHES_NONE, place)
    case 'not': {
      const part = printGrouped(node.part)
      // Two minus signs in a row would be text, such as `--flag`.
      return part.startsWith('-') ? `-(${part})` : `-${part}`
    }
    case 'word':
      return printWords(readableWords(node.text), node.prefix)
    case 'phrase':
      return printWords(readableWords(node.words.join(' ')), node.prefix ?? false)
    case 'level':
      return `level${node.comparison === '=' ? ':' : node.comparison}${node.level}`
    case 'field':
      return `${FIELD_NAMES[node.field]}:${printValue(node.value)}`
    case 'attribute':
      return printAttribute(node.path, node.comparison, node.value)
    case 'regex':
      return `/${printSource(node.source)}/${node.caseless ? 'i' : ''}`
  }
}

const FIELD_NAMES: { [field in FieldName]: string } = {
  project: 'project',
  source: 'source',
  host: 'host',
  group: 'group',
  tag: 'tag',
  fingerprint: 'fingerprint',
  trace: 'trace',
  span: 'span',
}

function joinParts(parts: readonly QueryNode[], between: string, none: string, place: 'top' | 'inside'): string {
  if (parts.length === 0) return none
  if (parts.length === 1) return printNode(parts[0]!, place)
  const text = parts.map(printGrouped).join(between)
  return place === 'inside' && between !== ' ' ? `(${text})` : text
}

/** A node as one term: several conditions go into parentheses. */
function printGrouped(node: QueryNode): string {
  const several = (node.kind === 'and' || node.kind === 'or') && node.parts.length > 0
  return several ? `(${printNode(node, 'top')})` : printNode(node, 'inside')
}

function printWords(sequence: readonly string[], prefix: boolean): string {
  if (sequence.length === 0) return MATCHES_NONE
  const text = sequence.join(' ')
  const bare = /^[\p{L}\p{N}\p{M}]+$/u.test(text) && text !== 'today' && text !== 'yesterday'
  return (bare ? text : quote(text)) + (prefix ? '*' : '')
}

function printAttribute(path: string, comparison: string, value: string): string {
  const sign = comparison === '=' ? ':' : comparison
  if (comparison !== '=' && readNumber(value) === null) return MATCHES_NONE
  const plain =
    /^[\p{L}_@$][\p{L}\p{N}_.@$/-]*$/u.test(path) && !resolveName(path) && !isTimeName(path) && !timeAlias(path)
  const shown = printValue(value)
  if (!plain) return `${quote(path)}${sign}${shown}`
  return isPlainText(path, sign, value) ? `${path}${sign}${quote(value)}` : `${path}${sign}${shown}`
}

function printValue(value: string): string {
  // Two dots would be a range.
  return !value.includes('..') && /^[\p{L}\p{N}_*+-][\p{L}\p{N}_.*/@:+-]*$/u.test(value) ? value : quote(value)
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

/** Escapes every slash, because the first bare one ends the expression. */
function printSource(source: string): string {
  return source === '' ? '(?:)' : source.replace(/\\[\s\S]|\//g, found => (found === '/' ? '\\/' : found))
}
