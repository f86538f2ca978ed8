// Followed lines are stored exactly once each, across crashes of Vakt and errors of the store.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textLines } from '../../logs/intake/batches.testing.ts'
import type { AppendResult, Batch, LogWriter } from '../../logs/store.ts'
import { memoryState } from '../../state/database.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { HOUR, isoTime, SECOND } from '../../time.ts'
import type { HostRuntime } from '../host-runtime.ts'
import { addHost } from '../hosts.ts'
import type { OutputSink } from '../machine.ts'
import { followIntoStore } from './follow-into-store.ts'
import { readPosition } from './follows.ts'

const START = Date.parse('2026-03-02T09:00:00Z')

/** A container whose stored output can be read from any instant, and followed. */
function aContainer() {
  const kept: { stream: 'stdout' | 'stderr'; stamp: string; text: string }[] = []
  const sinks = new Map<OutputSink, () => void>()
  const put = (sink: OutputSink, line: (typeof kept)[number]) =>
    sink[line.stream](Buffer.from(`${line.stamp} ${line.text}\n`))
  const machine = {
    run: async () => ({ stdout: '', stderr: '', code: 0 }),
    async stream(words: readonly string[], sink: OutputSink) {
      const since = Date.parse(words[words.indexOf('--since') + 1]!)
      for (const line of kept) if (Date.parse(line.stamp) >= since) put(sink, line)
      let end = (_code: number) => {}
      const ended = new Promise<number>(resolve => {
        end = resolve
      })
      const stop = () => {
        sinks.delete(sink)
        end(0)
      }
      sinks.set(sink, stop)
      return { ended, stop }
    },
  }
  return {
    hostRuntime: { engine: async () => ({ engine: 'docker', machine }) } as unknown as Pick<HostRuntime, 'engine'>,
    says(line: (typeof kept)[number]) {
      kept.push(line)
      for (const sink of sinks.keys()) put(sink, line)
    },
    /** Rotation deletes what it wrote. */
    forgets: () => void kept.splice(0),
    /** Whether somebody follows it at the moment. */
    isRead: () => sinks.size > 0,
    /** The container ends, or its connection is cut. */
    cut() {
      for (const stop of [...sinks.values()]) stop()
    },
  }
}

/** A store that keeps lines once per idempotency key, and can be slow or fail. */
function aStore() {
  const keys = new Set<string>()
  const lines: string[] = []
  const batches: Batch[] = []
  const control = { mood: 'well' as Mood, largest: 0 }
  const logWriter: LogWriter = {
    append(batch: Batch): Promise<AppendResult> {
      batches.push(batch)
      control.largest = Math.max(control.largest, batch.body.byteLength)
      if (control.mood === 'refuses') return Promise.reject(new Error('busy'))
      const repeated = keys.has(batch.idempotencyKey!)
      if (!repeated) lines.push(...Buffer.from(batch.body).toString().split('\n'))
      keys.add(batch.idempotencyKey!)
      if (control.mood === 'keeps but never answers') return new Promise(() => {})
      return Promise.resolve({ accepted: 0, rejected: 0, errors: [], repeated, counts: [] })
    },
  }
  return { lines, batches, control, logWriter }
}

function aFollower() {
  const state = memoryState()
  const clock = createFakeClock(START)
  const host = addHost(state, {
    name: 'web-1',
    address: 'x',
    port: 22,
    user: 'u',
    auth: 'own',
    addedAt: START,
    addedBy: 'Ann',
  })
  const container = aContainer()
  const target = aStore()
  const errors: string[] = []
  const settings = () => ({
    project: 'default',
    limits: { lines: 10_000, messageBytes: 1000 },
    retentionMs: 1,
    privacy: {},
  })
  const begin = () =>
    followIntoStore({
      ...{
        state,
        clock,
        host,
        container: 'web',
        hostRuntime: container.hostRuntime,
        logWriter: target.logWriter,
        settings,
      },
      since: isoTime(START),
      onError: error => void errors.push((error as Error).message),
    })
  return { state, host, clock, container, ...target, begin, errors }
}

type Mood = 'well' | 'refuses' | 'keeps but never answers'
/** One step of a random story. */
type Step = {
  does: 'says' | 'passes' | 'cut' | 'dies' | 'store'
  lines?: number
  err?: boolean
  same?: boolean
  ms?: number
  mood?: Mood
}

const numbers = (lines: readonly string[]) => lines.map(line => Number(/ n(\d+)$/.exec(line)![1])).sort((a, b) => a - b)

describe('a followed container', () => {
  it('has each line stored exactly once, across crashes, store errors and lost connections', async () => {
    const some = (weight: number, fields: { [K in keyof Step]: fc.Arbitrary<Step[K]> }) => ({
      weight,
      arbitrary: fc.record(fields) as fc.Arbitrary<Step>,
    })
    const moods = fc.constantFrom('well' as const, 'refuses' as const, 'keeps but never answers' as const)
    const step = fc.oneof(
      some(6, {
        does: fc.constant('says'),
        lines: fc.integer({ min: 1, max: 5 }),
        err: fc.boolean(),
        same: fc.boolean(),
      }),
      some(4, { does: fc.constant('passes'), ms: fc.integer({ min: 1, max: 4000 }) }),
      some(1, { does: fc.constant('dies') }),
      some(1, { does: fc.constant('cut') }),
      some(1, { does: fc.constant('store'), mood: moods }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async steps => {
        const { clock, container, lines, control, begin } = aFollower()
        let stop = begin()
        let said = 0
        let nanos = 0
        const revive = () => {
          stop()
          control.mood = 'well'
          stop = begin()
        }
        const stampNow = (same: boolean) => {
          // Several lines may share one stamp.
          if (!same) nanos++
          return `${isoTime(clock.now()).slice(0, -1)}${String(nanos % 1_000_000).padStart(6, '0')}Z`
        }
        const does = {
          says: ({ lines = 1, err = false, same = false }: Step) => {
            const stream = err ? 'stderr' : 'stdout'
            for (let i = 0; i < lines; i++) container.says({ stream, stamp: stampNow(same), text: `n${said++}` })
          },
          passes: ({ ms = 0 }: Step) => clock.advance(ms),
          cut: () => container.cut(),
          dies: revive,
          store: ({ mood = 'well' }: Step) => {
            control.mood = mood
          },
        }
        for (const one of steps) {
          await does[one.does](one)
          await settled(1)
        }
        revive()
        await clock.advance(60 * SECOND)
        stop()
        expect(numbers(lines)).toEqual(Array.from({ length: said }, (_, i) => i))
      }),
      { numRuns: 60 },
    )
  })

  it('has a line stored that has the same time as an earlier, stored line', async () => {
    const { clock, container, lines, begin } = aFollower()
    const says = (text: string) => container.says({ stream: 'stdout', stamp: '2026-03-02T09:00:00.5Z', text })
    let stop = begin()
    await settled()
    says('n0')
    await clock.advance(2 * SECOND)
    stop()
    says('n1')
    stop = begin()
    await clock.advance(2 * SECOND)
    says('n2')
    await clock.advance(2 * SECOND)
    stop()
    expect(numbers(lines)).toEqual([0, 1, 2])
  })

  it.each([
    ['Vakt is away', false],
    ['the connection is lost', true],
  ])('has its lines stored once each when the clock of its host is put back while %s', async (_, isCut) => {
    const { clock, container, lines, begin } = aFollower()
    const says = (at: number, text: string) =>
      container.says({ stream: 'stdout', stamp: isoTime(clock.now() + at), text })
    let stop = begin()
    await settled()
    says(HOUR, 'n0')
    says(HOUR, 'n1')
    await clock.advance(2 * SECOND)
    if (isCut) container.cut()
    else stop()
    says(0, 'n2')
    if (!isCut) stop = begin()
    await clock.advance(2 * SECOND)
    says(0, 'n3')
    await clock.advance(2 * SECOND)
    stop()
    expect(numbers(lines)).toEqual([0, 1, 2, 3])
  })

  it('keeps a stack trace with its line', async () => {
    const { clock, container, lines, begin } = aFollower()
    const stop = begin()
    await settled()
    for (const text of ['Error: no', '    at one (a.js:1)', '    at two (b.js:2)', 'next'])
      container.says({ stream: 'stdout', stamp: '2026-03-02T09:00:00.5Z', text })
    await clock.advance(2 * SECOND)
    stop()
    const stored = textLines(lines.join('\n'))
    expect(stored.map(({ message, stack }) => [message, stack])).toEqual([
      ['Error: no', '    at one (a.js:1)\n    at two (b.js:2)'],
      ['next', ''],
    ])
    expect(new Date(stored[0]!.timestamp).toISOString()).toBe('2026-03-02T09:00:00.500Z')
  })

  it('is read no further while too many lines are queued, and completely in the end', async () => {
    const { clock, container, lines, control, begin } = aFollower()
    control.mood = 'refuses'
    const stop = begin()
    await settled()
    for (let i = 0; i < 50_000; i++)
      container.says({ stream: 'stdout', stamp: `2026-03-02T09:00:00.${String(i).padStart(9, '0')}Z`, text: `n${i}` })
    await clock.advance(10 * SECOND)
    control.mood = 'well'
    await clock.advance(60 * SECOND)
    stop()
    expect(numbers(lines)).toEqual(Array.from({ length: 50_000 }, (_, i) => i))
  })

  it('with very long lines is limited by characters, not only by lines', async () => {
    const { clock, container, lines, control, begin } = aFollower()
    control.mood = 'refuses'
    const stop = begin()
    await settled()
    const long = 'x'.repeat(60 * 1024)
    for (let i = 0; i < 700; i++)
      container.says({
        stream: 'stdout',
        stamp: `2026-03-02T09:00:00.${String(i).padStart(9, '0')}Z`,
        text: `${long} n${i}`,
      })
    expect(container.isRead()).toBe(false)
    await clock.advance(10 * SECOND)
    control.mood = 'well'
    await clock.advance(60 * SECOND)
    expect(container.isRead()).toBe(true)
    stop()
    expect(numbers(lines)).toEqual(Array.from({ length: 700 }, (_, i) => i))
    expect(control.largest).toBeLessThan(5 * 1024 * 1024)
  })

  const line = (n: number, text = `n${n}`) => ({
    ...{ stream: 'stdout' as const, text },
    stamp: `2026-03-02T09:00:00.${String(n).padStart(9, '0')}Z`,
  })

  it('has its lines stored a second after they came, under its name and that of its host', async () => {
    const { clock, container, lines, batches, begin } = aFollower()
    const stop = begin()
    await settled()
    container.says(line(0))
    await clock.advance(SECOND - 1)
    expect(lines).toEqual([])
    await clock.advance(1)
    expect(numbers(lines)).toEqual([0])
    expect(batches).toMatchObject([
      {
        ...{ format: 'text', defaults: { source: 'web', host: 'web-1' }, receivedAt: START + SECOND },
        idempotencyKey: expect.stringMatching(/^follow:[\w-]{36}$/),
      },
    ])
    stop()
  })

  it('has a batch stored at once when it has 1000 lines, and the rest a second later', async () => {
    const { clock, container, lines, batches, begin } = aFollower()
    const stop = begin()
    await settled()
    for (let i = 0; i < 999; i++) container.says(line(i))
    await clock.advance(0)
    expect(lines.length).toBe(0)
    for (let i = 999; i < 1_001; i++) container.says(line(i))
    await clock.advance(0)
    expect(lines.length).toBe(1_000)
    await clock.advance(SECOND)
    expect([lines.length, batches.length]).toEqual([1_001, 2])
    stop()
  })

  it('has a batch that the store refused sent again after 3 s, as the same one', async () => {
    const { clock, container, lines, batches, control, errors, begin } = aFollower()
    const stop = begin()
    await settled()
    control.mood = 'refuses'
    container.says(line(0))
    await clock.advance(SECOND)
    container.says(line(1))
    control.mood = 'well'
    await clock.advance(SECOND)
    expect([errors, numbers(lines)]).toEqual([['busy'], [0]])
    await clock.advance(4 * SECOND)
    stop()
    expect(numbers(lines)).toEqual([0, 1])
    expect(batches[1]!.idempotencyKey).toBe(batches[0]!.idempotencyKey)
    expect(batches[2]!.idempotencyKey).not.toBe(batches[0]!.idempotencyKey)
  })

  it('has its position stored with each batch, and what is being stored before it is', async () => {
    const { state, host, clock, container, control, begin } = aFollower()
    const stop = begin()
    await settled()
    control.mood = 'keeps but never answers'
    container.says(line(7))
    await clock.advance(SECOND)
    expect(readPosition(state, host.id, 'web')?.pending).toMatchObject({ lines: 1 })
    stop()
    control.mood = 'well'
    const stopAgain = begin()
    await clock.advance(SECOND)
    const saved = readPosition(state, host.id, 'web')!
    expect(saved.pending).toBeNull()
    expect(JSON.stringify(saved.position)).toContain('09:00:00.000000007Z')
    stopAgain()
  })

  it.each([
    ['', 0],
    [', also when the clock goes back meanwhile', HOUR],
  ])('waits 10 s for the lines of an interrupted batch that rotation deleted, and goes on%s', async (_, backMs) => {
    const { state, host, clock, container, lines, control, begin } = aFollower()
    const stop = begin()
    await settled()
    control.mood = 'keeps but never answers'
    for (let i = 0; i < 2; i++) container.says(line(i))
    await clock.advance(SECOND)
    stop()
    container.forgets()
    control.mood = 'well'
    const stopAgain = begin()
    await settled()
    clock.sleep(-backMs)
    container.says(line(9))
    await clock.advance(9 * SECOND)
    expect(numbers(lines)).toEqual([0, 1])
    await clock.advance(3 * SECOND)
    expect(numbers(lines)).toEqual([0, 1, 9])
    expect(readPosition(state, host.id, 'web')!.pending).toBeNull()
    stopAgain()
  })

  it('stores nothing after a stop', async () => {
    const { clock, container, lines, batches, begin } = aFollower()
    const stop = begin()
    await settled()
    container.says(line(0))
    stop()
    await clock.advance(60 * SECOND)
    expect([lines, batches, container.isRead()]).toEqual([[], [], false])
  })

  it.each([
    ['2026-03-02T09:00:00Z', '2026-03-02T09:00:00.000000000Z'],
    ['2026-03-02T09:00:00.5Z', '2026-03-02T09:00:00.500000000Z'],
    ['2026-03-02T10:00:00.123456789+01:00', '2026-03-02T10:00:00.123456789+01:00'],
  ])('has the time %s stored as %s', async (stamp, stored) => {
    const { clock, container, lines, begin } = aFollower()
    const stop = begin()
    await settled()
    container.says({ stream: 'stdout', stamp, text: 'n0' })
    await clock.advance(SECOND)
    expect(lines).toEqual([`${stored} n0`])
    stop()
  })
})
