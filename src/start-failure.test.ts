// Starts that cannot work: on a full or failing disk, on a damaged database. They end, name the reason, and cost no data.
import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Problem } from './problem.ts'
import { openState } from './state/database.ts'
import { Sqlite } from './state/sqlite.ts'
import { diskProblem, openProblem } from './state/start-problem.ts'
import { startApp } from './testing/app.ts'
import { createFakeClock } from './testing/fake-clock.ts'
import { newFolder } from './testing/running.ts'

const folder = newFolder()
/** A state with a check in it. */
const pristine = join(folder.path, 'pristine')

beforeAll(async () => {
  mkdirSync(pristine)
  const state = openState(pristine)
  const clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
  const app = await startApp({ after: { state, clock, channels: [] } })
  for (let i = 0; i < 20; i++) await (await app.hasCheck(`job-${i} --every 1h`))()
  await app.stop()
  state.close()
})
afterAll(() => folder.remove())

/** A copy of the pristine data folder. */
function copy(name: string): string {
  const path = join(folder.path, name)
  mkdirSync(path)
  copyFileSync(join(pristine, 'vakt.db'), join(path, 'vakt.db'))
  return path
}

/** Starts Vakt where no file can grow beyond `kib`, as on a disk without room; resolves when it has ended. */
function startWithRoom(path: string, kib: number): Promise<{ code: number | null; printed: string; logged: string }> {
  const script = `trap '' XFSZ; ulimit -f ${kib}; exec "$0" "$1"`
  const child = spawn('bash', ['-c', script, process.execPath, join(import.meta.dirname, 'main.ts')], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      HOME: path,
      TZ: 'UTC',
      PORT: '0',
      DATA_DIR: path,
      ADMIN_KEY: 'admin-key-for-process-tests',
      LOG_LEVEL: 'warn',
    },
    cwd: path,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { printed: '', logged: '' }
  child.stdout!.on('data', chunk => {
    out.printed += chunk
  })
  child.stderr!.on('data', chunk => {
    out.logged += chunk
  })
  return new Promise(resolve => child.once('close', code => resolve({ code, ...out })))
}

describe('a start without room on the disk', () => {
  it.each([32, 72])('for files over %s KiB ends, names the full disk, and leaves the data as it was', async kib => {
    const path = copy(`room-${kib}`)
    const { code, printed, logged } = await startWithRoom(path, kib)
    expect(code).toBe(1)
    expect(logged).toMatch(/is full/)
    expect(logged).toContain('Free some space')
    expect(logged).not.toMatch(/move it away|backup/)
    expect(printed).not.toContain('on duty')
    const state = openState(path)
    expect(state.prepare<[], { n: number }>('select count(*) as n from beats').get()!.n).toBe(20)
    state.close()
  })

  it.each(['SQLITE_FULL', 'ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE', 'EIO'])(
    '%s is named as a full disk, and no advice costs data',
    code => {
      const error = Object.assign(new Error('it failed'), { code })
      for (const cause of [error, new Problem('internal', 'a service failed', { cause: error })]) {
        const { message } = openProblem(cause, pristine, join(pristine, 'vakt.db'))
        expect(message).toContain('full')
        expect(message).toContain('Free some space')
        expect(message).toContain('the data is not lost')
        expect(message).not.toMatch(/backup|move/)
      }
    },
  )

  it('is no reason for errors that have another', () => {
    expect(diskProblem(new Error('no'), pristine)).toBeNull()
    expect(diskProblem(Object.assign(new Error('in use'), { code: 'EADDRINUSE' }), pristine)).toBeNull()
    const { message } = openProblem(Object.assign(new Error('no'), { code: 'SQLITE_CANTOPEN' }), pristine, 'vakt.db')
    expect(message).toContain('Make it writable')
  })
})

describe('a damaged state database', () => {
  /** Overwrites the page with the root of a table. */
  const damage = (path: string, table: string) => {
    const file = join(path, 'vakt.db')
    const db = new Sqlite(file, { readonly: true })
    const query = 'select rootpage as page from sqlite_master where name = ?'
    const { page } = db.prepare(query).get(table) as { page: number }
    const size = db.pragma('page_size', { simple: true }) as number
    db.close()
    const handle = openSync(file, 'r+')
    writeSync(handle, Buffer.alloc(size, 0xab), 0, size, (page - 1) * size)
  }
  const open = async (path: string) => {
    const state = openState(path)
    const clock = createFakeClock(Date.parse('2026-03-02T10:00:00Z'))
    const logged: unknown[] = []
    const log = (message: string, facts?: object) => void logged.push([message, facts])
    const logger = { debug() {}, info() {}, warn: log, error: log }
    const app = await startApp({ logger: logger as never, after: { state, clock, channels: [] } })
    return { app, state, logged }
  }

  it.each(['audit', 'beats'])('(%s) is named at the start: in the log, readyz, status and a card', async table => {
    const path = copy(`damaged-${table}`)
    damage(path, table)
    const { app, state, logged } = await open(path)
    await app.passes('20s')
    expect(JSON.stringify(logged)).toContain('The state database is damaged')
    const response = await app.request('/readyz')
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('The state database is damaged')
    expect(await app.answerText('status')).toContain('the state database is damaged')
    expect(app.titles()).toContain('Critical: The state database is damaged')
    await app.passes('1h')
    expect(app.titles().filter(title => title.includes('damaged'))).toHaveLength(1)
    app.scheduler.stop()
    state.close()
  })

  it('that is whole again after a restart resolves its alert', async () => {
    const app = await startApp()
    app.state.damage = '*** in database main ***'
    await app.passes('5s')
    expect(app.titles()).toEqual(['Critical: The state database is damaged'])
    app.state.damage = null
    const later = await app.restarts('1s')
    await later.passes('5s')
    expect(later.titles()).toEqual(['Resolved: The state database is damaged'])
  })

  it('that cannot be opened is named, with advice that keeps the file', () => {
    const path = copy('no-database')
    writeFileSync(join(path, 'vakt.db'), 'nonsense '.repeat(2_000))
    const before = readFileSync(join(path, 'vakt.db'))
    expect(() => openState(path)).toThrow(/is damaged .* Restore it from a backup\. Keep the damaged file/)
    expect(readFileSync(join(path, 'vakt.db'))).toEqual(before)
  })

  it('is not migrated', () => {
    const path = copy('old')
    const db = new Sqlite(join(path, 'vakt.db'))
    db.prepare(
      'delete from __drizzle_migrations where created_at = (select max(created_at) from __drizzle_migrations)',
    ).run()
    db.close()
    damage(path, 'audit')
    expect(() => openState(path)).toThrow(/is damaged .* this version of Vakt would have to change it/)
  })
})

it('a half-written secret is not left behind', async () => {
  const { loadOrCreateSecret } = await import('./config/secret-files.ts')
  const path = join(folder.path, 'secrets')
  mkdirSync(path)
  expect(loadOrCreateSecret(path, 'some.key', () => 'made')).toBe('made')
  expect(loadOrCreateSecret(path, 'some.key', () => 'other')).toBe('made')
  expect(statSync(join(path, 'some.key')).mode & 0o777).toBe(0o600)
  rmSync(join(path, 'some.key'))
})
