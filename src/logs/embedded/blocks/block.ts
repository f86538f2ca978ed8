// Seals lines into a block: columns apart, compressed, with a summary that answers many questions alone.
import { MINUTE } from '../../../time.ts'
import { LEVELS, type NewLine } from '../../line.ts'
import { encodeAttributes } from './columns/attribute-columns.ts'
import { ByteWriter } from './columns/byte-io.ts'
import { type EncodedTexts, encodeTexts } from './columns/text-column.ts'
import { type ValueColumn, ValueColumnBuilder, writeNumbers, writeTexts, writeValues } from './columns/value-column.ts'
import { compress } from './compression.ts'
import { WordHashes } from './words/block-words.ts'

/** A line with its place among all lines; `timestamp` is that of the line, clamped. */
export type SealedLine = { line: NewLine; timestamp: number; position: number }

/** The parts of a block that are read apart; each is one compressed piece. */
export const PIECES = [
  'keys',
  'fields',
  'templates',
  'variables',
  'stackTemplates',
  'stackVariables',
  // All attributes of blocks before layout 5.
  'attributes',
  'ids',
  'attributeDirectory',
  'attributes1',
  'attributes2',
  'attributes3',
  'attributes4',
  'attributes5',
  'attributes6',
  'attributes7',
] as const
export type Piece = (typeof PIECES)[number]

/** The piece of a group of attributes, 0 to `MAX_ATTRIBUTE_GROUPS` - 1. */
export function attributeGroup(group: number): Piece {
  return `attributes${group + 1}` as Piece
}

/** The fields whose values a summary lists. */
export const SUMMARY_FIELDS = ['project', 'source', 'host', 'group', 'fingerprint'] as const
export type SummaryField = (typeof SUMMARY_FIELDS)[number]

/** How many lines have a value, and the newest of them (epoch ms, position). */
export type ValueCount = [value: string, count: number, timestamp: number, position: number]

/** What is known of a block without reading its columns. */
export type BlockSummary = {
  lines: number
  /** The lowest and highest timestamp, epoch ms. */
  from: number
  until: number
  firstPosition: number
  lastPosition: number
  /** About the size of the lines as JSON, bytes. */
  rawBytes: number
  /** The values of each field; null when there are many. */
  values: { [field in SummaryField | 'level' | 'tag']: readonly ValueCount[] | null }
  /** The number of lines by minute and level: the minute (epoch ms), then a count for each level; null for many minutes. */
  minutes: readonly (readonly number[])[] | null
}

/** `words` are the numbers of the words of its lines, for the index of words. */
export type SealedBlock = { summary: BlockSummary; pieces: { [P in Piece]?: Buffer }; words: Uint32Array }

/** A block has at most this many lines: to find one line, a block is read. */
export const MAX_BLOCK_LINES = 4_096
const MAX_SUMMARY_VALUES = 128
const MAX_SUMMARY_MINUTES = 64

/** Seals lines, 1 to `MAX_BLOCK_LINES` of them, in any order. */
export function sealBlock(unordered: readonly SealedLine[], rawBytes: number): SealedBlock {
  const lines = inOrder(unordered)
  const messages = encodeTexts(lines.map(({ line }) => line.message))
  const hasStack = lines.some(({ line }) => line.stack !== '')
  const stacks = hasStack ? encodeTexts(lines.map(({ line }) => line.stack)) : null
  const hasIds = lines.some(({ line }) => line.traceId !== '' || line.spanId !== '')
  const fields = fieldColumns(lines)
  const attributes = encodeAttributes(lines.map(({ line }) => line.attributes))
  const pieces: SealedBlock['pieces'] = {
    keys: compress(encodeKeys(lines)),
    fields: compress(encodeFields(fields)),
    templates: compress(messages.templates),
  }
  if (messages.variables.length > 0) pieces.variables = compress(messages.variables)
  if (stacks) pieces.stackTemplates = compress(stacks.templates)
  if (stacks && stacks.variables.length > 0) pieces.stackVariables = compress(stacks.variables)
  if (attributes) pieces.attributeDirectory = compress(attributes.directory)
  for (const [group, bytes] of attributes?.groups.entries() ?? []) pieces[attributeGroup(group)] = compress(bytes)
  if (hasIds) pieces.ids = compress(encodeIds(lines))
  addTexts(messages)
  if (stacks) addTexts(stacks)
  for (const texts of attributes?.columns.values() ?? []) addValues(texts)
  if (hasIds) for (const { line } of lines) addIds(line)
  return { summary: summaryOf(lines, fields, rawBytes), pieces, words: hashes.take() }
}

function inOrder(lines: readonly SealedLine[]): readonly SealedLine[] {
  const compare = (a: SealedLine, b: SealedLine) => a.timestamp - b.timestamp || a.position - b.position
  const isOrdered = lines.every((line, index) => index === 0 || compare(lines[index - 1]!, line) <= 0)
  return isOrdered ? lines : lines.toSorted(compare)
}

/** Empty between two blocks. */
const hashes = new WordHashes()

function addTexts({ parts }: EncodedTexts): void {
  for (const text of parts.templates) hashes.addText('text', text)
  for (const text of parts.raw) hashes.addText('text', text)
  for (const word of parts.variables) hashes.add('text', word.toLowerCase())
}

function addValues(texts: readonly string[]): void {
  const added = new Set<string>()
  let last = ''
  for (const text of texts) {
    const isRepeated = text === last || added.has(text)
    last = text
    if (isRepeated) continue
    hashes.addJson(text)
    // Numbers are often all different, and quick to add.
    if (!isDigit(text.charCodeAt(0))) added.add(text)
  }
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function addIds({ traceId, spanId }: NewLine): void {
  if (traceId !== '') hashes.addId(traceId)
  if (spanId !== '') hashes.addId(spanId)
}

function encodeKeys(lines: readonly SealedLine[]): Buffer {
  const writer = new ByteWriter()
  writeNumbers(
    writer,
    lines.map(line => line.timestamp),
  )
  writeNumbers(
    writer,
    lines.map(line => line.position),
  )
  writeNumbers(
    writer,
    lines.map(({ line }) => line.receivedAt),
  )
  return writer.finish()
}

function encodeIds(lines: readonly SealedLine[]): Buffer {
  const writer = new ByteWriter()
  writeTexts(
    writer,
    lines.map(({ line }) => line.traceId),
  )
  writeTexts(
    writer,
    lines.map(({ line }) => line.spanId),
  )
  return writer.finish()
}

/** The fields of a block's lines in the order in which they are stored; tags are a JSON list. */
export const FIELD_COLUMNS = ['level', 'project', 'source', 'host', 'group', 'fingerprint', 'tags'] as const
export type FieldColumns = { [name in (typeof FIELD_COLUMNS)[number]]: ValueColumn }

function fieldColumns(lines: readonly SealedLine[]): FieldColumns {
  const build = (textOf: (line: NewLine) => string) => {
    const builder = new ValueColumnBuilder(lines.length)
    for (const { line } of lines) builder.add(textOf(line))
    return builder.build()
  }
  return {
    level: build(line => line.level),
    project: build(line => line.project),
    source: build(line => line.source),
    host: build(line => line.host),
    group: build(line => line.group),
    fingerprint: build(line => line.fingerprint),
    tags: build(line => (line.tags.length === 0 ? '[]' : JSON.stringify(line.tags))),
  }
}

function encodeFields(columns: FieldColumns): Buffer {
  const writer = new ByteWriter()
  for (const name of FIELD_COLUMNS) writeValues(writer, columns[name])
  return writer.finish()
}

function summaryOf(lines: readonly SealedLine[], columns: FieldColumns, rawBytes: number): BlockSummary {
  const { tags, ...fields } = columns
  const positions = lines.map(({ position }) => position)
  const values = Object.fromEntries(
    Object.entries(fields).map(([name, column]) => [name, valueCounts(lines, column, value => [value])]),
  )
  return {
    lines: lines.length,
    from: lines[0]!.timestamp,
    until: lines.at(-1)!.timestamp,
    firstPosition: positions.reduce((a, b) => Math.min(a, b)),
    lastPosition: positions.reduce((a, b) => Math.max(a, b)),
    rawBytes,
    values: {
      ...values,
      tag: valueCounts(lines, tags, list => [...new Set(JSON.parse(list) as string[])]),
    } as BlockSummary['values'],
    minutes: minuteCounts(lines),
  }
}

/** The counts of a column's values that are not empty; null when there are many. */
function valueCounts(
  lines: readonly SealedLine[],
  { values, ids }: ValueColumn,
  valuesOf: (text: string) => readonly string[],
): ValueCount[] | null {
  const counts = new Uint32Array(values.length)
  const newest = new Uint16Array(values.length)
  for (let row = 0; row < ids.length; row++) {
    counts[ids[row]!]!++
    newest[ids[row]!] = row
  }
  const found = new Map<string, ValueCount>()
  for (let id = 0; id < values.length; id++) {
    const { timestamp, position } = lines[newest[id]!]!
    for (const value of valuesOf(values[id]!)) {
      if (value === '') continue
      const known = found.get(value)
      const isNewer = !known || timestamp > known[2] || (timestamp === known[2] && position > known[3])
      const count = (known?.[1] ?? 0) + counts[id]!
      found.set(value, isNewer ? [value, count, timestamp, position] : [value, count, known[2], known[3]])
      if (found.size > MAX_SUMMARY_VALUES) return null
    }
  }
  return [...found.values()]
}

function minuteCounts(lines: readonly SealedLine[]): number[][] | null {
  const minutes = new Map<number, number[]>()
  for (const { timestamp, line } of lines) {
    const minute = Math.floor(timestamp / MINUTE) * MINUTE
    let counts = minutes.get(minute)
    if (!counts) {
      if (minutes.size === MAX_SUMMARY_MINUTES) return null
      counts = [minute, ...LEVELS.map(() => 0)]
      minutes.set(minute, counts)
    }
    counts[LEVELS.indexOf(line.level) + 1]!++
  }
  return [...minutes.values()]
}
