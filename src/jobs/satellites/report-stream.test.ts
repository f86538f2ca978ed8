// One stream of a satellite by itself: when it reports, what a report says, and what follows from answers and failures.
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { MEBIBYTE } from '../../bytes.ts'
import { silentLogger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { decodeReport, type ReportAnswer, type SatelliteRecord, type StreamKind } from '../../satellites/record.ts'
import { openSpool, type Spool } from '../../satellites/spools.ts'
import { memoryState, type State } from '../../state/database.ts'
import { createFakeClock, type FakeClock, settled } from '../../testing/fake-clock.ts'
import { until } from '../../testing/running.ts'
import { MINUTE, SECOND } from '../../time.ts'
import { type MainClient, RefusedByMain } from './main-client.ts'
import { createReportStream, type ReportStream, type ReportStreamOptions } from './report-stream.ts'

const START = Date.parse('2026-03-02T09:00:00Z')
type Report = ReturnType<typeof decodeReport>['report']

let state: State
let clock: FakeClock
let spool: Spool
let sent: { report: Report; seqs: number[]; at: number; isCompressed: boolean; timeoutMs: number }[]
let answer: (through: number) => Partial<ReportAnswer> | Promise<Partial<ReportAnswer>>
let attempts: (string | null)[]
let answers: number
let elsewhere: unknown[]
let logged: string[]
let unknownSince: number | null

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  spool = openSpool(state, 'vakt_key', 64 * MEBIBYTE)
  sent = []
  answer = () => ({})
  attempts = []
  answers = 0
  elsewhere = []
  logged = []
  unknownSince = null
})

function aStream(kind: StreamKind = 'beats', changes: Partial<ReportStreamOptions> = {}): ReportStream {
  const client: MainClient = {
    isRemoved: () => false,
    async request(_path, init, timeoutMs) {
      const isCompressed = (init.headers as Record<string, string>)['content-encoding'] === 'gzip'
      const body = Buffer.from(init.body as Uint8Array)
      const { report, records } = decodeReport(isCompressed ? await promisify(gunzip)(body) : body)
      const seqs = records.map(({ seq }) => seq)
      sent.push({ report, seqs, at: clock.now() - START, isCompressed, timeoutMs })
      const through = seqs.at(-1) ?? 0
      const said = {
        through,
        token: `t${sent.length}`,
        version: '1',
        directory: 'd',
        now: 0,
        used: [],
        ...(await answer(through)),
      }
      return new Response(JSON.stringify(said))
    },
  }
  return createReportStream({
    ...{ kind, spool, clock, client, version: '1', place: '/data', onReport: () => unknownSince },
    logger: { ...silentLogger, warn: text => logged.push(text), info: text => logged.push(text) },
    rates: {
      used: () => [],
      setElsewhere: (door, used) => elsewhere.push([door, used]),
    } as ReportStreamOptions['rates'],
    onAnswer: async () => {
      answers++
    },
    onAttempt: failure => attempts.push(failure),
    ...changes,
  })
}

const has = (count: number, kind: StreamKind = 'beats', bytes = 10, at = clock.now()) =>
  state.transaction(() => {
    const record = (kind === 'lines'
      ? {
          kind: 'lines',
          at,
          project: 1,
          sender: '',
          key: null,
          zone: null,
          lines: 1,
          format: 'text',
          defaults: {},
          limits: { lines: 1, messageBytes: 1 },
        }
      : { kind: 'downtime', at, from: at, to: at }) as unknown as SatelliteRecord
    for (let i = 0; i < count; i++) spool.add(record, Buffer.alloc(bytes, 'x'))
  })
/** Compression takes its time. */
const reports = (count: number) =>
  until(async () => {
    await clock.advance(0)
    return sent.length >= count
  }, 'the reports')
const times = () => sent.map(({ at }) => at)

describe('a stream of beats', () => {
  it('reports every five seconds, also without any, and soon after something new', async () => {
    const stream = aStream()
    await clock.advance(MINUTE)
    expect(sent).toEqual([])
    stream.start()
    await clock.advance(10 * SECOND)
    expect(times()).toEqual([MINUTE, MINUTE + 5 * SECOND, MINUTE + 10 * SECOND])
    has(1)
    stream.wake()
    stream.wake()
    await clock.advance(100)
    expect(times().at(-1)).toBe(MINUTE + 10 * SECOND + 100)
    expect(sent.at(-1)!.seqs.length).toBe(1)
    expect(spool.count('beats')).toBe(0)
    expect([new Set(attempts), answers, sent[0]!.timeoutMs]).toEqual([new Set([null]), 4, MINUTE])
    expect(elsewhere[0]).toEqual(['main', []])
    expect(stream.status()).toEqual({ failures: 0, failure: null, lastSuccessAt: clock.now() })
  })

  it('says what it has sent completely, what waits beside it, and of which run it is', async () => {
    has(1, 'lines', 50)
    has(2)
    const stream = aStream()
    stream.start()
    await clock.advance(0)
    expect(sent[0]!.report).toMatchObject({
      ...{ kind: 'beats', version: '1', place: '/data', isLast: false, now: START, protocol: 2 },
      ...{ completeTo: START, linesCompleteTo: null, refused: 0, run: spool.run(), instance: spool.run() },
      waiting: { records: 1, since: START },
      chain: { after: null, unanswered: [] },
    })
    await clock.advance(5 * SECOND)
    expect(sent[1]!.report).toMatchObject({ linesCompleteTo: null, chain: { after: 't1', unanswered: [] } })
    spool.forget('lines', spool.run(), 99)
    await clock.advance(5 * SECOND)
    expect(sent[2]!.report).toMatchObject({
      ...{ linesCompleteTo: START + 10 * SECOND, waiting: { records: 0, bytes: 0, since: null } },
    })
  })

  it('is complete only up to where it can be told', async () => {
    unknownSince = START - 7
    aStream().start()
    await clock.advance(0)
    expect(sent[0]!.report.completeTo).toBe(START - 7)
  })

  it('takes 2,000 records along at a time, and is complete up to the last of them', async () => {
    has(2_000, 'beats', 1, START - 10)
    has(5, 'beats', 1, START - 5)
    aStream().start()
    await reports(2)
    expect(sent.map(({ seqs }) => seqs.length)).toEqual([2_000, 5])
    expect(sent.map(({ report }) => report.completeTo)).toEqual([START - 11, START])
    expect(sent[0]!.report.waiting).toMatchObject({ records: 5, since: START - 10 })
    expect(sent.map(({ isCompressed }) => isCompressed)).toEqual([true, false])
  })

  it('sends about 4 MiB at a time', async () => {
    has(6, 'beats', MEBIBYTE)
    aStream().start()
    await clock.advance(0)
    await reports(2)
    expect(sent.map(({ seqs }) => seqs.length)).toEqual([3, 3])
  })

  it('sends what came meanwhile a little later', async () => {
    let isFirst = true
    answer = () => {
      if (isFirst) has(1)
      isFirst = false
      return {}
    }
    aStream().start()
    await clock.advance(SECOND)
    expect(times()).toEqual([0, 100])
  })

  it('sends one report at a time', async () => {
    let release = () => {}
    answer = () => new Promise(resolve => (release = () => resolve({})))
    const stream = aStream()
    stream.start()
    await clock.advance(0)
    has(1)
    stream.wake()
    await clock.advance(30 * SECOND)
    expect(sent.length).toBe(1)
    let isEnded = false
    const ended = stream.end().then(() => {
      isEnded = true
    })
    await settled()
    expect(isEnded).toBe(false)
    release()
    await ended
    await clock.advance(MINUTE)
    expect(sent.length).toBe(1)
  })

  it('of a new run begins a chain of its own', async () => {
    const stream = aStream()
    stream.start()
    await clock.advance(5 * SECOND)
    expect(sent.at(-1)!.report.chain!.after).toBe('t1')
    spool.beginRun()
    await clock.advance(5 * SECOND)
    expect(sent.at(-1)!.report).toMatchObject({ instance: spool.run(), chain: { after: null, unanswered: [] } })
  })

  it('names the reports whose answers may have been lost, the latest hundred of them', async () => {
    answer = () => Promise.reject(new Error('reset'))
    const stream = aStream()
    stream.start()
    await clock.advance(3 * SECOND)
    const ids = sent.map(({ report }) => report.chain!.id)
    expect(sent.at(-1)!.report.chain!.unanswered).toEqual(ids.slice(0, -1))
    await clock.advance(30 * MINUTE)
    expect(sent.at(-1)!.report.chain!.unanswered.length).toBe(100)
    answer = () => ({})
    await clock.advance(MINUTE)
    expect(sent.at(-1)!.report.chain!.unanswered).toEqual([])
  })
})

describe('a stream of log lines', () => {
  it('reports only when there are some', async () => {
    const stream = aStream('lines')
    stream.start()
    await clock.advance(MINUTE)
    expect(sent).toEqual([])
    has(1, 'lines')
    stream.wake()
    await clock.advance(100)
    expect(sent[0]!.report).toMatchObject({ kind: 'lines', completeTo: null, linesCompleteTo: clock.now() })
    await clock.advance(MINUTE)
    expect(sent.length).toBe(1)
  })
})

describe('a main that', () => {
  it('does not answer is asked again soon, later and later, and is no main that answers', async () => {
    answer = () => Promise.reject(new Error('reset'))
    has(1)
    const stream = aStream()
    stream.start()
    await clock.advance(0)
    expect(stream.status()).toEqual({ failures: 1, failure: 'reset', lastSuccessAt: null })
    stream.wake()
    await clock.advance(249)
    expect(sent.length).toBe(1)
    await clock.advance(5 * MINUTE)
    const gaps = times()
      .slice(1)
      .map((at, i) => at - times()[i]!)
    expect(gaps[0]).toBeLessThanOrEqual(500)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10 * SECOND)
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(5 * SECOND)
    expect(new Set(attempts)).toEqual(new Set(['reset']))
    expect(logged).toEqual(['the main does not take reports; they wait here'])
    expect(spool.count('beats')).toBe(1)
    answer = () => ({})
    await clock.advance(10 * SECOND)
    expect(logged.at(-1)).toBe('the main takes reports again')
    expect(stream.status()).toMatchObject({ failures: 0, failure: null })
  })

  it('refuses answers all the same, and is asked again when it says, within ten seconds', async () => {
    for (const [retryAfterMs, waits] of [
      [7 * SECOND, 7 * SECOND],
      [60 * SECOND, 10 * SECOND],
    ] as const) {
      sent = []
      attempts = []
      answer = () => Promise.reject(new RefusedByMain('no room', retryAfterMs))
      const stream = aStream()
      const begun = clock.now() - START
      stream.start()
      await clock.advance(waits)
      expect(times().map(at => at - begun)).toEqual([0, waits])
      expect([attempts[0], stream.status().failure]).toEqual([null, 'no room'])
      await stream.end()
    }
  })

  it('could not store all of it keeps the rest waiting', async () => {
    has(3)
    answer = through => ({ through: through - 1, busy: 'The disk is full.' })
    const stream = aStream()
    stream.start()
    await clock.advance(0)
    expect([spool.count('beats'), stream.status().failure, attempts]).toEqual([1, 'The disk is full.', [null]])
    answer = () => ({})
    await clock.advance(SECOND)
    expect(spool.count('beats')).toBe(0)
  })

  it('is not to blame for a fault of this machine', async () => {
    const stream = aStream('beats', {
      onReport() {
        throw new Problem('internal', 'The disk is full.')
      },
    })
    stream.start()
    await clock.advance(0)
    expect([attempts, logged]).toEqual([[], ['this satellite cannot report']])
    expect(stream.status().failure).toBe('This satellite cannot report: The disk is full.')
  })
})

describe('the last report', () => {
  it('says that nothing follows, where everything was sent', async () => {
    const stream = aStream()
    await stream.sendLast(true)
    expect(sent).toEqual([])
    stream.start()
    await clock.advance(0)
    await stream.end()
    has(1)
    await stream.sendLast(true)
    expect(sent.at(-1)!.report).toMatchObject({ isLast: true })
    expect(sent.at(-1)!.seqs.length).toBe(1)
    has(2_001)
    await stream.sendLast(true)
    expect(sent.at(-1)!.report).toMatchObject({ isLast: false })
  })

  it('of log lines comes only where some wait', async () => {
    has(1, 'lines')
    const stream = aStream('lines')
    stream.start()
    await clock.advance(0)
    await stream.end()
    await stream.sendLast(false)
    expect(sent.length).toBe(1)
    has(1, 'lines')
    await stream.sendLast(false)
    expect(sent.length).toBe(2)
    expect(sent[1]!.report.isLast).toBe(false)
  })

  it('is not tried after a failure, and one that fails disturbs nothing', async () => {
    const stream = aStream()
    stream.start()
    await clock.advance(0)
    answer = () => Promise.reject(new Error('reset'))
    await stream.end()
    await stream.sendLast(true)
    expect(sent.length).toBe(2)
    const failing = aStream()
    failing.start()
    await clock.advance(0)
    await failing.end()
    sent = []
    await failing.sendLast(true)
    expect(sent).toEqual([])
  })
})
