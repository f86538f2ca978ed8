// Batches, queries and pages for the tests of log stores, in the words of the port only.
import { DAY } from '../time.ts'
import type { LogLine } from './line.ts'
import type { Query, QueryNode } from './query/tree.ts'
import type { ArchiveStatus, Batch, FeedPage, LogFeed, LogMaintenance, LogReader } from './store.ts'

/** The instant at which the lines of tests are received. */
export const NOON = Date.UTC(2026, 10, 21, 12)
export const ALL: Query = { where: null, from: null, until: null }
export const AMPLE_MS = 60_000

export type Sent = { message: string; timestamp?: number | string; [field: string]: unknown }

/** A batch of lines, as a client sends it. */
export function batchOf(lines: readonly Sent[], changes: Partial<Batch> = {}): Batch {
  return {
    body: bytes(JSON.stringify(lines)),
    format: 'json',
    project: 'default',
    defaults: {},
    receivedAt: NOON,
    limits: { lines: 100_000, messageBytes: 64 * 1024 },
    retentionMs: 3 * DAY,
    privacy: {},
    idempotencyKey: null,
    ...changes,
  }
}

export function bytes(text: string): ArrayBuffer {
  const encoded = new TextEncoder().encode(text)
  return encoded.buffer.slice(encoded.byteOffset, encoded.byteOffset + encoded.byteLength)
}

/** The messages about what maintaining a store at an instant removed. */
export async function maintained(store: LogMaintenance, now: number, archive?: ArchiveStatus): Promise<string[]> {
  return (await store.maintain(now, archive)).removed.map(({ message }) => message)
}

export function where(node: QueryNode | null): Query {
  return { where: node, from: null, until: null }
}

export function word(text: string): QueryNode {
  return { kind: 'word', text, prefix: false }
}

/** All lines of a query, page by page. */
export async function allPages(
  store: LogReader,
  query: Query,
  order: 'newest' | 'oldest' = 'newest',
  limit = 100,
): Promise<LogLine[]> {
  const found: LogLine[] = []
  let cursor: string | null = null
  do {
    const page = await store.search({ query, order, limit, cursor, timeoutMs: AMPLE_MS })
    found.push(...page.lines)
    cursor = page.next
  } while (cursor !== null)
  return found
}

export function messages(lines: readonly LogLine[]): string[] {
  return lines.map(line => line.message)
}

/** Reads from a position to the end of what is committed; `pages` has the number of lines of each page. */
export async function follow(
  feed: LogFeed,
  from: number,
  limits: { lines: number; bytes: number } = { lines: 1_000, bytes: 10_000_000 },
): Promise<{ found: LogLine[]; pages: number[]; position: number }> {
  const found: LogLine[] = []
  const pages: number[] = []
  for (let position = from; ; ) {
    const page: FeedPage = await feed.linesAfter(position, limits)
    found.push(...page.lines)
    pages.push(page.lines.length)
    if (page.next < position || page.next < (page.lines.length > 0 ? position + 1 : 0))
      throw new Error(`a feed went back from ${position} to ${page.next}`)
    position = page.next
    if (page.next >= page.committedTo) return { found, pages, position }
  }
}

/** The same lines in the order they were stored. */
export function asStored(lines: readonly LogLine[]): LogLine[] {
  return lines.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}
