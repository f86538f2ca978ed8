// What people type into a search, through the whole app with the real store: found, or answered with what to type.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../logger.ts'
import { privacyKey } from '../projects/vault.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { DAY } from '../time.ts'
import { openLogStore } from './embedded/open-log-store.ts'
import type { LogStore } from './store.ts'

let folder: string
let store: LogStore
let app: TestApp
let key: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-search-'))
  store = await openLogStore({ folder, logger: silentLogger, privacyKey: privacyKey(Buffer.alloc(32, 7)) })
  app = await startApp({ store, start: new Date().toISOString() })
  key = (await app.result<{ key: { secret: string } }>('keys create default')).key.secret
})
afterEach(async () => {
  vi.restoreAllMocks()
  await store.purge({ where: null, from: null, until: null })
})
afterAll(async () => {
  await app.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const admin = { authorization: 'Bearer admin-key-for-tests' }
const send = async (lines: readonly object[]) => {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' }
  const response = await app.request('/api/logs', { method: 'POST', body: JSON.stringify(lines), headers })
  expect(response.status).toBe(200)
}
type Found = { logs: { message: string }[]; total: number }
const path = (query: string) => `/api/logs?q=${encodeURIComponent(query)}`
const found = async (query: string) => {
  const response = await app.request(path(query), { headers: admin })
  return ((await response.json()) as Found).logs.map(({ message }) => message).sort()
}
const remove = async (query: string) => (await app.request(path(query), { method: 'DELETE', headers: admin })).json()

describe('a word', () => {
  it('is found within writing without spaces, in attributes and by the id of a trace', async () => {
    await send([
      { message: '数据库连接失败，请重试' },
      { message: 'เชื่อมต่อฐานข้อมูลล้มเหลว' },
      { message: 'paid', req_id: '550e8400-e29b-41d4-a716-000000000005', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' },
    ])
    expect(await found('连接失败')).toEqual(['数据库连接失败，请重试'])
    expect(await found('ข้อมูล -数据')).toEqual(['เชื่อมต่อฐานข้อมูลล้มเหลว'])
    expect(await found('550e8400-e29b-41d4-a716-000000000005')).toEqual(['paid'])
    expect(await found('4bf92f3577b34da6a3ce929d0e0e4736')).toEqual(['paid'])
    expect(await remove('失败')).toEqual({ removed: 1 })
  })
})

describe('a term of signs only', () => {
  it('is searched as it is written: beside others, negated, and in a DELETE', async () => {
    const messages = ['keep me 1', '❌ failed', 'keep me 2', 'a => b', 'ends ⚠']
    await send(messages.map(message => ({ message, group: 'emo' })))
    expect(await found('❌ group:emo')).toEqual(['❌ failed'])
    expect(await found('-❌ -"=>" group:emo')).toEqual(['ends ⚠', 'keep me 1', 'keep me 2'])
    expect(await found('a => b')).toEqual(['a => b'])
    expect(await found('⚠️')).toEqual(['ends ⚠'])
    expect(await remove('❌ group:emo')).toEqual({ removed: 1 })
    expect(await remove('🚀 group:emo')).toEqual({ removed: 0 })
    expect(await remove('NOT ⚠ NOT => group:emo')).toEqual({ removed: 2 })
    expect(await found('group:emo')).toEqual(['a => b', 'ends ⚠'])
  })
})

describe('a search that finds nothing', () => {
  const hints = async (query: string) => {
    const overHttp = (await (await app.request(path(query), { headers: admin })).json()) as { hints?: string[] }
    const reply = await app.result<{ hints?: string[] }>(`logs search --query=${JSON.stringify(query)}`)
    expect(overHttp.hints).toEqual(reply.hints)
    return reply.hints?.join(' ')
  }

  it('says what to try', async () => {
    expect(await hints('timeout')).toBe('No line is stored here yet.')
    const old = new Date(Date.now() - 7_200_000).toISOString()
    await send([
      { message: 'answered status:500 to user=alice@example.com', host: 'web-1', shop: 'oslo' },
      { message: 'NullPointerException', host: 'web-2', timestamp: old },
    ])
    expect(await hints('status:500')).toContain('1 line has it as text: write "status:500" in quotes')
    expect(await found('"status:500"')).toHaveLength(1)
    expect(await hints('user=alice@example.com')).toContain('write "user:alice@example.com" in quotes')
    expect(await found('"user:alice@example.com"')).toHaveLength(1)
    expect(await hints('city:oslo')).toContain('1 line has it elsewhere: search for oslo alone')
    expect(await hints('city:bergen')).toContain('Attributes of recent lines: shop')
    expect(await hints('pointer')).toContain('write /pointer/i')
    expect(await found('/pointer/i')).toHaveLength(1)
    expect(await hints('host:web-3')).toContain('Recent ones: web-')
    expect(await hints('NullPointerException last:1h')).toContain('1 line matches at other times. Try a longer time')
    expect(await hints('/nullpointer/')).toContain('Write /nullpointer/i to ignore the case')
    expect(await hints('answered host:web-2')).toContain('Each condition alone matches lines')
    expect(await hints('answered')).toBe(undefined)
  })
})

const says = async (line: string) => {
  const reply = await app.says(line)
  if (!reply.ok) throw reply.problem
  return reply
}
const foundBy = async (line: string) =>
  ((await says(line)).result as Found).logs.map(({ message }) => message).join(' ')

describe('the buttons of a search', () => {
  it('narrow it to a source, whatever its alternatives, times and names are', async () => {
    await send([
      { message: 'refused', source: 'C:\\api\\' },
      { message: 'timeout', source: 'C:\\api\\' },
      { message: 'refused', source: 'say "1..3"' },
      { message: 'other', source: 'C:\\api\\' },
    ])
    await says('logs save slow "refused OR timeout last:1h"')
    for (const query of ['refused OR timeout last:1h', 'refused || timeout', '@slow', '@slow OR nothing']) {
      const { card } = await says(`logs search --query='${query}'`)
      const [quoted, windows] = card.menus!.find(({ label }) => label === 'Only from …')!.options
      expect([query, await foundBy(windows!.line), await foundBy(quoted!.line)]).toEqual([
        query,
        'timeout refused',
        'refused',
      ])
      const rows = (await says(`logs top --by source --query='${query}'`)).card.rows!
      expect([query, await foundBy(rows[0]!.action!.line)]).toEqual([query, 'timeout refused'])
    }
    expect(await found('@slow')).toEqual(['refused', 'refused', 'timeout'])
  })

  it('lead on to newer pages, and back', async () => {
    await send(Array.from({ length: 5 }, (_, i) => ({ message: `n${i}`, timestamp: app.clock.now() + i })))
    const page = async (line: string) => {
      const { card, result } = await says(line)
      return { card, shown: (result as Found).logs.map(({ message }) => message).join(' ') }
    }
    const first = await page('logs search --limit 2')
    const second = await page(`${first.card.page!.next!.line} --limit 2`)
    const third = await page(`${second.card.page!.next!.line} --limit 2`)
    expect([first, second, third].map(({ shown }) => shown)).toEqual(['n4 n3', 'n2 n1', 'n0'])
    const newer = await page(`${third.card.page!.previous!.line} --limit 2`)
    expect([newer.shown, newer.card.page!.previous!.label, newer.card.page!.next!.label]).toEqual([
      'n2 n1',
      'Newer',
      'Older',
    ])
    expect((await page(`${newer.card.page!.next!.line} --limit 2`)).shown).toBe('n0')
    const newest = await page(`${newer.card.page!.previous!.line} --limit 2`)
    expect([newest.shown, newest.card.page!.previous]).toEqual(['n4 n3', undefined])
  })
})

describe('a saved search', () => {
  it('that begins with another one keeps what that is', async () => {
    await send([
      { message: 'payment timeout', level: 'error' },
      { message: 'timeout', level: 'info' },
    ])
    await app.result('logs save bad "level>=error"')
    await app.result('logs save slow "@bad timeout"')
    expect((await app.result<Found>('logs search @slow')).logs.map(({ message }) => message)).toEqual([
      'payment timeout',
    ])
    expect(await app.says('logs save odd "@nosuch timeout"')).toMatchObject({
      ok: false,
      problem: { code: 'not_found' },
    })
    const forward = await app.says('forwards add http://192.0.2.1/in --query @nosuch')
    expect(forward).toMatchObject({ ok: false, problem: { code: 'not_found' } })
    await app.result('logs forget bad')
  })

  it('that a rule reads is not deleted under it', async () => {
    await app.result('projects add till')
    await app.result('logs save bad "level>=error"')
    await app.result('logs save bad "level>=warn" --project till')
    await app.result('rules add failures --kind search --matcher @bad')
    const refused = await app.says('logs forget @bad')
    expect(!refused.ok && [refused.problem.code, refused.problem.message]).toEqual([
      'conflict',
      '@bad is the search of the rule failures. Give that another one or remove it first.',
    ])
    await app.result('logs forget bad --project till')
    await app.result('rules remove failures --yes')
    await app.result('logs forget bad')
  })
})

describe('when time runs out', () => {
  it('statistics say how far they counted', async () => {
    const counts = { trace: 0, debug: 0, info: 0, warn: 0, error: 0, fatal: 0 }
    const from = app.clock.now() - 600_000
    vi.spyOn(store, 'histogram').mockResolvedValueOnce([{ from, counts }])
    const { card, result } = await says('logs stats --last 1d')
    expect([card.title, JSON.stringify(card.lines)]).toEqual([
      'No lines found so far',
      expect.stringContaining('Counted back to '),
    ])
    expect(result).toMatchObject({ searched_to: new Date(from).toISOString() })
  })

  it('a purge does not take a count that found nothing yet for nothing', async () => {
    await send([{ message: 'old line' }])
    vi.spyOn(store, 'count').mockResolvedValue({ total: 0, atLeast: true, searchedTo: 1 })
    const asked = await app.says('logs purge old', { interactive: true })
    expect(asked.ok && asked.card.title).toBe('Delete all lines that match permanently?')
    expect((await says('logs purge old --yes')).result).toEqual({ removed: 1 })
  })

  it('a search that found nothing does not say that there is nothing', async () => {
    await send([{ message: 'old line' }])
    vi.spyOn(store, 'count').mockResolvedValue({ total: 0, atLeast: true, searchedTo: 1 })
    const { hints } = (await (await app.request(path('absent last:1h'), { headers: admin })).json()) as {
      hints?: string[]
    }
    expect(hints ?? []).toEqual(['Try fewer words or another spelling.'])
  })
})

it('statistics until a time in the past are those of the day before it', async () => {
  const until = app.clock.now() - 3 * DAY
  const histogram = vi.spyOn(store, 'histogram')
  await says(`logs stats until:${new Date(until).toISOString()}`)
  expect(histogram.mock.calls[0]!.slice(1, 3)).toEqual([until - DAY, until])
})

it('an export that does not fit names a download of the same lines', async () => {
  await send([{ message: 'a line' }, { message: 'a line', timestamp: app.clock.now() - 7_200_000 }])
  const { result } = await says('logs export line --last 1h --project default')
  const url = new URL((result as { url: string }).url)
  const response = await app.request(`${url.pathname}${url.search}`, { headers: admin })
  expect((await response.text()).trim().split('\n')).toHaveLength(1)
})
