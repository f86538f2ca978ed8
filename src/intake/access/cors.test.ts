// Web pages of the origins in CORS_ORIGINS send lines and alerts; nobody else's do, and nothing else is open to pages.
import { beforeAll, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { takingStore } from '../../testing/taking-store.ts'
import { isAllowedOrigin } from './cors.ts'

let app: TestApp
let key: Record<string, string>
beforeAll(async () => {
  app = await startApp({
    store: takingStore().store,
    environment: { CORS_ORIGINS: 'https://app.example.org, https://*.shop.example' },
  })
  key = { 'x-api-key': (await app.result<{ key: { secret: string } }>('keys create default')).key.secret }
})

const PAGE = { origin: 'https://app.example.org' }
const preflight = (path: string, method: string, headers: Record<string, string> = PAGE) =>
  app.request(path, {
    method: 'OPTIONS',
    headers: {
      ...headers,
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type,x-api-key',
    },
  })
const allowed = ({ headers }: Response) => headers.get('access-control-allow-origin')

describe('a page of an allowed origin', () => {
  it.each([
    ['/api/logs', 'POST'],
    ['/api/logs/', 'POST'],
    ['//api/logs', 'POST'],
    ['/api/alerts', 'POST'],
    ['/api/config', 'GET'],
  ])('is answered its preflight of %s by %s', async (path, method) => {
    const answer = await preflight(path, method)
    expect([answer.status, allowed(answer)]).toEqual([204, PAGE.origin])
    expect(answer.headers.get('access-control-allow-methods')).toBe(method)
    expect(answer.headers.get('access-control-allow-headers')).toBe('content-type,x-api-key')
    expect(answer.headers.get('vary')).toContain('Origin')
  })

  it('reads the answer to its lines, also to a refusal', async () => {
    const send = (headers: Record<string, string>) =>
      app.request('/api/logs', { method: 'POST', body: '{"message":"x"}', headers })
    const [stored, refused] = [await send({ ...PAGE, ...key }), await send(PAGE)]
    expect([stored.status, allowed(stored), refused.status, allowed(refused)]).toEqual([
      ...[200, PAGE.origin, 401, PAGE.origin],
    ])
    expect(stored.headers.get('access-control-allow-credentials')).toBeNull()
  })

  it.each([
    ['/api/logs', 'GET'],
    ['/api/logs', 'DELETE'],
    ['/api/commands', 'POST'],
    ['/metrics', 'GET'],
  ])('is given nothing of %s by %s', async (path, method) => {
    expect(allowed(await preflight(path, method))).toBeNull()
    const body = method === 'POST' ? { body: '{"line":"status"}' } : {}
    expect(allowed(await app.request(path, { method, headers: { ...PAGE, ...key }, ...body }))).toBeNull()
  })
})

it('a page of another origin, and any page without the setting, is given nothing', async () => {
  const other = { origin: 'https://evil.example' }
  expect([(await preflight('/api/logs', 'POST', other)).status]).toEqual([405])
  expect(
    allowed(await app.request('/api/logs', { method: 'POST', body: 'x', headers: { ...other, ...key } })),
  ).toBeNull()
  const closed = await startApp({ store: takingStore().store })
  expect(allowed(await closed.request('/api/logs', { method: 'POST', body: 'x', headers: PAGE }))).toBeNull()
})

it.each([
  ['https://a.shop.example', true],
  ['https://a.b.shop.example', true],
  ['https://shop.example', false],
  ['https://evilshop.example', false],
  ['http://a.shop.example', false],
  ['https://app.example.org:444', false],
  ['null', false],
])('the origin %s is allowed: %s', (origin, isAllowed) => {
  expect(isAllowedOrigin(['https://app.example.org', 'https://*.shop.example'], origin)).toBe(isAllowed)
})

it('any origin, also that of a file, is allowed by *', () => {
  expect(['https://x.example', 'null'].map(origin => isAllowedOrigin(['*'], origin))).toEqual([true, true])
})

describe('paths', () => {
  it.each(['/api/logs', '/api/logs/', '//api/logs', '/api/logs//'])('%s is found', async path => {
    expect((await app.request(path, { method: 'POST', body: '{"message":"x"}', headers: key })).status).toBe(200)
  })

  it.each([
    ['PUT', '/api/logs', 'GET, HEAD, POST, DELETE'],
    ['OPTIONS', '/api/logs', 'GET, HEAD, POST, DELETE'],
    ['PATCH', '/healthz/', 'GET, HEAD'],
  ])('%s %s is answered 405 with what is allowed', async (method, path, allow) => {
    const answer = await app.request(path, { method, headers: key })
    expect([answer.status, new Set(answer.headers.get('allow')?.split(', '))]).toEqual([
      405,
      new Set(allow.split(', ')),
    ])
  })
})
