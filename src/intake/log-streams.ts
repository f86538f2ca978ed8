// Log lines as streams: exports page by page, and the live tail as server-sent events.
import type { Context } from 'hono'
import type { LogLine } from '../logs/line.ts'
import type { Query } from '../logs/query/tree.ts'
import { CSV_HEADER, csvRecord, lineResult } from '../logs/serialize.ts'
import { type LogReader, missingLines, type PageRequest } from '../logs/store.ts'
import { lineEvent, sendLines } from './line-events.ts'
import type { TailPlace } from './tail-places.ts'

const PAGE_SIZE = 1_000

/** All lines of a search as a file; the next page is read only once the last one was taken, so slow readers cost no memory. */
export function exportLines(
  c: Context,
  store: LogReader,
  request: Omit<PageRequest, 'limit' | 'cursor'>,
  format: 'ndjson' | 'csv',
  limit = Number.POSITIVE_INFINITY,
): Response {
  const type = format === 'csv' ? 'text/csv' : 'application/x-ndjson'
  c.header('content-type', `${type}; charset=utf-8`)
  c.header('content-disposition', `attachment; filename="logs.${format}"`)
  // A page that cannot be read breaks the answer off, so that half an export is never mistaken for the whole.
  const pages = ReadableStream.from(exportedPages(store, request, format, limit))
  return c.body(pages.pipeThrough(new TextEncoderStream()))
}

async function* exportedPages(
  store: LogReader,
  request: Omit<PageRequest, 'limit' | 'cursor'>,
  format: 'ndjson' | 'csv',
  limit: number,
) {
  if (format === 'csv') yield CSV_HEADER
  const write = (line: LogLine) => (format === 'csv' ? csvRecord(line) : `${JSON.stringify(lineResult(line))}\n`)
  let left = limit
  let oldest: number | null = null
  let cursor: string | null = null
  while (left > 0) {
    const page = await store.search({ ...request, limit: Math.min(PAGE_SIZE, left), cursor })
    if (page.lines.length > 0) yield page.lines.map(write).join('')
    left -= page.lines.length
    cursor = page.next
    oldest = page.lines.at(-1)?.timestamp ?? oldest
    if (cursor === null) break
  }
  // Half an export must not look like the whole: where lines are missing in it, the answer breaks off.
  const from = left > 0 ? request.query.from : oldest
  const missing = await missingLines(store, { from, until: request.query.until })
  if (missing.length > 0) throw new Error(`The export is not complete: ${missing[0]!.message}`)
}

/** Sends lines as they are stored, until the reader leaves or its place ends. */
export function tailLines(c: Context, place: TailPlace, store: LogReader, query: Query): Promise<Response> {
  return sendLines<LogLine>(c, place, sink => store.tail(query, sink.lines), logLineEvent)
}

const events = new WeakMap<LogLine, string>()

/** The event of a line; it is written once, however many tails the line goes to. */
function logLineEvent(line: LogLine): string {
  let event = events.get(line)
  if (event === undefined) {
    event = lineEvent(lineResult(line), line.id)
    events.set(line, event)
  }
  return event
}
