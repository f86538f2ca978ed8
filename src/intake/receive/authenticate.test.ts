// Whose body is received at all, and how much of it: a stranger costs no memory, and half a body is none.
import { connect } from 'node:net'
import { type ServerType, serve } from '@hono/node-server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { takingStore } from '../../testing/taking-store.ts'

const CHUNK = 64 * 1024

let app: TestApp
let secret: string
let taken: () => number

beforeEach(async () => {
  const taking = takingStore()
  taken = taking.taken
  app = await startApp({ store: taking.store })
  secret = (await app.result<{ key: { secret: string } }>('keys create default')).key.secret
  await app.result('projects edit default --max-body 512KiB')
})

/** Sends a body in chunks, of which `made` counts those that were asked for; it breaks off at the end when told to. */
async function streams(path: string, chunks: number, headers: Record<string, string>, breaksOff = false) {
  let made = 0
  const body = new ReadableStream(
    {
      pull(controller) {
        if (made < chunks) controller.enqueue(new Uint8Array(CHUNK).fill(10 + (made++ % 100)))
        else if (breaksOff) controller.error(new Error('aborted'))
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const init = { method: 'POST', body, headers: { 'content-type': 'text/plain', ...headers }, duplex: 'half' as const }
  const { status } = await app.request(path, init)
  return { status, made: () => made }
}

it.each(['/api/logs', '/api/alerts', '/api/alerts/alertmanager'])(
  'nothing that a stranger sends to %s is received',
  async path => {
    const strangers: Record<string, string>[] = [
      {},
      { 'x-api-key': 'vakt_wrong' },
      { 'x-vakt-key': 'k_none', 'x-vakt-timestamp': '1', 'x-vakt-signature': `v1=${'0'.repeat(64)}` },
    ]
    for (const headers of strangers) {
      const { status, made } = await streams(path, 100, headers)
      expect([status, made()]).toEqual([401, 0])
    }
  },
)

it('of a body that is too large no more is kept than the project takes', async () => {
  const { status } = await streams('/api/logs', 9, { 'x-api-key': secret })
  expect([status, taken()]).toEqual([413, 0])
  expect((await streams('/api/logs', 8, { 'x-api-key': secret })).status).toBe(200)
})

it('nothing of a body that broke off is taken', async () => {
  const { status } = await streams('/api/logs', 2, { 'x-api-key': secret }, true)
  expect([status, taken()]).toEqual([400, 0])
})

describe('a body of several megabytes', () => {
  const bodies: Buffer[] = []
  const sent = Buffer.from(Array.from({ length: 3 * 1024 * 1024 + 5 }, (_, at) => 32 + (at % 90)))
  let server: ServerType
  let port: number

  beforeEach(async () => {
    bodies.length = 0
    const { store } = takingStore()
    const append: typeof store.append = batch => {
      bodies.push(Buffer.from(batch.body))
      return store.append(batch)
    }
    app = await startApp({ store: { ...store, append } })
    secret = (await app.result<{ key: { secret: string } }>('keys create default')).key.secret
    port = await new Promise(resolve => {
      server = serve({ fetch: app.intake.fetch, port: 0, hostname: '127.0.0.1' }, info => resolve(info.port))
    })
  })
  afterEach(() => new Promise(resolve => server.close(resolve)))

  it('arrives as it was sent, one after another over the same connection', async () => {
    for (let i = 0; i < 3; i++) {
      const headers = { 'x-api-key': secret, 'content-type': 'text/plain' }
      const answer = await fetch(`http://127.0.0.1:${port}/api/logs`, { method: 'POST', headers, body: sent })
      expect(answer.status).toBe(200)
    }
    expect(bodies.map(body => body.equals(sent))).toEqual([true, true, true])
  })

  it('is not taken when it breaks off', async () => {
    const socket = connect(port, '127.0.0.1')
    const head = `POST /api/logs HTTP/1.1\r\nHost: vakt\r\nX-Api-Key: ${secret}\r\nContent-Type: text/plain\r\n`
    const closed = new Promise(resolve => socket.once('close', resolve))
    socket.resume()
    socket.write(`${head}Content-Length: ${sent.length}\r\n\r\n`)
    await new Promise(resolve => socket.write(sent.subarray(0, sent.length / 2), resolve))
    socket.destroy()
    await closed
    const next = await fetch(`http://127.0.0.1:${port}/ping/nobody`)
    expect([next.status, bodies]).toEqual([404, []])
  })
})
