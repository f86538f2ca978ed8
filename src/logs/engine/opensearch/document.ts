// A line as a document: Vakt's own words, values folded as its queries fold them, and the whole line as text.

import { type Json, LEVELS, type LogLine } from '../../line.ts'
import { valueNumber, valueText } from '../../query/attributes.ts'
import { attributesText, indexText } from '../../query/line-words.ts'
import { foldCase } from '../../query/wildcard.ts'
import { words } from '../../query/words.ts'

/** Longer words, values and paths are cut: Lucene takes no term above 32,766 bytes. Queries with longer ones are not exact. */
export const MAX_TERM_LENGTH = 1_000
/** Attributes with longer paths have no terms. */
export const MAX_PATH_LENGTH = 400

/** The fields with names of their own in a document: as they are, for counts, and folded (`f_host`), for queries. */
export const NAMED_FIELDS = ['project', 'source', 'host', 'group', 'fingerprint'] as const

export type LineDocument = { [field: string]: Json }

/** The document of a line. */
export function documentOf(line: LogLine, position: number): LineDocument {
  const terms = attributeTerms(line)
  const [message, stack] = [words(indexText(line.message)), words(indexText(line.stack))]
  const document: LineDocument = {
    ...baseOf(line, position),
    w: wordsText(message),
    ws: wordsText(stack),
    wa: wordsText(words(attributesText(line))),
    tag: line.tags.map(cut),
    f_tag: line.tags.map(folded),
    trace: folded(line.traceId),
    span: folded(line.spanId),
    at: terms.texts,
    an: terms.numbers,
  }
  if (terms.isCut || hasLongValue(line) || [...message, ...stack].some(isLong)) document.cut = true
  for (const name of NAMED_FIELDS) {
    document[name] = cut(line[name])
    document[`f_${name}`] = folded(line[name])
  }
  // A field is there only when it has a value.
  for (const [name, value] of Object.entries(document))
    if (value === '' || (Array.isArray(value) && value.length === 0)) delete document[name]
  return document
}

/** What every line can be stored with, when the engine refuses the rest of it: filters that look into words leave it to Vakt. */
export function plainDocumentOf(line: LogLine, position: number): LineDocument {
  return { ...baseOf(line, position), cut: true }
}

function baseOf(line: LogLine, position: number): LineDocument {
  return {
    t: line.timestamp,
    pos: position,
    lv: LEVELS.indexOf(line.level),
    project: cut(line.project),
    f_project: folded(line.project),
    // As text: its own names become no fields, and every type comes back as it was.
    l: JSON.stringify(line),
  }
}

/** How the value of a path is found: the length keeps paths and values apart, whatever signs they have. */
export function pathTerm(path: string, text: string): string {
  return `${path.length}:${path}=${text}`
}

/** A number as 16 hex digits that sort as numbers do; a whole number beyond 2^53 as the nearest that a double has. */
export function sortableNumber(value: number | bigint): string {
  const view = new DataView(new ArrayBuffer(8))
  // Both zeros are the same number.
  view.setFloat64(0, Number(value) + 0)
  const bits = view.getBigUint64(0)
  const sign = 1n << 63n
  return (bits & sign ? ~bits & ((1n << 64n) - 1n) : bits | sign).toString(16).padStart(16, '0')
}

export function cut(text: string): string {
  return text.length <= MAX_TERM_LENGTH ? text : wellFormed(text.slice(0, MAX_TERM_LENGTH))
}

/** As queries fold a value. */
export function folded(text: string): string {
  return cut(foldCase(text))
}

/** Words with a space between each two. */
function wordsText(found: readonly string[]): string {
  return found.map(cut).join(' ')
}

function isLong(text: string): boolean {
  return text.length > MAX_TERM_LENGTH
}

/** Half a character at the cut would not be stored as it is asked for. */
function wellFormed(text: string): string {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last < 0xdc00 ? text.slice(0, -1) : text
}

function hasLongValue(line: LogLine): boolean {
  const texts = [...NAMED_FIELDS.map(name => line[name]), ...line.tags, line.traceId, line.spanId]
  return texts.some(text => isLong(foldCase(text)))
}

type Terms = { texts: string[]; numbers: string[]; isCut: boolean }

/** Every value that `attributeValues` finds, by its path. */
function attributeTerms({ attributes }: LogLine): Terms {
  const terms: Terms = { texts: [], numbers: [], isCut: false }
  for (const [name, value] of Object.entries(attributes)) addValues(terms, name, value)
  return { ...terms, texts: [...new Set(terms.texts)], numbers: [...new Set(terms.numbers)] }
}

function addValues(terms: Terms, path: string, value: Json): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) addValues(terms, path, item)
    return
  }
  // Queries with such paths are not compiled.
  if (path.length > MAX_PATH_LENGTH) return
  const text = foldCase(valueText(value))
  if (isLong(text)) terms.isCut = true
  terms.texts.push(pathTerm(path, cut(text)))
  const number = valueNumber(value)
  if (number !== null) terms.numbers.push(pathTerm(path, sortableNumber(number)))
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) addValues(terms, `${path}.${name}`, inner)
}
