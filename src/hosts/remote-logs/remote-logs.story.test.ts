// Logs of hosts through the whole app: real shells behind the SSH server read real files, and the real store keeps the lines.
import { spawn } from 'node:child_process'
import { appendFileSync, chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { openLogStore } from '../../logs/embedded/open-log-store.ts'
import type { LogStore } from '../../logs/store.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { createFakeHost, type FakeHost } from '../../testing/ssh/fake-host.ts'
import { type SshServer, startSshServer } from '../../testing/ssh/ssh-server.ts'
import { parseDuration } from '../../time.ts'

let folder: string
let file: string
let store: LogStore
let append: LogStore['append']
let app: TestApp
let server: SshServer
let host: FakeHost
/** What the store does with a batch, in place of what it would. */
let instead: ((batch: Parameters<LogStore['append']>[0]) => ReturnType<LogStore['append']>) | null

type Found = { total: number; logs: { message: string; source: string; host: string; level: string }[] }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-remote-'))
  file = join(folder, 'app.log')
  writeFileSync(file, 'old line\n')
  store = await openLogStore({ folder: join(folder, 'store'), logger: silentLogger })
  append = store.append.bind(store)
  instead = null
  store.append = batch => (instead ?? append)(batch)
  app = await startApp({ store, start: new Date().toISOString() })
  host = createFakeHost(() => app.clock.now())
  server = await startSshServer({
    run: execution => {
      if (!execution.words[2]?.startsWith('# vakt log')) return host.run(execution)
      const child = spawn('/bin/sh', ['-c', execution.line])
      child.stdout.on('data', chunk => execution.out(chunk.toString('utf8')))
      child.stderr.on('data', chunk => execution.err(chunk.toString('utf8')))
      child.on('close', code => execution.exit(code ?? 1))
    },
  })
  await app.result(`hosts add web-1 ${server.address}`)
})
afterEach(async () => {
  await app.stop()
  await server.close()
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

const messages = async () =>
  (await app.result<Found>('logs search --limit 100')).logs.map(line => line.message).reverse()
const refusal = async (line: string) => {
  const reply = await app.says(line)
  if (reply.ok) throw new Error(`"${line}" was done`)
  return reply.problem.message
}
const add = (every = '30s') =>
  app.result<{ fetched: number }>(`hosts logs add web-1 --file ${file} --every ${every} --source app`)
/** Time passes until the store has these. */
const comes = (lines: string[]) =>
  vi.waitFor(
    async () => {
      await app.passes('5s')
      expect(await messages()).toEqual(lines)
    },
    { timeout: 30_000 },
  )

/** So long goes by; each half minute the host is looked at, and what is due is fetched. */
async function goesBy(duration: string) {
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
  it('comes into the store as it grows and over rotation, each line once', async () => {
    expect((await add()).fetched).toBe(1)
    appendFileSync(file, 'ERROR disk is full\n')
    await comes(['old line', 'ERROR disk is full'])
    appendFileSync(file, 'before rotation\n')
    renameSync(file, `${file}.1`)
    writeFileSync(file, 'after rotation\n')
    await comes(['old line', 'ERROR disk is full', 'before rotation', 'after rotation'])
    const { logs } = await app.result<Found>('logs search level>=error')
    expect(logs).toMatchObject([{ message: 'ERROR disk is full', source: 'app', host: 'web-1', level: 'error' }])
    expect((await app.result<{ logs: unknown }>('hosts logs list')).logs).toMatchObject([
      { host: 'web-1', kind: 'file', target: file, source: 'app', every_ms: 30_000, lines: 4, error: null },
    ])
  })

  it('is fetched when somebody asks, and leads on to search and analysis', async () => {
    await add()
    appendFileSync(file, 'one\ntwo\n')
    expect(await app.says('hosts logs fetch web-1')).toMatchObject({
      card: { title: `2 lines came from ${file} of web-1`, buttons: [{ label: 'Search' }, { label: 'Analyze' }] },
      result: { fetched: 2, lost: false },
    })
    expect((await app.says('hosts logs fetch web-1')).card.title).toContain('Nothing is new')
    await app.result(`hosts logs remove web-1 --file ${file}`)
    expect(await refusal('hosts logs fetch web-1')).toContain('None is: hosts logs add web-1')
    expect(await messages()).toEqual(['old line', 'one', 'two'])
  })

  it('is told in the chat as it goes, when fetching takes a while', async () => {
    await add()
    appendFileSync(file, 'one\ntwo\n')
    let goOn = () => {}
    const gate = new Promise<void>(resolve => {
      goOn = resolve
    })
    let waits = false
    instead = async batch => {
      waits = true
      await gate
      return append(batch)
    }
    const done = app.says('hosts logs fetch web-1', { platform: 'terminal', interactive: true })
    await vi.waitFor(() => expect(waits).toBe(true))
    await app.passes('3s')
    await vi.waitFor(() => expect(app.channel.messages.at(-1)?.card.title).toContain('is being fetched'))
    goOn()
    await done
    expect(app.channel.messages.at(-1)?.card.title).toBe(`2 lines came from ${file} of web-1`)
  })

  it.each(['before the store had it', 'after the store had it'])(
    'loses and repeats nothing when Vakt dies %s',
    async when => {
      await add()
      appendFileSync(file, 'one\ntwo\n')
      let reached = false
      instead = async batch => {
        instead = null
        if (when.startsWith('after')) await append(batch)
        reached = true
        return new Promise(() => {})
      }
      void app.says('hosts logs fetch web-1')
      await vi.waitFor(() => expect(reached).toBe(true))
      // What is written meanwhile would make the batch another one.
      appendFileSync(file, 'three\n')
      app = await app.restarts('1m', 'killed')
      await comes(['old line', 'one', 'two', 'three'])
      await app.passes('2m')
      expect(await messages()).toEqual(['old line', 'one', 'two', 'three'])
    },
  )

  it('is read on from where it was when it is edited, and what comes belongs elsewhere', async () => {
    await add('1h')
    appendFileSync(file, 'before\n')
    await app.result('hosts logs fetch web-1')
    await app.result('projects add shop')
    expect(await refusal('hosts logs edit web-1')).toContain('Say what to change')
    await app.result('hosts logs edit web-1 --source shop-app --project shop')
    appendFileSync(file, 'after\n')
    // As soon as it is to be read more often, the hour is not waited out.
    const { log } = await app.result<{ log: { every_ms: number } }>('hosts logs edit web-1 --every 30s')
    expect(log.every_ms).toBe(30_000)
    await comes(['old line', 'before', 'after'])
    const found = await app.result<Found>('logs search source:shop-app --project shop')
    expect(found.logs.map(line => line.message)).toEqual(['after'])
    app.state.prepare(`update remote_logs set pending = '{"batch":9,"start":null,"until":{"cursor":"x"}}'`).run()
    expect(await refusal('hosts logs edit web-1 --project default')).toContain('are being stored')
  })

  it('that is long comes in bounded batches', async () => {
    await add()
    const sizes: number[] = []
    instead = batch => {
      sizes.push(batch.body.byteLength)
      return append(batch)
    }
    appendFileSync(file, `${'a line of some length that says nothing much'.repeat(2)}\n`.repeat(12_000))
    expect(await app.result('hosts logs fetch web-1')).toMatchObject({ fetched: 12_000 })
    expect(sizes.length).toBeGreaterThan(3)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256 * 1024)
  })

  it('that cannot be read is refused with the remedy, and leaves nothing behind', async () => {
    expect(await refusal('hosts logs add web-1 --file /var/log/there-is-none.log')).toContain('There is no file')
    expect(await refusal(`hosts logs add web-1 --file ${folder}`)).toContain('is no file with lines')
    expect(await refusal('hosts logs add web-1 --file relative.log')).toContain('whole path')
    expect(await refusal('hosts logs add web-1 --journal "a; reboot"')).toContain('unit of systemd')
    expect(await refusal('hosts logs add web-1')).toContain('Say which')
    expect(await refusal('hosts logs add web-9 --journal *')).toContain('There is no host "web-9"')
    expect(await app.result('hosts logs list')).toEqual({ logs: [] })
  })

  it('that goes away later is told in the list, and read on when it is back', async () => {
    await add()
    renameSync(file, join(folder, 'elsewhere'))
    await vi.waitFor(async () => {
      await app.passes('30s')
      expect(JSON.stringify((await app.says('hosts logs list')).card)).toContain('There is no file')
    })
    renameSync(join(folder, 'elsewhere'), file)
    appendFileSync(file, 'back again\n')
    await comes(['old line', 'back again'])
    expect((await app.says('hosts logs list')).card.title).toBe('1 log of hosts')
  })

  it('that is empty is read too, and says so', async () => {
    writeFileSync(file, '')
    expect((await app.says(`hosts logs add web-1 --file ${file} --source app`)).card.lines).toEqual([
      'Nothing is in it yet; what comes has the source app.',
    ])
  })

  it('that goes away is told in one alert, which ends by itself when it can be read again', async () => {
    await add()
    const titles = () => app.channel.messages.map(message => message.card.title)
    renameSync(file, join(folder, 'elsewhere'))
    await goesBy('4m')
    expect(titles()).toEqual([])
    await goesBy('10m')
    expect(titles()).toEqual([`Warning: ${file} of web-1 cannot be read`])
    expect(JSON.stringify(app.channel.messages[0])).toContain('There is no file')
    renameSync(join(folder, 'elsewhere'), file)
    await goesBy('2m')
    expect(titles()).toEqual([`Resolved: ${file} of web-1 cannot be read`])
  })

  it('is not told of while its host cannot be reached, nor just after', async () => {
    // Its rounds and its fetches are not at the same time.
    await add('50s')
    const titles = () => app.channel.messages.map(message => message.card.title)
    server.lets(() => false)
    server.cuts()
    await goesBy('10m')
    server.lets(() => true)
    await goesBy('3m')
    expect(titles()).toEqual(['Resolved: web-1 cannot be reached'])
  })

  it('is for admins to add', async () => {
    chmodSync(file, 0o600)
    expect(await app.says(`hosts logs add web-1 --file ${file}`, { admin: false })).toMatchObject({
      ok: false,
      problem: { code: 'forbidden' },
    })
  })
})
