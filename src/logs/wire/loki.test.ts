// Loki's push requests: what becomes of labels, times, lines and metadata, the same from JSON and from protobuf.
import { describe, expect, it } from 'vitest'
import { type LokiStream, lokiJson, lokiProtobuf, lokiSnappy } from '../../testing/wire.ts'
import { RECEIVED } from '../intake/batches.testing.ts'
import { readBatch } from '../intake/read-batch.ts'
import type { NewLine } from '../line.ts'
import type { Batch } from '../store.ts'
import { parseLabels } from './loki.ts'

const NS = BigInt(RECEIVED - 60_000) * 1_000_000n
const AT = RECEIVED - 60_000

function batchOf(body: Uint8Array, format: Batch['format'], changes: Partial<Batch> = {}): Batch {
  return {
    ...{ body: new Uint8Array(body).buffer, format, project: 'shop', defaults: {}, receivedAt: RECEIVED },
    ...{ limits: { lines: 1000, messageBytes: 65_536 }, retentionMs: 1e9, privacy: {}, idempotencyKey: null },
    ...changes,
  }
}

const ENCODINGS = [
  ['JSON', lokiJson, 'wire:loki-json'],
  ['protobuf', lokiProtobuf, 'wire:loki-protobuf'],
  ['snappy', lokiSnappy, 'wire:loki-snappy'],
] as const

const lines = (
  streams: readonly LokiStream[],
  encode: (typeof ENCODINGS)[number][1] = lokiJson,
  format: Batch['format'] = 'wire:loki-json',
) => readBatch(batchOf(encode(streams), format)).lines

const one = (labels: LokiStream['labels'], line: string, metadata?: LokiStream['labels']): NewLine =>
  lines([{ labels, entries: [metadata ? [NS, line, metadata] : [NS, line]] }])[0]!

describe.each(ENCODINGS)('a push request as %s', (_name, encode, format) => {
  it('gives a line for each entry, with labels, metadata, level and instant', () => {
    const read = lines(
      [
        {
          labels: { service_name: 'api', host: 'web-1', level: 'error', env: 'prod "x"' },
          entries: [
            [NS, 'no stock', { trace_id: '0af7651916cd43dd8448eb211c80319c', user: '7' }],
            [NS + 5_999_999n, '{"level":30,"time":1,"msg":"paid","order":9}'],
          ],
        },
        { labels: { job: 'cron' }, entries: [[NS, 'söker ❌']] },
      ],
      encode,
      format,
    )
    expect(read).toMatchObject([
      {
        ...{ message: 'no stock', source: 'api', host: 'web-1', level: 'error', timestamp: AT },
        ...{ traceId: '0af7651916cd43dd8448eb211c80319c', attributes: { env: 'prod "x"', user: '7' } },
      },
      { message: 'paid', level: 'info', timestamp: AT + 5, attributes: { env: 'prod "x"', order: 9 } },
      { message: 'söker ❌', source: 'cron', timestamp: AT },
    ])
    expect(read).toHaveLength(3)
  })

  it('with more entries than the limit is refused before they are read', () => {
    const entries = Array.from({ length: 11 }, (_, i): [bigint, string] => [NS, `line ${i}`])
    const limits = { lines: 10, messageBytes: 1000 }
    expect(() => readBatch(batchOf(encode([{ labels: {}, entries }]), format, { limits }))).toThrow(
      'more than 10 lines',
    )
    expect(
      readBatch(batchOf(encode([{ labels: {}, entries: entries.slice(1) }]), format, { limits })).lines,
    ).toHaveLength(10)
  })

  it('cut anywhere is refused as a whole, or is a shorter request of whole entries', () => {
    const whole = encode([
      {
        labels: { a: 'b' },
        entries: [
          [NS, 'first'],
          [NS, 'second'],
        ],
      },
    ])
    for (let length = 1; length < whole.length; length++) {
      let read: NewLine[] = []
      try {
        read = readBatch(batchOf(whole.subarray(0, length), format)).lines
      } catch (error) {
        expect(String(error)).toMatch(/Nothing of it is stored|is not JSON/)
      }
      expect(read).toEqual([])
    }
  })
})

it.each([
  [{ service_name: 'a', app: 'b' }, 'a'],
  [{ app: 'b', job: 'c' }, 'b'],
  [{ application: 'b' }, 'b'],
  [{ container: 'k', job: 'ns/k', pod: 'k-1' }, 'k'],
  [{ compose_service: 'web', container_name: 'x-web-1' }, 'x-web-1'],
  [{ job: 'varlogs', filename: '/var/log/syslog' }, 'varlogs'],
  [{ filename: '/var/log/syslog' }, '/var/log/syslog'],
  [{ service_name: 'unknown_service', container: 'k' }, 'k'],
  [{}, ''],
])('labels %j name the source "%s"', (labels, source) => {
  expect(one(labels as LokiStream['labels'], 'x').source).toBe(source)
})

it('a source in the line counts before that of whoever passed it on, not before the name of the service', () => {
  expect(one({ job: 'docker' }, '{"service":"pay","msg":"x"}').source).toBe('pay')
  expect(one({ service_name: 'shop' }, '{"service":"pay","msg":"x"}').source).toBe('shop')
})

it('the host is that of the labels, or of the node or instance', () => {
  expect(one({ host: 'h', instance: 'i:9100' }, 'x').host).toBe('h')
  expect(one({ instance: 'i:9100' }, 'x').host).toBe('i')
  expect(one({ node_name: 'n', pod: 'p' }, 'x').host).toBe('n')
})

it('the time of the entry counts, and one in the text is kept', () => {
  const line = one({ job: 'j' }, '{"timestamp":"2020-01-01 00:00:00","msg":"x"}')
  expect([line.timestamp, line.attributes['log.timestamp']]).toEqual([AT, '2020-01-01 00:00:00'])
  expect(one({ job: 'j' }, '2020-01-01T00:00:00Z ERROR disk full')).toMatchObject({
    ...{ timestamp: AT, level: 'error', message: expect.stringContaining('disk full') },
  })
})

it('lines of known formats are read, and a level in the labels counts where the line has none', () => {
  const access = one(
    { job: 'nginx' },
    '10.0.0.1 - - [21/Nov/2026:11:59:00 +0000] "GET /pay HTTP/1.1" 502 12 "-" "curl"',
  )
  expect(access).toMatchObject({ level: 'error', attributes: { status: 502 } })
  expect(one({ level: 'warn' }, 'hello').level).toBe('warn')
  expect(one({ detected_level: 'error' }, 'hello').level).toBe('error')
  expect(one({ detected_level: 'unknown' }, 'hello').level).toBe('info')
})

it('labels named as the text or the time of a line are attributes', () => {
  expect(one({ msg: 'label', time: 'noon', log: 'label' }, 'the line')).toMatchObject({
    ...{ message: 'the line', timestamp: AT, attributes: { msg: 'label', time: 'noon', log: 'label' } },
  })
})

it('an entry without a line is rejected alone, and the form of before 2020 is read', () => {
  const body = Buffer.from(
    JSON.stringify({
      streams: [
        { stream: { app: 'a' }, values: [[String(NS), 'kept'], [String(NS)], 7] },
        { labels: '{app="old", x="`"}', entries: [{ ts: '2026-11-21T11:00:00.5Z', line: 'from promtail' }] },
      ],
    }),
  )
  const { lines: read, rejected } = readBatch(batchOf(body, 'wire:loki-json'))
  expect(read).toMatchObject([
    { message: 'kept' },
    {
      message: 'from promtail',
      source: 'old',
      timestamp: Date.parse('2026-11-21T11:00:00.5Z'),
      attributes: { x: '`' },
    },
  ])
  expect(rejected).toMatchObject([
    { index: 1, message: 'The entry has no line.' },
    { index: 2, message: 'The entry has no line.' },
  ])
})

it.each([
  ['null', 'has no list "streams"'],
  ['{}', 'has no list "streams"'],
  ['{"streams":[7]}', 'not an object'],
  ['{"streams":[{"stream":7,"values":[]}]}', 'labels of a stream'],
  ['{"streams":[{"stream":{},"values":7}]}', 'not a list'],
  ['{"streams":[', 'is not JSON'],
])('the body %s is refused as a whole: %s', (body, says) => {
  expect(() => readBatch(batchOf(Buffer.from(body), 'wire:loki-json'))).toThrow(says)
})

it.each([
  ['{a="b"}', { a: 'b' }],
  ['{a="b", c="d\\"e\\n"}', { a: 'b', c: 'd"e\n' }],
  ['{ a = `b\\n` ,c="\\x41\\u00e5" }', { a: 'b\\n', c: 'Aå' }],
  ['{}', {}],
  ['', {}],
  ['{__proto__="x"}', JSON.parse('{"__proto__":"x"}')],
  ['{a="unclosed', {}],
])('the labels %s are read', (text, labels) => {
  expect(parseLabels(text)).toEqual(labels)
})
