// Trouble of the state database while Vakt runs: named in a sentence, nothing answered that would be lost, over by itself.
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'
import { createFakeClock } from '../testing/fake-clock.ts'
import { takingStore } from '../testing/taking-store.ts'
import { openState, type State } from './database.ts'
import { stateProblem } from './state-problem.ts'

let folder: string
let state: State
let app: TestApp
let taken: () => number

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-state-'))
  state = openState(folder)
  const taking = takingStore()
  taken = taking.taken
  const clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
  app = await startApp({ store: taking.store, after: { state, clock, channels: [] } })
})

afterEach(() => {
  app.scheduler.stop()
  state.close()
  rmSync(folder, { recursive: true, force: true })
})

const sends = (secret: string) =>
  app.request('/api/logs', {
    method: 'POST',
    body: 'a line',
    headers: { 'x-api-key': secret, 'content-type': 'text/plain' },
  })

it('while its file is gone no beat, line or command is answered as kept, and it is over when the file is back', async () => {
  const beat = await app.hasCheck('job')
  const { key } = await app.result<{ key: { secret: string } }>('keys create default')
  const file = join(folder, 'vakt.db')
  renameSync(file, `${file}.away`)
  expect([(await beat()).status, (await sends(key.secret)).status, taken()]).toEqual([503, 503, 0])
  expect(await app.says('checks pause job')).toMatchObject({
    ok: false,
    problem: { code: 'busy', message: expect.stringContaining(`${file} was removed while Vakt is running`) },
  })
  await app.passes('6s')
  expect((await app.request('/readyz')).status).toBe(503)
  // Another file in its place does not make what is answered last.
  writeFileSync(file, '')
  expect((await beat()).status).toBe(503)
  renameSync(`${file}.away`, file)
  expect(existsSync(file)).toBe(true)
  expect([(await beat()).status, (await sends(key.secret)).status, taken()]).toEqual([200, 200, 1])
  await app.passes('6s')
  expect((await app.request('/readyz')).status).toBe(200)
})

it('a full disk is named to who types a command, and it is over when there is room', async () => {
  const { pages } = state.prepare<[], { pages: number }>('select page_count as pages from pragma_page_count()').get()!
  const note = `checks add job --owner ${'x'.repeat(60)}`
  state.prepare(`pragma max_page_count = ${pages}`).get()
  let reply = await app.says(note)
  for (let i = 0; i < 500 && reply.ok; i++) reply = await app.says(note.replace('job', `job-${i}`))
  expect(reply).toMatchObject({ ok: false, problem: { code: 'busy', message: expect.stringContaining('is full') } })
  state.prepare('pragma max_page_count = 1000000').get()
  expect(await app.says('checks add other')).toMatchObject({ ok: true })
})

it.each([
  ['SQLITE_IOERR_WRITE', 'busy', 'cannot be written (SQLITE_IOERR_WRITE)'],
  ['SQLITE_READONLY_DBMOVED', 'busy', 'cannot be written'],
  ['SQLITE_CORRUPT', 'internal', 'restore vakt.db from a backup'],
])('%s is a sentence', (code, kind, words) => {
  const problem = stateProblem(Object.assign(new Error('database disk image is malformed'), { code }))
  expect(problem).toMatchObject({ code: kind, message: expect.stringContaining(words) })
})

it('what is no trouble of the database stays what it is', () => {
  const error = Object.assign(new Error('UNIQUE'), { code: 'SQLITE_CONSTRAINT_UNIQUE' })
  expect(stateProblem(error)).toBe(error)
})
