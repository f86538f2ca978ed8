// What receivers of each kind get of a line with everything, and of one with as little as possible.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { LogLine } from '../../logs/line.ts'
import { loki } from './loki.ts'
import { otlp } from './otlp.ts'
import { webhook } from './webhook.ts'

let server: Server
let address: string
let got: { path: string; headers: IncomingHttpHeaders; text: string }[]
let answer: string
let status: number

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    got.push({ path: request.url!, headers: request.headers, text })
    response.writeHead(status).end(answer)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
beforeEach(() => {
  got = []
  answer = ''
  status = 200
})

const AT = Date.parse('2026-03-02T09:00:00.123Z')
const BARE: LogLine = {
  ...{ id: '1', timestamp: AT, receivedAt: AT + 5, level: 'info', message: 'hello', project: 'shop', source: '' },
  ...{ host: '', group: '', tags: [], fingerprint: '', stack: '', traceId: '', spanId: '', attributes: {} },
}
const FULL: LogLine = {
  ...BARE,
  ...{ level: 'fatal', message: 'no stock', source: 'cart', host: 'web-1', group: 'prod/cart', tags: ['a', 'b'] },
  ...{ stack: 'Error\n  at x', traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' },
  attributes: {
    ...{ order: 7, ratio: 0.5, isNew: true, user: 'ann', none: null, 'a.b': 'c' },
    ...{ list: [1, 'x'], map: { deep: false } },
  },
}
const target = () => ({ address, headers: { 'x-a': 'b' } })
const json = () => JSON.parse(got[0]!.text)

describe('Loki', () => {
  it('gets everything: labels that are few, the rest as metadata', async () => {
    expect(await loki.send([FULL], target())).toEqual({ refused: 0 })
    expect(got[0]).toMatchObject({ path: '/loki/api/v1/push', headers: { 'x-a': 'b' } })
    expect(json().streams).toEqual([
      {
        stream: { service_name: 'cart', level: 'fatal', project: 'shop', host: 'web-1', group: 'prod/cart' },
        values: [
          [
            `${AT}000000`,
            'no stock\nError\n  at x',
            {
              ...{ tags: 'a,b', span_id: '00f067aa0ba902b7', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' },
              ...{ order: '7', ratio: '0.5', isNew: 'true', user: 'ann', none: 'null', a_b: 'c' },
              ...{ list: '[1,"x"]', map: '{"deep":false}' },
            },
          ],
        ],
      },
    ])
  })

  it('gets nothing that a line does not have, and one stream for all lines of the same labels', async () => {
    await loki.send([BARE, { ...BARE, message: 'again' }, { ...BARE, level: 'warn' }], target())
    const empty = { service_name: 'unknown_service', project: 'shop' }
    expect(json().streams).toEqual([
      {
        stream: { ...empty, level: 'info' },
        values: [
          [`${AT}000000`, 'hello', {}],
          [`${AT}000000`, 'again', {}],
        ],
      },
      { stream: { ...empty, level: 'warn' }, values: [[`${AT}000000`, 'hello', {}]] },
    ])
  })

  it('gets at most 100 fields of metadata, the ids first', async () => {
    const attributes = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`f${i}`, i]))
    await loki.send([{ ...FULL, attributes }], target())
    const names = Object.keys(json().streams[0].values[0][2])
    expect([names.length, names.slice(0, 3), names.at(-1)]).toEqual([100, ['tags', 'span_id', 'trace_id'], 'f96'])
  })
})

describe('Loki that took all lines but those of a wrong time', () => {
  it.each([
    ['entry for stream \'{app="x"}\' has timestamp too old: 2026-01-01T00:00:00Z, oldest acceptable is: …', 1],
    ["entry with timestamp … ignored, reason: 'entry too far behind', total ignored: 2 out of 3", 2],
    ['entry out of order, total ignored: 900 out of 3', 3],
  ])('is not sent them again: %s', async (text, refused) => {
    ;[status, answer] = [400, text]
    expect(await loki.send([BARE, BARE, FULL], target())).toEqual({ refused })
  })

  it.each([
    [400, 'stream has no labels'],
    [503, 'entry too far behind'],
  ])('is not meant by %s %s', async (code, text) => {
    ;[status, answer] = [code, text]
    await expect(loki.send([BARE], target())).rejects.toThrow(text)
  })
})

describe('OTLP', () => {
  const attributes = (list: { key: string; value: object }[]) =>
    Object.fromEntries(list.map(({ key, value }) => [key, value]))

  it('gets everything, each value in its type', async () => {
    expect(await otlp.send([FULL], target())).toEqual({ refused: 0 })
    expect(got[0]!.path).toBe('/v1/logs')
    const [{ resource, scopeLogs }] = json().resourceLogs
    expect(attributes(resource.attributes)).toEqual({
      'service.name': { stringValue: 'cart' },
      'host.name': { stringValue: 'web-1' },
      'vakt.project': { stringValue: 'shop' },
    })
    const [record] = scopeLogs[0].logRecords
    expect(record).toMatchObject({
      ...{ timeUnixNano: `${AT}000000`, observedTimeUnixNano: `${AT + 5}000000` },
      ...{ severityNumber: 21, severityText: 'FATAL', body: { stringValue: 'no stock' } },
      ...{ traceId: FULL.traceId, spanId: FULL.spanId },
    })
    expect(attributes(record.attributes)).toEqual({
      ...{ order: { intValue: '7' }, ratio: { doubleValue: 0.5 }, isNew: { boolValue: true }, none: {} },
      ...{ user: { stringValue: 'ann' }, 'a.b': { stringValue: 'c' } },
      list: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'x' }] } },
      map: { kvlistValue: { values: [{ key: 'deep', value: { boolValue: false } }] } },
      'exception.stacktrace': { stringValue: FULL.stack },
      'vakt.group': { stringValue: 'prod/cart' },
      'vakt.tags': { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } },
    })
  })

  it('gets nothing that a line does not have, and no id that is none', async () => {
    await otlp.send([BARE, { ...BARE, traceId: 'abc', spanId: 'abc' }, { ...BARE, host: 'web-2' }], target())
    const [first, second] = json().resourceLogs
    expect(attributes(first.resource.attributes)).toEqual({
      'service.name': { stringValue: 'unknown_service' },
      'vakt.project': { stringValue: 'shop' },
    })
    expect([first.scopeLogs[0].logRecords.length, second.scopeLogs[0].logRecords.length]).toEqual([2, 1])
    for (const record of first.scopeLogs[0].logRecords) {
      expect(Object.keys(record)).not.toContain('traceId')
      expect(Object.keys(record)).not.toContain('spanId')
      expect(record.attributes).toEqual([])
    }
  })

  it.each([
    ['{"partialSuccess":{"rejectedLogRecords":"2"}}', 2],
    ['{"partialSuccess":{"rejectedLogRecords":1}}', 1],
    ['{"partialSuccess":{"rejectedLogRecords":1e999}}', 2],
    ['{"partialSuccess":{"rejectedLogRecords":"900"}}', 2],
    ['{"partialSuccess":{"rejectedLogRecords":-5}}', 0],
    ['null', 0],
    ['{"partialSuccess":{}}', 0],
    ['{"partialSuccess":{"rejectedLogRecords":"many"}}', 0],
    ['{}', 0],
    ['thanks', 0],
  ])('says %s when it refused %i records', async (text, refused) => {
    answer = text
    expect(await otlp.send([BARE, FULL], target())).toEqual({ refused })
  })
})

it('a webhook gets one line as JSON on each line', async () => {
  expect(await webhook.send([FULL, BARE], { ...target(), address: `${address}/in` })).toEqual({ refused: 0 })
  expect(got[0]).toMatchObject({ path: '/in', headers: { 'content-type': 'application/x-ndjson', 'x-a': 'b' } })
  expect(got[0]!.text.split('\n').map(text => text && JSON.parse(text).message)).toEqual(['no stock', 'hello', ''])
})
