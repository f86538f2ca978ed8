// Logs through the whole app with the real store: received over HTTP, searched in chat, followed, exported and purged.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Card } from '../card.ts'
import { cardText } from '../chat/card-text.ts'
import { silentLogger } from '../logger.ts'
import { privacyKey } from '../projects/vault.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { openLogStore } from './embedded/open-log-store.ts'
import { decrypt } from './redact/cipher.ts'
import type { LogStore } from './store.ts'

let folder: string
let store: LogStore
let app: TestApp
let key: string

// One store for all tests, emptied after each: starting its workers takes longer than most tests.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-logs-'))
  store = await openLogStore({ folder, logger: silentLogger, privacyKey: privacyKey(Buffer.alloc(32, 7)) })
})

afterAll(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  app = await startApp({ store, start: new Date().toISOString() })
  key = (await app.result<{ key: { secret: string } }>('keys create default')).key.secret
})

afterEach(async () => {
  vi.restoreAllMocks()
  await app.stop()
  await store.purge({ where: null, from: null, until: null })
})

const send = (lines: unknown, headers: Record<string, string> = {}) =>
  app.request('/api/logs', {
    method: 'POST',
    body: typeof lines === 'string' ? lines : JSON.stringify(lines),
    headers: {
      'x-api-key': key,
      'content-type': typeof lines === 'string' ? 'text/plain' : 'application/json',
      ...headers,
    },
  })
const get = (path: string) => app.request(path, { headers: { authorization: 'Bearer admin-key-for-tests' } })
const card = async (line: string) => {
  const reply = await app.says(line)
  if (!reply.ok) throw reply.problem
  return reply.card
}

type Found = {
  logs: { id: string; message: string; level: string; attributes: Record<string, unknown> }[]
  total: number
  next: string | null
}

describe('a line sent over HTTP', () => {
  it('is found by its words, level, source and attributes as soon as it is answered', async () => {
    const answer = await send([
      { message: 'connection refused by db-1', level: 'ERROR', source: 'api', host: 'web-1', user_id: 42 },
      { message: 'all is well', level: 30, service: 'api' },
    ])
    expect(await answer.json()).toEqual({ accepted: 2, rejected: 0, errors: [] })
    for (const query of [
      'refused',
      '"connection refused"',
      'level>=warn',
      'host:web-1',
      'user_id:42',
      'refus* -well',
      '/ref.sed/',
    ]) {
      const found = await app.result<Found>(`logs search --query='${query}'`)
      expect([query, found.total, found.logs.map(line => line.message)]).toEqual([
        query,
        1,
        ['connection refused by db-1'],
      ])
    }
  })

  it('is rejected with a reason for each bad line, and the others are stored', async () => {
    const answer = await send([{ message: 'good' }, null, 17])
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ accepted: 1, rejected: 2, errors: [{ index: 1 }, { index: 2 }] })
    expect((await app.result<Found>('logs search')).total).toBe(1)
  })

  it('is stored once when its batch is sent several times', async () => {
    for (let i = 0; i < 3; i++)
      expect((await send([{ message: 'once' }], { 'idempotency-key': 'batch-1' })).status).toBe(200)
    expect((await app.result<Found>('logs search once')).total).toBe(1)
  })

  it('shows no secret, neither in chat nor elsewhere', async () => {
    await send([
      {
        message: 'login password=hunter2 card 4111 1111 1111 1111',
        token: 'ghp_0123456789abcdefghijklmnopqrstuvwxyzAB',
      },
    ])
    const text = JSON.stringify(await app.result<Found>('logs search login'))
    expect(text).not.toMatch(/hunter2|4111|ghp_0123/)
    expect(text).toContain('[hidden:')
  })

  it('has its personal data masked or encrypted by the setting of the project, and encrypted data can be decrypted offline', async () => {
    await app.result('projects edit default --privacy "email=encrypt ip=mask"')
    await send([{ message: 'mail to ann@example.org from 203.0.113.9 failed' }])
    const [line] = (await app.result<Found>('logs search failed')).logs
    expect(line!.message).toMatch(/^mail to \[enc:email:[^\]]+\] from \[hidden:ip\] failed$/)
    expect(decrypt(line!.message, privacyKey(Buffer.alloc(32, 7)))).toContain('ann@example.org')
  })
})

describe('in chat', () => {
  const entries = ({ evidence = [] }: Card) => evidence.flatMap(piece => (piece.kind === 'log' ? piece.entries : []))

  it('a search shows its lines with the search words in bold, and pages', async () => {
    await send(
      Array.from({ length: 25 }, (_, i) => ({
        message: `timeout number ${i}`,
        source: 'api',
        timestamp: app.clock.now() - i * 1000,
      })),
    )
    const first = await card('logs search timeout')
    expect(first.title).toBe('25 lines')
    expect(JSON.stringify(entries(first)[0])).toContain('{"bold":"timeout"}')
    expect(entries(first)).toHaveLength(10)
    const older = first.page!.next!
    const second = await card(older.line)
    expect(JSON.stringify(entries(second)[0])).toContain('{"bold":"timeout"}," number 10"')
    const newer = second.page!.previous!
    expect(JSON.stringify(entries(await card(newer.line))[0])).toContain(' number 0"')
    const whole = first.menus![0]!.options[0]!
    expect([whole.label, (await card(whole.line)).title]).toEqual(['INFO timeout number 0', 'INFO from api'])
  })

  it('a search without results shows its time range and what to try; a syntax error is answered', async () => {
    expect((await card('logs search nowhere')).lines!.join(' ')).not.toContain('longer time')
    const narrow = await card('logs search nowhere since:2026-11-20T14:00:00Z until:2026-11-20T14:30:00Z')
    expect(narrow.lines!.join(' ')).toContain('a longer time')
    expect(cardText(narrow, { timeZone: 'UTC', now: 0 })).toContain(
      'nowhere · from 2026-11-20 14:00:00 UTC until 2026-11-20 14:30:00 UTC',
    )
    const reply = await app.says('logs search level>=loud')
    expect(reply).toMatchObject({ ok: false, problem: { code: 'invalid', message: expect.stringContaining('loud') } })
  })

  it('a line is shown in full, and with the lines around it', async () => {
    await send([
      { message: 'before', source: 'api' },
      { message: 'target line', source: 'api', level: 'error', stack: 'at f (a.js:1)' },
      { message: 'after', source: 'api' },
    ])
    const { logs } = await app.result<Found>('logs search --query=\'"target line"\'')
    const line = await card(`logs show ${logs[0]!.id}`)
    expect(line.evidence).toContainEqual({ kind: 'output', text: 'target line\nat f (a.js:1)' })
    const context = await card(`logs context ${logs[0]!.id}`)
    expect(entries(context).map(({ isTarget }) => isTarget ?? false)).toEqual([false, true, false])
    const around = await app.result<Found>(`logs context ${logs[0]!.id}`)
    expect(around.logs.map(({ message }) => message)).toEqual(['before', 'target line', 'after'])
  })

  it('statistics show the most frequent error, its pattern, and a chart of levels over time', async () => {
    await send(
      Array.from({ length: 6 }, (_, i) => ({
        message: `order ${i} failed after ${i * 7} ms`,
        level: 'error',
        source: 'shop',
      })),
    )
    const top = await app.result<{ rows: { count: number }[] }>('logs top')
    expect(top.rows.map(row => row.count)).toEqual([6])
    const patterns = await app.result<{ rows: { value: string; count: number }[] }>('logs patterns')
    expect(patterns.rows).toMatchObject([{ count: 6, value: expect.stringMatching(/^order <.*> failed after/) }])
    const only = (await card('logs patterns')).rows![0]!.action!
    expect(only.label).toBe('Only these')
    expect((await app.result<{ total: number }>(only.line)).total).toBe(6)
    const stats = await card('logs stats')
    expect(stats.title).toMatch(/^6 lines/)
    expect(Buffer.from(stats.image!.png).subarray(1, 4).toString()).toBe('PNG')
  })

  it('a tail shows new lines in one message, and can be paused, resumed and stopped', async () => {
    await app.says('logs tail level>=warn', { platform: 'terminal' })
    const message = app.channel.messages[0]!
    await send([
      { message: 'fine', level: 'info' },
      { message: 'loud', level: 'error' },
    ])
    await app.passes('3s')
    expect(JSON.stringify(message.card.evidence)).toContain('loud')
    expect(JSON.stringify(message.card.evidence)).not.toContain('fine')
    await app.says(message.card.buttons!.find(button => button.label === 'Pause')!.line)
    await send([{ message: 'while paused', level: 'error' }])
    await app.passes('6s')
    expect(JSON.stringify(message.card.evidence)).not.toContain('while paused')
    await app.says(message.card.buttons!.find(button => button.label === 'Resume')!.line)
    await app.passes('6s')
    expect(JSON.stringify(message.card.evidence)).toContain('while paused')
    await app.says(message.card.buttons!.find(button => button.label === 'Stop')!.line)
    expect(message.card.title).toMatch(/^Tail of/)
    expect(message.card.buttons).toEqual([])
    expect(app.channel.messages).toHaveLength(1)
  })

  it('autocomplete offers recent sources, hosts and tags', async () => {
    await send([{ message: 'x', source: 'payments', host: 'web-1', tags: ['eu'] }])
    await app.passes('2m')
    const speaker = { platform: 'discord' as const, id: '1', name: 'Ann', admin: true, groups: [], interactive: true }
    const argument = app.dispatcher.commands
      .find(command => command.name === 'logs search')!
      .arguments.find(({ name }) => name === 'query')!
    const offered = (typed: string) => app.dispatcher.complete(argument, typed, speaker).map(choice => choice.value)
    await expect.poll(() => offered('timeout source:pa')).toEqual(['timeout source:payments'])
    await expect
      .poll(() => [offered('host:'), offered('-tag:e'), offered('level>=w')])
      .toEqual([['host:web-1'], ['-tag:eu'], ['level>=warn']])
  })

  it('a saved search stands for its query', async () => {
    await send([{ message: 'paid', tags: ['payments'] }, { message: 'other' }])
    await app.says('logs save pay tag:payments')
    expect((await app.result<Found>('logs search @pay')).logs.map(line => line.message)).toEqual(['paid'])
    expect(await app.says('logs search @nope')).toMatchObject({
      ok: false,
      problem: { message: expect.stringContaining('@pay') },
    })
  })

  it('lines are exported to a file, and deleted only after a confirmation', async () => {
    await send([{ message: 'a, "b"', source: '=cmd()' }, { message: 'c' }])
    const csv = Buffer.from((await card('logs export --format csv')).file!.content).toString()
    expect(csv.split('\r\n')).toHaveLength(4)
    expect(csv).toContain(`"a, ""b"""`)
    expect(csv).toContain("'=cmd()")
    const asked = await app.says('logs purge c', { interactive: true })
    expect(asked.card.title).toBe('Delete 1 line permanently?')
    expect((await app.result<Found>('logs search')).total).toBe(2)
    await app.says(asked.card.buttons![0]!.line, { interactive: true })
    expect((await app.result<Found>('logs search')).logs.map(line => line.message)).toEqual(['a, "b"'])
  })
})

describe('exports', () => {
  it('run two at a time, and further ones are refused as busy', async () => {
    await send([{ message: 'a' }])
    const search = store.search.bind(store)
    let release = () => {}
    const gate = new Promise<void>(open => {
      release = open
    })
    vi.spyOn(store, 'search').mockImplementation(async request => {
      await gate
      return search(request)
    })
    const asked = Array.from({ length: 5 }, () => app.says('logs export'))
    const refused = await Promise.all(asked.slice(2))
    for (const reply of refused) expect(reply).toMatchObject({ ok: false, problem: { code: 'busy' } })
    release()
    for (const reply of await Promise.all(asked.slice(0, 2))) expect(reply).toMatchObject({ ok: true })
    expect(await app.says('logs export')).toMatchObject({ ok: true, result: { lines: 1 } })
  })

  it('over HTTP break off when a page cannot be read, so that a part never looks complete', async () => {
    await send(Array.from({ length: 2 }, (_, i) => ({ message: `line ${i}` })))
    const search = store.search.bind(store)
    vi.spyOn(store, 'search').mockImplementation(async request => {
      if (request.cursor !== null) throw new Error('the disk is gone')
      const page = await search({ ...request, limit: 1 })
      return page
    })
    const response = await get('/api/logs?format=ndjson')
    await expect(response.text()).rejects.toThrow()
  })

  it.each(['ndjson', 'csv'])('over HTTP as %s have at most `limit` lines, the newest', async format => {
    await send(Array.from({ length: 30 }, (_, i) => ({ message: `line ${i}`, timestamp: app.clock.now() + i })))
    const text = await (await get(`/api/logs?format=${format}&limit=10`)).text()
    const found = [...text.matchAll(/line (\d+)/g)].map(([, number]) => Number(number))
    expect(found).toEqual(Array.from({ length: 10 }, (_, i) => 29 - i))
  })
})

describe('answers about a time whose lines are damaged', () => {
  const hole = () => ({
    partition: '2026-11-20.3d.0',
    from: app.clock.now() - 5_000,
    until: app.clock.now() - 4_000,
    message: 'The log partition 2026-11-20.3d.0 is damaged.',
  })
  beforeEach(async () => {
    await send(Array.from({ length: 5 }, (_, i) => ({ message: `line ${i}`, level: 'error' })))
    vi.spyOn(store, 'missing').mockImplementation(async ({ from }) => ((from ?? 0) <= hole().until ? [hole()] : []))
  })

  it.each(['ndjson', 'csv'])(
    'break off as an export (%s), and end well where the hole is older than its lines',
    async format => {
      await expect((await get(`/api/logs?format=${format}`)).text()).rejects.toThrow()
      const newest = await (await get(`/api/logs?format=${format}&limit=5`)).text()
      expect(newest.match(/line \d/g)).toHaveLength(5)
      const recent = await (await get(`/api/logs?format=${format}&q=last:1s`)).text()
      expect(recent.match(/line \d/g)).toHaveLength(5)
    },
  )

  it('say what is missing in every command and over HTTP', async () => {
    const { missing } = (await (await get('/api/logs?q=line')).json()) as { missing: { partition: string }[] }
    expect(missing).toMatchObject([{ partition: hole().partition, message: hole().message }])
    for (const line of [
      'logs search',
      'logs search nothing',
      'logs top',
      'logs patterns',
      'logs stats',
      'logs export',
    ]) {
      expect(await app.answerText(line)).toContain('is damaged.')
      expect(await app.result(line)).toMatchObject({ missing: [{ partition: hole().partition }] })
    }
    expect(await app.result('logs export')).toMatchObject({ whole: false })
    expect(await app.answerText('logs search nothing')).not.toContain('Try fewer words')
    expect(await app.result('logs search nothing')).not.toHaveProperty('hints')
    expect(await app.answerText('logs search last:1s')).not.toContain('damaged')
  })

  it('say so for one line, the lines around it, and a line that is not found', async () => {
    const { logs } = await app.result<{ logs: { id: string }[] }>('logs search')
    for (const line of [`logs show ${logs[0]!.id}`, `logs context ${logs[0]!.id}`]) {
      expect(await app.result(line)).not.toHaveProperty('missing')
      vi.spyOn(store, 'missing').mockResolvedValueOnce([hole()])
      expect(await app.result(line)).toMatchObject({ missing: [{ partition: hole().partition }] })
      vi.spyOn(store, 'missing').mockResolvedValueOnce([hole()])
      expect(await app.answerText(line)).toContain('is damaged.')
    }
    expect(await app.answerText('logs show 1')).toContain('It may be past its retention, or missing. The log partition')
  })
})

describe('over HTTP', () => {
  it('lines are found, paged, read and streamed', async () => {
    await send(Array.from({ length: 30 }, (_, i) => ({ message: `line ${i}` })))
    const page = (await (await get('/api/logs?q=line&limit=20')).json()) as Found
    expect([page.logs.length, page.total]).toEqual([20, 30])
    const rest = (await (await get(`/api/logs?q=line&limit=20&cursor=${page.next}`)).json()) as Found
    expect([rest.logs.length, rest.next]).toEqual([10, null])
    expect(new Set([...page.logs, ...rest.logs].map(line => line.message)).size).toBe(30)
    const line = (await (await get(`/api/logs/${page.logs[0]!.id}`)).json()) as { log: { message: string } }
    expect(line.log.message).toBe(page.logs[0]!.message)
    const ndjson = await (await get('/api/logs?q=line&format=ndjson')).text()
    expect(ndjson.trim().split('\n')).toHaveLength(30)
  })

  it('a key of a project cannot search, read or delete lines of another project', async () => {
    await app.says('projects add other')
    await send([{ message: 'mine' }])
    const { key: viewer } = await app.result<{ key: { secret: string } }>('keys create other --role admin')
    const as = (path: string, method = 'GET') => app.request(path, { method, headers: { 'x-api-key': viewer.secret } })
    expect(((await (await as('/api/logs')).json()) as Found).total).toBe(0)
    const { logs } = await app.result<Found>('logs search mine')
    expect((await as(`/api/logs/${logs[0]!.id}`)).status).toBe(404)
    expect(await (await as('/api/logs?all=true', 'DELETE')).json()).toEqual({ removed: 0 })
    expect((await app.result<Found>('logs search mine')).total).toBe(1)
  })

  it('a live tail sends new lines as server-sent events', async () => {
    const response = await get('/api/logs/tail?q=level>=warn')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let seen = ''
    while (!seen.includes('event: ready')) seen += (await reader.read()).value ?? ''
    await send([{ message: 'fine' }, { message: 'loud', level: 'error' }])
    while (!seen.includes('event: line')) seen += (await reader.read()).value ?? ''
    expect(seen).toContain('"message":"loud"')
    expect(seen).not.toContain('fine')
    await reader.cancel()
  })

  it('clients can read their limits, and OpenAPI describes the routes', async () => {
    const config = await get('/api/config')
    expect(config.headers.get('cache-control')).toBe('max-age=300')
    expect(await config.json()).toMatchObject({
      limits: { body_bytes: 10_485_760, lines: 50_000, message_bytes: 65536 },
    })
    const document = (await (await get('/openapi.json')).json()) as { paths: Record<string, unknown> }
    expect(JSON.stringify(document.paths['/ping/{ping_key}/{slug}'])).toMatch(/"name":"period".*"name":"grace"/)
    expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(['/api/logs', '/api/commands', '/ping/{uuid}']))
    expect(await (await get('/docs')).text()).toContain('<h1>Vakt</h1>')
    expect(await (await get('/')).json()).toMatchObject({ tagline: 'You Know, for Search' })
  })
})
