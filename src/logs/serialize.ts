// Writes log lines for machines: as JSON and as CSV.
import { isoTime } from '../time.ts'
import type { LogLine } from './line.ts'
import type { MissingLines } from './store.ts'

/** A line as JSON: snake case, times RFC 3339 UTC, null for empty texts. */
export function lineResult(line: LogLine) {
  return {
    id: line.id,
    timestamp: isoTime(line.timestamp),
    received_at: isoTime(line.receivedAt),
    level: line.level,
    message: line.message,
    project: line.project,
    source: line.source || null,
    host: line.host || null,
    group: line.group || null,
    tags: line.tags,
    fingerprint: line.fingerprint || null,
    stack: line.stack || null,
    trace_id: line.traceId || null,
    span_id: line.spanId || null,
    attributes: line.attributes,
  }
}

/** What an answer does not contain, as a field of its result; none when nothing is missing. */
export function missingResult(missing: readonly MissingLines[]) {
  if (missing.length === 0) return {}
  const list = missing.map(({ from, until, ...own }) => ({ ...own, from: isoTime(from), until: isoTime(until) }))
  return { missing: list }
}

/** The first record of a CSV export. */
export const CSV_HEADER =
  'timestamp,level,project,source,host,group,tags,message,stack,trace_id,span_id,fingerprint,attributes,id\r\n'

/** A line as a CSV record (RFC 4180). An apostrophe before a text keeps spreadsheets from running it as a formula. */
export function csvRecord(line: LogLine): string {
  const cells = [
    isoTime(line.timestamp),
    line.level,
    line.project,
    line.source,
    line.host,
    line.group,
    line.tags.join(' '),
    line.message,
    line.stack,
    line.traceId,
    line.spanId,
    line.fingerprint,
    Object.keys(line.attributes).length > 0 ? JSON.stringify(line.attributes) : '',
    line.id,
  ]
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
