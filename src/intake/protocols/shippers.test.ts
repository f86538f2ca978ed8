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

describe('Splunk', () => {
  const event = (fields: object) => JSON.stringify({ time: Number(next() / 1_000_000n) / 1000, ...fields })

  it.each(['/services/collector', '/services/collector/event', '/services/collector/event/1.0'])(
    'events to %s may follow one another in any way',
    async path => {
      const [a, b, c] = ['a', 'b', 'c'].map(text => event({ event: text, host: 'web-1', source: 'shop' }))
      for (const body of [`${a}${b}\n${c}`, `[${a},${b}, ${c}]`]) {
        reading.lines.length = 0
        const { status, text } = await send(path, body, { authorization: `Splunk ${secret}` })
        expect([status, JSON.parse(text)]).toEqual([200, { text: 'Success', code: 0 }])
        expect(reading.lines).toMatchObject(
          ['a', 'b', 'c'].map(message => ({ message, host: 'web-1', source: 'shop' })),
        )
      }
    },
  )

  it('the time, the fields and the form of the event are read', async () => {
    const body = [
      {
        time: '1795946400.250',
        event: { message: 'no stock', severity: 'error', order: 9 },
        sourcetype: 'shop:orders',
      },
      { time: 1795946401, event: '{"level":"warn","msg":"slow"}', fields: { region: 'eu' }, index: 'main' },
      {
        time: 1795946402,
        event: { line: 'hello', source: 'stdout', tag: 'web', attrs: { image: 'web:1' } },
        host: 'h',
      },
      { time: 1795946403, event: 7 },
    ]
    await send('/services/collector', body.map(item => JSON.stringify(item)).join(''))
    expect(reading.lines).toMatchObject([
      {
        ...{ message: 'no stock', level: 'error', source: 'shop:orders', timestamp: 1_795_946_400_250 },
        attributes: { order: 9, sourcetype: 'shop:orders' },
      },
      { message: 'slow', level: 'warn', attributes: { region: 'eu', index: 'main' } },
      { message: 'hello', source: 'web', host: 'h', attributes: { stream: 'stdout', image: 'web:1' } },
      { message: '7' },
    ])
  })

  it('raw lines, channels, acknowledgements and health', async () => {
    const raw = await send('/services/collector/raw?channel=c&source=nginx&host=h', 'first\nsecond')
    expect(JSON.parse(raw.text)).toEqual({ text: 'Success', code: 0, ackId: expect.any(Number) })
    expect(reading.lines).toMatchObject([{ message: 'first', source: 'nginx', host: 'h' }, { message: 'second' }])
    expect(JSON.parse((await send('/services/collector/ack?channel=c', '{"acks":[3,4]}')).text)).toEqual({
      acks: { 3: true, 4: true },
    })
    const health = await app.request('/services/collector/health')
    expect([health.status, await health.json()]).toEqual([200, { text: 'HEC is healthy', code: 17 }])
  })

  it('an event with a time is stored once when it is repeated, one without is another event', async () => {
    const timed = event({ event: 'timed' })
    for (const body of [timed, timed, '{"event":"x"}', '{"event":"x"}']) await send('/services/collector', body)
    expect(reading.lines.map(({ message }) => message)).toEqual(['timed', 'x', 'x'])
  })

  it.each([
    ['', {}, 400, { text: 'No data', code: 5 }],
    ['nonsense', {}, 400, { code: 6, 'invalid-event-number': 0 }],
    ['{"event":"good"}{"event":', {}, 400, { code: 6, 'invalid-event-number': 1 }],
    ['{"event":"good"}{"host":"h"}', {}, 400, { text: 'Event field is required', code: 12, 'invalid-event-number': 1 }],
    ['{"event":" "}', {}, 400, { text: 'Event field cannot be blank', code: 13 }],
    ['{"event":"x"}', { authorization: 'Splunk wrong' }, 403, { text: 'Invalid token', code: 4 }],
    ['{"event":"x"}', { authorization: '' }, 401, { text: 'Token is required', code: 2 }],
  ])('the body %j with %j is refused in the words of Splunk', async (body, headers, status, answer) => {
    const refused = await send('/services/collector', body, headers as Headers)
    expect([refused.status, JSON.parse(refused.text)]).toEqual([status, expect.objectContaining(answer)])
    expect(reading.lines).toEqual([])
  })

  it('overload is 503, which its clients repeat', async () => {
    reading.failing.with = () => new Problem('limited', 'x', { retryAfterMs: 3_000 })
    const { status, retryAfter, text } = await send('/services/collector', event({ event: 'x' }))
    expect([status, retryAfter, JSON.parse(text)]).toMatchObject([503, '3', { text: 'Server is busy', code: 9 }])
  })
})

describe('Seq', () => {
  const at = () => new Date(Number(next() / 1_000_000n)).toISOString()

  it.each([
    ['/ingest/clef', { 'content-type': 'application/vnd.serilog.clef' }],
    ['/api/events/raw?clef', JSON_TYPE],
    ['/api/events/raw', { 'content-type': 'application/vnd.serilog.clef' }],
  ])('CLEF to %s is stored', async (path, headers) => {
    const instant = at()
    const body = [
      { '@t': instant, '@mt': 'Paid {Order} for {User}', Order: 9, User: 'ann', Application: 'shop', '@@x': 1 },
      { '@t': at(), '@m': 'Error counts are fine', SourceContext: 'Shop.Cart' },
      { '@t': at(), '@mt': 'Broken', '@l': 'Error', '@x': 'System.Exception: no\n   at Shop.Pay()', '@tr': 'ab12' },
    ]
    const { status, text } = await send(path, body.map(item => JSON.stringify(item)).join('\n'), headers)
    expect([status, text]).toEqual([201, '{"MinimumLevelAccepted":null}'])
    expect(reading.lines).toMatchObject([
      {
        ...{ message: 'Paid 9 for ann', level: 'info', source: 'shop', timestamp: Date.parse(instant) },
        attributes: { Order: 9, '@x': 1 },
      },
      { message: 'Error counts are fine', level: 'info', source: 'Shop.Cart' },
      { message: 'Broken', level: 'error', stack: expect.stringContaining('Shop.Pay'), traceId: 'ab12' },
    ])
  })

  it('the events of seq-logging and its like are stored, with the key in the URL', async () => {
    const Events = [
      {
        ...{ Timestamp: at(), Level: 'Warning', MessageTemplate: 'Slow {Path}', Exception: 'Error: x\n at f' },
        Properties: { Path: '/pay', Application: 'shop', Ms: 900 },
      },
    ]
    const headers = { authorization: '', 'x-seq-apikey': 'null', ...JSON_TYPE }
    const { status } = await send(`/api/events/raw?apiKey=${secret}`, JSON.stringify({ Events }), headers)
    expect(status).toBe(201)
    expect(reading.lines).toMatchObject([
      { message: 'Slow /pay', level: 'warn', source: 'shop', stack: expect.stringContaining('at f') },
    ])
    expect(JSON.stringify(reading.lines[0]!.attributes)).toContain('900')
  })

  it('a batch is stored once when it is repeated, and refused as a whole when one line is broken', async () => {
    const body = JSON.stringify({ '@t': at(), '@mt': 'x' })
    for (let i = 0; i < 2; i++) await send('/ingest/clef', body)
    expect(reading.lines).toHaveLength(1)
    const broken = await send('/ingest/clef', `${JSON.stringify({ '@t': at(), '@mt': 'y' })}\nnonsense`)
    expect([broken.status, JSON.parse(broken.text)]).toEqual([400, { Error: expect.stringContaining('Line 2 is not') }])
    expect(reading.lines).toHaveLength(1)
    reading.failing.with = () => new Problem('limited', 'x')
    expect((await send('/ingest/clef', JSON.stringify({ '@t': at(), '@mt': 'z' }))).status).toBe(503)
  })
})

describe('Datadog', () => {
  const log = (fields: object = {}) => ({ timestamp: Number(next() / 1_000_000n), message: 'no stock', ...fields })

  it.each([
    ['/api/v2/logs', 202],
    ['/v1/input', 200],
  ])('logs to %s are stored', async (path, status) => {
    const own = { ddsource: 'nodejs', ddtags: 'env:prod,team:shop', hostname: 'web-1', service: 'api', status: 'error' }
    const stored = await send(path, JSON.stringify([log(own)]), {
      authorization: '',
      'dd-api-key': secret,
      ...JSON_TYPE,
    })
    expect([stored.status, stored.text]).toEqual([status, '{}'])
    expect(reading.lines).toMatchObject([
      { message: 'no stock', level: 'error', source: 'api', host: 'web-1', tags: ['env:prod', 'team:shop'] },
    ])
  })

  it('the key may be in the path or the query, and lines may be text', async () => {
    expect((await send(`/v1/input/${secret}`, JSON.stringify(log()), { authorization: '' })).status).toBe(200)
    const query = `dd-api-key=${secret}&ddsource=nginx&ddtags=env:prod&hostname=h`
    const text = await send(`/api/v2/logs?${query}`, 'one\ntwo', { authorization: '', 'content-type': 'text/plain' })
    expect(text.status).toBe(202)
    expect(reading.lines).toMatchObject([
      { message: 'no stock' },
      { message: 'one', source: 'nginx', host: 'h', tags: ['env:prod'] },
      { message: 'two' },
    ])
  })

  it('a question whether the key is right is answered, and refusals are in its words', async () => {
    expect((await send('/api/v2/logs', '{}', JSON_TYPE)).status).toBe(202)
    const wrong = await send('/api/v2/logs', '{}', { ...JSON_TYPE, authorization: '', 'dd-api-key': 'wrong' })
    expect([wrong.status, JSON.parse(wrong.text).errors[0]]).toMatchObject([403, { status: '403', title: 'Forbidden' }])
    expect((await send('/api/v2/logs', '{"a":', JSON_TYPE)).status).toBe(400)
    reading.failing.with = busy
    expect(await send('/api/v2/logs', JSON.stringify(log()), JSON_TYPE)).toMatchObject({ status: 503, retryAfter: '2' })
  })
})

describe('forms', () => {
  const form = (body: string) => send('/api/logs', body, { 'content-type': 'application/x-www-form-urlencoded' })

  it("of a logger, such as Python's HTTPHandler, are one line", async () => {
    const fields = { name: 'web', msg: 'payment & more failed', levelname: 'ERROR', levelno: '40', lineno: '7' }
    await form(new URLSearchParams(fields).toString())
    expect(reading.lines).toMatchObject([
      { message: 'payment & more failed', level: 'error', source: 'web', attributes: { lineno: '7' } },
    ])
  })

  it.each([
    ['plain words', 'plain words'],
    ['status=ok', 'status=ok'],
    ['a=1&b=2', 'a=1&b=2'],
    ['msg=hello world', 'msg=hello world'],
    ['{"message":"json"}', 'json'],
  ])('%j of "curl -d" stays what it is', async (body, message) => {
    await form(body)
    expect(reading.lines).toMatchObject([{ message }])
  })
})

it('an emitter that sends more than its project allows waits, and the other sources of its project do not', async () => {
  await app.result('projects add crowd')
  await app.result('projects edit crowd --emitter-limit 10')
  const { key } = await app.result<{ key: { secret: string } }>('keys create crowd')
  const logs = async (...sources: string[]) => {
    const body = JSON.stringify(sources.map(source => ({ message: 'x', source, host: 'h' })))
    const { status, text, retryAfter } = await send('/api/logs', body, {
      ...JSON_TYPE,
      authorization: `Bearer ${key.secret}`,
    })
    return { status, retryAfter, ...(JSON.parse(text) as { accepted?: number; errors?: object[] }) }
  }
  expect(await logs(...Array(15).fill('loud'))).toMatchObject({ status: 200, accepted: 15 })
  expect(await logs('loud', 'quiet')).toMatchObject({
    ...{ status: 200, accepted: 1 },
    errors: [{ index: 0, field: 'emitter', message: expect.stringContaining('The source loud on h sent more lines') }],
  })
  expect(await logs('loud')).toMatchObject({ status: 429, retryAfter: '30' })
  await app.passes('31s')
  expect(await logs('loud')).toMatchObject({ status: 200, accepted: 1 })
})
