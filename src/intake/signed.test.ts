// Signed requests: what a signature covers, how long it counts, and that it counts once.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { pruneSignatures } from '../projects/signatures.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { type SigningKey, signV1, signV2 } from '../testing/sign.ts'
import { takingStore } from '../testing/taking-store.ts'
import { DAY, MINUTE } from '../time.ts'

const HEADERS = ['x-vakt-key', 'x-vakt-timestamp', 'x-vakt-nonce', 'x-vakt-signature'] as const
const BODY = JSON.stringify({ line: 'checks list' })

let app: TestApp
let key: SigningKey
let taken: () => number

const newKey = async (role: string) =>
  (await app.result<{ key: SigningKey }>(`keys create default --signed --role ${role}`)).key

beforeEach(async () => {
  const taking = takingStore()
  taken = taking.taken
  app = await startApp({ store: taking.store })
  key = await newKey('viewer')
})

type Sent = { method: string; path: string; body?: string; headers: Record<string, string>; url?: string }

/** Sends a request; `url` is the request line where a proxy changed it. */
async function send({ method, path, body, headers, url }: Sent) {
  const init = { method, headers, ...(body === undefined ? {} : { body }) }
  const incoming = { socket: { remoteAddress: '127.0.0.1' }, ...(url === undefined ? {} : { url }) }
  const response = await app.intake.request(path, init, { incoming })
  const answer = (await response.json()) as { error?: { message: string } }
  return [response.status, answer.error?.message ?? '']
}

const command = { method: 'POST', path: '/api/commands', body: BODY }
const logs = { method: 'POST', path: '/api/logs', body: '[{"message":"hello"}]' }
const signed = (
  request: { method: string; path: string; body?: string },
  more: { at?: number; nonce?: string } = {},
) => ({
  ...request,
  headers: signV2(key, { ...request, at: app.clock.now(), ...more }),
})

describe('version 2', () => {
  it('has the test vector of the docs', () => {
    const vector = signV2(
      { id: 'k_AbCdEf123456', secret: 'vakt_0123456789abcdefghijklmnopqrstuvwxyzABCD' },
      {
        method: 'POST',
        path: '/api/logs?source=batch',
        body: '[{"message":"hello"}]',
        at: 1_790_000_000_000,
        nonce: '4f6c1c0e9d2b4a7f8e3d5c6b7a890123',
      },
    )
    expect(readFileSync(join(import.meta.dirname, '../../docs/privacy.md'), 'utf8')).toContain(
      vector['x-vakt-signature'],
    )
  })

  it.each([
    ['a command', command],
    ['a search', { method: 'GET', path: '/api/config?x=1&y=%7e' }],
    ['lines', { ...logs, path: '/api/logs?source=a%2Fb' }],
    ['an alert', { method: 'POST', path: '/api/alerts', body: '{"key":"db","title":"down"}' }],
  ])('signs %s', async (_, request) => {
    expect(await send(signed(request))).toEqual([200, ''])
  })

  it('takes two equal requests in one second, each with its nonce', async () => {
    expect([await send(signed(logs)), await send(signed(logs))]).toEqual([
      [200, ''],
      [200, ''],
    ])
    expect(taken()).toBe(2)
  })

  it.each<[string, (sent: Sent) => Sent]>([
    ['method', sent => ({ ...sent, method: 'PUT' })],
    ['query', sent => ({ ...sent, path: `${sent.path}?share=1` })],
    ['body', sent => ({ ...sent, body: '{"line":"status"}' })],
    ['time', sent => changed(sent, 'x-vakt-timestamp', String(Math.floor(app.clock.now() / 1000) + 1))],
    ['nonce', sent => changed(sent, 'x-vakt-nonce', 'another-nonce-of-22-ch')],
    ['signature', sent => changed(sent, 'x-vakt-signature', `v2=${'0'.repeat(64)}`)],
  ])('covers the %s', async (_, change) => {
    const [status, message] = await send(change(signed(command)))
    expect(status === 405 || (status === 401 && String(message).startsWith('The signature is wrong'))).toBe(true)
  })

  it('covers the path: what was signed for one route is refused by every other', async () => {
    const admin = await newKey('admin')
    const captured = { headers: signV2(admin, { method: 'POST', path: '/api/logs', body: BODY, at: app.clock.now() }) }
    for (const path of ['/api/commands', '/api/alerts', '/api/alerts/alertmanager'])
      expect((await send({ ...command, ...captured, path }))[0]).toBe(401)
    const read = { headers: signV2(admin, { path: '/api/logs', at: app.clock.now() }) }
    expect((await send({ method: 'DELETE', path: '/api/logs?all=true', ...read }))[0]).toBe(401)
  })

  it('is as the request line has it, byte for byte, without a question mark that nothing follows', async () => {
    const request = { method: 'GET', path: '/api/config?q=a+b%2f&&z' }
    expect((await send({ ...signed(request), url: request.path }))[0]).toBe(200)
    const bare = signed({ method: 'POST', path: '/api/commands', body: BODY })
    expect((await send({ ...bare, url: '/api/commands?' }))[0]).toBe(200)
    const absolute = signed({ method: 'POST', path: '/api/commands', body: BODY })
    expect((await send({ ...absolute, url: 'http://vakt.test/api/commands' }))[0]).toBe(200)
  })

  it('has the path of PUBLIC_URL in front where a proxy takes it away', async () => {
    app = await startApp({ environment: { PUBLIC_URL: 'https://example.org/vakt/' }, store: takingStore().store })
    key = await newKey('viewer')
    const outside = signed({ ...command, path: '/vakt/api/commands' })
    expect((await send({ ...outside, path: '/api/commands' }))[0]).toBe(200)
    expect((await send(signed(command)))[0]).toBe(200)
    const other = signed({ ...command, path: '/other/api/commands' })
    expect((await send({ ...other, path: '/api/commands' }))[0]).toBe(401)
  })

  it.each(HEADERS)('is refused without %s', async name => {
    const request = signed(command)
    const { [name]: _, ...headers } = request.headers
    const [status, message] = await send({ ...request, headers })
    expect([status, message]).toEqual([401, expect.stringMatching(new RegExp(`${name}|version v1`, 'i'))])
  })

  it.each(['short', 'x'.repeat(65), 'spaces are not fine', 'slash/slash/slash/'])(
    'is refused with the nonce %s',
    async nonce => {
      expect(await send(signed(command, { nonce }))).toEqual([401, expect.stringContaining('X-Vakt-Nonce')])
    },
  )

  it.each([
    ['5 minutes old', -300, 200],
    ['older', -301, 401],
    ['5 minutes ahead', 300, 200],
    ['further ahead', 301, 401],
  ])('that is %s', async (_, seconds, status) => {
    expect((await send(signed(command, { at: app.clock.now() + seconds * 1000 })))[0]).toBe(status)
  })
})

describe('version 1', () => {
  it('signs POST /api/logs and no other request', async () => {
    const headers = signV1(key, { body: BODY, at: app.clock.now() })
    expect((await send({ ...logs, body: BODY, headers }))[0]).toBe(200)
    for (const path of ['/api/commands', '/api/alerts', '/api/alerts/alertmanager'])
      expect(await send({ ...command, path, headers: signV1(key, { body: BODY, at: app.clock.now() }) })).toEqual([
        401,
        expect.stringContaining('only for POST /api/logs'),
      ])
    for (const method of ['GET', 'DELETE'])
      expect((await send({ method, path: '/api/logs', headers: signV1(key, { at: app.clock.now() }) }))[0]).toBe(401)
  })
})

describe('a signature counts once', () => {
  const replays = [
    ['v2', () => signed(logs, { at: app.clock.now() + 300_000 })],
    ['v1', () => ({ ...logs, headers: signV1(key, { body: logs.body, at: app.clock.now() + 300_000 }) })],
  ] as const

  it.each(replays)('%s: also after restarts and hourly pruning, until it is too old', async (_, make) => {
    const request = make()
    expect((await send(request))[0]).toBe(200)
    for (const wait of ['0s', '5m', '4m']) {
      app = await app.restarts(wait)
      expect(await send(request)).toEqual([401, expect.stringContaining('was used before')])
      await app.passes('0s')
    }
    await app.passes('11m')
    expect(await send(request)).toEqual([401, expect.stringContaining('more than 5 minutes old')])
  })

  it('at every minute of its life, whatever was pruned since', async () => {
    const request = signed(logs, { at: app.clock.now() + 300_000 })
    await send(request)
    for (let minute = 0; minute < 10; minute++) {
      expect((await send(request))[1]).toContain('was used before')
      await app.passes('1m')
    }
  })

  it('after a clock that leapt a day ahead went back, whatever was pruned meanwhile', async () => {
    const request = signed(logs)
    await send(request)
    pruneSignatures(app.state, app.clock.now() + DAY + 4 * MINUTE)
    expect((await send(request))[1]).toContain('was used before')
  })

  it('is no longer remembered two days later', async () => {
    await send(signed(logs))
    pruneSignatures(app.state, app.clock.now() + 2 * DAY)
    expect(app.state.prepare('select count(*) as n from signatures').get()).toEqual({ n: 0 })
  })
})

it('the role of a signed key holds', async () => {
  const request = signed({ ...command, body: '{"line":"checks add nightly --every 1d"}' })
  expect(await send(request)).toEqual([403, expect.stringContaining('needs the role')])
})

it('a key that is revoked signs nothing any more', async () => {
  await app.result(`keys revoke ${key.id} --yes`)
  for (const request of [command, logs])
    expect(await send(signed(request))).toEqual([401, expect.stringContaining('unknown or revoked')])
  expect((await send({ ...logs, headers: signV1(key, { body: logs.body, at: app.clock.now() }) }))[0]).toBe(401)
})

function changed(sent: Sent, name: string, value: string): Sent {
  return { ...sent, headers: { ...sent.headers, [name]: value } }
}
