// What the API of Healthchecks does beside its answers: the audit, open alerts and channels, and the edges of its numbers.
import { beforeAll, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
let app: TestApp
let key: string
const ask = async (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { 'x-api-key': key },
) => {
  const response = await app.request(path, {
    ...{ method, headers: { 'content-type': 'application/json', ...headers } },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text.startsWith('{') ? JSON.parse(text) : null,
  }
}
const create = async (spec: object) =>
  (await ask('POST', '/api/v3/checks/', spec)).json as { uuid: string; name: string }
const keyOf = async (line: string) =>
  (await app.result<{ key: { id: string; secret: string } }>(`keys create ${line}`)).key

beforeAll(async () => {
  app = await startApp({ start: new Date(START).toISOString(), channels: ['discord', 'slack'] })
  key = (await keyOf('default --role responder')).secret
})

it('every change is in the audit, by its key and by what it was', async () => {
  const { uuid } = await create({ name: 'audited' })
  await ask('POST', '/api/v3/checks/', { name: 'audited', unique: ['name'] })
  await ask('POST', `/api/v2/checks/${uuid}`, { desc: 'x' })
  await ask('POST', `/api/v1/checks/${uuid}/pause`)
  await ask('POST', `/api/v1/checks/${uuid}/pause`)
  await ask('POST', `/api/v1/checks/${uuid}/resume`)
  await ask('GET', `/api/v1/checks/${uuid}`)
  await ask('DELETE', `/api/v1/checks/${uuid}`)
  const rows = app.state
    .prepare<[], { what: string; who: string }>(
      `select line as what, actor_name as who from audit where line like '%"audited"'`,
    )
    .all()
  expect(rows.map(({ what }) => what.replace(' check "audited"', ''))).toEqual([
    ...['api v3: create', 'api v3: update', 'api v2: update', 'api v1: pause', 'api v1: resume', 'api v1: delete'],
  ])
  expect(new Set(rows.map(({ who }) => who))).toEqual(new Set([expect.stringMatching(/^key k_/)]))
})

describe('an open alert', () => {
  const isOpen = async (name: string) => {
    const query = `select count(*) as n from alerts where title like ? and state <> 'resolved'`
    return app.state.prepare<[string], { n: number }>(query).get(`%${name}%`)!.n > 0
  }

  it.each(['pause', 'delete'])('ends with a %s of its check', async what => {
    const { uuid } = await create({ name: `ends-${what}` })
    await app.request(`/ping/${uuid}/fail`)
    expect(await isOpen(`ends-${what}`)).toBe(true)
    if (what === 'pause') await ask('POST', `/api/v1/checks/${uuid}/pause`)
    else await ask('DELETE', `/api/v1/checks/${uuid}`)
    expect(await isOpen(`ends-${what}`)).toBe(false)
  })

  it.each([
    ['update', (uuid: string) => [`/api/v3/checks/${uuid}`, { channels: '*' }] as const],
    ['create', () => ['/api/v3/checks/', { name: 'to-create', unique: ['name'], channels: '*' }] as const],
  ])('goes to the channels that an %s gives its check, at once', async (what, request) => {
    const { uuid } = await create({ name: `to-${what}`, channels: 'discord' })
    await app.request(`/ping/${uuid}/fail`)
    await app.passes('1s')
    const channels = () => {
      const query =
        'select channel_id as id from recipients join alerts on alerts.id = alert_id where title like ? order by id'
      return app.state
        .prepare<[string], { id: string }>(query)
        .all(`%to-${what}%`)
        .map(({ id }) => id)
    }
    expect(channels()).toEqual(['discord'])
    await ask('POST', ...request(uuid))
    await app.passes('1s')
    expect(channels()).toEqual(['discord', 'slack'])
  })
})

describe('flips and pings', () => {
  const seconds = (ms: number) => ms / 1_000
  it('are those from and until an instant, or of the last seconds', async () => {
    const { uuid } = await create({ name: 'flips', timeout: 86_400 })
    const begin = app.clock.now()
    await app.request(`/ping/${uuid}`)
    await app.passes('1m')
    await app.request(`/ping/${uuid}/fail`)
    const now = app.clock.now()
    const flips = async (query: string) =>
      (await ask('GET', `/api/v1/checks/${uuid}/flips/${query}`)).json.flips.map(({ up }: { up: number }) => up)
    const [first, second] = [seconds(Math.floor(begin / 1_000) * 1_000), seconds(Math.floor(now / 1_000) * 1_000)]
    expect(await flips('')).toEqual([0, 1])
    expect(await flips(`?start=${first + 1}`)).toEqual([0])
    expect(await flips(`?end=${second}`)).toEqual([1])
    expect(await flips('?seconds=30')).toEqual([0])
    expect(await flips('?seconds=90')).toEqual([0, 1])
    expect(await flips(`?seconds=${365 * 86_400}&start=&end=`)).toEqual([0, 1])
    expect(await flips(`?seconds=90&start=${first + 1}`)).toEqual([0])
    const wrong = await ask('GET', `/api/v1/checks/${uuid}/flips/?seconds=${365 * 86_400 + 1}`)
    expect([wrong.status, wrong.json.error]).toEqual([400, 'seconds must be a whole number from 0 to 31536000'])
  })

  it('of pings have the number of each, by which its body is read', async () => {
    const { uuid } = await create({ name: 'pings' })
    for (const body of ['one', 'two', 'three']) await app.request(`/ping/${uuid}`, { method: 'POST', body })
    const { json } = await ask('GET', `/api/v1/checks/${uuid}/pings/`)
    expect(json.pings.map(({ n }: { n: number }) => n)).toEqual([3, 2, 1])
    const body = async (n: string) => (await ask('GET', `/api/v1/checks/${uuid}/pings/${n}/body`)).text
    expect([await body('1'), await body('3')]).toEqual(['one', 'three'])
    expect((await ask('GET', `/api/v1/checks/${uuid}/pings/4/body`)).status).toBe(404)
    expect((await ask('GET', `/api/v1/checks/${uuid}/pings/0/body`)).status).toBe(404)
  })
})

it('badges have each tag once, and none without a name', async () => {
  const { secret } = await (async () => {
    await app.result('projects add badges')
    return keyOf('badges --role responder')
  })()
  for (const tags of ['b  a', 'a', ' '])
    await ask('POST', '/api/v3/checks/', { name: `t${tags}`, tags }, { 'x-api-key': secret })
  const { json } = await ask('GET', '/api/v3/badges/', undefined, { 'x-api-key': secret })
  expect(Object.keys(json.badges).sort()).toEqual(['*', 'a', 'b'])
  const path = (name: string, format = 'json') => new URL(json.badges[name][format]).pathname
  expect((await ask('GET', path('*'))).json).toMatchObject({ total: 3 })
  expect((await ask('GET', path('a'))).json).toMatchObject({ total: 2 })
  const svg = await ask('GET', path('*', 'svg'))
  expect(svg.text).toContain('badges')
  expect(svg.headers.get('cache-control')).toContain('no-store')
  for (const wrong of [
    path('a').replace('/a.', '/b.'),
    path('*').replace('.json', ''),
    path('*').replace('.json', '.png'),
    // As many characters as a signature has, but more bytes.
    path('*').replace(/[^/]+[.]json$/, `${encodeURIComponent('ä'.repeat(8))}.json`),
    `${path('a').split('/').slice(0, -1).join('/')}/.json`,
  ])
    expect((await ask('GET', wrong)).status, wrong).toBe(404)
  const [, , project, signature] = path('*').split('/')
  expect((await ask('GET', `/badge/00000000-0000-4000-8000-000000000000/${signature}`)).status).toBe(404)
  expect(project).not.toBe(new URL((await ask('GET', '/api/v3/badges/')).json.badges['*'].json).pathname.split('/')[2])
})

describe('a key', () => {
  const checks = (headers: Record<string, string>, method = 'GET', body?: unknown) =>
    ask(method, '/api/v3/checks/', body, headers)
  it('is shown in a header, as a password, or in the body; one that signs, sends logs or is a viewer is not enough', async () => {
    const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`x:${secret}`).toString('base64')}` })
    expect((await checks(basic(key))).status).toBe(200)
    expect((await checks({ 'x-api-key': '' }, 'POST', { name: 'by body', api_key: key })).status).toBe(201)
    expect((await checks(basic('admin-key-for-tests'))).status).toBe(401)
    expect((await checks({}, 'POST', { name: 'x', api_key: 'admin-key-for-tests' })).status).toBe(401)
    expect((await checks({}, 'POST', { name: 'x', api_key: 7 })).json.error).toBe('missing api key')
    const viewer = (await keyOf('default --role viewer')).secret
    expect((await checks({ 'x-api-key': viewer })).status).toBe(200)
    expect((await checks({ 'x-api-key': viewer }, 'POST', { name: 'x' })).json.error).toBe('wrong api key')
    expect((await checks({ 'x-api-key': (await keyOf('default')).secret })).status).toBe(401)
    const signed = await keyOf('default --role responder --signed')
    expect((await checks({ 'x-api-key': signed.secret })).status).toBe(401)
    expect((await checks({ 'x-api-key': key, 'x-vakt-key': signed.id })).json.error).toContain(
      'takes no signed requests',
    )
  })

  it('of the admin is for the project that the query names', async () => {
    const admin = { 'x-api-key': 'admin-key-for-tests' }
    await app.result('projects add elsewhere')
    const made = await ask('POST', '/api/v3/checks/?project=elsewhere', { name: 'there' }, admin)
    expect(made.status).toBe(201)
    const names = async (query: string) =>
      (await ask('GET', `/api/v3/checks/${query}`, undefined, admin)).json.checks.map(
        ({ name }: { name: string }) => name,
      )
    expect(await names('?project=elsewhere')).toEqual(['there'])
    expect(await names('')).not.toContain('there')
    expect((await ask('GET', '/api/v3/checks/?project=none', undefined, admin)).status).toBe(404)
  })
})

it('a body that is too large or a version that is not there is refused, and null means nothing', async () => {
  expect((await ask('POST', '/api/v3/checks/', `{"desc":"${'x'.repeat(2_000_000)}"}`)).status).toBe(413)
  expect((await ask('POST', '/api/v3/checks/', 'null')).status).toBe(201)
  expect((await ask('POST', '/api/v3/checks/', '[]')).status).toBe(400)
  for (const version of ['v0', 'v4', 'v11'])
    expect((await ask('GET', `/api/${version}/checks/`)).status, version).toBe(404)
})

describe('a push', () => {
  it('takes a response time from 0 on, of a minute and more up to its limit', async () => {
    const { uuid } = await create({ name: 'pushed' })
    const push = async (query: string) => (await ask('GET', `/api/push/${uuid}${query}`, undefined, {})).status
    const longest = 100_000_000_000
    expect([
      await push('?ping=0'),
      await push(`?ping=${longest}`),
      await push(`?ping=${longest + 1}`),
      await push('?ping=-0.5'),
    ]).toEqual([...[200, 200, 404, 404]])
  })
})
