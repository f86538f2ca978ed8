// What the driver asks a cluster for each question, and what it makes of the answer.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lineId } from '../../embedded/partitions/line-key.ts'
import type { LogLine } from '../../line.ts'
import { aLine } from '../../query/lines.testing.ts'
import { NOON } from '../../store.testing.ts'
import type { EngineDriver, EngineScope } from '../driver.ts'
import { optionsFor } from './cluster.testing.ts'
import { openDriver } from './driver.ts'

const WHOLE = { failed: 0, total: 1, successful: 1 }
const FILTER = { term: { f_host: 'a' } }
const SCOPE: EngineScope = { filter: FILTER, from: 10, until: 20, upTo: 99 }
const QUERY = { bool: { filter: [FILTER, { range: { pos: { lte: 99 } } }, { range: { t: { gte: 10, lt: 20 } } }] } }
const DAY = 'vakt-2026-11-21.3d.0'
const line = (timestamp: number, position = timestamp): LogLine => {
  return { ...aLine({ timestamp }), id: lineId({ timestamp, position }) }
}
const found = (lines: readonly LogLine[], changes: object = {}) => {
  return {
    timed_out: false,
    _shards: WHOLE,
    hits: { hits: lines.map(own => ({ _source: { l: JSON.stringify(own) } })) },
    ...changes,
  }
}

type Asked = { request: string; body: unknown }
let server: Server
let driver: EngineDriver
let asked: Asked[]
/** What the cluster answers, by the beginning of `METHOD path`; the first that fits. */
let answers: [start: string, answer: unknown, status?: number][]

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const name = `${request.method} ${request.url}`
    const lines = text.trim().split('\n')
    asked.push({
      request: name,
      body: text === '' ? null : lines.length > 1 ? lines.map(own => JSON.parse(own)) : JSON.parse(text),
    })
    const [, answer = {}, status = 200] = answers.find(([start]) => name.startsWith(start)) ?? []
    const body = typeof answer === 'function' ? answer() : answer
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(async () => {
  await driver?.close()
  asked = []
  answers = []
  driver = openDriver(optionsFor([`http://127.0.0.1:${(server.address() as AddressInfo).port}`], { retryPauseMs: 1 }))
})
const bodies = () => asked.map(({ body }) => body)

describe('a page', () => {
  beforeEach(() => {
    answers = [['POST', found([line(15), line(12)])]]
  })

  it('is asked in the order of time and of storing', async () => {
    const after = { timestamp: 15, position: 3 }
    expect(await driver.page(SCOPE, 'newest', after, 5, 1_234.5)).toEqual({ answer: [line(15), line(12)] })
    await driver.page({ ...SCOPE, from: null }, 'oldest', null, 20_000, Number.POSITIVE_INFINITY)
    await driver.page({ ...SCOPE, from: null, until: null }, 'oldest', null, 1, 1)
    const base = { track_total_hits: false }
    const up = { ...base, sort: [{ t: 'asc' }, { pos: 'asc' }] }
    const [filter, places] = QUERY.bool.filter
    expect(bodies()).toEqual([
      {
        ...base,
        size: 5,
        sort: [{ t: 'desc' }, { pos: 'desc' }],
        query: QUERY,
        search_after: [15, 3],
        timeout: '1235ms',
      },
      { ...up, size: 10_000, query: { bool: { filter: [filter, places, { range: { t: { lt: 20 } } }] } } },
      { ...up, size: 1, query: { bool: { filter: [filter, places] } }, timeout: '1ms' },
    ])
    expect(asked[0]!.request).toBe(
      'POST /vakt-2*,vakt-restored-*/_search?ignore_unavailable=true&allow_no_indices=true',
    )
  })
})

describe('a count', () => {
  it.each([
    [7, 7],
    [50, 10],
  ])('of %i lines is %i up to a limit of 10', async (value, expected) => {
    answers = [['POST', found([], { hits: { total: { value }, hits: [] } })]]
    expect(await driver.count(SCOPE, 10, 100)).toEqual({ answer: expected })
    expect(bodies()).toEqual([{ size: 0, track_total_hits: 10, query: QUERY, timeout: '100ms' }])
  })

  it('is none without a total', async () => {
    answers = [['POST', found([])]]
    expect(await driver.count(SCOPE, 10, 100)).toEqual({ answer: 0 })
  })
})

it('a chart has the levels of each bucket', async () => {
  const buckets = [
    {
      key: 13,
      doc_count: 3,
      lv: {
        buckets: [
          { key: 2, doc_count: 1 },
          { key: 4, doc_count: 2 },
        ],
      },
    },
    { key: 28, doc_count: 1, lv: { buckets: [{ key: 5, doc_count: 1 }] } },
  ]
  answers = [['POST', found([], { aggregations: { time: { buckets } } })]]
  expect(await driver.levels(SCOPE, { from: 13, width: 5 }, 100)).toEqual({
    answer: [
      { bucket: 0, level: 'info', count: 1 },
      { bucket: 0, level: 'error', count: 2 },
      { bucket: 3, level: 'fatal', count: 1 },
    ],
  })
  const chart = { field: 't', fixed_interval: '5ms', offset: '3ms', min_doc_count: 1 }
  const aggs = { time: { date_histogram: chart, aggs: { lv: { terms: { field: 'lv', size: 6 } } } } }
  expect(bodies()).toEqual([{ size: 0, query: QUERY, aggs, timeout: '100ms' }])
})

describe('the most frequent values', () => {
  const answer = (key: string | number) => found([], { aggregations: { top: { buckets: [{ key, doc_count: 4 }] } } })

  it('are those of a field, or the names of levels', async () => {
    answers = [['POST', answer('web')]]
    expect(await driver.top(SCOPE, 'host', 3, 100)).toEqual({ answer: [{ value: 'web', count: 4 }] })
    answers = [['POST', answer(4)]]
    expect(await driver.top(SCOPE, 'level', 3, 100)).toEqual({ answer: [{ value: 'error', count: 4 }] })
    const terms = bodies().map(body => (body as { aggs: { top: { terms: object } } }).aggs.top.terms)
    expect(terms).toEqual([
      { field: 'host', size: 3, shard_size: 15 },
      { field: 'lv', size: 3, shard_size: 15 },
    ])
  })

  it('each have their newest line, or none', async () => {
    answers = [['POST /_msearch', { responses: [found([line(15)]), found([])] }]]
    expect(await driver.newestOf(SCOPE, 'level', ['error', 'warn'])).toEqual([line(15), null])
    const head = { index: 'vakt-2*,vakt-restored-*', ignore_unavailable: true, allow_no_indices: true }
    const newest = { size: 1, track_total_hits: false, sort: [{ t: 'desc' }, { pos: 'desc' }] }
    const query = (term: object) => ({ bool: { filter: [QUERY, { term }] } })
    expect(bodies()).toEqual([
      [head, { ...newest, query: query({ lv: 4 }) }, head, { ...newest, query: query({ lv: 3 }) }],
    ])
    await driver.newestOf(SCOPE, 'host', ['web'])
    expect(bodies()[1]).toEqual([head, { ...newest, query: query({ host: 'web' }) }])
  })

  it('of which one cannot be read are asked again', async () => {
    let tries = 0
    const failing = () => ({
      responses: [tries++ === 0 ? found([], { _shards: { ...WHOLE, failed: 1 } }) : found([line(15)])],
    })
    answers = [
      ['POST /_msearch', failing],
      ['GET /_cat/indices', []],
    ]
    expect(await driver.newestOf(SCOPE, 'host', ['web'])).toEqual([line(15)])
    expect(tries).toBe(2)
  })
})

describe('values to complete', () => {
  const indexes = (...numbers: number[]) =>
    numbers.map(n => ({ index: `vakt-2026-11-${String(n).padStart(2, '0')}.3d.0`, health: 'green' }))
  const values = (...keys: string[]) =>
    found([], { aggregations: { found: { buckets: keys.map(key => ({ key, doc_count: 1 })) } } })

  it('are those of the latest partitions that are not red', async () => {
    const rows = indexes(...Array.from({ length: 17 }, (_, i) => 17 - i))
    rows[0]!.health = 'red'
    answers = [
      ['GET', rows],
      ['POST', values('Web-1', 'web-2', 'api')],
    ]
    expect(await driver.values('host', 'WEB', 9)).toEqual(['Web-1', 'web-2'])
    const listed = asked[1]!.request.split('/')[1]!.split(',')
    expect([listed.length, listed[0], listed.at(-1)]).toEqual([14, 'vakt-2026-11-03.3d.0', 'vakt-2026-11-16.3d.0'])
    const query = { bool: { filter: [{ prefix: { f_host: { value: 'web' } } }, { range: { pos: { lte: 9 } } }] } }
    expect(bodies()[1]).toEqual({ size: 0, query, aggs: { found: { terms: { field: 'host', size: 10_000 } } } })
  })

  it('without a beginning are all', async () => {
    answers = [
      ['GET', indexes(1)],
      ['POST', values('b', 'a')],
    ]
    expect(await driver.values('tag', '', 9)).toEqual(['b', 'a'])
    expect(bodies()[1]).toMatchObject({ query: { bool: { filter: [{ match_all: {} }, {}] } } })
    answers = [['GET', []]]
    expect(await driver.values('tag', '', 9)).toEqual([])
    expect(asked.length).toBe(3)
  })
})

describe('a line by its id', () => {
  const position = NOON * 1_000
  const id = lineId({ timestamp: NOON, position })

  it('is read, or is not there', async () => {
    answers = [['POST', found([line(15)])]]
    expect(await driver.read(id)).toEqual(line(15))
    expect(bodies()).toEqual([{ size: 1, query: { ids: { values: [id] } } }])
    answers = [['POST', found([])]]
    expect(await driver.read(id)).toBe(null)
  })

  it.each([
    ['its day', '2026-11-21', true],
    ['the day before', '2026-11-20', true],
    ['the day after', '2026-11-22', true],
    ['an earlier day', '2026-11-19', false],
    ['a later day', '2026-11-23', false],
  ])('is not said to be away when the index of %s is red, unless it may be there', async (_, day, isLost) => {
    const index = `vakt-${day}.3d.0`
    const shard = { index, prirep: 'p', state: 'UNASSIGNED', 'unassigned.reason': 'NODE_LEFT' }
    answers = [
      ['GET /_cat/indices', [{ index, health: 'red' }]],
      ['GET /_cat/shards', [shard]],
      ['GET', {}],
      ['POST', found([])],
    ]
    await driver.partitions(9)
    const read = driver.read(id)
    await (isLost
      ? expect(read).rejects.toMatchObject({ code: 'busy', message: expect.stringContaining(index) })
      : expect(read).resolves.toBe(null))
    answers = answers.with(3, ['POST', found([line(15)])])
    expect(await driver.read(id)).toEqual(line(15))
    expect(await driver.read('no id').catch(() => null)).toEqual(line(15))
  })
})

it('lines in the order of storing are those of one partition or of all', async () => {
  answers = [['POST', found([line(15)])]]
  expect(await driver.stored(5, 9, 3, null)).toEqual([line(15)])
  await driver.stored(5, 9, 30_000, '2026-11-21.3d.0')
  const query = { range: { pos: { gt: 5, lte: 9 } } }
  const body = { track_total_hits: false, sort: [{ pos: 'asc' }], query }
  expect(bodies()).toEqual([
    { ...body, size: 3 },
    { ...body, size: 10_000 },
  ])
  expect(asked.map(({ request }) => request.split('/')[1])).toEqual([
    'vakt-2*,vakt-restored-*',
    `${DAY},vakt-restored-2026-11-21.3d.0`,
  ])
})

describe('what is deleted', () => {
  const task = (answer: object) => {
    answers = [
      ['GET /_cat', []],
      ['POST', { task: 'n:7' }],
      ['GET /_tasks/n:7', answer],
    ]
  }

  it('is counted when the task is done', async () => {
    let polls = 0
    task(() => ({ completed: ++polls === 2, response: { deleted: 4, failures: [] } }))
    expect(await driver.purge(SCOPE, 5)).toBe(4)
    expect(polls).toBe(2)
    expect(asked[1]!.body).toEqual({ query: { bool: { filter: [QUERY, { range: { pos: { gt: 5 } } }] } } })
    task({ completed: true })
    expect(await driver.remove(['a'])).toBe(0)
    expect(asked.find(({ body }) => JSON.stringify(body)?.includes('"ids"'))!.body).toEqual({
      query: { ids: { values: ['a'] } },
    })
  })

  it.each([
    ['fails', { completed: true, error: { reason: 'It is full.' } }, 'deleted 0 lines, then failed: It is full.'],
    [
      'fails in part',
      { completed: true, response: { deleted: 3, failures: [{ why: 'x' }] } },
      'deleted 3 lines, then failed: {"why":"x"}',
    ],
  ])('is said when the task %s', async (_, answer, message) => {
    task(answer)
    await expect(driver.purge(SCOPE, 5)).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringContaining(message),
    })
  })
})

describe('a partition', () => {
  it('is dropped with what a restore left of it', async () => {
    await driver.drop('2026-11-21.3d.0')
    expect(asked[0]!.request).toBe(`DELETE /${DAY},vakt-restoring-2026-11-21.3d.0?ignore_unavailable=true`)
  })

  const INDEX = 'vakt-restoring-2026-11-21.3d.0'
  async function* chunks() {
    yield [line(15), line(30)]
    yield [line(20)]
  }

  it('is restored under another name until it is whole', async () => {
    let lines = 2
    answers = [
      [
        'POST /_bulk',
        () => ({ errors: false, items: Array.from({ length: lines-- }, () => ({ create: { status: 201 } })) }),
      ],
      [`POST /${INDEX}/_refresh`, { _shards: WHOLE }],
    ]
    expect(await driver.restore('2026-11-21.3d.0', chunks(), 777)).toEqual({ lines: 3, until: 30 })
    expect(asked.map(({ request }) => request.split('?')[0])).toEqual([
      ...[
        `DELETE /${INDEX}`,
        `PUT /${INDEX}`,
        'POST /_bulk',
        'POST /_bulk',
        `POST /${INDEX}/_refresh`,
        'POST /_aliases',
      ],
    ])
    expect(asked[1]!.body).toMatchObject({ mappings: { _meta: { vakt: 1, expires_at: 777 } } })
    expect((asked[2]!.body as object[])[0]).toEqual({ create: { _index: INDEX, _id: line(15).id } })
    expect((asked[2]!.body as object[])[1]).toMatchObject({ pos: 15 })
    expect(asked[5]!.body).toEqual({ actions: [{ add: { index: INDEX, alias: 'vakt-restored-2026-11-21.3d.0' } }] })
  })

  it('that cannot be restored leaves nothing behind', async () => {
    answers = [['POST /_bulk', { errors: true, items: [{ create: { status: 429 } }, { create: { status: 201 } }] }]]
    await expect(driver.restore('2026-11-21.3d.0', chunks(), 777)).rejects.toMatchObject({ code: 'busy' })
    expect(asked.at(-1)!.request).toBe(`DELETE /${INDEX}?ignore_unavailable=true`)
    expect(asked.filter(({ request }) => request.startsWith('DELETE')).length).toBe(2)
  })

  it('has its lines, its size, its edges and its end', async () => {
    const edges = { from: { value: 10 }, until: { value: 20 }, first: { value: 3 }, last: { value: 4 } }
    answers = [
      [
        'GET /_cat/indices',
        [
          { index: DAY, health: 'green', 'docs.count': '5', 'store.size': '777' },
          { index: INDEX, health: 'green', 'docs.count': '5', 'store.size': null },
          { index: 'vakt-2026', health: 'green', 'docs.count': '5', 'store.size': '1' },
        ],
      ],
      [
        'GET /vakt-restored-*/_mapping',
        { [INDEX]: { mappings: { _meta: { expires_at: 55 } } }, [DAY]: { mappings: {} } },
      ],
      ['POST', found([], { aggregations: { days: { buckets: [{ key: DAY, doc_count: 2, ...edges }] } } })],
    ]
    const name = '2026-11-21.3d.0'
    const expiresAt = Date.UTC(2026, 10, 25)
    expect(await driver.partitions(9)).toEqual([
      { name, lines: 2, bytes: 777, from: 10, until: 20, firstPosition: 3, lastPosition: 4, expiresAt, damage: null },
      {
        name,
        lines: 0,
        bytes: 0,
        from: null,
        until: null,
        firstPosition: 0,
        lastPosition: 0,
        expiresAt: 55,
        damage: null,
      },
    ])
    expect(asked[1]!.body).toMatchObject({ size: 0, query: { range: { pos: { lte: 9 } } } })
    answers = [['GET /_cat/indices', []]]
    expect(await driver.partitions(9)).toEqual([])
  })
})
