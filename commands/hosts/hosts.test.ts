// Hosts as people and scripts are answered, over connections and collections that answer what each test says.
import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { listAlerts } from '../../src/alerts/alerts.ts'
import { updateHostAlerts } from '../../src/alerts/host-alerts.ts'
import { findHost, listHosts, openSecret, recordSeen, recordUnreachable } from '../../src/hosts/hosts.ts'
import { saveMeasurements } from '../../src/hosts/metrics/samples.ts'
import { Problem } from '../../src/problem.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { addTestContainer, addTestHost } from '../../src/testing/hosts.ts'
import { HOUR, MINUTE } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const KEY = `SHA256:${'k'.repeat(43)}`
const OTHER_KEY = `SHA256:${'o'.repeat(43)}`

/** What ssh says of a host that refuses the key, and of a jump host that does not reach the next one. */
const refused = () =>
  new Problem('busy', 'web-1 refused the key', {
    cause: Object.assign(new Error('x'), { level: 'client-authentication' }),
  })
const notForwarded = () =>
  new Problem('busy', 'not forwarded', { cause: new Error('(SSH) Channel open failure: open failed') })

function begin() {
  const calls: unknown[] = []
  const world = {
    /** What a collection finds, or the errors that it and the next ones throw. */
    snapshot: { engine: 'docker', containers: [] as { state: string }[] },
    engineError: null as string | null,
    errors: [] as unknown[],
    keyErrors: [] as unknown[],
  }
  const runner = createCommandRunner({
    hostRuntime: {
      connections: {
        async fetchHostKey({ address, port }: { address: string; port: number }) {
          calls.push(['key of', `${address}:${port}`])
          if (world.keyErrors.length > 0) throw world.keyErrors.shift()
          return KEY
        },
        renew: (id: number) => void calls.push(['renew', id]),
        disconnect: (id: number) => void calls.push(['disconnect', id]),
      },
      collector: {
        async collect(host: { id: number }) {
          calls.push(['collect', host.id])
          if (world.errors.length > 0) throw world.errors.shift()
          recordSeen(
            runner.state,
            { id: host.id } as never,
            world.snapshot.engine as never,
            world.engineError,
            null,
            NOW,
          )
          return world.snapshot
        },
      },
    },
  })
  return { ...runner, calls, world }
}

const CONTAINERS = [{ state: 'running' }, { state: 'exited' }, { state: 'running' }]

it('a new host is tested, and its key pinned', async () => {
  const { text, result, run, calls, world, state } = begin()
  world.snapshot.containers = CONTAINERS
  expect(await text('hosts add web-1 deploy@web.example.org:2222 --tags "web prod"')).toBe(
    [
      '(good) Host web-1 added',
      `Its host key is pinned: ${KEY}`,
      'Compare it on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub (or the ecdsa or rsa key).',
      'Docker has 3 containers, 2 of them running.',
      '[Test: hosts test web-1]',
      '[Containers: containers list --host web-1]',
    ].join('\n'),
  )
  expect(calls).toEqual([
    ['key of', 'web.example.org:2222'],
    ['renew', 1],
    ['collect', 1],
  ])
  expect(await result('hosts show web-1')).toEqual({
    host: {
      ...{ id: 1, name: 'web-1', local: false, address: 'web.example.org', port: 2222, user: 'deploy' },
      ...{ tags: ['prod', 'web'], project: 'default', auth: 'own', jump: null, host_key: KEY, engine: 'docker' },
      ...{ enabled: true, status: 'up', error: null, last_seen_at: '2026-03-02T09:00:00.000Z' },
      ...{ added_at: '2026-03-02T09:00:00.000Z', added_by: 'Ann' },
    },
  })
  const trusted = await run(`hosts add web-2 deploy@b --trust-key ${OTHER_KEY}`)
  expect(trusted.card.lines).toContain('It matches --trust-key.')
  expect(trusted.result).toMatchObject({ reached: true, host: { name: 'web-2', host_key: OTHER_KEY } })
  expect(calls.filter(call => (call as string[])[0] === 'key of')).toHaveLength(1)
  expect((await run('hosts key')).result).toMatchObject({
    public_key: (trusted.result as { public_key: string }).public_key,
  })
  expect(listHosts(state)).toHaveLength(2)
})

it('this machine has no key, no address and no way to sign in', async () => {
  const { text, result, calls, state } = begin()
  expect(await text('hosts add here local --socket unix:///run/podman.sock')).toContain(
    '(good) Host here added\nDocker has 0 containers, 0 of them running.',
  )
  expect(calls).toEqual([
    ['renew', 1],
    ['collect', 1],
  ])
  expect(await result('hosts show here')).toMatchObject({
    host: { local: true, address: null, port: null, user: null, auth: null, host_key: null, jump: null },
  })
  expect(findHost(state, 'here').socket).toBe('/run/podman.sock')
  expect(await text('hosts show here')).toMatch(
    /^\(good\) here is up\nAddress: this machine\nContainer engine: docker\nProject: default\nLast seen: now\n\[/,
  )
  expect(await text('hosts list')).toContain('🟢 here · up · this machine\n')
  await text('hosts edit here --socket none')
  expect(findHost(state, 'here')).toMatchObject({ socket: null, engine: null })
  expect(await text('hosts edit here --socket podman.sock')).toContain('Write the path of a socket')
  expect(await text('hosts remove here')).toBe('(muted) Host here removed')
})

it('a host that refuses the key of Vakt is added with the line that allows it', async () => {
  const { run, text, world } = begin()
  world.errors = [refused()]
  const { card, result } = await run('hosts add web-1 deploy@a')
  expect(card).toMatchObject({
    ...{ tone: 'warning', buttons: [{ label: 'Test' }], code: { text: expect.stringContaining('authorized_keys') } },
    lines: [{}, {}, 'The host does not allow Vakt\'s key yet. Run this there as deploy, then "hosts test web-1":'],
  })
  expect(result).toMatchObject({ reached: false })
  world.errors = [refused()]
  const tested = await run('hosts test web-1')
  expect(tested.card).toMatchObject({ title: 'web-1 refused Vakt', tone: 'warning', code: { language: 'sh' } })
  expect(tested.card.fields).toBeUndefined()
  expect(tested.result).toMatchObject({ reached: false })
  expect((await run('hosts key')).card.code!.text).not.toContain('port-forwarding')
  expect((await run('hosts key --jump')).card.code!.text).toContain('port-forwarding')
  // Another password, or another problem, is not helped by that line.
  await run('hosts edit web-1 --password x')
  world.errors = [refused()]
  expect(await text('hosts test web-1')).toBe('web-1 refused the key')
  world.errors = [new Problem('busy', 'no answer')]
  const other = await run('hosts add web-2 deploy@b')
  expect(other.card.lines!.at(-1)).toBe('no answer')
  expect(other.card.code).toBeUndefined()
  world.errors = [new TypeError('a fault of its own')]
  await expect(run('hosts test web-1')).rejects.toThrow(TypeError)
})

it('a test says what the host has', async () => {
  const { run, text, world, calls } = begin()
  await run('hosts add web-1 deploy@a')
  calls.splice(0)
  world.snapshot = { engine: 'podman', containers: CONTAINERS }
  const tested = await run('hosts test web-1')
  expect(tested.card).toMatchObject({
    ...{ title: expect.stringMatching(/^web-1 answered in \d{1,4} ms$/), tone: 'good' },
    lines: ['Podman has 3 containers, 2 of them running.'],
    fields: [
      { name: 'Address', inline: true },
      { name: 'Signs in with' },
      { name: 'Container engine', value: 'podman' },
      {},
      {},
      {},
    ],
  })
  expect(tested.card.code).toBeUndefined()
  expect(tested.result).toMatchObject({ reached: true, ms: expect.any(Number), host: { engine: 'podman' } })
  expect(calls).toEqual([
    ['renew', 1],
    ['collect', 1],
  ])
  world.snapshot = { engine: 'none', containers: [] }
  expect((await run('hosts test web-1')).card.lines).toEqual(['The host is reachable. It has no Docker and no Podman.'])
  world.engineError = 'Docker is not running'
  expect((await run('hosts test web-1')).card).toMatchObject({
    ...{ tone: 'warning', lines: ['The host is reachable.', 'Docker is not running'] },
  })
  expect(await text('hosts show web-1')).toMatch(/^\(warning\) web-1 is up\nDocker is not running\n/)
})

it('over a jump host a failed way is tried once more over a new connection, other failures are not', async () => {
  const { run, text, world, calls } = begin()
  await run('hosts add bastion deploy@a')
  calls.splice(0)
  world.keyErrors = [notForwarded()]
  world.errors = [notForwarded()]
  expect(await text('hosts add db-1 deploy@db --jump bastion')).toContain('(good) Host db-1 added')
  expect(calls).toEqual([
    ...[
      ['key of', 'db:22'],
      ['renew', 1],
      ['key of', 'db:22'],
    ],
    ...[
      ['renew', 2],
      ['collect', 2],
      ['renew', 1],
      ['collect', 2],
    ],
  ])
  calls.splice(0)
  world.errors = [notForwarded(), notForwarded()]
  expect(await text('hosts test db-1')).toBe('not forwarded')
  world.errors = [new Problem('busy', 'no answer')]
  expect(await text('hosts test db-1')).toBe('no answer')
  world.errors = [notForwarded()]
  expect(await text('hosts test bastion')).toBe('not forwarded')
  expect(calls.filter(call => (call as string[])[0] === 'collect')).toHaveLength(4)
  expect(await text('hosts show db-1')).toContain('Address: deploy@db\nJump host: bastion\nSigns in with: Vakt')
  const shown = await run('hosts show db-1')
  expect(shown.result).toMatchObject({ host: { jump: 'bastion', project: 'default' } })
  expect(shown.card.fields!.map(({ name, inline }) => (inline ? name : ''))).toEqual([
    ...['Address', 'Jump host', 'Signs in with', 'Container engine', 'Project', 'Last seen', ''],
  ])
  await run('hosts edit db-1 --jump none')
  expect((await run('hosts show db-1')).result).toMatchObject({ host: { jump: null } })
})

it('a host that is refused is not added', async () => {
  const { text, world, state, calls } = begin()
  world.keyErrors = [new Problem('busy', 'nothing listens')]
  expect(await text('hosts add web-1 deploy@a')).toBe('nothing listens')
  for (const [flags, message] of [
    ['--password a --key b', 'Use only one of --auth, --password and --key.'],
    ['--auth agent --password a', 'Use only one of'],
    ['--passphrase x', '--passphrase needs --key.'],
    ['--key nonsense', 'This is not a private key'],
    ['--jump nothing', 'There is no host "nothing"'],
    ['--project nothing', 'nothing'],
  ])
    expect(await text(`hosts add web-1 deploy@a ${flags}`)).toContain(message)
  expect(listHosts(state)).toEqual([])
  addTestHost(state, 'web-1')
  calls.splice(0)
  expect(await text('hosts add web-1 deploy@a')).toContain('web-1')
  expect(calls).toEqual([])
  expect(listHosts(state)).toHaveLength(1)
})

it('a host is signed in to with what was given last', async () => {
  const { run, text, state, context } = begin()
  const { vault } = context()
  const pem = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  }) as string
  await run('hosts add web-1 deploy@a --password secret')
  const has = () => [findHost(state, 'web-1').auth, openSecret(vault, findHost(state, 'web-1'))]
  expect(has()).toEqual(['password', { password: 'secret' }])
  expect(await text('hosts show web-1')).toContain('Signs in with: a password')
  const key = ['key', { privateKey: pem, passphrase: null }]
  for (const pasted of [
    pem,
    `  ${pem.trim()}  `,
    pem.trim().replaceAll('\n', ' '),
    pem.trim().replaceAll('\n', '\\n'),
  ]) {
    await run('hosts edit web-1 --auth own')
    expect(has()).toEqual(['own', null])
    await run(`hosts edit web-1 --key '${pasted}'`)
    expect(has()).toEqual(key)
  }
  await run(`hosts edit web-1 --key '${pem}' --passphrase y`)
  expect(has()).toEqual(['key', { privateKey: pem, passphrase: 'y' }])
  await run('hosts edit web-1 --tags x')
  expect(has()[0]).toBe('key')
  await run('hosts edit web-1 --auth agent')
  expect(has()).toEqual(['agent', null])
})

it('an edit changes what it names, and reads the key of another address', async () => {
  const { run, text, state, calls } = begin()
  const host = addTestHost(state, 'web-1', { hostKey: OTHER_KEY, tags: ['web'], address: 'a', port: 22 })
  await run('projects add shop')
  expect(await text('hosts edit web-1')).toBe('Nothing to change. Add a setting, such as --tags "web prod".')
  expect(calls).toEqual([])
  expect(await text('hosts edit web-1 --tags db --project shop')).toBe(
    [
      '(good) web-1 changed',
      ...[
        'Address: deploy@a',
        "Signs in with: Vakt's own key",
        'Container engine: docker',
        'Tags: db',
        'Project: shop',
      ],
      `Host key: ${OTHER_KEY}`,
      '[Test: hosts test web-1]',
    ].join('\n'),
  )
  expect(calls).toEqual([['disconnect', host.id]])
  await run('hosts edit web-1 --tags none')
  expect(findHost(state, 'web-1').tags).toEqual([])
  // The same address, with other credentials, is the same host.
  await run('hosts edit web-1 --address admin@a')
  expect(findHost(state, 'web-1')).toMatchObject({ user: 'admin', hostKey: OTHER_KEY })
  for (const [address, asked] of [
    ['deploy@a:2222', 'a:2222'],
    ['deploy@b:2222', 'b:2222'],
  ]) {
    calls.splice(0)
    expect(await text(`hosts edit web-1 --address ${address}`)).toContain(
      `(good) web-1 changed\nIts host key is pinned: ${KEY}\n`,
    )
    expect(calls[0]).toEqual(['key of', asked])
    expect(findHost(state, 'web-1').hostKey).toBe(KEY)
  }
  calls.splice(0)
  expect(await text(`hosts edit web-1 --address deploy@c --trust-key ${OTHER_KEY}`)).not.toContain('pinned')
  expect(findHost(state, 'web-1')).toMatchObject({ address: 'c', hostKey: OTHER_KEY })
  await run('hosts edit web-1 --address local')
  expect(findHost(state, 'web-1')).toMatchObject({ local: true, address: '', port: 0, user: '' })
  expect(calls).toEqual([
    ['disconnect', host.id],
    ['disconnect', host.id],
  ])
  await run('hosts edit web-1 --address deploy@c --rename web-9')
  expect(calls).toContainEqual(['key of', 'c:22'])
  expect(findHost(state, 'web-9')).toMatchObject({ local: false, address: 'c', hostKey: KEY })
})

it('a host that is not watched has no alert, no failure and no test', async () => {
  const { text, state, calls } = begin()
  const host = addTestHost(state, 'web-1', { status: 'down', error: 'no answer' })
  for (let i = 0; i < 3; i++) recordUnreachable(state, host, 'no answer', true, NOW - HOUR)
  updateHostAlerts(state, host.id, NOW)
  expect(listAlerts(state, { open: true, limit: 9 })).toHaveLength(1)
  expect(await text('hosts show web-1')).toMatch(/^\(critical\) web-1 is down\nno answer\n/)
  expect(await text('hosts edit web-1 --watch off')).not.toContain('[Test')
  expect(listAlerts(state, { open: true, limit: 9 })).toEqual([])
  expect(findHost(state, 'web-1')).toMatchObject({
    enabled: false,
    status: 'new',
    failures: 0,
    failingSince: null,
    error: null,
  })
  expect(calls).toEqual([['disconnect', host.id]])
  expect(await text('hosts list')).toBe(
    '(plain) 1 host\n⏸️ web-1 · off · deploy@web-1.example.org\n[Show: hosts show web-1]\n[Add a host: hosts add web-1 deploy@web-1.example.org]',
  )
  expect(await text('hosts edit web-1 --watch on')).toContain('[Test: hosts test web-1]')
  expect(findHost(state, 'web-1')).toMatchObject({ enabled: true, status: 'new' })
})

it('a list has pages of twenty, by tag, and counts those that are down', async () => {
  const { run, text, result, state } = begin()
  expect(await text('hosts list')).toBe(
    '(plain) No hosts\n"hosts add web-1 deploy@web-1.example.org" adds one, "hosts add here local" this machine.\n[Add a host: hosts add web-1 deploy@web-1.example.org]',
  )
  for (let i = 0; i < 20; i++) addTestHost(state, `h${String(i).padStart(2, '0')}`, { tags: ['web'] })
  expect((await run('hosts list')).card).toMatchObject({
    title: '20 hosts',
    tone: 'plain',
    page: {},
    buttons: [{ label: 'Add a host' }],
  })
  expect((await run('hosts list')).card.page).toEqual({})
  addTestHost(state, 'h20', { tags: ['web', 'db'], status: 'down' })
  addTestHost(state, 'off', { enabled: false, status: 'down' })
  const first = await run('hosts list --tag web')
  expect(first.card).toMatchObject({ title: '21 hosts, 1 down', tone: 'warning', rows: { length: 20 } })
  expect(first.card.page).toEqual({ next: { label: 'Next', line: 'hosts list --page 2 --tag web' } })
  const second = await run('hosts list --page 2')
  expect(second.card.rows!.map(({ name }) => name)).toEqual(['h20', 'off'])
  expect(second.card.page).toEqual({ previous: { label: 'Previous', line: 'hosts list --page 1' } })
  expect(second.card.buttons).toBeUndefined()
  expect(await result('hosts list --tag db')).toMatchObject({ hosts: [{ name: 'h20' }] })
  expect(await text('hosts list --tag nothing')).toContain('No hosts\nNo host has the tag nothing.')
  expect(await text('hosts list --page 3')).toContain('22 hosts, 1 down\nThis page does not exist.')
  const by = { platform: 'discord', id: '2', name: 'Vi', role: 'viewer' }
  expect((await run('hosts list', { by })).card.buttons).toBeUndefined()
})

it('a host is shown with its usage, its disks and its containers, as they are now', async () => {
  const { run, text, state } = begin()
  const host = addTestHost(state, 'web-1', {
    tags: ['web', 'prod'],
    hostKey: KEY,
    lastSeenAt: NOW - MINUTE,
    addedAt: NOW - HOUR,
  })
  const line = async () => (await text('hosts list')).split('\n')[1]
  expect(await line()).toBe('🟢 web-1 · up · deploy@web-1.example.org · web prod')
  for (const [name, changes] of [
    ['a', {}],
    ['b', { state: 'exited' }],
    ['c', {}],
  ] as const)
    addTestContainer(state, host, name, changes)
  const at = NOW - 2 * MINUTE
  const disk = (name: string, values: object) => ({ kind: 'disk' as const, name, ...values })
  saveMeasurements(
    state,
    host.id,
    [
      { kind: 'host', name: '', cpu: 12.5, memory: 25, memoryLimit: 1e9, load: 0.5 },
      ...[disk('/', { used: 30e9, size: 40e9 }), disk('/empty', { used: 0, size: 0 }), disk('/unknown', { size: 1e9 })],
    ],
    at,
  )
  saveMeasurements(state, host.id, [disk('/old', { used: 1, size: 2 })], at - 1)
  expect(await line()).toBe(
    '🟢 web-1 · up · deploy@web-1.example.org · 2 of 3 containers running · CPU 13 %, memory 0 % of 1.0 GB, load 0.50 · web prod',
  )
  expect(await text('hosts show web-1')).toBe(
    [
      ...[
        '(good) web-1 is up',
        'Address: deploy@web-1.example.org',
        "Signs in with: Vakt's own key",
        'Container engine: docker',
      ],
      ...[
        'Tags: web prod',
        'Last seen: 1m ago',
        'Usage: CPU 13 %, memory 0 % of 1.0 GB, load 0.50',
        'Disk /: 75 % of 40.0 GB',
      ],
      `Host key: ${KEY}`,
      ...['[Containers: containers list --host web-1]', '[Graph: hosts graph web-1]', '[Test: hosts test web-1]'],
      'Added by ann 2026-03-02 08:00:00 UTC',
    ].join('\n'),
  )
  const inline = (await run('hosts show web-1')).card.fields!.map(field => field.inline === true)
  expect(inline).toEqual([true, true, true, true, true, false, true, false])
  expect((await run('hosts list')).card.rows![0]).toMatchObject({
    action: { label: 'Show', line: 'hosts show web-1' },
    more: [{ line: 'containers list --host web-1' }, { line: 'hosts graph web-1' }],
  })
  expect((await run('hosts show web-1', { now: NOW + 1 })).card.fields!.map(({ name }) => name)).not.toContain('Usage')
  for (const [values, usage] of [
    [{ cpu: 1 }, 'Usage: CPU 1 %'],
    [{ load: 2, memory: 5 }, 'Usage: load 2.00'],
    [{ memory: 5, memoryLimit: 0, cpu: 3 }, 'Usage: CPU 3 %'],
    [{ memory: 500, memoryLimit: 1000 }, 'Usage: memory 50 % of 1.0 kB'],
    [{ memoryLimit: 1000 }, 'Last seen: 1m ago'],
  ] as const) {
    saveMeasurements(state, host.id, [{ kind: 'host', name: '', ...values }], NOW)
    expect((await text('hosts show web-1')).split('\n')).toContain(usage)
  }
  expect(await text('hosts show web-1')).not.toContain('Usage')
})

it('the error of a host stands on its line', async () => {
  const { run, text, state } = begin()
  addTestHost(state, 'web-1', { status: 'down', error: 'no answer', engineError: 'Docker is not running' })
  expect(await text('hosts list')).toContain(
    '(warning) 1 host, 1 down\n🔴 web-1 · down · deploy@web-1.example.org · no answer\n',
  )
  addTestHost(state, 'new', { status: 'new', engine: null })
  expect(await text('hosts list')).toContain('⚪ new · new · ')
  expect(await text('hosts show new')).toContain("Signs in with: Vakt's own key\n[")
  expect((await run('hosts show new')).result).toMatchObject({ host: { project: null, engine: null } })
})

it('a removal asks a person first, and ends the connection and the alerts', async () => {
  const { run, text, state, calls } = begin()
  const host = addTestHost(state, 'web-1')
  for (const name of ['a', 'b']) addTestContainer(state, host, name)
  for (let i = 0; i < 3; i++) recordUnreachable(state, host, 'no answer', true, NOW - HOUR)
  updateHostAlerts(state, host.id, NOW)
  const asked = await run('hosts remove web-1', { interactive: true })
  expect(asked.card.lines![0]).toContain('This deletes its metrics and its 2 containers in Vakt.')
  expect(listHosts(state)).toHaveLength(1)
  expect(await text('hosts remove web-1 --yes', { interactive: true })).toBe(
    "(muted) Host web-1 removed\nAlso remove Vakt's key from ~/.ssh/authorized_keys there.",
  )
  expect(listHosts(state)).toEqual([])
  expect(listAlerts(state, { open: true, limit: 9 })).toEqual([])
  expect(calls).toEqual([['disconnect', host.id]])
})
