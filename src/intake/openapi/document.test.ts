// The OpenAPI document describes what is there: every route, and every answer of at least one real request to each.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { openLogStore } from '../../logs/embedded/open-log-store.ts'
import type { LogStore } from '../../logs/store.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { createDocumentCheck, type Document } from '../../testing/documented.ts'
import { GITHUB, GRAFANA, KUMA, SENTRY_EVENT } from '../protocols/alerts/payloads.testing.ts'

const ADMIN = { authorization: 'Bearer admin-key-for-tests' }
const JSON_BODY = { 'content-type': 'application/json' }
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace']

let folder: string
let store: LogStore
let app: TestApp
let document: Document
let check: ReturnType<typeof createDocumentCheck>
let uuid: string
let pingKey: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-document-'))
  store = await openLogStore({ folder, logger: silentLogger })
  app = await startApp({ store, start: new Date().toISOString() })
  uuid = (await app.hasCheck('job --every 1d')).check.uuid
  await app.result('projects edit default --max-body 1MiB')
  pingKey = (await app.result<{ project: { ping_key: string } }>('projects show')).project.ping_key
  document = (await (await app.request('/openapi.json')).json()) as Document
  check = createDocumentCheck(document)
})

afterAll(async () => {
  await app.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
  )

describe('the document', () => {
  it('has every route of the app, and no other but those of pings and status pages, which pass the router by', () => {
    const registered = app.intake.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const documented = operations()
      .filter(({ path }) => !/^\/(ping\/|status\/|badge\/\{badge\}$)/.test(path))
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    expect([...new Set(registered)].sort()).toEqual(documented.sort())
  })

  it('has every ping URL by GET, HEAD and POST, and the words that Healthchecks has', () => {
    const paths = Object.keys(document.paths).filter(path => path.startsWith('/ping/'))
    for (const path of paths) expect(Object.keys(document.paths[path]!)).toEqual(['get', 'head', 'post'])
    for (const word of ['', '/start', '/fail', '/log', '/{exit_status}']) {
      expect(paths).toContain(`/ping/{ping_key}/{slug}${word}`)
      // A UUID and an exit status have the form of a ping key and a slug, which OpenAPI allows once only.
      expect(paths).toContain(word === '/{exit_status}' ? '/ping/{ping_key}/{slug}' : `/ping/{uuid}${word}`)
    }
  })

  it('names each operation once, and says what every parameter and answer is', () => {
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, operation } of operations()) {
      const inPath = (operation.parameters ?? []).filter(parameter => parameter.in === 'path')
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
      for (const parameter of operation.parameters ?? []) expect(Object.keys(parameter.schema)).not.toEqual([])
      expect(Object.keys(operation).some(key => METHODS.includes(key))).toBe(false)
    }
  })

  it('says how a request is signed, and which errors name a time to wait', () => {
    const { components } = document as unknown as {
      components: { securitySchemes: Record<string, { description: string }> }
    }
    expect(components.securitySchemes.signature!.description).toContain('<timestamp>.<raw body>')
    for (const { operation } of operations())
      for (const status of ['429', '503'])
        if (operation.responses[status]?.content?.['application/json'] && !('ready' in schemaOf(operation, status)))
          expect(operation.responses[status].headers).toHaveProperty('Retry-After')
  })

  it('has the bounds of the arguments of commands', () => {
    const errors = (command: string, args: object) =>
      check.requestErrors('POST', '/api/commands', { command, args }).length
    expect(errors('checks beats', { name: 'job', limit: 5 })).toBe(0)
    expect(errors('checks beats', { name: 'job', limit: null })).toBe(0)
    expect(errors('checks beats', { name: 'job', limit: 0 })).toBeGreaterThan(0)
    expect(errors('checks beats', { name: 'job', unknown: 1 })).toBeGreaterThan(0)
    expect(errors('checks beats', {})).toBeGreaterThan(0)
  })
})

function schemaOf(operation: Document['paths'][string][string], status: string): object {
  const { schema } = operation.responses[status]!.content!['application/json']!
  return schema.$ref === '#/components/schemas/Readiness' ? { ready: true } : {}
}

const NOBODY = '07c2f548-9850-4b27-af5d-6c9dc157ec02'
type Sample = [method: string, path: () => string, status: number, body?: unknown, headers?: Record<string, string>]

/** A request for each operation and answer that a client meets; `app.request` throws where an answer is not documented. */
const SAMPLES: Sample[] = [
  ...['GET', 'HEAD', 'POST'].flatMap(method => [
    ...['', '/start', '/fail', '/log', '/0', '/255?rid=04603d8b-edf4-4e85-8f61-24bedbcaab59'].flatMap(
      (word): Sample[] => [
        [method, () => `/ping/${uuid}${word}`, 200],
        [method, () => `/ping/${pingKey}/job${word}`, 200],
        [method, () => `/ping/${pingKey}/none${word}`, 404],
      ],
    ),
    [method, () => `/ping/${uuid}/256`, 400] satisfies Sample,
    [method, () => `/ping/${uuid}?rid=1`, 400] satisfies Sample,
    [method, () => `/ping/${pingKey}/new-${method.toLowerCase()}?create=1&period=5m&grace=90`, 201] satisfies Sample,
    [method, () => `/ping/${pingKey}/bad?create=1&period=x`, 400] satisfies Sample,
  ]),
  ['POST', () => '/api/logs', 200, { message: 'a', level: 'error', attributes: { user: { id: 7 } } }, ADMIN],
  ['POST', () => '/api/logs?project=default&level=warn&tags=a,b', 200, [{ message: 'b' }, 7], ADMIN],
  ['POST', () => '/api/logs', 422, [7], ADMIN],
  ['POST', () => '/api/logs', 422, 7, ADMIN],
  ['POST', () => '/api/logs?project=none', 404, { message: 'a' }, ADMIN],
  ['POST', () => '/api/logs?level=loud', 400, { message: 'a' }, ADMIN],
  ['POST', () => '/api/logs', 415, { message: 'a' }, { ...ADMIN, 'content-encoding': 'lzma' }],
  ['POST', () => '/api/logs', 413, { message: 'x'.repeat(2_000_000) }, ADMIN],
  ['POST', () => '/api/logs', 401, { message: 'a' }],
  ...['/loki/api/v1/push', '/api/prom/push'].flatMap((path): Sample[] => [
    ['POST', () => path, 204, { streams: [{ stream: { app: 'a' }, values: [['1795000000000000000', 'x']] }] }, ADMIN],
    ['POST', () => path, 400, { streams: 7 }, ADMIN],
  ]),
  ...['/v1/logs', '/v1/metrics', '/v1/traces'].flatMap((path): Sample[] => [
    ['POST', () => path, 200, {}, ADMIN],
    ['POST', () => path, 401, {}],
  ]),
  ...['', '/event', '/event/1.0', '/raw', '/raw/1.0'].flatMap((word): Sample[] => [
    ['POST', () => `/services/collector${word}?channel=a`, 200, { event: 'x' }, ADMIN],
    ['POST', () => `/services/collector${word}`, 401, { event: 'x' }],
  ]),
  ['POST', () => '/services/collector', 400, { host: 'x' }, ADMIN],
  ['POST', () => '/services/collector/ack?channel=a', 200, { acks: [0, 1] }, ADMIN],
  ...['', '/1.0'].map((word): Sample => ['GET', () => `/services/collector/health${word}`, 200]),
  ['POST', () => '/ingest/clef', 201, { '@t': '2026-11-29T10:00:00Z', '@mt': 'x' }, ADMIN],
  ['POST', () => '/ingest/clef', 400, [7], ADMIN],
  ['POST', () => '/api/events/raw', 201, { Events: [{ Timestamp: '2026-11-29T10:00:00Z', Level: 'Error' }] }, ADMIN],
  ['POST', () => '/api/events/raw', 401, { Events: [] }],
  ['POST', () => '/api/v2/logs', 202, [{ message: 'x', ddsource: 'node' }], ADMIN],
  ['POST', () => '/api/v2/logs', 403, [{ message: 'x' }]],
  ['POST', () => '/v1/input', 200, { message: 'x' }, ADMIN],
  ['POST', () => '/v1/input/vakt_unknown', 403, { message: 'x' }],
  ['POST', () => '/api/alerts', 200, [{ key: 'a', title: 'A' }, { key: 'a', state: 'resolved' }, {}], ADMIN],
  ['POST', () => '/api/alerts', 422, {}, ADMIN],
  ['POST', () => '/api/alerts', 400, 7, ADMIN],
  [
    'POST',
    () => '/api/alerts/alertmanager',
    200,
    { alerts: [{ status: 'firing', labels: { alertname: 'A' } }] },
    ADMIN,
  ],
  ['POST', () => '/api/alerts/alertmanager', 400, {}, ADMIN],
  ['POST', () => '/api/v2/alerts', 200, [{ labels: { alertname: 'A' }, endsAt: '2036-03-02T08:00:00Z' }, {}], ADMIN],
  ['POST', () => '/api/v2/alerts', 400, {}, ADMIN],
  ['POST', () => '/api/alerts/grafana', 200, GRAFANA, ADMIN],
  ['POST', () => '/api/alerts/grafana?resolve_after=1s', 400, GRAFANA, ADMIN],
  ['POST', () => '/api/alerts/uptime-kuma', 200, KUMA(0), ADMIN],
  ['GET', () => '/api/alerts/uptime-kuma?msg=x', 200, undefined, ADMIN],
  ['POST', () => '/api/alerts/sentry', 200, SENTRY_EVENT, ADMIN],
  ['POST', () => '/api/alerts/sentry?signed_by=none', 401, SENTRY_EVENT],
  ['POST', () => '/api/alerts/github-actions', 200, GITHUB('failure'), ADMIN],
  ['POST', () => '/api/alerts/webhook?title={a}&alert_key={a}', 200, { a: 1 }, ADMIN],
  ['POST', () => '/api/alerts/webhook', 422, { a: 1 }, ADMIN],
  ['POST', () => '/gelf', 202, { version: '1.1', host: 'web-1', short_message: 'a', _user: 7 }, ADMIN],
  ['POST', () => '/gelf', 401, { short_message: 'a' }],
  ['POST', () => '/_bulk', 400, { message: 'a' }, ADMIN],
  ['PUT', () => '/_bulk', 401, { message: 'a' }],
  ['POST', () => '/shop/_bulk', 400, { message: 'a' }, ADMIN],
  ['PUT', () => '/shop/_doc/7', 201, { message: 'a' }, ADMIN],
  ['PUT', () => '/shop/_create/7', 201, { message: 'a' }, ADMIN],
  ['POST', () => '/shop/_doc', 201, { message: 'a' }, ADMIN],
  ['GET', () => '/api/logs?q=level:error&limit=1', 200, undefined, ADMIN],
  ['GET', () => '/api/logs?q=("', 400, undefined, ADMIN],
  ['GET', () => '/api/logs?limit=0', 400, undefined, ADMIN],
  ['GET', () => '/api/logs?limit=1000', 200, undefined, ADMIN],
  ['GET', () => '/api/logs?limit=1001', 400, undefined, ADMIN],
  ['GET', () => '/api/logs', 401],
  ['GET', () => '/api/logs/tail', 401],
  ['GET', () => '/api/logs/tail?q=("', 400, undefined, ADMIN],
  ['GET', () => '/api/logs/none', 404, undefined, ADMIN],
  ['DELETE', () => '/api/logs', 400, undefined, ADMIN],
  ['DELETE', () => '/api/logs?q=nothing-has-this', 200, undefined, ADMIN],
  ['GET', () => '/api/v3/checks', 200, undefined, ADMIN],
  ['POST', () => '/api/v3/checks', 201, { name: 'by the API' }, ADMIN],
  ['POST', () => '/api/v3/checks', 200, { name: 'by the API', unique: ['name'] }, ADMIN],
  ['GET', () => `/api/v1/checks/${uuid}`, 200, undefined, ADMIN],
  ['POST', () => `/api/v2/checks/${uuid}`, 400, { grace: 1 }, ADMIN],
  ['POST', () => `/api/v3/checks/${uuid}/resume`, 409, {}, ADMIN],
  ['POST', () => `/api/v3/checks/${NOBODY}/pause`, 404, {}, ADMIN],
  ['DELETE', () => `/api/v3/checks/${NOBODY}`, 404, undefined, ADMIN],
  ['GET', () => `/api/v3/checks/${uuid}/pings`, 200, undefined, ADMIN],
  ['GET', () => `/api/v3/checks/${uuid}/pings/0/body`, 404, undefined, ADMIN],
  ['GET', () => `/api/v3/checks/${uuid}/flips?seconds=60`, 200, undefined, ADMIN],
  ['GET', () => '/api/v3/channels', 401],
  ['GET', () => '/api/v3/badges', 200, undefined, ADMIN],
  ['GET', () => '/api/v3/status', 200],
  ['GET', () => '/api/v4/status', 404],
  ['GET', () => '/badge/none/12345678/foo.svg', 404],
  ['GET', () => '/badge/none/12345678.svg', 404],
  ['GET', () => `/b/2/${NOBODY}.svg`, 404],
  ['GET', () => `/api/push/${uuid}?status=up&msg=OK&ping=`, 200],
  ['POST', () => '/api/push/none', 404],
  ['GET', () => '/api/config', 200],
  ['POST', () => '/api/satellite/report', 401, {}, ADMIN],
  ['GET', () => '/api/satellite/directory', 401, undefined, ADMIN],
  ['POST', () => '/api/commands', 200, { line: 'checks list' }, ADMIN],
  ['POST', () => '/api/commands', 200, { words: ['checks', 'show', 'job'] }, ADMIN],
  ['POST', () => '/api/commands', 200, { command: 'alerts list', args: {} }, ADMIN],
  ['POST', () => '/api/commands', 200, { command: 'status' }, ADMIN],
  ['POST', () => '/api/commands', 400, { line: 'checks frobnicate' }, ADMIN],
  ['POST', () => '/api/commands', 404, { line: 'checks show none' }, ADMIN],
  ['POST', () => '/api/commands', 409, { line: 'checks add job' }, ADMIN],
  ['POST', () => '/api/commands', 401, { line: 'checks list' }],
  ['POST', () => '/api/commands', 200, { line: 'status publish shop --check "Web = job"' }, ADMIN],
  ['GET', () => '/status/shop', 200],
  ['GET', () => '/status/shop.json', 200],
  ['GET', () => '/ack/none', 404],
  ['POST', () => '/ack/none', 404],
  ['GET', () => '/status/none', 404],
  ['GET', () => '/badge/shop.svg', 200],
  ['GET', () => '/status/shop/web.json', 200],
  ['GET', () => '/status/shop/none.svg', 404],
  ['GET', () => '/healthz', 200],
  ['GET', () => '/readyz', 200],
  ['GET', () => '/metrics', 200],
  ['POST', () => '/slack/events', 404, {}],
  ['GET', () => '/', 200],
  ['GET', () => '/', 302, undefined, { accept: 'text/html' }],
  ['GET', () => '/', 401, undefined, { 'x-api-key': 'wrong' }],
  ['GET', () => '/openapi.json', 200],
  ['GET', () => '/docs', 200],
  ['GET', () => '/docs/start.js', 200],
  ['GET', () => '/docs/page.css', 200],
  ['GET', () => '/docs/none.js', 404],
  ['POST', () => '/logplex', 400, 'no frames', ADMIN],
  ['POST', () => '/logplex', 401, 'no frames'],
  ['PUT', () => '/healthz', 405],
  ['GET', () => '/none', 404],
]

describe('a real request', () => {
  const answered = new Set<string>()

  it.each(SAMPLES)('%s %s is answered %i as documented', async (method, path, status, body, headers = {}) => {
    const init = {
      method,
      headers: { ...(body === undefined ? {} : JSON_BODY), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
    const response = await app.request(path(), init)
    expect(response.status).toBe(status)
    const { pathname } = new URL(path(), 'http://vakt.test')
    answered.add(check.operationId(method, pathname) ?? '')
  })

  it('a stored line is read as documented, and a tail opens', async () => {
    const { logs } = (await (await app.request('/api/logs', { headers: ADMIN })).json()) as { logs: { id: string }[] }
    expect((await app.request(`/api/logs/${logs[0]!.id}`, { headers: ADMIN })).status).toBe(200)
    for (const format of ['ndjson', 'csv'])
      expect((await app.request(`/api/logs?format=${format}`, { headers: ADMIN })).status).toBe(200)
    const tail = await app.request('/api/logs/tail', { headers: ADMIN })
    expect(tail.status).toBe(200)
    await tail.body!.cancel()
  })

  it('was sent to every operation', () => {
    expect(
      operations()
        .map(({ operation }) => operation.operationId)
        .filter(id => !answered.has(id)),
    ).toEqual([])
  })
})

describe('another method than a path has', () => {
  it('is answered 405 with those that it has', async () => {
    const put = await app.request('/api/logs', { method: 'PUT' })
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, DELETE'])
    expect(await put.json()).toEqual({
      ok: false,
      error: { code: 'method_not_allowed', message: '/api/logs does not take PUT. It takes GET, HEAD, POST, DELETE.' },
    })
  })
})
