// Reads a batch as it came over the wire into log lines: what the store's writer does first.
import { identify } from '../errors/fingerprint.ts'
import type { NewLine } from '../line.ts'
import { createRedactor, type Redactor } from '../redact/redact.ts'
import type { Batch, LineError } from '../store.ts'
import { type Fields, normalise, type Refusal } from './normalise.ts'
import { findRecords, Unreadable } from './records.ts'

/**
 * The lines of a batch, those refused with their place (counted from 0), and why one of the error lines is grouped as it is
 * (empty for others).
 */
export type ReadBatch = { lines: NewLine[]; rejected: LineError[]; why(line: NewLine): string }

/**
 * Reads a body of any format. One line's fault refuses that line only. Throws `invalid` on the field `body` when the body
 * cannot be read at all, on `log` when it is no log, and `too_large` when it has too many lines. `key` (32 bytes) encrypts what
 * the batch's privacy says is to be encrypted; without it that is masked.
 */
export function readBatch(batch: Batch, key: Uint8Array | null = null): ReadBatch {
  const redactor = createRedactor(batch.privacy, key)
  const lines: NewLine[] = []
  const rejected: LineError[] = []
  const reasons = new Map<NewLine, string>()
  for (const [index, record] of findRecords(batch).entries()) {
    const line = readRecord(record, batch, redactor)
    if ('timestamp' in line) lines.push(identified(line, reasons))
    else rejected.push({ index, ...line })
  }
  return { lines, rejected, why: line => reasons.get(line) ?? '' }
}

/** The line with its identity in place of what its sender gave for one. */
function identified(line: NewLine, reasons: Map<NewLine, string>): NewLine {
  const identity = identify(line)
  line.fingerprint = identity?.fingerprint ?? ''
  if (identity) reasons.set(line, identity.why)
  return line
}

function readRecord(record: unknown, batch: Batch, redactor: Redactor): NewLine | Refusal {
  if (record instanceof Unreadable) return { field: '', message: `The line is not JSON: ${record.why}.` }
  if (typeof record === 'object' && record !== null && !Array.isArray(record))
    return normalise(record as Fields, batch, redactor)
  const kind = record === null ? 'null' : Array.isArray(record) ? 'a list' : `a ${typeof record}`
  return { field: '', message: `The line is ${kind}; it must be an object such as {"message": "…"}.` }
}
