// Batches and stores for the tests of the embedded log store.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { DAY } from '../../time.ts'
import type { LogLine } from '../line.ts'
import type { Query, QueryNode } from '../query/tree.ts'
import type { ArchiveStatus, Batch } from '../store.ts'
import type { EmbeddedLogStore } from './embedded-log-store.ts'
import { type LogStoreOptions, openLogStore } from './open-log-store.ts'

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

/** A folder for a store, and how to remove it. */
export function makeFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'vakt-logs-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A folder that is removed after the test. */
export function aFolder(): string {
  const folder = makeFolder()
  onTestFinished(folder.remove)
  return folder.path
}

/** An open store that is closed after the test. */
export async function aStore(options: Partial<LogStoreOptions> = {}): Promise<EmbeddedLogStore> {
  const store = await openLogStore({ folder: options.folder ?? aFolder(), logger: silentLogger, ...options })
  onTestFinished(() => store.close())
  return store
}

/** One store for all tests of a block, emptied after each: starting its workers takes longer than most tests. */
export function sharedStore(): () => EmbeddedLogStore {
  const folder = makeFolder()
  let store: EmbeddedLogStore
  beforeAll(async () => {
    store = await openLogStore({ folder: folder.path, logger: silentLogger })
  })
  afterEach(async () => {
    await store.purge(ALL)
  })
  afterAll(async () => {
    await store.close()
    folder.remove()
  })
  return () => store
}

/** The messages about what maintaining a store at an instant removed. */
export async function maintained(store: EmbeddedLogStore, now: number, archive?: ArchiveStatus): Promise<string[]> {
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
  store: EmbeddedLogStore,
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
