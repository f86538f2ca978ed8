// Parses a batch as received into log lines: the first step of the store's writer.
import { identify } from '../errors/fingerprint.ts'
import type { NewLine } from '../line.ts'
import { createRedactor, type Redactor } from '../redact/redact.ts'
import type { Batch, LineError } from '../store.ts'
import { type Fields, normalise, type Rejection } from './normalise.ts'
import { findRecords, UnparsableRecord } from './records.ts'

/**
 * The lines of a batch, the rejected ones with their index (from 0), and why an error line is grouped (empty for other
 * lines).
 */
export type ReadBatch = { lines: NewLine[]; rejected: LineError[]; why(line: NewLine): string }

/**
 * Parses a body of any format. An error in one line rejects that line only. Throws `invalid` on the field `body` when the
 * body cannot be parsed at all, on `log` when it is not a log, and `too_large` when it has too many lines. `key` (32 bytes)
 * encrypts personal data where the batch's privacy wants that; without it such data is masked.
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

/** The line with Vakt's fingerprint in place of the sender's. */
function identified(line: NewLine, reasons: Map<NewLine, string>): NewLine {
  const identity = identify(line)
  line.fingerprint = identity?.fingerprint ?? ''
  if (identity) reasons.set(line, identity.why)
  return line
}

function readRecord(record: unknown, batch: Batch, redactor: Redactor): NewLine | Rejection {
  if (record instanceof UnparsableRecord) return { field: '', message: `The line is not JSON: ${record.reason}.` }
  if (typeof record === 'object' && record !== null && !Array.isArray(record))
    return normalise(record as Fields, batch, redactor)
  const kind = record === null ? 'null' : Array.isArray(record) ? 'a list' : `a ${typeof record}`
  return { field: '', message: `The line is ${kind}; it must be an object such as {"message": "…"}.` }
}
