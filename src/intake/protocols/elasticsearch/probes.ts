// What clients of Elasticsearch ask before and beside their documents: who the server is, templates, pipelines, health. Pure.
import type { Asked, Reply } from '../protocol.ts'
import { PRODUCT_HEADERS } from './answers.ts'
import { versionFor } from './clients.ts'

/** `isBare` is a path that may belong to anything, not only to Elasticsearch: a name without an underscore. */
export type Probe = { reply: Reply; isBare: boolean }

const CLUSTER = 'vakt'
const ALL_INDEXES = '_all'
/** Any fixed value: Beats and Logstash show it in their own log. */
const CLUSTER_UUID = 'vaktVaktVaktVaktVaktVA'
const ACKNOWLEDGED = { acknowledged: true }
const SHARDS = { _shards: { total: 1, successful: 1, failed: 0 } }
const LICENSE = {
  status: 'active',
  uid: '00000000-0000-0000-0000-000000000000',
  type: 'basic',
  mode: 'basic',
  issue_date: '2020-01-01T00:00:00.000Z',
  issue_date_in_millis: 1_577_836_800_000,
  max_nodes: 1000,
  issued_to: CLUSTER,
  issuer: CLUSTER,
  start_date_in_millis: -1,
}
const AVAILABLE = { available: true, enabled: true }
const HEALTH = {
  cluster_name: CLUSTER,
  status: 'green',
  timed_out: false,
  number_of_nodes: 1,
  number_of_data_nodes: 1,
  active_primary_shards: 1,
  active_shards: 1,
  relocating_shards: 0,
  initializing_shards: 0,
  unassigned_shards: 0,
  delayed_unassigned_shards: 0,
  number_of_pending_tasks: 0,
  number_of_in_flight_fetch: 0,
  task_max_waiting_in_queue_millis: 0,
  active_shards_percent_as_number: 100,
}
/** Searches are Vakt's own. */
const NO_SEARCH = {
  type: 'illegal_argument_exception',
  reason: 'Vakt takes documents in and has a search of its own: GET /api/logs?q=<query>, or "logs search" in the chat.',
}

type Answer = (asked: Asked, names: readonly string[]) => object | string | { status: number; body: object }

/** What is there under each first name, for reading and for writing. Names that begin with an underscore. */
const READ: { readonly [name: string]: Answer } = {
  _license: () => ({ license: LICENSE }),
  _xpack: () => ({
    build: {},
    license: LICENSE,
    features: { ilm: AVAILABLE, security: AVAILABLE, data_streams: AVAILABLE, monitoring: AVAILABLE },
    tagline: 'You know, for X',
  }),
  _cluster: (_asked, [, part]) =>
    part === 'health' ? HEALTH : part === 'settings' ? { persistent: {}, transient: {}, defaults: {} } : {},
  _cat: ({ parameters }, [, part]) => {
    if (parameters.get('format') === 'json') return part === 'health' ? [{ cluster: CLUSTER, status: 'green' }] : []
    return part === 'health' ? `0 00:00:00 ${CLUSTER} green 1 1 1 1 0 0 0 0 - 100.0%\n` : '\n'
  },
  _nodes: asked => ({ _nodes: { total: 1, successful: 1, failed: 0 }, cluster_name: CLUSTER, nodes: nodesOf(asked) }),
  _data_stream: (_asked, [, name]) => ({ data_streams: name === undefined ? [] : [dataStream(name)] }),
  _security: () => ({ username: CLUSTER, roles: [], metadata: {}, enabled: true, authentication_type: 'api_key' }),
  _index_template: () => ({}),
  _component_template: () => ({}),
  _template: () => ({}),
  _ilm: () => ({}),
  _slm: () => ({}),
  _ingest: () => ({}),
  _alias: () => ({}),
  _aliases: () => ({}),
  _mapping: () => ({}),
  _settings: () => ({}),
  _plugins: () => ({}),
  _opendistro: () => ({}),
  _scripts: () => ({}),
  _refresh: () => SHARDS,
  _flush: () => SHARDS,
  _stats: () => SHARDS,
  _resolve: () => ({ indices: [], aliases: [], data_streams: [] }),
}

const WRITE: { readonly [name: string]: Answer } = {
  _cluster: () => ({ ...ACKNOWLEDGED, persistent: {}, transient: {} }),
  _index_template: () => ACKNOWLEDGED,
  _component_template: () => ACKNOWLEDGED,
  _template: () => ACKNOWLEDGED,
  _ilm: () => ACKNOWLEDGED,
  _slm: () => ACKNOWLEDGED,
  _ingest: () => ACKNOWLEDGED,
  _data_stream: () => ACKNOWLEDGED,
  _alias: () => ACKNOWLEDGED,
  _aliases: () => ACKNOWLEDGED,
  _mapping: () => ACKNOWLEDGED,
  _settings: () => ACKNOWLEDGED,
  _plugins: () => ACKNOWLEDGED,
  _opendistro: () => ACKNOWLEDGED,
  _scripts: () => ACKNOWLEDGED,
  _rollover: () => ({ ...ACKNOWLEDGED, shards_acknowledged: true, rolled_over: false, dry_run: false }),
  _refresh: () => SHARDS,
  _flush: () => SHARDS,
  _forcemerge: () => SHARDS,
  // What Beats and Logstash report of themselves is not log lines.
  _monitoring: () => ({ took: 0, ignored: true, errors: false }),
  _security: () => ({ username: CLUSTER, has_all_requested: true, cluster: {}, index: {}, application: {} }),
}
const SEARCHES = new Set([
  '_search',
  '_msearch',
  '_count',
  '_sql',
  '_async_search',
  '_field_caps',
  '_mget',
  '_eql',
  '_query',
])

/** The answer to `GET /` for clients: JSON, where browsers get a page. */
export function rootReply(asked: Pick<Asked, 'headers'>): Reply {
  return reply({
    name: CLUSTER,
    cluster_name: CLUSTER,
    cluster_uuid: CLUSTER_UUID,
    version: {
      number: versionFor(asked.headers),
      build_flavor: 'default',
      build_type: 'docker',
      build_hash: CLUSTER,
      build_date: '2025-01-01T00:00:00.000Z',
      build_snapshot: false,
      lucene_version: '9.12.0',
      minimum_wire_compatibility_version: '7.17.0',
      minimum_index_compatibility_version: '7.0.0',
    },
    tagline: 'You Know, for Search',
    product: 'Vakt takes the bulk requests of Elasticsearch clients. "/docs" shows all routes.',
  })
}

/** The answer to what a client asks of Elasticsearch beside storing documents; null for any other request. */
export function readProbe(asked: Asked): Probe | null {
  const names = asked.path.split('/').filter(name => name !== '')
  const isRead = asked.method === 'GET' || asked.method === 'HEAD'
  const isWrite = asked.method === 'PUT' || asked.method === 'POST' || asked.method === 'DELETE'
  if (names.length === 0 || !(isRead || isWrite)) return null
  // `/_template/x` and `/app/_template`: what is asked is the first name with an underscore.
  const at = names.findIndex(name => name.startsWith('_') && name !== ALL_INDEXES)
  if (at > 1) return null
  if (at < 0) return names.length === 1 ? probeIndex(asked.method, names[0]!) : null
  const name = names[at]!
  if (SEARCHES.has(name))
    return { reply: reply({ error: { root_cause: [NO_SEARCH], ...NO_SEARCH }, status: 400 }, 400), isBare: false }
  if (at === 1 && name === '_doc' && isRead)
    return { reply: reply({ _index: names[0], _id: names[2], found: false }, 404), isBare: false }
  const answers = isRead ? READ : WRITE
  if (!Object.hasOwn(answers, name)) return null
  return { reply: reply(answers[name]!(asked, names.slice(at))), isBare: false }
}

/** Every index is there: the first document makes it. */
function probeIndex(method: string, name: string): Probe | null {
  if (method === 'HEAD') return { reply: reply({}), isBare: true }
  if (method === 'PUT')
    return { reply: reply({ ...ACKNOWLEDGED, shards_acknowledged: true, index: name }), isBare: true }
  return null
}

/** The one node, at the address that the client itself used: clients that look for others come back here. */
function nodesOf({ headers }: Asked): object {
  const address = headers.get('host')
  const http = address === null ? {} : { http: { bound_address: [address], publish_address: address } }
  return { [CLUSTER]: { name: CLUSTER, version: versionFor(headers), roles: ['data', 'ingest', 'master'], ...http } }
}

function dataStream(name: string): object {
  return { name, timestamp_field: { name: '@timestamp' }, indices: [], generation: 1, status: 'GREEN', template: name }
}

function reply(body: object | string, status = 200): Reply {
  return { status, body, headers: PRODUCT_HEADERS }
}
