// Writes a query in the search language, so that reading it back means the same.
import { isoTime } from '../../time.ts'
import { readNumber } from './attributes.ts'
import { isPlainText, meaningOf } from './names.ts'
import type { FieldName, Query, QueryNode } from './tree.ts'
import { words } from './words.ts'

/** What every line fits, and what none does: a regular expression that is found in any text. */
const EVERYTHING = '/(?:)/'
const NOTHING = `-${EVERYTHING}`

/** A query as text: `parseQuery` of it fits the same lines. Times are written as instants, so it keeps its meaning. */
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
      return joined(node.parts, ' ', EVERYTHING, 'inside')
    case 'or':
      return joined(node.parts, ' OR ', NOTHING, place)
    case 'not': {
      const part = grouped(node.part)
      // Two minuses in a row would be text, such as `--flag`.
      return part.startsWith('-') ? `-(${part})` : `-${part}`
    }
    case 'word':
      return printWords(words(node.text), node.prefix)
    case 'phrase':
      return printWords(words(node.words.join(' ')), node.prefix ?? false)
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

function joined(parts: readonly QueryNode[], between: string, none: string, place: 'top' | 'inside'): string {
  if (parts.length === 0) return none
  if (parts.length === 1) return printNode(parts[0]!, place)
  const text = parts.map(grouped).join(between)
  return place === 'inside' && between !== ' ' ? `(${text})` : text
}

/** A node as one piece: what holds several goes into parentheses. */
function grouped(node: QueryNode): string {
  const several = (node.kind === 'and' || node.kind === 'or') && node.parts.length > 0
  return several ? `(${printNode(node, 'top')})` : printNode(node, 'inside')
}

function printWords(row: readonly string[], prefix: boolean): string {
  if (row.length === 0) return NOTHING
  const text = row.join(' ')
  const bare = /^[\p{L}\p{N}]+$/u.test(text) && text !== 'today' && text !== 'yesterday'
  return (bare ? text : quoted(text)) + (prefix ? '*' : '')
}

function printAttribute(path: string, comparison: string, value: string): string {
  const sign = comparison === '=' ? ':' : comparison
  if (comparison !== '=' && readNumber(value) === null) return NOTHING
  const plain = /^[\p{L}_@$][\p{L}\p{N}_.@$/-]*$/u.test(path) && !meaningOf(path)
  const shown = printValue(value)
  if (!plain) return `${quoted(path)}${sign}${shown}`
  return isPlainText(path, sign, value) ? `${path}${sign}${quoted(value)}` : `${path}${sign}${shown}`
}

function printValue(value: string): string {
  return /^[\p{L}\p{N}_*+-][\p{L}\p{N}_.*/@:+-]*$/u.test(value) ? value : quoted(value)
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

/** Every slash escaped, so that the first bare one ends the expression. */
function printSource(source: string): string {
  return source === '' ? '(?:)' : source.replace(/\\[\s\S]|\//g, found => (found === '/' ? '\\/' : found))
}
