// Damaged data folders: doctor names each damage with a remedy, and finds nothing wrong with a good folder.
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { diagnose as diagnoseDiscord } from '../../chat/discord/diagnose.ts'
import { PLATFORMS } from '../../chat/platforms.ts'
import { diagnose as diagnoseSlack } from '../../chat/slack/diagnosis/diagnose.ts'
import { readConfig } from '../../config/config.ts'
import { loadOrCreateSecret, loadOrCreateVaultKey } from '../../config/secret-files.ts'
import { silentLogger } from '../../logger.ts'
import { openLogStore } from '../../logs/embedded/open-log-store.ts'
import { aBatch } from '../../logs/intake/batches.testing.ts'
import { createVault } from '../../projects/vault.ts'
import { openState } from '../../state/database.ts'
import { writeValue } from '../../state/key-value.ts'
import { Sqlite } from '../../state/sqlite.ts'
import { diagnosisText } from './diagnosis-text.ts'
import { examine } from './examine.ts'
import { examineFolder } from './examine-folder.ts'
import { examineClock } from './examine-machine.ts'
import { fileFault } from './file-fault.ts'
import type { FolderOptions } from './folder-options.ts'

const NOW = Date.parse('2026-11-29T12:00:00Z')
let good: string
let folder: string

beforeAll(async () => {
  good = mkdtempSync(join(tmpdir(), 'vakt-doctor-'))
  chmodSync(good, 0o700)
  const state = openState(good)
  writeValue(state, 'ssh key', createVault(loadOrCreateVaultKey(good)).seal('{}').toString('base64'))
  writeValue(state, 'alive', String(NOW))
  loadOrCreateSecret(good, 'admin.key', () => 'vakt_admin_x')
  state.close()
  const store = await openLogStore({ folder: join(good, 'logs'), logger: silentLogger })
  const lines = Array.from({ length: 500 }, (_, i) => ({ message: `line ${i} ${'x'.repeat(i % 90)}` }))
  await store.append(aBatch(lines, { receivedAt: NOW }))
  await store.seal()
  await store.close()
})
afterAll(() => rmSync(good, { recursive: true }))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-doctor-'))
  rmSync(folder, { recursive: true })
  cpSync(good, folder, { recursive: true })
  chmodSync(folder, 0o700)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)
const partition = () => at(join('logs', readdirSync(at('logs')).find(file => file.endsWith('.db'))!))
const overwrite = (file: string, from: number, length: number) => {
  const bytes = readFileSync(file)
  bytes.fill(0xa5, from, from + length)
  writeFileSync(file, bytes)
}
const change = (file: string, sql: string) => {
  const database = new Sqlite(file)
  database.exec(sql)
  database.close()
}
/** Changes a byte that SQLite knows nothing of. */
const changeByte = (file: string) => {
  const database = new Sqlite(file)
  const piece = database.prepare<[], { id: number; data: Buffer }>('select id, data from pieces limit 1').get()!
  piece.data[piece.data.length - 2]! ^= 1
  database.prepare('update pieces set data = ? where id = ?').run(piece.data, piece.id)
  database.close()
}
/** Without a worker, which costs a test a second. */
const HERE = { examineFolder: async (options: FolderOptions) => examineFolder(options) }
const examined = () => examineFolder({ dataDir: folder, vaultKey: null, adminKey: null, now: NOW })

it('finds nothing wrong with a good folder, except that nobody backs it up', () => {
  const found = examined().filter(({ state }) => state !== 'ok')
  expect(found.map(({ part, text }) => `${part}: ${text}`)).toEqual(['backups: No backup is scheduled.'])
  expect(diagnosisText(examined())).toContain('🟢 logs: 500 lines in 1 partition')
})

const DAMAGES: [damage: string, make: () => void, named: RegExp][] = [
  ['no state beside logs', () => rmSync(at('vakt.db')), /vakt\.db is missing, but the folder was in use/],
  ['an empty state', () => truncateSync(at('vakt.db')), /vakt\.db is empty/],
  ['a state without its header', () => overwrite(at('vakt.db'), 0, 100), /vakt\.db .*not a database/],
  ['a state cut short', () => truncateSync(at('vakt.db'), 40_000), /vakt\.db is damaged/],
  ['a state with a bad page', () => overwrite(at('vakt.db'), 8_192, 4_096), /vakt\.db is damaged/],
  [
    'a folder in place of the state',
    () => {
      rmSync(at('vakt.db'))
      mkdirSync(at('vakt.db'))
    },
    /vakt\.db is not a file/,
  ],
  [
    'a database of another program',
    () => {
      rmSync(at('vakt.db'))
      change(at('vakt.db'), 'create table notes (text)')
    },
    /not one of Vakt/,
  ],
  [
    'a state of a newer Vakt',
    () => change(at('vakt.db'), "insert into __drizzle_migrations (hash, created_at) values ('x', 9999999999999)"),
    /A newer Vakt wrote this state/,
  ],
  [
    'a state of the future',
    () => change(at('vakt.db'), `update key_values set value = '${NOW + 3_600_000}' where name = 'alive'`),
    /ahead of the clock of this machine/,
  ],
  [
    'failing backups',
    () =>
      change(
        at('vakt.db'),
        `insert into key_values values ('backup', '{"place":"/b","lastAt":null,"failingSince":1,"error":"The disk is full.","nextAt":2}')`,
      ),
    /Backups to \/b fail since .*The disk is full/,
  ],
  [
    'a record of backups that is none',
    () => change(at('vakt.db'), "insert into key_values values ('backup', '{')"),
    /What is stored of the last backup cannot be read/,
  ],
  [
    'a state without a table',
    () => change(at('vakt.db'), 'drop table checks'),
    /vakt\.db is damaged: it has no checks/,
  ],
  [
    'a state without an index',
    () => change(at('vakt.db'), 'drop index checks_down_at'),
    /vakt\.db is damaged: it has no checks_down_at/,
  ],
  [
    'a folder in place of a key',
    () => {
      rmSync(at('admin.key'))
      mkdirSync(at('admin.key'))
    },
    /admin\.key is not a file/,
  ],
  [
    'a folder in place of the lock',
    () => {
      rmSync(at('vakt.lock'))
      mkdirSync(at('vakt.lock'))
    },
    /vakt\.lock is not a file/,
  ],
  ['a partition without a table', () => change(partition(), 'drop table blocks'), /is damaged \(it has no blocks\)/],
  ['a block without its pieces', () => change(partition(), 'delete from pieces'), /there is no content of 1 block/],
  ['a changed byte inside a block', () => changeByte(partition()), /1 piece of its blocks cannot be read/],
  [
    'a link in place of the logs that leads nowhere',
    () => {
      rmSync(at('logs'), { recursive: true })
      symlinkSync(at('nowhere'), at('logs'))
    },
    /logs leads nowhere/,
  ],
  ['no vault key', () => rmSync(at('vault.key')), /no vault\.key, but secrets are stored/],
  ['a vault key cut short', () => writeFileSync(at('vault.key'), 'abc'), /vault\.key does not hold a key/],
  [
    'another vault key',
    () => writeFileSync(at('vault.key'), Buffer.alloc(32, 7).toString('base64')),
    /not the key that encrypted/,
  ],
  ['an empty admin key', () => writeFileSync(at('admin.key'), ''), /admin\.key is empty/],
  ['a key for everybody', () => chmodSync(at('vault.key'), 0o644), /Other users may read vault\.key/],
  ['an open folder', () => chmodSync(folder, 0o755), /Other users may open/],
  ['a partition without its header', () => overwrite(partition(), 0, 100), /partition 2026-11-29\S+ is damaged/],
  ['a partition cut short', () => truncateSync(partition(), 20_000), /partition 2026-11-29\S+ is damaged/],
  [
    'a partition of a newer Vakt',
    () => change(partition(), 'pragma user_version = 999'),
    /A newer Vakt wrote the partition/,
  ],
  ['a partition without its summary', () => change(partition(), 'delete from summary'), /its summary is missing/],
  ['an empty partition file', () => truncateSync(partition()), /has no layout that Vakt reads/],
  ['a partition that was set aside', () => renameSync(partition(), `${partition()}.damaged`), /was set aside as/],
  [
    'a write-ahead log alone',
    () => writeFileSync(at('logs/2026-11-01.14d.0.db-wal'), 'x'),
    /without its partition: lines are missing/,
  ],
  ['a stranger among the partitions', () => writeFileSync(at('logs/notes.txt'), 'x'), /notes\.txt is no partition/],
  [
    'a file in place of the logs',
    () => {
      rmSync(at('logs'), { recursive: true })
      writeFileSync(at('logs'), 'x')
    },
    /logs is not a folder/,
  ],
  ['a restore cut short', () => mkdirSync(at('restore.tmp')), /restore\.tmp is left of a restore/],
  ['a damaged mark of the instance', () => writeFileSync(at('vakt.instance'), 'x'), /vakt\.instance is damaged/],
]

describe('a damaged folder', () => {
  it.each(DAMAGES)('with %s is named, with a remedy', (_, make, named) => {
    make()
    const found = examined().filter(({ state }) => state === 'failed' || state === 'warning')
    const hits = found.filter(({ text }) => named.test(text))
    expect(found.map(({ text }) => text).join('\n')).toMatch(named)
    expect(hits.every(({ remedy }) => remedy !== '')).toBe(true)
  })
})

it.each([
  ['SQLITE_CANTOPEN', /^vakt\.db cannot be opened .* was not examined\.$/, /make the folder writable/],
  ['SQLITE_FULL', /^vakt\.db cannot be opened/, /room on the disk/],
  ['SQLITE_IOERR_READ', /^vakt\.db cannot be read/, /dmesg/],
  ['SQLITE_BUSY', /^vakt\.db is locked/, /End that program/],
  ['SQLITE_CORRUPT', /^vakt\.db is damaged/, /^Restore it\.$/],
])('an error of SQLite is damage only where it says so: %s', (code, text, remedy) => {
  const found = fileFault('state database', 'vakt.db', Object.assign(new Error('x'), { code }), 'Restore it.')
  expect(found).toMatchObject({ text: expect.stringMatching(text), remedy: expect.stringMatching(remedy) })
})

it('the folder is read beside the server, which goes on meanwhile', async () => {
  const config = readConfig({ DATA_DIR: folder })
  const examining = examine({ config, platforms: [], version: '0.1.0', now: Date.now, isServer: true })
  // Had it been read in this thread, this would come too late.
  mkdirSync(at('restore.tmp'))
  expect((await examining).map(({ text }) => text).join()).toContain('restore.tmp is left')
})

describe('the machine and the chats', () => {
  let server: Server
  let url: string
  let answers: { [path: string]: { status?: number; body?: object; headers?: Record<string, string> } } = {}
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { status = 200, body = {}, headers = {} } = answers[request.url!] ?? { status: 404 }
      response.writeHead(status, headers).end(JSON.stringify(body))
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  it('a clock that is off is compared with the Date of a server', async () => {
    const ahead = await examineClock([url], () => Date.now() + 120_000)
    expect(ahead).toMatchObject({ state: 'failed', text: expect.stringMatching(/ahead of that of 127/) })
    expect(await examineClock([url], Date.now)).toMatchObject({ state: 'ok' })
    expect(await examineClock([], Date.now)).toMatchObject({ state: 'skipped' })
  })

  it('a folder in use whose server is silent, and invalid settings, have a remedy', async () => {
    const state = openState(folder)
    writeFileSync(at('vakt.url'), 'http://127.0.0.1:1\n')
    const config = readConfig({ DATA_DIR: folder })
    const list = await examine({ config, platforms: [], version: '0.1.0', now: Date.now, isServer: false, ...HERE })
    state.close()
    expect(list.find(({ part }) => part === 'server')).toMatchObject({
      state: 'failed',
      text: expect.stringContaining('does not answer'),
    })
  })

  it.each([
    ['none, although any topic of ntfy could be added', {}, ['chats']],
    ['ntfy, once it has a setting', { NTFY_URL: 'https://ntfy.example.org' }, ['ntfy']],
  ])('the chats are examined that are configured: %s', async (_name, environment, parts) => {
    const config = readConfig({ DATA_DIR: folder, ...environment }, PLATFORMS)
    const options = {
      config,
      platforms: PLATFORMS,
      version: '0.1.0',
      now: Date.now,
      isServer: true,
      environment,
      ...HERE,
    }
    const list = await examine(options)
    expect(list.map(({ part }) => part).filter(part => part === 'chats' || part === 'ntfy')).toEqual(parts)
  })

  it('the log engine is examined when one is set, and its file among the logs is no stranger', async () => {
    const config = readConfig({ DATA_DIR: folder, LOG_ENGINE: 'opensearch:http://127.0.0.1:1' })
    writeFileSync(at('logs/shipped.json'), '{}')
    const list = await examine({ config, platforms: [], version: '0.1.0', now: Date.now, isServer: true, ...HERE })
    expect(list.filter(({ part }) => part === 'log engine')).toMatchObject([{ state: 'failed' }])
    expect(list.filter(({ text }) => text.includes('shipped.json'))).toEqual([])
    const unreadable = readConfig({
      ...{ DATA_DIR: folder, LOG_ENGINE: 'opensearch:https://127.0.0.1:1', LOG_ENGINE_CA: at('gone.pem') },
    })
    const again = await examine({
      config: unreadable,
      platforms: [],
      version: '0.1.0',
      now: Date.now,
      isServer: true,
      ...HERE,
    })
    expect(again.find(({ part }) => part === 'log engine')!.text).toMatch(/LOG_ENGINE_CA names .*gone\.pem/)
  })

  it('Discord: token, intent and channel', async () => {
    const settings = { token: 't', apiUrl: url, channelId: '1' }
    const texts = async () =>
      (await diagnoseDiscord(settings, AbortSignal.timeout(5_000))).map(({ state, text }) => `${state} ${text}`)
    answers = { '/v10/users/@me': { status: 401 } }
    expect(await texts()).toEqual(['failed Discord refuses the token.'])
    answers = { '/v10/users/@me': { body: { username: 'vakt' } }, '/v10/applications/@me': { body: { flags: 0 } } }
    expect(await texts()).toEqual([
      'ok The token is that of vakt.',
      expect.stringContaining('warning The bot may not read the content'),
      'failed The bot does not see the channel 1 (404).',
    ])
    answers['/v10/applications/@me'] = { body: { flags: 1 << 19 } }
    answers['/v10/channels/1'] = { body: { id: '1' } }
    expect(await texts()).toEqual(['ok The token is that of vakt.', 'ok The bot sees the channel 1.'])
  })

  it('Slack: tokens, scopes and channel', async () => {
    const settings = { botToken: 'xoxb-1', appToken: 'xapp-1', channelId: 'C1', apiUrl: `${url}/` }
    const texts = async () =>
      (await diagnoseSlack(settings, AbortSignal.timeout(5_000))).map(({ state, text }) => `${state} ${text}`)
    answers = { '/auth.test': { body: { ok: false, error: 'invalid_auth' } } }
    expect(await texts()).toEqual(['failed Slack refuses SLACK_BOT_TOKEN (invalid_auth).'])
    answers = {
      '/auth.test': { body: { ok: true, user: 'vakt', team: 'T' }, headers: { 'x-oauth-scopes': 'chat:write' } },
      '/apps.connections.open': { body: { ok: false, error: 'not_allowed_token_type' } },
      '/conversations.info': { body: { ok: true, channel: { name: 'ops', is_member: false } } },
    }
    expect(await texts()).toEqual([
      'ok The bot token is that of vakt in T.',
      'failed The app lacks the scopes commands.',
      'failed Slack refuses SLACK_APP_TOKEN (not_allowed_token_type).',
      'failed The app is not in the channel ops.',
    ])
  })
})
