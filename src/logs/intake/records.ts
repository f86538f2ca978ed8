// Finds the records of a body: JSON, lines of JSON, frames, or text; errors are reported line by line.
import { MEBIBYTE } from '../../bytes.ts'
import { Problem } from '../../problem.ts'
import type { Batch } from '../store.ts'
import type { WireFormat } from '../wire/wire-format.ts'
import { wireFormat } from '../wire/wire-formats.ts'
import { countElements, countLines } from './count-records.ts'
import { findLongNumber, parseExact } from './json-numbers.ts'
import { frameRecords, type TextContext, textRecords } from './text-lines.ts'

/** The field of the problem when a body is valid JSON but not a log: the intake answers 422 for it, not 400. */
export const NOT_A_LOG = 'log'

const EXPECTED = 'Send {"message": "…"}, an array of such objects, or {"logs": […]}.'
/** What stands between two frames of a body; no frame holds it. */
export const FRAME_END = '\0'
/** What a compressed body may become where its batch names no limit. */
const MAX_WIRE_BYTES = 64 * MEBIBYTE
const decoder = new TextDecoder()

/**
 * The records of a body in order. Throws `invalid` on `body` when it is not JSON at all, on `log` when it is JSON but not a
 * log, and `too_large` when there are more than the batch's limit; they are counted before they are parsed.
 */
export function findRecords({ body, format, limits }: Batch, context: TextContext): unknown[] {
  const wire = wireFormat(format)
  if (wire) return readWire(wire, new Uint8Array(body), limits)
  const text = decoder.decode(body)
  const records =
    format === 'json'
      ? recordsOfJson(text, limits.lines)
      : format === 'ndjson'
        ? recordsOfLines(text, limits.lines)
        : format === 'frames'
          ? frameRecords(text.split(FRAME_END), context, limits.lines)
          : textRecords(text, context, limits.lines)
  if (records === null || records.length > limits.lines) throw tooManyLines(limits.lines)
  return records
}

function readWire(
  wire: WireFormat,
  body: Uint8Array,
  { lines, bodyBytes = MAX_WIRE_BYTES }: Batch['limits'],
): unknown[] {
  const records = wire.read(body, { lines, bodyBytes })
  if (records === null || records.length > lines) throw tooManyLines(lines)
  return records
}

/** The problem of a request with more lines than the limit. */
function tooManyLines(limit: number): Problem {
  return new Problem('too_large', `The request has more than ${limit} lines, its limit. Send smaller batches.`)
}

/** A text that is not JSON; `reason` is the parser's message. */
class UnparsableRecord {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

/** A smaller body is parsed in a moment, whatever it contains. */
const COUNTED_LENGTH = 256 * 1024

/** Null when there are more records than the limit. */
function recordsOfJson(text: string, limit: number): unknown[] | null {
  if (text.length > COUNTED_LENGTH && countElements(text, limit) > limit) return null
  const value = parse(text)
  if (value instanceof UnparsableRecord) throw bodyProblem('body', `The body is not JSON: ${value.reason}.`)
  return recordsOfValue(value)
}

function recordsOfValue(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null)
    throw bodyProblem(NOT_A_LOG, `The body is ${value === null ? 'null' : `a ${typeof value}`}, not a log. ${EXPECTED}`)
  const { logs, events, Events } = value as { [name: string]: unknown }
  for (const list of [logs, events, Events]) if (Array.isArray(list)) return list
  if (Object.keys(value).length === 0)
    throw bodyProblem(NOT_A_LOG, `The body is an empty object, not a log. ${EXPECTED}`)
  return [value]
}

/** Null when there are more lines than the limit. */
function recordsOfLines(text: string, limit: number): unknown[] | null {
  if (countLines(text, limit) > limit) return recordsOfPrinted(text, limit)
  const records: unknown[] = []
  let start = 0
  let readable = 0
  let unreadable: UnparsableRecord | null = null
  let longNumber = findLongNumber(text, 0)
  while (start < text.length) {
    const end = text.indexOf('\n', start)
    const until = end < 0 ? text.length : end
    const line = text.slice(start, until)
    const hasLongNumber = longNumber >= 0 && longNumber < until
    if (hasLongNumber) longNumber = findLongNumber(text, until)
    start = until + 1
    const first = line.charCodeAt(0)
    if (first !== 123 && line.trim() === '') continue
    const value = parse(line, hasLongNumber)
    if (value instanceof UnparsableRecord) unreadable ??= value
    else readable++
    // Among JSON, a line that is none is kept as text.
    records.push(value instanceof UnparsableRecord ? line : value)
  }
  if (records.length === 1 && Array.isArray(records[0])) return recordsOfValue(records[0])
  if (readable === records.length) return records
  // Not every line is JSON: perhaps the whole body is, over several lines.
  const whole = parse(text)
  if (!(whole instanceof UnparsableRecord)) return recordsOfValue(whole)
  if (readable > 0) return records
  throw bodyProblem('body', `No line of the body is JSON: ${(unreadable as UnparsableRecord | null)?.reason}.`)
}

/** The records of one JSON value that is printed over many lines; null when the text is none, or has more than the limit. */
function recordsOfPrinted(text: string, limit: number): unknown[] | null {
  const isLineJson = !(parse(firstLine(text)) instanceof UnparsableRecord)
  if (isLineJson || countElements(text, limit) > limit) return null
  const whole = parse(text)
  return whole instanceof UnparsableRecord ? null : recordsOfValue(whole)
}

/** The first line that is not empty. */
function firstLine(text: string): string {
  const start = text.search(/\S/)
  const end = text.indexOf('\n', start)
  return text.slice(Math.max(0, start), end < 0 ? text.length : end)
}

function parse(text: string, mayBeLong?: boolean): unknown {
  try {
    return parseExact(text, mayBeLong)
  } catch (error) {
    return new UnparsableRecord((error as Error).message)
  }
}

function bodyProblem(field: string, message: string): Problem {
  return new Problem('invalid', message, { fields: { [field]: message } })
}
