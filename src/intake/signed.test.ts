// Commands and questions asked with a signed key.
import { createHmac } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'

let app: TestApp
let key: { id: string; secret: string }

beforeEach(async () => {
  app = await startApp()
  key = (await app.result<{ key: typeof key }>('keys create default --signed --role viewer')).key
})

function ask(line: string, change: { secret?: string; body?: string } = {}) {
  const body = JSON.stringify({ line })
  const timestamp = String(Math.floor(app.clock.now() / 1000))
  const digest = createHmac('sha256', change.secret ?? key.secret)
    .update(`${timestamp}.${body}`)
    .digest('hex')
  const headers = { 'x-vakt-key': key.id, 'x-vakt-timestamp': timestamp, 'x-vakt-signature': `v1=${digest}` }
  return app.request('/api/commands', { method: 'POST', body: change.body ?? body, headers })
}

async function read(response: Response) {
  return (await response.json()) as { result?: unknown; error?: { message: string } }
}

it('a command signed with a key that has a role is run, once', async () => {
  const first = await ask('checks list')
  expect([first.status, (await read(first)).result]).toEqual([200, expect.objectContaining({ checks: [] })])
  const again = await ask('checks list')
  expect([again.status, (await read(again)).error?.message]).toEqual([401, expect.stringContaining('used before')])
})

it('its role holds', async () => {
  const response = await ask('checks add nightly --every 1d')
  expect([response.status, (await read(response)).error?.message]).toEqual([
    403,
    expect.stringContaining('needs the role'),
  ])
})

it.each([
  ['another secret', { secret: 'wrong' }],
  ['another body', { body: '{"line":"status"}' }],
])('%s is refused', async (_what, change) => {
  const response = await ask('checks list', change)
  expect([response.status, (await read(response)).error?.message]).toEqual([
    401,
    expect.stringContaining('signature is wrong'),
  ])
})
