// Taking logs in: who may send, in which form, how much, and what each refusal says.
import { createHmac } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import type { AppendResult, Batch, LogStore } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { startApp, type TestApp } from '../../testing/app.ts'

const STORED: AppendResult = { accepted: 1, rejected: 0, errors: [], repeated: false, counts: [] }

let batches: Batch[]
let answer: () => Promise<AppendResult>
let app: TestApp
let secret: string

beforeEach(async () => {
  batches = []
  answer = async () => STORED
  const store = {
    append: (batch: Batch) => {
      batches.push(batch)
      return answer()
    },
    maintain: async () => ({ removed: [], status: null }),
    archive: async () => ({ file: '', lines: 0, bytes: 0 }),
    restore: async () => 0,
  }
  app = await startApp({ store: store as unknown as LogStore })
  secret = (await app.result<{ key: { secret: string } }>('keys create default')).key.secret
})

const text = (batch: Batch | undefined) => Buffer.from(batch!.body).toString('utf8')
const send = (body: string | Uint8Array, headers: Record<string, string> = {}, path = '/api/logs') =>
  app.request(path, { method: 'POST', body: body as string, headers: { 'x-api-key': secret, ...headers } })
const problem = async (response: Response) =>
  ((await response.json()) as { error: { code: string; message: string } }).error

describe('a log request', () => {
  it.each([
    ['application/json', '[{"message":"a"}]', 'json'],
    ['application/json; charset=utf-8', '{"message":"a"}', 'json'],
    ['application/x-ndjson', '{"message":"a"}\n', 'ndjson'],
    ['text/plain', 'hello', 'text'],
    ['application/x-www-form-urlencoded', '{"message":"a"}', 'json'],
    ['application/x-www-form-urlencoded', 'plain words', 'text'],
  ])('of type %s with %s is read as %s', async (type, body, format) => {
    const response = await send(body, { 'content-type': type })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ accepted: 1, rejected: 0, errors: [] })
    expect(batches).toMatchObject([{ format, project: 'default' }])
    expect(text(batches[0])).toBe(body)
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('compressed with %s is opened', async (encoding, compress) => {
    await send(compress('{"message":"a"}'), { 'content-type': 'application/json', 'content-encoding': encoding })
    expect(text(batches[0])).toBe('{"message":"a"}')
  })

  it.each([
    ['text/plain; charset=ISO-8859-1', Buffer.from('caf\xe9', 'latin1'), 'café'],
    ['text/plain; charset="utf-16"', Buffer.from('\ufeffcafé', 'utf16le'), 'café'],
    ['text/plain; charset=iso-8859-1', Buffer.from('café'), 'café'],
    ['text/plain; charset=utf-8', Buffer.from('café'), 'café'],
    ['text/plain; charset=nonsense', Buffer.from('café'), 'café'],
    ['text/plain', Buffer.from('\ufeffa\nb', 'utf16le'), 'a\nb'],
    ['text/plain', Buffer.from('\xff\xfea\nb', 'latin1'), '\ufffd\ufffda\nb'],
  ])('of the type %s is read in its charset', async (type, body, shown) => {
    await send(body, { 'content-type': type })
    expect(text(batches[0])).toBe(shown)
  })

  it('takes what lines do not say from its query', async () => {
    await send(
      'x',
      { 'content-type': 'text/plain', 'idempotency-key': 'k1' },
      '/api/logs?source=api&host=web-1&group=prod/api&level=WARN&tags=a,b',
    )
    expect(batches[0]).toMatchObject({
      defaults: { source: 'api', host: 'web-1', group: 'prod/api', level: 'warn', tags: ['a', 'b'] },
      idempotencyKey: 'k1',
    })
  })

  it.each([
    [
      'a bomb',
      gzipSync(Buffer.alloc(50_000_000)),
      { 'content-encoding': 'gzip' },
      413,
      'larger than 10485760 bytes when it is decompressed, the limit of the project default. Send it in smaller parts, or raise the limit: "projects edit default --max-body 20MiB".',
    ],
    [
      'a body compressed five times',
      [1, 2, 3, 4, 5].reduce<Uint8Array>(body => gzipSync(body), Buffer.from('x')),
      { 'content-encoding': 'gzip, gzip, gzip, gzip, gzip' },
      415,
      'compressed at most 4 times',
    ],
    ['a body over the limit', 'x'.repeat(10_500_000), {}, 413, 'larger than 10485760 bytes, the limit of the project'],
    ['damaged gzip', 'not gzip', { 'content-encoding': 'gzip' }, 400, 'not whole gzip'],
    ['an unknown encoding', 'x', { 'content-encoding': 'lzma' }, 415, 'Content-Encoding "lzma" is not known'],
    ['an unknown type', 'x', { 'content-type': 'image/png' }, 415, 'Content-Type "image/png" is not supported'],
    ['an empty body', '', {}, 400, 'The body is empty'],
  ])('with %s is refused and says why', async (_what, body, headers, status, says) => {
    const response = await send(body as string, { 'content-type': 'text/plain', ...headers } as Record<string, string>)
    expect(response.status).toBe(status)
    expect((await problem(response)).message).toContain(says)
    expect(batches).toEqual([])
  })

  it('none of whose lines is a log is 422, with the reasons', async () => {
    answer = async () => ({
      ...STORED,
      accepted: 0,
      rejected: 1,
      errors: [{ index: 0, field: 'message', message: 'is missing' }],
    })
    const response = await send('[1]', { 'content-type': 'application/json' })
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ accepted: 0, rejected: 1, errors: [{ index: 0, field: 'message' }] })
  })

  it('that comes when the store is full is told to wait', async () => {
    answer = async () => {
      throw new Problem('busy', 'The log store is busy.', { retryAfterMs: 2000 })
    }
    const response = await send('x', { 'content-type': 'text/plain' })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
  })
})

describe('the sender of logs', () => {
  it.each([
    [{}, 401, 'has no key'],
    [{ 'x-api-key': 'vakt_wrong' }, 401, 'unknown or revoked'],
    [{ authorization: 'Bearer nonsense' }, 401, 'unknown or revoked'],
  ])('with %j is refused', async (headers, status, says) => {
    const response = await app.request('/api/logs', {
      method: 'POST',
      body: 'x',
      headers: headers as Record<string, string>,
    })
    expect(response.status).toBe(status)
    expect((await problem(response)).message).toContain(says)
  })

  it('with a revoked key is refused', async () => {
    const { keys } = await app.result<{ keys: { id: string }[] }>('keys list default')
    await app.result(`keys revoke ${keys.at(-1)!.id}`)
    expect((await send('x')).status).toBe(401)
  })

  it('with more lines than its project takes names the command that raises the limit', async () => {
    answer = async () => {
      throw new Problem('too_large', 'Too many lines.')
    }
    const refused = await send('x')
    expect([refused.status, (await problem(refused)).message]).toEqual([
      413,
      'The request has more than 50000 lines, the limit of the project default. Send smaller batches, or raise the limit: "projects edit default --max-lines 100000".',
    ])
    await app.result('projects edit default --max-lines 100000')
    expect((await problem(await send('x'))).message).toMatch(/Send smaller batches\.$/)
  })

  it('who guesses keys is told to wait', async () => {
    const statuses = []
    for (let i = 0; i < 65; i++) {
      statuses.push(
        (await app.request('/api/logs', { method: 'POST', body: 'x', headers: { 'x-api-key': `guess${i}` } })).status,
      )
    }
    expect(statuses.slice(0, 60).every(status => status === 401)).toBe(true)
    expect(statuses.at(-1)).toBe(429)
  })

  it('who sends much that is refused waits, whatever the reason, and no other key does', async () => {
    const other = await app.result<{ key: { secret: string } }>('keys create default')
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    const tooManyLines = gzipSync('{\n'.repeat(260_000))
    answer = async () => {
      throw new Problem('too_large', 'Too many lines.')
    }
    const statuses = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const body = i % 2 === 0 ? bomb : tooManyLines
      statuses.add((await send(body, { 'content-type': 'text/plain', 'content-encoding': 'gzip' })).status)
    }
    expect([...statuses]).toEqual([413, 429])
    answer = async () => STORED
    const refused = await send('x', { 'content-type': 'text/plain' })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await problem(refused)).message).toMatch(/^The key k_\w+ sent too many requests that were refused/)
    expect((await send('x', { 'x-api-key': other.key.secret })).status).toBe(200)
    await app.passes('1m')
    expect((await send('x')).status).toBe(200)
  })

  it('is not charged while Vakt itself cannot store', async () => {
    answer = async () => {
      throw new Problem('busy', 'The disk is full.')
    }
    const body = 'x'.repeat(500_000)
    for (let i = 0; i < 20; i++) expect((await send(body, { 'content-type': 'text/plain' })).status).toBe(503)
  })

  it.each([
    ['a list on one line', 'application/x-ndjson', '[{"m":1},{"m":2},{"m":3},{"m":4}]'],
    ['a printed object with a list', 'application/x-ndjson', '{\n"logs":[{"m":1},{"m":2},{"m":3},{"m":4}]}'],
    ['a list with a mark at its start', 'application/json', '\ufeff[{"m":1},{"m":2},{"m":3},{"m":4}]'],
  ])('cannot have more lines than its limit in %s', async (_what, type, body) => {
    await app.result('projects edit default --rate-limit 3')
    await send('{"message":"a"}', { 'content-type': 'application/json' })
    expect((await send(body, { 'content-type': type })).status).toBe(429)
  })

  it('over the limit of a project waits, and the limit is per project', async () => {
    await app.result('projects edit default --rate-limit 10')
    const lines = JSON.stringify(Array.from({ length: 10 }, () => ({ message: 'a', nested: { x: {} } })))
    expect((await send(lines, { 'content-type': 'application/json' })).status).toBe(200)
    const refused = await send('{"message":"b"}', { 'content-type': 'application/json' })
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    await app.result('projects add other')
    const { key } = await app.result<{ key: { secret: string } }>('keys create other')
    expect((await send('{"message":"b"}', { 'x-api-key': key.secret })).status).toBe(200)
    await app.passes('2m')
    expect((await send('{"message":"b"}')).status).toBe(200)
  })
})

describe('a signed request', () => {
  let key: { id: string; secret: string }
  beforeEach(async () => {
    key = (await app.result<{ key: typeof key }>('keys create default --signed')).key
  })

  const signed = (
    body: string,
    change: Partial<{ id: string; timestamp: string; secret: string; signature: string }> = {},
  ) => {
    const timestamp = change.timestamp ?? String(Math.floor(app.clock.now() / 1000))
    const signature =
      change.signature ??
      `v1=${createHmac('sha256', change.secret ?? key.secret)
        .update(`${timestamp}.${body}`)
        .digest('hex')}`
    const headers = { 'x-vakt-key': change.id ?? key.id, 'x-vakt-timestamp': timestamp, 'x-vakt-signature': signature }
    return app.request('/api/logs', { method: 'POST', body, headers: { 'content-type': 'text/plain', ...headers } })
  }

  it('is accepted once, and never again', async () => {
    expect((await signed('a')).status).toBe(200)
    const again = await signed('a')
    expect([again.status, (await problem(again)).message]).toEqual([401, expect.stringContaining('used before')])
    expect(batches).toHaveLength(1)
  })

  it.each([
    ['a wrong secret', { secret: 'wrong' }, 'signature is wrong'],
    ['a malformed signature', { signature: 'v2=00' }, 'malformed'],
    ['a malformed time', { timestamp: 'now' }, 'X-Vakt-Timestamp'],
    ['an unknown key', { id: 'k_unknown' }, 'unknown or revoked'],
  ])('with %s is refused', async (_what, change, says) => {
    const response = await signed('a', change)
    expect([response.status, (await problem(response)).message]).toEqual([401, expect.stringContaining(says)])
  })

  it.each([
    [-301, 'more than 5 minutes old'],
    [301, 'more than 5 minutes ahead'],
  ])('%i seconds off is refused', async (off, says) => {
    const response = await signed('a', { timestamp: String(Math.floor(app.clock.now() / 1000) + off) })
    expect((await problem(response)).message).toContain(says)
  })

  it('that was not accepted for another reason may be sent again', async () => {
    answer = async () => {
      throw new Problem('busy', 'busy')
    }
    expect((await signed('a')).status).toBe(503)
    answer = async () => STORED
    expect((await signed('a')).status).toBe(200)
  })

  it('is the only way to use a signed key', async () => {
    const response = await send('a', { 'x-api-key': key.secret })
    expect([response.status, (await problem(response)).message]).toEqual([
      401,
      expect.stringContaining('only on signed requests'),
    ])
  })
})
