// What "doctor" finds out about a cluster: each fault is named, with a remedy, and nothing is wrong with one that is well.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { selfSigned } from '../../../../testing/certificate.ts'
import { type Answers, type FakeCluster, optionsFor, startFakeCluster } from '../cluster.testing.ts'
import type { OpenSearchOptions } from '../options.ts'
import { diagnose } from './diagnose.ts'

let cluster: FakeCluster
beforeAll(async () => {
  cluster = await startFakeCluster()
})
beforeEach(() => {
  cluster.answers = {}
})
afterAll(() => cluster.close())

const GONE = 'http://127.0.0.1:1'
const refusal = (action: string) => ({
  status: 403,
  body: { error: { root_cause: [{ reason: `no permissions for [${action}]` }] } },
})
const health = (status: string, changes: object = {}) => ({
  body: { status, number_of_data_nodes: 3, unassigned_shards: 2, active_shards: 20, ...changes },
})
const disk = (avail: number) => ({ body: [{ node: 'n2', 'disk.avail': String(avail), 'disk.total': '100000000000' }] })

/** What it finds, as `state text`, without what is well. */
async function faults(options: Partial<OpenSearchOptions> = {}, urls: readonly string[] = [cluster.url]) {
  const found = (await diagnose(optionsFor(urls, options))).filter(({ state }) => state !== 'ok')
  for (const { remedy } of found) expect(remedy).not.toBe('')
  return found.map(({ state, text }) => `${state} ${text}`)
}

it('finds nothing wrong with a cluster that is well', async () => {
  const found = await diagnose(optionsFor([cluster.url]))
  expect(found.map(({ state, text }) => `${state} ${text}`)).toEqual([
    'ok OpenSearch 3.0.0, 3 nodes, green.',
    'ok The index template vakt-lines applies.',
    'ok Vakt may search, store, delete and drop.',
    'ok The disk of n1 has 60.0 GB of 100 GB left.',
  ])
})

describe('nodes', () => {
  it('that cannot be reached fail, or are a warning while another one answers', async () => {
    expect(await faults({}, [GONE])).toEqual([
      expect.stringMatching(/^failed The node 127\.0\.0\.1:1 cannot be reached/),
    ])
    expect(await faults({}, [GONE, cluster.url])).toEqual([
      expect.stringMatching(/^warning The node 127\.0\.0\.1:1 cannot be reached.*The others answer\.$/),
    ])
  })

  it('whose certificate is not trusted lead to LOG_ENGINE_CA', async () => {
    const secure = await startFakeCluster({ tls: selfSigned() })
    const [found] = await diagnose(optionsFor([secure.url]))
    expect(found).toMatchObject({ state: 'failed', remedy: expect.stringContaining('LOG_ENGINE_CA') })
    const [plain] = await diagnose(optionsFor([secure.url.replace('https', 'http')]))
    expect(plain).toMatchObject({ state: 'failed', remedy: expect.stringContaining('https://') })
    const [turned] = await diagnose(optionsFor([cluster.url.replace('http', 'https')]))
    expect(turned).toMatchObject({ state: 'failed', remedy: expect.stringContaining('http://') })
    secure.close()
  })

  it.each<[string, Partial<OpenSearchOptions>, string]>([
    ['missing', {}, 'Set LOG_ENGINE_USER'],
    ['those of a wrong user', { user: 'x', password: 'y' }, 'Correct LOG_ENGINE_USER'],
    ['a wrong key', { apiKey: 'x' }, 'Correct LOG_ENGINE_API_KEY'],
  ])('that refuse the credentials say which to correct: %s', async (_, options, remedy) => {
    const guarded = await startFakeCluster({ authorization: 'Basic eA==' })
    expect(await diagnose(optionsFor([guarded.url], options))).toMatchObject([
      {
        state: 'failed',
        text: expect.stringContaining('refuses the credentials (401'),
        remedy: expect.stringContaining(remedy),
      },
    ])
    guarded.close()
  })

  it('of several clusters are not one engine', async () => {
    const other = await startFakeCluster()
    other.answers = {
      'GET /': { body: { cluster_uuid: 'v', version: { number: '3.0.0', distribution: 'opensearch' } } },
    }
    expect(await faults({}, [cluster.url, other.url])).toEqual([
      'failed The nodes of LOG_ENGINE are of several clusters.',
    ])
    other.close()
  })
})

const FAULTS: [fault: string, answers: Answers, found: (string | RegExp)[], options?: Partial<OpenSearchOptions>][] = [
  ['another program', { 'GET /': { body: '<html>' } }, [/^failed .* does not answer as OpenSearch does \(200\)\.$/]],
  [
    'an old version',
    { 'GET /': { body: { cluster_uuid: 'u', version: { number: '7.10.2' } } } },
    ['failed LOG_ENGINE is Elasticsearch 7.10.2; Vakt needs Elasticsearch 8 or newer.'],
  ],
  [
    'a yellow cluster',
    {
      'GET /_cluster/health': health('yellow'),
      'GET /_cluster/allocation/explain': { body: { index: 'vakt-x', allocate_explanation: 'the node left' } },
    },
    [
      /^warning OpenSearch 3\.0\.0, 3 nodes, yellow\. 2 copies of shards .* The cluster says of vakt-x: the node left\.$/,
    ],
  ],
  [
    'a red index',
    {
      'POST /vakt-2*,vakt-restored-*/_delete_by_query': { status: 503, body: {} },
      'GET /_cat/indices/vakt-2*,vakt-restored-*?format=json&h=index,health': {
        body: [{ index: 'vakt-2026-11-21.3d.0', health: 'red' }],
      },
      'GET /_cluster/health': health('red'),
      'GET /_cat/indices/vakt-2*,vakt-restored-*?format=json&h=index&health=red': {
        body: [{ index: 'vakt-2026-11-21.3d.0' }],
      },
    },
    [/^failed .* red\. No copy of a part of vakt-2026-11-21\.3d\.0 is there; searches leave it out and say so\.$/],
  ],
  [
    'a red index of others',
    {
      'GET /_cluster/health': health('red'),
      'GET /_cat/indices/vakt-2*,vakt-restored-*?format=json&h=index&health=red': { body: [] },
    },
    [/^warning .* None of the indexes of Vakt is red\.$/],
  ],
  ['one copy', {}, [/^warning One copy of each line is kept/], { replicas: 0 }],
  [
    'too few nodes',
    { 'GET /_cluster/health': health('green', { number_of_data_nodes: 1 }) },
    ['warning 1 node cannot keep 2 copies of each line.'],
  ],
  [
    'no template',
    { 'GET /_index_template': { status: 404 } },
    ['warning The index template vakt-lines is not there yet.'],
  ],
  [
    'a template that wins',
    {
      'POST /_index_template/_simulate_index': {
        body: { template: { mappings: {} }, overlapping: [{ name: 'logs', index_patterns: ['*'] }] },
      },
    },
    [/^failed Another index template wins over vakt-lines \(logs\)/],
  ],
  [
    'an index of another program',
    { 'GET /vakt-2*,vakt-restored-*,vakt-restoring-*/_mapping': { body: {} } },
    [/^failed The index vakt-2026-11-21\.3d\.0 of the log engine is not of this version of Vakt\./],
  ],
  [
    'a full disk',
    { 'GET /_cat/allocation': disk(4e9) },
    [
      'failed The disk of n2 has 4.0 GB of 100 GB left, beyond the flood stage watermark (95%): its indexes take no lines.',
    ],
  ],
  [
    'a disk above the high watermark',
    { 'GET /_cat/allocation': disk(9e9) },
    [/^warning .* beyond the high watermark \(90%\)/],
  ],
  [
    'a disk above the low watermark',
    { 'GET /_cat/allocation': disk(14e9) },
    [/^warning .* beyond the low watermark \(85%\)/],
  ],
  [
    'watermarks as free bytes',
    {
      'GET /_cat/allocation': disk(14e9),
      'GET /_cluster/settings': {
        body: { persistent: { 'cluster.routing.allocation.disk.watermark.flood_stage': '20gb' }, defaults: {} },
      },
    },
    [/^failed .* flood stage watermark \(20gb\)/],
  ],
  [
    'hardly any shards left',
    { 'GET /_cluster/health': health('green', { active_shards: 2_900 }) },
    [/^warning The cluster has 2,900 shards of at most 3000/],
  ],
  [
    'a blocked index',
    {
      'POST /_bulk': {
        body: {
          items: [
            { index: { status: 429, error: { type: 'cluster_block_exception', reason: 'disk usage exceeded' } } },
          ],
        },
      },
    },
    ['failed The index vakt-2026-11-21.3d.0 takes no lines (disk usage exceeded).'],
  ],
  [
    'no right to ask for health',
    { 'GET /_cluster/health': refusal('cluster:monitor/health') },
    [/^failed Vakt may not ask for the health/],
  ],
  [
    'no right to search',
    { 'POST /vakt-2*,vakt-restored-*/_search': refusal('indices:data/read/search') },
    [/^failed Vakt may not search \(no permissions/],
  ],
  ['no right to store', { 'POST /_bulk': refusal('indices:data/write/bulk') }, [/^failed Vakt may not store lines/]],
  [
    'no right to store in that index',
    {
      'POST /_bulk': {
        body: { items: [{ index: { status: 403, error: { type: 'security_exception', reason: 'no' } } }] },
      },
    },
    [/^failed Vakt may not store lines \(no\)/],
  ],
  [
    'no right to delete',
    { 'POST /vakt-2*,vakt-restored-*/_delete_by_query': refusal('indices:data/write/delete') },
    [/^failed Vakt may not delete lines/],
  ],
  ['no right to drop', { 'DELETE /': refusal('indices:admin/delete') }, [/^failed Vakt may not drop indexes/]],
  [
    'no right to follow tasks',
    { 'GET /_tasks': refusal('cluster:monitor/task') },
    [/^failed Vakt may not follow tasks/],
  ],
  [
    'no right to see templates',
    { 'GET /_index_template': refusal('indices:admin/index_template/get') },
    [/^failed Vakt may not read index templates/],
  ],
]

describe('a cluster with', () => {
  it.each(FAULTS)('%s is named, with a remedy', async (_, answers, wanted, options = {}) => {
    cluster.answers = answers
    expect(await faults(options)).toEqual(
      wanted.map(text => (typeof text === 'string' ? text : expect.stringMatching(text))),
    )
  })
})
