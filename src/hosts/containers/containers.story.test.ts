// Containers in the whole app over real SSH: listed, shown, read, followed live and exported.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { createFakeHost, type FakeHost } from '../../testing/ssh/fake-host.ts'
import { type SshServer, startSshServer } from '../../testing/ssh/ssh-server.ts'

let app: TestApp
let server: SshServer
let host: FakeHost
let folder: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-hosts-'))
  app = await startApp({ environment: { DATA_DIR: folder, TAIL_LIMIT_PER_KEY: '1' } })
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

const refusal = async (line: string) => {
  const reply = await app.says(line)
  if (reply.ok) throw new Error(`"${line}" succeeded`)
  return reply.problem.message
}
const card = async (line: string) => {
  const reply = await app.says(line)
  if (!reply.ok) throw reply.problem
  return reply.card
}
/** Starts a live tail in the terminal. */
async function follow(line: string): Promise<number> {
  const reply = await app.says(line, { platform: 'terminal' })
  if (!reply.ok) throw reply.problem
  return (reply.result as { tail: number }).tail
}
const shown = () => app.text(app.channel.messages[0]!.card)
/** Time passes until the live tail shows a text. */
const untilShown = (text: string) =>
  vi.waitFor(
    async () => {
      await app.passes('1s')
      expect(shown()).toContain(text)
    },
    { timeout: 20_000 },
  )
async function exported(id: number): Promise<string[]> {
  const { file } = await card(`containers tail --export ${id}`)
  const content = Buffer.from(file!.content)
  const text = (file!.name.endsWith('.gz') ? gunzipSync(content) : content).toString()
  return text.split('\n').slice(0, -1)
}

describe('the list of containers', () => {
  it('contains stopped containers, and each can be shown', async () => {
    host.has('job', { state: 'exited', exitCode: 2 })
    host.has('sick', { health: 'unhealthy' })
    const list = await card('containers list')
    expect(list.title).toBe('3 containers, 2 running')
    expect(app.text(list)).toContain('web-1/job · Exited (2) 2 hours ago · nginx:1.27')
    const { containers } = await app.result<{ containers: unknown[] }>('containers list --state unhealthy')
    expect(containers).toMatchObject([{ host: 'web-1', name: 'sick', health: 'unhealthy', current: true }])
    expect((await card('containers show web-1/sick')).title).toBe('web-1/sick is running (unhealthy)')
    expect(app.text(await card('containers show web-1/sick'))).toContain('curl: (7) refused')
    expect(await app.result('containers show web-1/job')).toMatchObject({
      container: { state: 'exited', exit_code: 2 },
    })
  })

  it('is searched by host and name, and an empty answer names the next command', async () => {
    const found = async (line: string) => (await app.result<{ containers: unknown[] }>(line)).containers.length
    expect(await found('containers list WEB-1')).toBe(1)
    expect(await found('containers list web-1/web')).toBe(1)
    expect((await card('containers list nothing')).lines).toEqual([
      'No container matches. "containers list" shows all containers.',
    ])
  })

  it('masks the secrets of a command', async () => {
    host.has('db', { command: ['db', '--password=hunter2secret'] })
    const reply = await app.says('containers show web-1/db')
    expect(JSON.stringify(reply)).toContain('--password=[hidden:password]')
    expect(JSON.stringify(reply)).not.toContain('hunter2secret')
  })

  it('shows the last known containers of a host that does not answer, and the problem', async () => {
    await server.close()
    const { containers, problems } = await app.result<{ containers: unknown[]; problems: string[] }>('containers list')
    expect(containers).toMatchObject([{ name: 'web', current: false }])
    expect(problems).toEqual([expect.stringMatching(/web-1/)])
  })

  it('fails with one sentence that names the remedy', async () => {
    expect(await refusal('containers show web-1/nothing')).toBe(
      'There is no container "nothing" on web-1. "containers list --host web-1" shows all its containers.',
    )
    expect(await refusal('containers show web-2/web')).toBe('There is no host "web-2". Registered hosts: web-1.')
    expect(await refusal('containers show web')).toContain('Write host/container, such as web-1/nginx.')
    expect(await refusal(`containers show "web-1/web; reboot"`)).toContain('is not a container')
    expect(await refusal('containers tail web-1/x*')).toContain('No container matches "web-1/x*"')
    host.failure = 'permission denied while trying to connect to the Docker daemon socket'
    expect(await refusal('containers tail web-1/web')).toContain('sudo usermod -aG docker deploy')
    expect(server.commands.join()).not.toContain('reboot')
  })
})

describe('the last lines', () => {
  it('of both streams are in order of time, without colours and secrets', async () => {
    host.says('web', '\u001b[31mERROR\u001b[0m cannot connect', 'err')
    host.says('web', 'password=hunter2 accepted')
    host.says('web', 'third')
    const { lines } = await app.result<{ lines: Record<string, string>[] }>('containers tail web-1/web')
    expect(lines.map(line => [line.stream, line.level, line.message])).toEqual([
      ['stderr', 'error', 'ERROR cannot connect'],
      ['stdout', 'info', expect.stringContaining('password=[hidden')],
      ['stdout', 'info', 'third'],
    ])
    expect(app.text(await card('containers tail web-1/web'))).not.toContain('hunter2')
  })

  it('of several hosts come from those that answer, with the problem of the others', async () => {
    const gone = await startSshServer({ run: execution => host.run(execution) })
    await app.result(`hosts add db-1 ${gone.address}`)
    await gone.close()
    host.says('web', 'still here')
    const answer = await card('containers tail */web')
    expect(answer).toMatchObject({ title: '1 line from 2 containers', tone: 'warning' })
    expect(app.text(answer)).toMatch(/still here.*db-1/s)
    expect((await app.says('containers tail */web --follow', { platform: 'terminal', interactive: true })).ok).toBe(
      true,
    )
    expect(await refusal('containers tail db-1/*')).toContain('db-1')
  })

  it('are filtered by expression, level, number and age, and matches are bold', async () => {
    host.says('web', 'old line')
    await app.passes('5m')
    for (let i = 1; i <= 30; i++) host.says('web', `request ${i} ${i % 10 === 0 ? 'level=error refused' : 'ok'}`)
    const messages = async (flags: string) =>
      (await app.result<{ lines: { message: string }[] }>(`containers tail web-1/web ${flags}`)).lines.map(
        line => line.message,
      )
    expect(await messages('--lines 2')).toEqual(['request 29 ok', 'request 30 level=error refused'])
    expect(await messages('--grep "request [12]0"')).toHaveLength(2)
    expect(await messages('--level error')).toHaveLength(3)
    expect((await messages('--since 2m --lines 100'))[0]).toBe('request 1 ok')
    expect((await card('containers tail web-1/web --grep REFUSED|refused')).lines!.flat()).toContainEqual({
      bold: 'refused',
    })
    expect(await refusal('containers tail web-1/web --grep "("')).toContain('has a ( that is never closed')
    expect(await messages('--grep nothing')).toEqual([])
  })
})

describe('a live tail', () => {
  it('shows new lines in one message, can be paused and stopped, and its export is complete', async () => {
    host.says('web', 'before')
    const tail = await follow('containers tail web-1/web --follow')
    await untilShown('before')
    host.says('web', 'now')
    await untilShown('now')
    await app.result(`containers tail --pause ${tail}`)
    host.says('web', 'while paused')
    await app.passes('10s')
    expect(shown()).not.toContain('while paused')
    await app.result(`containers tail --resume ${tail}`)
    await untilShown('while paused')
    await app.result(`containers tail --stop ${tail}`)
    expect(shown()).toContain('Stopped by Ann.')
    expect(app.channel.messages).toHaveLength(1)
    expect((await exported(tail)).map(line => line.split(' ').slice(1).join(' '))).toEqual([
      'stdout before',
      'stdout now',
      'stdout while paused',
    ])
    expect(server.signals).toContain('TERM')
  })

  it('continues across a restart of the container and a lost connection; each line comes once', async () => {
    const tail = await follow('containers tail web-1/web --follow')
    await app.passes('1s')
    host.says('web', 'one')
    await untilShown('one')
    host.dies('web', 1)
    await untilShown('has stopped. Its lines continue when it runs again')
    host.restarts('web')
    host.says('web', 'two')
    host.says('web', 'three', 'err')
    await untilShown('three')
    server.cuts()
    host.says('web', 'four')
    await untilShown('four')
    expect((await exported(tail)).map(line => line.split(' ').at(-1))).toEqual(['one', 'two', 'three', 'four'])
  })

  it('merges several containers in order of time', async () => {
    host.has('db')
    await app.result('hosts test web-1')
    const tail = await follow('containers tail web-1/* --follow')
    await app.passes('1s')
    for (let i = 0; i < 20; i++) host.says(i % 2 ? 'db' : 'web', `line ${i}`)
    await untilShown('line 19')
    const lines = await exported(tail)
    expect(lines.map(line => line.split(' ').at(-1))).toEqual(Array.from({ length: 20 }, (_, i) => String(i)))
    expect(lines[1]).toContain(' web-1/db stdout line 1')
  })

  it('of 5,000 lines a second edits its message at most every 3 s, and exports every line', async () => {
    const tail = await follow('containers tail web-1/web --follow')
    const countExported = async () => (await app.result<{ lines: number }>(`containers tail --export ${tail}`)).lines
    const SECONDS = 12
    for (let second = 1; second <= SECONDS; second++) {
      for (let i = 0; i < 5000; i++) host.says('web', `line ${(second - 1) * 5000 + i} of a container that says a lot`)
      await app.passes('1s')
    }
    await vi.waitFor(async () => {
      await app.passes('1s')
      expect(await countExported()).toBe(SECONDS * 5000)
    }, 10_000)
    const message = app.channel.messages[0]!
    expect(app.channel.messages).toHaveLength(1)
    expect(message.edits).toBeGreaterThan(2)
    const elapsed = (app.clock.now() - message.at) / 1000
    expect(message.edits).toBeLessThanOrEqual(elapsed / 3 + 1)
    const numbers = (await exported(tail)).map(line => Number(/line (\d+) of/.exec(line)![1]))
    expect(numbers).toEqual(Array.from({ length: SECONDS * 5000 }, (_, i) => i))
  })

  it('over HTTP is a stream of events that shows why no lines come, and ends with the reader', async () => {
    const request = (accept: string, line = 'containers tail web-1/web --follow --level warn') =>
      app.request('/api/commands', {
        method: 'POST',
        headers: { authorization: 'Bearer admin-key-for-tests', 'content-type': 'application/json', accept },
        body: JSON.stringify({ line }),
      })
    host.says('web', 'ERROR before')
    const response = await request('application/json, text/event-stream')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let received = ''
    void (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) received += next.value
    })().catch(() => {})
    const untilReceived = (text: string) =>
      vi.waitFor(async () => {
        await app.passes('1s')
        expect(received).toContain(text)
      }, 10_000)
    await untilReceived('"message":"ERROR before"')
    host.says('web', 'fine')
    host.says('web', 'ERROR password=hunter2 refused', 'err')
    await untilReceived(' refused')
    host.dies('web', 1)
    await untilReceived('event: problem\ndata: {"message":"web on web-1 has stopped.')
    expect(received).not.toMatch(/fine|hunter2/)
    host.restarts('web')
    await app.passes('20s')
    const second = await request('text/event-stream')
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '10'])
    await reader.cancel()
    await vi.waitFor(() => expect(server.signals).toContain('TERM'), 10_000)
    expect((await request('application/json')).status).toBe(400)
    const forAWhile = await request('text/event-stream', 'containers tail web-1/web --follow --for 5m')
    expect(await forAWhile.text()).toContain('In a shell, --follow runs until Ctrl-C. Leave out --for.')
  })

  it('fails at once for a container that does not exist', async () => {
    await expect(follow('containers tail web-1/nothing --follow')).rejects.toThrow(
      'There is no container "nothing" on web-1.',
    )
    expect(app.channel.messages).toHaveLength(0)
  })
})
