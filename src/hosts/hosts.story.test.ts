// Hosts through the whole app over real SSH: registered, tried, looked at, alerted about, changed and removed.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'
import { createFakeHost, type FakeHost } from '../testing/ssh/fake-host.ts'
import { type SshServer, startSshServer } from '../testing/ssh/ssh-server.ts'

let app: TestApp
let server: SshServer
let host: FakeHost

beforeEach(async () => {
  app = await startApp({ channels: ['discord'] })
  host = createFakeHost(() => app.clock.now())
  server = await startSshServer({ run: execution => host.run(execution) })
})
afterEach(async () => {
  await app.stop()
  await server.close()
})

const refusal = async (line: string) => {
  const reply = await app.says(line)
  if (reply.ok) throw new Error(`"${line}" was done`)
  return reply.problem.message
}
const card = async (line: string) => JSON.stringify((await app.says(line)).card)
const titles = () => app.channel.messages.map(message => message.card.title)

/** The cards in the channel, once they have arrived. */
const shows = (expected: string[]) =>
  vi.waitFor(async () => {
    await app.passes('5s')
    expect(titles()).toEqual(expected)
  })

/** Half a minute passes, and the round it brings is stored. */
async function aRound() {
  const rounds = () =>
    app.state
      .prepare<[], { n: number }>('select count(distinct at) + (select sum(failures) from hosts) as n from samples')
      .get()!.n
  const before = rounds()
  await app.passes('30s')
  await vi.waitFor(() => expect(rounds()).toBeGreaterThan(before))
  await app.passes('0s')
}

describe('a new host', () => {
  it('is reached, its key shown and pinned, and what is there is told', async () => {
    host.has('web')
    host.has('job', { state: 'exited' })
    const reply = await app.says(`hosts add web-1 ${server.address} --tags "prod web"`)
    expect(JSON.stringify(reply.card)).toContain('Its host key is pinned: ')
    expect(JSON.stringify(reply.card)).toContain(server.fingerprint())
    expect(JSON.stringify(reply.card)).toContain('Docker has 2 containers, 1 of them running.')
    const { hosts } = await app.result<{ hosts: Record<string, unknown>[] }>('hosts list')
    expect(hosts).toMatchObject([
      {
        name: 'web-1',
        status: 'up',
        engine: 'docker',
        tags: ['prod', 'web'],
        host_key: server.fingerprint(),
        auth: 'own',
      },
    ])
  })

  it('that does not let Vakt in yet is registered, with the one line that lets it in', async () => {
    server.lets(() => false)
    const reply = await app.says(`hosts add web-1 ${server.address}`)
    expect(reply.card.code?.text).toMatch(
      /^mkdir -p -m 700 ~\/\.ssh && echo 'restrict ssh-ed25519 [\w+/=]+ vakt' >> ~\/\.ssh\/authorized_keys && chmod 600/,
    )
    expect((await app.says('hosts key')).card.code?.text).toBe(reply.card.code?.text)
    server.lets(() => true)
    expect((await app.says('hosts test web-1')).card.title).toMatch(/^web-1 answered in \d+ ms$/)
  })

  it('that is not there, or badly written, is not registered', async () => {
    expect(await refusal('hosts add web-1 nowhere')).toContain('Write user@address or user@address:port.')
    expect(await refusal('hosts add -- "web 1" deploy@127.0.0.1')).toContain('cannot name a host')
    await server.close()
    const refused = await refusal(`hosts add web-1 ${server.address}`)
    expect(refused).toContain('nothing listens at 127.0.0.1')
    expect(refused).toContain('correct the port with: hosts add web-1 deploy@127.0.0.1:PORT')
    const closing = createServer(socket => socket.end()).listen(0, '127.0.0.1')
    await once(closing, 'listening')
    const { port } = closing.address() as AddressInfo
    expect(await refusal(`hosts add web-1 deploy@127.0.0.1:${port}`)).toContain('Check that sshd listens there')
    closing.close()
    expect(await app.result('hosts list')).toEqual({ hosts: [] })
  })

  it('leaves no secret in the audit, in answers, or readable in the state', async () => {
    server.lets((_, auth) => auth.method === 'password' && auth.password === 'correct horse')
    const reply = await app.says(`hosts add web-1 ${server.address} --password "correct horse"`)
    const audit = await app.says('audit')
    const rows = ['hosts', 'key_values', 'audit'].flatMap(table => app.state.prepare(`select * from ${table}`).all())
    expect(JSON.stringify([reply, audit, rows])).not.toContain('correct horse')
    expect(JSON.stringify(audit)).toContain('hosts add --name=web-1')
    expect(reply.card.lines).toContain('Docker has 0 containers, 0 of them running.')
  })

  it('is for admins to add', async () => {
    const reply = await app.says(`hosts add web-1 ${server.address}`, { admin: false })
    expect(reply).toMatchObject({ ok: false, problem: { code: 'forbidden' } })
    expect((await app.says('hosts list', { admin: false })).ok).toBe(true)
  })
})

describe('a host in trouble', () => {
  beforeEach(async () => {
    host.has('web')
    await app.result(`hosts add web-1 ${server.address}`)
  })

  it('is alerted about after three rounds without an answer, and that ends when it is back', async () => {
    await server.close()
    for (let i = 0; i < 2; i++) await aRound()
    expect(titles()).toEqual([])
    await aRound()
    await shows(['Critical: web-1 cannot be reached'])
    expect(await card('hosts list')).toContain('1 host, 1 down')
  })

  it('with a changed key is refused loudly, and trusted again when told to', async () => {
    server.changesHostKey()
    server.cuts()
    const said = await refusal('hosts test web-1')
    expect(said).toContain('The host key of web-1 has CHANGED from SHA256:')
    const remedy = /hosts edit web-1 --trust-key SHA256:\S+/.exec(said)![0]
    await app.result(remedy)
    expect((await app.says('hosts test web-1')).ok).toBe(true)
  })

  it('without Docker, or without the right to use it, says what to do', async () => {
    host.failure = 'permission denied while trying to connect to the Docker daemon socket'
    expect(await card('hosts test web-1')).toContain('sudo usermod -aG docker deploy')
    host.failure = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
    expect(await card('hosts test web-1')).toContain('sudo systemctl start docker')
    host.failure = null
    host.engine = 'none'
    expect(await card('hosts test web-1')).toContain('neither Docker nor Podman')
  })

  it('tells that its containers cannot be seen any more, and keeps what is known of them', async () => {
    await aRound()
    host.failure = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
    for (let i = 0; i < 2; i++) await aRound()
    expect(titles()).toEqual([])
    await aRound()
    await shows(['Critical: The containers of web-1 cannot be seen'])
    expect(await card('containers list')).toContain('web-1/web')
    host.failure = null
    await aRound()
    await shows(['Resolved: The containers of web-1 cannot be seen'])
  })

  it('tells of a container that died, not of one that was stopped, and ends the alert when it runs again', async () => {
    host.has('worker')
    await aRound()
    host.dies('web', 143)
    host.dies('worker', 3)
    await aRound()
    await shows(['Critical: worker on web-1 died with exit status 3'])
    host.restarts('worker')
    await aRound()
    await shows(['Resolved: worker on web-1 died with exit status 3'])
  })

  it('that somebody resolved is not told again until it is new or worse', async () => {
    host.has('job')
    await aRound()
    host.dies('job', 3)
    host.disks[0]!.usedKb = 910_000
    await aRound()
    const told = (from: number, expected: string[]) =>
      vi.waitFor(async () => {
        await app.passes('5s')
        expect(titles().slice(from).sort()).toEqual(expected)
      })
    await told(0, ['Critical: job on web-1 died with exit status 3', 'Warning: / on web-1 is nearly full'])
    await app.result('resolve 1')
    await app.result('resolve 2')
    for (let i = 0; i < 4; i++) await aRound()
    expect(titles()).toHaveLength(2)
    host.disks[0]!.usedKb = 980_000
    await aRound()
    await told(2, ['Critical: / on web-1 is nearly full'])
    // It ran between two rounds.
    host.restarts('job')
    host.dies('job', 3)
    await aRound()
    await told(3, ['Critical: job on web-1 died with exit status 3'])
  })

  it('tells of a container that restarts in a loop, once', async () => {
    await aRound()
    for (let i = 0; i < 5; i++) {
      host.restarts('web')
      await aRound()
    }
    await shows(['Critical: web on web-1 restarts in a loop'])
    for (let i = 0; i < 25; i++) await aRound()
    await shows(['Resolved: web on web-1 restarts in a loop'])
  })

  it('tells of a disk that is nearly full, and of one that will be within a day', async () => {
    host.disks[0]!.usedKb = 910_000
    await aRound()
    await shows(['Warning: / on web-1 is nearly full'])
    host.disks[0]!.usedKb = 300_000
    await aRound()
    await shows(['Resolved: / on web-1 is nearly full'])
  })

  it('is not blamed for what Vakt cannot reach, and not while it is switched off', async () => {
    await server.close()
    await app.result('hosts edit web-1 --watch off')
    await app.passes('5m')
    expect(titles()).toEqual([])
  })
})

describe('changing hosts', () => {
  it('keeps a host that others are reached through, asks before it removes one, and forgets all of it', async () => {
    await app.result(`hosts add bastion ${server.address}`)
    const inner = await startSshServer({ run: execution => host.run(execution) })
    server.forwardsTo('db.internal:22', inner)
    await app.result('hosts add db-1 deploy@db.internal --jump bastion')
    expect(await refusal('hosts remove bastion --yes')).toContain('db-1 is reached through bastion')
    expect(await refusal('hosts edit bastion --jump db-1')).toContain('reached through itself')
    const asked = await app.says('hosts remove db-1', { interactive: true })
    expect(asked.card.title).toBe('Remove the host db-1?')
    expect(asked.card.buttons?.[0]?.line).toBe('hosts remove db-1 --yes')
    await app.result('hosts remove db-1')
    await app.result('hosts remove bastion')
    expect(await refusal('hosts show bastion')).toContain('There is no host "bastion". None is registered yet')
    await inner.close()
  })

  it('is not for the keys of a project', async () => {
    const { key } = await app.result<{ key: { secret: string } }>('keys create default --role admin')
    const headers = { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ line: `hosts add web-1 ${server.address}` })
    expect((await app.request('/api/commands', { method: 'POST', headers, body })).status).toBe(403)
  })
})
