// Whether Vakt is ready, and what a platform's own requests are answered.
import { expect, it } from 'vitest'
import { healthRoutes, readiness } from './health.ts'
import { platformRoutes } from './platform-events.ts'

const WELL = { healthy: true, error: null }
const STORED = { ok: true, message: null }
it.each<[object, object, object[], boolean, object]>([
  [WELL, STORED, [], true, { scheduler: { ok: true, message: null }, storage: { ok: true, message: null } }],
  [{ healthy: false, error: 'late' }, STORED, [], false, { scheduler: { ok: false, message: 'late' } }],
  [WELL, { ok: false, message: 'full' }, [], false, { storage: { ok: false, message: 'full' } }],
  [
    ...([WELL, STORED] as const),
    [
      { name: 'slack', status: { state: 'lost', since: 0, message: 'down' } },
      { name: 'discord', status: { state: 'online', since: 0 } },
    ],
    true,
    { slack: { ok: false, message: 'down' }, discord: { ok: true, message: null } },
  ],
])('with %j, %j and %j Vakt is ready: %s', async (scheduler, storage, platforms, ready, parts) => {
  const found = readiness(scheduler as never, storage as never, platforms as never)
  expect(found.ready).toBe(ready)
  expect(found.parts).toMatchObject(parts)
  const app = healthRoutes({ readiness: () => found, metrics: () => 'vakt_up 1' })
  const answer = await app.request('/readyz')
  expect([answer.status, await answer.json()]).toEqual([ready ? 200 : 503, found])
})

it('liveness is one word, and metrics are in the format of Prometheus', async () => {
  const app = healthRoutes({ readiness: () => ({ ready: true, parts: {} }), metrics: async () => 'vakt_up 1' })
  expect(await (await app.request('/healthz')).text()).toBe('ok')
  const metrics = await app.request('/metrics')
  expect(await metrics.text()).toBe('vakt_up 1')
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
})

it('a request of a platform is passed on as it came, up to a mebibyte, and only where the platform is configured', async () => {
  const got: [string, Record<string, string>][] = []
  const about = { description: '', notConfigured: 'Slack is not configured.' }
  const app = platformRoutes([
    {
      ...{ ...about, name: 'slack', path: '/slack/events' },
      async receive(body, headers) {
        got.push([String(body), headers as Record<string, string>])
        return { status: 202, body: 'taken', headers: { 'x-a': 'b' } }
      },
    },
    { ...about, name: 'other', path: '/other/events' },
  ])
  app.onError((error, c) => c.text(error.message, 400))
  const send = (path: string, body: string) => app.request(path, { method: 'POST', body, headers: { 'x-sent': '1' } })
  const answer = await send('/slack/events', 'hello')
  expect([answer.status, await answer.text(), answer.headers.get('x-a')]).toEqual([202, 'taken', 'b'])
  expect(got).toEqual([['hello', expect.objectContaining({ 'x-sent': '1' })]])
  expect((await send('/slack/events', 'x'.repeat(1_048_576))).status).toBe(202)
  expect(await (await send('/slack/events', 'x'.repeat(1_048_577))).text()).toContain('larger than 1048576 bytes')
  expect(await (await send('/other/events', 'hello')).text()).toBe('Slack is not configured.')
})
