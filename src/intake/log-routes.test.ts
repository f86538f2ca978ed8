// The routes of log lines over a store that answers as each test says: who may ask, what is asked, and what is answered.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { LogLine } from '../logs/line.ts'
import { printQuery } from '../logs/query/print.ts'
import type { Query } from '../logs/query/tree.ts'
import type { LogStore, MissingLines, Page, PageRequest } from '../logs/store.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { DAY } from '../time.ts'

const START = '2026-03-02T09:00:00Z'
const NOW = Date.parse(START)
const ADMIN = 'admin-key-for-tests'

let app: TestApp
let page: Page
let count: { total: number; atLeast: boolean; searchedTo: null }
let missing: MissingLines[]
let asked: PageRequest[]
let purged: string[]
let fault: Error | null
const keys: Record<string, string> = {}

const line = (id: string, project = 'default'): LogLine => ({
  ...{ id, timestamp: NOW, receivedAt: NOW, level: 'info', message: id, project, source: '', host: '', group: '' },
  ...{ tags: [], fingerprint: '', stack: '', traceId: '', spanId: '', attributes: {} },
})

beforeAll(async () => {
  const store = {
    search: async (request: PageRequest) => {
      asked.push(request)
      return page
    },
    count: async () => count,
    missing: async () => missing,
    read: async (id: string) => (id === 'none' ? null : line(id, id === 'theirs' ? 'shop' : 'default')),
    purge: async (query: Query) => {
      if (fault) throw fault
      purged.push(printQuery(query))
      return 3
    },
    maintain: async () => ({ removed: [], status: null }),
    tail: async () => () => {},
  } as unknown as LogStore
  app = await startApp({ start: START, store })
  // As an earlier version stored its lines: under its name.
  await app.result('projects add shop')
  app.state.prepare('update projects set log_name = name').run()
  for (const role of ['viewer', 'responder', 'admin', 'intake']) {
    const { key } = await app.result<{ key: { secret: string } }>(`keys create shop --role ${role}`)
    keys[role] = key.secret
  }
})
beforeEach(() => {
  page = { lines: [], next: null, searchedTo: null }
  count = { total: 0, atLeast: false, searchedTo: null }
  missing = []
  asked = []
  purged = []
  fault = null
})

async function ask(path: string, { key = ADMIN, method = 'GET' } = {}) {
  const response = await app.request(path, { method, headers: key === '' ? {} : { authorization: `Bearer ${key}` } })
  const body = response.headers.get('content-type')?.startsWith('application/json') ? await response.json() : null
  return { status: response.status, body: body as Record<string, unknown>, response }
}
const auditRows = () =>
  app.state.prepare<[], { line: string; outcome: string }>('select * from audit order by id desc limit 1').get()!

describe('a search', () => {
  it('answers a page with what there is to know about it', async () => {
    page = { lines: [line('1')], next: 'c1', searchedTo: NOW - DAY }
    count = { ...count, total: 100_000, atLeast: true }
    const { body, status } = await ask('/api/logs?q=a')
    expect(status).toBe(200)
    expect(body).toEqual({
      logs: [expect.objectContaining({ id: '1' })],
      ...{ total: 100_000, total_at_least: true, next: 'c1', searched_to: '2026-03-01T09:00:00.000Z' },
    })
    expect(asked[0]).toMatchObject({ limit: 100, cursor: null, order: 'newest' })
    await ask('/api/logs?q=a&limit=1000&cursor=c1')
    expect(asked[1]).toMatchObject({ limit: 1_000, cursor: 'c1' })
  })

  it('gives hints where nothing was found, and only there', async () => {
    expect((await ask('/api/logs?q=a')).body.hints).toEqual(expect.any(Array))
    expect((await ask('/api/logs?q=a&cursor=c')).body.hints).toBeUndefined()
    page.searchedTo = NOW
    expect((await ask('/api/logs?q=a')).body.hints).toBeUndefined()
    page.searchedTo = null
    missing = [{ partition: 'p', from: NOW - DAY, until: NOW, message: 'p is damaged.' }]
    const { body } = await ask('/api/logs?q=a')
    expect([body.hints, body.missing]).toEqual([undefined, [expect.objectContaining({ partition: 'p' })]])
    missing = []
    count.total = 1
    expect((await ask('/api/logs?q=a')).body.hints).toBeUndefined()
  })

  it.each(['limit=0', 'limit=1.5', 'limit=x', 'limit=1001', 'format=xml', 'q=(', 'q=level:loud'])(
    'refuses %s',
    async parameter => {
      const { status, body } = await ask(`/api/logs?${parameter}`)
      expect([status, (body.error as { code: string }).code]).toEqual([400, 'invalid'])
    },
  )

  it('has more lines as a file', async () => {
    expect((await ask('/api/logs?limit=1001&format=ndjson')).status).toBe(200)
    const { response } = await ask('/api/logs?format=csv')
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  })

  it('is limited to the project of a key, whatever it asks for', async () => {
    const wanted = async (path: string, key?: string) => {
      asked = []
      await ask(path, key === undefined ? {} : { key })
      return printQuery(asked[0]!.query)
    }
    expect(await wanted('/api/logs?q=a', keys.viewer)).toContain('project:shop')
    expect(await wanted('/api/logs?q=a&project=default', keys.viewer)).toContain('project:shop')
    expect(await wanted('/api/logs?q=a&project=default', keys.viewer)).not.toContain('default')
    expect(await wanted('/api/logs?q=a&project=default')).toContain('project:default')
    expect(await wanted('/api/logs?q=a')).toBe('a')
  })

  it('knows the saved searches of its project, and an admin those of all', async () => {
    await app.result('logs save errors "level>=error"')
    const wanted = async (key: string) => {
      asked = []
      await ask('/api/logs?q=@errors', { key })
      return printQuery(asked[0]!.query)
    }
    expect(await wanted(ADMIN)).toBe('level>=error')
    expect(await wanted(keys.viewer!)).not.toContain('level>=error')
  })
})

describe('who may ask', () => {
  it.each([
    ['GET', '/api/logs', '', 401],
    ['GET', '/api/logs', 'wrong', 401],
    ['GET', '/api/logs', 'intake', 403],
    ['GET', '/api/logs', 'viewer', 200],
    ['GET', '/api/logs/1?project=default', ADMIN, 200],
    ['DELETE', '/api/logs?q=a', 'viewer', 403],
    ['DELETE', '/api/logs?q=a', 'responder', 403],
    ['DELETE', '/api/logs?q=a', 'admin', 200],
  ])('%s %s with %s: %i', async (method, path, who, status) => {
    expect((await ask(path, { key: keys[who] ?? who, method })).status).toBe(status)
  })
})

describe('a purge', () => {
  it('deletes what is named, of the project of its key, and is in the audit', async () => {
    expect((await ask('/api/logs?q=secret', { method: 'DELETE', key: keys.admin! })).body).toEqual({ removed: 3 })
    expect(purged[0]).toContain('project:shop')
    expect(auditRows()).toMatchObject({ line: 'DELETE /api/logs?q=secret', outcome: 'done' })
    expect(JSON.stringify(auditRows())).toContain('3')
  })

  it('deletes everything only where that is asked for', async () => {
    for (const parameters of ['', '?q=', '?all=false'])
      expect((await ask(`/api/logs${parameters}`, { method: 'DELETE' })).body).toMatchObject({
        error: { message: expect.stringContaining('add all=true to delete every line'), fields: { q: 'is empty' } },
      })
    expect(purged).toEqual([])
    expect((await ask('/api/logs?all=true', { method: 'DELETE' })).status).toBe(200)
    expect((await ask('/api/logs?q=until:2026-03-01', { method: 'DELETE' })).status).toBe(200)
    expect((await ask('/api/logs?project=shop', { method: 'DELETE' })).status).toBe(200)
    expect(purged.length).toBe(3)
    expect((await ask('/api/logs?all=yes', { method: 'DELETE' })).status).toBe(400)
  })

  it('by a key of a project names lines too, and a wrong parameter names none', async () => {
    for (const [path, key] of [
      ['/api/logs', keys.admin!],
      ['/api/logs?q=', keys.admin!],
      ['/api/logs?project=default', keys.admin!],
      ['/api/logs?project=shop&query=secret', ADMIN],
    ] as const)
      expect((await ask(path, { method: 'DELETE', key })).body).toMatchObject({ error: { fields: { q: 'is empty' } } })
    const headers = { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ line: 'logs purge' })
    expect((await app.request('/api/commands', { method: 'POST', headers, body })).status).toBe(400)
    expect(purged).toEqual([])
    expect((await ask('/api/logs?all=true', { method: 'DELETE', key: keys.admin! })).status).toBe(200)
    expect(purged[0]).toContain('project:shop')
  })

  it('that is refused or fails is in the audit with the reason', async () => {
    await ask('/api/logs?q=a', { method: 'DELETE', key: keys.viewer! })
    expect(auditRows()).toMatchObject({ outcome: 'This needs a key with the role admin.' })
    fault = new Error('The disk is full.')
    expect((await ask('/api/logs?q=b', { method: 'DELETE' })).status).toBe(500)
    expect(auditRows()).toMatchObject({ line: 'DELETE /api/logs?q=b', outcome: 'The disk is full.' })
  })

  it('shows no key in the audit', async () => {
    await ask(`/api/logs?q=${keys.admin}`, { method: 'DELETE' })
    expect(auditRows().line).not.toContain(keys.admin)
  })
})

describe('one line', () => {
  it('is shown to keys of its project and to admins', async () => {
    expect((await ask('/api/logs/mine')).body).toMatchObject({ log: { id: 'mine' } })
    expect((await ask('/api/logs/theirs', { key: keys.viewer! })).body).toMatchObject({ log: { project: 'shop' } })
    for (const path of ['/api/logs/none', '/api/logs/theirs?project=default'])
      expect((await ask(path)).status, path).toBe(404)
    expect((await ask('/api/logs/mine', { key: keys.viewer! })).status).toBe(404)
  })
})
