// The fetcher by itself: which logs it fetches when, how far, and what it stores and records of them.
import { beforeEach, describe, expect, it } from 'vitest'
import { type Logger, silentLogger } from '../../logger.ts'
import type { Batch } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { addProject, findProject } from '../../projects/projects.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { addHost, editHost } from '../hosts.ts'
import type { Machine, OutputSink } from '../machine.ts'
import { createLogFetcher, type LogFetcher, type LogFetcherOptions } from './fetcher.ts'
import { MAX_READ_BYTES, type RemoteLog } from './remote-log.ts'
import { addRemoteLog, editRemoteLog, type NewRemoteLog, readRemoteLog, removeRemoteLog } from './remote-logs.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
const EVERY = 30 * SECOND

let state: State
let clock: FakeClock
let hostId: number
/** The files of the host by path; a first reading begins at `first`. */
let files: Map<string, { inode: string; text: string; first?: number; which?: string }>
/** The journal: cursors with their messages. */
let journal: { cursor: string; message: string }[]
/** Readings so far, as the paths. */
let reads: string[]
let ignoredBackoff: boolean[]
let renewed: number[]
let isOnline: boolean
/** Comes before each reading. */
let before: (path: string) => void | Promise<void>
let batches: (Batch & { text: string })[]
let append: (batch: Batch) => { rejected: number } | Promise<{ rejected: number }>
let rejections: { lines: number; message: string; project: string; host: string }[]
let errors: string[]
let fetcher: LogFetcher

beforeEach(() => {
  state = memoryState()
  addProject(state, 'default', START)
  clock = createFakeClock(START)
  hostId = addHost(state, {
    ...{ name: 'web-1', address: 'x', port: 22, user: 'u', auth: 'own' },
    ...{ addedAt: START, addedBy: 'Ann', timeZone: 'Europe/Berlin' },
  }).id
  files = new Map()
  journal = []
  reads = []
  ignoredBackoff = []
  renewed = []
  isOnline = true
  before = () => {}
  batches = []
  append = () => ({ rejected: 0 })
  rejections = []
  errors = []
  fetcher = aFetcher()
})

function aFetcher(changes: Partial<LogFetcherOptions> = {}): LogFetcher {
  const logger: Logger = { ...silentLogger, error: text => errors.push(text) }
  const machine = {
    async stream(argv: readonly string[], sink: OutputSink) {
      const path = argv[4]!
      reads.push(path)
      await before(path)
      sink.stdout(Buffer.from(argv[2]!.includes('journal') ? readJournal(argv) : readFile(argv)))
      return { ended: Promise.resolve(0), stop() {} }
    },
  } as unknown as Machine
  return createLogFetcher({
    ...{ state, clock, logger, retentionMs: 7, timeZone: 'UTC' },
    hostRuntime: {
      isOnline: () => isOnline,
      connections: {
        machine: (_: unknown, { ignoreBackoff }: { ignoreBackoff: boolean }) => {
          ignoredBackoff.push(ignoreBackoff)
          return machine
        },
        renew: (id: number) => renewed.push(id),
      },
    } as unknown as LogFetcherOptions['hostRuntime'],
    logWriter: {
      async append(batch: Batch) {
        batches.push({ ...batch, text: Buffer.from(batch.body).toString() })
        return append(batch)
      },
    } as unknown as LogFetcherOptions['logWriter'],
    rejections: { record: (one: (typeof rejections)[number]) => rejections.push(one) } as never,
    ...changes,
  })
}

/** What the script for files prints. */
function readFile([, , , , path, inode, offset, , , most]: readonly string[]): string {
  const file = files.get(path!)
  if (!file) return '@@problem No such file or directory\n'
  const { text, first = 0, which = 'now' } = file
  const start = inode === '' ? first : inode === file.inode ? Number(offset) : 0
  const shown = inode === '' ? '' : text.slice(start, start + Number(most))
  return `@@file ${file.inode} ${text.length} ${start} 0 0 ${which}\n${shown}`
}

/** What the script for journals prints. */
function readJournal([, , , , , cursor, lines]: readonly string[]): string {
  const at = journal.findIndex(entry => entry.cursor === cursor)
  const shown = cursor === '' ? journal.slice(-Number(lines)) : journal.slice(at + 1)
  const text = shown.map(({ cursor: own, message }) =>
    message === 'broken' ? '{ "MESSAGE": 1\n' : `${JSON.stringify({ MESSAGE: message, __CURSOR: own })}\n`,
  )
  return `@@journal\n${text.join('')}`
}

const aLog = (target: string, changes: Partial<NewRemoteLog> = {}): RemoteLog =>
  addRemoteLog(state, {
    ...{ hostId, kind: 'file', target, source: 'app', projectId: null, every: EVERY, dueAt: START },
    ...{ addedAt: START, addedBy: 'Ann', ...changes },
  })
const hasFile = (path: string, text: string, more: { first?: number; which?: string; inode?: string } = {}) =>
  files.set(path, { inode: '7', text, ...more })
const grows = (path: string, text: string) => {
  files.get(path)!.text += text
}
const stored = () => batches.map(({ text }) => text)

describe('a log', () => {
  it('is read from where the first reading begins, and then from its position', async () => {
    hasFile('/a', 'old\nfirst\n', { first: 4 })
    const { id } = aLog('/a')
    fetcher.start()
    await clock.advance(0)
    expect(stored()).toEqual(['first\n'])
    expect(readRemoteLog(state, id)).toMatchObject({
      position: { file: { inode: '7', offset: 10 } },
      ...{ lines: 1, batches: 1, pending: null, fetchedAt: START, dueAt: START + EVERY, error: null, lostAt: null },
    })
    grows('/a', 'second\nthird\n')
    await clock.advance(EVERY - 1)
    expect(stored().length).toBe(1)
    await clock.advance(1)
    expect(stored().slice(1)).toEqual(['second\nthird\n'])
    expect(readRemoteLog(state, id)).toMatchObject({ lines: 3, batches: 2 })
    // Nothing new is nothing to store.
    await clock.advance(EVERY)
    expect(batches.length).toBe(2)
    expect(ignoredBackoff.every(ignored => !ignored)).toBe(true)
  })

  it('is stored with the settings of its project, its source and the zone of its host', async () => {
    hasFile('/a', 'one\n')
    const { id } = addProject(state, 'shop', START)
    const log = aLog('/a', { projectId: id })
    await fetcher.fetch(log)
    expect(batches[0]).toMatchObject({
      ...{ project: 'shop', format: 'text', defaults: { source: 'app', host: 'web-1' }, receivedAt: START },
      ...{ retentionMs: 7, idempotencyKey: `remote-log:${log.id}:${START}:1` },
    })
    expect(JSON.stringify(batches[0]!.zones)).toContain('Europe/Berlin')
    expect(batches[0]!.limits.lines).toBeGreaterThan(1_000)
    editRemoteLog(state, log.id, { projectId: null })
    grows('/a', 'two\n')
    await fetcher.fetch(log)
    expect(batches[1]).toMatchObject({ project: findProject(state).name })
  })

  it('is read to its end in several batches, each with a number of its own', async () => {
    const line = `${'x'.repeat(99)}\n`
    hasFile('/a', line.repeat(6_000))
    const progress: number[] = []
    const result = await fetcher.fetch(aLog('/a'), lines => progress.push(lines))
    expect(result).toEqual({ lines: 6_000, more: false, lost: false })
    expect(batches.length).toBeGreaterThan(2)
    expect(batches.map(({ idempotencyKey }) => Number(idempotencyKey!.split(':').at(-1)))).toEqual(
      batches.map((_, i) => i + 1),
    )
    expect(progress[0]).toBe(0)
    expect(progress.at(-1)).toBe(6_000)
    expect(Math.max(...batches.map(({ text }) => text.length))).toBeLessThanOrEqual(MAX_READ_BYTES)
  })

  it('of a journal is read after its cursor, and begins with its last lines', async () => {
    journal = [
      { cursor: 'a', message: 'one' },
      { cursor: 'b', message: 'two' },
    ]
    const log = aLog('nginx', { kind: 'journal' })
    expect(await fetcher.fetch(log)).toMatchObject({ lines: 1 })
    expect(stored().map(text => JSON.parse(text).message)).toEqual(['two'])
    journal.push(
      { cursor: 'c', message: 'three' },
      { cursor: 'd', message: 'broken' },
      { cursor: 'e', message: 'five' },
    )
    expect(await fetcher.fetch(log)).toMatchObject({ lines: 2, more: false })
    expect(readRemoteLog(state, log.id)!.position).toEqual({ cursor: 'e' })
    expect(rejections).toMatchObject([
      { lines: 1, host: 'web-1', project: findProject(state).name, reason: 'unreadable' },
    ])
  })

  it('of an empty journal has no position yet', async () => {
    const log = aLog('nginx', { kind: 'journal' })
    expect(await fetcher.fetch(log)).toEqual({ lines: 0, more: false, lost: false })
    expect(readRemoteLog(state, log.id)).toMatchObject({ position: null, fetchedAt: START })
  })

  it('counts no line that the store refused', async () => {
    hasFile('/a', 'one\ntwo\nthree\n')
    append = () => ({ rejected: 2 })
    const log = aLog('/a')
    expect(await fetcher.fetch(log)).toMatchObject({ lines: 1 })
    expect(readRemoteLog(state, log.id)!.lines).toBe(1)
  })

  it('says when lines before a rotation were lost, and remembers it', async () => {
    hasFile('/a', 'one\n')
    const log = aLog('/a')
    await fetcher.fetch(log)
    hasFile('/a', 'two\n', { which: 'lost', inode: '8' })
    clock.sleep(MINUTE)
    expect(await fetcher.fetch(log)).toEqual({ lines: 1, more: false, lost: true })
    files.get('/a')!.which = 'now'
    clock.sleep(MINUTE)
    expect(await fetcher.fetch(log)).toEqual({ lines: 0, more: false, lost: false })
    expect(readRemoteLog(state, log.id)!.lostAt).toBe(START + MINUTE)
  })

  it('is stored once, although Vakt died after it was stored', async () => {
    hasFile('/a', 'one\ntwo\n')
    const log = aLog('/a')
    await fetcher.fetch(log)
    grows('/a', 'three\n')
    append = () => new Promise(() => {})
    void fetcher.fetch(log)
    await settled()
    fetcher.stop()
    // More has come meanwhile: the batch is the same nevertheless.
    grows('/a', 'four\n')
    append = () => ({ rejected: 0 })
    const next = aFetcher()
    expect(await next.fetch(log)).toMatchObject({ lines: 2 })
    expect(
      batches.slice(1).map(({ text, idempotencyKey }) => `${text.trim()} ${idempotencyKey!.split(':').at(-1)}`),
    ).toEqual(['three 2', 'three 2', 'four 3'])
  })

  it('of another file than before it died has no such batch to repeat', async () => {
    hasFile('/a', 'one\n')
    const log = aLog('/a')
    await fetcher.fetch(log)
    grows('/a', 'two\n')
    append = () => new Promise(() => {})
    void fetcher.fetch(log)
    await settled()
    fetcher.stop()
    hasFile('/a', 'three\nfour\n', { inode: '8' })
    append = () => ({ rejected: 0 })
    expect(await aFetcher().fetch(log)).toMatchObject({ lines: 2 })
    expect(batches.at(-1)).toMatchObject({ text: 'three\nfour\n', idempotencyKey: expect.stringMatching(/:3$/) })
  })
})

describe('the schedule', () => {
  it('fetches each log when it is due, eight at once, and lets nothing begin twice', async () => {
    const going: (() => void)[] = []
    before = () => new Promise<void>(resolve => going.push(resolve))
    for (let i = 0; i < 10; i++) {
      hasFile(`/${i}`, '')
      aLog(`/${i}`, { dueAt: START + i })
    }
    fetcher.start()
    await clock.advance(20)
    expect(reads).toEqual(['/0', '/1', '/2', '/3', '/4', '/5', '/6', '/7'])
    fetcher.refresh()
    await clock.advance(20 * SECOND)
    expect(reads.length).toBe(8)
    before = () => {}
    for (const go of going) go()
    await clock.advance(0)
    expect(reads).toContain('/8')
    expect(reads).toContain('/9')
  })

  it('applies a change at once, and looks at least every minute', async () => {
    hasFile('/a', 'one\n')
    const log = aLog('/a', { dueAt: START + 60 * MINUTE })
    fetcher.start()
    await clock.advance(MINUTE / 2)
    editRemoteLog(state, log.id, { dueAt: clock.now() })
    await clock.advance(MINUTE / 2 - 1)
    expect(reads).toEqual([])
    await clock.advance(1)
    expect(reads.length).toBeGreaterThan(0)
    hasFile('/b', 'two\n')
    aLog('/b', { dueAt: clock.now() })
    fetcher.refresh()
    await clock.advance(0)
    expect(reads).toContain('/b')
  })

  it('does not begin before the start, or after the stop', async () => {
    hasFile('/a', 'one\n')
    aLog('/a')
    fetcher.refresh()
    await clock.advance(MINUTE)
    fetcher.start()
    fetcher.stop()
    fetcher.refresh()
    await clock.advance(MINUTE)
    expect(reads).toEqual([])
  })

  it('lets other logs go first after 64 batches, and goes on at once', async () => {
    const line = `${'x'.repeat(MAX_READ_BYTES - 1)}\n`
    hasFile('/a', line.repeat(70))
    const { id } = aLog('/a')
    fetcher.start()
    let dueAfterFirst: number | null = null
    append = () => {
      if (batches.length === 64) dueAfterFirst = readRemoteLog(state, id)!.fetchedAt
      return { rejected: 0 }
    }
    await clock.advance(0)
    expect([batches.length, dueAfterFirst]).toEqual([70, START])
    expect(readRemoteLog(state, id)).toMatchObject({ lines: 70, dueAt: START + EVERY })
  })

  it('skips the logs of a host that is not watched, but not when somebody asks', async () => {
    hasFile('/a', 'one\n')
    const log = aLog('/a')
    editHost(state, hostId, { enabled: false })
    fetcher.start()
    await clock.advance(0)
    expect([reads, readRemoteLog(state, log.id)]).toMatchObject([[], { dueAt: START + EVERY, fetchedAt: null }])
    expect(await fetcher.fetch(log)).toMatchObject({ lines: 1 })
    expect(ignoredBackoff.every(Boolean)).toBe(true)
    removeRemoteLog(state, log.id)
    expect(await fetcher.fetch(log)).toEqual({ lines: 0, more: false, lost: false })
  })

  it('is asked for one log by one: a second request waits', async () => {
    hasFile('/a', 'one\n')
    const log = aLog('/a')
    const results = await Promise.all([fetcher.fetch(log), fetcher.fetch(log)])
    expect(results.map(({ lines }) => lines)).toEqual([1, 0])
  })
})

describe('a failure', () => {
  it('is recorded and retried within a minute, or when the log is due', async () => {
    const slow = aLog('/a', { every: 10 * MINUTE })
    const quick = aLog('/b', { every: 20 * SECOND })
    fetcher.start()
    await clock.advance(0)
    expect(readRemoteLog(state, slow.id)).toMatchObject({
      ...{ failures: 1, failingSince: START, failedAt: START, dueAt: START + MINUTE },
      error: expect.stringContaining('There is no file /a on web-1.'),
    })
    expect(readRemoteLog(state, quick.id)).toMatchObject({ failures: 1, dueAt: START + 20 * SECOND })
    expect([errors, renewed]).toEqual([[], []])
    hasFile('/a', 'one\n')
    await clock.advance(MINUTE)
    expect(readRemoteLog(state, slow.id)).toMatchObject({ failures: 0, error: null, lines: 1 })
  })

  it('while Vakt is offline does not count', async () => {
    isOnline = false
    const log = aLog('/a')
    await expect(fetcher.fetch(log)).rejects.toThrow('There is no file /a on web-1.')
    expect(readRemoteLog(state, log.id)).toMatchObject({ failures: 0, failingSince: null })
  })

  it('for missing rights begins a new connection, in which they may be corrected', async () => {
    const log = aLog('/a')
    before = () => {
      throw new Problem('forbidden', 'not allowed')
    }
    await expect(fetcher.fetch(log)).rejects.toThrow('not allowed')
    before = () => {
      throw new Problem('conflict', 'no script')
    }
    await expect(fetcher.fetch(log)).rejects.toThrow('no script')
    before = () => {
      throw new Problem('busy', 'too long')
    }
    await expect(fetcher.fetch(log)).rejects.toThrow('too long')
    expect(renewed).toEqual([hostId, hostId])
  })

  it('that is none of the host is logged, and told as a problem', async () => {
    hasFile('/a', 'one\n')
    append = () => Promise.reject(new TypeError('undefined is no function'))
    const failure = await fetcher.fetch(aLog('/a')).catch(error => error)
    expect(failure).toBeInstanceOf(Problem)
    expect(failure.message).toBe('Fetching /a failed: undefined is no function')
    expect(errors).toEqual(['fetching a remote log failed'])
  })

  it('after the stop changes nothing', async () => {
    const log = aLog('/a')
    before = () => fetcher.stop()
    await fetcher.fetch(log).catch(() => {})
    expect(readRemoteLog(state, log.id)).toMatchObject({ failures: 0, error: null, fetchedAt: null })
  })

  it('of the database itself is logged, and the fetcher goes on', async () => {
    hasFile('/a', 'one\n')
    aLog('/a', { dueAt: START + SECOND })
    fetcher.start()
    state.prepare('alter table remote_logs rename to gone').run()
    await clock.advance(SECOND)
    expect(errors).toEqual(['listing the remote logs failed; retrying'])
    state.prepare('alter table gone rename to remote_logs').run()
    await clock.advance(MINUTE)
    expect(stored()).toEqual(['one\n'])
  })
})
