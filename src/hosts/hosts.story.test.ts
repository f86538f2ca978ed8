// Hosts in the whole app over real SSH: added, tested, collected from, alerted about, changed and removed.
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
  if (reply.ok) throw new Error(`"${line}" succeeded`)
  return reply.problem.message
}
const text = async (line: string) => app.text((await app.says(line)).card)

/** The cards in the channel, once they have arrived. */
const shows = (expected: string[]) =>
  vi.waitFor(async () => {
    await app.passes('5s')
    expect(app.titles()).toEqual(expected)
  })

/** 30 seconds pass, and the snapshot of the host is stored. */
async function collects() {
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
  it('is tested, and its key and containers are shown', async () => {
    host.has('web')
    host.has('job', { state: 'exited' })
    const shown = await text(`hosts add web-1 ${server.address} --tags "prod web"`)
    expect(shown).toContain(`Its host key is pinned: ${server.fingerprint()}`)
    expect(shown).toContain('Docker has 2 containers, 1 of them running.')
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

  it("that does not allow Vakt's key yet is added, and the card shows the line that allows it", async () => {
    server.lets(() => false)
    const reply = await app.says(`hosts add web-1 ${server.address}`)
    expect(reply.card.code?.text).toMatch(
      /^mkdir -p -m 700 ~\/\.ssh && echo 'restrict ssh-ed25519 [\w+/=]+ vakt' >> ~\/\.ssh\/authorized_keys && chmod 600/,
    )
    expect((await app.says('hosts key')).card.code?.text).toBe(reply.card.code?.text)
    server.lets(() => true)
    expect((await app.says('hosts test web-1')).card.title).toMatch(/^web-1 answered in \d+ ms$/)
  })

  it('behind a jump host that was corrected is added and tested at the next try', async () => {
    const inner = await startSshServer({ run: execution => host.run(execution) })
    server.forwardsTo('db.internal:22', inner)
    for (const right of ['forward', 'reach'] as const) {
      server.grants({ [right]: false })
      await app.result(`hosts add bastion-${right} ${server.address}`)
      const add = `hosts add db-${right} deploy@db.internal --jump bastion-${right}`
      expect(await refusal(add)).toContain('may forward ports on the jump host')
      server.grants({ [right]: true })
      expect(await text(add)).toContain('Docker has 0 containers')
      server.grants({ [right]: false })
      await app.result(`hosts test bastion-${right}`)
      expect((await app.says(`hosts test db-${right}`)).card.title).not.toContain('answered')
      server.grants({ [right]: true })
      expect((await app.says(`hosts test db-${right}`)).card.title).toContain('answered')
    }
    await inner.close()
  })

  it('that does not answer, or has an invalid name or address, is not added', async () => {
    expect(await refusal('hosts add web-1 nowhere')).toContain('Write user@address or user@address:port.')
    expect(await refusal('hosts add -- "web 1" deploy@127.0.0.1')).toContain('is not a valid host name')
    await server.close()
    const refused = await refusal(`hosts add web-1 ${server.address}`)
    expect(refused).toContain('nothing listens on 127.0.0.1')
    expect(refused).toContain('correct the port: hosts add web-1 deploy@127.0.0.1:PORT')
    const closing = createServer(socket => socket.end()).listen(0, '127.0.0.1')
    await once(closing, 'listening')
    const { port } = closing.address() as AddressInfo
    expect(await refusal(`hosts add web-1 deploy@127.0.0.1:${port}`)).toContain('Check that sshd listens there')
    closing.close()
    expect(await app.result('hosts list')).toEqual({ hosts: [] })
  })

  it('keeps its password out of the audit and the answers, and encrypts it in the state', async () => {
    server.lets((_, auth) => auth.method === 'password' && auth.password === 'correct horse')
    const reply = await app.says(`hosts add web-1 ${server.address} --password "correct horse"`)
    const audit = await app.says('audit')
    const rows = ['hosts', 'key_values', 'audit'].flatMap(table => app.state.prepare(`select * from ${table}`).all())
    expect(JSON.stringify([reply, audit, rows])).not.toContain('correct horse')
    expect(JSON.stringify(audit)).toContain('hosts add --name=web-1')
    expect(reply.card.lines).toContain('Docker has 0 containers, 0 of them running.')
  })

  it('is added only by admins', async () => {
    const reply = await app.says(`hosts add web-1 ${server.address}`, { admin: false })
    expect(reply).toMatchObject({ ok: false, problem: { code: 'forbidden' } })
    expect((await app.says('hosts list', { admin: false })).ok).toBe(true)
  })
})

describe('a host with a problem', () => {
  beforeEach(async () => {
    host.has('web')
    await app.result(`hosts add web-1 ${server.address}`)
  })

  it('fires an alert after three failed collections', async () => {
    await server.close()
    for (let i = 0; i < 2; i++) await collects()
    expect(app.titles()).toEqual([])
    await collects()
    await shows(['Critical: web-1 cannot be reached'])
    expect(await text('hosts list')).toContain('1 host, 1 down')
  })

  it('with a changed host key is refused until an admin trusts the new key', async () => {
    server.changesHostKey()
    server.cuts()
    const message = await refusal('hosts test web-1')
    expect(message).toContain('The host key of web-1 has CHANGED from SHA256:')
    const remedy = /hosts edit web-1 --trust-key SHA256:\S+/.exec(message)![0]
    await app.result(remedy)
    expect((await app.says('hosts test web-1')).ok).toBe(true)
  })

  it('without Docker, or without permission for it, shows the remedy', async () => {
    host.failure = 'permission denied while trying to connect to the Docker daemon socket'
    expect(await text('hosts test web-1')).toContain('sudo usermod -aG docker deploy')
    host.failure = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
    expect(await text('hosts test web-1')).toContain('sudo systemctl start docker')
    host.failure = null
    host.engine = 'none'
    expect(await text('hosts test web-1')).toContain('no Docker and no Podman')
  })

  it('fires an alert when its containers cannot be listed, and keeps the last known ones', async () => {
    await collects()
    host.failure = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'
    for (let i = 0; i < 2; i++) await collects()
    expect(app.titles()).toEqual([])
    await collects()
    await shows(['Critical: The containers of web-1 cannot be seen'])
    expect(await text('containers list')).toContain('web-1/web')
    host.failure = null
    await collects()
    await shows(['Resolved: The containers of web-1 cannot be seen'])
  })

  it('fires an alert for a container that failed, not for one that was stopped, until it runs again', async () => {
    host.has('worker')
    await collects()
    host.dies('web', 143)
    host.dies('worker', 3)
    await collects()
    await shows(['Critical: worker on web-1 died with exit status 3'])
    host.restarts('worker')
    await collects()
    await shows(['Resolved: worker on web-1 died with exit status 3'])
  })

  it('does not fire a dismissed alert again until the problem is new or worse', async () => {
    host.has('job')
    await collects()
    host.dies('job', 3)
    host.disks[0]!.usedKb = 910_000
    await collects()
    const showsNext = (from: number, expected: string[]) =>
      vi.waitFor(async () => {
        await app.passes('5s')
        expect(app.titles().slice(from).sort()).toEqual(expected)
      })
    await showsNext(0, ['Critical: job on web-1 died with exit status 3', 'Warning: / on web-1 is nearly full'])
    await app.result('resolve 1')
    await app.result('resolve 2')
    for (let i = 0; i < 4; i++) await collects()
    expect(app.titles()).toHaveLength(2)
    host.disks[0]!.usedKb = 980_000
    await collects()
    await showsNext(2, ['Critical: / on web-1 is nearly full'])
    // It ran between two collections.
    host.restarts('job')
    host.dies('job', 3)
    await collects()
    await showsNext(3, ['Critical: job on web-1 died with exit status 3'])
  })

  it('fires one alert for a container that restarts in a loop', async () => {
    await collects()
    for (let i = 0; i < 5; i++) {
      host.restarts('web')
      await collects()
    }
    await shows(['Critical: web on web-1 restarts in a loop'])
    for (let i = 0; i < 25; i++) await collects()
    await shows(['Resolved: web on web-1 restarts in a loop'])
  })

  it('fires an alert for a disk that is nearly full', async () => {
    host.disks[0]!.usedKb = 910_000
    await collects()
    await shows(['Warning: / on web-1 is nearly full'])
    host.disks[0]!.usedKb = 300_000
    await collects()
    await shows(['Resolved: / on web-1 is nearly full'])
  })

  it('fires no alert while it is not watched', async () => {
    await server.close()
    await app.result('hosts edit web-1 --watch off')
    await app.passes('5m')
    expect(app.titles()).toEqual([])
  })
})

describe('changing hosts', () => {
  it('refuses to remove a jump host in use, and asks before it removes a host', async () => {
    await app.result(`hosts add bastion ${server.address}`)
    const inner = await startSshServer({ run: execution => host.run(execution) })
    server.forwardsTo('db.internal:22', inner)
    await app.result('hosts add db-1 deploy@db.internal --jump bastion')
    expect(await refusal('hosts remove bastion --yes')).toContain('bastion is the jump host of db-1')
    expect(await refusal('hosts edit bastion --jump db-1')).toContain('form a circle')
    await app.result('hosts add here local')
    expect(await refusal('hosts edit bastion --jump here')).toContain('is not a host with SSH')
    await app.result('hosts remove here')
    const confirmation = await app.says('hosts remove db-1', { interactive: true })
    expect(confirmation.card.title).toBe('Remove the host db-1?')
    expect(confirmation.card.buttons?.[0]?.line).toBe('hosts remove db-1 --yes')
    await app.result('hosts remove db-1')
    await app.result('hosts remove bastion')
    expect(await refusal('hosts show bastion')).toContain('There is no host "bastion". No host is registered')
    await inner.close()
  })

  it('is forbidden for the key of a project', async () => {
    const { key } = await app.result<{ key: { secret: string } }>('keys create default --role admin')
    const headers = { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ line: `hosts add web-1 ${server.address}` })
    expect((await app.request('/api/commands', { method: 'POST', headers, body })).status).toBe(403)
  })
})
