// Stories of live tails over HTTP: their places, their end, slow readers, and what a line costs that many read.
import { beforeEach, describe, expect, it } from 'vitest'
import type { LogLine } from '../logs/line.ts'
import type { LogStore, OnTailLines } from '../logs/store.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { MAX_DROPPED_LINES, MAX_WAITING_LINES } from './line-events.ts'

let app: TestApp
let tails: Set<OnTailLines>
let keys: { id: string; secret: string }[]

beforeEach(() => start())

async function start(environment: Record<string, string> = {}) {
  tails = new Set()
  const store = {
    async tail(_: unknown, onLines: OnTailLines) {
      tails.add(onLines)
      return () => void tails.delete(onLines)
    },
    maintain: async () => ({ removed: [], status: null }),
  } as unknown as LogStore
  app = await startApp({ store, environment })
  keys = []
  for (let i = 0; i < 2; i++)
    keys.push((await app.result<{ key: { id: string; secret: string } }>('keys create default --role viewer')).key)
}

const line = (message: string, attributes: object = {}) =>
  ({
    id: message,
    message,
    timestamp: 0,
    receivedAt: 0,
    level: 'info',
    project: 'default',
    tags: [],
    attributes,
  }) as unknown as LogLine
const stored = (lines: readonly LogLine[], leftOut = 0) => {
  for (const onLines of [...tails]) onLines(lines, leftOut)
}
const many = (count: number) => Array.from({ length: count }, (_, i) => line(`m${i}`))

/** A tail that reads only when the test says so. */
async function follow(secret: string) {
  const response = await app.intake.request('/api/logs/tail', { headers: { 'x-api-key': secret } })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let seen = ''
  return {
    response,
    /** Reads until `text` was sent, or to the end. */
    async reads(text: string | null): Promise<string> {
      for (;;) {
        if (text !== null && seen.includes(text)) return seen
        const { value, done } = await reader.read()
        if (done) return seen
        seen += value
      }
    },
    leaves: () => reader.cancel(),
  }
}

const refusal = async (response: Response) =>
  [response.status, ((await response.json()) as { error: { message: string } }).error.message] as const

describe('tails over HTTP', () => {
  it('are at most ten a key, the admin key included, until one of them ends', async () => {
    for (const secret of [keys[0]!.secret, 'admin-key-for-tests']) {
      const open = []
      for (let i = 0; i < 10; i++) open.push(await follow(secret))
      expect(open.every(({ response }) => response.status === 200)).toBe(true)
      const refused = await app.request('/api/logs/tail', { headers: { 'x-api-key': secret } })
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await refusal(refused)).toEqual([
        429,
        expect.stringMatching(
          /^The (key k_\w+|admin key) follows 10 streams of lines already, which is its limit\. Close one first\.$/,
        ),
      ])
      await open[3]!.leaves()
      expect((await follow(secret)).response.status).toBe(200)
    }
    expect(tails.size).toBe(20)
    expect((await follow(keys[1]!.secret)).response.status).toBe(200)
  })

  it('are limited in all by a setting', async () => {
    await start({ TAIL_LIMIT_PER_KEY: '2', TAIL_LIMIT: '3' })
    const statuses = []
    for (const { secret } of [keys[0]!, keys[0]!, keys[0]!, keys[1]!, keys[1]!])
      statuses.push((await follow(secret)).response.status)
    expect(statuses).toEqual([200, 200, 429, 200, 429])
    expect(tails.size).toBe(3)
  })

  it('give their place back when following fails', async () => {
    await start({ TAIL_LIMIT: '1' })
    const broken = await app.request('/api/logs/tail?q=(', { headers: { 'x-api-key': keys[0]!.secret } })
    expect(broken.status).toBe(400)
    expect((await follow(keys[0]!.secret)).response.status).toBe(200)
  })

  it('give no place to a HEAD, whose stream nobody reads', async () => {
    await start({ TAIL_LIMIT_PER_KEY: '2' })
    for (let i = 0; i < 3; i++) {
      const head = await app.request('/api/logs/tail', { method: 'HEAD', headers: { 'x-api-key': keys[0]!.secret } })
      expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    }
    expect(tails.size).toBe(0)
    expect((await follow(keys[0]!.secret)).response.status).toBe(200)
  })

  it.each([
    ['its key is revoked', () => app.result(`keys revoke ${keys[0]!.id}`)],
    ['its project is removed', () => app.result('projects remove gone --yes')],
  ])('end when %s, and show no line after it', async (_, ends) => {
    await app.result('projects add gone')
    if (_ !== 'its key is revoked')
      keys[0] = (await app.result<{ key: { id: string; secret: string } }>('keys create gone --role viewer')).key
    const tail = await follow(keys[0]!.secret)
    const other = await follow(keys[1]!.secret)
    stored([line('before')])
    await tail.reads('before')
    await ends()
    stored([line('after')])
    const seen = await tail.reads(null)
    expect(seen).toMatch(
      /event: closed\ndata: \{"message":"The key k_\w+ was revoked, or its project was removed\."\}\n\n$/,
    )
    expect(seen).not.toContain('after')
    expect(await other.reads('after')).not.toContain('closed')
    expect(tails.size).toBe(1)
  })

  it('count the lines that a slow reader misses, and go on', async () => {
    const tail = await follow(keys[0]!.secret)
    await tail.reads('ready')
    stored(many(MAX_WAITING_LINES + 500))
    const seen = await tail.reads('event: dropped')
    expect(seen.match(/event: line/g)).toHaveLength(MAX_WAITING_LINES)
    expect(seen).toContain('event: dropped\ndata: {"lines":500}\n\n')
    stored([line('later')])
    expect(await tail.reads('later')).not.toContain('closed')
  })

  it('count the lines that a flood leaves out, which is no fault of the reader', async () => {
    const tail = await follow(keys[0]!.secret)
    await tail.reads('ready')
    stored([line('end of a flood')], 5 * MAX_DROPPED_LINES)
    expect(await tail.reads(`event: dropped\ndata: {"lines":${5 * MAX_DROPPED_LINES}}\n\n`)).toContain('end of a flood')
    stored([line('later')])
    expect(await tail.reads('later')).not.toContain('closed')
  })

  it('end for a reader that takes nothing, and take no more memory for it', async () => {
    const tail = await follow(keys[0]!.secret)
    const good = await follow(keys[1]!.secret)
    for (let i = 0; i <= MAX_DROPPED_LINES / 500 + 4; i++) {
      stored(many(500))
      await good.reads('event: line')
    }
    expect(tails.size).toBe(1)
    const seen = await tail.reads(null)
    expect(seen.match(/event: line/g)!.length).toBeLessThanOrEqual(2 * MAX_WAITING_LINES + 500)
    expect(seen).toMatch(/event: dropped\ndata: \{"lines":\d{5,}\}/)
    expect(seen).toMatch(/event: closed\ndata: \{"message":"The lines came faster than they were read\."\}\n\n$/)
  })

  it('write a line once, however many read it', async () => {
    const open = await Promise.all(
      [...Array(5).fill(keys[0]), ...Array(5).fill(keys[1])].map(key => follow(key.secret)),
    )
    let written = 0
    const toJSON = () => {
      written++
      return {}
    }
    stored([line('shared', { toJSON })])
    for (const tail of open) expect(await tail.reads('shared')).toContain('"message":"shared"')
    expect(written).toBe(1)
  })
})
