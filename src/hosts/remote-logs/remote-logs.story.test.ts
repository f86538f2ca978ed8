// Remote logs in the whole app: real shells behind the SSH server read real files into a real log store.
import { spawn } from 'node:child_process'
import { appendFileSync, chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogStore } from '../../logs/store.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { shareLogStore } from '../../testing/log-store.ts'
import { createFakeHost, type FakeHost } from '../../testing/ssh/fake-host.ts'
import { type SshServer, startSshServer } from '../../testing/ssh/ssh-server.ts'
import { parseDuration } from '../../time.ts'

const nextStore = shareLogStore()
let folder: string
let file: string
let append: LogStore['append']
let app: TestApp
let server: SshServer
let host: FakeHost
/** Replaces `append` of the store. */
let interceptor: ((batch: Parameters<LogStore['append']>[0]) => ReturnType<LogStore['append']>) | null

/** What the login shell prints before each command. */
let greeting: string
/** What is printed instead of reading a log, by a shell or forced command that runs nothing; null for none. */
let forcedAnswer: string | null

type Found = { total: number; logs: { message: string; source: string; host: string; level: string }[] }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-remote-'))
  file = join(folder, 'app.log')
  writeFileSync(file, 'old line\n')
  const { store, start } = await nextStore()
  append = store.append.bind(store)
  interceptor = null
  greeting = ''
  forcedAnswer = null
  store.append = batch => (interceptor ?? append)(batch)
  app = await startApp({ store, start })
  host = createFakeHost(() => app.clock.now())
  server = await startSshServer({
    run: execution => {
      execution.out(greeting)
      if (!execution.words[2]?.startsWith('# vakt log')) return host.run(execution)
      if (forcedAnswer !== null) {
        execution.out(forcedAnswer)
        return execution.exit(1)
      }
      const child = spawn('/bin/sh', ['-c', execution.line])
      child.stdout.on('data', chunk => execution.out(chunk.toString('utf8')))
      child.stderr.on('data', chunk => execution.err(chunk.toString('utf8')))
      child.on('close', code => {
        if (greeting !== '') execution.out('bye\n')
        execution.exit(code ?? 1)
      })
    },
  })
  await app.result(`hosts add web-1 ${server.address}`)
})
afterEach(async () => {
  await app.stop()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const messages = async () =>
  (await app.result<Found>('logs search --last 1d --limit 100')).logs.map(line => line.message).reverse()
const refusal = async (line: string) => {
  const reply = await app.says(line)
  if (reply.ok) throw new Error(`"${line}" succeeded`)
  return reply.problem.message
}
const add = (every = '30s') =>
  app.result<{ fetched: number }>(`hosts logs add web-1 --file ${file} --every ${every} --source app`)
/** Time passes until the store has these lines. */
const storesUntil = (lines: string[]) =>
  vi.waitFor(
    async () => {
      await app.passes('5s')
      expect(await messages()).toEqual(lines)
    },
    { timeout: 30_000 },
  )

/** Time passes in steps of 30 s; in each the host is collected from, and due logs are fetched. */
async function passesInSteps(duration: string) {
  const seen = () => app.state.prepare<[], { at: number }>('select last_seen_at + failures as at from hosts').get()!.at
  const due = () => app.state.prepare<[], { at: number }>('select due_at as at from remote_logs').get()!.at
  for (let left = parseDuration(duration)!; left > 0; left -= 30_000) {
    const before = seen()
    await app.passes('30s')
    await vi.waitFor(() => expect(seen()).not.toBe(before), { interval: 5 })
    await vi.waitFor(() => expect(due()).toBeGreaterThan(app.clock.now()), { interval: 5 })
    await app.passes('0s')
  }
}

describe('a log file of a host', () => {
  it('is stored as it grows and across rotation, each line once', async () => {
    expect((await add()).fetched).toBe(1)
    appendFileSync(file, 'ERROR disk is full\n')
    await storesUntil(['old line', 'ERROR disk is full'])
    appendFileSync(file, 'before rotation\n')
    renameSync(file, `${file}.1`)
    writeFileSync(file, 'after rotation\n')
    await storesUntil(['old line', 'ERROR disk is full', 'before rotation', 'after rotation'])
    const { logs } = await app.result<Found>('logs search level>=error --last 1d')
    expect(logs).toMatchObject([{ message: 'ERROR disk is full', source: 'app', host: 'web-1', level: 'error' }])
    expect((await app.result<{ logs: unknown }>('hosts logs list')).logs).toMatchObject([
      { host: 'web-1', kind: 'file', target: file, source: 'app', every_ms: 30_000, lines: 4, error: null },
    ])
  })

  it('is fetched on request, with buttons for search and analysis', async () => {
    await add()
    appendFileSync(file, 'one\ntwo\n')
    expect(await app.says('hosts logs fetch web-1')).toMatchObject({
      card: { title: `2 new lines from ${file} of web-1`, buttons: [{ label: 'Search' }, { label: 'Analyze' }] },
      result: { fetched: 2, lost: false },
    })
    expect((await app.says('hosts logs fetch web-1')).card.title).toContain('No new lines')
    await app.result(`hosts logs remove web-1 --file ${file}`)
    expect(await refusal('hosts logs fetch web-1')).toContain(
      'Vakt reads no log of web-1. Add it: hosts logs add web-1',
    )
    expect(await messages()).toEqual(['old line', 'one', 'two'])
  })

  it('shows progress in the chat when fetching takes a while', async () => {
    await add()
    appendFileSync(file, 'one\ntwo\n')
    let open = () => {}
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    let isWaiting = false
    interceptor = async batch => {
      isWaiting = true
      await gate
      return append(batch)
    }
    const done = app.says('hosts logs fetch web-1', { platform: 'terminal', interactive: true })
    await vi.waitFor(() => expect(isWaiting).toBe(true))
    await app.passes('3s')
    await vi.waitFor(() => expect(app.channel.messages.at(-1)?.card.title).toContain('Fetching'))
    open()
    await done
    expect(app.channel.messages.at(-1)?.card.title).toBe(`2 new lines from ${file} of web-1`)
  })

  it.each(['before the batch is stored', 'after the batch is stored'])(
    'stores each line once when Vakt is killed %s',
    async when => {
      await add()
      appendFileSync(file, 'one\ntwo\n')
      let reached = false
      interceptor = async batch => {
        interceptor = null
        if (when.startsWith('after')) await append(batch)
        reached = true
        return new Promise(() => {})
      }
      void app.says('hosts logs fetch web-1')
      await vi.waitFor(() => expect(reached).toBe(true))
      // Without a fixed end, this line would change the repeated batch.
      appendFileSync(file, 'three\n')
      app = await app.restarts('1m', 'killed')
      await storesUntil(['old line', 'one', 'two', 'three'])
      await app.passes('2m')
      expect(await messages()).toEqual(['old line', 'one', 'two', 'three'])
    },
  )

  it('continues at its position after an edit, and new lines get the new source and project', async () => {
    await add('1h')
    appendFileSync(file, 'before\n')
    await app.result('hosts logs fetch web-1')
    await app.result('projects add shop')
    expect(await refusal('hosts logs edit web-1')).toContain('Nothing to change')
    await app.result('hosts logs edit web-1 --source shop-app --project shop')
    appendFileSync(file, 'after\n')
    // A shorter interval takes effect at once, not after the hour.
    const { log } = await app.result<{ log: { every_ms: number } }>('hosts logs edit web-1 --every 30s')
    expect(log.every_ms).toBe(30_000)
    await storesUntil(['old line', 'before', 'after'])
    const found = await app.result<Found>('logs search source:shop-app --project shop')
    expect(found.logs.map(line => line.message)).toEqual(['after'])
    app.state.prepare(`update remote_logs set pending = '{"batch":9,"start":null,"until":{"cursor":"x"}}'`).run()
    expect(await refusal('hosts logs edit web-1 --project default')).toContain('are being stored')
  })

  it('that is long is stored in batches of limited size', async () => {
    await add()
    const sizes: number[] = []
    interceptor = batch => {
      sizes.push(batch.body.byteLength)
      return append(batch)
    }
    appendFileSync(file, `${'a line of some length that says nothing much'.repeat(2)}\n`.repeat(12_000))
    expect(await app.result('hosts logs fetch web-1')).toMatchObject({ fetched: 12_000 })
    expect(sizes.length).toBeGreaterThan(3)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024)
  })

  it('that cannot be read is not added, and the error names the remedy', async () => {
    expect(await refusal('hosts logs add web-1 --file /var/log/there-is-none.log')).toContain('There is no file')
    expect(await refusal(`hosts logs add web-1 --file ${folder}`)).toContain('is not a regular file')
    expect(await refusal('hosts logs add web-1 --file relative.log')).toContain('absolute path')
    expect(await refusal('hosts logs add web-1 --journal "a; reboot"')).toContain('systemd unit')
    expect(await refusal('hosts logs add web-1')).toContain('Choose one log')
    expect(await refusal('hosts logs add web-9 --journal *')).toContain('There is no host "web-9"')
    expect(await app.result('hosts logs list')).toEqual({ logs: [] })
  })

  it('that disappears shows an error in the list, and is read again when it is back', async () => {
    await add()
    renameSync(file, join(folder, 'elsewhere'))
    await passesInSteps('1m')
    expect(app.text((await app.says('hosts logs list')).card)).toContain('There is no file')
    renameSync(join(folder, 'elsewhere'), file)
    appendFileSync(file, 'back again\n')
    await storesUntil(['old line', 'back again'])
    expect((await app.says('hosts logs list')).card.title).toBe('1 remote log')
  })

  it('is read through a shell that prints a greeting', async () => {
    greeting = 'Welcome to fish, the friendly interactive shell\nready> '
    writeFileSync(file, 'a\nb\n')
    expect((await add()).fetched).toBe(2)
    appendFileSync(file, 'one\n')
    await storesUntil(['a', 'b', 'one'])
    expect(await app.result('hosts list')).toMatchObject({ hosts: [{ status: 'up' }] })
  })

  it('that a shell does not let Vakt read shows what the shell printed, and is read once that is corrected', async () => {
    forcedAnswer = 'This account is currently not available.\n'
    expect(await refusal(`hosts logs add web-1 --file ${file}`)).toContain('"This account is currently not available."')
    const before = server.signedIn()
    forcedAnswer = null
    expect((await add()).fetched).toBe(1)
    expect(server.signedIn()).toBe(before + 1)
  })

  it('is listed with the lines that could not be kept, and why', async () => {
    const entry = (cursor: string) => `${JSON.stringify({ __CURSOR: cursor, MESSAGE: `of ${cursor}` })}\n`
    forcedAnswer = `@@journal\n${entry('a')}{"MESSAGE":"no cursor"}\n{"MESSAGE":\n${entry('b')}{"MESSAGE":"comes again"}\n`
    await app.result('hosts logs add web-1 --journal app.service')
    expect((await app.result<{ logs: unknown[] }>('hosts logs list')).logs).toMatchObject([
      { lines: 2, rejected: 2, rejected_reason: expect.stringContaining('no cursor') },
    ])
    expect(app.text((await app.says('hosts logs list')).card)).toMatch(
      /🟠.*2 lines.*2 lines not kept: web-1 sent entries/,
    )
    expect((await app.result<{ rejected: unknown[] }>('logs status')).rejected).toMatchObject([
      { project: 'default', source: 'app', host: 'web-1', reason: 'unreadable', lines: 2 },
    ])
  })

  it('that is empty can be added', async () => {
    writeFileSync(file, '')
    expect((await app.says(`hosts logs add web-1 --file ${file} --source app`)).card.lines).toEqual([
      'It has no lines yet; new lines get the source app.',
    ])
  })

  it('that disappears fires one alert, which resolves when the file can be read again', async () => {
    await add()
    renameSync(file, join(folder, 'elsewhere'))
    await passesInSteps('4m')
    expect(app.titles()).toEqual([])
    await passesInSteps('10m')
    expect(app.titles()).toEqual([`Warning: ${file} of web-1 cannot be read`])
    expect(app.text(app.channel.messages[0]!.card)).toContain('There is no file')
    renameSync(join(folder, 'elsewhere'), file)
    await passesInSteps('2m')
    expect(app.titles()).toEqual([`Resolved: ${file} of web-1 cannot be read`])
  })

  it('fires no alert of its own while its host cannot be reached, or shortly after', async () => {
    // An interval that does not coincide with the collections.
    await add('50s')
    server.lets(() => false)
    server.cuts()
    await passesInSteps('10m')
    server.lets(() => true)
    await passesInSteps('3m')
    expect(app.titles()).toEqual(['Resolved: web-1 cannot be reached'])
  })

  it('is added only by admins', async () => {
    chmodSync(file, 0o600)
    expect(await app.says(`hosts logs add web-1 --file ${file}`, { admin: false })).toMatchObject({
      ok: false,
      problem: { code: 'forbidden' },
    })
  })
})
