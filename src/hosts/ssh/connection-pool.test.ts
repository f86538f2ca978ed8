// Connections to hosts over real SSH on the loopback: sharing, limits, errors with a remedy, and back-off.
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { createVault } from '../../projects/vault.ts'
import { memoryState } from '../../state/database.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { type SshServer, type SshServerOptions, startSshServer } from '../../testing/ssh/ssh-server.ts'
import { MINUTE, SECOND } from '../../time.ts'
import type { Host } from '../host.ts'
import { addHost, editHost, type NewHost, sealSecret } from '../hosts.ts'
import { createHostConnections, type HostConnections } from './connection-pool.ts'
import { loadOrCreateOwnKey } from './own-key.ts'

const state = memoryState()
const vault = createVault(Buffer.alloc(32, 1))
const clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
const servers: SshServer[] = []
let connections: HostConnections
let hostCount = 0

beforeEach(() => {
  connections = createHostConnections(state, vault, clock, silentLogger)
})
afterEach(async () => {
  connections.close()
  await Promise.all(servers.splice(0).map(server => server.close()))
})

async function serve(options: SshServerOptions = {}): Promise<SshServer> {
  const server = await startSshServer(options)
  servers.push(server)
  return server
}

function hostAt(server: SshServer, changes: Partial<NewHost> = {}): Host {
  return addHost(state, {
    name: `web-${++hostCount}`,
    address: '127.0.0.1',
    port: server.port,
    user: 'deploy',
    auth: 'own',
    hostKey: server.fingerprint(),
    addedAt: clock.now(),
    addedBy: 'Ann',
    ...changes,
  })
}

const echo: SshServerOptions = {
  run: ({ words, out, exit }) => {
    out(words.join('|'))
    exit(0)
  },
}

describe('a command on a host', () => {
  it('returns its output, its errors and its exit status', async () => {
    const server = await serve({
      run: ({ out, err, exit }) => {
        out('yes\n')
        err('hm\n')
        exit(3)
      },
    })
    expect(await connections.machine(hostAt(server)).run(['x'])).toEqual({ stdout: 'yes\n', stderr: 'hm\n', code: 3 })
  })

  it('is sent as one quoted line, and shares a connection with others', async () => {
    const server = await serve(echo)
    const machine = connections.machine(hostAt(server))
    const hostile = "'; reboot; $(x)"
    const outputs = await Promise.all([machine.run(['docker', hostile]), machine.run(['b']), machine.run(['c'])])
    expect(outputs.map(({ stdout }) => stdout)).toEqual([`docker|${hostile}`, 'b', 'c'])
    expect([server.signedIn(), server.clients()]).toEqual([1, 1])
  })

  it('waits for a free session, and opens more connections when each allows few sessions', async () => {
    const server = await serve({ ...echo, maxSessions: 2 })
    const machine = connections.machine(hostAt(server))
    const outputs = await Promise.all(Array.from({ length: 60 }, (_, i) => machine.run(['n', String(i)])))
    expect(outputs.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 60 }, (_, i) => `n|${i}`))
    expect(server.signedIn()).toBeLessThanOrEqual(4)
  })

  it('is ended on the host at its time limit', async () => {
    const server = await serve({ run() {} })
    const answer = connections.machine(hostAt(server)).run(['sleep'], { timeoutMs: 5 * SECOND })
    answer.catch(() => {})
    await vi.waitFor(async () => {
      await clock.advance(SECOND)
      expect(server.signals).toEqual(['TERM'])
    })
    await expect(answer).rejects.toThrow(/"sleep" on web-\d+ took longer than 5 s/)
  })

  it('is cut off when it writes too much', async () => {
    const server = await serve({
      run: ({ out, onEnd }) => {
        out('x'.repeat(50_000))
        onEnd(() => {})
      },
    })
    const output = await connections.machine(hostAt(server)).run(['yes'], { maxBytes: 1000 })
    expect(output.stdout).toBe('x'.repeat(1000))
  })

  it('fails when the connection is lost, and the next command connects again', async () => {
    const server = await serve({ run() {} })
    const machine = connections.machine(hostAt(server))
    const answer = machine.run(['x'])
    answer.catch(() => {})
    await vi.waitFor(() => expect(server.commands).toHaveLength(1))
    server.cuts()
    await expect(answer).rejects.toThrow(/The connection to web-\d+ was lost/)
    server.runs(({ exit }) => exit(0))
    expect((await machine.run(['y'])).code).toBe(0)
  })
})

describe('signing in', () => {
  it('uses the key pair of Vakt, whose public key is shown', async () => {
    const shown = loadOrCreateOwnKey(state, vault).publicKey
    const keys: string[] = []
    const server = await serve({
      accepts: (_user, auth) => {
        if (auth.method === 'publickey') keys.push(auth.key.data.toString('base64'))
        return auth.method === 'publickey'
      },
    })
    await connections.machine(hostAt(server)).run(['x'])
    expect(shown.split(' ')[1]).toBe(keys[0])
    expect(JSON.stringify(state.prepare('select * from key_values').all())).not.toContain('PRIVATE KEY')
  })

  it('uses a password that is encrypted in the state', async () => {
    const server = await serve({ accepts: (_, auth) => auth.method === 'password' && auth.password === 'pass word' })
    const host = hostAt(server, { auth: 'password', secretSealed: sealSecret(vault, { password: 'pass word' }) })
    expect((await connections.machine(host).run(['x'])).code).toBe(0)
    expect(JSON.stringify(state.prepare('select * from hosts').all())).not.toContain('pass word')
  })

  it('fails with the remedy when the host refuses the key', async () => {
    const server = await serve({ accepts: () => false })
    const host = hostAt(server)
    await expect(connections.machine(host).run(['x'])).rejects.toThrow(
      `${host.name} refused Vakt's key for the user deploy. Allow Vakt's key: "hosts key" shows the line to run there as deploy.`,
    )
  })

  it('stops at another host key, before any credentials are sent', async () => {
    const tried: string[] = []
    const server = await serve({
      accepts: (_, auth) => {
        tried.push(auth.method)
        return true
      },
    })
    const before = server.fingerprint()
    const host = hostAt(server)
    server.changesHostKey()
    const refusal = connections.machine(host).run(['x'])
    await expect(refusal).rejects.toThrow(`has CHANGED from ${before} to ${server.fingerprint()}`)
    await expect(refusal).rejects.toThrow(`hosts edit ${host.name} --trust-key ${server.fingerprint()}`)
    expect(tried).toEqual([])
    const trusting = editHost(state, host.id, { hostKey: server.fingerprint() })
    expect((await connections.machine(trusting).run(['x'])).code).toBe(0)
  })

  it('goes through a jump host', async () => {
    const [jump, inner] = [await serve(), await serve(echo)]
    jump.forwardsTo('db.internal:22', inner)
    const jumpHost = hostAt(jump)
    const host = hostAt(inner, { address: 'db.internal', port: 22, jumpId: jumpHost.id })
    expect(await connections.fetchHostKey(host)).toBe(inner.fingerprint())
    expect((await connections.machine(host).run(['in'])).stdout).toBe('in')
    expect([jump.signedIn(), inner.signedIn()]).toEqual([1, 1])
    const lost = hostAt(inner, { address: 'nowhere.internal', port: 22, jumpId: jumpHost.id })
    await expect(connections.machine(lost).run(['x'])).rejects.toThrow('could not connect to it')
  })
})

describe('many hosts and streams', () => {
  it('of 50 hosts behind one jump host share one connection to it', async () => {
    const [jump, inner] = [await serve(), await serve(echo)]
    jump.forwardsTo('db.internal:22', inner)
    const jumpHost = hostAt(jump)
    const hosts = Array.from({ length: 50 }, () =>
      hostAt(inner, { address: 'db.internal', port: 22, jumpId: jumpHost.id }),
    )
    const outputs = await Promise.all(hosts.map(host => connections.machine(host).run(['in'])))
    expect(outputs.map(({ stdout }) => stdout)).toEqual(hosts.map(() => 'in'))
    expect([jump.signedIn(), inner.signedIn()]).toEqual([1, 50])
  })

  it('that use all sessions of a host do not delay the next command for long', async () => {
    const server = await serve({ run() {}, maxSessions: 1 })
    const machine = connections.machine(hostAt(server))
    const sink = { stdout() {}, stderr() {} }
    for (let i = 0; i < 4; i++) await machine.stream(['follow'], sink)
    const answer = machine.run(['x'])
    answer.catch(() => {})
    await vi.waitFor(async () => {
      await clock.advance(SECOND)
      await expect(Promise.race([answer, 'waits'])).rejects.toThrow(/All SSH sessions of web-\d+ are in use/)
    })
  })
})

describe('the connections to a host', () => {
  const sink = { stdout() {}, stderr() {} }
  const run = (host: Host) => connections.machine(host).run(['x'])

  it('close when nobody has used them for 5 min', async () => {
    const server = await serve(echo)
    const host = hostAt(server)
    await run(host)
    await clock.advance(5 * MINUTE - 1)
    await run(host)
    await clock.advance(5 * MINUTE - 1)
    expect([server.clients(), server.signedIn()]).toEqual([1, 1])
    await clock.advance(1)
    await vi.waitFor(() => expect(server.clients()).toBe(0))
    await run(host)
    expect(server.signedIn()).toBe(2)
  })

  it('stay while something runs, however long that takes', async () => {
    const server = await serve({ run() {} })
    const running = await connections.machine(hostAt(server)).stream(['follow'], sink)
    await clock.advance(60 * MINUTE)
    expect(server.clients()).toBe(1)
    running.stop()
  })

  it('carry at most 24 streams, and a local host has none', async () => {
    const server = await serve({ run() {} })
    const host = hostAt(server)
    const machine = connections.machine(host)
    const running = await Promise.all(Array.from({ length: 24 }, () => machine.stream(['follow'], sink)))
    await expect(machine.stream(['follow'], sink)).rejects.toThrow(
      `${host.name} has 24 open streams, the limit for one host. Stop a tail first.`,
    )
    running[0]!.stop()
    await running[0]!.ended.catch(() => {})
    expect(await machine.stream(['follow'], sink)).toBeDefined()
    const output = await connections.machine({ ...host, local: true }).run(['echo', 'here'])
    expect(output.stdout).toBe('here\n')
  })

  it.each<[string, Partial<Host>]>([
    ['user', { user: 'root' }],
    ['way to sign in', { auth: 'agent' }],
    ['address', { address: 'localhost' }],
    ['host key', { hostKey: null }],
  ])('are closed when its %s changes, and others are opened', async (_, changes) => {
    const server = await serve({ ...echo, accepts: () => true })
    const host = hostAt(server)
    await run(host)
    await run({ ...host, name: 'renamed' })
    expect(server.signedIn()).toBe(1)
    await run({ ...host, ...changes }).catch(() => {})
    await vi.waitFor(() => expect(server.clients()).toBe(server.signedIn() - 1))
  })

  it('are closed when its secret changes', async () => {
    const server = await serve({ ...echo, accepts: (_, auth) => auth.method === 'password' })
    const host = hostAt(server, { auth: 'password', secretSealed: sealSecret(vault, { password: 'a' }) })
    await run(host)
    await run({ ...host, secretSealed: sealSecret(vault, { password: 'b' }) })
    expect(server.signedIn()).toBe(2)
    await vi.waitFor(() => expect(server.clients()).toBe(1))
  })

  it('are closed when it is disconnected, those of other hosts are not', async () => {
    const server = await serve(echo)
    const [host, other] = [hostAt(server), hostAt(server)]
    await Promise.all([run(host), run(other)])
    connections.disconnect(host.id)
    await vi.waitFor(() => expect(server.clients()).toBe(1))
    connections.close()
    await vi.waitFor(() => expect(server.clients()).toBe(0))
    connections.disconnect(host.id)
    connections.renew(host.id)
  })

  it('give a session that has become free to the command that waits for it', async () => {
    const ends: (() => void)[] = []
    const server = await serve({ run: ({ exit }) => void ends.push(() => exit(0)), maxSessions: 1 })
    const machine = connections.machine(hostAt(server))
    for (let i = 0; i < 4; i++) await machine.stream(['follow'], sink)
    const answer = machine.run(['x'])
    await vi.waitFor(() => expect(ends.length).toBe(4))
    ends[0]!()
    await vi.waitFor(() => expect(ends.length).toBe(5))
    ends[4]!()
    expect((await answer).code).toBe(0)
    expect(server.signedIn()).toBe(4)
  })

  it('that are renewed let the command that waits use a new one', async () => {
    const ends: (() => void)[] = []
    const server = await serve({ run: ({ exit }) => void ends.push(() => exit(0)), maxSessions: 1 })
    const host = hostAt(server)
    const machine = connections.machine(host)
    for (let i = 0; i < 4; i++) await machine.stream(['follow'], sink)
    const answer = machine.run(['x'])
    await vi.waitFor(() => expect(ends.length).toBe(4))
    connections.renew(host.id)
    await vi.waitFor(() => expect(ends.length).toBe(5))
    ends[4]!()
    expect((await answer).code).toBe(0)
    expect(server.signedIn()).toBe(5)
  })

  it('to a jump host are free again after the key of another host was fetched', async () => {
    const [jump, inner] = [await serve(echo), await serve(echo)]
    jump.forwardsTo('db.internal:22', inner)
    const host = hostAt(inner, { address: 'db.internal', port: 22, jumpId: hostAt(jump).id })
    await connections.fetchHostKey(host)
    await clock.advance(5 * MINUTE)
    await vi.waitFor(() => expect(jump.clients()).toBe(0))
  })
})

describe('credentials that are not there', () => {
  it('are named, with the command that sets them', async () => {
    const host = hostAt(await serve(), { auth: 'password' })
    await expect(connections.machine(host).run(['x'])).rejects.toThrow(
      `${host.name} has no password or key to sign in with. Set one: hosts edit ${host.name} --password "…"`,
    )
  })

  it('are named where there is no agent', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', '')
    const host = hostAt(await serve(), { auth: 'agent' })
    await expect(connections.machine(host).run(['x'])).rejects.toThrow('Start Vakt with SSH_AUTH_SOCK set.')
    vi.unstubAllEnvs()
  })
})

describe('after a failure everything is released', () => {
  const sink = { stdout() {}, stderr() {} }
  /** Whether no client is connected once every connection that nobody uses has been idle for its time. */
  const isIdle = (server: SshServer) =>
    vi.waitFor(async () => {
      await clock.advance(6 * MINUTE)
      expect(server.clients()).toBe(0)
    })

  it('streams that could not be opened take no place', async () => {
    const server = await serve({ run() {} })
    const machine = connections.machine(hostAt(server), { ignoreBackoff: true })
    server.lets(() => false)
    for (let n = 0; n < 30; n++) await expect(machine.stream(['follow'], sink)).rejects.toThrow(/refused|sign/i)
    server.lets(user => user === 'deploy')
    await expect(machine.stream(['follow'], sink)).resolves.toBeDefined()
  })

  it('streams that ended or broke off take no place', async () => {
    let end = () => {}
    const server = await serve({
      run: ({ exit }) => {
        end = () => exit(0)
      },
    })
    const machine = connections.machine(hostAt(server), { ignoreBackoff: true })
    for (let n = 0; n < 30; n++) {
      const running = await machine.stream(['follow'], sink)
      if (n % 2 === 0) end()
      else server.cuts()
      await running.ended.catch(() => {})
    }
    expect((await machine.stream(['follow'], sink)).ended).toBeDefined()
  })

  it('a session that the host refused leaves the connection to its idle time', async () => {
    const ends: (() => void)[] = []
    const server = await serve({ run: ({ exit }) => void ends.push(() => exit(0)), maxSessions: 1 })
    const machine = connections.machine(hostAt(server))
    const first = machine.run(['a'])
    await vi.waitFor(() => expect(ends).toHaveLength(1))
    const second = machine.run(['b'])
    await vi.waitFor(() => expect(ends).toHaveLength(2))
    for (const end of ends) end()
    await Promise.all([first, second])
    await isIdle(server)
  })

  it('a connection that failed leaves the one to its jump host to its idle time', async () => {
    const [jump, inner] = [await serve(), await serve(echo)]
    const jumpHost = hostAt(jump)
    const lost = hostAt(inner, { address: 'nowhere.internal', port: 22, jumpId: jumpHost.id })
    await expect(connections.machine(lost).run(['x'])).rejects.toThrow('could not connect to it')
    await expect(connections.fetchHostKey(lost)).rejects.toThrow()
    expect(jump.signedIn()).toBe(1)
    await isIdle(jump)
  })
})

describe('a key that is corrected on the host', () => {
  it('counts at the next try, also on a jump host with an open connection', async () => {
    const [jump, inner] = [await serve(echo), await serve(echo)]
    jump.forwardsTo('db.internal:22', inner)
    jump.grants({ forward: false })
    const jumpHost = hostAt(jump)
    const host = hostAt(inner, { address: 'db.internal', port: 22, jumpId: jumpHost.id })
    await connections.machine(jumpHost).run(['x'])
    const tried = () => connections.machine(host, { ignoreBackoff: true }).run(['x'])
    await expect(tried()).rejects.toThrow('may forward ports on the jump host')
    await connections.machine(jumpHost).run(['x'])
    jump.grants({ forward: true })
    expect((await tried()).stdout).toBe('x')
    // The host key is fetched the same way.
    jump.grants({ forward: false })
    connections.renew(jumpHost.id)
    await expect(connections.fetchHostKey(host)).rejects.toThrow('may forward ports')
    jump.grants({ forward: true })
    expect(await connections.fetchHostKey(host)).toBe(inner.fingerprint())
  })

  it('does not end what runs through the jump host meanwhile', async () => {
    const [jump, inner] = [await serve(echo), await serve({ run() {} })]
    jump.forwardsTo('db.internal:22', inner)
    const jumpHost = hostAt(jump)
    const host = hostAt(inner, { address: 'db.internal', port: 22, jumpId: jumpHost.id })
    const sink = { stdout() {}, stderr() {} }
    const running = await connections.machine(host).stream(['follow'], sink)
    connections.renew(jumpHost.id)
    connections.renew(host.id)
    await connections.machine(jumpHost).run(['x'])
    expect([jump.signedIn(), jump.clients(), inner.clients()]).toEqual([2, 2, 1])
    running.stop()
    await vi.waitFor(() => expect(jump.clients()).toBe(1))
  })

  it('counts for a connection on which nothing may run', async () => {
    const server = await serve(echo)
    const host = hostAt(server)
    server.grants({ run: false })
    const run = () => connections.machine(host).run(['x'])
    await expect(run()).rejects.toThrow('was lost')
    server.grants({ run: true })
    expect((await run()).stdout).toBe('x')
  })

  it('counts after a forced command that did not allow the command', async () => {
    const server = await serve({ run: ({ exit }) => exit(126) })
    const machine = connections.machine(hostAt(server))
    await machine.run(['x'])
    await machine.run(['x'])
    expect(server.signedIn()).toBe(2)
    await vi.waitFor(() => expect(server.clients()).toBe(0))
  })
})

describe('a host that cannot be reached', () => {
  it('fails with what to check, and is in back-off without delaying other hosts', async () => {
    const [dead, live] = [await serve(), await serve(echo)]
    dead.hangs()
    const [deadHost, liveHost] = [hostAt(dead), hostAt(live)]
    const asked = connections.machine(deadHost).run(['x'])
    asked.catch(() => {})
    expect((await connections.machine(liveHost).run(['x'])).stdout).toBe('x')
    await clock.advance(8 * SECOND)
    await expect(asked).rejects.toThrow(/did not answer within 8 s. Check that it is running and that no firewall/)
    // In back-off: fails at once, without another attempt.
    dead.isWell()
    await expect(connections.machine(deadHost).run(['x'])).rejects.toThrow('did not answer')
    expect(dead.signedIn()).toBe(0)
    expect((await connections.machine(deadHost, { ignoreBackoff: true }).run(['x'])).code).toBe(0)
  })

  it('is tried again after its back-off', async () => {
    const server = await serve()
    server.hangs()
    const host = hostAt(server)
    const asked = connections.machine(host).run(['x'])
    asked.catch(() => {})
    await clock.advance(MINUTE)
    await expect(asked).rejects.toThrow('did not answer')
    server.isWell()
    await clock.advance(10 * SECOND)
    expect((await connections.machine(host).run(['x'])).code).toBe(0)
  })

  it('is tried again at once after the clock went back', async () => {
    const server = await serve()
    server.lets(() => false)
    const run = () => connections.machine(host).run(['x'])
    const host = hostAt(server)
    await expect(run()).rejects.toThrow('refused')
    server.lets(() => true)
    clock.sleep(-60 * MINUTE)
    expect((await run()).code).toBe(0)
  })

  it('is left alone for at most 5 s after the first failure, and for none after a success', async () => {
    const server = await serve()
    server.lets(() => false)
    const host = hostAt(server)
    const run = () => connections.machine(host).run(['x'])
    await expect(run()).rejects.toThrow('refused')
    server.lets(() => true)
    await clock.advance(2.4 * SECOND)
    await expect(run()).rejects.toThrow('refused')
    await clock.advance(2.6 * SECOND)
    expect((await run()).code).toBe(0)
    server.cuts()
    await vi.waitFor(() => expect(server.clients()).toBe(0))
    server.lets(() => false)
    await expect(run()).rejects.toThrow('refused')
    server.lets(() => true)
    expect((await connections.machine(host, { ignoreBackoff: true }).run(['x'])).code).toBe(0)
    server.cuts()
    await vi.waitFor(() => expect(server.clients()).toBe(0))
    expect((await run()).code).toBe(0)
  })

  it('fails with its cause', async () => {
    const server = await serve()
    const closed = hostAt(server)
    await server.close()
    await new Promise(resolve => connect(server.port, '127.0.0.1').on('error', resolve))
    await expect(connections.machine(closed).run(['x'])).rejects.toThrow(/nothing listens on 127.0.0.1 port \d+/)
  })
})
