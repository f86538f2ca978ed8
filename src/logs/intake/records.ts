// Finds the records of a body: of JSON, of lines of JSON, or of text, with what cannot be read told line by line.
import { Problem } from '../../problem.ts'
import type { Batch } from '../store.ts'
import { textRecords } from './text-lines.ts'

/** The field of the problem when a body is valid JSON and yet no log: doors answer that differently (422, not 400). */
export const NOT_A_LOG = 'log'

const EXPECTED = 'Send {"message": "…"}, an array of such objects, or {"logs": […]}.'
const decoder = new TextDecoder()

/**
 * The records of a body in order. Throws `invalid` on `body` when it is not JSON at all, on `log` when it is JSON but
 * nothing like a log, and `too_large` when there are more than the batch's limit.
 */
export function findRecords(batch: Batch): unknown[] {
  const text = decoder.decode(batch.body)
  const records =
    batch.format === 'json'
      ? ofJson(text)
      : batch.format === 'ndjson'
        ? ofLines(text)
        : textRecords(text, batch.receivedAt)
  if (records.length <= batch.limits.lines) return records
  throw new Problem('too_large', `${records.length} lines are too many for one request: at most ${batch.limits.lines}.`)
}

/** A line of NDJSON that is no JSON; `why` is the parser's complaint. */
export class Unreadable {
  readonly why: string
  constructor(why: string) {
    this.why = why
  }
}

function ofJson(text: string): unknown[] {
  const value = parse(text)
  if (value instanceof Unreadable) throw refused('body', `The body is not JSON: ${value.why}.`)
  return ofValue(value)
}

function ofValue(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null)
    throw refused(NOT_A_LOG, `The body is ${value === null ? 'null' : `a ${typeof value}`}, not a log. ${EXPECTED}`)
  const { logs, events, Events } = value as { [name: string]: unknown }
  for (const list of [logs, events, Events]) if (Array.isArray(list)) return list
  if (Object.keys(value).length === 0) throw refused(NOT_A_LOG, `The body is an empty object, not a log. ${EXPECTED}`)
  return [value]
}

function ofLines(text: string): unknown[] {
  const records: unknown[] = []
  let start = 0
  let readable = 0
  while (start < text.length) {
    const end = text.indexOf('\n', start)
    const line = text.slice(start, end < 0 ? text.length : end)
    start = end < 0 ? text.length : end + 1
    const first = line.charCodeAt(0)
    if (first !== 123 && line.trim() === '') continue
    const value = parse(line)
    if (!(value instanceof Unreadable)) readable++
    records.push(value)
  }
  if (records.length === 1 && Array.isArray(records[0])) return ofValue(records[0])
  if (readable === records.length) return records
  // A line that is no JSON: perhaps the whole is, over several lines.
  const whole = parse(text)
  if (!(whole instanceof Unreadable)) return ofValue(whole)
  if (readable > 0) return records
  throw refused('body', `No line of the body is JSON: ${(records[0] as Unreadable).why}.`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return new Unreadable((error as Error).message)
  }
}

function refused(field: string, message: string): Problem {
  return new Problem('invalid', message, { fields: { [field]: message } })
}
