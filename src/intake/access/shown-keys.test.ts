// Every form in which clients show a key: which routes take it, which never take the admin key, and that no log shows it.
import { beforeAll, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { takingStore } from '../../testing/taking-store.ts'
import { maskKeys, readIntakeKey, readShownKey, shownPath } from './shown-keys.ts'

const KEY = 'vakt_Abcdefghijklmnopqrstuvwxyz0123456789ABCD'
const ADMIN = 'admin-key-for-tests'
const base64 = (text: string) => Buffer.from(text).toString('base64')

type Form = [form: string, headers: (key: string) => Record<string, string>, query?: (key: string) => string]

const ANYWHERE: Form[] = [
  ['Bearer', key => ({ authorization: `Bearer ${key}` })],
  ['bearer in lower case', key => ({ authorization: `bearer ${key} ` })],
  ['X-Api-Key', key => ({ 'x-api-key': key })],
]
const NEVER_ADMIN: Form[] = [
  ['ApiKey', key => ({ authorization: `ApiKey ${key}` })],
  ['ApiKey as base64 of id:key', key => ({ authorization: `ApiKey ${base64(`k_1:${key}`)}` })],
  ['Splunk', key => ({ authorization: `Splunk ${key}` })],
  ['Token', key => ({ authorization: `Token ${key}` })],
  ['Authorization without a scheme', key => ({ authorization: key })],
  ['DD-API-KEY', key => ({ 'dd-api-key': key })],
  ['X-Seq-ApiKey', key => ({ 'x-seq-apikey': key })],
]
const INTAKE_ONLY: Form[] = [
  ['Basic with any user', key => ({ authorization: `Basic ${base64(`anybody:${key}`)}` })],
  ['Basic without a user', key => ({ authorization: `Basic ${base64(`:${key}`)}` })],
  ['Basic without a password', key => ({ authorization: `Basic ${base64(`${key}:`)}` })],
  ['?key=', () => ({}), key => `?key=${key}`],
  ['?apiKey= beside the "null" of a Seq client', () => ({ 'x-seq-apikey': 'null' }), key => `?apiKey=${key}`],
  ['?token=', () => ({}), key => `?token=${key}`],
  ['?dd-api-key=', () => ({}), key => `?dd-api-key=${key}`],
]

let app: TestApp
let secret: string
beforeAll(async () => {
  app = await startApp({ store: takingStore().store })
  secret = (await app.result<{ key: { secret: string } }>('keys create default --role viewer')).key.secret
})

describe.each([...ANYWHERE, ...NEVER_ADMIN, ...INTAKE_ONLY])('a key as %s', (form, headers, query = () => '') => {
  const isAnywhere = ![...INTAKE_ONLY].some(([name]) => name === form)
  const statuses = async (key: string) => {
    const init = { method: 'POST', body: '{"message":"x"}', headers: headers(key) }
    return [
      (await app.request(`/api/logs${query(key)}`, init)).status,
      (await app.posts({ line: 'checks list' })).status,
      (
        await app.request(`/api/commands${query(key)}`, {
          ...{ ...init, body: '{"line":"checks list"}' },
          headers: { ...headers(key), 'content-type': 'application/json' },
        })
      ).status,
    ]
  }

  it(isAnywhere ? 'is accepted on every route' : 'is accepted by the intake, and nowhere else', async () => {
    expect(await statuses(secret)).toEqual([200, 200, isAnywhere ? 200 : 401])
  })

  it(`is the admin key ${ANYWHERE.some(([name]) => name === form) ? '' : 'never '}in this form`, async () => {
    const isAdmin = ANYWHERE.some(([name]) => name === form)
    app = await startApp({ store: takingStore().store })
    secret = (await app.result<{ key: { secret: string } }>('keys create default --role viewer')).key.secret
    expect(await statuses(ADMIN)).toEqual([isAdmin ? 200 : 401, 200, isAdmin ? 200 : 401])
  })
})

it('what is refused asks no browser for a password, and says what the admin key needs', async () => {
  const refused = await app.request('/api/logs', {
    ...{ method: 'POST', body: 'x' },
    headers: { authorization: `Basic ${base64(`admin:${ADMIN}`)}` },
  })
  expect(refused.headers.get('www-authenticate')).toBeNull()
  expect(await refused.text()).toContain('The admin key is accepted only as')
  const elsewhere = await app.request('/api/logs', { headers: { authorization: `Basic ${base64(`a:${secret}`)}` } })
  expect(await elsewhere.text()).toContain('accepted only on routes that take log lines and alerts')
})

it('Bearer wins over other forms, X-Api-Key over Basic, a header over the URL', () => {
  const read = (headers: Record<string, string>, query = '') =>
    readIntakeKey(new Headers(headers), new URLSearchParams(query))?.secret
  const basic = `Basic ${base64('proxy:password')}`
  expect(read({ authorization: `Bearer ${KEY}`, 'x-api-key': 'other' }, 'key=third')).toBe(KEY)
  expect(read({ authorization: basic, 'x-api-key': KEY })).toBe(KEY)
  expect(read({ authorization: basic }, `key=${KEY}`)).toBe('password')
  expect(read({ 'x-api-key': '' }, `key=${KEY}`)).toBe(KEY)
  expect(readShownKey(new Headers({ authorization: 'Basic !!' }))).toBeNull()
  expect(read({ authorization: 'Basic !!' })).toBeUndefined()
})

it('no log shows a key: not in a query, not in the path of old Datadog clients, not as itself', async () => {
  expect(maskKeys(`?a=1&key=${KEY}&apiKey=x&api_key=x&token=x&dd-api-key=x#key`)).toBe(
    '?a=1&key=***&apiKey=***&api_key=***&token=***&dd-api-key=***#key',
  )
  expect(shownPath(`http://vakt/v1/input/abc/x?key=1`)).toBe('/v1/input/***/x')
  expect(shownPath(`/a/${KEY}`)).toBe('/a/***')
  const lines: string[] = []
  const keep = (message: string, facts?: object) => void lines.push(`${message} ${JSON.stringify(facts)}`)
  const watched = await startApp({
    store: { ...takingStore().store, purge: async () => 1 },
    logger: { debug: keep, info: keep, warn: keep, error: keep },
  })
  for (const path of [`/api/logs?key=${KEY}`, `/v1/input/${KEY}`])
    await watched.request(path, { method: 'POST', body: 'x' })
  await watched.request(`/api/logs?all=true&key=${KEY}`, {
    ...{ method: 'DELETE', headers: { authorization: `Bearer ${ADMIN}` } },
  })
  const audit = JSON.stringify(await watched.result('audit'))
  expect(audit).toContain('all=true&key=***')
  expect(lines.join('\n')).toContain('wrong key for POST /api/logs')
  expect(`${lines.join('\n')}${audit}`).not.toContain(KEY)
})
