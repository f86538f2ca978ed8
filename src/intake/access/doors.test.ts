// Every route that takes a key, asked with every kind of key: who is let in, who is refused, and that refusals change nothing.
import { beforeEach, describe, expect, it } from 'vitest'
import { ROLES } from '../../command/command.ts'
import type { LogLine } from '../../logs/line.ts'
import type { LogStore } from '../../logs/store.ts'
import { findProject } from '../../projects/projects.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { type SigningKey, signV1, signV2 } from '../../testing/sign.ts'

type Route = { method: string; path: string; body?: string; needs: 'intake' | (typeof ROLES)[number] }

const run = (line: string, needs: Route['needs']): Route => ({
  ...{ method: 'POST', path: '/api/commands', needs },
  body: JSON.stringify({ line }),
})

/** Every route with a key; `documented` below fails when one is missing. */
const ROUTES: Route[] = [
  { method: 'POST', path: '/api/logs', body: '[{"message":"x"}]', needs: 'intake' },
  { method: 'POST', path: '/api/alerts', body: '{"key":"db","title":"down"}', needs: 'intake' },
  { method: 'POST', path: '/api/alerts/alertmanager', body: '{"version":"4","alerts":[]}', needs: 'intake' },
  { method: 'POST', path: '/api/v2/alerts', body: '[]', needs: 'intake' },
  { method: 'POST', path: '/api/alerts/grafana', body: '{"alerts":[]}', needs: 'intake' },
  { method: 'POST', path: '/api/alerts/uptime-kuma', body: '{"msg":"x"}', needs: 'intake' },
  { method: 'GET', path: '/api/alerts/uptime-kuma?msg=x', needs: 'intake' },
  { method: 'POST', path: '/api/alerts/sentry', body: '{"data":{}}', needs: 'intake' },
  { method: 'POST', path: '/api/alerts/github-actions', body: '{"zen":"x"}', needs: 'intake' },
  { method: 'POST', path: '/api/alerts/webhook', body: '{"id":1,"title":"x"}', needs: 'intake' },
  { method: 'GET', path: '/api/logs', needs: 'viewer' },
  { method: 'GET', path: '/api/logs?format=csv', needs: 'viewer' },
  { method: 'GET', path: '/api/logs/line-of-shop', needs: 'viewer' },
  { method: 'GET', path: '/api/logs/tail', needs: 'viewer' },
  { method: 'DELETE', path: '/api/logs?all=true', needs: 'admin' },
  run('checks list --project shop', 'viewer'),
  run('checks edit job --project shop --owner ann', 'responder'),
  run('keys create shop', 'admin'),
]

const DOCUMENT = '{"message":"x"}'
const BULK = `{"create":{}}\n${DOCUMENT}\n`

/** The routes of other protocols for log lines: they share how a sender is known, so one test asks them all. */
const PROTOCOL_ROUTES: Route[] = [
  { method: 'POST', path: '/_bulk', body: BULK, needs: 'intake' },
  { method: 'PUT', path: '/_bulk', body: BULK, needs: 'intake' },
  { method: 'POST', path: '/shop/_bulk', body: BULK, needs: 'intake' },
  { method: 'POST', path: '/shop/_doc', body: DOCUMENT, needs: 'intake' },
  { method: 'PUT', path: '/shop/_doc/7', body: DOCUMENT, needs: 'intake' },
  { method: 'PUT', path: '/shop/_create/7', body: DOCUMENT, needs: 'intake' },
  { method: 'POST', path: '/logplex', body: '1 x', needs: 'intake' },
  { method: 'POST', path: '/gelf', body: '{"host":"web-1","short_message":"x"}', needs: 'intake' },
  ...['', '/event', '/event/1.0', '/raw', '/raw/1.0', '/ack'].map(
    (word): Route => ({
      ...{ method: 'POST', path: `/services/collector${word}`, needs: 'intake' },
      body: '{"event":"x","acks":[]}',
    }),
  ),
  ...['/ingest/clef', '/api/events/raw', '/api/v2/logs', '/v1/input'].map(
    (path): Route => ({ method: 'POST', path, body: '{"@mt":"x"}', needs: 'intake' }),
  ),
  { method: 'POST', path: '/loki/api/v1/push', body: '{"streams":[]}', needs: 'intake' },
  { method: 'POST', path: '/api/prom/push', body: '{"streams":[]}', needs: 'intake' },
  ...['/v1/logs', '/v1/metrics', '/v1/traces'].map(
    (path): Route => ({ method: 'POST', path, body: '{}', needs: 'intake' }),
  ),
]

/** The routes of Healthchecks' API; the check of the project is `job`. */
const API_ROUTES: (Omit<Route, 'needs'> & { needs: 'viewer' | 'responder' })[] = [
  { method: 'GET', path: '/api/v3/checks', needs: 'viewer' },
  { method: 'POST', path: '/api/v3/checks', body: '{"name":"x","unique":["name"]}', needs: 'responder' },
  { method: 'GET', path: '/api/v3/checks/JOB', needs: 'viewer' },
  { method: 'POST', path: '/api/v3/checks/JOB', body: '{}', needs: 'responder' },
  { method: 'POST', path: '/api/v3/checks/JOB/pause', needs: 'responder' },
  { method: 'GET', path: '/api/v3/checks/JOB/pings', needs: 'responder' },
  { method: 'GET', path: '/api/v3/checks/JOB/flips', needs: 'viewer' },
  { method: 'GET', path: '/api/v3/channels', needs: 'responder' },
  { method: 'GET', path: '/api/v3/badges', needs: 'viewer' },
  { method: 'GET', path: '/api/v3/checks/JOB/pings/1/body', needs: 'responder' },
  { method: 'POST', path: '/api/v3/checks/JOB/resume', needs: 'responder' },
  { method: 'DELETE', path: '/api/v3/checks/JOB', needs: 'responder' },
]

const KINDS = ['intake', ...ROLES] as const
type Kind = (typeof KINDS)[number]

let app: TestApp
let purged: number
let stored: number
let keys: Record<Kind | 'signed' | 'revoked' | 'revokedSigned' | 'other', SigningKey>

const line = { id: 'line-of-shop', project: 'shop', level: 'info', message: 'x', attributes: {}, tags: [] }

function store(): LogStore {
  const empty = { lines: [], next: null, searchedTo: null }
  return {
    append: async () => {
      stored++
      return { accepted: 1, rejected: 0, errors: [], repeated: false, counts: [] }
    },
    search: async () => empty,
    count: async () => ({ total: 0, atLeast: false, searchedTo: null }),
    read: async (id: string) => (id === line.id ? ({ ...LINE_TEXTS, ...line } as unknown as LogLine) : null),
    tail: async () => () => {},
    purge: async () => {
      purged++
      return 2
    },
    maintain: async () => ({ removed: [], status: null }),
  } as unknown as LogStore
}
const LINE_TEXTS = {
  ...{
    timestamp: 0,
    receivedAt: 0,
    source: '',
    host: '',
    group: '',
    fingerprint: '',
    stack: '',
    traceId: '',
    spanId: '',
  },
}

beforeEach(async () => {
  purged = 0
  stored = 0
  app = await startApp({ store: store() })
  for (const project of ['shop', 'bank']) await app.result(`projects add ${project}`)
  line.project = findProject(app.state, 'shop').logName
  await app.result('checks add job --every 1d --project shop')
  const make = async (flags: string) => (await app.result<{ key: SigningKey }>(`keys create ${flags}`)).key
  keys = {
    intake: await make('shop --role intake'),
    viewer: await make('shop --role viewer'),
    responder: await make('shop --role responder'),
    admin: await make('shop --role admin'),
    signed: await make('shop --role admin --signed'),
    revoked: await make('shop --role admin'),
    revokedSigned: await make('shop --role admin --signed'),
    other: await make('bank --role admin'),
  }
  for (const { id } of [keys.revoked, keys.revokedSigned]) await app.result(`keys revoke ${id} --yes`)
})

async function ask({ method, path, body }: Route, headers: Record<string, string>, from?: string) {
  const response = await app.request(path, { method, headers, ...(body === undefined ? {} : { body }) }, from)
  const isStream = response.headers.get('content-type')?.includes('event-stream') ?? false
  if (isStream) await response.body?.cancel()
  return { status: response.status, text: isStream ? '' : await response.text() }
}

const bearer = ({ secret }: SigningKey) => ({ authorization: `Bearer ${secret}` })
const sign = (key: SigningKey, { method, path, body }: Route) =>
  signV2(key, { method, path, at: app.clock.now(), ...(body === undefined ? {} : { body }) })

const STRANGERS: [name: string, headers: (route: Route) => Record<string, string>][] = [
  ['no key', () => ({})],
  ['an empty key', () => ({ 'x-api-key': '' })],
  ['a wrong key', () => ({ authorization: 'Bearer vakt_wrong' })],
  ['a wrong key in X-Api-Key', () => ({ 'x-api-key': 'vakt_wrong' })],
  ['almost the admin key', () => ({ 'x-api-key': 'admin-key-for-test' })],
  ['a revoked key', () => bearer(keys.revoked)],
  ['the plain secret of a signed key', () => bearer(keys.signed)],
  ['the plain secret of a revoked signed key', () => bearer(keys.revokedSigned)],
  ['a revoked signed key', route => sign(keys.revokedSigned, route)],
  ['a signature with another secret', route => sign({ ...keys.signed, secret: keys.admin.secret }, route)],
  ['a signature of a key that does not sign', route => sign(keys.admin, route)],
  ['a signature of another route', route => sign(keys.signed, { ...route, path: '/api/other' })],
  ['a signature of another method', route => sign(keys.signed, { ...route, method: 'PATCH' })],
  ['a signature that is too old', route => signV2(keys.signed, { ...route, at: app.clock.now() - 301_000 })],
  ['a revoked key that signs by v1', ({ body = '' }) => signV1(keys.revokedSigned, { body, at: app.clock.now() })],
  [
    'the admin key beside a wrong signature',
    route => ({
      ...{ authorization: 'Bearer admin-key-for-tests' },
      ...sign({ ...keys.signed, secret: 'no' }, route),
    }),
  ],
]

const ADMIN = { authorization: 'Bearer admin-key-for-tests' }

const name = ({ method, path, body }: Route) => `${method} ${path}${path.endsWith('commands') ? ` ${body}` : ''}`

describe.each(ROUTES.map(route => [name(route), route] as const))('%s', (_, route) => {
  it('refuses strangers with 401, whatever they show, and nothing happens', async () => {
    const statuses = []
    for (const [kind, headers] of STRANGERS) statuses.push([kind, (await ask(route, headers(route))).status])
    expect(statuses).toEqual(STRANGERS.map(([kind]) => [kind, 401]))
    expect([purged, stored]).toEqual([0, 0])
    expect((await app.result<{ checks: { status: string }[] }>('checks list')).checks[0]!.status).toBe('new')
  })

  it('lets in a key of its role and above, shown or signing, and refuses lesser ones with 403', async () => {
    const allowed = KINDS.slice(KINDS.indexOf(route.needs))
    for (const kind of KINDS) {
      const { status } = await ask(route, bearer(keys[kind]))
      expect([kind, status < 400 ? 'in' : status]).toEqual([kind, allowed.includes(kind) ? 'in' : 403])
    }
    expect((await ask(route, sign(keys.signed, route))).status).toBeLessThan(400)
    expect((await ask(route, { authorization: 'Bearer admin-key-for-tests' })).status).toBeLessThan(400)
  })

  it('keeps the admin of another project out of this one', async () => {
    const { status, text } = await ask(route, bearer(keys.other))
    if (route.path.startsWith('/api/commands')) expect(status).toBe(403)
    if (route.path.includes('line-of-shop')) expect(status).toBe(404)
    expect(text).not.toContain('job')
  })
})

it('the routes of other protocols refuse strangers with 401 or 403, and let in every key of a project', async () => {
  for (const [place, route] of PROTOCOL_ROUTES.entries()) {
    // Too many wrong keys from one address are another refusal.
    const from = `203.0.113.${place}`
    const before = stored
    for (const [kind, headers] of STRANGERS) {
      const { status } = await ask(route, headers(route), from)
      // Splunk and Datadog have 403 for a wrong key.
      expect([name(route), kind, status === 403 ? 401 : status]).toEqual([name(route), kind, 401])
    }
    expect(stored).toBe(before)
    for (const headers of [...KINDS.map(kind => bearer(keys[kind])), sign(keys.signed, route), ADMIN])
      expect((await ask(route, headers)).status).toBeLessThan(300)
  }
})

it("Healthchecks' API refuses strangers and lesser keys with 401, and keeps projects apart", async () => {
  const { check } = await app.result<{ check: { uuid: string } }>('checks show job')
  await app.request(`/ping/${check.uuid}`, { method: 'POST', body: 'done' })
  for (const [place, { path, ...rest }] of API_ROUTES.entries()) {
    const route = { ...rest, path: path.replace('JOB', check.uuid) }
    const from = `203.0.113.${place}`
    for (const [kind, headers] of STRANGERS)
      expect([name(route), kind, (await ask(route, headers(route), from)).status]).toEqual([name(route), kind, 401])
    expect((await ask(route, sign(keys.signed, route), from)).status).toBe(401)
    expect((await ask(route, bearer(keys.intake))).status).toBe(401)
    const asViewer = await ask(route, bearer(keys.viewer))
    expect([name(route), asViewer.status]).toEqual([name(route), route.needs === 'viewer' ? 200 : 401])
    expect(asViewer.text).not.toContain(check.uuid)
    if (path.includes('JOB')) expect((await ask(route, bearer(keys.other))).status).toBe(403)
    expect((await ask(route, bearer(keys.responder))).status).toBeLessThan(300)
  }
})

it('what destroys is in the audit with its door, address, key and count; so is who was refused', async () => {
  const remove = ROUTES.find(({ method }) => method === 'DELETE')!
  await app.request(remove.path, { method: 'DELETE', headers: bearer(keys.admin) }, '203.0.113.9')
  await app.request(remove.path, { method: 'DELETE', headers: bearer(keys.viewer) }, '203.0.113.10')
  await ask(run('keys create shop', 'admin'), bearer(keys.admin))
  const { audit } = await app.result<{ audit: Record<string, unknown>[] }>('audit --limit 3')
  const created = audit[0]!
  expect(audit).toMatchObject([
    { line: 'keys create shop', actor_id: keys.admin.id, address: '127.0.0.1', key: expect.stringMatching(/^k_/) },
    { line: 'DELETE /api/logs?all=true', actor_id: keys.viewer.id, address: '203.0.113.10', count: null },
    {
      line: 'DELETE /api/logs?all=true',
      actor_id: keys.admin.id,
      key: keys.admin.id,
      address: '203.0.113.9',
      count: 2,
    },
  ])
  expect(created.key).not.toBe(keys.admin.id)
  expect(audit[1]!.outcome).toContain('needs a key with the role admin')
  expect(await app.answerText('audit --limit 3')).toContain(`api, 203.0.113.9, ${keys.admin.id}`)
  expect(await app.answerText('audit verify')).toMatch(
    /The audit is whole: \d+ rows\nRow \d+ has the hash [0-9a-f]{64}/,
  )
  app.state.prepare("update audit set line = 'x' where id = 2").run()
  expect(await app.answerText('audit verify')).toContain('The audit is not whole: row 2 does not fit')
})

it('a name with a line break or a control character is refused', async () => {
  for (const line of [
    'checks add "x\n2026-01-01 · admin (terminal) · y"',
    'checks add "x\u0007"',
    'checks edit job --owner "a\u2028b"',
  ])
    expect((await app.says(line)).ok).toBe(false)
})

it('the table has every route of the document that takes a key', async () => {
  const document = (await (await app.request('/openapi.json')).json()) as {
    paths: Record<string, Record<string, { security?: object[] }>>
  }
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      // Satellites have keys of their own; `src/satellites/satellites.story.test.ts` asks their routes.
      .filter(([, { security = [] }]) => !security.some(way => 'satelliteKey' in way))
      .filter(([, { security = [] }]) => security.length > 0 && !security.some(way => Object.keys(way).length === 0))
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  )
  const asked = [...ROUTES, ...PROTOCOL_ROUTES, ...API_ROUTES].map(
    ({ method, path }) => `${method} ${path.split('?')[0]}`,
  )
  const patterns = documented.map(route => new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`))
  expect(asked.filter(route => !patterns.some(pattern => pattern.test(route)))).toEqual([])
  expect(documented.filter((_, place) => !asked.some(route => patterns[place]!.test(route)))).toEqual([])
})

describe('wrong keys', () => {
  const guess = (from: string, route = ROUTES[0]!, headers: Record<string, string> = { 'x-api-key': 'vakt_no' }) =>
    app.request(route.path, { method: route.method, headers, ...(route.body ? { body: route.body } : {}) }, from)

  it('are limited together on all routes, by the address, and /api/config is one of them', async () => {
    const routes = [...ROUTES, { method: 'GET', path: '/api/config', needs: 'viewer' as const }]
    for (let n = 0; n < 60; n++) await guess('203.0.113.9', routes[n % routes.length])
    for (const route of routes) {
      const response = await guess('203.0.113.9', route)
      expect([route.path, response.status]).toEqual([route.path, 429])
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect((await guess('203.0.113.10')).status).toBe(401)
    await app.passes('3m')
    expect((await guess('203.0.113.9')).status).toBe(401)
  })

  it('of one IPv6 network count together, and a forged X-Forwarded-For changes nothing', async () => {
    for (let n = 0; n < 60; n++) await guess(`2001:db8:1:2::${n.toString(16)}`)
    expect((await guess('2001:db8:1:2:ffff::1')).status).toBe(429)
    expect((await guess('2001:db8:1:3::1')).status).toBe(401)
    for (let n = 0; n < 60; n++)
      await guess('127.0.0.1', ROUTES[3], { 'x-api-key': 'vakt_no', 'x-forwarded-for': `10.9.8.${n}, 198.51.100.7` })
    expect((await guess('198.51.100.7')).status).toBe(429)
  })

  it("past the limit stop an admin key of one's own choice, and no key that Vakt made", async () => {
    for (let n = 0; n < 61; n++) await guess('203.0.113.9')
    const asked = (headers: Record<string, string>) => guess('203.0.113.9', ROUTES[3], headers)
    expect((await asked({ authorization: 'Bearer admin-key-for-tests' })).status).toBe(429)
    expect((await asked(bearer(keys.viewer))).status).toBe(200)
    expect((await guess('203.0.113.10', ROUTES[3], { authorization: 'Bearer admin-key-for-tests' })).status).toBe(200)
  })

  it("are none when Healthchecks' API refuses a right key what it may not do", async () => {
    const pause = { method: 'POST', path: '/api/v3/checks/x/pause', needs: 'responder' as const }
    for (const kind of ['viewer', 'intake', 'signed'] as const)
      for (let n = 0; n < 30; n++) expect((await guess('203.0.113.9', pause, bearer(keys[kind]))).status).toBe(401)
    expect((await guess('203.0.113.9')).status).toBe(401)
  })

  it('are in the log with the address first, as fail2ban reads it; requests without a key are not', async () => {
    const lines: string[] = []
    const logger = { debug() {}, info() {}, warn: (message: string) => void lines.push(message), error() {} }
    app = await startApp({ store: store(), logger })
    await guess('203.0.113.9')
    await guess('203.0.113.9', { method: 'GET', path: '/api/logs/authentication failed from 1.2.3.4', needs: 'viewer' })
    await guess('203.0.113.9', ROUTES[3], {})
    expect(lines).toEqual([
      'authentication failed from 203.0.113.9: wrong key for POST /api/logs',
      'authentication failed from 203.0.113.9: wrong key for GET /api/logs/authentication%20failed%20from%201.2.3.4',
    ])
  })
})
