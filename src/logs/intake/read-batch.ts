// Parses a batch as received into log lines: the first step of the store's writer.
import { BoundedMap } from '../../bounded-map.ts'
import { emitterOf } from '../../projects/emitter-limit.ts'
import { identify } from '../errors/fingerprint.ts'
import type { Fields } from '../formats/format.ts'
import { createFormatReader, type FormatReader } from '../formats/format-reader.ts'
import { FORMATS } from '../formats/formats.ts'
import { createUserFormat, type UserFormat } from '../formats/user-format.ts'
import type { NewLine } from '../line.ts'
import { createRedactor } from '../redact/redact.ts'
import { type Batch, EMITTER_FIELD, type LineError } from '../store.ts'
import { RejectedRecord, WireRecord } from '../wire/wire-format.ts'
import { readExactly } from './json-numbers.ts'
import { cleanDefaults } from './names.ts'
import { normalise } from './normalise.ts'
import { findRecords } from './records.ts'
import { type TextContext, textRecords } from './text-lines.ts'
import { unwrap } from './unwrap.ts'

/**
 * The lines of a batch, the rejected ones with their index (from 0), and why an error line is grouped (empty for other
 * lines).
 */
export type ReadBatch = { lines: NewLine[]; rejected: LineError[]; why(line: NewLine): string }

const builtIn = createFormatReader(FORMATS)
/** The readers of projects that have formats of their own, by those formats. */
const readers = new BoundedMap<string, FormatReader>(50)

/** The reader of the formats of a project, tried in this order: its own, then those that Vakt knows. */
export function readerOf(formats: readonly UserFormat[] | undefined): FormatReader {
  if (formats === undefined || formats.length === 0) return builtIn
  const key = JSON.stringify(formats)
  let reader = readers.get(key)
  if (!reader) {
    reader = createFormatReader([...formats.map(createUserFormat), ...FORMATS])
    readers.set(key, reader)
  }
  return reader
}

/**
 * Parses a body of any format. What cannot be understood is kept as it is; only empty values, and values that are neither an
 * object nor a text, are rejected. Throws `invalid` on the field `body` when a body of JSON cannot be parsed at all, on `log`
 * when it is not a log, and `too_large` when it has too many lines. `key` (32 bytes) encrypts personal data where the batch's privacy wants that; without it such
 * data is masked.
 */
export function readBatch(
  batch: Batch,
  key: Uint8Array | null = null,
  formats: FormatReader = readerOf(batch.formats),
): ReadBatch {
  return readExactly(() => readOnce(batch, key, formats))
}

function readOnce(sent: Batch, key: Uint8Array | null, formats: FormatReader): ReadBatch {
  const batch = { ...sent, defaults: cleanDefaults(sent.defaults) }
  const redactor = createRedactor(batch.privacy, key)
  const context = createContext(batch, formats)
  const reasons = new Map<NewLine, string>()
  const lines: NewLine[] = []
  const rejected: LineError[] = []
  const usedUp = batch.limits.usedUp ? new Set(batch.limits.usedUp) : null
  const records = findRecords(batch, context)
  for (let index = 0; index < records.length; index++) {
    const record = records[index]
    // The record may be collected once it is a line: a body of 10 MB is not held twice.
    records[index] = null
    const fields = readFields(record, context)
    const line = fields && normalise(fields, batchOf(record, batch), context, redactor)
    if (line && usedUp?.has(emitterOf(line))) rejected.push({ index, field: EMITTER_FIELD, message: usedUpText(line) })
    else if (line) lines.push(identified(line, reasons))
    else if (record instanceof RejectedRecord) rejected.push({ index, field: '', message: record.reason })
    else rejected.push({ index, field: '', message: `The line is ${nameOf(record)}; it holds nothing to store.` })
  }
  return { lines, rejected, why: line => reasons.get(line) ?? '' }
}

function usedUpText({ source, host }: NewLine): string {
  const name = source === '' ? 'The unnamed source' : `The source ${source}`
  return `${name}${host === '' ? '' : ` on ${host}`} sent more lines than its project allows one emitter in a minute.`
}

function createContext(
  { receivedAt, defaults, zones = { fallback: 'UTC' } }: Batch,
  formats: FormatReader,
): TextContext {
  const { fixed, bySource, fallback } = zones
  const timeZone = fixed ?? bySource?.[defaults.source ?? ''] ?? fallback
  const context: TextContext = { receivedAt, timeZone, formats }
  // Almost no project has sources with zones of their own.
  if (bySource !== undefined && fixed === undefined) context.zoneOf = source => bySource[source] ?? timeZone
  return context
}

/** The line with Vakt's fingerprint in place of the sender's. */
function identified(line: NewLine, reasons: Map<NewLine, string>): NewLine {
  const identity = identify(line)
  line.fingerprint = identity?.fingerprint ?? ''
  if (identity) reasons.set(line, identity.why)
  return line
}

/** The fields of an object or of a line of text; null for an empty value and for any other. */
function readFields(record: unknown, context: TextContext): Fields | null {
  if (typeof record === 'string') return readText(record, context)
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return null
  if (record instanceof WireRecord) return unwrapTimed(record.fields, context)
  if (record instanceof RejectedRecord) return null
  return isEmpty(record) ? null : unwrap(record as Fields, context)
}

/** A record whose protocol names its time, which counts; another time in its text is kept as an attribute. */
function unwrapTimed(record: Fields, context: TextContext): Fields {
  const fields = unwrap(record, context)
  const { timestamp } = record
  if (timestamp === undefined || fields.timestamp === timestamp) return fields
  const inner = fields.timestamp
  return { ...fields, timestamp, ...(typeof inner === 'string' ? { 'log.timestamp': inner } : {}) }
}

/** The batch as a record sees it: what its protocol names weakly goes before what the request says. */
function batchOf(record: unknown, batch: Batch): Batch {
  if (!(record instanceof WireRecord) || record.defaults === undefined) return batch
  return { ...batch, defaults: { ...batch.defaults, ...cleanDefaults(record.defaults) } }
}

function readText(text: string, context: TextContext): Fields | null {
  if (text.trim() === '') return null
  const found = textRecords(text, context, 1)
  return found === null ? { message: text } : unwrap(found[0]!, context)
}

function isEmpty(record: object): boolean {
  for (const name in record) {
    const value = (record as Fields)[name]
    if (value !== '' && value !== null && value !== undefined) return false
  }
  return true
}

function nameOf(record: unknown): string {
  if (record === null) return 'null'
  if (record === '' || typeof record === 'string') return 'empty'
  if (Array.isArray(record)) return 'a list'
  return typeof record === 'object' ? 'an empty object' : `a ${typeof record}`
}
