// What it costs to read a line, by the family of its format: processor time of one thread, without storing.

import { countBatch } from '../src/logs/embedded/workers/batch-counts.ts'
import { readBatch } from '../src/logs/intake/read-batch.ts'
import type { NewLine } from '../src/logs/line.ts'
import type { Batch } from '../src/logs/store.ts'
import { logLines } from './logs-lines.ts'
import type { Row } from './table.ts'

const LINES = 1_000
const BODIES = 20
const ROUNDS = 8
const RECEIVED = Date.parse('2026-11-29T10:10:00Z')

type BenchLine = { level: string; message: string; source: string; host: string }
type Family = { name: string; format: Batch['format']; write(line: BenchLine, i: number): string }

const FAMILIES: readonly Family[] = [
  { name: 'JSON', format: 'ndjson', write: line => JSON.stringify(line) },
  {
    name: 'wide JSON (ECS, 30 fields)',
    format: 'ndjson',
    write: ({ level, message, source, host }, i) =>
      JSON.stringify({
        '@timestamp': timeOf(i),
        log: { level, logger: `com.shop.${source}` },
        message,
        service: { name: source, version: '1.2.3' },
        host: { name: host, ip: ['10.0.0.7'] },
        http: { request: { method: 'GET', bytes: i * 3 }, response: { status_code: 200, bytes: i * 17 } },
        url: { path: `/api/v1/users/${i}`, domain: 'shop.example' },
        user: { id: String(i * 91) },
        labels: { app: source, tier: 'web', team: 'pay', region: 'eu' },
        event: { duration: i * 1_000, outcome: 'success' },
        thread: `worker-${i % 16}`,
        score: i / 7,
      }),
  },
  {
    name: 'plain text',
    format: 'text',
    write: ({ level, message }, i) => `${timeOf(i)} ${level.toUpperCase()} ${message}`,
  },
  {
    name: 'access log',
    format: 'text',
    write: (_, i) =>
      `10.0.${i % 200}.7 - - [29/Nov/2026:10:00:${two(i % 60)} +0000] "GET /api/v1/users/${i} HTTP/1.1" ${i % 50 === 0 ? 502 : 200} ${i * 13} "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"`,
  },
  {
    name: 'syslog',
    format: 'text',
    write: ({ level, message, source, host }, i) =>
      `<${level === 'error' ? 27 : 30}>Nov 29 10:00:${two(i % 60)} ${host} ${source}[${1_000 + (i % 7)}]: ${message}`,
  },
  {
    name: 'logfmt',
    format: 'text',
    write: ({ level, message, source }, i) =>
      `time=${timeOf(i)} level=${level} msg="${message.replaceAll('"', '')}" source=${source} user_id=${i}`,
  },
  {
    name: 'CRI with JSON',
    format: 'text',
    write: ({ level, message, source }, i) =>
      `${timeOf(i)} stdout F ${JSON.stringify({ level, msg: message, logger: source })}`,
  },
  {
    name: 'Java with traces (of 14 lines, each tenth)',
    format: 'text',
    write: ({ message }, i) => {
      const head = `2026-11-29 10:00:00.123 ${i % 10 === 0 ? 'ERROR' : ' INFO'} 1234 --- [nio-8080-exec-1] com.shop.Cart : ${message}`
      const frames = Array.from({ length: 12 }, (_, n) => `\tat com.shop.Cart${n}.pay(Cart.java:${n * 3})`)
      return i % 10 === 0 ? [head, `java.lang.IllegalStateException: no cart ${i}`, ...frames].join('\n') : head
    },
  },
]

/** A row for each family: microseconds of processor a line, the least of several rounds, since others use the machine too. */
export function benchLogFormats(): Promise<Row[]> {
  return Promise.resolve(
    FAMILIES.map(family => ({ what: `read one line of ${family.name}`, value: `${costOf(family).toFixed(2)} µs` })),
  )
}

function costOf({ format, write }: Family): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    // Bodies that were not read before, as those of programs are.
    const bodies = Array.from({ length: BODIES }, (_, body) => createBody(round * BODIES + body, write))
    const begun = process.cpuUsage()
    let lines = 0
    for (const body of bodies) lines += readOne(body, format)
    const { user, system } = process.cpuUsage(begun)
    least = Math.min(least, (user + system) / lines)
  }
  return least
}

function createBody(seed: number, write: Family['write']): ArrayBuffer {
  const lines = logLines(seed)
  const texts = Array.from({ length: LINES }, (_, i) => write(lines.next().value as BenchLine, i))
  return new TextEncoder().encode(texts.join('\n')).buffer
}

/** Reads and counts a body as the writer does. */
function readOne(body: ArrayBuffer, format: Batch['format']): number {
  const { lines, why } = readBatch({
    body,
    format,
    project: 'bench',
    defaults: {},
    receivedAt: RECEIVED,
    limits: { lines: 50_000, messageBytes: 65_536 },
    retentionMs: 86_400_000,
    privacy: {},
    idempotencyKey: null,
  })
  const placed = lines.map((line: NewLine, position: number) => ({ line, timestamp: line.timestamp, position }))
  countBatch(placed, why)
  return lines.length
}

function timeOf(i: number): string {
  return new Date(RECEIVED - 600_000 + i * 7).toISOString()
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
