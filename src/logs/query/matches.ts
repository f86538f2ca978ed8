// Tests one line against a query tree: the reference for every store, and the filter of live tails.
import { type Json, LEVELS, type NewLine } from '../line.ts'
import { attributeValues, readNumber, valueNumber, valueText } from './attributes.ts'
import {
  attributesText,
  indexText,
  isPlainId,
  type SoughtWords,
  soughtWords,
  WORD_VERSION,
  type WordVersion,
} from './line-words.ts'
import { compileRegex } from './regex.ts'
import type { Comparison, FieldName, Query, QueryNode } from './tree.ts'
import { foldCase, wildcardTest } from './wildcard.ts'
import { words } from './words.ts'

type Words = readonly string[]
/** A line with its words, which are split only when a node needs them. */
type LineView = { line: NewLine; message: Words | null; stack: Words | null; attributes: Words | null }
type Test = (view: LineView) => boolean

const compiled = { 1: new WeakMap<QueryNode, Test>(), 2: new WeakMap<QueryNode, Test>() }

/**
 * Whether a line matches a condition, with the words of a version. A tree is compiled once; the result lives as long as the
 * tree.
 */
export function matches(node: QueryNode, line: NewLine, version: WordVersion = WORD_VERSION): boolean {
  const test = compiled[version].get(node) ?? compile(node, version)
  compiled[version].set(node, test)
  return test({ line, message: null, stack: null, attributes: null })
}

/** Whether a line matches a whole query: its condition and its time range. */
export function matchesQuery(query: Query, line: NewLine): boolean {
  if (query.from !== null && line.timestamp < query.from) return false
  if (query.until !== null && line.timestamp >= query.until) return false
  return query.where === null || matches(query.where, line)
}

function compile(node: QueryNode, version: WordVersion): Test {
  switch (node.kind) {
    case 'and': {
      const parts = node.parts.map(part => compile(part, version))
      return view => parts.every(part => part(view))
    }
    case 'or': {
      const parts = node.parts.map(part => compile(part, version))
      return view => parts.some(part => part(view))
    }
    case 'not': {
      const part = compile(node.part, version)
      return view => !part(view)
    }
    case 'word':
      return sequenceTest(soughtWords(node.text, node.prefix, version), version)
    case 'phrase':
      return sequenceTest(soughtWords(node.words.join(' '), node.prefix ?? false, version), version)
    case 'level': {
      const level = LEVELS.indexOf(node.level)
      const compare = comparatorOf(node.comparison)
      return ({ line }) => compare(LEVELS.indexOf(line.level), level)
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

/** Words in a row within the message, the stack or a value of an attribute, or an id; no words match nothing. */
function sequenceTest({ sequence, prefix }: SoughtWords, version: WordVersion): Test {
  if (sequence.length === 0) return () => false
  const id = version > 1 && sequence.length === 1 && !prefix && isPlainId(sequence[0]!) ? sequence[0]! : null
  return view => {
    const { line } = view
    view.message ??= words(indexText(line.message, version))
    if (containsSequence(view.message, sequence, prefix)) return true
    view.stack ??= words(indexText(line.stack, version))
    if (containsSequence(view.stack, sequence, prefix)) return true
    if (version === 1) return false
    view.attributes ??= words(attributesText(line))
    if (containsSequence(view.attributes, sequence, prefix)) return true
    return id !== null && (foldCase(line.traceId) === id || foldCase(line.spanId) === id)
  }
}

/** Whether words contain others in a row; with `prefix` the last one need only begin as the last of them. */
export function containsSequence(text: readonly string[], sequence: readonly string[], prefix: boolean): boolean {
  const last = sequence.length - 1
  for (let start = 0; start + last < text.length; start++) {
    let at = 0
    while (at < last && text[start + at] === sequence[at]) at++
    if (at < last) continue
    const end = text[start + last]!
    if (prefix ? end.startsWith(sequence[last]!) : end === sequence[last]) return true
  }
  return false
}

const FIELD_TEXTS: { [field in Exclude<FieldName, 'tag'>]: (line: NewLine) => string } = {
  project: line => line.project,
  source: line => line.source,
  host: line => line.host,
  group: line => line.group,
  fingerprint: line => line.fingerprint,
  trace: line => line.traceId,
  span: line => line.spanId,
}

function fieldTest(field: FieldName, value: string): Test {
  const matchesValue = fieldValueTest(field, value)
  if (field === 'tag') return ({ line }) => (value === '' ? line.tags.length === 0 : line.tags.some(matchesValue))
  const text = FIELD_TEXTS[field]
  return ({ line }) => matchesValue(text(line))
}

/** A test for the texts of a field; for tags a test of one tag. */
export function fieldValueTest(field: FieldName, value: string): (text: string) => boolean {
  const matchesValue = wildcardTest(value)
  // `group:prod/*` is the whole branch: what is below `prod`, and `prod` itself.
  const branch = field === 'group' && value.endsWith('/*') ? wildcardTest(value.slice(0, -2)) : null
  return branch ? text => matchesValue(text) || branch(text) : matchesValue
}

function attributeTest(path: string, comparison: Comparison, value: string): Test {
  const test = attributeValueTest(comparison, value)
  return ({ line }) => attributeValues(line.attributes, path).some(test)
}

/** A test for one value of an attribute. */
export function attributeValueTest(comparison: Comparison, value: string): (found: Json) => boolean {
  if (comparison === '=') {
    const matchesValue = wildcardTest(value)
    return found => matchesValue(valueText(found))
  }
  const limit = readNumber(value)
  if (limit === null) return () => false
  const compare = comparatorOf(comparison)
  return found => {
    const number = valueNumber(found)
    return number !== null && compare(number, limit)
  }
}

type Compare = (left: number | bigint, right: number | bigint) => boolean

const COMPARATORS: { [comparison in Comparison]: Compare } = {
  '=': (left, right) => left === right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
}

function comparatorOf(comparison: Comparison): Compare {
  return COMPARATORS[comparison]
}
