// Finds the rows of a sealed block that match a condition: the same as testing each line, without making the lines.
import type { Json, Level } from '../../../line.ts'
import { attributeValues } from '../../../query/attributes.ts'
import { attributesText, indexText, isPlainId, type SoughtWords, soughtWords } from '../../../query/line-words.ts'
import { attributeValueTest, containsSequence, fieldValueTest } from '../../../query/matches.ts'
import { compileRegex } from '../../../query/regex.ts'
import { requiredRuns } from '../../../query/regex-literals.ts'
import type { Comparison, QueryNode } from '../../../query/tree.ts'
import { foldCase } from '../../../query/wildcard.ts'
import { words } from '../../../query/words.ts'
import { levelsMatching } from '../../indexed/field-plan.ts'
import type { BlockReader } from '../block-reader.ts'
import type { AttributeColumn, NumberRange } from '../columns/attribute-columns.ts'
import { RowSet } from '../columns/row-set.ts'
import type { TextColumn } from '../columns/text-column.ts'
import type { ValueColumn } from '../columns/value-column.ts'
import type { WordFilter } from '../words/block-words.ts'
import { attributeWords } from './summary-filter.ts'
import { rowsWithRuns, rowsWithSequence } from './word-rows.ts'

/** Rows that match, or with `isExact` false rows among which all that match are. */
export type Evaluation = { rows: RowSet; isExact: boolean }

/** More candidates of a regular expression than this are not tested at once, because each takes long. */
const MAX_REGEX_ROWS = 256

/** The rows among `within` that match. */
export function evaluate(node: QueryNode, block: BlockReader, mayHave: WordFilter, within: RowSet): Evaluation {
  if (within.isEmpty) return exact(within)
  switch (node.kind) {
    case 'and':
      return evaluateAll(node.parts, block, mayHave, within)
    case 'or':
      return evaluateAny(node.parts, block, mayHave, within)
    case 'not': {
      const part = evaluate(node.part, block, mayHave, within)
      return part.isExact ? exact(within.without(part.rows)) : { rows: within, isExact: false }
    }
    case 'word':
      return exact(sequenceRows(soughtWords(node.text, node.prefix), block, mayHave).and(within))
    case 'phrase':
      return exact(sequenceRows(soughtWords(node.words.join(' '), node.prefix ?? false), block, mayHave).and(within))
    case 'level': {
      const levels = levelsMatching(node)
      return exact(valueRows(block.fields.level, value => levels.includes(value as Level), within))
    }
    case 'field':
      return exact(fieldRows(node, block, mayHave, within))
    case 'attribute':
      return exact(attributeRows(node, block, mayHave, within))
    case 'regex':
      return regexRows(node, block, within)
  }
}

const exact = (rows: RowSet): Evaluation => ({ rows, isExact: true })

/** What a condition costs on a block, so that the cheap ones leave fewer rows to the others. */
const COSTS: { [kind in QueryNode['kind']]: number } = {
  level: 0,
  field: 1,
  word: 2,
  phrase: 3,
  attribute: 4,
  and: 5,
  or: 6,
  not: 7,
  regex: 8,
}

function evaluateAll(parts: readonly QueryNode[], block: BlockReader, mayHave: WordFilter, within: RowSet): Evaluation {
  let rows = within
  let isExact = true
  for (const part of parts.toSorted((a, b) => COSTS[a.kind] - COSTS[b.kind])) {
    const own = evaluate(part, block, mayHave, rows)
    rows = own.rows
    isExact &&= own.isExact
    if (rows.isEmpty) return exact(rows)
  }
  return { rows, isExact }
}

function evaluateAny(parts: readonly QueryNode[], block: BlockReader, mayHave: WordFilter, within: RowSet): Evaluation {
  let rows = new RowSet(within.size)
  let isExact = true
  for (const part of parts) {
    const own = evaluate(part, block, mayHave, within)
    rows = rows.or(own.rows)
    isExact &&= own.isExact
  }
  return { rows, isExact }
}

/** Words in a row in the message, the stack or a value of an attribute, or the id of a trace or span. */
function sequenceRows(sought: SoughtWords, block: BlockReader, mayHave: WordFilter): RowSet {
  let rows = new RowSet(block.lines)
  const { sequence, prefix } = sought
  if (sequence.length === 0) return rows
  const whole = prefix ? sequence.slice(0, -1) : sequence
  if (whole.every(word => mayHave('text', word))) {
    rows = rows.or(rowsWithSequence(block.messages, sought, block.lines))
    if (block.stacks) rows = rows.or(rowsWithSequence(block.stacks, sought, block.lines))
  }
  if (!whole.every(word => mayHave('attributes', word))) return rows
  const { attributes, ids } = block
  if (attributes) for (const name of attributes.names) addAttributeWordRows(attributes.column(name)!, sought, rows)
  if (ids) {
    const test = idWordTest(sought)
    for (const lines of [ids.trace, ids.span])
      lines.visit(sequence, (row, id) => {
        if (test(id)) rows.add(row)
      })
  }
  return rows
}

function addAttributeWordRows(column: AttributeColumn, { sequence, prefix }: SoughtWords, rows: RowSet): void {
  const test = cached(text => {
    const value = JSON.parse(text) as Json
    return containsSequence(words(attributesText({ attributes: { value }, traceId: '', spanId: '' })), sequence, prefix)
  })
  column.visit(sequence, (row, text) => {
    if (test(text)) rows.add(row)
  })
}

function idWordTest({ sequence, prefix }: SoughtWords): (id: string) => boolean {
  const sought = sequence.length === 1 && !prefix && isPlainId(sequence[0]!) ? sequence[0]! : null
  return id => {
    if (id === '') return false
    if (sought !== null && foldCase(id) === sought) return true
    return !isPlainId(id) && containsSequence(words(indexText(id)), sequence, prefix)
  }
}

function fieldRows(
  { field, value }: Extract<QueryNode, { kind: 'field' }>,
  block: BlockReader,
  mayHave: WordFilter,
  within: RowSet,
): RowSet {
  const test = fieldValueTest(field, value)
  if (field === 'tag') {
    const lists = block.tagLists
    const isMatch = lists.map(list => (value === '' ? list.length === 0 : list.some(test)))
    return rowsOfValues(block.fields.tags, isMatch, within)
  }
  if (field !== 'trace' && field !== 'span') return valueRows(block.fields[field], test, within)
  const rows = new RowSet(block.lines)
  const isWhole = value !== '' && !value.includes('*')
  if (isWhole && !mayHave('attributes', foldCase(value))) return rows
  if (!isWhole || !block.ids) {
    for (const row of within.ascending()) if (test(block.ids?.[field].at(row) ?? '')) rows.add(row)
    return rows
  }
  block.ids[field].visit(attributeWords(value), (row, id) => {
    if (within.has(row) && test(id)) rows.add(row)
  })
  return rows
}

function valueRows(column: ValueColumn, test: (value: string) => boolean, within: RowSet): RowSet {
  return rowsOfValues(column, column.values.map(test), within)
}

function rowsOfValues({ ids }: ValueColumn, isMatch: readonly boolean[], within: RowSet): RowSet {
  if (!isMatch.includes(true)) return new RowSet(within.size)
  if (!isMatch.includes(false)) return within
  const rows = new RowSet(within.size)
  for (let row = 0; row < ids.length; row++) if (isMatch[ids[row]!]) rows.add(row)
  return rows.and(within)
}

function attributeRows(
  node: Extract<QueryNode, { kind: 'attribute' }>,
  block: BlockReader,
  mayHave: WordFilter,
  within: RowSet,
): RowSet {
  const rows = new RowSet(block.lines)
  const { path, comparison, value } = node
  const sought = comparison === '=' ? attributeWords(value) : []
  if (!sought.every(word => mayHave('attributes', word))) return rows
  const { attributes } = block
  if (!attributes) return rows
  const test = attributeValueTest(comparison, value)
  for (const name of namesOnPath(path)) {
    if (name === path && !mayBeInRange(attributes.range(name), comparison, test)) continue
    const column = attributes.column(name)
    if (!column) continue
    const matches = valueTest(name, path, test)
    column.visit(sought, (row, text) => {
      if (within.has(row) && matches(text)) rows.add(row)
    })
  }
  return rows
}

/** Whether a comparison may hold for a number of a range: it holds for one of its ends then. */
function mayBeInRange(range: NumberRange | null, comparison: Comparison, test: (value: Json) => boolean): boolean {
  return range === null || comparison === '=' || range.some(test)
}

/** A test for the JSON text of an attribute; plain numbers are tested as they are, the results of others remembered. */
function valueTest(name: string, path: string, test: (value: Json) => boolean): (text: string) => boolean {
  const matches = cached(text => attributeValues({ [name]: JSON.parse(text) as Json }, path).some(test))
  if (name !== path) return matches
  return text => (PLAIN_NUMBER.test(text) ? test(Number(text)) : matches(text))
}

/** A number that `Number` reads as JSON does. */
const PLAIN_NUMBER = /^-?\d{1,15}$/

/** The names at the top of attributes that a path may begin with: `a.b.c` has `a.b.c`, `a` and `a.b`. */
function namesOnPath(path: string): string[] {
  const names = [path]
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) names.push(path.slice(0, dot))
  return names
}

function regexRows(
  { source, caseless }: Extract<QueryNode, { kind: 'regex' }>,
  block: BlockReader,
  within: RowSet,
): Evaluation {
  const runs = requiredRuns(source)
  const candidatesIn = (column: TextColumn | null) =>
    column ? rowsWithRuns(column, runs, block.lines) : new RowSet(block.lines)
  const candidates = candidatesIn(block.messages).or(candidatesIn(block.stacks)).and(within)
  if (candidates.count > MAX_REGEX_ROWS) return { rows: candidates, isExact: false }
  const regex = compileRegex(source, caseless)
  const rows = new RowSet(block.lines)
  for (const row of candidates.ascending()) {
    const stack = block.stacks?.textAt(row) ?? ''
    if (regex.test(block.messages.textAt(row)) || (stack !== '' && regex.test(stack))) rows.add(row)
  }
  return exact(rows)
}

/** A test whose results are remembered: values repeat. */
function cached(test: (text: string) => boolean): (text: string) => boolean {
  const results = new Map<string, boolean>()
  return text => {
    let result = results.get(text)
    if (result === undefined) {
      result = test(text)
      results.set(text, result)
    }
    return result
  }
}
