// What a receiver of forwarded lines answers, and what becomes of it; syslog over UDP and TCP.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogLine } from '../logs/line.ts'
import { endpoint, ForwardError, plainUrl, shownAddress } from './forward.ts'
import { lost, post } from './http.ts'
import { syslog } from './kinds/syslog.ts'

const HAS_IPV6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'))

let server: Server
let base: string
let answer: { status: number; body?: string; headers?: Record<string, string> }

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume()
    response.writeHead(answer.status, answer.headers).end(answer.body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://localhost:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

describe('an answer', () => {
  it.each([
    [{ status: 200, body: 'thanks' }, 'thanks'],
    [{ status: 299 }, ''],
    [
      { status: 300 },
      { message: 'The receiver answered with status 300. Redirects are not followed: use the final address.' },
    ],
    [
      { status: 399 },
      { message: 'The receiver answered with status 399. Redirects are not followed: use the final address.' },
    ],
    [
      { status: 400, body: ' bad\n line ' },
      { message: 'The receiver answered with status 400: bad line.', isRefused: true },
    ],
    [{ status: 413 }, { message: 'The receiver answered with status 413.', isRefused: true }],
    [{ status: 422 }, { isRefused: true }],
    [
      { status: 401, body: 'who?' },
      {
        message: 'The receiver refused the key (status 401: who?). Remove the forward and add it with the right one.',
        isRefused: false,
      },
    ],
    [
      { status: 403 },
      { message: 'The receiver refused the key (status 403). Remove the forward and add it with the right one.' },
    ],
    [{ status: 404 }, { isRefused: false, retryAfterMs: undefined }],
    [
      { status: 429, headers: { 'retry-after': '30' } },
      { isRefused: false, retryAfterMs: 30_000 },
    ],
    [{ status: 503, headers: { 'retry-after': '7200' } }, { retryAfterMs: 3_600_000 }],
    [{ status: 503, headers: { 'retry-after': '0' } }, { retryAfterMs: undefined }],
    [{ status: 503, headers: { 'retry-after': 'soon' } }, { retryAfterMs: undefined }],
    [{ status: 500, body: 'x'.repeat(400) }, { message: `The receiver answered with status 500: ${'x'.repeat(300)}.` }],
    [
      { status: 500, body: 'x'.repeat(200_000) },
      { message: `The receiver answered with status 500: ${'x'.repeat(300)}.` },
    ],
  ])('of %j is %j', async (given, expected) => {
    answer = given
    const sending = post(new URL(`${base}/in`), 'body', 'text/plain', {})
    if (typeof expected === 'string') expect(await sending).toBe(expected)
    else await expect(sending).rejects.toMatchObject(expected)
  })

  it('that does not come is an error with its reason', async () => {
    await expect(post(new URL('http://127.0.0.1:1/'), '', 'text/plain', {})).rejects.toThrow(
      'The receiver cannot be reached (ECONNREFUSED).',
    )
    await expect(post(new URL('http://169.254.169.254/'), '', 'text/plain', {})).rejects.toThrow('link-local')
    await expect(post(new URL('http://[fe80::1]/'), '', 'text/plain', {})).rejects.toThrow('link-local')
    const late = (name: string) => lost(Object.assign(new Error('x'), { name })).message
    expect([late('TimeoutError'), late('AbortError'), late('Error')]).toEqual([
      'The receiver did not answer within 30 s.',
      'The receiver did not answer within 30 s.',
      'The receiver cannot be reached (x).',
    ])
    const known = new ForwardError('as it is')
    expect(lost(known)).toBe(known)
  })
})

describe('an address', () => {
  it.each(['nonsense', 'https://', 'file:///x', 'loki+https://'])('that is none is refused: %s', text => {
    expect(() => plainUrl(text)).toThrow('That is not an address such as https://logs.example.org.')
  })

  it('is shown without user, path and query', () => {
    expect(shownAddress('LOKI+https://user:pass@logs.example.org:3100/a?key=b')).toBe(
      'loki+https://logs.example.org:3100',
    )
    expect(shownAddress('https://in.example.org/x')).toBe('https://in.example.org')
  })

  it.each([
    [
      { address: 'https://u%40x:p%3A@h.example/a/', headers: {} },
      '/push',
      'https://h.example/a/push',
      'Basic dUB4OnA6',
    ],
    [{ address: 'https://u@h.example', headers: { authorization: 'own' } }, '', 'https://h.example/', 'own'],
    [{ address: 'https://:p@h.example/x/push', headers: {} }, '/push', 'https://h.example/x/push', 'Basic OnA='],
    [{ address: 'https://h.example/x', headers: {} }, '', 'https://h.example/x', undefined],
  ])('%j with %j is %s', (target, path, url, authorization) => {
    const found = endpoint(target, path)
    expect([found.url.href, found.headers.authorization]).toEqual([url, authorization])
  })
})

describe('syslog', () => {
  const line = {
    ...{ timestamp: Date.UTC(2026, 10, 28), level: 'warn', message: 'hello', source: 'a b', host: '', stack: '' },
    ...{
      project: 'default',
      group: '',
      tags: ['x', 'y'],
      traceId: 't',
      spanId: '',
      attributes: { pid: 7, 'a=b': 'c"]' },
    },
  } as unknown as LogLine
  const text = `<132>1 2026-11-28T00:00:00.000Z - a_b 7 - [vakt@32473 project="default" level="warn" tags="x,y" trace_id="t" pid="7" a_b="c\\"\\]"] hello`

  it.each([['127.0.0.1', 'udp4', '127.0.0.1'], ...(HAS_IPV6 ? [['[::1]', 'udp6', '::1'] as const] : [])] as const)(
    'over UDP sends a datagram for each line to %s',
    async (host, type, bound) => {
      const socket = createSocket(type).bind(0, bound)
      await once(socket, 'listening')
      const received = once(socket, 'message')
      const address = `syslog+udp://${host}:${socket.address().port}`
      expect(await syslog.send([line], { address, headers: {} })).toEqual({ refused: 0 })
      expect(String((await received)[0])).toBe(text)
      socket.close()
    },
  )

  it('over TCP counts the bytes, and waits until the receiver has read everything', async () => {
    const texts: string[] = []
    const receiver = createTcpServer(socket => socket.on('data', data => texts.push(String(data)))).listen(
      0,
      '127.0.0.1',
    )
    await once(receiver, 'listening')
    const address = `syslog+tcp://127.0.0.1:${(receiver.address() as AddressInfo).port}`
    await syslog.send([line, { ...line, stack: 'at f', level: 'error' } as LogLine], { address, headers: {} })
    const second = `${text.replace('<132>', '<131>').replace('"warn"', '"error"')}\nat f`
    expect(texts.join('')).toBe(`${Buffer.byteLength(text)} ${text}${Buffer.byteLength(second)} ${second}`)
    receiver.close()
  })

  it('over TCP fails when the receiver breaks off, or is not there', async () => {
    const receiver = createTcpServer(socket => socket.resetAndDestroy()).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const { port } = receiver.address() as AddressInfo
    const send = (address: string) => syslog.send([line], { address, headers: {} })
    await expect(send(`syslog+tcp://127.0.0.1:${port}`)).rejects.toThrow(/^The receiver /)
    receiver.close()
    await once(receiver, 'close')
    await expect(send(`syslog+tcp://127.0.0.1:${port}`)).rejects.toThrow(
      'The receiver cannot be reached (ECONNREFUSED).',
    )
    await expect(send(`syslog+tls://127.0.0.1:${port}`)).rejects.toThrow('ECONNREFUSED')
    await expect(send('syslog+udp://169.254.169.254:514')).rejects.toThrow('link-local')
  })
})
