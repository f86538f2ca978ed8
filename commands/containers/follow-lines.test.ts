// Live tails of containers, in a chat and as a stream, over containers that print what each test says.
import { expect, it } from 'vitest'
import type { LineSink } from '../../src/command/command.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { addTestContainer, addTestHost, createTestMachines } from '../../src/testing/hosts.ts'
import { HOUR, MINUTE, SECOND } from '../../src/time.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')

type Followed = {
  subject: string
  command: string
  by: string
  durationMs: number
  canExport: boolean
  follow(take: (lines: readonly object[]) => void): () => void
  show(line: object): unknown
  status(): string | null
}

function begin() {
  const machines = createTestMachines(words =>
    words.at(-1) === 'gone' ? { code: 1, stderr: 'No such container: gone' } : '',
  )
  const spool = { written: [] as string[][], write: (lines: string[]) => void spool.written.push(lines) }
  const events: unknown[] = []
  const tails: Followed[] = []
  const runner = createCommandRunner({
    hostRuntime: {
      ...machines.hostRuntime,
      spools: {
        open: () => ({ spool, end: () => events.push('end') }),
        register: (id: number, registered: unknown) => events.push([id, registered === spool]),
      },
    },
    tails: {
      async start(request: Followed) {
        tails.push(request)
        return 7
      },
    },
  })
  const host = addTestHost(runner.state, 'web-1')
  for (const name of ['web', 'db']) addTestContainer(runner.state, host, name)
  const inChat = { parts: { channel: () => undefined, channelOf: () => ({ name: '#ops' }) } }
  const inShell = { by: { platform: 'api', id: '1', name: 'key', role: 'admin' } }
  let nanos = 0
  const says = (stream: number, text: string, to: 'stdout' | 'stderr' = 'stdout', at = NOW) =>
    machines.streams[stream]!.sink[to](
      Buffer.from(`${new Date(at).toISOString().slice(0, -1)}${String(++nanos).padStart(6, '0')}Z ${text}\n`),
    )
  return { ...runner, ...machines, spool, events, tails, inChat, inShell, says }
}

it('is refused where nothing can be followed', async () => {
  const { text, inShell, inChat, streams } = begin()
  expect(await text('containers tail web-1/web --follow')).toBe(
    'There is no chat to follow in. Without --follow the last lines are answered at once.',
  )
  expect(await text('containers tail web-1/web --follow --for 5m', inShell)).toBe(
    'In a shell, --follow runs until Ctrl-C. Leave out --for.',
  )
  expect(await text('containers tail web-1/gone --follow', inChat)).toContain('There is no container "gone"')
  expect(streams).toEqual([])
})

it('in a chat is a tail with the lines that match, and a file with them', async () => {
  const { run, inChat, tails, clock, asked, streams, spool, events, says } = begin()
  const answer = await run('containers tail web-1/web --follow --level warn', inChat)
  expect(answer).toEqual({
    card: {
      title: 'Tail started in #ops',
      tone: 'good',
      buttons: [{ label: 'Stop', line: 'containers tail --stop 7' }],
    },
    result: { tail: 7 },
    quiet: true,
  })
  expect(asked).toEqual([['docker', 'logs', '--timestamps', '--tail', '1', 'web']])
  expect(tails[0]).toMatchObject({
    ...{ subject: 'web-1/web', command: 'containers tail', by: 'Ann', durationMs: 10 * MINUTE, canExport: true },
  })
  expect(events).toEqual([[7, true]])
  const taken: object[][] = []
  const stop = tails[0]!.follow(lines => void taken.push([...lines]))
  await clock.advance(0)
  expect(streams[0]!.words).toEqual(['docker', 'logs', '--timestamps', '--tail', '10', '--follow', 'web'])
  says(0, 'fine')
  says(0, '\u001b[31mERROR\u001b[0m password=hunter2hunter2', 'stderr')
  await clock.advance(SECOND)
  expect(taken.flat()).toMatchObject([{ stream: 'stderr', text: expect.stringMatching(/^ERROR password=\[hidden/) }])
  expect(spool.written.flat()).toEqual([expect.stringMatching(/Z stderr ERROR password=\[hidden/)])
  expect(JSON.stringify(tails[0]!.show(taken.flat()[0]!))).not.toContain('web-1/web')
  // What has arrived is shown at the end, too.
  says(0, 'WARN last')
  stop()
  expect(taken.flat()).toHaveLength(2)
  expect(streams[0]!.isStopped).toBe(true)
  expect(events).toEqual([[7, true], 'end'])
})

it.each([
  ['', 10 * MINUTE],
  ['--for 5m', 5 * MINUTE],
  ['--for 2h', HOUR],
])('with %s lasts for %i ms', async (words, durationMs) => {
  const { run, inChat, tails } = begin()
  await run(`containers tail web-1/web --follow ${words}`, inChat)
  expect(tails[0]!.durationMs).toBe(durationMs)
})

it('begins with so many lines, or at an instant', async () => {
  const { run, inChat, tails, clock, streams } = begin()
  for (const words of ['--lines 3', '--since 2m', '--since 2m --lines 3']) {
    await run(`containers tail web-1/web --follow ${words}`, inChat)
    tails.at(-1)!.follow(() => {})
    await clock.advance(0)
  }
  const argv = (...flags: string[]) => ['docker', 'logs', '--timestamps', ...flags, '--follow', 'web']
  const since = new Date(NOW - 2 * MINUTE).toISOString()
  expect(streams.map(({ words }) => words)).toEqual([
    argv('--tail', '3'),
    argv('--since', since),
    argv('--since', since),
  ])
})

it('of several containers is merged in order of time, and its lines are named', async () => {
  const { run, inChat, tails, clock, spool, says } = begin()
  await run('containers tail web-1/* --follow', inChat)
  expect(tails[0]!.subject).toBe('web-1/db, web-1/web')
  const taken: object[] = []
  tails[0]!.follow(lines => void taken.push(...lines))
  await clock.advance(0)
  says(0, 'second', 'stdout', NOW + 20)
  says(1, 'first', 'stdout', NOW + 10)
  await clock.advance(SECOND)
  expect(taken).toMatchObject([{ text: 'first' }, { text: 'second' }])
  expect(spool.written.flat()[0]).toMatch(/Z web-1\/web stdout first$/)
  expect(JSON.stringify(tails[0]!.show(taken[0]!))).toContain('web-1/web')
})

it('tells the first problem while there is one, and no longer some seconds after it ended', async () => {
  const { run, inChat, tails, clock, streams, says } = begin()
  await run('containers tail web-1/* --follow', inChat)
  let updates = 0
  const stop = tails[0]!.follow(() => updates++)
  await clock.advance(0)
  const status = () => tails[0]!.status()
  expect(status()).toBe(null)
  streams[0]!.end(0)
  await clock.advance(0)
  expect(status()).toBe('db on web-1 has stopped. Its lines continue when it runs again.')
  expect(updates).toBe(1)
  streams[1]!.end(0)
  await clock.advance(0)
  expect(status()).toContain('db on web-1 has stopped.')
  // Both are followed again. That the first works for a moment does not clear its problem, a line does.
  await clock.advance(4 * SECOND)
  expect(streams.length).toBeGreaterThanOrEqual(4)
  expect(status()).toContain('db on web-1 has stopped.')
  const db = streams.findLastIndex(({ words }) => words.at(-1) === 'db')
  says(db, 'back')
  expect(status()).toContain('web on web-1 has stopped.')
  await clock.advance(3 * SECOND)
  expect(status()).toBe(null)
  // A problem that comes back before it is cleared is not cleared then.
  const web = streams.findLast(({ words }) => words.at(-1) === 'web')!
  web.end(0)
  await clock.advance(2 * SECOND)
  const before = updates
  streams.findLast(({ words }) => words.at(-1) === 'web')!.end(0)
  await clock.advance(0)
  expect(updates).toBe(before)
  await clock.advance(5 * SECOND)
  expect(status()).toContain('web on web-1 has stopped.')
  await clock.advance(10 * SECOND)
  expect(status()).toBe(null)
  // Nothing is cleared after the end.
  streams.findLast(({ words }) => words.at(-1) === 'web')!.end(0)
  await clock.advance(4 * SECOND)
  stop()
  await clock.advance(MINUTE)
  expect(status()).toContain('web on web-1 has stopped.')
})

it('over HTTP is a stream of lines and problems', async () => {
  const { run, inShell, clock, streams, says } = begin()
  const { card, stream } = await run('containers tail web-1/* --follow', inShell)
  expect(card).toEqual({ title: 'Following web-1/db, web-1/web', tone: 'muted' })
  const received: unknown[] = []
  const sink: LineSink<unknown> = {
    lines: lines => void received.push(...lines),
    problem: message => void received.push(message),
  }
  const stop = stream!(sink)
  await clock.advance(0)
  says(1, 'WARN x')
  await clock.advance(SECOND)
  expect(received).toEqual([
    {
      ...{ host: 'web-1', container: 'web', stream: 'stdout', level: 'warn', message: 'WARN x' },
      timestamp: '2026-03-02T09:00:00.000Z',
    },
  ])
  streams[1]!.end(0)
  await clock.advance(30 * SECOND)
  expect(received.slice(1)).toEqual(['web on web-1 has stopped. Its lines continue when it runs again.'])
  stop()
  expect(streams.every(({ isStopped, words }) => isStopped || words.at(-1) === 'web')).toBe(true)
})
