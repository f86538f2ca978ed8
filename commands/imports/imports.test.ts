// Moving in: what each program exports becomes checks, shown first and added with --yes; what cannot come says why.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readExportFile } from '../../src/imports/export-file.ts'
import { startApp, type TestApp } from '../../src/testing/app.ts'

type Imported = {
  added: number
  preview: boolean
  checks: { name: string; about: string; state: string; message: string | null }[]
}

const UUID = '07c2f548-9850-4b27-af5d-6c9dc157ec02'
const OTHER = '18c2f548-9850-4b27-af5d-6c9dc157ec02'
/** As `GET /api/v3/checks/` of Healthchecks answers. */
const CHECK = {
  ...{ name: 'Backup', slug: 'backup', tags: 'prod db', desc: 'nightly', grace: 600, n_pings: 7, status: 'up' },
  ...{ started: false, last_ping: '2026-03-01T02:00:00+00:00', next_ping: null, manual_resume: true, methods: 'POST' },
  ...{ subject: '', subject_fail: '', start_kw: '', success_kw: 'done', failure_kw: '', filter_subject: false },
  ...{ filter_body: false, filter_http_body: true, filter_default_fail: false, badge_url: 'https://hc/b/2/x.svg' },
  ...{ uuid: UUID, ping_url: `https://hc-ping.com/${UUID}`, channels: '', timeout: 3600 },
}
const { uuid: _, ping_url: __, ...HIDDEN } = CHECK
const CHECKS = {
  checks: [
    CHECK,
    {
      ...CHECK,
      name: 'Report',
      slug: 'report',
      uuid: OTHER,
      timeout: undefined,
      schedule: '30 6 * * 1-5',
      tz: 'Europe/Oslo',
      status: 'paused',
    },
    { ...HIDDEN, name: 'Hidden', unique_key: 'a'.repeat(40) },
    { ...CHECK, name: 'Odd', uuid: UUID.replace('07', '29'), timeout: undefined, schedule: 'at dawn' },
  ],
}
const MONITORS = [
  {
    id: 1,
    name: 'Cron',
    type: 'push',
    interval: 300,
    maxretries: 1,
    retryInterval: 60,
    pushToken: 'iH8kQzXw3v',
    active: true,
    tags: [{ name: 'env', value: 'prod' }],
  },
  {
    id: 2,
    name: 'Shop',
    type: 'keyword',
    url: 'https://shop.example.org/',
    keyword: 'Welcome',
    interval: 60,
    maxretries: 2,
    accepted_statuscodes: ['200-299', '301'],
    active: true,
  },
  {
    id: 3,
    name: 'Api',
    type: 'json-query',
    url: 'https://api.example.org/',
    jsonPath: '$.status',
    expectedValue: 'ok',
    interval: 30,
    active: false,
    ignoreTls: true,
  },
  { id: 4, name: 'Db', type: 'port', hostname: 'db.example.org', port: 5432, interval: 60, active: true },
  { id: 5, name: 'Name', type: 'dns', hostname: 'example.org', interval: 60, active: true },
  { id: 6, name: 'Queue', type: 'kafka-producer', interval: 60, active: true },
  { id: 7, name: 'Reverse', type: 'http', url: 'https://example.org', upsideDown: true, interval: 60, active: true },
  { id: 8, name: 'Signed', type: 'http', url: 'https://example.org', authMethod: 'basic', interval: 60, active: true },
]

let app: TestApp
let folder: string
let server: Server
let asked: { path: string; key: string | undefined }[] = []

beforeAll(async () => {
  app = await startApp({ start: '2026-03-02T09:00:00Z' })
  folder = mkdtempSync(join(tmpdir(), 'vakt-imports-'))
  server = createServer((request, response) => {
    const key = request.headers['x-api-key']
    asked.push({ path: request.url!, key: String(key) })
    response.writeHead(key === 'right' ? 200 : 401, { 'content-type': 'application/json' })
    response.end(JSON.stringify(key === 'right' ? CHECKS : { error: 'wrong api key' }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  server.close()
  await app.stop()
  rmSync(folder, { recursive: true, force: true })
})

const quote = (value: unknown) => `'${JSON.stringify(value)}'`
const states = ({ checks }: Imported) => checks.map(({ name, state }) => [name, state])

it('checks of Healthchecks are shown, then added with their uuids and settings, and come once', async () => {
  await app.result('projects add hc')
  const line = `import healthchecks ${quote(CHECKS)} --project hc`
  const preview = await app.result<Imported>(line)
  expect([preview.preview, preview.added]).toEqual([true, 0])
  expect(states(preview)).toEqual([
    ['Backup', 'new'],
    ['Report', 'new'],
    ['Hidden', 'refused'],
    ['Odd', 'refused'],
  ])
  expect(preview.checks[2]!.message).toMatch(/read-only key hides it/)
  expect(await app.result('checks list --project hc')).toMatchObject({ total: 0 })
  expect(await app.answerText(line)).toMatch(/nothing is added yet.*2 checks would be added.*--yes/s)

  expect(await app.result<Imported>(`${line} --yes`)).toMatchObject({ preview: false, added: 2 })
  expect(await app.check('Backup')).toMatchObject({
    ...{ uuid: UUID, slug: 'backup', status: 'new' },
    schedule: { every_ms: 3_600_000, grace_ms: 600_000 },
  })
  expect(await app.check('Report')).toMatchObject({
    uuid: OTHER,
    status: 'paused',
    schedule: { cron: '30 6 * * 1-5', tz: 'Europe/Oslo' },
  })
  expect((await app.request(`/ping/${UUID}`, { method: 'POST', body: 'done' })).status).toBe(200)
  expect(await app.check('Backup')).toMatchObject({ status: 'up' })
  const again = await app.result<Imported>(`${line} --yes`)
  expect([again.added, states(again).slice(0, 2)]).toEqual([
    0,
    [
      ['Backup', 'present'],
      ['Report', 'present'],
    ],
  ])
})

it('the API of Healthchecks is asked with its key, and what it refuses is said', async () => {
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await app.result('projects add api')
  const found = await app.result<Imported>(`import healthchecks ${base}/ --key right --project api`)
  expect(found.checks).toHaveLength(4)
  expect(asked).toEqual([{ path: '/api/v3/checks/', key: 'right' }])
  expect(await app.answerText(`import healthchecks ${base} --key wrong`)).toMatch(
    /answered 401: .*wrong api key.*Check the key/,
  )
  expect(await app.answerText(`import healthchecks ${base}`)).toMatch(/needs a key: --key KEY/)
  asked = []
})

it('monitors of Uptime Kuma become checks with their push tokens, and probes; the others say why not', async () => {
  await app.result('projects add kuma')
  const line = `import uptime-kuma ${quote({ monitorList: MONITORS })} --project kuma`
  const preview = await app.result<Imported>(line)
  expect(preview.checks.map(({ name, state, about }) => [name, state, about])).toEqual([
    ['Cron', 'new', 'a beat every 5m'],
    ['Shop', 'new', 'https://shop.example.org/ every 1m'],
    ['Api', 'new', 'https://api.example.org/ every 30s'],
    ['Db', 'new', 'tcp://db.example.org:5432 every 1m'],
    ['Name', 'new', 'dns:example.org every 1m'],
    ['Queue', 'refused', 'kafka-producer'],
    ['Reverse', 'refused', 'http, upside down'],
    ['Signed', 'refused', 'http'],
  ])
  expect(await app.result<Imported>(`${line} --yes`)).toMatchObject({ added: 5 })
  expect((await app.request('/api/push/iH8kQzXw3v?status=up&msg=OK&ping=')).status).toBe(200)
  expect(await app.check('Cron')).toMatchObject({ status: 'up', schedule: { every_ms: 300_000, grace_ms: 60_000 } })
  expect(await app.check('Shop')).toMatchObject({ schedule: { every_ms: 60_000, after: 3 } })
  expect(await app.check('Api')).toMatchObject({ status: 'paused', schedule: { every_ms: 30_000 } })
  const again = await app.result<Imported>(`${line} --yes`)
  expect([again.added, ...states(again).slice(0, 5)]).toEqual([
    0,
    ['Cron', 'present'],
    ['Shop', 'present'],
    ['Api', 'present'],
    ['Db', 'present'],
    ['Name', 'present'],
  ])
  // The same address with another expectation is another check.
  const other = { ...MONITORS[1], name: 'Shop', keyword: 'Cart' }
  expect(states(await app.result<Imported>(`import uptime-kuma ${quote([other])} --project kuma`))).toEqual([
    ['Shop', 'new'],
  ])
})

it('two monitors with one push token are one check, and the others are added all the same', async () => {
  await app.result('projects add twins')
  const twin = (name: string) => ({ name, type: 'push', interval: 60, pushToken: 'twin' })
  const line = `import uptime-kuma ${quote([twin('One'), twin('Two'), { ...MONITORS[3], name: 'Db' }])} --project twins`
  const { added, checks } = await app.result<Imported>(`${line} --yes`)
  expect([added, checks[1]!.message]).toEqual([2, 'Its URL is that of One, too.'])
})

it('a fault of Vakt in the middle of an import does not claim that nothing was changed', async () => {
  app.state
    .prepare(`create trigger fault before insert on probes when new.target = 'tcp://db.example.org:2' begin
    select raise(abort, 'a fault'); end`)
    .run()
  const [one, two] = [1, 2].map(port => ({ ...MONITORS[3], port, name: `Db ${port}` }))
  const answer = await app.says(`import uptime-kuma ${quote([one, two])} --yes`)
  app.state.prepare('drop trigger fault').run()
  expect(answer.ok ? '' : answer.problem.message).toContain('A part of the command may be done')
  expect(await app.check('Db 1')).toMatchObject({ status: 'new' })
})

it('what a probe refuses is said before anything is added', async () => {
  const secret = { name: 'In', type: 'http', url: 'https://user:pass@x.example.org/' }
  const { checks } = await app.result<Imported>(`import uptime-kuma ${quote([secret])}`)
  expect(checks[0]).toMatchObject({ state: 'refused', message: expect.stringContaining('The URL has a password') })
})

it.each([
  ['import healthchecks "not json"', /not JSON/],
  ['import healthchecks "{}"', /has no "checks"/],
  ['import uptime-kuma "[1]"', /1 check would be added|not imported/],
  ['import uptime-kuma https://kuma.example.org', /no API for this/],
])('%s is answered with a sentence', async (line, says) => {
  expect(await app.answerText(line)).toMatch(says)
})

it('the terminal reads JSON files, and the database of Uptime Kuma', async () => {
  const file = join(folder, 'checks.json')
  writeFileSync(file, JSON.stringify(CHECKS, null, 2))
  expect(JSON.parse(await readExportFile(file))).toEqual(JSON.parse(JSON.stringify(CHECKS)))
  const path = join(folder, 'kuma.db')
  const database = new DatabaseSync(path)
  database.exec(`create table monitor (id integer, name text, type text, active integer, interval integer, push_token text, maxretries integer);
    create table tag (id integer, name text); create table monitor_tag (monitor_id integer, tag_id integer, value text);
    insert into monitor values (1, 'Cron', 'push', 1, 60, 'tok', 0), (2, 'Old', 'push', 0, 60, 'tok2', 0);
    insert into tag values (1, 'env'); insert into monitor_tag values (1, 1, 'prod')`)
  database.close()
  const found = await app.result<Imported>(`import uptime-kuma '${await readExportFile(path)}'`)
  expect(found.checks).toMatchObject([
    { name: 'Cron', state: 'new' },
    { name: 'Old', state: 'new' },
  ])
  await expect(readExportFile(join(folder, 'none'))).rejects.toThrow(/cannot be read/)
})

it('the name of a file that is not there is no broken export, and long periods are shown in hours', async () => {
  const refused = await app.says('import uptime-kuma kuma.json')
  expect(refused.ok ? '' : refused.problem.message).toContain('There is no file "kuma.json" in the folder')
  const daily = JSON.stringify({
    checks: [{ ...CHECK, name: 'Daily', uuid: UUID.replace('07', '39'), timeout: 86_400 }],
  })
  const { checks } = await app.result<Imported>(`import healthchecks '${daily}'`)
  expect(checks[0]).toMatchObject({ about: 'a beat every 24h', state: 'new' })
})
