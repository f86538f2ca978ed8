// Followed containers in the whole app with a real log store: their lines are stored and can be searched.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { shareLogStore } from '../../testing/log-store.ts'
import { createFakeHost, type FakeHost } from '../../testing/ssh/fake-host.ts'
import { type SshServer, startSshServer } from '../../testing/ssh/ssh-server.ts'

const nextStore = shareLogStore()
let folder: string
let app: TestApp
let server: SshServer
let host: FakeHost

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-follow-'))
  app = await startApp({ ...(await nextStore()), environment: { DATA_DIR: folder } })
  host = createFakeHost(() => app.clock.now())
  server = await startSshServer({ run: execution => host.run(execution) })
  host.has('web')
  await app.result(`hosts add web-1 ${server.address}`)
})
afterEach(async () => {
  await app.stop()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

type Found = { logs: { message: string; level: string; source: string; host: string }[] }
/** Time passes until a search finds these lines, oldest first. */
const untilFound = (query: string, expected: object[]) =>
  vi.waitFor(async () => {
    await app.passes('2s')
    const { logs } = await app.result<Found>(`logs search ${query} --last 1d`)
    expect(logs.toReversed()).toMatchObject(expected)
  }, 5_000)

it('stores the lines of matching containers, new ones too, until it is unfollowed', async () => {
  host.says('web', 'before it was followed')
  await app.passes('2s')
  expect(await app.result('containers follow web-1/w*')).toMatchObject({
    follows: [{ host: 'web-1', pattern: 'w*' }],
  })
  host.says('web', 'ERROR no connection to db', 'err')
  host.says('web', 'GET / 200')
  await untilFound('host:web-1', [
    { message: 'ERROR no connection to db', level: 'error', source: 'web', host: 'web-1' },
    { message: 'GET / 200', level: 'info', source: 'web' },
  ])
  host.has('worker')
  host.says('worker', 'hello')
  await app.result('hosts test web-1')
  await untilFound('source:worker', [{ message: 'hello' }])
  await app.result('containers unfollow web-1/w*')
  host.says('web', 'too late')
  await app.passes('20s')
  expect((await app.result<Found>('logs search late --last 1d')).logs).toEqual([])
  const reply = await app.says('containers unfollow web-1/w*')
  expect(reply).toMatchObject({ ok: false, problem: { code: 'not_found' } })
})

it('a tail of a container that was removed names the search that finds its stored lines', async () => {
  await app.result('containers follow web-1/web')
  host.says('web', 'last words')
  await untilFound('source:web', [{ message: 'last words' }])
  host.removes('web')
  const refusal = async (line: string) => {
    const reply = await app.says(line)
    return reply.ok ? null : reply.problem.message
  }
  expect(await refusal('containers tail web-1/web')).toBe(
    'There is no container "web" on web-1. "containers list --host web-1" shows all its containers. Vakt has stored lines of it: logs search source:web host:web-1',
  )
  expect((await app.result<Found>('logs search source:web host:web-1 --last 1d')).logs).toHaveLength(1)
  expect(await refusal('containers tail web-1/never')).not.toContain('stored lines')
})

it('continues at the last stored line after a restart of Vakt', async () => {
  expect((await app.says('containers follow web-1/web')).card.tone).toBe('good')
  host.says('web', 'one')
  await untilFound('source:web', [{ message: 'one' }])
  app = await app.restarts('5m')
  host.says('web', 'two')
  await untilFound('source:web', [{ message: 'one' }, { message: 'two' }])
})

it('follows up to 20 containers of a host, running ones first, and shows the limit', async () => {
  for (let i = 0; i < 8; i++) host.has(`a-job-${i}`, { state: 'exited', finishedAt: app.clock.now() })
  for (let i = 0; i < 18; i++) host.has(`web-${i}`)
  await app.result('hosts test web-1')
  const reply = await app.says('containers follow web-1/*')
  expect(reply.card).toMatchObject({ tone: 'warning' })
  expect(reply.card.lines).toContain(
    'Only 20 of them are followed: the limit of a host is 20, running containers first. Use narrower patterns.',
  )
  host.says('web-17', 'hello')
  await untilFound('host:web-1', [{ message: 'hello', source: 'web-17' }])
  expect(app.text((await app.says('containers follow')).card)).toContain('27 containers, 20 followed now')
  expect((await app.says('containers follow web-1/web')).card.tone).toBe('good')
  expect((await app.says('containers tail web-1/web-0')).card.title).toContain('web-0')
})
