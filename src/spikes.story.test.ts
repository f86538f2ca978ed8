// Errors through the whole house with the real store: counted and judged before the answer, one card for one problem.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from './log.ts'
import { openLogStore } from './logs/embedded/open-log-store.ts'
import type { LogStore } from './logs/store.ts'
import { startHouse, type TestHouse } from './testing/house.ts'

let folder: string
let store: LogStore
let house: TestHouse
let key: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-spikes-'))
  store = await openLogStore({ folder, log: silentLog })
  house = await startHouse({ store })
  key = (await house.result<{ key: { secret: string } }>('keys create default')).key.secret
})

afterEach(async () => {
  await house.stop()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const timeout = { message: 'TimeoutError: connect timed out', level: 'error', source: 'api', host: 'web-1' }

async function sends(lines: object | object[], headers: Record<string, string> = {}) {
  const answer = await house.request('/api/logs', {
    method: 'POST',
    body: JSON.stringify(lines),
    headers: { 'x-api-key': key, 'content-type': 'application/json', ...headers },
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as { repeated?: boolean }
}

const titles = () => house.channel.messages.map(({ card }) => card.title)

describe('an error that comes again and again', () => {
  it('is one card at its fifth line within a minute, and further lines count on it', async () => {
    for (let i = 0; i < 4; i++) {
      await sends({ ...timeout, message: `TimeoutError: connect timed out after ${i}00 ms` })
      await house.passes('15s')
    }
    expect(titles()).toEqual([])
    await sends({ ...timeout, message: 'TimeoutError: connect timed out after 7 ms' })
    expect(titles()).toEqual(['Warning: api on web-1: 5 × TimeoutError: connect timed out after 7 ms in 1 min'])
  })
})
