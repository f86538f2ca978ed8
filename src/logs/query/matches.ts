// What a query tree means, by brute force on one line: the measure every store is held to, and the live tail's filter.
import { LEVELS, type NewLine } from '../line.ts'
import { attributeValues, readNumber, valueNumber, valueText } from './attributes.ts'
import { compileRegex } from './regex.ts'
import type { Comparison, FieldName, Query, QueryNode } from './tree.ts'
import { wildcard } from './wildcard.ts'
import { words } from './words.ts'

/** A line with its words, which are split only when a node asks for them. */
type View = { line: NewLine; message: readonly string[] | null; stack: readonly string[] | null }
type Test = (view: View) => boolean

const compiled = new WeakMap<QueryNode, Test>()

/** Whether a line fits a condition. A tree is compiled once and remembered for as long as it is in use. */
export function matches(node: QueryNode, line: NewLine): boolean {
  const test = compiled.get(node) ?? compile(node)
  compiled.set(node, test)
  return test({ line, message: null, stack: null })
}

/** Whether a line fits a whole query: its condition and its time. */
export function matchesQuery(query: Query, line: NewLine): boolean {
  if (query.from !== null && line.timestamp < query.from) return false
  if (query.until !== null && line.timestamp >= query.until) return false
  return query.where === null || matches(query.where, line)
}

function compile(node: QueryNode): Test {
  switch (node.kind) {
    case 'and': {
      const parts = node.parts.map(compile)
      return view => parts.every(part => part(view))
    }
    case 'or': {
      const parts = node.parts.map(compile)
      return view => parts.some(part => part(view))
    }
    case 'not': {
      const part = compile(node.part)
      return view => !part(view)
    }
    case 'word':
      return inARow(words(node.text), node.prefix)
    case 'phrase':
      return inARow(words(node.words.join(' ')), node.prefix ?? false)
    case 'level': {
      const level = LEVELS.indexOf(node.level)
      const holds = comparison(node.comparison)
      return ({ line }) => holds(LEVELS.indexOf(line.level), level)
    }
    case 'field':
      return fieldTest(node.field, node.value)
    case 'attribute':
      return attributeTest(node.path, node.comparison, node.value)
    case 'regex': {
      const regex = compileRegex(node.source, node.caseless)
      return ({ line }) => regex.test(line.message) || (line.stack !== '' && regex.test(line.stack))
    }
  }
}

/** Words one after the other within the message or within the stack; no words at all fit nothing. */
function inARow(row: readonly string[], prefix: boolean): Test {
  if (row.length === 0) return () => false
  return view => {
    view.message ??= words(view.line.message)
    if (holdsRow(view.message, row, prefix)) return true
    view.stack ??= words(view.line.stack)
    return holdsRow(view.stack, row, prefix)
  }
}

function holdsRow(text: readonly string[], row: readonly string[], prefix: boolean): boolean {
  const last = row.length - 1
  for (let start = 0; start + last < text.length; start++) {
    let at = 0
    while (at < last && text[start + at] === row[at]) at++
    if (at < last) continue
    const end = text[start + last]!
    if (prefix ? end.startsWith(row[last]!) : end === row[last]) return true
  }
  return false
}

const TEXTS: { [field in Exclude<FieldName, 'tag'>]: (line: NewLine) => string } = {
  project: line => line.project,
  source: line => line.source,
  host: line => line.host,
  group: line => line.group,
  fingerprint: line => line.fingerprint,
  trace: line => line.traceId,
  span: line => line.spanId,
}

function fieldTest(field: FieldName, value: string): Test {
  const fits = wildcard(value)
  if (field === 'tag') return ({ line }) => (value === '' ? line.tags.length === 0 : line.tags.some(fits))
  const text = TEXTS[field]
  // `group:prod/*` is the whole branch: what is below `prod`, and `prod` itself.
  const branch = field === 'group' && value.endsWith('/*') ? wildcard(value.slice(0, -2)) : null
  return ({ line }) => fits(text(line)) || (branch?.(text(line)) ?? false)
}

function attributeTest(path: string, relation: Comparison, value: string): Test {
  if (relation === '=') {
    const fits = wildcard(value)
    return ({ line }) => attributeValues(line.attributes, path).some(found => fits(valueText(found)))
  }
  const limit = readNumber(value)
  const holds = comparison(relation)
  return ({ line }) =>
    limit !== null &&
    attributeValues(line.attributes, path).some(found => {
      const number = valueNumber(found)
      return number !== null && holds(number, limit)
    })
}

const COMPARISONS: { [relation in Comparison]: (left: number, right: number) => boolean } = {
  '=': (left, right) => left === right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
}

function comparison(relation: Comparison): (left: number, right: number) => boolean {
  return COMPARISONS[relation]
}
