// Finds the records of a body: JSON, lines of JSON, or text; errors are reported line by line.
import { Problem } from '../../problem.ts'
import type { Batch } from '../store.ts'
import { textRecords } from './text-lines.ts'

/** The field of the problem when a body is valid JSON but not a log: the intake answers 422 for it, not 400. */
export const NOT_A_LOG = 'log'

const EXPECTED = 'Send {"message": "…"}, an array of such objects, or {"logs": […]}.'
const decoder = new TextDecoder()

/**
 * The records of a body in order. Throws `invalid` on `body` when it is not JSON at all, on `log` when it is JSON but not a
 * log, and `too_large` when there are more than the batch's limit.
 */
export function findRecords(batch: Batch): unknown[] {
  const text = decoder.decode(batch.body)
  const records =
    batch.format === 'json'
      ? recordsOfJson(text)
      : batch.format === 'ndjson'
        ? recordsOfLines(text)
        : textRecords(text, batch.receivedAt)
  if (records.length <= batch.limits.lines) return records
  throw new Problem(
    'too_large',
    `The request has ${records.length} lines; at most ${batch.limits.lines} are allowed. Send smaller batches.`,
  )
}

/** A line of NDJSON that is not JSON; `reason` is the parser's message. */
export class UnparsableRecord {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

function recordsOfJson(text: string): unknown[] {
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

function recordsOfLines(text: string): unknown[] {
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
    if (!(value instanceof UnparsableRecord)) readable++
    records.push(value)
  }
  if (records.length === 1 && Array.isArray(records[0])) return recordsOfValue(records[0])
  if (readable === records.length) return records
  // Not every line is JSON: perhaps the whole body is, over several lines.
  const whole = parse(text)
  if (!(whole instanceof UnparsableRecord)) return recordsOfValue(whole)
  if (readable > 0) return records
  throw bodyProblem('body', `No line of the body is JSON: ${(records[0] as UnparsableRecord).reason}.`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return new UnparsableRecord((error as Error).message)
  }
}

function bodyProblem(field: string, message: string): Problem {
  return new Problem('invalid', message, { fields: { [field]: message } })
}
