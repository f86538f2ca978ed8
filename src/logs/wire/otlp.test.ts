// OTLP logs: what becomes of resources, scopes and records, the same from JSON and from protobuf.
import { describe, expect, it } from 'vitest'
import { type AnyValue, otlpProtobuf } from '../../testing/wire.ts'
import { RECEIVED } from '../intake/batches.testing.ts'
import { readBatch } from '../intake/read-batch.ts'
import type { NewLine } from '../line.ts'
import type { Batch } from '../store.ts'

const AT = RECEIVED - 60_000
const NS = `${AT}000000`

function read(body: Uint8Array, format: Batch['format'], lines = 1000) {
  return readBatch({
    ...{ body: new Uint8Array(body).buffer, format, project: 'shop', defaults: {}, receivedAt: RECEIVED },
    ...{ limits: { lines, messageBytes: 65_536 }, retentionMs: 1e9, privacy: {}, idempotencyKey: null },
  })
}

type Request = Parameters<typeof otlpProtobuf>[0]
const ENCODINGS = [
  ['JSON', (request: Request) => Buffer.from(JSON.stringify(request)), 'wire:otlp-json'],
  ['protobuf', otlpProtobuf, 'wire:otlp-protobuf'],
] as const

const text = (stringValue: string): AnyValue => ({ stringValue })
const pair = (key: string, value: AnyValue | string) => ({
  key,
  value: typeof value === 'string' ? text(value) : value,
})

function requestOf(record: object, resource: { [name: string]: string } = {}, scope = {}): Request {
  const attributes = Object.entries(resource).map(([key, value]) => pair(key, value))
  return { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ scope, logRecords: [{ ...record }] }] }] }
}

describe.each(ENCODINGS)('an export as %s', (_name, encode, format) => {
  const one = (...request: Parameters<typeof requestOf>): NewLine =>
    read(encode(requestOf(...request)), format).lines[0]!

  it('gives a line with level, instant, source, host, trace and every kind of value', () => {
    const record = {
      timeUnixNano: NS,
      observedTimeUnixNano: `${RECEIVED}000000`,
      severityNumber: 17,
      severityText: 'Error',
      body: text('no stock'),
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      attributes: [
        pair('text', 'a'),
        pair('int', { intValue: 42 }),
        pair('big', { intValue: '1150736271837286401' }),
        pair('half', { doubleValue: 0.5 }),
        pair('yes', { boolValue: true }),
        pair('list', { arrayValue: { values: [text('x'), { intValue: 1 }] } }),
        pair('map', { kvlistValue: { values: [pair('k', 'v')] } }),
        pair('bytes', { bytesValue: 'AAEC' }),
      ],
    }
    expect(
      one(
        record,
        { 'service.name': 'api', 'host.name': 'web-1', 'k8s.pod.name': 'api-7' },
        { name: 'orders', version: '1' },
      ),
    ).toMatchObject({
      ...{ message: 'no stock', level: 'error', timestamp: AT, source: 'api', host: 'web-1' },
      ...{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
      attributes: {
        ...{ text: 'a', int: 42, big: '1150736271837286401', half: 0.5, yes: true, list: ['x', 1], map: { k: 'v' } },
        ...{ bytes: 'AAEC', 'k8s.pod.name': 'api-7', 'otel.scope.name': 'orders', 'otel.scope.version': '1' },
      },
    })
  })

  it.each([
    [1, 'trace'],
    [4, 'trace'],
    [5, 'debug'],
    [9, 'info'],
    [12, 'info'],
    [13, 'warn'],
    [20, 'error'],
    [24, 'fatal'],
  ])('severity %i is %s', (severityNumber, level) => {
    expect(one({ severityNumber, body: text('x') }).level).toBe(level)
  })

  it('reads the level of the severity text, or of a line that was passed on', () => {
    expect(one({ severityText: 'WARNING', body: text('x') }).level).toBe('warn')
    expect(one({ body: text('2026-11-21T11:00:00Z ERROR disk full') })).toMatchObject({ level: 'error' })
    expect(one({ body: text('{"level":"error","msg":"inner","user":7}') })).toMatchObject({
      ...{ level: 'error', message: 'inner', attributes: { user: 7 } },
    })
  })

  it('takes the observed time where there is no other, and that of receipt where there is none', () => {
    expect(one({ observedTimeUnixNano: NS, body: text('x') }).timestamp).toBe(AT)
    expect(one({ timeUnixNano: '0', body: text('x') }).timestamp).toBe(RECEIVED)
  })

  it('names a source and a host where the resource has no good ones', () => {
    expect(one({ body: text('x') }, { 'service.name': 'unknown_service:node' }, { name: 'http' }).source).toBe('http')
    expect(one({ body: text('x') }, { 'service.name': 'unknown_service' }).source).toBe('unknown_service')
    expect(one({ body: text('x') }, { 'k8s.container.name': 'pay', 'k8s.node.name': 'n1' })).toMatchObject({
      ...{ source: 'pay', host: 'n1' },
    })
  })

  it('shows bodies that are no text, events and exceptions', () => {
    const kvlist = { kvlistValue: { values: [pair('message', 'paid'), pair('order', { intValue: 9 })] } }
    expect(one({ body: kvlist })).toMatchObject({ message: 'paid', attributes: { order: 9 } })
    expect(one({ body: { arrayValue: { values: [text('a'), { intValue: 1 }] } } }).message).toBe('["a",1]')
    expect(one({ body: { intValue: 7 } }).message).toBe('7')
    expect(one({ eventName: 'user.login', severityNumber: 9 }).message).toBe('user.login')
    const exception = [
      pair('exception.type', 'TypeError'),
      pair('exception.message', 'no x'),
      pair('exception.stacktrace', 'TypeError: no x\n    at f (/a.js:1:2)'),
    ]
    expect(one({ severityNumber: 17, attributes: exception })).toMatchObject({
      ...{ message: 'TypeError: no x', stack: expect.stringContaining('at f'), level: 'error' },
      attributes: { 'exception.type': 'TypeError' },
    })
  })

  it('with more records than the limit is refused, and one cut anywhere stores no part of a record', () => {
    const request = requestOf({ body: text('first') })
    request.resourceLogs[0]!.scopeLogs[0]!.logRecords.push({ body: text('second') })
    const whole = encode(request)
    expect(() => read(whole, format, 1)).toThrow('more than 1 lines')
    expect(read(whole, format, 2).lines).toHaveLength(2)
    for (let length = 1; length < whole.length; length++) {
      let lines: NewLine[] = []
      try {
        lines = read(whole.subarray(0, length), format).lines
      } catch (error) {
        expect(String(error)).toMatch(/Nothing of it is stored/)
      }
      expect(lines).toEqual([])
    }
  })
})

it('JSON is read in the spellings that exporters have', () => {
  const request = {
    resource_logs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { string_value: 'snake' } }] },
        scope_logs: [
          {
            log_records: [
              { time_unix_nano: Number(NS), severity_number: 'SEVERITY_NUMBER_WARN2', body: { string_value: 'x' } },
              { traceId: 'CvdlGRbNQ92ESOshHIAxnA==', body: { stringValue: 'ids as base64' }, unknownField: { a: 1 } },
            ],
          },
        ],
        unknown: 1,
      },
    ],
  }
  expect(read(Buffer.from(JSON.stringify(request)), 'wire:otlp-json').lines).toMatchObject([
    { source: 'snake', level: 'warn', message: 'x' },
    { traceId: '0af7651916cd43dd8448eb211c80319c', message: 'ids as base64' },
  ])
})

it.each([
  ['7', 'the request is not an object'],
  ['{"resourceLogs":7}', '"resourceLogs" is not a list'],
  ['{"resourceLogs":[7]}', 'an element of "resourceLogs" is not an object'],
  ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":7}]}]}]}', '"attributes" is not a list'],
  ['{', 'is not JSON'],
])('the body %s is refused: %s', (body, says) => {
  expect(() => read(Buffer.from(body), 'wire:otlp-json')).toThrow(says)
})

it('values nested without end are refused, not followed', () => {
  let value: AnyValue = text('deep')
  for (let i = 0; i < 100; i++) value = { arrayValue: { values: [value] } }
  for (const [, encode, format] of ENCODINGS)
    expect(() => read(encode(requestOf({ body: value })), format)).toThrow('nested too deep')
})
