// A small server that speaks what Vakt asks of a cluster, over TLS and with credentials: it stores documents and returns all of
// them. What queries mean is tested against real clusters.
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificate } from '../../../testing/certificate.ts'
import type { OpenSearchOptions } from './options.ts'

export type Answer = { status?: number; body?: unknown }
/** By method and the beginning of the path, such as `GET /_cluster/health`. */
export type Answers = { readonly [request: string]: Answer }

export type FakeCluster = {
  url: string
  /** What differs from a cluster that is well. */
  answers: Answers
  /** The `authorization` of each request. */
  authorizations: (string | undefined)[]
  close(): void
}

const DAY = 'vakt-2026-11-21.3d.0'
const SHARDS = { total: 1, successful: 1, skipped: 0, failed: 0 }
const WELL: Answers = {
  'GET /_cluster/health': {
    body: { status: 'green', number_of_data_nodes: 3, unassigned_shards: 0, active_shards: 20 },
  },
  'GET /_cluster/settings': {
    body: { defaults: { 'cluster.max_shards_per_node': '1000' }, persistent: {}, transient: {} },
  },
  'GET /_cat/allocation': { body: [{ node: 'n1', 'disk.avail': '60000000000', 'disk.total': '100000000000' }] },
  'GET /_cat/indices': { body: [{ index: DAY, health: 'green' }] },
  'GET /_index_template': { body: {} },
  'PUT /_index_template': { body: {} },
  'POST /_index_template/_simulate_index': {
    body: { template: { mappings: { _meta: { vakt: 1 } } }, overlapping: [] },
  },
  'GET /_tasks': { body: {} },
  'DELETE /': { body: {} },
}

/** Starts one; requests without `authorization` are refused with 401, when it is set. */
export async function startFakeCluster(
  options: { tls?: Certificate; authorization?: string; host?: string } = {},
): Promise<FakeCluster> {
  const { tls, authorization, host = '127.0.0.1' } = options
  const sources: object[] = []
  const answer = (method: string, path: string, body: string): Answer => {
    const request = `${method} ${path}`
    const match = (answers: Answers) =>
      Object.entries(answers).find(([start]) =>
        start === 'GET /' ? request === start : request.startsWith(start),
      )?.[1]
    const told = match(cluster.answers)
    if (told) return told
    if (request === 'GET /')
      return { body: { cluster_uuid: 'u', version: { number: '3.0.0', distribution: 'opensearch' } } }
    if (path.startsWith('/_bulk')) return { body: bulk(body, sources) }
    if (path.includes('/_mapping')) return { body: { [DAY]: { mappings: { _meta: { vakt: 1 } } } } }
    if (path.includes('/_delete_by_query')) return { body: { deleted: 0 } }
    if (path.includes('/_refresh')) return { body: { _shards: SHARDS } }
    if (path.includes('/_search'))
      return { body: { timed_out: false, _shards: SHARDS, hits: { hits: sources.map(_source => ({ _source })) } } }
    return match(WELL) ?? { status: 404, body: {} }
  }
  const server = (tls ? createHttpsServer(tls) : createHttpServer()).on('request', async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    cluster.authorizations.push(request.headers.authorization)
    const isRefused = authorization !== undefined && request.headers.authorization !== authorization
    const { status = 200, body = {} } = isRefused
      ? { status: 401, body: 'Unauthorized' }
      : answer(request.method ?? '', request.url ?? '', text)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  const url = `${tls ? 'https' : 'http'}://${host}:${(server.address() as AddressInfo).port}`
  const cluster: FakeCluster = {
    ...{ url, answers: {}, authorizations: [] },
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return cluster
}

/** Stores each created document; one that demands a number that no document has is refused, as a cluster does. */
function bulk(body: string, sources: object[]): object {
  const texts = body.trimEnd().split('\n')
  const items = []
  for (let i = 0; i < texts.length; i += 2) {
    const { create } = JSON.parse(texts[i]!) as { create?: object }
    if (create) sources.push(JSON.parse(texts[i + 1]!) as object)
    items.push(create ? { create: { status: 201 } } : { index: { status: 409 } })
  }
  return { errors: items.some(item => 'index' in item), items }
}

/** The options of a driver for these nodes. */
export function optionsFor(urls: readonly string[], changes: Partial<OpenSearchOptions> = {}): OpenSearchOptions {
  return {
    ...{ urls, user: null, password: null, apiKey: null, ca: null, prefix: 'vakt', shards: 1, replicas: 1 },
    ...changes,
  }
}
