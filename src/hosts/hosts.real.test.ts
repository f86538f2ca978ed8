// Hosts with the real OpenSSH and Podman; .ci/real-hosts installs and prepares both.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createVault } from '../projects/vault.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { loadOrCreateOwnKey } from './ssh/own-key.ts'

const FOLDER = process.env.REAL_FOLDER!
const FORCED = join(import.meta.dirname, '../../examples/vakt-ssh')
const USER = userInfo().username
const LOOP = 'i=0; while true; do i=$((i+1)); echo out $i; echo err $i >&2; sleep 0.2; done'

const servers: ChildProcess[] = []
let app: TestApp

const podman = (...words: string[]) =>
  execFileSync('podman', ['--runtime=runc', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
const run = (name: string, script: string) =>
  podman('run', '-d', '--network=none', '--label', 'vakt-real', '--name', name, 'vakt-real', '/bin/sh', '-c', script)

beforeAll(() => {
  run('real-loop', LOOP)
  run('real-done', 'echo bye; exit 0')
})
afterAll(() => void podman('rm', '-f', '-t', '0', 'real-loop', 'real-done'))
beforeEach(async () => {
  app = await startApp({ start: new Date().toISOString(), environment: { DATA_DIR: join(FOLDER, 'vakt') } })
})
afterEach(async () => {
  await app.stop()
  for (const server of servers.splice(0)) server.kill()
  rmSync(join(FOLDER, 'home'), { recursive: true, force: true })
})

/** An sshd of Debian that uses the authorized_keys which the printed line writes. */
async function sshd(name: string, extra = ''): Promise<{ port: number; server: ChildProcess }> {
  const port = await freePort()
  const key = join(FOLDER, `host-key-${name}`)
  rmSync(key, { force: true })
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  const config = join(FOLDER, `sshd-${name}.conf`)
  writeFileSync(
    config,
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${key}
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
AuthorizedKeysFile ${FOLDER}/home/.ssh/authorized_keys
SetEnv CONTAINERS_CONF=${FOLDER}/containers.conf
${extra}
`,
  )
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: 'ignore' })
  servers.push(server)
  await vi.waitFor(() => answers(port), 5000)
  return { port, server }
}

/** Runs the line that Vakt prints, with its own home folder. */
async function letVaktIn(): Promise<void> {
  const { install } = await app.result<{ install: string }>('hosts key')
  const home = join(FOLDER, 'home')
  mkdirSync(home, { recursive: true })
  execFileSync('/bin/sh', ['-c', install], { env: { HOME: home, PATH: process.env.PATH } })
}

const card = async (line: string) => {
  const reply = await app.says(line)
  if (!reply.ok) throw reply.problem
  return app.text(reply.card)
}
const untilTrue = (check: () => Promise<void> | void) =>
  vi.waitFor(
    async () => {
      await app.passes('1s')
      await check()
    },
    { timeout: 20_000, interval: 250 },
  )

describe('a host with OpenSSH and Podman', () => {
  it('allows Vakt after the printed line, and shows its containers, lines and metrics', async () => {
    const { port } = await sshd('plain')
    const refused = await app.says(`hosts add real ${USER}@127.0.0.1:${port}`)
    expect(app.text(refused.card)).toContain("The host does not allow Vakt's key yet.")
    const shown = execFileSync('ssh-keygen', ['-lf', join(FOLDER, 'host-key-plain.pub')], { encoding: 'utf8' })
    expect(shown).toContain((await app.result<{ host: { host_key: string } }>('hosts show real')).host.host_key)
    await letVaktIn()
    expect(await card('hosts test real')).toMatch(/Podman has \d+ containers?, [1-9]\d* of them running\./)
    const { containers } = await app.result<{ containers: { name: string; state: string }[] }>('containers list real-')
    expect(containers.map(({ name, state }) => [name, state]).sort()).toEqual([
      ['real-done', 'exited'],
      ['real-loop', 'running'],
    ])
    expect(await app.result('containers show real/real-done')).toMatchObject({
      container: { state: 'exited', exit_code: 0, image: 'localhost/vakt-real:latest' },
    })
    const { lines } = await app.result<{ lines: { stream: string; message: string }[] }>(
      'containers tail real/real-loop --lines 20',
    )
    expect(new Set(lines.map(line => line.stream))).toEqual(new Set(['stdout', 'stderr']))
    await app.passes('30s')
    await untilTrue(async () => {
      const { metrics } = await app.result<{ metrics: { metric: string; current: number | null }[] }>(
        'containers stats real/real-loop',
      )
      expect(metrics.find(({ metric }) => metric === 'memory')?.current).toBeGreaterThan(0)
    })
    expect(await card('hosts show real')).toMatch(/CPU|memory \d+ % of/)
  })

  it('fails clearly for a container that does not exist', async () => {
    const { port } = await sshd('plain')
    await letVaktIn()
    await app.result(`hosts add real ${USER}@127.0.0.1:${port}`)
    await expect(app.result('containers show real/nothing')).rejects.toThrow('There is no container "nothing" on real.')
    await expect(app.result('containers tail real/nothing')).rejects.toThrow('There is no container "nothing" on real.')
  })

  it('is followed across a restart of the container; each line comes once', async () => {
    const { port } = await sshd('plain')
    await letVaktIn()
    await app.result(`hosts add real ${USER}@127.0.0.1:${port}`)
    const reply = await app.says('containers tail real/real-loop --follow --lines 1', { platform: 'terminal' })
    const { tail } = (reply as { result: { tail: number } }).result
    const seen = async () => (await app.result<{ lines: number }>(`containers tail --export ${tail}`)).lines
    await untilTrue(async () => expect(await seen()).toBeGreaterThan(10))
    podman('restart', '-t', '0', 'real-loop')
    const before = await seen()
    await untilTrue(async () => expect(await seen()).toBeGreaterThan(before + 20))
    await app.result(`containers tail --stop ${tail}`)
    const exported = await app.says(`containers tail --export ${tail}`)
    const lines = Buffer.from(exported.card.file!.content).toString().split('\n').slice(0, -1)
    for (const stream of ['out', 'err']) {
      const numbers = lines.flatMap(line => (line.includes(` ${stream} `) ? [Number(line.split(' ').at(-1))] : []))
      const again = numbers.indexOf(1, 1)
      expect(again).toBeGreaterThan(0)
      const runs = [numbers.slice(0, again), numbers.slice(again)]
      for (const part of runs) expect(part).toEqual(part.map((_, i) => part[0]! + i))
    }
    // Nothing is left running there.
    await untilTrue(() =>
      expect(execFileSync('sh', ['-c', 'ps ax | grep -c "[p]odman logs" || true'], { encoding: 'utf8' }).trim()).toBe(
        '0',
      ),
    )
  })

  it('fires an alert for a container that fails', async () => {
    const { port } = await sshd('plain')
    await letVaktIn()
    run('real-mortal', 'sleep 4; exit 3')
    try {
      await app.result(`hosts add real ${USER}@127.0.0.1:${port}`)
      await untilTrue(() =>
        expect(podman('inspect', '--format', '{{.State.Status}}', 'real-mortal').trim()).toBe('exited'),
      )
      await app.result('hosts test real')
      await untilTrue(() => expect(app.titles()).toContain('Critical: real-mortal on real died with exit status 3'))
    } finally {
      podman('rm', '-f', 'real-mortal')
    }
  })

  it('with a new host key is refused until the key is trusted', async () => {
    const { port, server } = await sshd('plain')
    await letVaktIn()
    await app.result(`hosts add real ${USER}@127.0.0.1:${port}`)
    server.kill()
    const other = await sshd('other')
    await app.result(`hosts edit real --address ${USER}@127.0.0.1:${other.port} --trust-key SHA256:${'A'.repeat(43)}`)
    const reply = await app.says('hosts test real')
    expect(reply.ok ? '' : reply.problem.message).toContain('has CHANGED from SHA256:AAAA')
  })
})

describe('the forced command', () => {
  it('allows all commands of Vakt, and nothing else', async () => {
    const { port } = await sshd('forced', `ForceCommand /bin/sh ${FORCED}`)
    await letVaktIn()
    await app.result(`hosts add real ${USER}@127.0.0.1:${port}`)
    expect(await card('hosts test real')).toContain('Podman has')
    expect((await app.result<{ containers: unknown[] }>('containers list real-')).containers).toHaveLength(2)
    expect(await card('containers show real/real-loop')).toContain('is running')
    expect(
      (await app.result<{ lines: unknown[] }>('containers tail real/real-loop --since 1m')).lines.length,
    ).toBeGreaterThan(0)
    const key = join(FOLDER, 'own-key')
    writeFileSync(key, loadOrCreateOwnKey(app.state, createVault(Buffer.alloc(32, 7))).privateKey, { mode: 0o600 })
    const options = [
      '-i',
      key,
      '-p',
      String(port),
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
    ]
    for (const command of ['id', 'podman run vakt-real', 'podman logs real-loop; id', '']) {
      const { stdout, stderr, status } = spawnSync('ssh', [...options, `${USER}@127.0.0.1`, command], {
        encoding: 'utf8',
      })
      expect([command, stdout, status]).toEqual([command, '', 126])
      expect(stderr).toContain('vakt: not allowed here')
    }
  })
})

describe('this machine', () => {
  it('needs no SSH', async () => {
    expect(await card('hosts add here local')).toMatch(/(?:Podman|Docker) has \d+ container/)
    const { containers } = await app.result<{ containers: { name: string }[] }>('containers list real-')
    expect(containers.map(({ name }) => name).sort()).toEqual(['real-done', 'real-loop'])
    expect((await app.result<{ lines: unknown[] }>('containers tail here/real-done')).lines).toHaveLength(1)
  })
})

function freePort(): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

function answers(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
}
