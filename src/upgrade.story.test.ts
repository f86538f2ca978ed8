// The data folder that commit 3ed0b34 left when it was killed: this version keeps all of it, goes on with it, and may be killed too.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import type { Requester } from './chat/channel.ts'
import { readConfig } from './config/config.ts'
import { silentLogger } from './logger.ts'
import type { EmbeddedLogStore } from './logs/embedded/embedded-log-store.ts'
import { openLogStore } from './logs/embedded/open-log-store.ts'
import { privacyKey } from './projects/vault.ts'
import { MIGRATIONS, openState, type State } from './state/database.ts'
import { startApp, type TestApp } from './testing/app.ts'
import { createFakeClock } from './testing/fake-clock.ts'
import { createMemoryChannel, type MemoryChannel, type Message } from './testing/memory-channel.ts'
import { until } from './testing/running.ts'
import { startS3 } from './testing/s3/s3-server.ts'

type Journal = { entries: { when: number; idx: number }[] }
type Line = { id: string; message: string }
type Posted = { ref: string; nonce: string; title: string; edits: number }
type Answered<T = unknown> = { line: string; result: T }
type Expected = {
  opened_at: string
  admin_key: string
  rows: Record<string, number>
  keys: Record<'shop' | 'viewer' | 'revoked', string>
  ping_keys: { shop: string }
  signed_request: { body: string; headers: Record<string, string> }
  idempotent_request: { body: string; key: string }
  archive_to: string
  chats: Record<string, (Posted & { replies: Omit<Posted, 'edits'>[] })[]>
  status: string[]
  metrics: string[]
  commands: { name: string; role: string }[]
  answers: Answered[]
  gets: { path: string; status: number; body: unknown }[]
  restored: (Answered & { logs: Line[] })[]
}

const FIXTURE = join(import.meta.dirname, 'testing/fixtures/3ed0b34')
const expected = JSON.parse(readFileSync(join(FIXTURE, 'expected.json'), 'utf8')) as Expected
const vaultKey = Buffer.from(readFileSync(join(FIXTURE, 'data/vault.key'), 'utf8'), 'base64')
const openedAt = Date.parse(expected.opened_at)
/** What newer migrations call the tables of that version; null for one whose rows are kept in another way. */
const RENAMED: Record<string, string | null> = {
  // Its rows about alerts are columns of alerts and rows of dismissed_alerts now.
  facts: null,
  ...{ absences: 'downtimes', audience: 'recipients', watches: 'rule_states' },
  ...{ hold_settings: 'suppression_settings', begun_answers: 'pending_answers', spendings: 'spending' },
}

/** Sentences for people, which may be worded in another way. */
const SENTENCE = /> problems > \d+$/

/** Each state that a kill left is opened and read whole; with more migrations some of them must do. */
const MAX_INSPECTED = 6

const folders: string[] = []
const newFolder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'vakt-upgrade-')))
  return folders.at(-1)!
}
const newCopy = () => {
  const folder = newFolder()
  cpSync(join(FIXTURE, 'data'), folder, { recursive: true })
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const openStore = (folder: string) =>
  openLogStore({ folder: join(folder, 'logs'), logger: silentLogger, privacyKey: privacyKey(vaultKey) })

/** What that version answered, in the words of one of its commands. */
const answered = <T>(line: string) => expected.answers.find(one => one.line === line)!.result as T
const alertsThen = answered<{ alerts: { id: number; title: string; state: string; count: number }[] }>(
  'alerts history --limit 100',
).alerts
const alertThen = (title: string) => alertsThen.find(alert => alert.title === title)!

describe('what the folder holds', () => {
  let state: State
  let store: EmbeddedLogStore
  let s3: Awaited<ReturnType<typeof startS3>>
  let ask: (line: string) => Promise<unknown>
  let get: (path: string) => Promise<{ status: number; body: unknown }>

  beforeAll(async () => {
    s3 = await startS3('logs')
    for (const name of readdirSync(join(FIXTURE, 'archive/bucket/vakt')))
      s3.objects.set(`vakt/${name}`, readFileSync(join(FIXTURE, 'archive/bucket/vakt', name)))
    const { endpoint, accessKey, secretKey } = s3.bucket
    const folder = newCopy()
    state = openState(folder)
    store = await openStore(folder)
    const config = readConfig({
      ...{ TZ: 'UTC', DATA_DIR: folder, ARCHIVE_TO: expected.archive_to, ARCHIVE_S3_ENDPOINT: endpoint },
      ...{ ARCHIVE_S3_ACCESS_KEY: accessKey, ARCHIVE_S3_SECRET_KEY: secretKey },
    })
    // It is never started: what is asked is what was kept, before anything goes on.
    const app = createApp({
      ...{ state, store, config, vaultKey, clock: createFakeClock(openedAt), logger: silentLogger },
      ...{ adminKey: expected.admin_key, version: 'test', publicUrl: () => 'https://vakt.example.org' },
      draw: async () => new Uint8Array([137, 80, 78, 71]),
      platforms: [],
    })
    const ann: Requester = { platform: 'discord', id: '1', name: 'Ann', admin: true, groups: [], interactive: false }
    ask = async line => {
      const reply = await app.dispatcher.run({ line }, ann)
      return reply.ok ? JSON.parse(JSON.stringify(reply.result)) : reply.problem.message
    }
    get = async path => {
      const headers = { authorization: `Bearer ${expected.admin_key}` }
      const response = await app.intake.request(path, { headers })
      const text = await response.text()
      const isJson = (response.headers.get('content-type') ?? '').startsWith('application/json')
      return { status: response.status, body: isJson ? JSON.parse(text) : text }
    }
  })
  afterAll(async () => {
    await store.close()
    await s3.stop()
    state.close()
  })

  it('is in as many rows as before', () => {
    const { __drizzle_migrations, ...rows } = expected.rows
    const then = Object.entries(rows).filter(([table]) => RENAMED[table] !== null)
    const now = then.map(([table]) => {
      const query = `select count(*) as n from "${RENAMED[table] ?? table}"`
      return [table, state.prepare<[], { n: number }>(query).get()!.n] as const
    })
    expect(Object.fromEntries(now)).toEqual(Object.fromEntries(then))
    const facts = `select (select count(*) from key_values) + (select count(*) from dismissed_alerts)
      + (select count(*) from alerts where card_update_at is not null) as n`
    expect(state.prepare<[], { n: number }>(facts).get()!.n).toBe(rows.facts)
    expect(state.prepare('pragma foreign_key_check').all()).toEqual([])
  })

  it('is answered the same by every command', async () => {
    const changed: string[] = []
    for (const { line, result } of expected.answers) changed.push(...differences(result, await ask(line), line))
    expect(changed).toEqual([])
  })

  it('is found the same over HTTP', async () => {
    const changed: string[] = []
    for (const { path, status, body } of expected.gets) {
      const now = await get(path)
      changed.push(...differences({ status, body }, { ...now, body: idsWhere(body, now.body) }, path))
    }
    expect(changed).toEqual([])
  })

  it('is asked for by the same commands, and told in the same parts of the status and metrics', async () => {
    // By its name or, where it has another one now, its former name.
    const now = await Promise.all(
      expected.commands.map(async ({ name }) => {
        const { commands } = (await ask(`help ${name}`)) as { commands?: { role: string }[] }
        return { name, role: commands?.[0]?.role }
      }),
    )
    expect(now).toEqual(expected.commands)
    expect(Object.keys((await ask('status')) as object)).toEqual(expect.arrayContaining(expected.status))
    const { body } = await get('/metrics')
    const series = new Set((body as string).split('\n').map(line => line.replace(/ \S+$/, '')))
    expect(expected.metrics.filter(one => !series.has(one))).toEqual([])
  })

  it('comes back from the archive line by line', async () => {
    const all = async () => ((await get('/api/logs?limit=1000')).body as { logs: Line[] }).logs
    const changed: string[] = []
    for (const { line, result, logs } of expected.restored) {
      const before = new Set((await all()).map(({ id }) => id))
      changed.push(...differences(result, await ask(line), line))
      const restored = (await all()).filter(({ id }) => !before.has(id))
      changed.push(...differences(logs, restored, `${line}: logs`))
    }
    expect(changed).toEqual([])
    expect(expected.restored.length).toBeGreaterThan(1)
  })
})

describe('what was under way', () => {
  let state: State
  let store: EmbeddedLogStore
  let app: TestApp
  const clock = createFakeClock(openedAt)
  const channels = new Map(Object.entries(expected.chats).map(([id, posted]) => [id, chatWith(id, posted)]))
  const settings = answered<{ channels: { id: string; given: string }[] }>('channels list').channels.filter(
    channel => channel.given === 'settings',
  )

  beforeAll(async () => {
    const folder = newCopy()
    state = openState(folder)
    store = await openStore(folder)
    app = await startApp({
      store,
      channels: settings.map(channel => channel.id),
      environment: { DATA_DIR: folder },
      after: { state, clock, channels: [...channels.values()], added: channels },
    })
    await app.passes('1s')
  })
  afterAll(async () => {
    await app.stop()
    await store.close()
    state.close()
  })

  const card = (channel: string, title: string) => {
    const found = channels.get(channel)!.messages.filter(message => isCard(message.card.title, title))
    expect(found).toHaveLength(1)
    return found[0]!
  }
  const post = async (body: string, headers: Record<string, string>) => {
    const sent = { 'content-type': 'application/json', ...headers }
    const response = await app.request('/api/logs', { method: 'POST', body, headers: sent })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  it('is told nowhere a second time, not even where the answer to a post never came', () => {
    type Delivery = { alert: number; channel: string; shown_version: number }
    const { deliveries } = answered<{ deliveries: Delivery[] }>('deliveries --limit 500')
    const shown = new Set(deliveries.filter(one => one.shown_version > 0).map(one => `${one.alert} ${one.channel}`))
    expect(shown.size).toBeGreaterThan(100)
    const again = [...channels].flatMap(([id, channel]) =>
      freshOf(id, channel)
        .map(message => `${alertOn(message)} ${id}`)
        .filter(pair => shown.has(pair)),
    )
    expect(again).toEqual([])
    card('slack:C0123456789', 'half-posted reported a failure')
  })

  it('is on the cards that are there: repeated trouble, acknowledgements, and its end', async () => {
    const title = 'payments reported a failure'
    const { id, count } = alertThen(title)
    const places = ['discord:1010101010101010101', 'discord:2020202020202020202', 'slack:C0123456789']
    const seen = places.map(place => card(place, title).card.facts!.find(field => field.name === 'Seen')?.value)
    expect(seen).toEqual(places.map(() => `${count} times`))
    await app.result(`ack ${id} we are on it`)
    await app.passes('5s')
    for (const place of places) expect(card(place, title).card.title).toBe(`Acknowledged: ${title}`)
    for (const place of places) expect(card(place, title).edits).toBeGreaterThan(editsThen(place, title))

    const key = expected.ping_keys.shop
    expect((await app.request(`/ping/${key}/made-by-beat`)).status).toBe(200)
    await app.passes('5s')
    expect(card(places[0]!, 'made-by-beat sent no beat').card.title).toBe('Resolved: made-by-beat sent no beat')
  })

  it('is ended where Vakt died in the middle of it: a run, an analysis', async () => {
    const { runs } = await app.result<{ runs: { outcome: string }[] }>('actions history')
    expect(runs[0]).toMatchObject({ outcome: 'unknown', action: 'restart-nginx' })
    const { id } = alertThen('payments reported a failure')
    card('discord:1010101010101010101', `Analysis of alert ${id} was interrupted`)
  })

  it('is not told again where somebody has resolved it while it goes on', async () => {
    // Nothing is behind the addresses of the hosts: each is looked at, and judged by what is known of it.
    const failures = async () =>
      (await app.result<{ hosts: { name: string; failures?: number; error: string | null }[] }>('hosts list')).hosts
    await until(async () => (await failures()).every(host => host.error !== null), 'the hosts to be looked at')
    const { alerts } = await app.result<{ alerts: { title: string }[] }>('alerts list')
    expect(alertThen('worker on web-1 died with exit status 3').state).toBe('resolved')
    expect(alerts.map(alert => alert.title)).not.toContain('worker on web-1 died with exit status 3')
    expect(alerts.map(alert => alert.title)).toContain('cache on web-1 died with exit status 137')
  })

  it('is held to the same keys, signatures and idempotency', async () => {
    const { body, key } = expected.idempotent_request
    const total = async () => (await app.result<{ total: number }>('logs search --last 30d')).total
    const before = await total()
    const repeated = await post(body, { 'x-api-key': expected.keys.shop, 'idempotency-key': key })
    expect(repeated).toMatchObject({ status: 200, body: { accepted: 1, repeated: true } })
    const { signed_request: signed } = expected
    expect(await post(signed.body, signed.headers)).toMatchObject({
      status: 401,
      body: { error: { message: expect.stringContaining('used before') } },
    })
    expect((await post(body, { 'x-api-key': expected.keys.revoked })).status).toBe(401)
    const headers = { 'x-api-key': expected.keys.viewer }
    expect((await app.request('/api/logs?limit=1', { headers })).status).toBe(200)
    expect((await app.request('/api/logs?q=once', { method: 'DELETE', headers })).status).toBe(403)
    expect(await total()).toBe(before)
    expect(await post(body, { 'x-api-key': expected.keys.shop })).toMatchObject({ status: 200, body: { accepted: 1 } })
    expect(await total()).toBe(before + 1)
  })
})

it('finds migrations that each come after those before, as one that does not would be left out', () => {
  const { entries } = JSON.parse(readFileSync(join(MIGRATIONS, 'meta/_journal.json'), 'utf8')) as Journal
  const times = entries.map(entry => entry.when)
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
})

describe('a kill -9 in the middle of migrating', () => {
  it.each([
    ['to this version', () => MIGRATIONS],
    ['by migrations made up for this test', madeUpMigrations],
  ])('%s loses nothing', (_name, make) => {
    const migrations = make()
    const wanted = openedOn(newCopy(), migrations)

    const kept = newFolder()
    const folder = newCopy()
    dies(folder, migrations, Number.POSITIVE_INFINITY, kept)
    const steps = readdirSync(kept).length
    const begun = newCopy()
    dies(begun, migrations, Math.ceil(steps / 2), newFolder())

    const looked = readdirSync(kept).filter((_, i) => i % Math.ceil(steps / MAX_INSPECTED) === 0)
    const places = [...looked.map(step => join(kept, step)), folder, begun]
    expect(places.map(place => openedOn(place, migrations))).toEqual(places.map(() => wanted))
  })
})

/** Everything of `old` that `now` has not, or not with the same value; what is new beside it is welcome. */
function differences(old: unknown, now: unknown, path: string): string[] {
  if (SENTENCE.test(path) && typeof old === typeof now) return []
  if (old === null || typeof old !== 'object')
    return Object.is(old, now) ? [] : [`${path}: ${JSON.stringify(old)} is ${JSON.stringify(now)}`]
  if (now === null || typeof now !== 'object') return [`${path} is ${JSON.stringify(now)}`]
  if (Array.isArray(old) && (!Array.isArray(now) || now.length !== old.length))
    return [`${path} has ${Array.isArray(now) ? now.length : 'no'} in place of ${old.length}`]
  return Object.entries(old).flatMap(([key, value]) =>
    differences(value, (now as Record<string, unknown>)[key], `${path} > ${key}`),
  )
}

/** The body with the ids of its lines in their place, where `old` has them so. */
function idsWhere(old: unknown, now: unknown): unknown {
  const [before, lines] = [old, now].map(body => (body as { logs?: unknown[] } | null)?.logs)
  if (!before || !lines || typeof before[0] !== 'string') return now
  return { ...(now as object), logs: (lines as Line[]).map(line => line.id) }
}

/** A chat in which that version has posted; a reply is a message of its own there. */
function chatWith(id: string, posted: Expected['chats'][string]): MemoryChannel {
  const channel = createMemoryChannel(id, () => openedAt)
  const messages = posted.flatMap(({ replies, ...message }) => [message, ...replies.map(one => ({ ...one, edits: 0 }))])
  for (const { title, ...message } of messages)
    channel.messages.push({ ...message, card: { title, tone: 'plain' }, replies: [], thread: [], at: 0 })
  return channel
}

function freshOf(id: string, channel: MemoryChannel): Message[] {
  const known = new Set(expected.chats[id]!.flatMap(one => [one.nonce, ...one.replies.map(reply => reply.nonce)]))
  return channel.messages.filter(message => !known.has(message.nonce))
}

/** The alert that a card is about, by its buttons; null for other cards. */
function alertOn({ card }: Message): number | null {
  const lines = (card.buttons ?? []).map(button => button.line)
  return Number(lines.map(line => /^(?:ack|unack|alerts show) (\d+)/.exec(line)?.[1]).find(Boolean)) || null
}

function isCard(shown: string, title: string): boolean {
  return shown.replace(/^(Critical|Warning|Info|Acknowledged|Snoozed|Resolved): /, '') === title
}

function editsThen(channel: string, title: string): number {
  return expected.chats[channel]!.find(message => isCard(message.title, title))!.edits
}

/** Another process opens the folder and is killed after so many steps of migrating, at the latest when it has opened it. */
function dies(folder: string, migrations: string, steps: number, kept: string): void {
  const program = join(import.meta.dirname, 'state/mortal-migration.testing.ts')
  const words = [program, folder, migrations, String(steps), kept]
  const { signal, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  expect([signal, stderr]).toEqual(['SIGKILL', ''])
}

/** A digest of everything that is in a state once it is opened, by table. */
function openedOn(folder: string, migrations: string): Record<string, string> {
  const state = openState(folder, migrations)
  const tables = state
    .prepare<[], { name: string }>(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`)
    .all()
  const digests = tables.map(({ name }) => {
    const rows = state.prepare(`select * from "${name}"`).all()
    return [name, `${rows.length} ${createHash('sha256').update(JSON.stringify(rows)).digest('hex')}`]
  })
  expect(state.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
  state.close()
  return Object.fromEntries(digests)
}

/** The migrations of this version and two more: one adds a column and fills it, the other builds a table again. */
function madeUpMigrations(): string {
  const folder = newFolder()
  cpSync(MIGRATIONS, folder, { recursive: true })
  const journal = join(folder, 'meta/_journal.json')
  const { entries, ...rest } = JSON.parse(readFileSync(journal, 'utf8')) as Journal
  const more = [
    [
      'alter table audit add made_up text',
      `update audit set made_up = line || ' ' || outcome`,
      'create index made_up_index on audit (made_up)',
    ],
    [
      'create table made_up as select * from beats',
      'drop table beats',
      'alter table made_up rename to beats',
      'update beats set user_agent = upper(user_agent)',
      'delete from samples where cpu > 99',
    ],
  ].map((statements, i) => {
    const last = entries.at(-1)!
    const tag = `${last.idx + 1 + i}_made-up`
    writeFileSync(join(folder, `${tag}.sql`), statements.join(';\n--> statement-breakpoint\n'))
    return { ...last, idx: last.idx + 1 + i, when: last.when + 1 + i, tag }
  })
  writeFileSync(journal, JSON.stringify({ ...rest, entries: [...entries, ...more] }))
  return folder
}
