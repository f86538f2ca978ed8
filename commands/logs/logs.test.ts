// Searches and the size of the store as people and scripts are answered, over a store that answers as each test says.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Card } from '../../src/card.ts'
import type { LogLine } from '../../src/logs/line.ts'
import type { Query } from '../../src/logs/query/tree.ts'
import type { LogStore, MissingLines, Page, PageRequest, StoreStatus } from '../../src/logs/store.ts'
import { startApp, type TestApp } from '../../src/testing/app.ts'
import { DAY, HOUR, MINUTE } from '../../src/time.ts'

const START = '2026-03-02T09:00:00Z'
const NOW = Date.parse(START)

let app: TestApp
let page: Page
let count: { total: number; atLeast: boolean; searchedTo: null }
let missing: MissingLines[]
let asked: PageRequest[]
let histograms: { from: number; until: number }[]
let status: StoreStatus
let lines: Map<string, LogLine>

const line = (id: string, changes: Partial<LogLine> = {}): LogLine => ({
  ...{ id, timestamp: NOW - 5 * MINUTE, receivedAt: NOW, level: 'info', message: `message ${id}`, project: 'default' },
  ...{ source: 'api', host: 'web-1', group: '', tags: [], fingerprint: '', stack: '', traceId: '', spanId: '' },
  ...{ attributes: {}, ...changes },
})

beforeEach(async () => {
  page = { lines: [], next: null, searchedTo: null }
  count = { total: 0, atLeast: false, searchedTo: null }
  missing = []
  asked = []
  histograms = []
  lines = new Map()
  status = { lines: 0, bytes: 0, partitions: [], diskBudgetBytes: null, queued: 0, queueLimit: 9 } as StoreStatus
  app = await begin()
})

async function begin(environment: Record<string, string> = {}) {
  const counts = { trace: 0, debug: 1, info: 2, warn: 0, error: 4, fatal: 0 }
  const store = {
    search: async (request: PageRequest) => {
      asked.push(request)
      return page
    },
    count: async () => count,
    missing: async () => missing,
    histogram: async (_: Query, from: number, until: number) => {
      histograms.push({ from, until })
      return [{ from, counts }]
    },
    read: async (id: string) => lines.get(id) ?? null,
    context: async (id: string, before: number) => [line(`before ${before}`), lines.get(id)!],
    status: async () => status,
    maintain: async () => ({ removed: [], status }),
    append: async () => ({ accepted: 0, rejected: 0, errors: [], repeated: false, counts: [] }),
    values: async () => [],
    top: async () => ({ rows: [], searchedTo: null }),
    linesAfter: async () => ({ lines: [], next: 0, committedTo: 0 }),
  } as unknown as LogStore
  return startApp({ start: START, store, environment })
}
const has = (...found: LogLine[]) => {
  page = { ...page, lines: found }
  count = { ...count, total: found.length }
}
async function cardOf(words: string): Promise<Card> {
  const reply = await app.says(words)
  if (!reply.ok) throw reply.problem
  return reply.card
}
const buttonsOf = (card: Card) => (card.buttons ?? []).map(({ label, line: run }) => `${label}: ${run}`)
const pagesOf = ({ page: of }: Card) =>
  [of?.previous, of?.next].map(button => button && `${button.label}: ${button.line}`)

describe('a search', () => {
  it('asks for ten lines, newest first, and answers how many there are', async () => {
    has(line('2'), line('1', { timestamp: NOW - 10 * MINUTE }))
    count.total = 1_234
    const card = await cardOf('logs search timeout')
    expect(asked).toMatchObject([{ order: 'newest', limit: 10, cursor: null }])
    expect(card.title).toBe('1,234 lines')
    expect(app.text(card)).toContain('timeout · 2026-03-02 08:50:00 UTC to 2026-03-02 08:55:00 UTC')
    expect(buttonsOf(card)).toEqual([
      'Context ±10: logs context 2',
      'Patterns: logs patterns --query=timeout',
      'Open as file: logs export --query=timeout',
    ])
    const result = await app.result<{ logs: { id: string }[] }>('logs search timeout')
    expect(result).toEqual({
      logs: [expect.objectContaining({ id: '2' }), expect.objectContaining({ id: '1' })],
      total: 1_234,
      next: null,
    })
  })

  it('says when it counted only so many, and one line', async () => {
    has(line('1'))
    expect((await cardOf('logs search x')).title).toBe('1 line')
    count = { ...count, total: 100_000, atLeast: true }
    expect((await cardOf('logs search x')).title).toBe('100,000+ lines')
    expect(await app.result('logs search x')).toMatchObject({ total_at_least: true })
    // Lines that could be counted, and none of them on this page.
    page.lines = []
    expect((await cardOf('logs search x')).title).toBe('100,000+ lines')
  })

  it('that finds nothing gives advice, but not on a later page, and not when it could not look everywhere', async () => {
    expect(await cardOf('logs search x')).toMatchObject({
      title: 'No lines found',
      buttons: [],
      menus: [],
      evidence: [],
    })
    const advised = await app.result<{ hints?: string[] }>('logs search x')
    expect(advised.hints!.length).toBeGreaterThan(0)
    expect((await app.result<{ hints?: string[] }>('logs search x --cursor abc')).hints).toBeUndefined()
    page.searchedTo = NOW - DAY
    expect((await app.result<{ hints?: string[] }>('logs search x')).hints).toBeUndefined()
    page.searchedTo = null
    missing = [{ partition: 'p', from: NOW - DAY, until: NOW, message: 'It is damaged.' }]
    expect((await app.result<{ hints?: string[] }>('logs search x')).hints).toBeUndefined()
    expect(app.text(await cardOf('logs search x'))).toContain('⚠️ Lines are missing from')
    count.total = 1
    missing = []
    expect((await app.result<{ hints?: string[] }>('logs search x')).hints).toBeUndefined()
  })

  it('says how far it came when time ran out', async () => {
    has(line('1'))
    page = { ...page, searchedTo: NOW - DAY, next: 'c1' }
    const back = await cardOf('logs search x')
    expect(app.text(back)).toContain('Searched back to 2026-03-01 09:00:00 UTC so far. "Continue" searches further.')
    expect(pagesOf(back)).toEqual([undefined, 'Continue: logs search --query=x --cursor c1'])
    expect(app.text(await cardOf('logs search x --newer'))).toContain('Searched up to')
    expect(await app.result('logs search x')).toMatchObject({ searched_to: '2026-03-01T09:00:00.000Z', next: 'c1' })
  })

  it('leads to older and newer lines', async () => {
    has(line('9'), line('8'))
    page.next = 'c1'
    expect(pagesOf(await cardOf('logs search x'))).toEqual([undefined, 'Older: logs search --query=x --cursor c1'])
    expect(pagesOf(await cardOf('logs search x --cursor c0'))).toEqual([
      'Newer: logs search --query=x --newer --cursor 9',
      'Older: logs search --query=x --cursor c1',
    ])
    // Newer lines come oldest first, and are shown newest first.
    const newer = await cardOf('logs search x --newer --cursor 5')
    expect(asked.at(-1)).toMatchObject({ order: 'oldest', cursor: '5' })
    expect(pagesOf(newer)).toEqual([
      'Newer: logs search --query=x --newer --cursor c1',
      'Older: logs search --query=x --cursor 9',
    ])
    page.next = null
    expect(pagesOf(await cardOf('logs search x'))).toEqual([undefined, undefined])
    page.lines = []
    expect(pagesOf(await cardOf('logs search x --newer --cursor 5'))).toEqual([
      undefined,
      'Older: logs search --query=x',
    ])
    expect(pagesOf(await cardOf('logs search x --cursor 5'))).toEqual([undefined, undefined])
  })

  it('keeps its words, its time, its project and its colour on every page', async () => {
    has(line('9'))
    page.next = 'c1'
    const card = await cardOf('logs search "a b" --last 1h --project default --color')
    expect(pagesOf(card)[1]).toBe(
      'Older: logs search --query="a b" --last 3600000ms --project default --color --cursor c1',
    )
    expect(card.evidence![0]).toMatchObject({ kind: 'log', isColoured: true })
    expect(asked.at(-1)!.query.from).toBe(NOW - HOUR)
    const plain = await cardOf('logs search')
    expect(pagesOf(plain)[1]).toBe('Older: logs search --cursor c1')
    expect(plain.evidence![0]).not.toHaveProperty('isColoured')
    expect(app.text(plain)).toContain('every line')
  })

  it('has a chart of the time that it asked about, or of the page and an hour at least', async () => {
    has(line('2', { timestamp: NOW - MINUTE }), line('1', { timestamp: NOW - 3 * HOUR }))
    const card = await cardOf('logs search x')
    expect(histograms).toEqual([{ from: NOW - 3 * HOUR, until: NOW }])
    expect(card.evidence![1]).toEqual({ kind: 'chart', name: 'Over time', values: [7] })
    has(line('2', { timestamp: NOW + MINUTE }))
    await cardOf('logs search x')
    expect(histograms.at(-1)).toEqual({ from: NOW - HOUR, until: NOW + MINUTE + 1 })
    await cardOf('logs search "x since:2026-03-01 until:2026-03-02"')
    expect(histograms.at(-1)).toEqual({ from: NOW - 33 * HOUR, until: NOW + 15 * HOUR })
    has()
    expect((await cardOf('logs search x')).evidence).toEqual([])
    expect(histograms.length).toBe(3)
  })

  it('leaves the chart out when its time is over', async () => {
    has(line('1'))
    const begun = performance.now()
    const clock = vi
      .spyOn(performance, 'now')
      .mockReturnValueOnce(begun)
      .mockReturnValue(begun + 1_600)
    expect((await cardOf('logs search x')).evidence!.length).toBe(1)
    clock.mockRestore()
    expect(histograms).toEqual([])
  })

  it('says which time it looked at where it found nothing', async () => {
    const range = async (words: string) =>
      app
        .text(await cardOf(`logs search "x ${words}"`))
        .split('\n')
        .at(-1)
    expect(await range('since:2026-03-01')).toBe('x · from 2026-03-01 00:00:00 UTC')
    expect(await range('until:2026-03-01')).toBe('x · until 2026-03-02 00:00:00 UTC')
    expect(await range('since:2026-02-28 until:2026-03-01')).toBe(
      'x · from 2026-02-28 00:00:00 UTC until 2026-03-02 00:00:00 UTC',
    )
    expect(await range('')).toBe('x')
  })

  it('opens a line, or narrows to one of several sources', async () => {
    has(line('1', { level: 'error', message: 'first\nsecond' }), line('2', { source: '' }))
    const menus = async () =>
      (await cardOf('logs search x')).menus!.map(({ label, options }) => [
        label,
        options.map(one => `${one.label}: ${one.line}`),
      ])
    expect(await menus()).toEqual([['A line in full …', ['ERROR first: logs show 1', 'INFO message 2: logs show 2']]])
    has(line('1'), line('2', { source: 'web' }), line('3'))
    expect((await menus())[1]).toEqual([
      'Only from …',
      ['api: logs search --query="x source:api"', 'web: logs search --query="x source:web"'],
    ])
    has(...Array.from({ length: 25 }, (_, i) => line(`${i}`, { source: `s${i}`, message: 'm'.repeat(200) })))
    const [opened, sources] = (await cardOf('logs search x')).menus!
    expect([opened!.options.length, sources!.options.length]).toEqual([20, 20])
    expect(opened!.options[0]!.label.length).toBeLessThanOrEqual(90)
  })
})

describe('a line', () => {
  it('is shown with all that it has', async () => {
    const attributes = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`a${i}`, i === 0 ? 'text' : i]))
    lines.set(
      '1',
      line('1', {
        level: 'fatal',
        stack: 'at x',
        tags: ['a', 'b'],
        traceId: 't1',
        spanId: 's1',
        fingerprint: 'v1:f',
        group: 'g',
        attributes,
      }),
    )
    const card = await cardOf('logs show 1')
    expect([card.title, card.tone, card.footer]).toEqual(['FATAL from api', 'critical', '1 · 2 more attributes'])
    expect(card.evidence).toMatchObject([
      { text: 'message 1\nat x' },
      {
        cells: [
          ['Source', 'api'],
          ['Host', 'web-1'],
          ['Group', 'g'],
          ['Tags', 'a, b'],
          ['Trace', 't1'],
          ['Span', 's1'],
          ['Fingerprint', 'v1:f'],
          ['a0', 'text'],
          ['a1', '1'],
          ...Array(10).fill(expect.anything()),
        ],
      },
    ])
    expect(buttonsOf(card)).toEqual([
      'Context ±10: logs context 1',
      'Same error: logs search --query=fingerprint:v1:f',
      'Whole trace: logs search --query=trace:t1',
    ])
  })

  it.each([
    [{ level: 'error' }, 'ERROR from api', 'critical'],
    [{ level: 'warn', source: '' }, 'WARN from web-1', 'warning'],
    [{ level: 'debug', source: '', host: '' }, 'DEBUG from no source', 'info'],
  ] as const)('%j is "%s" in the tone %s', async (changes, title, tone) => {
    lines.set('1', line('1', changes))
    const card = await cardOf('logs show 1')
    expect([card.title, card.tone, card.footer, buttonsOf(card).length]).toEqual([title, tone, '1', 1])
    if (title.endsWith('no source')) expect(card.evidence).toEqual([{ kind: 'output', text: 'message 1' }])
  })

  it('has twelve attributes on its card, and no more are counted then', async () => {
    const attributes = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`a${i}`, i]))
    lines.set('1', line('1', { attributes }))
    expect((await cardOf('logs show 1')).footer).toBe('1')
  })

  it('that is not there may be missing', async () => {
    const refusal = async () => (await app.answerText('logs show 7')) ?? ''
    expect(await refusal()).toBe('There is no log line 7. It may be past its retention.')
    missing = [{ partition: 'p', from: 1, until: 2, message: 'p is damaged.' }]
    expect(await refusal()).toBe('There is no log line 7. It may be past its retention, or missing. p is damaged.')
    lines.set('7', line('7'))
    expect(app.text(await cardOf('logs show 7'))).toContain('⚠️ Lines are missing')
    expect(await app.result('logs show 7')).toMatchObject({ missing: [expect.anything()] })
  })

  it('is shown among those around it', async () => {
    lines.set('7', line('7'))
    const card = await cardOf('logs context 7')
    expect(card.title).toBe('Lines around a line from api@web-1')
    expect(card.evidence).toMatchObject([{ entries: [{ message: expect.anything() }, { isTarget: true }] }])
    expect((card.evidence![0] as unknown as { entries: object[] }).entries[0]).not.toHaveProperty('isTarget')
    expect(buttonsOf(card)).toEqual(['This line: logs show 7', 'More: logs context 7 --lines 30'])
    expect(buttonsOf(await cardOf('logs context 7 --lines 40'))[1]).toBe('More: logs context 7 --lines 100')
    expect(buttonsOf(await cardOf('logs context 7 --lines 100')).length).toBe(1)
    lines.set('7', line('7', { source: '', host: '' }))
    expect((await cardOf('logs context 7')).title).toBe('Lines around a line from no source')
  })
})

describe('the size of the store', () => {
  const partition = (name: string, changes: Partial<StoreStatus['partitions'][number]> = {}) => ({
    ...{ name, lines: 1, bytes: 1_024, from: NOW - DAY, until: NOW, state: 'closed' as const, message: null },
    ...{ lastPosition: 1, expiresAt: NOW + DAY, ...changes },
  })
  const shown = async () => app.text(await cardOf('logs status'))

  it('is nothing at first', async () => {
    expect(await cardOf('logs status')).toMatchObject({ title: 'No log lines yet', tone: 'plain', buttons: [] })
    const text = await shown()
    expect(text).toContain('Disk budget: none (set LOG_DISK_BUDGET).')
    expect(text).toContain('Archive: none (set ARCHIVE_TO).')
    expect(text).not.toMatch(/Queue|Not stored|older/)
    expect(await app.result('logs status')).toMatchObject({
      archive: null,
      disk_budget_bytes: null,
      rejected: [],
      unsealed_lines: 0,
    })
  })

  it('counts lines, bytes, the budget, the queue and each project', async () => {
    const mebibyte = 1024 * 1024
    status = {
      ...status,
      ...{ lines: 3, bytes: 512, diskBudgetBytes: 2_048, queued: 2, unsealed: 5 },
      projects: [
        { project: 'default', lines: 2, rawBytes: mebibyte, bytes: mebibyte / 4 },
        { project: 'small', lines: 1, rawBytes: mebibyte - 1, bytes: 10 },
        { project: 'empty', lines: 0, rawBytes: 0, bytes: 0 },
        ...Array.from({ length: 9 }, (_, i) => ({ project: `p${i}`, lines: 1, rawBytes: 1, bytes: 1 })),
      ],
    }
    const text = await shown()
    expect(text).toContain('Disk budget: 25% of ')
    expect(text).toContain('Queue: 2 requests waiting to be stored.')
    expect(text).toMatch(/default: 2 lines, .* \(ratio 0\.25\)\./)
    expect(text).toMatch(/small: 1 line, [^(]*\n/)
    expect(text).toContain('p6: 1 line')
    expect(text).not.toContain('p7: 1 line')
    const { projects } = await app.result<{ projects: { ratio: number | null }[] }>('logs status')
    expect(projects.slice(0, 3).map(({ ratio }) => ratio)).toEqual([0.25, 0, null])
    expect(await app.result('logs status')).toMatchObject({ unsealed_lines: 5, queued: 2 })
  })

  it('lists the newest partitions, fifteen of them, and warns of a damaged one', async () => {
    status = { ...status, partitions: Array.from({ length: 16 }, (_, i) => partition(`p${i}`)) }
    const text = await shown()
    expect(text).toContain('… 1 older')
    expect(text).not.toContain('p0:')
    expect(text.indexOf('p15')).toBeLessThan(text.indexOf('p14'))
    expect((await cardOf('logs status')).tone).toBe('plain')
    status = {
      ...status,
      partitions: [
        partition('open', { state: 'open' }),
        partition('old', { expiresAt: NOW }),
        partition('bad', { state: 'damaged', message: 'Page 3 is wrong.' }),
        partition('worse', { state: 'damaged', expiresAt: null }),
        partition('empty', { lines: 0 }),
      ],
    }
    expect((await cardOf('logs status')).tone).toBe('warning')
    const mixed = await shown()
    expect(mixed).toMatch(/✏️ open open, 1 line, .*expires/)
    expect(mixed).toMatch(/▫️ old closed, 1 line, .*expired/)
    expect(mixed).toContain('❌ bad: Page 3 is wrong.')
    expect(mixed).toContain('❌ worse: damaged')
    const { partitions } = await app.result<{ partitions: { name: string; from: string | null }[] }>('logs status')
    expect(partitions.map(({ name, from }) => [name, from === null])).toEqual([
      ['empty', true],
      ['worse', false],
      ['bad', false],
      ['old', false],
      ['open', false],
    ])
  })

  it('names an archive, what waits for it, and that nothing is in it yet', async () => {
    const place = mkdtempSync(join(tmpdir(), 'vakt-archive-'))
    status = { ...status, partitions: [partition('p1')] }
    app = await begin({ ARCHIVE_TO: place })
    expect(await shown()).toContain(`Archive: 0 partitions in ${place}, 1 pending.`)
    expect(buttonsOf(await cardOf('logs status'))).toEqual(['Archives: logs archives'])
    const card = await cardOf('logs archives')
    expect([card.title, buttonsOf(card)]).toEqual(['Nothing is archived yet', ['Archive now: logs archive']])
    expect(app.text(card)).toContain('Pending: 1 closed partition.')
    status = { ...status, partitions: [] }
    expect(buttonsOf(await cardOf('logs archives'))).toEqual([])
    expect(await app.result('logs archive')).toEqual({ archived: 0, waiting: 0 })
    expect(await app.answerText('logs archive')).toContain('No partitions to archive')
  })

  it('without an archive says how to set one', async () => {
    expect(await cardOf('logs archives')).toMatchObject({ title: 'No archive is set', buttons: [] })
    expect(await app.answerText('logs archive')).toContain('No archive is set.')
    expect(await app.answerText('logs restore x')).toContain('No archive is set.')
  })

  it('has archives in pages of ten', async () => {
    const insert = `insert into log_archives (name, partition, place, key, lines, bytes, sha256, "from", "until", archived_at, last_position)
      values (?, ?, 's3', 'k', 5, 10, 'x', ?, ?, ?, 1)`
    for (let i = 0; i < 21; i++) app.state.prepare(insert).run(`a${i}`, `p${i}`, NOW + i, NOW + i, NOW + i)
    const pages = async (number: number) => buttonsOf(await cardOf(`logs archives --page ${number}`))
    expect(await pages(1)).toEqual(['Older: logs archives --page 2'])
    expect(await pages(2)).toEqual(['Newer: logs archives --page 1', 'Older: logs archives --page 3'])
    expect(await pages(3)).toEqual(['Newer: logs archives --page 2'])
    status = { ...status, partitions: [partition('p20')] }
    const { archives, total } = await app.result<{ archives: { name: string; searchable: boolean }[]; total: number }>(
      'logs archives',
    )
    expect([total, archives.length]).toEqual([21, 10])
    expect(archives.filter(({ searchable }) => searchable).map(({ name }) => name)).toEqual(['a20'])
    expect((await cardOf('logs archives')).title).toBe('21 archived partitions: 105 lines, 210 B')
  })
})
