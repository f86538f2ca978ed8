// Probes of real servers on this machine: statuses, bodies, redirects, certificates, ports, and addresses that are not allowed.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, BlockList, createServer as createTcp } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../testing/certificate.ts'
import type { AddressRules } from './address-rules.ts'
import type { ProbeRequest } from './doors/probe-kind.ts'
import { readExpectations } from './expectation.ts'
import { readStatuses } from './probe.ts'
import { probeKind, readTarget } from './probe-kinds.ts'

const ANY: AddressRules = { reach: 'any', allowed: new BlockList() }
const PUBLIC: AddressRules = { reach: 'public', allowed: new BlockList() }

let server: Server
let base: string
const requests: IncomingMessage[] = []
const LOCAL_CERTIFICATE = selfSigned()

beforeAll(async () => {
  server = createServer(answer)
  base = `http://127.0.0.1:${await listening(server)}`
})
afterAll(() => server.close())

function answer(request: IncomingMessage, response: ServerResponse): void {
  requests.push(request)
  const { pathname, searchParams } = new URL(request.url!, 'http://x')
  if (pathname === '/hang') return
  if (pathname === '/drop') return void request.socket.destroy()
  if (pathname === '/to')
    return void response
      .writeHead(Number(searchParams.get('status') ?? 302), { location: searchParams.get('url')! })
      .end('moved')
  if (pathname === '/gzip')
    return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('all is well'))
  if (pathname === '/gzip-long')
    return void response
      .writeHead(200, { 'content-encoding': 'GZIP' })
      .end(gzipSync(`all is well ${'x'.repeat(3_000_000)} end`))
  if (pathname === '/json')
    return void response.end('{"status":"ok","queue":{"length":7},"parts":[{"up":true}],"json":{"x":1}}')
  if (pathname === '/method') return void response.end(request.method)
  if (pathname === '/long') return void response.end(`${'x'.repeat(3_000_000)}end`)
  response.writeHead(Number(pathname.slice(1)) || 200).end(`hello ${request.headers['x-token'] ?? 'nobody'}`)
}

function listening(server: {
  listen(port: number, host: string, done: () => void): unknown
  address(): unknown
}): Promise<number> {
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

function probe(text: string, changes: Partial<ProbeRequest> & { expect?: string; status?: string } = {}) {
  const { kind, target } = readTarget(text)
  const { expect, status, ...rest } = changes
  return kind.run({
    ...{
      target,
      command: null,
      headers: [],
      method: 'GET',
      timeoutMs: 2_000,
      insecure: false,
      certDays: 14,
      rules: ANY,
    },
    ...{ hosts: { run: () => Promise.reject(new Error('no hosts')) }, signal: new AbortController().signal },
    expectations: readExpectations(expect ?? ''),
    acceptsStatus: status === undefined ? null : readStatuses(status),
    ...rest,
  })
}

describe('a URL', () => {
  it.each([
    ['/', {}, true, 'status 200'],
    ['/204', {}, true, 'status 204'],
    ['/503', {}, false, 'status 503'],
    ['/401', { status: '401' }, true, 'status 401'],
    ['/404', { status: '2xx,404-410' }, true, 'status 404'],
    ['/', { status: '404' }, false, 'status 200'],
    ['/', { expect: 'hello' }, true, 'status 200'],
    ['/', { expect: 'goodbye' }, false, 'status 200, but the answer does not contain "goodbye"'],
    ['/', { expect: '/^HELLO/i' }, true, 'status 200'],
    ['/', { expect: '/^HELLO/' }, false, 'status 200, but the answer does not match /^HELLO/'],
    ['/', { expect: '!hello' }, false, 'status 200, but the answer must not have hello'],
    ['/json', { expect: 'json.status=ok' }, true, 'status 200'],
    ['/json', { expect: 'status=ok' }, true, 'status 200'],
    ['/json', { expect: '$.queue.length<8\njson.parts[0].up=true' }, true, 'status 200'],
    ['/json', { expect: 'json.queue.length>=8' }, false, 'status 200, but json.queue.length is 7, which is not >= 8'],
    ['/json', { expect: 'json.status!=ok' }, false, 'status 200, but json.status is ok, which it must not be'],
    ['/json', { expect: 'json.nothing=1' }, false, 'status 200, but the answer has no json.nothing'],
    ['/json', { expect: 'json.x=1' }, true, 'status 200'],
    ['/', { expect: 'json.status=ok' }, false, 'status 200, but the answer is not JSON, so that it has no json.status'],
    ['/gzip', { expect: 'all is well' }, true, 'status 200'],
    ['/gzip-long', { expect: 'all is well' }, true, 'status 200'],
    ['/gzip-long', { expect: '!all is well' }, false, 'status 200, but the answer must not have all is well'],
    ['/gzip-long', { expect: 'end' }, false, 'status 200, but the answer does not contain "end"'],
    ['/long', { expect: 'end' }, false, 'status 200, but the answer does not contain "end"'],
    ['/long', {}, true, 'status 200'],
    ['/method', { method: 'POST', expect: 'POST' }, true, 'status 200'],
    ['/', { method: 'HEAD' }, true, 'status 200'],
    ['/', { headers: [['X-Token', 'Ann']], expect: 'hello Ann' }, true, 'status 200'],
    ['/hang', { timeoutMs: 60 }, false, /^127\.0\.0\.1:\d+ did not answer within/],
    ['/drop', {}, false, /^127\.0\.0\.1:\d+ closed the connection before it answered$/],
    ['/to?url=/json', { expect: 'json.status=ok' }, true, /^status 200 at http:.*\/json$/],
    ['/to?url=/json', { status: '302' }, true, 'status 302'],
    ['/to?status=303&url=/method', { method: 'POST', expect: 'GET' }, true, /^status 200 at/],
    ['/to?status=307&url=/method', { method: 'POST', expect: 'POST' }, true, /^status 200 at/],
    ['/to?url=/to%3Furl%3D/404', {}, false, /^status 404 at/],
    ['/to?url=file:///etc/passwd', {}, false, 'it redirects to file:///etc/passwd, which is no web address'],
  ] as [string, Parameters<typeof probe>[1], boolean, string | RegExp][])(
    '%s with %j: %s, %s',
    async (path, changes, ok, message) => {
      const result = await probe(base + path, changes)
      expect(result).toMatchObject({
        ok,
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      })
      if (ok) expect(result).toMatchObject({ address: '127.0.0.1', durationMs: expect.any(Number) })
    },
  )

  it('is followed through at most five redirects', async () => {
    const loop = createServer((_, response) => response.writeHead(302, { location: '/' }).end())
    const port = await listening(loop)
    expect((await probe(`http://127.0.0.1:${port}/`)).message).toMatch(/^more than 5 redirects/)
    loop.close()
  })

  it('gets its headers, and a redirect to another server does not', async () => {
    const other = createServer(answer)
    const port = await listening(other)
    requests.length = 0
    await probe(`${base}/to?url=http://127.0.0.1:${port}/&x`, { headers: [['Authorization', 'Bearer x']] })
    expect(requests.map(({ headers }) => headers.authorization ?? null)).toEqual(['Bearer x', null])
    other.close()
  })

  it('that nobody serves is named with the reason', async () => {
    expect((await probe('http://127.0.0.1:1/')).message).toBe('127.0.0.1:1 refuses the connection')
    expect((await probe('http://no-such-name.invalid/')).message).toMatch(
      /no-such-name\.invalid (does not exist|could not)/,
    )
  })
})

describe('an address that is not allowed', () => {
  it.each([
    ['by a name that resolves to it', `http://localhost:PORT/`],
    ['by a number', 'http://2130706433:PORT/'],
    ['in IPv6 writing', 'http://[::ffff:127.0.0.1]:PORT/'],
    ['as a port', 'tcp://127.0.0.1:PORT'],
    ['as a port of a name', 'tcp://localhost:PORT'],
    ['as a port of a name that is a number', 'tcp://2130706433:PORT'],
    ['as a certificate', 'tls:localhost:PORT'],
    ['as an echo', 'icmp:localhost'],
  ])('is not connected to %s', async (_, text) => {
    let connections = 0
    const sink = createTcp(socket => {
      connections++
      socket.destroy()
    })
    const port = await listening(sink)
    const result = await probe(text.replace('PORT', String(port)), { rules: PUBLIC })
    expect([result.ok, result.message, connections]).toEqual([
      false,
      expect.stringContaining('is not a public address'),
      0,
    ])
    sink.close()
  })

  it('is not followed to, by redirects of an allowed one', async () => {
    const allowed = new BlockList()
    allowed.addAddress('127.0.0.1', 'ipv4')
    const rules: AddressRules = { reach: 'public', allowed }
    const to = (url: string) => probe(`${base}/to?url=${encodeURIComponent(url)}`, { rules })
    expect((await to('http://10.0.0.1/')).message).toContain('10.0.0.1 is not a public address')
    expect((await to('http://[::1]:9/')).message).toContain('::1 is not a public address')
    const metadata = await probe(`${base}/to?url=http://169.254.169.254/latest/meta-data/`)
    expect(metadata.message).toContain('Vakt never connects to 169.254.169.254')
  })

  it.each([
    'http://169.254.169.254/',
    'http://[fd00:ec2::254]/',
    'tcp://100.100.100.200:80',
    'tls:168.63.129.16',
    'icmp:169.254.169.254',
    'dns:x?server=169.254.169.253',
  ])('of the metadata of a cloud is for nobody: %s', async text => {
    expect((await probe(text, { timeoutMs: 200 })).message).toContain('Vakt never connects to')
  })
})

describe('a certificate', () => {
  it('is checked for https and tls, and its end is known', async () => {
    const secure = createHttps(LOCAL_CERTIFICATE, (_, response) => response.end('ok'))
    const port = await listening(secure)
    const ends = LOCAL_CERTIFICATE.endsAt
    expect((await probe(`https://127.0.0.1:${port}/`)).message).toContain('self-signed')
    expect(await probe(`https://127.0.0.1:${port}/`, { insecure: true })).toMatchObject({
      ok: true,
      certificateEndsAt: ends,
    })
    expect(await probe(`tls:127.0.0.1:${port}`)).toMatchObject({
      ok: false,
      message: expect.stringContaining('self-signed'),
      certificateEndsAt: ends,
    })
    const valid = await probe(`tls:localhost:${port}`, { insecure: true })
    expect(valid).toMatchObject({ ok: true, message: expect.stringMatching(/^the certificate ends in 90 days$/) })
    const soon = { ok: false, message: 'the certificate ends in 90 days' }
    expect(await probe(`tls:localhost:${port}?days=91`, { insecure: true })).toMatchObject(soon)
    expect(await probe(`tls:localhost:${port}`, { insecure: true, certDays: 100 })).toMatchObject(soon)
    secure.close()
  })

  it('cannot be read from a port that speaks no TLS', async () => {
    expect((await probe(`tls:127.0.0.1:${new URL(base).port}`)).message).toMatch(/does not speak TLS/)
  })
})

describe('a port, a name and a command', () => {
  it('that takes connections is up', async () => {
    expect(await probe(base.replace('http:', 'tcp:'))).toMatchObject({
      ok: true,
      message: 'connected',
      address: '127.0.0.1',
    })
    expect((await probe('tcp://127.0.0.1:1')).message).toBe('127.0.0.1:1 refuses the connection')
  })

  it('whose name server does not answer is down in time', async () => {
    const result = await probe('dns:example.org?server=127.0.0.1', { timeoutMs: 300 })
    expect(result).toMatchObject({ ok: false, message: expect.stringMatching(/name server|refuse/) })
  })

  it.each([
    [{ stdout: 'active\n', stderr: '', code: 0 }, '', true, 'exit status 0'],
    [{ stdout: '', stderr: 'gone', code: 3 }, '', false, 'exit status 3'],
    [
      { stdout: 'inactive\n', stderr: '', code: 0 },
      '/^active/',
      false,
      'exit status 0, but the answer does not match /^active/',
    ],
    [{ stdout: '', stderr: '', code: 124 }, '', false, 'the command on web-1 did not answer within 2s'],
  ])('%j with %j on a host: %s, %s', async (output, expectation, ok, message) => {
    const result = await probeKind('command').run({
      ...{ target: 'web-1', command: 'x', headers: [], method: 'GET', timeoutMs: 2_000, insecure: false, certDays: 14 },
      ...{ rules: ANY, hosts: { run: async () => output }, signal: new AbortController().signal, acceptsStatus: null },
      expectations: readExpectations(expectation),
    })
    expect(result).toMatchObject({ ok, message })
  })
})
