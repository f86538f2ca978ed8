// Measures how fast the embedded log store stores and finds lines, compared with the insert rate of SQLite in the same run.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { silentLogger } from '../src/logger.ts'
import type { EmbeddedLogStore } from '../src/logs/embedded/embedded-log-store.ts'
import { openLogStore } from '../src/logs/embedded/open-log-store.ts'
import type { QueryNode } from '../src/logs/query/tree.ts'
import type { Batch } from '../src/logs/store.ts'
import { DAY, HOUR } from '../src/time.ts'
import { logLines, RARE_WORD } from './logs-lines.ts'
import { rawInsertRate } from './logs-raw.ts'
import { median, type Row } from './table.ts'

/** How many lines to search, in millions. */
const MILLION_LINES = Number(process.env.LOG_MILLIONS ?? 1)
const BODY_COUNT = 60
const DURATION_S = 4
const SEARCH_COUNT = 40

/** Appends through the store (no HTTP), then searches among `LOG_MILLIONS` million lines, and the memory of all that. */
export async function benchLogStore(): Promise<Row[]> {
  const folder = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'vakt-bench-logs-'))
  const bodies = makeBodies(1_000)
  const singles = makeBodies(1)
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 100)
  const logs = join(folder, 'logs')
  const store = await openLogStore({ folder: logs, logger: silentLogger })
  try {
    const large = await appendRate(store, bodies, 1_000, 24)
    const hundred = await appendRate(store, makeBodies(100), 100, 64)
    const single = await appendRate(store, singles, 1, 256)
    await fill(store, bodies)
    const { lines, bytes } = await store.status()
    const found = await searches(store)
    const memory = peak
    const raw = rawInsertRate(join(folder, 'raw.db'), bodies)
    await store.close()
    const opening = await openAfterKill(logs)
    return [
      { what: 'rows alone, same SQLite, no index', value: `${round(raw)} lines/s` },
      goal('1,000-line batches', large.lines, 'lines/s', 100_000, `p99 ${large.p99.toFixed(0)} ms`),
      {
        what: '100-line batches, 64 at once',
        value: `${round(hundred.lines)} lines/s, p99 ${hundred.p99.toFixed(0)} ms`,
      },
      goal('1-line batches', single.lines, 'batches/s', 14_000, `p99 ${single.p99.toFixed(0)} ms`),
      { what: 'lines stored', value: `${round(lines)}, ${(bytes / lines).toFixed(0)} bytes each` },
      ...found,
      {
        what: 'opens after kill -9 under load',
        value: `${round(opening)} ms`,
        goal: 'under 2,000 ms',
        met: opening < 2_000,
      },
      { what: 'memory at most', value: `${round(memory / 1e6)} MB`, goal: 'under 400 MB', met: memory < 400e6 },
    ]
  } finally {
    clearInterval(watch)
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Has a process store lines in the same folder, kills it, and opens the store; ms until the first answer. */
async function openAfterKill(folder: string): Promise<number> {
  const child = spawn(process.execPath, ['src/logs/embedded/store-under-load.testing.ts', folder, '0', '[]'])
  await once(child.stdout, 'data')
  child.stdout.resume()
  await setTimeout(1_000)
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  const begun = performance.now()
  const store = await openLogStore({ folder, logger: silentLogger })
  await store.search({
    query: { where: null, from: null, until: null },
    order: 'newest',
    limit: 1,
    cursor: null,
    timeoutMs: 1_000,
  })
  const took = performance.now() - begun
  await store.close()
  return took
}

async function searches(store: EmbeddedLogStore): Promise<Row[]> {
  const word = (text: string): QueryNode => ({ kind: 'word', text, prefix: false })
  const host: QueryNode = { kind: 'field', field: 'host', value: 'web-7' }
  const errors: QueryNode = { kind: 'level', comparison: '>=', level: 'error' }
  const filtered: QueryNode = { kind: 'and', parts: [word('timeout'), host, errors] }
  const cases: [string, QueryNode | null][] = [
    ['newest 50 lines', null],
    ['rare word', word(RARE_WORD)],
    ['common word, newest 50', word('timeout')],
    ['phrase', { kind: 'phrase', words: ['two', 'factor', 'authentication'] }],
    ['word with two field filters', filtered],
    ['absent word', word('nonexistentword')],
  ]
  const rows: Row[] = []
  for (const [what, where] of cases) {
    const query = { where, from: null, until: null }
    const times = await timed(SEARCH_COUNT, () =>
      store.search({ query, order: 'newest', limit: 50, cursor: null, timeoutMs: 3_000 }),
    )
    const p95 = percentile(times, 0.95)
    const value = `p50 ${median(times).toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`
    rows.push({ what: `search: ${what}`, value, goal: 'p95 at most 50 ms', met: p95 <= 50 })
  }
  const common = { where: word('timeout'), from: null, until: null }
  const counted = await timed(10, () => store.count(common, 3_000))
  rows.push({ what: 'count of a common word', value: `p50 ${median(counted).toFixed(1)} ms` })
  const now = Date.now()
  const drawn = await timed(5, () => store.histogram(common, now - DAY, now + HOUR, 60, 3_000))
  rows.push({ what: 'histogram of a common word', value: `p50 ${median(drawn).toFixed(1)} ms` })
  const scan = await timed(3, () =>
    store.search({
      query: { where: { kind: 'regex', source: 'no[t]here', caseless: false }, from: null, until: null },
      order: 'newest',
      limit: 50,
      cursor: null,
      timeoutMs: 500,
    }),
  )
  rows.push({ what: 'regex scan given 500 ms', value: `p50 ${median(scan).toFixed(0)} ms` })
  return rows
}

/** Sends batches with this concurrency for a while. */
async function appendRate(store: EmbeddedLogStore, bodies: Uint8Array[], lines: number, concurrency: number) {
  const times: number[] = []
  let next = 0
  const until = performance.now() + DURATION_S * 1_000
  const begun = performance.now()
  const lane = async () => {
    while (performance.now() < until) {
      const at = performance.now()
      await store.append(batchOf(bodies[next++ % bodies.length]!))
      times.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  const seconds = (performance.now() - begun) / 1_000
  return { lines: (times.length * lines) / seconds, p99: percentile(times, 0.99) }
}

async function fill(store: EmbeddedLogStore, bodies: Uint8Array[]): Promise<void> {
  const { lines } = await store.status()
  let missing = Math.ceil((MILLION_LINES * 1e6 - lines) / 1_000)
  let next = 0
  const lane = async () => {
    while (missing-- > 0) await store.append(batchOf(bodies[next++ % bodies.length]!))
  }
  await Promise.all(Array.from({ length: 24 }, lane))
}

function makeBodies(lines: number): Uint8Array[] {
  return Array.from({ length: BODY_COUNT }, (_, seed) => {
    const source = logLines(seed)
    const text = `${Array.from({ length: lines }, () => JSON.stringify(source.next().value)).join('\n')}\n`
    return new TextEncoder().encode(text)
  })
}

function batchOf(bytes: Uint8Array): Batch {
  return {
    body: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
    format: 'ndjson',
    project: 'default',
    defaults: {},
    receivedAt: Date.now(),
    limits: { lines: 10_000, messageBytes: 65_536 },
    retentionMs: 3 * DAY,
    privacy: {},
    idempotencyKey: null,
  }
}

async function timed(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const measured: number[] = []
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    await work()
    measured.push(performance.now() - begun)
  }
  return measured
}

function percentile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]!
}

function goal(what: string, rate: number, unit: string, least: number, beside: string): Row {
  const value = `${round(rate)} ${unit}, ${beside}`
  return { what, value, goal: `at least ${round(least)}`, met: rate >= least }
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en')
}
