// Batches for tests, made from text or values as a sender would put them on the wire.
import type { NewLine } from '../line.ts'
import type { Batch } from '../store.ts'
import { readBatch } from './read-batch.ts'

export const RECEIVED = Date.parse('2026-11-21T12:00:00.000Z')

/** A batch of the body: a text as it is, anything else as JSON. */
export function aBatch(body: unknown, changes: Partial<Batch> = {}): Batch {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    body: new TextEncoder().encode(text).buffer,
    format: 'json',
    project: 'shop',
    defaults: {},
    receivedAt: RECEIVED,
    limits: { lines: 1000, messageBytes: 65_536 },
    retentionMs: 72 * 3_600_000,
    privacy: {},
    idempotencyKey: null,
    ...changes,
  }
}

/** The lines of a body whose every line is good. */
export function linesOf(body: unknown, changes: Partial<Batch> = {}): NewLine[] {
  const { lines, rejected } = readBatch(aBatch(body, changes))
  if (rejected.length > 0) throw new Error(JSON.stringify(rejected))
  return lines
}

/** The one line of a record. */
export function lineOf(record: unknown, changes: Partial<Batch> = {}): NewLine {
  return linesOf([record], changes)[0]!
}

/** The lines of plain text, as `level message` and, below, whether they have a stack. */
export function textLines(text: string, changes: Partial<Batch> = {}): NewLine[] {
  return linesOf(text, { format: 'text', ...changes })
}
