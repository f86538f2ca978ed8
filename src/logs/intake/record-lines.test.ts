// What is taken out of what shippers put around a record, and the line that each of its fields makes.
import { describe, expect, it } from 'vitest'
import type { NewLine } from '../line.ts'
import { createRedactor } from '../redact/redact.ts'
import { EMITTER_FIELD } from '../store.ts'
import { RejectedRecord, WireRecord } from '../wire/wire-format.ts'
import { aBatch } from './batches.testing.ts'
import { normalise } from './normalise.ts'
import { readBatch, readerOf } from './read-batch.ts'
import { unwrap } from './unwrap.ts'

const CONTEXT = { receivedAt: 0, timeZone: 'UTC', formats: readerOf(undefined) }

it.each<[object, object]>([
  [{ message: 'plain' }, { message: 'plain' }],
  [
    { message: '{"msg":"in","a":1}', b: 2 },
    { b: 2, msg: 'in', a: 1 },
  ],
  [{ message: '{"msg":' }, { message: '{"msg":' }],
  [{ message: '[1]' }, { message: '[1]' }],
  [{ message: 7 }, { message: 7 }],
  [
    { log: '{"msg":"in"}', stream: 'stdout' },
    { stream: 'stdout', msg: 'in' },
  ],
  [
    { log: 'ERROR no', stream: 'stdout' },
    { stream: 'stdout', message: 'ERROR no' },
  ],
  [
    { log: '', stream: 'stdout' },
    { log: '', stream: 'stdout' },
  ],
  [
    { log: 7, message: '{"msg":"in"}' },
    { log: 7, msg: 'in' },
  ],
  [
    { message: '2026-11-21 07:00:00 ERROR no', container_name: 'cart' },
    { container_name: 'cart', timestamp: { at: 1795244400000, hasZone: false }, message: 'ERROR no' },
  ],
  [{ message: '2026-11-21 07:00:00 ERROR no' }, { message: '2026-11-21 07:00:00 ERROR no' }],
  [
    { log: '2026-11-21 07:00:00 ERROR no', time: '2026-11-21T08:00:05Z' },
    { time: '2026-11-21T08:00:05Z', message: 'ERROR no' },
  ],
  [
    { log: '2026-11-21 07:00:00 ERROR no', timestamp: '2026-11-21T08:00:05Z' },
    { timestamp: '2026-11-21T08:00:05Z', message: 'ERROR no' },
  ],
  [{ log: '2026-11-21 07:00:00 ERROR no' }, { timestamp: { at: 1795244400000, hasZone: false }, message: 'ERROR no' }],
  [
    { log: '{"timestamp":"2026-11-21T07:00:00Z","msg":"in"}', timestamp: '2026-11-21T08:00:05Z' },
    { timestamp: '2026-11-21T07:00:00Z', msg: 'in' },
  ],
  [
    { log: '{"time":"2026-11-21T07:00:00Z","msg":"in"}', timestamp: '2026-11-21T08:00:05Z' },
    { timestamp: '2026-11-21T08:00:05Z', time: '2026-11-21T07:00:00Z', msg: 'in' },
  ],
  [
    { short_message: '{"level":"warn","msg":"slow"}', version: '1.1', level: 6, _container_name: 'cart' },
    { container_name: 'cart', level: 'warn', msg: 'slow', source: 'cart' },
  ],
  [
    { short_message: 'E1121 08:00:05.123456       1 x.go:7] no', version: '1.1', level: 6, _container_name: 'cart' },
    {
      container_name: 'cart',
      timestamp: '1121 08:00:05.123456',
      level: 'E',
      attributes: { thread: 1, caller: 'x.go:7' },
      message: 'no',
      source: 'cart',
    },
  ],
])('the record %j is %j', (record, inner) => expect(unwrap(record as never, CONTEXT)).toEqual(inner))

const PLAIN = {
  ...{ level: 'info', message: 'm', project: 'shop', source: '', host: '', group: '', tags: [], fingerprint: '' },
  ...{ stack: '', traceId: '', spanId: '', attributes: {}, timestamp: 0 },
}
it.each<[fields: object, defaults: object, changes: Partial<NewLine>]>([
  [{ level: 'audit', severity: 'error', message: 'm' }, {}, { level: 'error', attributes: { level: 'audit' } }],
  [{ level: 'audit', message: 'm' }, {}, { attributes: { level: 'audit' } }],
  [
    { time: 'soon', date: '2026-11-21T08:00:05Z', message: 'm' },
    {},
    { timestamp: 1795248005000, attributes: { time: 'soon' } },
  ],
  [{ time: 'soon', message: 'm' }, {}, { attributes: { time: 'soon' } }],
  [{ log: { level: 'error' }, message: 'm' }, {}, { level: 'error', attributes: { log: { level: 'error' } } }],
  [{ log: null, message: 'm' }, {}, {}],
  [{ status: 'error', message: 'm' }, {}, { level: 'error', attributes: { status: 'error' } }],
  [{ status: 'paid', message: 'm' }, {}, { attributes: { status: 'paid' } }],
  [{ status: 503, method: 'GET', message: 'm' }, {}, { level: 'error', attributes: { status: 503, method: 'GET' } }],
  [{ status: 503, message: 'm' }, {}, { attributes: { status: 503 } }],
  [{ status: 100, path: '/', message: 'm' }, {}, { attributes: { status: 100, path: '/' } }],
  [{ status: 99, path: '/', message: 'm' }, {}, { attributes: { status: 99, path: '/' } }],
  [{ status: 599, path: '/', message: 'm' }, {}, { level: 'error', attributes: { status: 599, path: '/' } }],
  [{ status: 600, path: '/', message: 'm' }, {}, { attributes: { status: 600, path: '/' } }],
  [{ message: true }, {}, { message: 'true' }],
  [{ message: { a: 1 } }, {}, { message: '{"a":1}' }],
  [{ log: { a: 1 } }, {}, { message: 'log="{\\"a\\":1}"', attributes: { log: { a: 1 } } }],
  [{ '@mt': 'User {U}', U: 'ann' }, {}, { message: 'User ann', fingerprint: 'User {U}', attributes: { U: 'ann' } }],
  [{ message: 'User {U}', U: 'ann' }, {}, { message: 'User {U}', attributes: { U: 'ann' } }],
  [
    { '@mt': { a: 1 }, MessageTemplate: 'x {U}' },
    {},
    { message: '{"a":1}', fingerprint: 'x {U}', attributes: { MessageTemplate: 'x {U}' } },
  ],
  [{ error: 'refused' }, {}, { message: 'refused', attributes: { error: 'refused' } }],
  [
    { error: 'refused', stack: 'E: x\n  at y' },
    {},
    { message: 'refused', stack: 'E: x\n  at y', attributes: { error: 'refused' } },
  ],
  [
    { error: 7, stack: { message: 'inner', stack: 's' } },
    {},
    { message: 'inner', stack: 's', attributes: { error: 7, stack: { message: 'inner' } } },
  ],
  [
    { error: { message: 'boom', code: 7, stack: 's' } },
    {},
    { message: 'boom', stack: 's', attributes: { error: { message: 'boom', code: 7 } } },
  ],
  [{ error: { stack: 's' } }, {}, { message: 's', stack: 's' }],
  [
    { stack: { message: 'inner', stack: 's', code: 1 } },
    {},
    { message: 'inner', stack: 's', attributes: { stack: { message: 'inner', code: 1 } } },
  ],
  [{ stack: 7, message: 'm' }, {}, { attributes: { stack: 7 } }],
  [{ stack: ['a', 'b'] }, {}, { message: 'a', stack: 'a\nb' }],
  [
    { service: { name: 'cart', version: 1 }, message: 'm' },
    {},
    { source: 'cart', attributes: { service: { name: 'cart', version: 1 } } },
  ],
  [{ service: 'cart', host: 7, message: 'm' }, {}, { source: 'cart', host: '7' }],
  [{ tags: { a: 1 }, message: 'm' }, { tags: ['d'] }, { tags: ['d'], attributes: { tags: { a: 1 } } }],
  [{ tags: 'a,b', message: 'm' }, { tags: ['b', 'c'] }, { tags: ['a', 'b', 'c'] }],
  [
    { tags: ['token=ghp_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1'], message: 'm' },
    {},
    { tags: ['token=[hidden:github token]'] },
  ],
  [{ message: 'm' }, { tags: [] }, {}],
  [{ fingerprint: ['a', 'b'], message: 'm' }, {}, { fingerprint: 'a b' }],
  [{ fingerprint: 7, message: 'm' }, {}, { fingerprint: '7' }],
  [{ attributes: { a: 1 }, b: 2, message: 'm' }, {}, { attributes: { b: 2, a: 1 } }],
  [{ attributes: [1], message: 'm' }, {}, { attributes: { attributes: [1] } }],
  [{ attributes: 'x', message: 'm' }, {}, { attributes: { attributes: 'x' } }],
  [{ message: 'm' }, {}, {}],
  [{}, {}, { message: '{}' }],
  [{ level: 'warn' }, {}, { level: 'warn', message: 'level=warn' }],
  [{ message: '[ERROR] x' }, { level: 'debug' }, { level: 'error', message: '[ERROR] x' }],
  [
    { message: 'x' },
    { level: 'debug', source: 's', host: 'h', group: '/g/' },
    { level: 'debug', message: 'x', source: 's', host: 'h', group: 'g' },
  ],
  [
    { message: 'x', source: 'own', host: 'oh', group: 'og' },
    { source: 's', host: 'h', group: '/g/' },
    { message: 'x', source: 'own', host: 'oh', group: 'og' },
  ],
  [
    { message: 'x', _index: 'shop-2026.11.29' },
    {},
    { message: 'x', source: 'shop', attributes: { _index: 'shop-2026.11.29' } },
  ],
  [
    { message: 'x', container_name: 'c', kubernetes: { host: 'n1' } },
    { source: 's', host: 'h' },
    { message: 'x', source: 'c', host: 'n1', attributes: { container_name: 'c', kubernetes: { host: 'n1' } } },
  ],
  [{ message: '  x \n' }, {}, { message: '  x' }],
  [{ time: '2026-11-21 08:00:05', message: 'm' }, {}, { timestamp: 1795248005000, isZoneAssumed: true }],
])('the fields %j with the defaults %j make the line %j', (fields, defaults, changes) => {
  const { receivedAt, ...line } = normalise(
    fields as never,
    aBatch('', { defaults }),
    CONTEXT,
    createRedactor({}, null),
  )
  expect(line).toEqual({ ...PLAIN, ...changes })
})

describe('a batch', () => {
  const read = (body: unknown, changes: object = {}) => readBatch(aBatch(body, changes))

  it.each<[unknown, string]>([
    [null, 'null'],
    ['', 'empty'],
    [' ', 'empty'],
    [[], 'a list'],
    [[1], 'a list'],
    [{}, 'an empty object'],
    [{ a: '', b: null }, 'an empty object'],
    [7, 'a number'],
    [true, 'a boolean'],
  ])('with %j says that it is %s', (record, name) => {
    const { lines, rejected } = read([{ message: 'a' }, record, { message: 'b' }])
    expect(lines.map(({ message }) => message)).toEqual(['a', 'b'])
    expect(rejected).toEqual([{ index: 1, field: '', message: `The line is ${name}; it holds nothing to store.` }])
  })

  it.each([
    [{ source: 'api', host: 'web-1' }, 'The source api on web-1'],
    [{ source: 'api' }, 'The source api'],
    [{}, 'The unnamed source'],
  ])('from an emitter that has used up its lines is refused line by line: %j', (names, who) => {
    const message = `${who} sent more lines than its project allows one emitter in a minute.`
    const all = [
      { message: 'a', ...names },
      { message: 'b', source: 'other' },
    ]
    const { lines } = read(all)
    expect(lines).toHaveLength(2)
    const emitter = [names as { source?: string; host?: string }].map(
      ({ source = '', host = '' }) => `${source}\0${host}`,
    )
    const limited = read(all, { limits: { lines: 9, messageBytes: 100, usedUp: emitter } })
    if (limited.rejected.length === 0) throw new Error(`another emitter: ${JSON.stringify(emitter)}`)
    expect(limited.lines.map(own => own.message)).toEqual(['b'])
    expect(limited.rejected).toEqual([{ index: 0, field: EMITTER_FIELD, message }])
  })

  it('has the zones of its request, its sources and its project, in this order', () => {
    const hour = (zones: object, source = 'api') => {
      const record = { message: 'm', source, time: '2026-11-21 12:00:00' }
      return new Date(read([record], { zones }).lines[0]!.timestamp).getUTCHours()
    }
    const bySource = { api: 'Asia/Tokyo' }
    expect(hour({ fallback: 'America/Lima' })).toBe(17)
    expect(hour({ fallback: 'America/Lima', bySource })).toBe(3)
    expect(hour({ fallback: 'America/Lima', bySource }, 'web')).toBe(17)
    expect(hour({ fallback: 'America/Lima', bySource, fixed: 'UTC' })).toBe(12)
  })

  it('is read by the formats of its project first', () => {
    const formats = [{ name: 'own', pattern: '^(?<source>\\w+)!(?<message>.*)$' }]
    expect(readerOf(formats)).toBe(readerOf([{ ...formats[0]! }]))
    expect(readerOf([])).toBe(readerOf(undefined))
    expect(readerOf(formats)).not.toBe(readerOf(undefined))
    expect(read('cart!paid', { format: 'text', formats }).lines).toMatchObject([{ source: 'cart', message: 'paid' }])
    expect(read('cart!paid', { format: 'text', formats: [] }).lines).toMatchObject([
      { source: '', message: 'cart!paid' },
    ])
  })

  it('says why each error is grouped, and nothing of other lines', () => {
    const { lines, why } = read([{ message: 'no stock', level: 'error' }, { message: 'paid' }])
    expect(lines.map(line => [line.fingerprint !== '', why(line)])).toEqual([
      [true, 'grouped by the message “no stock”.'],
      [false, ''],
    ])
  })
})

it('records of protocols have their own time, and weak names', () => {
  expect(new WireRecord({ a: 1 }).defaults).toBe(undefined)
  expect(new RejectedRecord('It is late.').reason).toBe('It is late.')
  const entry = (line: string) => ({
    streams: [{ stream: { service_name: 'cart' }, values: [['1795248005000000000', line]] }],
  })
  const read = (line: string) =>
    readBatch(aBatch(entry(line), { format: 'wire:loki-json', defaults: { host: 'h' } })).lines
  const at = 1_795_248_005_000
  expect(read('plain')).toMatchObject([{ timestamp: at, message: 'plain', source: 'cart', host: 'h' }])
  expect(read('{"msg":"in","timestamp":"2026-11-21T07:00:00Z"}')).toMatchObject([
    { timestamp: at, message: 'in', attributes: { 'log.timestamp': '2026-11-21T07:00:00Z' } },
  ])
})
