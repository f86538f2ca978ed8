// Elasticsearch's clients against the whole app: documents, probes, keys, and refusals that each client can act on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../logger.ts'
import { openLogStore } from '../../../logs/embedded/open-log-store.ts'
import type { LogStore } from '../../../logs/store.ts'
import { Problem } from '../../../problem.ts'
import { startApp, type TestApp } from '../../../testing/app.ts'

let folder: string
let store: LogStore
let app: TestApp
let secret: string
let failure: Problem | null = null

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-elasticsearch-'))
  store = await openLogStore({ folder, logger: silentLogger })
  const { append } = store
  store.append = batch => (failure === null ? append.call(store, batch) : Promise.reject(failure))
  app = await startApp({ store })
  secret = (await app.result<{ key: { secret: string } }>('keys create default')).key.secret
})

afterAll(async () => {
  await app.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const JS = 'elastic-transport-js/9.2.0'
const bulkOf = (...messages: string[]) =>
  messages.map(message => `{"create":{}}\n${JSON.stringify({ message, 'log.level': 'error' })}\n`).join('')

async function send(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const type = 'application/vnd.elasticsearch+x-ndjson; compatible-with=9'
  const init = { method: 'POST', body, headers: { 'x-api-key': secret, 'content-type': type, ...headers } }
  const response = await app.request(path, init)
  expect(response.headers.get('x-elastic-product')).toBe('Elasticsearch')
  return {
    status: response.status,
    retry: response.headers.get('retry-after'),
    body: (await response.json()) as Answer,
  }
}
type Item = { _index: string; _id?: string; status: number; error?: { type: string; reason: string } }
type Answer = {
  errors: boolean
  items: { [action: string]: Item }[]
  error: { type: string; reason: string; code: string }
}

const found = (query: string) => app.result<{ total: number; logs: object[] }>(`logs search ${query}`)

describe('documents', () => {
  it('of a bulk request are lines with the names of ECS, and each item has its answer', async () => {
    const { status, body } = await send(
      '/shop/_bulk',
      [
        '{"create":{}}',
        '{"@timestamp":"2026-03-02T08:59:00.123Z","log.level":"warn","message":"slow","service.name":"cart","host.name":"web-1","trace.id":"4bf9","error.stack_trace":"Error: slow\\n at pay"}',
        '{"index":{"_index":"logs-nginx.access-prod","_id":"7"}}',
        '{"@timestamp":"2026-03-02T08:59:01Z","log":{"level":"error"},"message":"500","host":{"name":"web-2"}}',
        '{"delete":{"_index":"shop","_id":"1"}}',
        '{"create":{}}',
        '{}',
        '',
      ].join('\n'),
    )
    expect([status, body.errors]).toEqual([200, true])
    expect(body.items).toMatchObject([
      { create: { _index: 'shop', status: 201 } },
      { index: { _index: 'logs-nginx.access-prod', _id: '7', status: 201 } },
      { delete: { status: 400, error: { type: 'illegal_argument_exception' } } },
      {
        create: { status: 400, error: { type: 'document_parsing_exception', reason: expect.stringMatching(/empty/) } },
      },
    ])
    expect(await found('_index:shop')).toMatchObject({
      total: 1,
      logs: [
        {
          message: 'slow',
          level: 'warn',
          source: 'cart',
          host: 'web-1',
          trace_id: '4bf9',
          stack: 'Error: slow\n at pay',
          timestamp: '2026-03-02T08:59:00.123Z',
        },
      ],
    })
    expect(await found('source:nginx.access')).toMatchObject({
      logs: [{ message: '500', level: 'error', host: 'web-2' }],
    })
  })

  it('may be compressed, and the answer be filtered', async () => {
    const { body } = await send('/_bulk?filter_path=errors,items.*.status', gzipSync(bulkOf('zipped')), {
      'content-encoding': 'gzip',
    })
    expect(body).toEqual({ errors: false, items: [{ create: { status: 201 } }] })
    expect(await found('zipped')).toMatchObject({ total: 1 })
  })

  it('of a request that comes again are stored once where they have times, and twice where they have none', async () => {
    const timed = '{"create":{}}\n{"@timestamp":"2026-03-02T08:58:00Z","message":"again timed"}\n'
    const untimed = '{"create":{}}\n{"message":"again untimed"}\n'
    for (const body of [timed, timed, untimed, untimed]) expect((await send('/_bulk', body)).body.errors).toBe(false)
    expect([(await found('"again timed"')).total, (await found('"again untimed"')).total]).toEqual([1, 2])
  })

  it.each([
    ['POST', '/app/_doc', {}],
    ['PUT', '/app/_doc/9', { _id: '9' }],
    ['PUT', '/app/_create/9', { _id: '9' }],
    ['PUT', '/caf%C3%A9/_doc/a%2Fb', { _index: 'café', _id: 'a/b' }],
  ])('are taken one by one: %s %s', async (method, path, expected) => {
    const message = `single ${method} ${path}`
    const headers = { 'x-api-key': secret, 'content-type': 'application/json' }
    const response = await app.request(path, { method, body: JSON.stringify({ message }, null, 2), headers })
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ _index: 'app', result: 'created', ...expected })
    expect(await found(`"${message}"`)).toMatchObject({ total: 1 })
  })
})

describe('a refusal', () => {
  it.each<[string, string, string, Record<string, string>, number, string]>([
    ['a wrong key', '/_bulk', bulkOf('a'), { 'x-api-key': 'wrong' }, 401, 'security_exception'],
    ['no bulk request', '/_bulk', '{"message":"a"}\n', {}, 400, 'illegal_argument_exception'],
    ['an index that cannot be', `/${'i'.repeat(256)}/_bulk`, bulkOf('a'), {}, 400, 'illegal_argument_exception'],
    ['CBOR', '/_bulk', bulkOf('a'), { 'content-type': 'application/cbor' }, 415, 'media_type_header_exception'],
    ['too much', '/_bulk', 'x'.repeat(11 * 1024 * 1024), {}, 413, 'content_too_long_exception'],
    ['a document that is none', '/app/_doc', '[1]', {}, 400, 'illegal_argument_exception'],
    ['an empty document', '/app/_doc', '{}', {}, 400, 'document_parsing_exception'],
    ['damaged gzip', '/_bulk', 'x', { 'content-encoding': 'gzip' }, 400, 'illegal_argument_exception'],
  ])('of %s has the form of Elasticsearch', async (_what, path, text, headers, status, type) => {
    const answer = await send(path, text, headers)
    expect([answer.status, answer.body.error.type]).toEqual([status, type])
    expect(answer.body.error.reason).toMatch(/\.$/)
  })

  it.each([
    ['limited', JS, 200, 429],
    ['busy', JS, 200, 429],
    ['limited', 'Vector/0.40.0', 503, null],
    ['busy', '', 503, null],
  ] as const)('that passes with time (%s) is one that %s tries again', async (code, agent, status, itemStatus) => {
    failure = new Problem(code, 'Wait a little.', { retryAfterMs: 3000 })
    const answer = await send('/_bulk', bulkOf('later', 'and later'), { 'user-agent': agent })
    failure = null
    expect(answer.status).toBe(status)
    if (itemStatus === null)
      expect([answer.retry, answer.body.error.type]).toEqual(['3', 'es_rejected_execution_exception'])
    else expect(answer.body.items.map(({ create }) => create!.status)).toEqual([itemStatus, itemStatus])
  })

  it('of the only document, because it is no JSON, is an item', async () => {
    const { status, body } = await send('/_bulk', '{"create":{}}\n{"message":\n')
    expect([status, body.items[0]!.create!.status]).toEqual([200, 400])
  })
})

describe('what clients ask beside', () => {
  const ask = async (method: string, path: string, headers: Record<string, string> = { 'x-api-key': secret }) => {
    const from = { incoming: { socket: { remoteAddress: '127.0.0.1' } } }
    const response = await app.intake.request(path, { method, headers }, from)
    const text = await response.text()
    const body = text.startsWith('{') ? JSON.parse(text) : text
    return { status: response.status, product: response.headers.get('x-elastic-product'), body, response }
  }

  it.each([
    ['HEAD', '/', ''],
    ['GET', '/_license', { license: { status: 'active' } }],
    ['GET', '/_xpack', { features: { ilm: { enabled: true } } }],
    ['GET', '/_cluster/health', { status: 'green' }],
    ['GET', '/_cluster/health/app?wait_for_status=yellow', { timed_out: false }],
    ['GET', '/_cat/health', expect.stringMatching(/vakt green/)],
    ['HEAD', '/_index_template/filebeat-8.15.0', ''],
    ['GET', '/_index_template/logs', {}],
    ['PUT', '/_index_template/logs', { acknowledged: true }],
    ['PUT', '/_component_template/logs@settings', { acknowledged: true }],
    ['GET', '/_template/logstash', {}],
    ['GET', '/_ilm/policy/filebeat', {}],
    ['PUT', '/_ilm/policy/filebeat', { acknowledged: true }],
    ['GET', '/_data_stream/logs-app-prod', { data_streams: [{ name: 'logs-app-prod' }] }],
    ['PUT', '/_data_stream/logs-app-prod', { acknowledged: true }],
    ['GET', '/_ingest/pipeline/app', {}],
    ['PUT', '/_ingest/pipeline/app', { acknowledged: true }],
    ['POST', '/_all/_refresh', { _shards: { failed: 0 } }],
    ['POST', '/app/_refresh', { _shards: { failed: 0 } }],
    ['POST', '/_monitoring/bulk?system_id=beats', { errors: false }],
    ['GET', '/_security/_authenticate', { enabled: true }],
    ['PUT', '/_plugins/_ism/policies/logs', { acknowledged: true }],
    ['HEAD', '/app', ''],
    ['PUT', '/app', { acknowledged: true, index: 'app' }],
    ['PUT', '/app/_mapping', { acknowledged: true }],
    ['GET', '/_nodes/http', { nodes: { vakt: { name: 'vakt' } } }],
  ] as const)('%s %s is answered', async (method, path, expected) => {
    const { status, product, body } = await ask(method, path)
    expect([status, product]).toEqual([200, 'Elasticsearch'])
    if (typeof expected === 'object' && !('asymmetricMatch' in expected)) expect(body).toMatchObject(expected)
    else expect(body).toEqual(expected)
  })

  it.each([
    ['GET', '/_search', 400],
    ['POST', '/app/_search', 400],
    ['GET', '/app/_doc/7', 404],
    ['GET', '/_unknown', 404],
    ['GET', '/app', 404],
    ['DELETE', '/app', 404],
    ['PUT', '/healthz', 405],
    ['GET', '/_bulk', 405],
  ])('%s %s is answered %i', async (method, path, status) => {
    expect((await ask(method, path)).status).toBe(status)
  })

  it('is told nothing without a key, nor with a wrong one; a path of anybody is not found', async () => {
    expect(await ask('GET', '/_license', {})).toMatchObject({
      status: 401,
      body: { error: { type: 'security_exception' } },
    })
    expect(await ask('GET', '/', { 'x-api-key': 'wrong' })).toMatchObject({ status: 401, product: 'Elasticsearch' })
    expect(await ask('PUT', '/app', {})).toMatchObject({ status: 404, product: null })
  })

  it('is who the server is: JSON to clients, in the version of a Beat, and a page to browsers', async () => {
    const beat = { 'user-agent': 'Elastic-filebeat/9.3.1 (linux; amd64)' }
    expect((await ask('GET', '/', beat)).body).toMatchObject({
      version: { number: '9.3.1' },
      tagline: 'You Know, for Search',
    })
    const page = await ask('GET', '/', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
    expect([page.status, page.response.headers.get('location')]).toEqual([302, '/docs'])
  })
})
