// Containers of hosts as people and scripts are answered, over an engine that prints what each test says.
import { expect, it } from 'vitest'
import { addFollow, readPosition, recordPosition } from '../../src/hosts/containers/follows.ts'
import { saveMeasurements } from '../../src/hosts/metrics/samples.ts'
import { Problem } from '../../src/problem.ts'
import { Rejections } from '../../src/telemetry.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { type Answer, addTestContainer, addTestHost, createTestMachines } from '../../src/testing/hosts.ts'
import { HOUR, MINUTE } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

function begin(answer: Answer = () => '', given: object = {}) {
  const machines = createTestMachines(answer)
  const runner = createCommandRunner({ hostRuntime: machines.hostRuntime, ...given })
  return { ...machines, ...runner, host: addTestHost(runner.state, 'web-1') }
}

/** A container as `docker ps` prints it. */
const listed = (name: string, state = 'running', status = 'Up 2 hours', image = 'nginx') =>
  `${JSON.stringify({ ID: name, Names: name, Image: image, State: state, Status: status, Ports: '80/tcp' })}\n`

/** A container as `docker inspect` prints it. */
const inspected = (State: object, more: object = {}, hostConfig: object = {}) =>
  JSON.stringify([
    {
      Id: 'abc',
      Name: '/web',
      Created: '2026-03-01T09:00:00Z',
      Config: { Image: 'nginx', Cmd: ['nginx'] },
      State,
      HostConfig: hostConfig,
      ...more,
    },
  ])

const stamp = (at: number) => new Date(at).toISOString()
const at = (at: number, text: string) => `${stamp(at)} ${text}\n`

it('a list has the containers of all watched hosts, and pages of twenty', async () => {
  const names = Array.from({ length: 21 }, (_, i) => `c${String(i).padStart(2, '0')}`)
  const { run, state } = begin((_, host) =>
    host === 'web-1' ? names.map(name => listed(name)).join('') : listed('db', 'exited'),
  )
  addTestHost(state, 'web-2')
  addTestHost(state, 'off', { enabled: false })
  const first = await run('containers list')
  expect(first.card).toMatchObject({ title: '22 containers, 21 running', tone: 'plain' })
  expect(first.card.lines).toEqual([])
  expect(first.card.rows).toHaveLength(20)
  expect(first.card.page).toEqual({ next: { label: 'Next', line: 'containers list --page 2' } })
  const second = await run('containers list --page 2')
  expect(second.card.rows!.map(row => row.name)).toEqual(['web-1/c20', 'web-2/db'])
  expect(second.card.page).toEqual({ previous: { label: 'Previous', line: 'containers list --page 1' } })
  const whole = await run('containers list --host web-1 --state running "c 0" --page 2')
  expect(whole.card.page!.previous!.line).toBe('containers list "c 0" --host web-1 --state running --page 1')
  expect((await run('containers list c0')).card.page).toEqual({})
  // A full page has no other after it.
  expect((await run('containers list c0 --host web-1')).result).toMatchObject({ containers: { length: 10 } })
  expect((await run('containers list --host off')).card.title).toBe('1 container, 0 running')
})

it('a list of exactly one page has no other', async () => {
  const { run } = begin(() => Array.from({ length: 20 }, (_, i) => listed(`c${i}`)).join(''))
  expect((await run('containers list')).card.page).toEqual({})
})

it.each([
  ['running', 'Up', '🟢'],
  ['running', 'Up 1 hour (unhealthy)', '🟠'],
  ['restarting', 'Restarting', '🟠'],
  ['dead', 'Dead', '🟠'],
  ['exited', 'Exited (0)', '⚪'],
])('a container that is %s with the status "%s" has the icon %s', async (state, status, icon) => {
  const { text } = begin(() => listed('web', state, status))
  expect(await text('containers list')).toContain(`${icon} web-1/web · ${status} · nginx`)
})

it('a list is narrowed by state, health and words of host, name and image', async () => {
  const { result } = begin(
    () => listed('web', 'running', 'Up (unhealthy)') + listed('db', 'exited', 'Exited (1)', 'POSTGRES'),
  )
  const names = async (words: string) =>
    (await result<{ containers: { name: string }[] }>(`containers list ${words}`)).containers.map(({ name }) => name)
  expect(await names('--state unhealthy')).toEqual(['web'])
  expect(await names('--state running')).toEqual(['web'])
  expect(await names('--state exited')).toEqual(['db'])
  expect(await names('postgres')).toEqual(['db'])
  expect(await names('WEB-1/web')).toEqual(['web'])
  expect(await names('db --state running')).toEqual([])
  expect((await result<{ containers: object[] }>('containers list web-1/web')).containers).toEqual([
    {
      ...{
        host: 'web-1',
        name: 'web',
        state: 'running',
        status: 'Up (unhealthy)',
        image: 'nginx',
        health: 'unhealthy',
      },
      ...{ ports: '80/tcp', seen_at: stamp(NOW), current: true },
    },
  ])
})

it('an empty list says why', async () => {
  const none = createCommandRunner(createTestMachines(() => ''))
  expect(await none.text('containers list')).toContain('Add a host first')
  const { text } = begin(words => (words.includes('ps') ? listed('web') : ''))
  expect(await text('containers list other')).toContain('No container matches.')
  const half = begin((_, host) => (host === 'web-1' ? '' : listed('web')))
  addTestHost(half.state, 'web-2')
  expect(await half.text('containers list other')).toContain('No container matches.')
  expect(await begin().text('containers list')).toBe('(plain) No containers\nThere is no container.')
  const failing = begin(() => ({ code: 1, stdout: 'the socket is gone' }))
  expect(await failing.text('containers list')).toBe(
    '(warning) No containers\nNo host could list its containers.\nDocker on web-1 failed: the socket is gone',
  )
})

it('a host that fails shows what it last had, one without an engine shows nothing', async () => {
  const { run, text, state, host, hostRuntime } = begin(() => ({ code: 1, stderr: 'broken', stdout: 'other' }))
  addTestContainer(state, host, 'old', { state: 'running', health: 'unhealthy', seenAt: NOW - HOUR })
  expect(await text('containers list')).toContain(
    'Docker on web-1 failed: broken\n🟠 web-1/old · running · nginx:1.27 · last seen 1h ago',
  )
  expect((await run('containers list')).result).toEqual({
    containers: [
      {
        ...{
          host: 'web-1',
          name: 'old',
          state: 'running',
          status: 'running',
          image: 'nginx:1.27',
          health: 'unhealthy',
        },
        ...{ ports: '', seen_at: stamp(NOW - HOUR), current: false },
      },
    ],
    problems: ['Docker on web-1 failed: broken'],
  })
  hostRuntime.engine = () => Promise.reject(new Problem('not_found', 'no engine'))
  expect((await run('containers list')).result).toMatchObject({ problems: ['no engine'] })
  addTestHost(state, 'bare', { engine: 'none' })
  expect((await run('containers list --host bare')).result).toEqual({ containers: [], problems: [] })
  hostRuntime.engine = () => Promise.reject(new TypeError('a fault of its own'))
  await expect(run('containers list')).rejects.toThrow(TypeError)
})

it.each<[object, string]>([
  [{ Status: 'running' }, '(good) web-1/web is running'],
  [{ Status: 'running', Health: { Status: 'healthy' } }, '(good) web-1/web is running (healthy)'],
  [{ Status: 'running', Health: { Status: 'unhealthy' } }, '(warning) web-1/web is running (unhealthy)'],
  [{ Status: 'exited', ExitCode: 0 }, '(muted) web-1/web is exited'],
  [{ Status: 'exited', ExitCode: 1 }, '(warning) web-1/web is exited'],
  [{ Status: 'dead', ExitCode: 1 }, '(warning) web-1/web is dead'],
  [{ Status: 'dead', ExitCode: 0 }, '(muted) web-1/web is dead'],
  [{ Status: 'paused', ExitCode: 1 }, '(muted) web-1/web is paused'],
])('a container with the state %j is shown so', async (State, first) => {
  expect((await begin(() => inspected(State)).text('containers show web-1/web')).split('\n')[0]).toBe(first)
})

it('a container that runs is shown with its start, its usage and its limits', async () => {
  const networks = { NetworkSettings: { Networks: { front: {}, back: {} } }, RestartCount: 2 }
  const State = { Status: 'running', StartedAt: stamp(NOW - HOUR), FinishedAt: stamp(NOW - 2 * HOUR), ExitCode: 3 }
  const limits = { Memory: 2e9, RestartPolicy: { Name: 'always' } }
  const { run, text, state, host, clock } = begin(() => inspected(State, networks, limits))
  addTestContainer(state, host, 'web', { restarts: 5 })
  saveMeasurements(state, host.id, [{ kind: 'container', name: 'web', cpu: 12.34, memory: 1e9 }], NOW - 2 * MINUTE)
  const shown = await text('containers show web-1/web')
  expect(shown).toBe(
    [
      '(good) web-1/web is running',
      ...['Image: nginx', 'Command: nginx', 'Started: 1h ago', 'Restarts: 5', 'Restart policy: always'],
      ...['CPU: 12.3 % of one core', 'Memory: 1.0 GB of 2.0 GB', 'Networks: front, back'],
      '[Last lines: containers tail web-1/web]',
      '[Follow: containers tail web-1/web --follow]',
      '[Graph: containers graph web-1/web]',
    ].join('\n'),
  )
  expect((await run('containers show web-1/web')).card.fields!.map(({ inline }) => inline)).toEqual(Array(8).fill(true))
  await clock.advance(1)
  expect(await text('containers show web-1/web')).not.toContain('CPU')
})

it('a container that has ended is shown with its end, its exit status and its errors', async () => {
  const State = { Status: 'exited', StartedAt: stamp(NOW - 2 * HOUR), FinishedAt: stamp(NOW - HOUR), OOMKilled: true }
  const Health = { Status: 'unhealthy', Log: [{ Output: `token=hunter2hunter2 ${'x'.repeat(400)}` }] }
  const { text, state, host, result } = begin(() =>
    inspected({ ...State, Error: 'password=hunter2hunter2', Health }, { Config: { Cmd: [] } }),
  )
  saveMeasurements(state, host.id, [{ kind: 'container', name: 'web', cpu: 12.34, memory: 1e9 }], NOW)
  const shown = await text('containers show web-1/web')
  expect(shown).toContain('It was killed because it exceeded its memory limit.')
  expect(shown).toContain('Ended: 1h ago\nExit status: unknown\nRestarts: 0\nRestart policy: no\n[Last')
  expect(shown).toMatch(/Output of its health check: token=\S*hidden.{0,300}…/)
  for (const absent of ['hunter2', 'CPU', 'Memory:', 'Command', 'Started']) expect(shown).not.toContain(absent)
  expect(await result('containers show web-1/web')).toMatchObject({
    container: {
      ...{ host: 'web-1', name: 'web', id: 'abc', image: '', health: 'unhealthy', exit_code: null, oom_killed: true },
      ...{ restarts: 0, created_at: '2026-03-01T09:00:00.000Z', started_at: stamp(NOW - 2 * HOUR) },
      ...{ finished_at: stamp(NOW - HOUR), memory_limit_bytes: null, networks: [] },
    },
  })
  const healthy = begin(() =>
    inspected({ Status: 'running', Health: { Status: 'healthy', Log: [{ Output: 'fine' }] } }),
  )
  expect(await healthy.text('containers show web-1/web')).not.toContain('Output of')
})

it('memory without a limit is shown alone, and buttons that no chat takes are left out', async () => {
  const { text, state, host } = begin(() => inspected({ Status: 'running' }))
  saveMeasurements(state, host.id, [{ kind: 'container', name: 'web', memory: 1e9 }], NOW)
  expect(await text('containers show web-1/web')).toContain('Memory: 1.0 GB\n')
  const buttons = async (length: number) =>
    [...(await text(`containers show web-1/${'n'.repeat(length)}`)).matchAll(/^\[([A-Z][a-z ]+):/gm)].map(
      match => match[1],
    )
  // The line of the longest button has 31 characters beside the name, of the others 22 and 23; the limit is 90.
  expect(await buttons(59)).toEqual(['Last lines', 'Follow', 'Graph'])
  expect(await buttons(60)).toEqual(['Last lines', 'Graph'])
  expect(await buttons(68)).toEqual(['Last lines'])
})

it('a container that cannot be inspected is a problem, whatever is printed', async () => {
  expect(await begin(() => '[]').text('containers show web-1/web')).toContain('Docker on web-1 failed')
  expect(
    await begin(() => ({ code: 1, stdout: inspected({ Status: 'running' }), stderr: 'No such container: web' })).text(
      'containers show web-1/web',
    ),
  ).toContain('There is no container "web" on web-1.')
})

it('the last lines are asked for by number, and a filter or a time searches more', async () => {
  const { run, asked } = begin(() => at(NOW, 'hello'))
  for (const words of ['', '--lines 7', '--grep x --lines 7', '--level warn', '--since 2m --lines 3'])
    await run(`containers tail web-1/web ${words}`)
  const argv = (tail: string, since: string[] = []) => [
    'docker',
    'logs',
    '--timestamps',
    ...since,
    '--tail',
    tail,
    'web',
  ]
  expect(asked).toEqual([
    argv('20'),
    argv('7'),
    argv('5000'),
    argv('5000'),
    argv('5000', ['--since', stamp(NOW - 2 * MINUTE)]),
  ])
})

it('a card shows 25 lines, and has a file with all where there are more', async () => {
  let count = 25
  const { run, text } = begin(() => Array.from({ length: count }, (_, i) => at(NOW + i, `line ${i}`)).join(''))
  const shown = await run('containers tail web-1/web --lines 100')
  expect(shown.card).toMatchObject({ title: '25 lines from web-1/web', tone: 'plain', lines: { length: 25 } })
  expect(shown.card.file).toBeUndefined()
  count = 27
  const more = await run('containers tail web-1/web --lines 100')
  expect(more.card.lines).toHaveLength(26)
  expect(more.card.lines![0]).toBe('… 2 earlier lines in the file')
  expect(Buffer.from(more.card.file!.content).toString().split('\n')).toHaveLength(28)
  expect(Buffer.from(more.card.file!.content).toString()).toContain(`${stamp(NOW + 26)} stdout line 26\n`)
  expect(await text('containers tail web-1/web --lines 100')).toContain('🔹 09:00:00 line 26\n[file ')
  expect((await run('containers tail web-1/web --lines 2')).result).toMatchObject({
    lines: [
      { message: 'line 25' },
      { message: 'line 26', host: 'web-1', container: 'web', stream: 'stdout', level: 'info' },
    ],
    problems: [],
  })
  expect((await run('containers tail web-1/web')).card.buttons).toEqual([
    { label: 'Follow', line: 'containers tail web-1/web --follow' },
  ])
})

it('no lines say whether there is none, or none that matches', async () => {
  const { text, state, host } = begin(() => '')
  expect(await text('containers tail web-1/web')).toMatch(/^\(plain\) No lines from web-1\/web\nThere is no output\.\n/)
  expect(await text('containers tail web-1/web --grep x')).toContain('No match in the last 5,000 lines.')
  expect(await text('containers tail web-1/web --level info')).toContain('No match in the last 5,000 lines.')
  for (const name of ['web', 'db']) addTestContainer(state, host, name)
  expect(await text('containers tail web-1/*')).toContain('No lines from 2 containers')
})

it('lines of several containers are merged, named, and filtered by level and expression, whose matches are bold', async () => {
  const { run, text, state, host } = begin(words =>
    words.at(-1) === 'web'
      ? { stdout: at(NOW, 'Hello big World') + at(NOW + 2, 'warn: slow'), stderr: at(NOW + 1, 'ERROR x'), code: 1 }
      : at(NOW + 1, 'debug: y'),
  )
  for (const name of ['web', 'db']) addTestContainer(state, host, name)
  const shown = await text('containers tail "web-1/web, web-1/db web-1/web"')
  expect(shown).toContain(
    [
      '(plain) 4 lines from 2 containers',
      '🔹 09:00:00 web-1/web Hello big World',
      '🔴 09:00:00 web-1/web err ERROR x',
      '▫️ 09:00:00 web-1/db debug: y',
      '🔸 09:00:00 web-1/web warn: slow',
    ].join('\n'),
  )
  const messages = async (words: string) =>
    ((await run(`containers tail web-1/* ${words}`)).result as { lines: { message: string }[] }).lines.map(
      line => line.message,
    )
  expect(await messages('--level info')).toEqual(['Hello big World', 'ERROR x', 'warn: slow'])
  expect(await messages('--level warn')).toEqual(['ERROR x', 'warn: slow'])
  expect(await messages('--level trace')).toHaveLength(4)
  expect(await messages('--grep hello')).toEqual(['Hello big World'])
  expect(await messages('--grep HELLO')).toEqual([])
  expect(await messages('--grep slow --level warn')).toEqual(['warn: slow'])
  expect(await messages('--grep hello --level warn')).toEqual([])
  const bold = (await run('containers tail web-1/web --grep "Hello|o"')).card.lines![0]
  expect(bold).toEqual(['🔹 ', { time: NOW, style: 'clock' }, ' ', { bold: 'Hello' }, ' big W', { bold: 'o' }, 'rld'])
  expect((await run('containers tail web-1/web --grep "World|^x*"')).card.lines![0]!.slice(3)).toEqual([
    'Hello big ',
    { bold: 'World' },
  ])
})

it('a line of one container has no name of it, in a file and on a card', async () => {
  const { text, run } = begin(() => ({ stderr: at(NOW, 'x'.repeat(400)).trimEnd() }))
  await expect(run('containers tail web-1/web --grep "("')).rejects.toMatchObject({
    ...{ code: 'invalid', message: expect.stringContaining('never closed') },
    fields: { grep: expect.stringContaining('never closed') },
  })
  // The line of the button has 25 characters beside the name; the limit is 90.
  for (const [length, buttons] of [
    [59, 1],
    [60, 0],
  ] as const)
    expect((await run(`containers tail web-1/${'n'.repeat(length)}`)).card.buttons).toHaveLength(buttons)
  expect(await text('containers tail "web-1/web,"')).toMatch(/🔹 09:00:00 err x{299}…\n/)
})

it('of containers that fail the others are read, and their problems told once', async () => {
  const { run, state, host } = begin(words => (words.at(-1) === 'web' ? at(NOW, 'x') : { code: 1, stderr: 'broken' }))
  for (const name of ['web', 'db', 'dc', '-bad']) addTestContainer(state, host, name)
  const { card, result } = await run('containers tail web-1/*')
  expect(card).toMatchObject({ title: '1 line from 3 containers', tone: 'warning' })
  expect(card.lines!.at(-1)).toBe('Docker on web-1 failed: broken')
  expect(result).toMatchObject({ problems: ['Docker on web-1 failed: broken'] })
  await expect(run('containers tail web-1/d*')).rejects.toThrow('broken')
})

it('at most twenty containers are read, those of the pattern on the hosts of the pattern', async () => {
  const { text, result, state, host } = begin(() => at(NOW, 'x'))
  const other = addTestHost(state, 'db-1')
  for (let i = 0; i < 20; i++) addTestContainer(state, host, `c${i}`)
  addTestContainer(state, other, 'c0')
  expect(await result('containers tail web-*/c* --lines 1')).toMatchObject({ lines: { length: 1 } })
  expect(await text('containers tail web-*/c*')).toContain('20 lines from 20 containers')
  expect(await text('containers tail */c*')).toBe('21 containers are too many. Choose at most 20.')
  expect(await text('containers tail db-*/x*')).toBe(
    'No container matches "db-*/x*". "containers list" shows all containers.',
  )
  expect(await text('containers tail')).toContain('The container is missing')
})

it('a container that is gone is found among the stored lines', async () => {
  let total = 3
  const queries: unknown[] = []
  const store = {
    count: async (query: unknown) => {
      queries.push(query)
      if (total < 0) throw new Error('the store is closed')
      return { total }
    },
  }
  const gone = () => ({ code: 1, stderr: 'No such container: web' })
  const { run, text } = begin(gone, { store })
  const plain = await begin(gone).text('containers tail web-1/web')
  expect(plain).toContain('There is no container "web" on web-1.')
  expect(await text('containers tail web-1/web')).toBe(
    `${plain} Vakt has stored lines of it: logs search source:web host:web-1`,
  )
  await expect(run('containers tail web-1/web')).rejects.toMatchObject({ fields: { container: 'no such container' } })
  for (total of [0, -1]) expect(await text('containers tail web-1/web')).toBe(plain)
  queries.length = 0
  expect(await begin(() => ({ code: 1, stderr: 'broken' }), { store }).text('containers tail web-1/web')).toContain(
    'broken',
  )
  expect(queries).toEqual([])
})

it('an export has parts, and says what did not fit', async () => {
  const spool = {
    lines: 5,
    omittedLines: 0,
    parts: 1,
    read: (part: number) => ({ text: Buffer.from(`part ${part}`) }) as object,
  }
  const { run, text, hostRuntime } = begin()
  Object.assign(hostRuntime, { spools: { find: () => spool } })
  expect(await text('containers tail --export 7')).toBe(
    '(plain) 5 lines so far\n[file tail-7-2026-03-02T0900.log, 6 bytes]',
  )
  expect(await text('containers tail --export 7 --part 2')).toBe('The export of tail 7 has only 1 part.')
  Object.assign(spool, { parts: 7, omittedLines: 2, read: (part: number) => ({ gzip: Buffer.from(`part ${part}`) }) })
  const second = await run('containers tail --export 7 --part 2')
  expect(second.card).toMatchObject({
    ...{ tone: 'warning', file: { name: expect.stringMatching(/^tail-7-part-2.*\.log\.gz$/) } },
    lines: ['Part 2 of 7. Each can be read alone: zcat FILE', '2 later lines did not fit into the export.'],
    buttons: [1, 3, 4, 5, 6].map(part => ({
      label: `Part ${part}`,
      line: `containers tail --export 7 --part ${part}`,
    })),
  })
  expect(second.result).toEqual({ tail: 7, lines: 5, omitted_lines: 2, beyond: 2, parts: 7, part: 2, bytes: 6 })
  expect((await run('containers tail --export 7 --part 7')).card.title).toBe('5 lines so far')
  spool.lines = 0
  expect((await run('containers tail --export 7')).card).toMatchObject({ title: 'No lines yet' })
  expect((await run('containers tail --export 7')).card.file).toBeUndefined()
})

it('a tail is paused, resumed and stopped by its number', async () => {
  const calls: unknown[] = []
  const tails = {
    pause: (id: number) => calls.push(['pause', id]),
    resume: (id: number) => calls.push(['resume', id]),
    stop: async (id: number, by: string) => calls.push(['stop', id, by]),
  }
  const { run } = begin(undefined, { tails })
  for (const [flag, done] of [
    ['pause', 'paused'],
    ['resume', 'resumed'],
    ['stop', 'stopped'],
  ])
    expect(await run(`containers tail --${flag} 3`)).toEqual({
      card: { title: `Tail 3 ${done}`, tone: 'muted' },
      quiet: true,
    })
  expect(calls).toEqual([
    ['pause', 3],
    ['resume', 3],
    ['stop', 3, 'Ann'],
  ])
})

it('followed patterns are listed with their containers, those over the limit and what was not kept', async () => {
  const refreshed: number[] = []
  const { text, result, state, host, run } = begin(undefined, {
    store: {},
    followJob: { refresh: () => refreshed.push(1) },
  })
  const other = addTestHost(state, 'db-1')
  expect(await text('containers follow')).toContain('(plain) No container is followed\nFollow containers')
  expect(await text('containers follow web-1/*')).toBe(
    '(good) Following web-1/*\nNo container matches yet; matching new containers are followed.\nFind the lines with: logs search host:web-1',
  )
  for (let i = 0; i < 20; i++) addTestContainer(state, host, `c${i}`)
  for (const [container, on] of [
    ['x1', other],
    ['c1', other],
    ['d1', host],
  ] as const)
    addTestContainer(state, on, container)
  addFollow(state, { hostId: other.id, pattern: 'c*', projectId: null, addedAt: NOW, addedBy: 'Ben' })
  await run('projects add shop')
  for (const container of ['c1', 'c2'])
    recordPosition(state, host.id, container, { stdout: null, stderr: null } as never)
  await run('containers follow web-1/c1')
  await run('containers unfollow web-1/*')
  expect(['c1', 'c2'].map(container => readPosition(state, host.id, container) !== undefined)).toEqual([true, false])
  await run('containers unfollow web-1/c1')
  expect(await text('containers follow web-1/c* --project shop')).toContain(
    '(good) Following web-1/c*\nIt matches 20 containers now.\nFind',
  )
  await run('containers unfollow web-1/c*')
  addTestContainer(state, host, 'c20', { state: 'exited' })
  expect(await text('containers follow web-1/c* --project shop')).toContain(
    '(warning) Following web-1/c*\nIt matches 21 containers now.\nOnly 20 of them are followed: the limit of a host is 20',
  )
  addFollow(state, { hostId: other.id, pattern: 'x*', projectId: null, addedAt: NOW - HOUR, addedBy: 'Ben' })
  const rejections = new Rejections()
  const rejected = { project: 'shop', sender: '', reason: 'invalid' as const, message: 'too old', requests: 0 }
  for (const [host, source, lines] of [
    ['web-1', 'c1', 4],
    ['web-1', 'd1', 5],
    ['db-1', 'c1', 6],
  ] as const)
    rejections.record({ ...rejected, host, source, lines } as never, NOW)
  const listedNow = await text('containers follow', { parts: { rejections } })
  expect(listedNow).toContain(
    'web-1/c* · 21 containers, 20 followed now · project shop · by Ann now · 4 lines of c1 not kept: too old\ndb-1/c* · 1 container · project default · by Ben now · 6 lines of c1 not kept: too old\n',
  )
  expect(listedNow).toContain('db-1/x* · 1 container · project default · by Ben 1h ago')
  expect(listedNow).not.toContain('d1')
  expect(await result('containers follow')).toMatchObject({
    follows: expect.arrayContaining([
      { host: 'web-1', pattern: 'c*', project: 'shop', added_at: stamp(NOW), added_by: 'Ann' },
      { host: 'db-1', pattern: 'x*', project: 'default', added_at: stamp(NOW - HOUR), added_by: 'Ben' },
    ]),
  })
  expect(refreshed).toHaveLength(7)
  expect(await begin().text('containers follow')).toContain('This Vakt stores no logs.')
})

it('usage is listed by a metric, highest first, of the containers that run', async () => {
  const { text, result, state, host } = begin()
  for (const [name, cpu, memory, restarts] of [
    ['low', 1, 4e8, 0],
    ['high', 80, 2e8, 3],
    ['none', null, null, 1],
  ] as const) {
    addTestContainer(state, host, name, { restarts })
    for (const [i, at] of [NOW - 2 * MINUTE, NOW].entries())
      saveMeasurements(
        state,
        host.id,
        [
          {
            kind: 'container',
            name,
            cpu,
            memory,
            memoryLimit: 1e9,
            ...(name === 'low' ? { received: 0, sent: i * 1200 } : {}),
          },
        ],
        at,
      )
  }
  addTestContainer(state, host, 'ended', { state: 'exited' })
  const names = async (words: string) =>
    (await result<{ containers: { name: string }[] }>(`containers stats ${words}`)).containers.map(({ name }) =>
      name.slice(6),
    )
  expect(await names('')).toEqual(['high', 'low', 'none'])
  expect(await names('--by memory')).toEqual(['low', 'high', 'none'])
  expect(await names('--by restarts')).toEqual(['high', 'none', 'low'])
  const shown = await text('containers stats')
  expect(shown).toContain('(plain) 3 running containers by cpu, highest first\n')
  expect(shown).toContain('web-1/high · cpu 80 % · memory 200 MB, 20 % · 3 restarts')
  expect(shown).toContain('web-1/low · cpu 1.0 % · memory 400 MB, 40 % · network 10 B/s ')
  expect(shown).toContain('web-1/none · 1 restart ')
  expect(await text('containers stats', { now: NOW + 2 * MINUTE + 1 })).toContain('web-1/low · no recent metrics')
  expect(await text('containers stats', { now: NOW + 2 * MINUTE })).toContain('cpu 80 %')
  addTestHost(state, 'empty')
  expect(await text('containers stats --host empty')).toContain('No running containers\nVakt collects metrics')
})

it('usage names twenty containers, and counts the others', async () => {
  const { text, run, state, host } = begin()
  for (let i = 0; i < 20; i++) addTestContainer(state, host, `c${i}`)
  expect((await run('containers stats')).card.lines).toHaveLength(20)
  addTestContainer(state, host, 'c20')
  expect(await text('containers stats')).toMatch(/\n… 1 more$/)
})

it('one container has its metrics over time, with a button for the graph where a chat takes it', async () => {
  const { text, result, state, host } = begin()
  expect(await text('containers stats web-1/web')).toBe(
    '(plain) No metrics of web-1/web in the last 1h\n"containers list" shows whether it is running, "hosts list" whether its host is reachable.',
  )
  const name = 'n'.repeat(57)
  for (const container of ['web', name, `${name}n`])
    for (const [i, cpu] of [8, 12].entries())
      saveMeasurements(
        state,
        host.id,
        [{ kind: 'container', name: container, cpu, restarts: i }],
        NOW - HOUR + i * MINUTE,
      )
  expect(await text('containers stats web-1/web')).toBe(
    [
      '(plain) web-1/web, last 1h',
      `cpu 12 % now, 10 % average, 12 % maximum  █·······················`,
      'restarts 1 now, 1 average, 1 maximum  █·······················',
      '[Graph: containers graph web-1/web --last 1h]',
    ].join('\n'),
  )
  expect(await result('containers stats web-1/web')).toMatchObject({
    metrics: [
      {
        metric: 'cpu',
        unit: '%',
        current: 12,
        average: 10,
        maximum: 12,
        points: [{ at: stamp(NOW - HOUR), value: 8 }, {}],
      },
      { metric: 'memory', current: null, average: null, maximum: null, points: [] },
      ...[{ metric: 'network' }, { metric: 'io' }, { metric: 'restarts', current: 1 }],
    ],
  })
  // The line of the button has 33 characters beside the name; the limit is 90.
  expect(await text(`containers stats web-1/${name}`)).toContain('[Graph:')
  expect(await text(`containers stats web-1/${name}n`)).not.toContain('[Graph:')
})
