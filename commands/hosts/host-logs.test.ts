// Remote logs as people and scripts are answered, over a fetcher that finds what each test says.
import { expect, it } from 'vitest'
import { listAlerts } from '../../src/alerts/alerts.ts'
import { updateHostAlerts } from '../../src/alerts/host-alerts.ts'
import type { RemoteLog } from '../../src/hosts/remote-logs/remote-log.ts'
import { listRemoteLogs } from '../../src/hosts/remote-logs/remote-logs.ts'
import { Problem } from '../../src/problem.ts'
import type { State } from '../../src/state/database.ts'
import { remoteLogs } from '../../src/state/schema/index.ts'
import { Rejections } from '../../src/telemetry.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { addTestHost } from '../../src/testing/hosts.ts'
import { createMemoryChannel } from '../../src/testing/memory-channel.ts'
import { HOUR, MINUTE, SECOND } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const FILE = '/var/log/nginx/error.log'

type Fetched = { lines: number; lost?: boolean }

function begin() {
  const world = {
    fetch: async (_: RemoteLog, __?: (lines: number) => void): Promise<Fetched> => ({ lines: 0 }),
    refreshed: 0,
  }
  const rejections = new Rejections()
  const runner = createCommandRunner({
    logFetcher: {
      fetch: (log: RemoteLog, onProgress: (lines: number) => void) => world.fetch(log, onProgress),
      refresh: () => world.refreshed++,
    },
    parts: { rejections, channelOf: () => undefined },
  })
  return { ...runner, world, rejections, host: addTestHost(runner.state, 'web-1') }
}

function hasLog(state: State, hostId: number, target: string, more: Partial<RemoteLog> = {}): void {
  const row = {
    hostId,
    kind: 'file' as const,
    target,
    source: 'nginx',
    every: MINUTE,
    dueAt: NOW + MINUTE,
    addedAt: 0,
    addedBy: 'ann',
  }
  state.db
    .insert(remoteLogs)
    .values({ ...row, ...more })
    .run()
}

it('a new log is fetched each minute, with the project of its host and a source from its name', async () => {
  const { text, result, world, state } = begin()
  world.fetch = async () => ({ lines: 3 })
  expect(await text(`hosts logs add web-1 --file ${FILE}`)).toBe(
    [
      `(good) Reading ${FILE} of web-1 every 1m`,
      'Stored the last 3 lines with the source nginx/error.',
      '[Search: logs search source:nginx/error host:web-1]',
      '[Analyze: analyze logs source:nginx/error host:web-1]',
      `[Fetch now: hosts logs fetch web-1 --file ${FILE}]`,
    ].join('\n'),
  )
  expect(world.refreshed).toBe(1)
  expect(listRemoteLogs(state)).toMatchObject([
    {
      kind: 'file',
      target: FILE,
      source: 'nginx/error',
      every: MINUTE,
      dueAt: NOW + MINUTE,
      projectId: null,
      addedAt: NOW,
      addedBy: 'Ann',
    },
  ])
  const journal = await result('hosts logs add web-1 --journal nginx.service --every 5m --source web --project default')
  expect(journal).toMatchObject({
    fetched: 3,
    log: {
      ...{
        host: 'web-1',
        kind: 'journal',
        target: 'nginx.service',
        source: 'web',
        project: 'default',
        every_ms: 5 * MINUTE,
      },
      ...{
        lines: 0,
        rejected: 0,
        rejected_reason: null,
        fetched_at: null,
        due_at: '2026-03-02T09:05:00.000Z',
        error: null,
      },
    },
  })
})

it.each([
  [`--file ${FILE}`, `Reading ${FILE} of web-1`, 'It has no lines yet; new lines get the source nginx/error.'],
  ['--journal "*"', 'Reading the journal of web-1', 'It has no lines yet; new lines get the source journal.'],
  [
    '--journal nginx.service',
    'Reading nginx.service of web-1',
    'It has no lines yet; new lines get the source nginx. If you expect lines, check the unit with "systemctl list-units" on web-1.',
  ],
])('a new log %s without lines says so', async (words, title, line) => {
  const { run } = begin()
  expect((await run(`hosts logs add web-1 ${words}`)).card).toMatchObject({ title: `${title} every 1m`, lines: [line] })
})

it('a log that cannot be read is not added', async () => {
  const { text, world, state } = begin()
  world.fetch = () => Promise.reject(new Problem('forbidden', 'may not read'))
  expect(await text(`hosts logs add web-1 --file ${FILE}`)).toBe('may not read')
  for (const words of ['', `--file ${FILE} --journal x`])
    expect(await text(`hosts logs add web-1 ${words}`)).toContain('Choose one log')
  expect(await text('hosts logs add web-1 --file nginx.log')).toContain('Write the absolute path')
  expect(await text('hosts logs add web-1 --journal "a b"')).toContain('Write a systemd unit')
  expect(listRemoteLogs(state)).toEqual([])
  expect(world.refreshed).toBe(0)
  expect(await createCommandRunner().text('hosts logs add web-1 --file /x')).toContain('has no log store')
})

it('a list has pages of fifteen, of one host, and counts those that fail', async () => {
  const { run, text, result, state, host } = begin()
  const other = addTestHost(state, 'db-1')
  expect(await text('hosts logs list')).toBe(
    '(plain) 0 remote logs\nNo remote logs yet. Add one: hosts logs add web-1 --file /var/log/nginx/error.log',
  )
  expect(await text('hosts logs list db-1')).toContain('hosts logs add db-1 --file')
  for (let i = 0; i < 15; i++) hasLog(state, host.id, `/${String(i).padStart(2, '0')}.log`)
  expect((await run('hosts logs list')).card).toMatchObject({
    title: '15 remote logs',
    tone: 'plain',
    lines: { length: 15 },
    buttons: [],
  })
  hasLog(state, other.id, '/db.log', { error: 'may not read' })
  expect((await run('hosts logs list')).card).toMatchObject({
    ...{ title: '16 remote logs, 1 failing', tone: 'warning', lines: { length: 15 } },
    buttons: [{ label: 'Next', line: 'hosts logs list --page 2' }],
  })
  const second = await run('hosts logs list --page 2')
  expect(second.card).toMatchObject({
    lines: { length: 1 },
    buttons: [{ label: 'Previous', line: 'hosts logs list --page 1' }],
  })
  expect(second.result).toMatchObject({ logs: { length: 16 } })
  expect(await text('hosts logs list --page 3')).toContain('This page does not exist.')
  hasLog(state, host.id, '/15.log')
  expect((await run('hosts logs list web-1 --page 1')).card.buttons).toEqual([
    { label: 'Next', line: 'hosts logs list web-1 --page 2' },
  ])
  expect(await result('hosts logs list db-1')).toMatchObject({ logs: [{ host: 'db-1', error: 'may not read' }] })
})

it('a line of the list has all that is known of a log', async () => {
  const { text, result, state, host, rejections } = begin()
  const first = async () => (await text('hosts logs list')).split('\n')[1]
  hasLog(state, host.id, FILE)
  expect(await first()).toBe(`🟢 web-1 ${FILE} · nginx · every 1m · 0 lines · never fetched`)
  state.db
    .update(remoteLogs)
    .set({ fetchedAt: NOW - MINUTE, lines: 5, lostAt: NOW - HOUR, error: 'may not read' })
    .run()
  expect(await first()).toBe(
    `🟠 web-1 ${FILE} · nginx · every 1m · 5 lines · fetched 1m ago · lines lost in a rotation 1h ago · may not read`,
  )
  state.db.update(remoteLogs).set({ error: null, lostAt: null }).run()
  const rejected = {
    project: 'default',
    source: 'nginx',
    sender: '',
    reason: 'invalid',
    message: 'too old',
    requests: 0,
  }
  for (const [on, lines] of [
    ['web-1', 4],
    ['db-1', 9],
  ] as const)
    rejections.record({ ...rejected, host: on, lines } as never, NOW)
  expect(await first()).toBe(
    `🟠 web-1 ${FILE} · nginx · every 1m · 5 lines · fetched 1m ago · 4 lines not kept: too old`,
  )
  rejections.record(
    { ...rejected, reason: 'too large', message: 'too large', host: 'web-1', lines: 2 } as never,
    NOW + 1,
  )
  expect(await result('hosts logs list')).toMatchObject({ logs: [{ rejected: 6, rejected_reason: 'too large' }] })
})

it('an edit changes what it names, and fetches no later than before', async () => {
  const { text, result, world, state, host } = begin()
  hasLog(state, host.id, FILE)
  const log = () => listRemoteLogs(state)[0]
  expect(await text('hosts logs edit web-1')).toBe('Nothing to change. Add --every, --project or --source.')
  expect(world.refreshed).toBe(0)
  expect(await text('hosts logs edit web-1 --every 5m')).toBe(
    `(good) ${FILE} of web-1\n🟢 web-1 ${FILE} · nginx · every 5m · 0 lines · never fetched`,
  )
  expect(log()).toMatchObject({ every: 5 * MINUTE, dueAt: NOW + MINUTE, source: 'nginx', projectId: null })
  await text('hosts logs edit web-1 --every 30s')
  expect(log()).toMatchObject({ every: 30 * SECOND, dueAt: NOW + 30 * SECOND })
  expect(await result('hosts logs edit web-1 --source web')).toMatchObject({ log: { source: 'web', project: null } })
  expect(await result('hosts logs edit web-1 --project default')).toMatchObject({
    log: { source: 'web', project: 'default' },
  })
  expect(world.refreshed).toBe(4)
})

it('a log is named where a host has several', async () => {
  const { text, state, host } = begin()
  addTestHost(state, 'db-1')
  expect(await text('hosts logs remove web-1')).toBe(
    `Vakt reads no log of web-1. Add it: hosts logs add web-1 --file ${FILE}`,
  )
  expect(await text('hosts logs remove web-1 --file /x')).toBe(
    `Vakt does not read /x of web-1. Add it: hosts logs add web-1 --file ${FILE}`,
  )
  hasLog(state, host.id, '/a')
  expect(await text('hosts logs remove web-1 --file /x')).toBe(
    'Vakt does not read /x of web-1. Logs of this host: --file /a.',
  )
  hasLog(state, host.id, '/a', { kind: 'journal' })
  expect(await text('hosts logs remove web-1')).toBe(
    'Choose one log of web-1. Logs of this host: --file /a, --journal /a.',
  )
  hasLog(state, host.id, 'a', { kind: 'journal' })
  hasLog(state, host.id, 'b', { kind: 'journal' })
  expect(await text('hosts logs remove web-1 --journal b')).toBe(
    '(muted) Stopped reading b of web-1\nIts stored lines are kept for the retention of their project.',
  )
  expect(listRemoteLogs(state).map(({ kind, target }) => [kind, target])).toEqual([
    ['file', '/a'],
    ['journal', '/a'],
    ['journal', 'a'],
  ])
})

it('the alert of a log ends with it', async () => {
  const { text, state, host } = begin()
  const failing = { error: 'may not read', failures: 9, failingSince: NOW - HOUR, failedAt: NOW - MINUTE }
  hasLog(state, host.id, FILE, failing)
  updateHostAlerts(state, host.id, NOW)
  expect(listAlerts(state, { open: true, limit: 9 })).toHaveLength(1)
  await text('hosts logs remove web-1')
  expect(listAlerts(state, { open: true, limit: 9 })).toEqual([])
})

it.each<[Fetched, object]>([
  [{ lines: 0 }, { title: `No new lines in ${FILE} of web-1`, tone: 'good', lines: [] }],
  [
    { lines: 1 },
    { title: `1 new line from ${FILE} of web-1`, tone: 'good', buttons: [{ label: 'Search' }, { label: 'Analyze' }] },
  ],
  [
    { lines: 2, lost: true },
    { tone: 'warning', lines: ['Lines written before the last rotation were not found on the host and are lost.'] },
  ],
])('a fetch that finds %j says so', async (fetched, card) => {
  const { run, world, state, host } = begin()
  hasLog(state, host.id, FILE)
  world.fetch = async () => fetched
  const answer = await run('hosts logs fetch web-1')
  expect(answer.card).toMatchObject(card)
  expect(answer.result).toMatchObject({ fetched: fetched.lines, lost: fetched.lost, log: { target: FILE } })
})

it.each([true, false])(
  'a fetch of more than three seconds shows a person how far it is; it succeeds: %s',
  async succeeds => {
    const { run, world, state, host, clock } = begin()
    hasLog(state, host.id, FILE)
    const channel = createMemoryChannel('discord', clock.now)
    const { promise, resolve, reject } = Promise.withResolvers<Fetched>()
    let tell: (lines: number) => void = () => {}
    world.fetch = (_, onProgress) => {
      tell = onProgress!
      return promise
    }
    const inChat = { interactive: true, parts: { rejections: new Rejections(), channelOf: () => channel } }
    const answer = run('hosts logs fetch web-1', inChat).catch(error => error)
    await clock.advance(3 * SECOND - 1)
    expect(channel.messages).toEqual([])
    await clock.advance(1)
    expect(channel.messages[0]!.card).toMatchObject({
      title: `Fetching ${FILE} of web-1`,
      tone: 'info',
      lines: ['0 lines so far.'],
    })
    tell(7)
    await clock.advance(3 * SECOND)
    expect(channel.messages[0]!.card.lines).toEqual(['7 lines so far.'])
    if (succeeds) resolve({ lines: 8 })
    else reject(new Problem('busy', 'no answer'))
    await answer
    expect(channel.messages[0]!.card).toMatchObject(
      succeeds
        ? { title: `8 new lines from ${FILE} of web-1` }
        : { title: `Fetching ${FILE} of web-1 failed`, tone: 'warning', lines: ['no answer'] },
    )
  },
)

it('a quick fetch, or one of a script, shows nothing on the way', async () => {
  const { run, state, host, clock } = begin()
  hasLog(state, host.id, FILE)
  const channel = createMemoryChannel('discord', clock.now)
  for (const interactive of [true, false]) {
    await run('hosts logs fetch web-1', {
      interactive,
      parts: { rejections: new Rejections(), channelOf: () => channel },
    })
    await clock.advance(MINUTE)
  }
  expect(channel.messages).toEqual([])
})
