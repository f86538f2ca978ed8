// Log lines as streams: exports page by page, and the live tail as server-sent events.
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { LogLine } from '../logs/line.ts'
import type { Query } from '../logs/query/tree.ts'
import { CSV_HEADER, csvRecord, lineResult } from '../logs/serialize.ts'
import type { LogStore, PageRequest } from '../logs/store.ts'
import { SECOND } from '../time.ts'

const PAGE_SIZE = 1_000
/** How many lines of a live tail may wait for a slow reader; more are left out and counted. */
export const MAX_WAITING_LINES = 1_000
/** A tail without lines sends a comment this often, so that proxies keep it open. */
export const KEEP_ALIVE_MS = 15 * SECOND

/** All lines of a search as a file; the next page is read only once the last one was taken, so slow readers cost no memory. */
export function exportLines(
  c: Context,
  store: LogStore,
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
  store: LogStore,
  request: Omit<PageRequest, 'limit' | 'cursor'>,
  format: 'ndjson' | 'csv',
  limit: number,
) {
  if (format === 'csv') yield CSV_HEADER
  const write = (line: LogLine) => (format === 'csv' ? csvRecord(line) : `${JSON.stringify(lineResult(line))}\n`)
  let left = limit
  let cursor: string | null = null
  while (left > 0) {
    const page = await store.search({ ...request, limit: Math.min(PAGE_SIZE, left), cursor })
    if (page.lines.length > 0) yield page.lines.map(write).join('')
    left -= page.lines.length
    cursor = page.next
    if (cursor === null) return
  }
}

/** Sends lines as they are stored, until the reader goes. */
export async function tailLines(c: Context, store: LogStore, query: Query): Promise<Response> {
  const waiting: LogLine[] = []
  let dropped = 0
  let wake = () => {}
  // Before the answer begins, so that a store which does not open is answered as an error.
  const stop = await store.tail(query, lines => {
    const room = Math.max(0, MAX_WAITING_LINES - waiting.length)
    waiting.push(...lines.slice(0, room))
    dropped += Math.max(0, lines.length - room)
    wake()
  })
  return streamSSE(c, async sse => {
    sse.onAbort(() => {
      stop()
      wake()
    })
    await sse.writeSSE({ event: 'ready', data: '{}' })
    while (!sse.aborted) {
      for (const line of waiting.splice(0))
        await sse.writeSSE({ event: 'line', id: line.id, data: JSON.stringify(lineResult(line)) })
      if (dropped > 0) await sse.writeSSE({ event: 'dropped', data: JSON.stringify({ lines: dropped }) })
      dropped = 0
      const isQuiet = await new Promise<boolean>(resolve => {
        const timer = setTimeout(() => resolve(true), KEEP_ALIVE_MS)
        wake = () => {
          clearTimeout(timer)
          resolve(false)
        }
        if (waiting.length > 0) wake()
      })
      if (isQuiet) await sse.write(': still here\n\n')
    }
    stop()
  })
}
