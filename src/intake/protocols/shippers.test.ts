// What clients of other programs' protocols are answered over HTTP: in their own words, so that they repeat what was not
// stored and nothing that was.
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { snappyCompress } from 'hysnappy'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { readingStore } from '../../testing/reading-store.ts'
import { lokiJson, lokiSnappy, otlpProtobuf } from '../../testing/wire.ts'

const reading = readingStore()
let app: TestApp
let secret: string

beforeAll(async () => {
  app = await startApp({ store: reading.store })
  secret = (await app.result<{ key: { secret: string } }>('keys create default')).key.secret
})

beforeEach(() => {
  reading.lines.length = 0
  reading.failing.with = null
})

type Headers = Record<string, string>
async function send(path: string, body: string | Uint8Array, headers: Headers = {}) {
  const answer = await app.request(path, {
    ...{ method: 'POST', body: body as string },
    headers: { authorization: `Bearer ${secret}`, ...headers },
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  return {
    ...{ status: answer.status, type: answer.headers.get('content-type'), bytes, text: bytes.toString('utf8') },
    retryAfter: answer.headers.get('retry-after'),
  }
}

const busy = () => new Problem('busy', 'The queue of logs to store is full.', { retryAfterMs: 2_000 })
const JSON_TYPE = { 'content-type': 'application/json' }
const PROTOBUF = { 'content-type': 'application/x-protobuf' }
let minute = 0n
/** A time of its own for each request, so that none is a repetition. */
const next = () => 1_795_000_000_000_000_000n + ++minute * 60_000_000_000n

describe('Loki', () => {
  const streams = () => [{ labels: { app: 'api' }, entries: [[next(), 'hello']] as [bigint, string][] }]

  it.each([
    ['JSON', () => lokiJson(streams()), JSON_TYPE],
    ['JSON of any spelling', () => lokiJson(streams()), { 'content-type': 'Application/JSON; charset=UTF-8' }],
    ['JSON without a type', () => lokiJson(streams()), {}],
    ['gzip', () => gzipSync(lokiJson(streams())), { ...JSON_TYPE, 'content-encoding': 'gzip' }],
    ['snappy', () => lokiSnappy(streams()), PROTOBUF],
    ['snappy that is named', () => lokiSnappy(streams()), { ...PROTOBUF, 'content-encoding': 'snappy' }],
    ['snappy without a type', () => lokiSnappy(streams()), {}],
  ])('a push as %s is answered 204 and stored', async (_what, body, headers) => {
    expect(await send('/loki/api/v1/push', body(), headers)).toMatchObject({ status: 204, text: '' })
    expect(reading.lines).toMatchObject([{ message: 'hello', source: 'api', project: 'default' }])
  })

  it('is stored once when it is repeated, whatever compresses it, and again with another time', async () => {
    const same = streams()
    await send('/loki/api/v1/push', lokiJson(same), JSON_TYPE)
    const again = gzipSync(lokiJson(same))
    expect((await send('/loki/api/v1/push', again, { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(204)
    expect(reading.lines).toHaveLength(1)
    await send('/loki/api/v1/push', lokiJson(streams()), JSON_TYPE)
    expect(reading.lines).toHaveLength(2)
  })

  it('refusals are text with the status that clients act on', async () => {
    const refused = async (body: string, headers: Headers = {}) => {
      const { status, type, text } = await send('/loki/api/v1/push', body, { ...JSON_TYPE, ...headers })
      expect([type, text.endsWith('\n')]).toEqual(['text/plain; charset=UTF-8', true])
      return status
    }
    expect(await refused('{"streams":7}')).toBe(400)
    expect(await refused('')).toBe(400)
    expect(await refused('nonsense', { 'content-type': 'application/x-protobuf' })).toBe(400)
    expect(await refused('{}', { authorization: 'Bearer vakt_wrong' })).toBe(401)
    expect(await refused('{}', { 'content-encoding': 'lzma' })).toBe(415)
    reading.failing.with = busy
    const { status, retryAfter } = await send('/loki/api/v1/push', lokiJson(streams()), JSON_TYPE)
    expect([status, retryAfter]).toEqual([503, '2'])
  })
})

describe('OTLP', () => {
  const request = () => ({
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: String(next()), body: { stringValue: 'hello' } }] }] }],
  })
  const asJson = () => JSON.stringify(request())

  it.each([
    ['JSON', () => asJson(), JSON_TYPE],
    ['gzip', () => gzipSync(asJson()), { ...JSON_TYPE, 'content-encoding': 'gzip' }],
    ['zstd', () => zstdCompressSync(asJson()), { ...JSON_TYPE, 'content-encoding': 'zstd' }],
  ])('logs as %s are answered in JSON', async (_what, body, headers) => {
    const { status, type, text } = await send('/v1/logs', body(), headers)
    expect([status, type, text]).toEqual([200, 'application/json', '{"partialSuccess":{}}'])
    expect(reading.lines).toMatchObject([{ message: 'hello' }])
  })

  it.each([
    ['protobuf', () => otlpProtobuf(request()), {}],
    ['gzip', () => gzipSync(otlpProtobuf(request())), { 'content-encoding': 'gzip' }],
    ['snappy', () => snappyCompress(otlpProtobuf(request())), { 'content-encoding': 'snappy' }],
  ])('logs as %s are answered in protobuf', async (_what, body, headers: Headers) => {
    const { status, type, bytes } = await send('/v1/logs', body(), { ...PROTOBUF, ...headers })
    expect([status, type, bytes.length]).toEqual([200, 'application/x-protobuf', 0])
    expect(reading.lines).toMatchObject([{ message: 'hello' }])
  })

  it('an export is stored once when it is repeated', async () => {
    const body = otlpProtobuf(request())
    for (let i = 0; i < 3; i++) expect((await send('/v1/logs', body, PROTOBUF)).status).toBe(200)
    expect(reading.lines).toHaveLength(1)
  })

  it('refusals are a Status in the type of the request', async () => {
    const json = await send('/v1/logs', '{"resourceLogs":7}', JSON_TYPE)
    expect([json.status, JSON.parse(json.text)]).toEqual([
      400,
      { code: 3, message: expect.stringContaining('"resourceLogs" is not a list') },
    ])
    const binary = await send('/v1/logs', 'nonsense', PROTOBUF)
    expect([binary.status, binary.type, readStatus(binary.bytes)]).toEqual([
      ...[400, 'application/x-protobuf'],
      { code: 3, message: expect.stringContaining('Nothing of it is stored') },
    ])
    const wrong = await send('/v1/logs', '{}', { ...JSON_TYPE, authorization: 'Bearer vakt_wrong' })
    expect([wrong.status, JSON.parse(wrong.text).code]).toEqual([401, 16])
    expect((await send('/v1/logs', 'a=b', { 'content-type': 'text/html' })).status).toBe(415)
    reading.failing.with = busy
    expect(await send('/v1/logs', asJson(), JSON_TYPE)).toMatchObject({ status: 503, retryAfter: '2' })
    reading.failing.with = () => new Problem('internal', 'x')
    expect((await send('/v1/logs', asJson(), JSON_TYPE)).status).toBe(503)
  })

  it.each([
    [
      '/v1/traces',
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{"name":"b"}]}]}]}',
      'rejectedSpans',
      'traces',
    ],
    [
      '/v1/metrics',
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"sum":{"dataPoints":[{},{}]}}]}]}]}',
      'rejectedDataPoints',
      'metrics',
    ],
  ])('%s is answered politely', async (path, body, count, what) => {
    const { status, text } = await send(path, body, JSON_TYPE)
    expect([status, JSON.parse(text)]).toEqual([
      200,
      { partialSuccess: { [count]: '2', errorMessage: expect.stringContaining(`not ${what}`) } },
    ])
    expect((await send(path, Buffer.alloc(0), PROTOBUF)).status).toBe(200)
    expect((await send(path, body, { ...JSON_TYPE, authorization: '' })).status).toBe(401)
    expect(reading.lines).toEqual([])
  })

  function readStatus(bytes: Uint8Array) {
    const reader = new BinaryReader(bytes)
    reader.tag()
    const code = reader.int32()
    reader.tag()
    return { code, message: reader.string() }
  }
})
