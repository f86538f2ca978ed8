// What each wire format makes of its bodies, record by record: their fields and defaults, how many there are, and what is refused.
import { describe, expect, it } from 'vitest'
import { type LokiStream, lokiJson, lokiProtobuf, lokiSnappy, otlpProtobuf } from '../../testing/wire.ts'
import { RejectedRecord, WireRecord } from './wire-format.ts'
import { wireFormat } from './wire-formats.ts'

const bytes = (body: string | Uint8Array) => (typeof body === 'string' ? Buffer.from(body) : body)
/** The records as plain values: a record that has defaults as a pair. */
const read = (format: string, body: string | Uint8Array, lines = 100) =>
  wireFormat(`wire:${format}`)!
    .read(bytes(body), { lines, bodyBytes: 1e6 })
    ?.map(record =>
      record instanceof WireRecord
        ? record.defaults === undefined
          ? record.fields
          : [record.fields, record.defaults]
        : record instanceof RejectedRecord
          ? record.reason
          : record,
    ) ?? null
const count = (format: string, body: string | Uint8Array) => wireFormat(`wire:${format}`)!.count(bytes(body))

const loki: LokiStream[] = [
  {
    labels: { app: 'a' },
    entries: [
      [1n, 'x'],
      [2n, 'y'],
    ],
  },
]
const otlp = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'x' } }, {}, {}] }] }] }

it.each<[string, string | Uint8Array, number]>([
  ['loki-json', lokiJson(loki), 2],
  ['loki-json', '{"streams":[{"entries":[{}]}]}', 1],
  ['loki-protobuf', lokiProtobuf(loki), 2],
  ['loki-snappy', lokiSnappy(loki), 2],
  ['loki-snappy', 'no snappy', 0],
  ['otlp-json', JSON.stringify(otlp), 3],
  ['otlp-json', '{"resource_logs":[{"scope_logs":[{"log_records":[{}]}]}]}', 1],
  ['otlp-protobuf', otlpProtobuf(otlp as never), 3],
  ['otlp-protobuf', otlpProtobuf(otlp as never).subarray(0, 3), 0],
  ['splunk-events', '{"event":1}{"event":2}', 2],
  ['clef', '{"@m":"a"}\n\n{"@m":"b"}\n', 2],
  ['seq-events', '{"Events":[{},{}]}', 2],
])('a body as %s has as many records as are counted: %#', (format, body, expected) => {
  expect(count(format, body)).toBe(expected)
})

it('the names are those of the formats', () => {
  expect(wireFormat('json')).toBeUndefined()
})

describe('CLEF', () => {
  it('has one event a line, information where no level is said', () => {
    expect(read('clef', '{"@m":"a","User":"Ann"}\n\n  {"@l":"Error","@m":"b"}\r\n')).toEqual([
      { '@l': 'Information', '@m': 'a', User: 'Ann' },
      { '@l': 'Error', '@m': 'b' },
    ])
  })

  it('keeps a property whose name begins with @ as an attribute', () => {
    expect(read('clef', '{"@l":"Debug","@@t":1,"@@x":2,"attributes":{"a":3}}')).toEqual([
      { '@l': 'Debug', attributes: { '@t': 1, '@x': 2, a: 3 } },
    ])
    expect(read('clef', '{"@l":"Debug","@@t":1}')).toEqual([{ '@l': 'Debug', attributes: { '@t': 1 } }])
  })

  it('is refused as a whole for a line that is no object, by its number', () => {
    for (const line of ['7', 'null', '[1]', '{'])
      expect(() => read('clef', `{"@m":"a"}\n\n${line}`)).toThrow('Line 3 is not a JSON object. Nothing of the request')
  })

  it('has at most so many lines', () => {
    expect(read('clef', '{}\n{}\n', 2)).toHaveLength(2)
    expect(read('clef', '{}\n{}\n{}', 2)).toBeNull()
  })
})

describe('events of older clients of Seq', () => {
  const events = [
    {
      Timestamp: '2026-01-02',
      Level: 'Warning',
      MessageTemplate: 'a {b}',
      Exception: '',
      Properties: { b: 1, '@l': 'x' },
      Id: 5,
    },
    { RenderedMessage: 'rendered', Level: null, Properties: 7 },
    'text',
  ]
  const expected = [
    { '@t': '2026-01-02', '@l': 'Warning', '@mt': 'a {b}', b: 1, Id: 5 },
    { '@l': 'Information', '@m': 'rendered' },
    'text',
  ]

  it.each([
    ['under Events', { Events: events }],
    ['under events', { events }],
    ['alone', events],
  ])('are read %s', (_, body) => {
    expect(read('seq-events', JSON.stringify(body))).toEqual(expected)
  })

  it('are refused without a list, and beyond the limit', () => {
    for (const body of ['null', '{}', '{"Events":7}'])
      expect(() => read('seq-events', body)).toThrow('The body has no list "Events".')
    expect(() => read('seq-events', '{"Events":[')).toThrow('is not JSON')
    expect(read('seq-events', '[{},{}]', 2)).toHaveLength(2)
    expect(read('seq-events', '[{},{}]', 1)).toBeNull()
  })
})

describe('events of Splunk', () => {
  const one = (event: object) => read('splunk-events', JSON.stringify(event))![0]

  it('stand one after another, with anything between that a list has', () => {
    const expected = [
      { log: 'a', attributes: {} },
      { log: 'b', attributes: {} },
    ]
    for (const body of [
      '{"event":"a"}{"event":"b"}',
      '\uFEFF[{"event":"a"},\n {"event":"b"}]\n',
      '{"event":"a"}\r\n\t{"event":"b"}',
    ])
      expect(read('splunk-events', body)).toEqual(expected)
    expect(read('splunk-events', ' \n')).toEqual([])
  })

  it('have at most so many', () => {
    expect(read('splunk-events', '{"event":1}{"event":2}', 2)).toHaveLength(2)
    expect(read('splunk-events', '{"event":1}{"event":2}', 1)).toBeNull()
  })

  it('carry their time, host, source, source type and index', () => {
    const named = { time: 1.5, host: 'web-1', source: 'api', sourcetype: 'shop', index: 'main' }
    expect(one({ event: 'x', ...named, fields: { a: 1 } })).toEqual([
      { log: 'x', a: 1, timestamp: 1.5, host: 'web-1', attributes: { sourcetype: 'shop', index: 'main' } },
      { source: 'api' },
    ])
    expect(one({ event: 'x', sourcetype: 'shop', fields: [1], host: '' })).toEqual([
      { log: 'x', attributes: { sourcetype: 'shop' } },
      { source: 'shop' },
    ])
    for (const time of ['', null]) expect(one({ event: 'x', time })).toEqual({ log: 'x', attributes: {} })
    expect(one({ event: 'x', time: 0 })).toEqual({ log: 'x', timestamp: 0, attributes: {} })
    for (const sourcetype of ['_json', 'syslog'])
      expect(one({ event: 'x', sourcetype })).toEqual({ log: 'x', attributes: { sourcetype } })
    expect(one({ event: 'x', host: 7, sourcetype: 7, index: '' })).toEqual({ log: 'x', attributes: {} })
  })

  it('may be objects, whose own fields count, or any other value as text', () => {
    expect(one({ event: { message: 'm', a: 2, attributes: { b: 1 } }, fields: { a: 1 } })).toEqual({
      message: 'm',
      a: 2,
      attributes: { b: 1 },
    })
    expect(one({ event: [1, 'a'] })).toEqual({ log: '[1,"a"]', attributes: {} })
    expect(one({ event: 0 })).toEqual({ log: '0', attributes: {} })
    expect(one({ event: false })).toEqual({ log: 'false', attributes: {} })
  })

  it('of the driver of Docker are the line, of the container in its tag', () => {
    expect(one({ event: { line: 'x', source: 'stdout', tag: 'web', attrs: { env: 'prod' }, more: 1 } })).toEqual({
      log: 'x',
      more: 1,
      env: 'prod',
      stream: 'stdout',
      source: 'web',
      attributes: {},
    })
    expect(one({ event: { line: { msg: 'in' }, source: 'stderr', tag: '' } })).toEqual({
      msg: 'in',
      stream: 'stderr',
      attributes: {},
    })
    expect(one({ event: { line: null, source: 'stdout' } })).toEqual({ log: 'null', stream: 'stdout', attributes: {} })
    expect(one({ event: { line: 'x', source: 'file', tag: 'web' } })).toEqual({
      line: 'x',
      source: 'file',
      tag: 'web',
      attributes: {},
    })
    expect(one({ event: { source: 'stdout' } })).toEqual({ source: 'stdout', attributes: {} })
  })

  it.each([
    ['{"event":"a"}7', 'Event 1 is not a JSON object', '6'],
    ['null', 'Event 0 is not a JSON object', '6'],
    ['{"event":"a"}{', 'Event 1 is not a JSON object', '6'],
    ['{}', 'Event 0 has no field "event"', '12'],
    ['{"event":null}', 'Event 0 has no field "event"', '12'],
    ['{"event":" "}', 'Event 0 is empty', '13'],
  ])('%s is refused: %s', (body, message, code) => {
    expect(() => read('splunk-events', body)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(message),
        fields: { code, 'invalid-event-number': message.slice(6, 7) },
      }),
    )
  })
})

describe('a push request of Loki', () => {
  const one = (labels: object, line: unknown = 'x 1', metadata?: object, time: unknown = '5') =>
    read('loki-json', JSON.stringify({ streams: [{ stream: labels, values: [[time, line, metadata]] }] }))![0]

  it('has the labels that name something as fields, and those that would be the line as attributes', () => {
    expect(one({ app: 'shop', msg: 'a', ts: 'b', attributes: 'c', env: 'd' })).toEqual([
      {
        app: 'shop',
        source: 'shop',
        env: 'd',
        timestamp: '5',
        log: 'x 1',
        attributes: { msg: 'a', ts: 'b', attributes: 'c' },
      },
      {},
    ])
    expect(one({ job: 'j', instance: 'i:9100' })).toEqual([
      { job: 'j', instance: 'i:9100', timestamp: '5', log: 'x 1' },
      { source: 'j', host: 'i' },
    ])
    expect(one({ service_name: 'unknown_service' })).toEqual([
      { timestamp: '5', log: 'x 1', attributes: { service_name: 'unknown_service' } },
      {},
    ])
  })

  it('takes the level that Loki found where the program says none', () => {
    expect(one({ detected_level: 'warn' })).toMatchObject([{ level: 'warn' }, {}])
    expect(one({ detected_level: 'unknown' })).toEqual([{ timestamp: '5', log: 'x 1' }, {}])
    expect(one({ detected_level: 'warn', level: 'error' })).toMatchObject([
      { level: 'error', detected_level: 'warn' },
      {},
    ])
  })

  it('takes prose of a known level as the message, and anything else as a line that was passed on', () => {
    const under = (line: string, labels: object = { level: 'info' }, metadata?: object) =>
      Object.keys((one(labels, line, metadata) as [object])[0]).filter(name => name === 'log' || name === 'message')
    expect(under('paid the order')).toEqual(['message'])
    expect(under('paid the order', {})).toEqual(['log'])
    expect(under('paid the order', {}, { level: 'info' })).toEqual(['message'])
    for (const line of ['a=1', 'Jan  2 x', 'I0102 x', '{"a":1}', 'a|b', '7 of 9', 'a\nb'])
      expect(under(line)).toEqual(['log'])
  })

  it('puts the metadata of an entry over the labels', () => {
    expect(one({ env: 'a', msg: 'l' }, 'x', { env: 'b', time: 'm', user: 7 })).toEqual([
      { env: 'b', user: 7, timestamp: '5', log: 'x', attributes: { msg: 'l', time: 'm' } },
      {},
    ])
    expect(one({}, 'x', { msg: 'm' })).toEqual([{ timestamp: '5', log: 'x', attributes: { msg: 'm' } }, {}])
  })

  it('takes a time of zero for none', () => {
    expect(one({}, 'x', undefined, 0)).toEqual([{ timestamp: undefined, log: 'x' }, {}])
    expect(one({}, 'x', undefined, 1)).toEqual([{ timestamp: 1, log: 'x' }, {}])
    const body = lokiProtobuf([
      {
        labels: {},
        entries: [
          [0n, 'x'],
          [1_999_999_999n, 'y'],
          [1_000_000n, 'z'],
        ],
      },
    ])
    expect(read('loki-protobuf', body)!.map(record => (record as [{ timestamp: unknown }])[0].timestamp)).toEqual([
      ...[undefined, 1_999, 1],
    ])
  })

  it('reads the values of its labels as Go writes them', () => {
    const labels = [String.raw`{a="\a\v\x41\101\u00e5\U0001F600\'\\", b="\n" `, ' c=`\\n`', ' d="x\\q"}'].join(',')
    const body = JSON.stringify({
      streams: [{ labels, entries: [{ timestamp: '5', line: 'x', structuredMetadata: { e: 1 } }] }],
    })
    expect(read('loki-json', body)).toEqual([
      [{ a: "\u0007\u000bAAå😀'\\", b: '\n', c: '\\n', d: 'x\\q', e: 1, timestamp: '5', log: 'x' }, {}],
    ])
  })

  it('has at most so many entries', () => {
    for (const [format, body] of [
      ['loki-json', lokiJson(loki)],
      ['loki-protobuf', lokiProtobuf(loki)],
      ['loki-snappy', lokiSnappy(loki)],
    ] as const) {
      expect(read(format, body, 2)).toHaveLength(2)
      expect(read(format, body, 1)).toBeNull()
    }
  })
})

describe('an export of OTLP', () => {
  const one = (record: object, resource: object = {}, scope: object = {}) => {
    const pairs = (fields: object) => Object.entries(fields).map(([key, value]) => ({ key, value }))
    const { attributes = {}, ...rest } = record as { attributes?: object }
    const logRecords = [{ ...rest, attributes: pairs(attributes) }]
    const body = { resourceLogs: [{ resource: { attributes: pairs(resource) }, scopeLogs: [{ scope, logRecords }] }] }
    return read('otlp-json', JSON.stringify(body))![0] as [{ [name: string]: unknown }, object]
  }

  it.each<[object, object, object, object]>([
    [{ 'service.name': 'api', 'host.name': 'h' }, {}, { source: 'api', host: 'h' }, { source: 'api' }],
    [{ 'service.name': '' }, {}, {}, {}],
    [{ 'service.name': 7 }, {}, {}, {}],
    [{ 'service.name': 'unknown_service' }, {}, {}, { source: 'unknown_service' }],
    [{ 'service.name': 'unknown_service:node' }, { name: 's' }, {}, { source: 's' }],
    [{ 'service.name': 'unknown_services' }, {}, { source: 'unknown_services' }, { source: 'unknown_services' }],
    [{ 'host.name': '', 'host.id': 'i' }, {}, { host: 'i' }, {}],
    [{ 'host.name': 7, 'k8s.node.name': 'n' }, {}, { host: 'n' }, {}],
    [{ 'container.name': 'c', 'k8s.pod.name': 'p' }, { name: 's' }, {}, { source: 'c', host: 'p' }],
    [{ 'service.instance.id': 'i', 'faas.name': '' }, {}, {}, { host: 'i' }],
  ])('of the resource %j and the scope %j names %j, and where a record has none %j', (resource, scope, names, weak) => {
    const [fields, defaults] = one({ body: 'x' }, resource, scope)
    const { source, host } = fields
    expect([{ ...(source ? { source } : {}), ...(host ? { host } : {}) }, defaults]).toEqual([names, weak])
  })

  it('keeps what the resource, the scope and the record say besides', () => {
    const scope = { name: 's', version: '2', attributes: [{ key: 'c', value: 3 }] }
    const [fields] = one({ eventName: 'e', attributes: { a: 9 } }, { 'service.name': 'x', 'host.id': 'h', a: 1 }, scope)
    expect(fields.attributes).toEqual({
      ...{ 'host.id': 'h', a: 9, c: 3, 'otel.scope.name': 's', 'otel.scope.version': '2', 'event.name': 'e' },
    })
    expect(fields.message).toBe('e')
    expect(one({ body: 'x' }, { 'host.name': 'h' })[0].attributes).toEqual({})
  })

  it.each<[object, object]>([
    [{ body: 'x' }, { log: 'x' }],
    [
      { body: 'x', severityNumber: 1 },
      { message: 'x', level: 'trace' },
    ],
    [
      { body: 'x', severityNumber: 24 },
      { message: 'x', level: 'fatal' },
    ],
    [{ body: 'x', severityNumber: 25 }, { log: 'x' }],
    [
      { body: 'x', severityNumber: 0, severityText: 'High' },
      { message: 'x', level: 'High' },
    ],
    [
      { body: 'x', severityNumber: 9, severityText: 'High' },
      { message: 'x', level: 'info' },
    ],
    [{ body: '', eventName: 'e' }, { message: 'e' }],
    [{ body: 0 }, { message: '0' }],
    [{ body: { arrayValue: { values: [{ intValue: 1 }] } } }, { message: '[1]' }],
    [{ body: { kvlistValue: { values: [{ key: 'msg', value: 'in' }] } } }, { msg: 'in' }],
    [
      { timeUnixNano: '5', traceId: 'ab', spanId: 'cd', body: 'x' },
      { log: 'x', timestamp: '5', trace_id: 'ab', span_id: 'cd' },
    ],
    [{ attributes: { 'exception.type': 'T', 'exception.message': 'm' }, eventName: 'e' }, { message: 'T: m' }],
    [{ attributes: { 'exception.type': '', 'exception.message': 'm' } }, { message: 'm' }],
    [{ attributes: { 'exception.type': 7, 'exception.stacktrace': '' }, eventName: 'e' }, { message: 'e' }],
  ])('the record %j has the fields %j', (record, expected) => {
    const { attributes: _, ...fields } = one(record)[0]
    expect(fields).toEqual(expected)
  })

  it('has the stack of an exception as its stack only', () => {
    const [fields] = one({ body: 'x', attributes: { 'exception.stacktrace': 'at f', 'exception.type': 'T' } })
    expect([fields.stack, fields.attributes]).toEqual(['at f', { 'exception.type': 'T' }])
    expect(one({ body: 'x', attributes: { 'exception.stacktrace': '' } })[0].attributes).toEqual({
      'exception.stacktrace': '',
    })
  })

  it('keeps what one resource says from the next, and a scope from the next', () => {
    const resource = (name: string, ...scopes: string[]) => ({
      resource: { attributes: [{ key: 'service.name', value: name }] },
      scopeLogs: scopes.map(scope => ({ scope: { name: scope }, logRecords: [{ body: 'x' }] })),
    })
    const records = read('otlp-json', JSON.stringify({ resourceLogs: [resource('a', 's', ''), resource('b', '')] }))
    expect(
      (records as [{ source: string; attributes: object }][]).map(([{ source, attributes }]) => [source, attributes]),
    ).toEqual([
      ['a', { 'otel.scope.name': 's' }],
      ['a', {}],
      ['b', {}],
    ])
  })

  it('has at most so many records', () => {
    for (const [format, body] of [
      ['otlp-json', JSON.stringify(otlp)],
      ['otlp-protobuf', otlpProtobuf(otlp as never)],
    ] as const) {
      expect(read(format, body, 3)).toHaveLength(3)
      expect(read(format, body, 2)).toBeNull()
    }
  })
})
