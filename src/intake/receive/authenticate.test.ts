// Whose body is received at all, and how much of it: a stranger costs no memory, and half a body is none.
import { beforeEach, expect, it } from 'vitest'
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
