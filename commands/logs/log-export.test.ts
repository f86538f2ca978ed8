// Lines that leave the store, saved searches and zones of sources, over a store that has what each test says.
import { expect, it } from 'vitest'
import { listAlerts } from '../../src/alerts/alerts.ts'
import { applyResults } from '../../src/alerts/lifecycle.ts'
import { zoneKey } from '../../src/detectors/logs/zone-watch.ts'
import { recordArchive } from '../../src/logs/archives.ts'
import type { LogLine } from '../../src/logs/line.ts'
import { recordSource } from '../../src/logs/sources.ts'
import { aFinding } from '../../src/testing/alerts.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { DAY } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const MEBIBYTE = 1024 * 1024

const line = (id: string, message = 'x'): LogLine => ({
  ...{ id, timestamp: NOW, receivedAt: NOW, level: 'info', message, project: 'default', source: 'api', host: '' },
  ...{ group: '', tags: [], fingerprint: '', stack: '', traceId: '', spanId: '', attributes: {} },
})

function begin() {
  const world = {
    pages: [[line('1')]] as LogLine[][],
    total: 3,
    atLeast: false,
    missing: [] as object[],
    purged: [] as unknown[],
  }
  const asked: { cursor: string | null; limit: number; order: string }[] = []
  const store = {
    async search(request: (typeof asked)[number]) {
      asked.push(request)
      const at = Number(request.cursor ?? 0)
      return { lines: world.pages[at]!, next: at + 1 < world.pages.length ? String(at + 1) : null, searchedTo: null }
    },
    missing: async () => world.missing,
    count: async () => ({ total: world.total, atLeast: world.atLeast, searchedTo: null }),
    purge: async (query: unknown) => world.purged.push(query) + 1,
  }
  return { ...createCommandRunner({ store }), world, asked, store }
}

it('an export has all lines of all pages, in the format that was asked for', async () => {
  const { run, world, asked } = begin()
  world.pages = [[line('1'), line('2')], [line('3')]]
  const json = await run('logs export "level>=info"')
  expect(json.card).toMatchObject({
    title: '3 lines as json',
    tone: 'plain',
    lines: [],
    file: { name: expect.stringMatching(/\.json$/) },
  })
  expect(JSON.parse(Buffer.from(json.card.file!.content).toString())).toMatchObject([
    { id: '1' },
    { id: '2' },
    { id: '3' },
  ])
  expect(json.result).toMatchObject({
    ...{ lines: 3, whole: true, bytes: json.card.file!.content.length },
    url: 'http://vakt.test/api/logs?format=ndjson&q=level%3E%3Dinfo',
  })
  expect(asked).toMatchObject([{ cursor: null, limit: 1000, order: 'newest' }, { cursor: '1' }])
  const records = async (format: string) =>
    Buffer.from((await run(`logs export --format ${format}`)).card.file!.content)
      .toString()
      .trimEnd()
      .split('\n')
  expect((await records('ndjson')).map(record => JSON.parse(record).id)).toEqual(['1', '2', '3'])
  expect(await records('csv')).toHaveLength(4)
  expect((await run('logs export --format csv')).result).toMatchObject({
    url: 'http://vakt.test/api/logs?format=csv&q=',
  })
  world.pages = [[]]
  const none = await run('logs export')
  expect(none.card.title).toBe('No lines to export')
  expect(none.card.file).toBeUndefined()
})

it('an export ends at 8 MiB, and says where the rest is', async () => {
  const { run, world } = begin()
  const [record] = Buffer.from((await run('logs export --format ndjson')).card.file!.content)
    .toString()
    .split('\n')
  // The record and two more bytes are exactly the limit.
  const fits = 'x'.repeat(8 * MEBIBYTE - record!.length - 2 + 1)
  world.pages = [[line('1', fits)]]
  expect((await run('logs export --format ndjson')).card).toMatchObject({ title: '1 line as ndjson', tone: 'plain' })
  world.pages = [[line('1', fits), line('2')]]
  const cut = await run('logs export --format ndjson')
  expect(cut.card).toMatchObject({
    ...{ title: '1 line as ndjson', tone: 'warning' },
    lines: [
      'The file has the newest lines; the others do not fit. Download all lines from',
      'http://vakt.test/api/logs?format=ndjson&q=',
    ],
  })
  expect(cut.result).toMatchObject({ lines: 1, whole: false })
  world.pages = [[line('1')]]
  world.missing = [{ partition: 'p1', from: NOW - DAY, until: NOW, message: 'It is damaged.' }]
  const missing = await run('logs export')
  expect(missing.card).toMatchObject({ tone: 'warning', lines: { length: 1 } })
  expect(missing.result).toMatchObject({ whole: false })
})

it('two exports run at a time, and a failed one makes room', async () => {
  const { run, store } = begin()
  const { search } = store
  const waits = Promise.withResolvers<void>()
  store.search = async request => {
    await waits.promise
    throw new Error(`no ${request.order}`)
  }
  const failed = [run('logs export'), run('logs export')].map(one => one.catch((error: Error) => error.message))
  await expect(run('logs export')).rejects.toMatchObject({
    code: 'busy',
    message: '2 exports are running. Try again in a moment.',
  })
  waits.resolve()
  expect(await Promise.all(failed)).toEqual(['no newest', 'no newest'])
  store.search = search
  expect((await run('logs export')).result).toMatchObject({ lines: 1 })
})

it('a deletion names its lines, asks a person first, and says that archives stay', async () => {
  const { run, text, world, state } = begin()
  expect(await text('logs purge')).toContain('Name the lines to delete')
  expect(
    await text('logs purge --project default', { by: { role: 'admin', project: 'default', name: 'k' } }),
  ).toContain('Name the lines to delete')
  const inChat = { interactive: true }
  expect(await text('logs purge level>=info --last 1d', inChat)).toContain(
    ['Delete 3 lines permanently?', 'This cannot be undone. "logs export" saves the lines to a file first.'].join('\n'),
  )
  world.atLeast = true
  const asked = await run('logs purge --project default', inChat)
  expect(asked.card.title).toBe('Delete at least 3 lines permanently?')
  expect(asked.card.buttons!.map(button => button.line)).toEqual(
    expect.arrayContaining(['logs purge --project default --yes', 'logs export --project default']),
  )
  world.total = 0
  expect(await text('logs purge level>=info', inChat)).toContain(
    'Delete all lines that match permanently?\nCounting them takes too long.\n',
  )
  expect(world.purged).toEqual([])
  world.atLeast = false
  expect(await run('logs purge level>=info', inChat)).toMatchObject({
    ...{ card: { title: 'No lines to delete', lines: [] }, result: { removed: 0 }, audit: { count: 0 } },
  })
  expect(world.purged).toEqual([])
  world.total = 1
  expect((await run('logs purge --last 1d --yes', inChat)).result).toEqual({ removed: 2 })
  expect(world.purged).toMatchObject([{ from: NOW - DAY }])
  recordArchive(state, {
    ...{ name: 'a', partition: 'a', place: 'x', key: 'x', lines: 1, bytes: 1, sha256: 'x', from: 0, until: 1 },
    ...{ lastPosition: 1, archivedAt: 0 },
  })
  expect(await text('logs purge --last 1d')).toBe(
    '(muted) 3 lines deleted\nArchives still contain their lines; "logs archives" shows them.',
  )
})

it('a saved search is kept while a rule or a forward reads it', async () => {
  const { run, text, result } = begin()
  expect(await text('logs saved')).toContain('(plain) No saved searches\nSave a search:')
  await run('logs save pay tag:payments')
  expect(await text('logs save late "@pay level>=warn"')).toBe(
    '(good) Saved as @late\n[Search: logs search --query=@late]',
  )
  // A search of a project is looked up there.
  expect(await text('logs save pay tag:shop --project default')).toContain(
    '[Search: logs search --query=@pay --project=default]',
  )
  expect(await text('logs save bad "level>="')).toContain('level')
  expect(await text('logs saved')).toBe(
    [
      ...['(plain) Saved searches', '@late (tag:payments) level>=warn, by Ann', '@pay tag:payments, by Ann'],
      ...['[@late: logs search --query=@late]', '[@pay: logs search --query=@pay]'],
    ].join('\n'),
  )
  expect(await result('logs saved --project default')).toEqual({
    searches: [{ name: 'pay', query: 'tag:shop', saved_by: 'Ann', saved_at: '2026-03-02T09:00:00.000Z' }],
  })
  await run('rules add many --kind search --matcher @pay --window 5m --threshold 1')
  expect(await text('logs forget @pay')).toBe(
    '@pay is the search of the rule many. Give that another one or remove it first.',
  )
  expect(await text('logs forget pay --project default')).toBe('(muted) The saved search @pay is deleted')
  expect(await text('logs forget late')).toBe('(muted) The saved search @late is deleted')
  for (let i = 0; i < 6; i++) await run(`logs save s${i} x`)
  expect((await run('logs saved')).card.buttons).toHaveLength(5)
})

it('a source is read in a zone of its own, or by a correction, which ends the alert', async () => {
  const { text, state, result } = begin()
  recordSource(state, 1, 'till-7', NOW)
  applyResults(state, [{ kind: 'firing', finding: aFinding(zoneKey(1, 'till-7'), NOW) }], NOW)
  expect(await text('logs zone till-8 --tz UTC')).toContain('There is no source "till-8" in the project default.')
  for (const words of ['', '--tz UTC --correct 60'])
    expect(await text(`logs zone till-7 ${words}`)).toBe('Name a zone with --tz, or a correction with --correct.')
  expect(listAlerts(state, { open: true, limit: 9 })).toHaveLength(1)
  const zone = async (words: string) =>
    (await result<{ source: { time_zone: string | null } }>(`logs zone till-7 ${words}`)).source.time_zone
  expect(await zone('--tz America/New_York')).toBe('America/New_York')
  expect(listAlerts(state, { open: true, limit: 9 })).toEqual([])
  expect(await zone('--correct 90')).toBe('-06:30')
  expect(await text('logs zone till-7 --tz none')).toContain('(good) till-7: no zone of its own\n')
  expect(await text('logs zone till-7 --correct 0')).toContain('(good) till-7: its times are read in +00:00\n')
  expect(await zone('--correct -65')).toBe('+01:05')
  expect(await zone('--tz +02:00')).toBe('+02:00')
})
