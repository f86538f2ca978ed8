// How the OpenSearch driver reads the answers of a cluster in trouble: a tiny HTTP server gives them; what queries mean is
// tested against real clusters (`npm run proof -- engine`).
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { LogLine } from '../../line.ts'
import type { EngineDriver, ShippedLine } from '../driver.ts'
import { sortableNumber } from './document.ts'
import { openDriver } from './driver.ts'

type Answer = { status: number; body: unknown } | 'silence' | 'hang up'
type Asked = { method: string; path: string; body: string; authorization: string | undefined }

const WELL = { failed: 0, total: 1, successful: 1 }
const SCOPE = { filter: { match_all: {} }, from: null, until: null, upTo: 9 }
const LINE: LogLine = {
  ...{ id: '0000000005abc', timestamp: 5, receivedAt: 5, level: 'info', message: 'hello', project: 'p', source: '' },
  ...{ host: '', group: '', tags: [], fingerprint: '', stack: '', traceId: '', spanId: '', attributes: { n: 5 } },
}
const SHIPPED: ShippedLine = { line: LINE, position: 5, partition: '2026-11-21.3d.0' }

const servers: Server[] = []
const drivers: EngineDriver[] = []
afterEach(async () => {
  for (const driver of drivers.splice(0)) await driver.close()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** A node that answers as told; the template is always taken. */
async function node(answer: (asked: Asked) => Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url = '', headers } = request
    const question = { method, path: url, body, authorization: headers.authorization }
    if (!url.startsWith('/_index_template')) asked.push(question)
    const told = url.startsWith('/_index_template') ? { status: 200, body: {} } : answer(question)
    if (told === 'silence') return
    if (told === 'hang up') return request.socket.destroy()
    response.writeHead(told.status, { 'content-type': 'application/json' }).end(JSON.stringify(told.body))
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

function driverOf(...urls: string[]): EngineDriver {
  const own = { user: 'vakt', password: 'word', apiKey: null, ca: null, prefix: 'vakt', shards: 1, replicas: 1 }
  const driver = openDriver({ urls, ...own, retryPauseMs: 1, listTimeoutMs: 20 })
  drivers.push(driver)
  return driver
}

const page = (driver: EngineDriver) => driver.page(SCOPE, 'newest', null, 10, 1_000)
const created = (...statuses: number[]): Answer => ({
  status: 200,
  body: {
    errors: statuses.some(status => status > 201),
    items: statuses.map(status => ({ create: { status, error: { reason: `because of ${status}` } } })),
  },
})

describe('a search', () => {
  it.each<[string, Answer]>([
    ['429', { status: 429, body: { error: { reason: 'too many requests' } } }],
    ['503', { status: 503, body: { error: 'no master' } }],
    ['401', { status: 401, body: 'Unauthorized' }],
    ['a broken connection', 'hang up'],
    [
      'a failed shard',
      { status: 200, body: { timed_out: false, hits: { hits: [] }, _shards: { ...WELL, failed: 1 } } },
    ],
    // OpenSearch does not count it as failed.
    [
      'a shard without a copy',
      { status: 200, body: { timed_out: false, hits: { hits: [] }, _shards: { ...WELL, successful: 0 } } },
    ],
  ])('is refused as busy, never answered in part: %s', async (_, answer) => {
    const { url } = await node(() => answer)
    await expect(page(driverOf(url))).rejects.toMatchObject({ code: 'busy' })
  })

  it('that timed out has no answer, for it may have holes', async () => {
    const hits = { hits: [{ _source: { l: JSON.stringify(LINE) } }] }
    const { url } = await node(() => ({ status: 200, body: { timed_out: true, hits, _shards: WELL } }))
    expect(await page(driverOf(url))).toEqual({ isTimedOut: true })
  })

  it('goes to the next node when one is gone, and signs in there', async () => {
    const gone = await node(() => 'hang up')
    const hits = { hits: [{ _source: { l: JSON.stringify(LINE) } }] }
    const well = await node(() => ({ status: 200, body: { timed_out: false, hits, _shards: WELL } }))
    const driver = driverOf(gone.url, well.url)
    for (let i = 0; i < 5; i++) expect(await page(driver)).toEqual({ answer: [LINE] })
    expect(gone.asked.length).toBe(1)
    expect(well.asked[0]!.authorization).toBe(`Basic ${Buffer.from('vakt:word').toString('base64')}`)
  })
})

it('a search of an index that starts at that moment is asked again at once, but not for ever', async () => {
  let left = 3
  const { url, asked } = await node(({ path }) => {
    if (path.startsWith('/_cat/indices'))
      return { status: 200, body: [{ index: 'vakt-2026-11-21.3d.0', health: 'yellow' }] }
    if (left-- > 0) return { status: 503, body: { error: { reason: 'all shards failed' } } }
    return { status: 200, body: { timed_out: false, hits: { hits: [] }, _shards: WELL } }
  })
  const driver = driverOf(url)
  expect(await page(driver)).toEqual({ answer: [] })
  left = 9
  await expect(page(driver)).rejects.toMatchObject({ code: 'busy' })
  expect(asked.filter(({ path }) => path.includes('_search')).length).toBe(8)
})

it('a cluster that does not even list its indexes is not waited for', async () => {
  const { url } = await node(({ path }) => (path.startsWith('/_cat') ? 'silence' : { status: 503, body: {} }))
  await expect(page(driverOf(url))).rejects.toMatchObject({ code: 'busy' })
})

it('a node that has lost the others, and a proxy without its node, are passed over', async () => {
  const hits = { hits: [{ _source: { l: JSON.stringify(LINE) } }] }
  const well = await node(() => ({ status: 200, body: { timed_out: false, hits, _shards: WELL } }))
  for (const status of [502, 503, 504]) {
    const alone = await node(() => ({ status, body: { error: 'no cluster manager' } }))
    const driver = driverOf(alone.url, well.url)
    for (let i = 0; i < 2; i++) expect(await page(driver)).toEqual({ answer: [LINE] })
    expect(alone.asked.length).toBe(1)
  }
})

describe('lines', () => {
  it('are stored when they are created or there already', async () => {
    const { url, asked } = await node(() => created(201, 409))
    expect(await driverOf(url).put([SHIPPED, SHIPPED])).toEqual({ refused: 0, delayed: null })
    const [action, document] = asked[0]!.body.split('\n').map(text => JSON.parse(text || 'null'))
    expect(action).toEqual({ create: { _index: 'vakt-2026-11-21.3d.0', _id: LINE.id } })
    expect(document).toMatchObject({ t: 5, pos: 5, w: 'hello', at: ['1:n=5'], an: [`1:n=${sortableNumber(5)}`] })
    expect(JSON.parse(document.l)).toEqual(LINE)
  })

  it.each<[string, Answer, string]>([
    ['one of them was not stored', created(201, 429), 'because of 429'],
    ['their shard is lost', created(503, 503), 'because of 503'],
    ['it answers for some only', created(201), '1 of 2 lines'],
  ])('are sent again, and searches go on, when %s', async (_, answer, reason) => {
    const { url } = await node(() => answer)
    const delayed = expect.stringContaining(reason)
    expect(await driverOf(url).put([SHIPPED, SHIPPED])).toEqual({ refused: 0, delayed })
  })

  it('are sent again when the whole cluster is full', async () => {
    const { url } = await node(() => ({ status: 429, body: { error: { reason: 'flood-stage watermark exceeded' } } }))
    await expect(driverOf(url).put([SHIPPED])).rejects.toMatchObject({ code: 'busy' })
  })

  it.each([
    ['every copy was refreshed', { total: 2, successful: 2, failed: 0 }, 'green', true],
    ['a copy is away', { total: 2, successful: 1, failed: 0 }, 'yellow', true],
    ['no copy is there', { total: 2, successful: 0, failed: 0 }, 'red', false],
    ['a copy fails', { total: 2, successful: 1, failed: 1 }, 'yellow', false],
  ])('count as visible or not when %s', async (_, shards, status, isVisible) => {
    const { url } = await node(({ path }) => ({
      status: 200,
      body: path.startsWith('/_cluster/health') ? { status } : { _shards: shards },
    }))
    const refreshed = driverOf(url).refresh(['2026-11-21.3d.0'])
    await (isVisible
      ? expect(refreshed).resolves.toBe(undefined)
      : expect(refreshed).rejects.toMatchObject({ code: 'busy' }))
  })

  it('that the engine refuses are stored with their text only', async () => {
    const { url, asked } = await node(({ body }) => (body.includes('"w"') ? created(201, 400) : created(201)))
    expect(await driverOf(url).put([SHIPPED, SHIPPED])).toEqual({ refused: 1, delayed: null })
    expect(asked[1]!.body).not.toContain('"at"')
    expect(asked[1]!.body).toContain(LINE.id)
  })
})

describe('an address where something else answers', () => {
  /** The page of a proxy with a status of its own. */
  async function page200(status: number): Promise<string> {
    const server = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<html>Sign in</html>')
    })
    servers.push(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it.each([200, 302])('counts as away, and the next node is asked: %i', async status => {
    const proxy = await page200(status)
    const message = expect.stringMatching(/another program, such as a proxy, is at that address\.$/)
    const asked = [driverOf(proxy).check(), page(driverOf(proxy)), driverOf(proxy).put([SHIPPED])]
    for (const answer of await Promise.allSettled(asked))
      expect(answer).toMatchObject({ reason: { code: 'busy', message } })
    const well = await node(() => created(201))
    const driver = driverOf(proxy, well.url)
    for (let i = 0; i < 2; i++) expect(await driver.put([SHIPPED])).toEqual({ refused: 0, delayed: null })
  })

  it.each([null, {}, [], { cluster_uuid: '_na_', version: { number: '3.0.0' } }])(
    'or a node that knows no cluster, is no engine: %j',
    async body => {
      const { url } = await node(() => ({ status: 200, body }))
      await expect(driverOf(url).check()).rejects.toMatchObject({ code: 'busy' })
    },
  )
})

describe('a limit of the size of requests', () => {
  /** Takes requests of so many characters, and says which lines it has stored. */
  async function nodeWithLimit(characters: number) {
    const stored: string[] = []
    const { url, asked } = await node(({ body }) => {
      if (body.length > characters) return { status: 413, body: '<html>413 Request Entity Too Large</html>' }
      const ids = [...body.matchAll(/"_id":"([^"]+)"/g)].map(([, id]) => id!)
      stored.push(...ids)
      return created(...ids.map(() => 201))
    })
    return { driver: driverOf(url), stored, asked }
  }
  const lines = (...messages: string[]): ShippedLine[] =>
    messages.map((message, i) => ({ ...SHIPPED, line: { ...LINE, id: `000000000${i}abc`, message } }))

  it('makes the requests smaller: every line is stored, in order', async () => {
    const { driver, stored } = await nodeWithLimit(2_000)
    const many = lines(...Array.from({ length: 9 }, (_, i) => `line ${i}`))
    expect(await driver.put(many)).toEqual({ refused: 0, delayed: null })
    expect(stored).toEqual(many.map(({ line }) => line.id))
  })

  it('that one line exceeds with its words stores the text of that line only, and all others whole', async () => {
    const { driver, stored } = await nodeWithLimit(2_000)
    const many = lines('a', Array.from({ length: 150 }, (_, i) => `word${i}`).join(' '), 'c')
    expect(await driver.put(many)).toEqual({ refused: 1, delayed: null })
    expect(stored.toSorted()).toEqual(many.map(({ line }) => line.id))
  })
})

describe('a red index', () => {
  /** One index of two is lost: a search that asks for it answers in part, as OpenSearch does. */
  async function redCluster() {
    const lost = { isRed: true, reason: 'NODE_LEFT' }
    const { url, asked } = await node(({ path }) => {
      const rows = [
        { index: 'vakt-2026-11-21.3d.0', health: lost.isRed ? 'red' : 'green', 'docs.count': null, 'store.size': null },
        { index: 'vakt-2026-11-22.3d.0', health: 'green', 'docs.count': '1', 'store.size': '9' },
      ]
      const shard = { index: 'vakt-2026-11-21.3d.0', prirep: 'p', state: 'UNASSIGNED' }
      const successful = !lost.isRed || path.includes(',-vakt-2026-11-21.3d.0') ? 2 : 1
      const hits = { total: { value: 1 }, hits: [{ _source: { l: JSON.stringify(LINE) } }] }
      const aggregations = { days: { buckets: [{ key: 'vakt-2026-11-22.3d.0', doc_count: 1 }] } }
      const answers: [part: string, body: object][] = [
        ['/_cat/indices', rows],
        ['/_cat/shards', [{ ...shard, 'unassigned.reason': lost.reason }]],
        ['_mapping', {}],
        ['_search', { timed_out: false, hits, aggregations, _shards: { total: 2, successful, failed: 0 } }],
      ]
      const [, body] = answers.find(([part]) => path.includes(part)) ?? []
      return body ? { status: 200, body } : { status: 404, body: {} }
    })
    return { driver: driverOf(url), lost, asked }
  }

  it('is left out by name, and the answer can say so', async () => {
    const { driver, asked } = await redCluster()
    expect(driver.leftOut()).toEqual([])
    expect(await page(driver)).toEqual({ answer: [LINE] })
    const message = expect.stringContaining('vakt-2026-11-21.3d.0 of the log engine is red')
    expect(driver.leftOut()).toEqual([{ partition: '2026-11-21.3d.0', message }])
    expect(await driver.count(SCOPE, 10, 1_000)).toEqual({ answer: 1 })
    // Part, both lists, rest; the next question leaves it out at once.
    expect(asked.length).toBe(5)
  })

  it('among very many is no reason for a request that is too long', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => ({ index: `vakt-2026-11-21.3d.${i}`, health: 'red' }))
    const { url } = await node(({ path }) =>
      path.startsWith('/_cat/indices') ? { status: 200, body: rows } : { status: 503, body: {} },
    )
    const problem = { code: 'busy', message: '300 indexes of the log engine are red.' }
    await expect(page(driverOf(url))).rejects.toMatchObject(problem)
  })

  it('that is only starting has no lines: the question goes on without it, and nothing is missing', async () => {
    const { driver, lost, asked } = await redCluster()
    lost.reason = 'INDEX_CREATED'
    expect(await page(driver)).toEqual({ answer: [LINE] })
    expect(driver.leftOut()).toEqual([])
    expect((await driver.partitions(9)).every(({ damage }) => damage === null)).toBe(true)
    lost.isRed = false
    await page(driver)
    expect(asked.at(-1)!.path).not.toContain(',-')
  })

  it('is a damaged partition beside the others', async () => {
    const { driver } = await redCluster()
    const partitions = await driver.partitions(9)
    expect(partitions.map(({ name, lines, damage }) => [name, lines, damage !== null])).toEqual([
      ['2026-11-21.3d.0', 0, true],
      ['2026-11-22.3d.0', 1, false],
    ])
  })

  it('keeps lines from being purged, which could delete a part only', async () => {
    const { driver } = await redCluster()
    await expect(driver.purge(SCOPE, 0)).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining('red'),
    })
    await expect(driver.remove([LINE.id])).rejects.toMatchObject({ code: 'busy' })
  })

  it('is searched again once it is back, while answers of a moment ago still say what they lacked', async () => {
    const { driver, lost, asked } = await redCluster()
    await page(driver)
    lost.isRed = false
    await driver.partitions(9)
    expect(driver.leftOut()).toHaveLength(1)
    await page(driver)
    expect(asked.at(-1)!.path).not.toContain(',-')
  })
})

it('an engine that Vakt cannot use is refused by name', async () => {
  const old = await node(() => ({ status: 200, body: { cluster_uuid: 'u', version: { number: '7.10.2' } } }))
  await expect(driverOf(old.url).check()).rejects.toMatchObject({
    message: expect.stringContaining('Elasticsearch 7.10.2'),
  })
  const foreign = await node(({ path }) => ({
    status: 200,
    body: path.startsWith('/_cat')
      ? [{ index: 'vakt-2020' }]
      : path === '/'
        ? { cluster_uuid: 'u', version: { number: '3.0.0', distribution: 'opensearch' } }
        : {},
  }))
  await expect(driverOf(foreign.url).check()).rejects.toMatchObject({ message: expect.stringContaining('vakt-2020') })
})

it('numbers sort as their terms do', () => {
  const numbers = [-1e300, -5, -1.5, -5e-324, 0, 5e-324, 0.5, 1, 500, 2 ** 53, 1e21, 1.7e308]
  const terms = numbers.map(sortableNumber)
  expect(terms.toSorted()).toEqual(terms)
  expect(sortableNumber(-0)).toBe(sortableNumber(0))
})
