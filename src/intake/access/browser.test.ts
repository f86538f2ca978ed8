// What browsers are told, and the names under which they may ask: headers of every answer, and the check against DNS rebinding.
import { beforeEach, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { takingStore } from '../../testing/taking-store.ts'

let app: TestApp
beforeEach(async () => {
  app = await startApp({ store: takingStore().store, environment: { PUBLIC_URL: 'https://vakt.example.org/base' } })
})

const OPEN = ['/', '/docs', '/openapi.json', '/metrics', '/readyz', '/api/config']

describe('every answer', () => {
  it.each([
    ...OPEN.map(path => ['GET', path] as const),
    ['GET', '/docs/page.css'],
    ['GET', '/docs/none'],
    ['GET', '/nothing'],
    ['POST', '/metrics'],
    ['GET', '/healthz'],
    ['HEAD', '/healthz'],
    ['GET', '/api/logs'],
    ['POST', '/api/logs'],
    ['POST', '/api/commands'],
    ['GET', '/ping/none'],
    ['GET', '/ping/00000000-0000-0000-0000-000000000000'],
    ['POST', '/slack/events'],
  ] as const)('has the security headers: %s %s', async (method, path) => {
    const { headers } = await app.request(path, { method })
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
  })

  it('has them where it is a success, too', async () => {
    const beat = await app.hasCheck('job --every 1d')
    const { secret } = (await app.result<{ key: { secret: string } }>('keys create default')).key
    const stored = await app.request('/api/logs', { method: 'POST', body: '{}', headers: { 'x-api-key': secret } })
    for (const { status, headers } of [await beat(), stored, await app.posts({ line: 'status' })])
      expect([status, headers.get('x-content-type-options'), headers.get('referrer-policy')]).toEqual([
        200,
        'nosniff',
        'no-referrer',
      ])
    expect(stored.headers.get('content-type')).toContain('application/json')
  })
})

describe('a read without a key', () => {
  const status = async (path: string, host: string, headers: Record<string, string> = {}) =>
    (await app.request(path, { headers: { host, ...headers } })).status

  it.each(OPEN)('%s is refused under a name that somebody else may own', async path => {
    for (const host of ['evil.example.com', 'evil.example.com:8080', 'EVIL.example.com.', 'vakt.example.org.evil.com'])
      expect([host, await status(path, host)]).toEqual([host, 403])
    const { error } = (await (await app.request(path, { headers: { host: 'evil.example.com' } })).json()) as {
      error: { message: string }
    }
    expect(error.message).toMatch(/"evil.example.com" is not a name of this Vakt.*PUBLIC_URL or ALLOWED_HOSTS/)
  })

  it.each([
    ...['localhost', 'localhost:8080', '127.0.0.1:8080', '[::1]:8080', '192.168.1.7', '[fe80::1]', 'vakt', 'vakt:8080'],
    ...['nas.local', 'vakt.lan:8080', 'vakt.monitoring.svc.cluster.local', 'vakt.example.org', 'VAKT.example.org:443'],
  ])('is answered under %s', async host => {
    expect(await status('/metrics', host)).toBe(200)
  })

  it('is answered under the names of ALLOWED_HOSTS', async () => {
    app = await startApp({ environment: { ALLOWED_HOSTS: 'mon.example.net, *.corp.example' } })
    const asked = ['mon.example.net:9090', 'a.corp.example', 'corp.example', 'x.mon.example.net', 'acorp.example']
    expect(await Promise.all(asked.map(host => status('/metrics', host)))).toEqual([200, 200, 403, 403, 403])
    app = await startApp({ environment: { ALLOWED_HOSTS: '*' } })
    expect(await status('/metrics', 'evil.example.com')).toBe(200)
  })

  it('is not asked of liveness, of beats, or of those who have a key', async () => {
    const beat = await app.hasCheck('job --every 1d')
    expect(await status('/healthz', 'evil.example.com')).toBe(200)
    expect((await beat('', { headers: { host: 'jobs.example.com' } })).status).toBe(200)
    expect(await status('/metrics', 'evil.example.com', { authorization: 'Bearer admin-key-for-tests' })).toBe(200)
  })
})
