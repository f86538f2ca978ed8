// Records of many loggers become the same kind of line.
import { describe, expect, it } from 'vitest'
import type { NewLine } from '../line.ts'
import { lineOf, RECEIVED } from './batches.testing.ts'

const AT = Date.parse('2026-11-21T08:00:05.123Z')
const STACK = 'TypeError: x is not a function\n    at pay (cart.js:10:5)'

describe('a record', () => {
  it('in the native form is stored with every field', () => {
    const line: Omit<NewLine, 'receivedAt' | 'project'> = {
      timestamp: AT,
      level: 'warn',
      message: 'slow',
      source: 'api',
      host: 'web-1',
      group: 'prod/api',
      tags: ['a', 'b'],
      fingerprint: '',
      stack: '',
      traceId: '4bf9',
      spanId: '00f0',
      attributes: { user_id: 42, deep: { ok: [true, null] } },
    }
    const { traceId, spanId, attributes, ...same } = line
    const record = { ...same, timestamp: '2026-11-21T08:00:05.123Z', trace_id: traceId, span_id: spanId, ...attributes }
    expect(lineOf(record)).toEqual({ ...line, receivedAt: RECEIVED, project: 'shop' })
    expect(lineOf({ ...record, user_id: undefined, deep: undefined, attributes })).toEqual(lineOf(record))
  })

  it.each<[string, unknown, Partial<NewLine>]>([
    [
      'pino',
      {
        level: 50,
        time: AT,
        pid: 7,
        hostname: 'web-1',
        name: 'cart',
        err: { type: 'TypeError', message: 'x', stack: STACK },
        msg: 'x',
      },
      {
        level: 'error',
        timestamp: AT,
        host: 'web-1',
        source: 'cart',
        message: 'x',
        stack: STACK,
        attributes: { pid: 7, err: { type: 'TypeError', message: 'x' } },
      },
    ],
    [
      'winston',
      { level: 'warn', message: 'low', timestamp: '2026-11-21 08:00:05,123', service: 'cart', stack: STACK },
      { level: 'warn', message: 'low', timestamp: AT, source: 'cart', stack: STACK, attributes: {} },
    ],
    [
      'bunyan',
      { name: 'cart', hostname: 'w', pid: 1, level: 30, msg: 'hi', time: '2026-11-21T08:00:05.123Z', v: 0 },
      { level: 'info', source: 'cart', host: 'w', timestamp: AT, attributes: { pid: 1, v: 0 } },
    ],
    [
      'zap',
      {
        level: 'error',
        ts: 1795248005.123,
        logger: 'db',
        caller: 'x.go:1',
        msg: 'no',
        stacktrace: 'main.main\n\t/x.go:1',
      },
      { level: 'error', timestamp: AT, source: 'db', stack: 'main.main\n\t/x.go:1', attributes: { caller: 'x.go:1' } },
    ],
    [
      'serilog',
      {
        '@t': '2026-11-21T08:00:05.123Z',
        '@mt': 'User {User} paid {Sum:0.00}',
        '@l': 'Warning',
        '@x': STACK,
        User: 'Ann',
        Sum: 5,
      },
      { level: 'warn', message: 'User Ann paid 5', timestamp: AT, stack: STACK, attributes: { User: 'Ann', Sum: 5 } },
    ],
    [
      'ECS',
      {
        '@timestamp': '2026-11-21T08:00:05.123Z',
        log: { level: 'ERROR', logger: 'x' },
        message: 'no',
        service: { name: 'cart' },
        host: { name: 'w' },
        trace: { id: 't1' },
        error: { message: 'm', stack_trace: STACK },
      },
      { level: 'error', source: 'cart', host: 'w', traceId: 't1', stack: STACK, message: 'no' },
    ],
    [
      'ECS with dots',
      {
        'log.level': 'WARN',
        'service.name': 'cart',
        'host.name': 'w',
        'trace.id': 't',
        'error.stack_trace': STACK,
        message: 'm',
      },
      { level: 'warn', source: 'cart', host: 'w', traceId: 't', stack: STACK, attributes: {} },
    ],
    [
      'OpenTelemetry',
      { timeUnixNano: '1795248005123456789', severityNumber: 17, body: 'no', traceId: 'a', spanId: 'b' },
      { level: 'error', timestamp: AT, message: 'no', traceId: 'a', spanId: 'b', attributes: {} },
    ],
    [
      'Python',
      { levelno: 30, name: 'app.db', message: 'm', exc_info: STACK },
      { level: 'warn', source: 'app.db', stack: STACK },
    ],
    [
      'Docker',
      { log: 'ERROR: no\n', stream: 'stderr' },
      { level: 'error', message: 'ERROR: no', attributes: { stream: 'stderr' } },
    ],
    [
      'journald',
      { MESSAGE: 'm', PRIORITY: '3', _HOSTNAME: 'w', SYSLOG_IDENTIFIER: 'sshd' },
      { level: 'error', host: 'w', source: 'sshd', message: 'm' },
    ],
    [
      'GCP',
      { severity: 'NOTICE', timestamp: { seconds: 1795248005, nanos: 123e6 }, message: 'm' },
      { level: 'info', timestamp: AT },
    ],
  ])('of %s is understood', (_, record, expected) => expect(lineOf(record)).toMatchObject(expected))

  it.each<[string, unknown, Partial<NewLine>]>([
    [
      'an unknown level to attributes',
      { message: 'm', level: 'audit' },
      { level: 'info', attributes: { level: 'audit' } },
    ],
    [
      'the rival of a better name to attributes',
      { msg: 'b', message: 'a' },
      { message: 'a', attributes: { msg: 'b' } },
    ],
    [
      'the rival that came first as well',
      { logger: 'l', source: 's', message: 'a' },
      { source: 's', attributes: { logger: 'l' } },
    ],
    [
      'a name of its own that nobody calls a logger',
      { message: 'm', name: 'Ann' },
      { source: '', attributes: { name: 'Ann' } },
    ],
    ['a date that is no time', { message: 'm', date: 'soon' }, { timestamp: RECEIVED, attributes: { date: 'soon' } }],
    [
      'labels that are no list',
      { message: 'm', labels: { app: 'x' } },
      { tags: [], attributes: { labels: { app: 'x' } } },
    ],
    [
      'what looks like an event of Kubernetes, of another type',
      { message: 'm', reason: 'r', type: 'Custom', involvedObject: { name: 'x' } },
      { level: 'info', message: 'm', attributes: { reason: 'r', type: 'Custom', involvedObject: { name: 'x' } } },
    ],
    ['an error that is text', { message: 'm', error: 'refused' }, { message: 'm', attributes: { error: 'refused' } }],
    [
      'its project, which its key decides',
      { message: 'm', project: 'other' },
      { project: 'shop', attributes: { project: 'other' } },
    ],
  ])('sends %s', (_, record, expected) => expect(lineOf(record)).toMatchObject(expected))

  it.each<[unknown, string]>([
    [{ message: 42 }, '42'],
    [{ message: false }, 'false'],
    [{ message: { a: [1] } }, '{"a":[1]}'],
    [{ msg: 'line\r\n' }, 'line'],
    [{ message: '', msg: 'b' }, 'b'],
    [{ message: null, error: 'refused' }, 'refused'],
    [{ err: { message: 'boom', stack: STACK } }, 'boom'],
    [{ stack: STACK }, 'TypeError: x is not a function'],
    [{ message: '\u001b[31mred\u001b[0m' }, 'red'],
    [{ message: '\u001b[1;38;5;196mred\u001b[K \u009b4mline' }, 'red line'],
    [{ message: 'see \u001b]8;;https://x.example\u0007link\u001b]8;;\u001b\\ \u001b(Bend\u001b' }, 'see link end'],
    [{ message: '\u001b]0;never closed' }, '0;never closed'],
    [{ message: 'a\u0000b\ud800' }, 'a␀b\ufffd'],
  ])('%j says %j', (record, message) => expect(lineOf(record).message).toBe(message))

  it('gets defaults for missing fields, after its level is detected in the message', () => {
    const defaults = { source: 's', host: 'h', group: '/g//x/', level: 'debug' as const, tags: ['t'] }
    expect(lineOf({ message: 'm', tags: 'a, b,a' }, { defaults })).toMatchObject({
      ...{ source: 's', host: 'h', group: 'g/x', level: 'debug', tags: ['a', 'b', 't'] },
    })
    expect(lineOf({ message: '[ERROR] m', host: 'own' }, { defaults })).toMatchObject({ level: 'error', host: 'own' })
  })

  it('gets defaults that are as short and clean as names of its own', () => {
    const odd = ` \u001b[31mred\u001b[0m\0${'x'.repeat(8_000)}`
    const tags = Array.from({ length: 200 }, (_, i) => `t${i}`)
    const {
      source,
      host,
      group,
      tags: kept,
    } = lineOf({ message: 'm' }, { defaults: { source: odd, host: odd, group: odd, tags } })
    for (const name of [source, host, group]) {
      expect(name).toMatch(/^red␀x+… \[cut/)
      expect(name.length).toBeLessThan(201)
    }
    expect(kept).toHaveLength(50)
  })

  it('is cut at the limit by whole characters, visibly', () => {
    const limits = { lines: 10, messageBytes: 100 }
    for (const sign of ['a', 'é', '漢', '😀', 'a😀']) {
      const { message, stack } = lineOf({ message: sign.repeat(5000), stack: sign.repeat(5000) }, { limits })
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(100)
      expect(Buffer.byteLength(message)).toBeGreaterThan(95)
      expect(message).toMatch(new RegExp(`^(${sign})+a?… \\[cut, \\d+ bytes in all\\]$`))
      expect(message.isWellFormed()).toBe(true)
      expect(stack).toBe(message)
    }
    expect(lineOf({ message: 'é'.repeat(50) }, { limits }).message).toBe('é'.repeat(50))
  })

  it('limits attributes and counts the dropped ones', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, index]))
    const { attributes } = lineOf({ message: 'm', ...many, long: 'x'.repeat(1e6) })
    expect(Object.keys(attributes)).toHaveLength(257)
    expect(attributes['vakt.dropped']).toBe(745)
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) as object
    expect(JSON.stringify(lineOf({ message: 'm', deep }).attributes)).toBe(
      `{"deep":${'{"a":'.repeat(8)}"…"${'}'.repeat(9)}`,
    )
    expect(JSON.stringify(lineOf({ message: deep }).message).length).toBeLessThan(200)
    expect(String(lineOf({ message: 'm', long: 'x'.repeat(1e6) }).attributes.long).length).toBeLessThan(17_000)
    expect(JSON.stringify(lineOf({ message: 'm', list: Array(1e5).fill(1) }).attributes).length).toBeLessThan(1000)
  })

  it('cannot reach the prototype of anything', () => {
    const record = JSON.parse(
      '{"message":"m","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"x":{"__proto__":{"polluted":1}}}',
    )
    const { attributes } = lineOf(record)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    expect((attributes as { polluted?: number }).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype)
    expect(attributes).toMatchObject({ _proto_: { polluted: 1 }, x: { _proto_: { polluted: 1 } } })
    expect(lineOf({ message: 'm', hasOwnProperty: 1, toString: 2 }).attributes).toMatchObject({
      hasOwnProperty: 1,
      toString: 2,
    })
  })
})
