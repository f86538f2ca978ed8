// Streams of lines by themselves: what a reader gets, what is left out and counted, and how each stream ends.
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LineSink } from '../command/command.ts'
import type { LogLine } from '../logs/line.ts'
import { CSV_HEADER } from '../logs/serialize.ts'
import type { LogReader, MissingLines, PageRequest } from '../logs/store.ts'
import { settled } from '../testing/fake-clock.ts'
import { MAX_DROPPED_LINES, MAX_WAITING_LINES, sendLines } from './line-events.ts'
import { exportLines } from './log-streams.ts'

let sink: LineSink<string>
let released = 0
let stopped = 0
let endPlace: (reason: string) => void
let cuts = 0
let text: string
let isDone: boolean
let leave: () => void

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  released = 0
  stopped = 0
  cuts = 0
  text = ''
  isDone = false
})
afterEach(() => vi.useRealTimers())

const place = {
  onEnd(listener: (reason: string) => void) {
    endPlace = listener
  },
  release: () => void released++,
}
const server = (follow: (given: LineSink<string>) => () => void) =>
  new Hono()
    .get('/', c => sendLines(c, place, follow, line => `[${line}]`))
    .onError((error, c) => c.text(error.message, 500))

/** Opens a stream and reads it, unless nobody does. */
async function open({ reads = true, follow = (_: LineSink<string>) => {} } = {}) {
  const app = server(given => {
    sink = given
    follow(given)
    return () => void stopped++
  })
  const env = { incoming: { socket: { destroy: () => void cuts++ } } }
  const response = await app.request('/', {}, env)
  const reader = response.body!.getReader()
  leave = () => void reader.cancel()
  if (!reads) return { reader }
  void (async () => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      text += Buffer.from(value).toString()
    }
    isDone = true
  })()
  await settled()
  return { reader }
}
const many = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)
const droppedIn = (written: string) =>
  [...written.matchAll(/event: dropped\ndata: \{"lines":(\d+)\}/g)].map(([, count]) => Number(count))

describe('a reader', () => {
  it('hears that lines come from now on, and then each line', async () => {
    await open()
    expect(text).toBe('event: ready\ndata: {}\n\n')
    sink.lines(['a', 'b'])
    await settled()
    sink.lines(['c'])
    await settled()
    expect(text).toBe('event: ready\ndata: {}\n\n[a][b][c]')
    expect([released, stopped]).toEqual([0, 0])
  })

  it('gets what came before it began to read', async () => {
    await open({ follow: given => given.lines(['early']) })
    expect(text).toContain('[early]')
  })

  it('gets a comment after 15 s without a line', async () => {
    await open()
    await vi.advanceTimersByTimeAsync(14_999)
    expect(text).not.toContain(': still here')
    await vi.advanceTimersByTimeAsync(1)
    await settled()
    expect(text.match(/: still here\n\n/g)).toHaveLength(1)
    sink.lines(['a'])
    await settled()
    await vi.advanceTimersByTimeAsync(14_999)
    expect(text.match(/: still here/g)).toHaveLength(1)
  })

  it('hears how many lines the source left out, and the newest problem', async () => {
    await open()
    sink.lines(['a'], 3)
    sink.problem('first')
    sink.problem('second')
    await settled()
    expect(droppedIn(text)).toEqual([3])
    expect(text).toContain('event: problem\ndata: {"message":"second"}')
    expect(text).not.toContain('first')
    sink.problem('third')
    await settled()
    expect(text).toContain('third')
    expect(droppedIn(text)).toEqual([3])
  })

  it('misses what comes beyond a thousand waiting lines, and hears how many', async () => {
    await open()
    sink.lines(many(MAX_WAITING_LINES + 5))
    await settled()
    expect([text.match(/\[\d+\]/g)!.length, droppedIn(text)]).toEqual([MAX_WAITING_LINES, [5]])
    sink.lines(many(MAX_WAITING_LINES))
    await settled()
    expect(droppedIn(text)).toEqual([5])
  })

  it('that leaves frees its place, once', async () => {
    await open()
    leave()
    await settled()
    expect(stopped).toBeGreaterThan(0)
    expect(released).toBeGreaterThan(0)
    sink.lines(['late'])
    await settled()
    expect(text).not.toContain('late')
  })
})

describe('a stream ends', () => {
  it('with the reason, and without what is not sent yet, when its key is revoked', async () => {
    await open()
    sink.lines(['secret'])
    endPlace('The key was revoked.')
    endPlace('Again.')
    await settled()
    expect(text).not.toContain('secret')
    expect(text.endsWith('event: closed\ndata: {"message":"The key was revoked."}\n\n')).toBe(true)
    expect([isDone, stopped > 0, released > 0]).toEqual([true, true, true])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(cuts).toBe(0)
  })

  it('when too many lines were left out without any taken in between', async () => {
    await open()
    sink.lines(many(MAX_WAITING_LINES + MAX_DROPPED_LINES - 1))
    await settled()
    expect(isDone).toBe(false)
    sink.lines(many(MAX_WAITING_LINES + MAX_DROPPED_LINES))
    await settled()
    expect(text).toContain('event: closed\ndata: {"message":"The lines came faster than they were read."}')
    expect(isDone).toBe(true)
  })

  it('by cutting the connection, where the reader does not take the end', async () => {
    await open({ reads: false })
    await settled()
    endPlace('The key was revoked.')
    await vi.advanceTimersByTimeAsync(4_999)
    expect(cuts).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(cuts).toBe(1)
    sink.lines(['late'])
    expect(released).toBeGreaterThan(0)
  })

  it('at once where its place ended before it began', async () => {
    await open({ follow: () => endPlace('The key was revoked.') })
    expect(text).toContain('event: closed')
    expect(stopped).toBeGreaterThan(0)
  })

  it('before it begins where lines cannot be followed, and frees its place', async () => {
    const app = server(() => {
      throw new Error('no such host')
    })
    const response = await app.request('/')
    expect([response.status, await response.text(), released]).toEqual([500, 'no such host', 1])
  })
})

describe('an export', () => {
  let pages: { lines: LogLine[]; next: string | null }[]
  let asked: PageRequest[]
  let missing: MissingLines[]
  let missingRange: object[]
  const line = (id: string) =>
    ({
      ...{
        id,
        timestamp: Number(id),
        receivedAt: 9,
        level: 'info',
        message: id,
        project: 'shop',
        source: '',
        host: '',
      },
      ...{ group: '', tags: [], fingerprint: '', stack: '', traceId: '', spanId: '', attributes: {} },
    }) satisfies LogLine as LogLine

  beforeEach(() => {
    vi.useRealTimers()
    asked = []
    missing = []
    missingRange = []
    pages = [
      { lines: [line('9'), line('8')], next: 'c1' },
      { lines: [], next: 'c2' },
      { lines: [line('7')], next: null },
    ]
  })

  async function exported(format: 'ndjson' | 'csv' = 'ndjson', limit?: number) {
    const store = {
      search: async (request: PageRequest) => {
        asked.push(request)
        return { ...pages[asked.length - 1]!, searchedTo: null }
      },
      missing: async (range: object) => {
        missingRange.push(range)
        return missing
      },
    } as unknown as LogReader
    const query = { where: null, from: 5, until: 10 }
    const app = new Hono().get('/', c => exportLines(c, store, { query, order: 'newest', timeoutMs: 9 }, format, limit))
    return app.request('/')
  }

  it('has all pages, one line each', async () => {
    const response = await exported()
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="logs.ndjson"')
    expect(
      (await response.text())
        .trim()
        .split('\n')
        .map(text => JSON.parse(text).id),
    ).toEqual(['9', '8', '7'])
    expect(asked.map(({ cursor, limit }) => [cursor, limit])).toEqual([
      [null, 1_000],
      ['c1', 1_000],
      ['c2', 1_000],
    ])
    expect(missingRange).toEqual([{ from: 5, until: 10 }])
  })

  it('has a header as CSV, and as many lines as are asked for', async () => {
    const response = await exported('csv', 2)
    expect(response.headers.get('content-disposition')).toContain('logs.csv')
    const csv = await response.text()
    expect(csv.startsWith(CSV_HEADER)).toBe(true)
    expect(csv.trim().split('\n').length).toBe(3)
    expect(asked.map(({ limit }) => limit)).toEqual([2])
    // What is missing before its oldest line is none of its business.
    expect(missingRange).toEqual([{ from: 8, until: 10 }])
    expect((await (await exported('ndjson')).text()).startsWith('{')).toBe(true)
  })

  it('breaks off where lines are missing', async () => {
    missing = [{ partition: 'p', from: 5, until: 6, message: 'p is damaged.' }]
    const response = await exported()
    await expect(response.text()).rejects.toThrow('The export is not complete: p is damaged.')
  })
})
