// What becomes of one request of log lines, without a server: its sender, its limits, what is charged, counted and answered.
import { createHmac } from 'node:crypto'
import { BlockList } from 'node:net'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../logger.ts'
import { FRAME_END, NOT_A_LOG } from '../../logs/intake/records.ts'
import { type AppendResult, type Batch, EMITTER_FIELD } from '../../logs/store.ts'
import { Problem } from '../../problem.ts'
import { EmitterLimits } from '../../projects/emitter-limit.ts'
import { createKey } from '../../projects/keys.ts'
import { addProject, editProject, findProject, type ProjectChanges } from '../../projects/projects.ts'
import { createRates } from '../../projects/rates.ts'
import { RefusedWork } from '../../projects/refused-work.ts'
import { createVault } from '../../projects/vault.ts'
import { memoryState } from '../../state/database.ts'
import { createTelemetry } from '../../telemetry.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { signV2 } from '../../testing/sign.ts'
import { DAY, MINUTE, SECOND } from '../../time.ts'
import { pathIn } from '../access/paths.ts'
import type { LogBody, LogProtocol, Reply } from '../protocols/protocol.ts'
import { readParameters } from './authenticate.ts'
import { readDefaults, readIdempotencyKey, readZoneParameter } from './log-parameters.ts'
import { type ReceiveLogsOptions, receiveDatagram, receiveLogs } from './receive-logs.ts'
import { recordRefusedRequest } from './refusals.ts'
import { repeatKey } from './repeats.ts'
import { findWebhookSigner, proveWebhook } from './webhook-signature.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const STORED: AppendResult = { accepted: 1, rejected: 0, errors: [], repeated: false, counts: [] }
const vault = createVault(Buffer.alloc(32, 7))

let options: ReceiveLogsOptions
let clock: ReturnType<typeof createFakeClock>
let batches: Batch[]
let append: () => Promise<AppendResult>
let parsed: Partial<LogBody> | Reply
let protocol: LogProtocol
let refused: unknown[]
let key: ReturnType<typeof createKey>

beforeEach(() => {
  const state = memoryState()
  addProject(state, 'default', NOW)
  clock = createFakeClock(NOW)
  batches = []
  append = async () => STORED
  parsed = {}
  refused = []
  options = {
    ...{ state, vault, clock, logger: silentLogger, publicUrl: () => 'http://vakt', adminKey: 'admin-secret' },
    ...{ rates: createRates(state, clock), trustedProxies: new BlockList(), telemetry: createTelemetry() },
    logWriter: {
      append(batch: Batch) {
        batches.push(batch)
        return append()
      },
    } as unknown as ReceiveLogsOptions['logWriter'],
    ...{ timeZone: 'UTC', retentionMs: DAY, refusedWork: new RefusedWork(), emitterLimits: new EmitterLimits() },
  }
  protocol = {
    ...{ kind: 'logs', name: 'test', answer: ({ accepted }) => ({ status: 200, body: `${accepted} lines` }) },
    parse: ({ body }) => ('status' in parsed ? (parsed as Reply) : { body, format: 'text', ...parsed }),
  }
  key = createKey(state, vault, findProject(state), { role: 'intake', signed: false }, NOW)
})

const edit = (changes: ProjectChanges) => editProject(options.state, findProject(options.state).id, changes)
const send = (body: string | Buffer = 'one\ntwo', headers: Record<string, string> = {}, path = '/api/logs') => {
  const all = { 'content-length': String(Buffer.byteLength(body)), 'x-api-key': key.secret, ...headers }
  const request = new Request(`http://vakt${path}`, { method: 'POST', body: body as string, headers: all })
  return receiveLogs(options, protocol, request, undefined, error => refused.push(error))
}
const code = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'stored',
    (error: Problem) => error.code,
  )
const kinds = () =>
  options.telemetry.rejections.list().map(({ source, host, sender, reason, lines, requests }) => ({
    ...{ source, host, sender, reason, lines, requests },
  }))

describe('an answer', () => {
  it('is that of the protocol, or of the lines themselves', async () => {
    expect(await send()).toEqual({ status: 200, body: '1 lines' })
    parsed = { answer: () => ({ status: 202, body: null }) }
    expect(await send()).toEqual({ status: 202, body: null })
    parsed = { status: 204, body: null }
    expect(await send()).toEqual({ status: 204, body: null })
    expect(batches).toHaveLength(2)
    protocol.answerOpen = ({ path }) => (path === '/ready' ? { status: 200, body: 'ready' } : null)
    expect(await send('', { 'x-api-key': 'wrong' }, '/ready?x=1')).toEqual({ status: 200, body: 'ready' })
    expect(batches).toHaveLength(2)
  })

  it('to a refusal is in the words of the lines, of the protocol, or of Vakt, with when to come again', async () => {
    const reply = (status: number) => (problem: Problem) => ({ status, body: problem.code })
    append = () => Promise.reject(new Problem('busy', 'Full.', { retryAfterMs: 7 * SECOND }))
    expect(await code(send())).toBe('busy')
    for (const [status, headers] of [
      [503, { 'retry-after': '7' }],
      [429, { 'retry-after': '7' }],
      [400, {}],
    ] as const) {
      protocol.refuse = reply(status)
      expect(await send()).toEqual({ status, body: 'busy', headers })
    }
    parsed = { refuse: problem => ({ ...reply(503)(problem), headers: { 'retry-after': '1', 'x-a': 'b' } }) }
    expect(await send()).toEqual({ status: 503, body: 'busy', headers: { 'retry-after': '1', 'x-a': 'b' } })
    append = () => Promise.reject(new Error('odd'))
    await expect(send()).rejects.toThrow('odd')
    expect(refused).toHaveLength(6)
  })
})

describe('a batch', () => {
  it('has what the query says, what the protocol says over it, and the limits of the project', async () => {
    parsed = { defaults: { host: 'of protocol' } }
    edit({ lineLimit: 7, messageLimit: 800, bodyLimit: 9_000 })
    await send('x', {}, '/api/logs?source=api&host=query&level=WARN&tags=a,%20b,&tz=Europe/Oslo')
    expect(batches[0]).toMatchObject({
      ...{ format: 'text', sender: key.key.id, receivedAt: NOW, idempotencyKey: null },
      defaults: { source: 'api', host: 'of protocol', level: 'warn', tags: ['a', 'b'] },
      limits: { lines: 7, messageBytes: 800, bodyBytes: 9_000 },
    })
    expect(JSON.stringify(batches[0]!.zones)).toContain('Europe/Oslo')
    expect(batches[0]).not.toHaveProperty('signature')
    expect(batches[0]!.limits).not.toHaveProperty('usedUp')
    expect(Buffer.from(batches[0]!.body).toString()).toBe('x')
  })

  it('is known again by its own key, or by its body where lines carry their times', async () => {
    await send('x', { 'idempotency-key': 'mine' })
    protocol.hasTimes = true
    await send('x', { 'idempotency-key': 'mine' })
    await send('x')
    await send('x')
    await send('y')
    parsed = { hasTimes: false }
    await send('x')
    const keys = batches.map(({ idempotencyKey }) => idempotencyKey)
    expect(keys.slice(0, 2)).toEqual(['mine', 'mine'])
    expect(keys[2]).toBe(keys[3])
    expect(keys[4]).not.toBe(keys[2])
    expect([typeof keys[2], keys[5]]).toEqual(['string', null])
  })

  it('of the admin key is for the project that the query names', async () => {
    addProject(options.state, 'shop', NOW)
    const admin = { 'x-api-key': 'admin-secret' }
    await send('x', admin, '/api/logs?project=shop')
    await send('x', admin)
    expect(batches.map(({ sender }) => sender)).toEqual(['the admin key', 'the admin key'])
    expect(batches[0]!.project).not.toBe(batches[1]!.project)
    expect(await code(send('x', admin, '/api/logs?project=none'))).toBe('not_found')
  })
})

describe('a refusal', () => {
  it.each<[string, Problem, string, number]>([
    ['too many bytes', new Problem('too_large', 'more than 9 bytes'), 'when it is decompressed', 0],
    ['too many lines', new Problem('too_large', 'more than 9 lines'), 'lines, the limit of the project default', 0],
    ['no log', new Problem('invalid', 'No log.', { fields: { [NOT_A_LOG]: 'x' } }), 'No log.', 0],
    ['something else', new Problem('invalid', 'Wrong.', { fields: { body: 'x' } }), 'Wrong.', 0],
  ])('by the store of %s', async (what, problem, sentence) => {
    append = () => Promise.reject(problem)
    const error = await send().catch((thrown: Problem) => thrown)
    expect((error as Problem).message).toContain(sentence)
    expect((error as Problem).code).toBe(what === 'no log' ? 'not_a_log' : problem.code)
  })

  it('is counted with its source, its host and its sender', async () => {
    append = () => Promise.reject(new Problem('invalid', 'Wrong.'))
    await code(send('x', {}, '/api/logs?source=api&host=web-1'))
    expect(kinds()).toEqual([
      { source: 'api', host: 'web-1', sender: key.key.id, reason: 'invalid', lines: 0, requests: 1 },
    ])
    parsed = { defaults: { source: 'cart' } }
    await code(send('x', {}, '/api/logs?level=odd'))
    await code(send('x', { 'x-api-key': 'admin-secret' }))
    expect(kinds().map(({ source, sender }) => `${source} ${sender}`)).toEqual([
      `api ${key.key.id}`,
      ` ${key.key.id}`,
      'cart the admin key',
    ])
  })

  it('of 8 MiB makes its sender wait, and nobody else; what Vakt itself is to blame for does not', async () => {
    edit({ bodyLimit: 16 * 1_048_576 })
    const big = Buffer.alloc(9 * 1_048_576, 'x')
    for (const blamed of ['busy', 'internal', 'limited'] as const) {
      append = () => Promise.reject(new Problem(blamed, 'Later.'))
      expect(await code(send(big))).toBe(blamed)
    }
    append = async () => ({ ...STORED, accepted: 1, rejected: 1 })
    await send(big)
    append = async () => ({ ...STORED, accepted: 0, rejected: 0 })
    await send(big)
    append = async () => ({ ...STORED, accepted: 0, rejected: 1 })
    await send(big)
    append = async () => STORED
    const error = await send('x').catch((thrown: Problem) => thrown)
    expect((error as Problem).message).toContain(`The key ${key.key.id} sent too many requests that were refused.`)
    expect((error as Problem).retryAfterMs).toBeGreaterThan(0)
    expect(await send('x', { 'x-api-key': 'admin-secret' })).toMatchObject({ status: 200 })
    await clock.advance(MINUTE)
    expect(await send('x')).toMatchObject({ status: 200 })
  })

  it('of a compressed body that is damaged costs as much as a whole one could', async () => {
    edit({ bodyLimit: 16 * 1_048_576 })
    const damaged = gzipSync(Buffer.alloc(20 * 1_048_576)).subarray(0, 15_000)
    expect(await code(send(damaged, { 'content-encoding': 'gzip' }))).toBe('invalid')
    expect(await code(send('x'))).toBe('limited')
    await clock.advance(3 * MINUTE)
    expect(await code(send(damaged.subarray(0, 5_000), { 'content-encoding': 'gzip' }))).toBe('invalid')
    expect(await code(send('x'))).toBe('stored')
  })

  it('releases the signature of the request, so that it may come again', async () => {
    const signed = createKey(options.state, vault, findProject(options.state), { role: 'intake', signed: true }, NOW)
    const headers = signV2(
      { id: signed.key.id, secret: signed.secret },
      { method: 'POST', path: '/api/logs', body: 'x', at: NOW },
    )
    const again = () => send('x', { ...headers, 'x-api-key': '' })
    append = () => Promise.reject(new Problem('busy', 'Full.'))
    expect(await code(again())).toBe('busy')
    append = async () => STORED
    expect(await code(again())).toBe('stored')
    expect(typeof batches.at(-1)!.signature).toBe('string')
    expect(await code(again())).toBe('unauthorized')
  })
})

describe('a limit of lines', () => {
  it.each<[string, Partial<LogBody>, string, number]>([
    ['text', { format: 'text' }, 'a\nb\nc', 3],
    ['ndjson', { format: 'ndjson' }, '{}\n\n{}\n', 2],
    ['json', { format: 'json' }, '[{},{}]', 2],
    ['frames', { format: 'frames' }, `a\nb${FRAME_END}c`, 2],
  ])('counts those of %s', async (_what, own, body, count) => {
    parsed = own
    edit({ rateLimit: count })
    expect(await code(send(body))).toBe('stored')
    expect(await code(send(body))).toBe('limited')
    expect([...options.telemetry.linesRejected.entries()]).toEqual([
      { labels: { project: 'default', reason: 'limited' }, value: count },
    ])
    expect(kinds()).toContainEqual(expect.objectContaining({ reason: 'limited', lines: count, sender: key.key.id }))
  })

  it('is one of the project, and one of each address in it', async () => {
    edit({ rateLimit: 0, addressLimit: 2 })
    const from = (address: string) => receiveDatagram(options, protocol, { body: Buffer.from('a\nb'), address })
    expect([await code(from('10.0.0.1')), await code(from('10.0.0.1')), await code(from('10.0.0.2'))]).toEqual([
      ...['stored', 'limited', 'stored'],
    ])
    edit({ rateLimit: 3, addressLimit: 0 })
    await clock.advance(2 * MINUTE)
    expect([await code(from('10.0.0.1')), await code(from('10.0.0.2'))]).toEqual(['stored', 'limited'])
    await clock.advance(2 * MINUTE)
    expect(await code(from('10.0.0.1'))).toBe('stored')
  })

  it('of an emitter refuses a batch only where all of it is over, and names those that are', async () => {
    const counts = [{ source: 'api', host: 'web-1', count: 5 }] as unknown as AppendResult['counts']
    edit({ emitterLimit: 3 })
    append = async () => ({ ...STORED, counts })
    expect(await code(send())).toBe('stored')
    const error = {
      field: EMITTER_FIELD,
      message: 'api on web-1 used up its minute.',
    } as AppendResult['errors'][number]
    append = async () => ({ ...STORED, accepted: 0, rejected: 1, errors: [error] })
    const limited = await send().catch((thrown: Problem) => thrown)
    expect((limited as Problem).message).toBe('api on web-1 used up its minute. It may send 3.')
    expect((limited as Problem).retryAfterMs).toBe(40 * SECOND)
    expect(batches[1]!.limits).toMatchObject({ usedUp: ['api\0web-1'] })
    for (const stored of [
      { accepted: 1, errors: [error] },
      { accepted: 0, errors: [error, { ...error, field: 'message' }] },
      { accepted: 0, errors: [] },
      { accepted: 0, errors: [error], repeated: true },
    ]) {
      append = async () => ({ ...STORED, rejected: 1, ...stored })
      expect(await code(send()), JSON.stringify(stored)).toBe('stored')
    }
    edit({ emitterLimit: 0 })
    append = async () => ({ ...STORED, accepted: 0, rejected: 1, errors: [error] })
    expect(await code(send())).toBe('stored')
    expect(batches.at(-1)!.limits).not.toHaveProperty('usedUp')
  })

  it('is not charged for lines that were stored before', async () => {
    const counts = [{ source: 'api', host: 'web-1', count: 5 }] as unknown as AppendResult['counts']
    edit({ emitterLimit: 3 })
    append = async () => ({ ...STORED, counts, repeated: true })
    await send()
    await send()
    expect(batches[1]!.limits).not.toHaveProperty('usedUp')
  })
})

describe('a datagram', () => {
  it('is of the project that it names, from its address, and keeps what the protocol says', async () => {
    addProject(options.state, 'shop', NOW)
    parsed = { defaults: { source: 'syslog', host: 'a' } }
    const datagram = { body: Buffer.from('x'), address: '10.0.0.1' }
    await receiveDatagram(options, protocol, {
      ...datagram,
      project: 'shop',
      defaults: { host: 'b' },
      idempotencyKey: 'k',
    })
    await receiveDatagram(options, protocol, datagram)
    expect(batches[0]).toMatchObject({
      sender: '10.0.0.1',
      defaults: { source: 'syslog', host: 'b' },
      idempotencyKey: 'k',
    })
    expect(batches[1]).toMatchObject({ defaults: { source: 'syslog', host: 'a' }, idempotencyKey: null })
    expect(batches[0]!.project).not.toBe(batches[1]!.project)
    parsed = { status: 200, body: 'ok' }
    expect(await receiveDatagram(options, protocol, datagram)).toEqual({ status: 200, body: 'ok' })
    parsed = { answer: () => ({ status: 201, body: null }) }
    expect(await receiveDatagram(options, protocol, datagram)).toEqual({ status: 201, body: null })
  })

  it('that is refused is counted once: here, or by its listener', async () => {
    append = () => Promise.reject(new Problem('invalid', 'Wrong.'))
    const datagram = { body: Buffer.from('x'), address: '10.0.0.1' }
    expect(await code(receiveDatagram(options, protocol, { ...datagram, isCountedElsewhere: true }))).toBe('invalid')
    expect(kinds()).toEqual([])
    expect(await code(receiveDatagram(options, protocol, datagram))).toBe('invalid')
    expect(kinds()).toEqual([{ source: '', host: '10.0.0.1', sender: '', reason: 'invalid', lines: 0, requests: 1 }])
    edit({ rateLimit: 4 })
    append = async () => STORED
    const elsewhere = { ...datagram, lines: 4, isCountedElsewhere: true }
    expect(await code(receiveDatagram(options, protocol, elsewhere))).toBe('stored')
    expect(await code(receiveDatagram(options, protocol, elsewhere))).toBe('limited')
    expect(kinds()).toHaveLength(1)
  })
})

describe('a signed webhook', () => {
  const place = { header: 'x-hub-signature-256', prefix: 'sha256=' }
  const body = Buffer.from('{}')
  const sign = (secret: string) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
  const prove = (shown: string | null, at = NOW) => {
    const signer = findWebhookSigner(options, new URLSearchParams({ signed_by: key.key.id }))!
    return proveWebhook(options, place, signer, new Headers(shown === null ? {} : { [place.header]: shown }), body, at)
  }
  beforeEach(() => {
    key = createKey(options.state, vault, findProject(options.state), { role: 'intake', signed: true }, NOW)
  })

  it('is new once in 30 days', () => {
    const first = prove(sign(key.secret))
    expect(first).toEqual({ signature: expect.any(String), isRepeated: false })
    expect(prove(` ${sign(key.secret).toUpperCase()} `)).toEqual({ signature: null, isRepeated: true })
    const { expires_at: until } = options.state
      .prepare<[string], { expires_at: number }>('select expires_at from signatures where digest = ?')
      .get(first.signature!)!
    expect(until).toBe(NOW + 30 * DAY)
  })

  it.each([
    [null, 'has no x-hub-signature-256'],
    [' ', 'has no x-hub-signature-256'],
    [sign('other'), 'is wrong'],
    ['sha256=abc', 'is wrong'],
    ['0'.repeat(64), 'is wrong'],
  ])('with %s is refused', (shown, sentence) => expect(() => prove(shown)).toThrow(sentence))

  it('without the prefix of its sender is refused', () =>
    expect(() => prove(sign(key.secret).slice('sha256='.length))).toThrow('is wrong'))

  it('names its key, which must be there and able to sign', () => {
    const find = (id: string | null) =>
      findWebhookSigner(options, new URLSearchParams(id === null ? '' : { signed_by: id }))
    expect(find(null)).toBeNull()
    expect(find(key.key.id)!.key.id).toBe(key.key.id)
    expect(() => find('k_none')).toThrow('unknown or revoked')
    const plain = createKey(options.state, vault, findProject(options.state), { role: 'intake', signed: false }, NOW)
    expect(() => find(plain.key.id)).toThrow('does not sign requests')
    options.state.prepare('update keys set revoked_at = ? where id = ?').run(NOW, key.key.id)
    expect(() => find(key.key.id)).toThrow('unknown or revoked')
  })
})

describe('the parts of a request', () => {
  it.each([
    ['http://vakt/a/b', '/a/b', ''],
    ['http://vakt/a?b=1', '/a', 'b=1'],
    ['http://vakt/?a=/b?c', '/', 'a=/b?c'],
    ['http://vakt//a//b/?c=//', '/a//b/', 'c=//'],
    ['http://vakt//', '/', ''],
  ])('%s has the path %s and the query %s', (url, path, query) => {
    expect([pathIn(url), decodeURIComponent(readParameters(url).toString())]).toEqual([path, query])
  })

  it.each([
    ['', {}],
    ['source=a&host=b&group=c', { source: 'a', host: 'b', group: 'c' }],
    ['source=', { source: '' }],
    ['level=ERROR', { level: 'error' }],
    ['tags=', { tags: [] }],
    ['tags=a,%20b,,', { tags: ['a', 'b'] }],
  ])('the defaults of %j are %j', (query, defaults) =>
    expect(readDefaults(new URLSearchParams(query))).toEqual(defaults),
  )

  it('a level, a zone and a key are read or refused', () => {
    expect(() => readDefaults(new URLSearchParams('level=loud'))).toThrow('level=loud is not a level.')
    expect(readZoneParameter(new URLSearchParams(''))).toBeUndefined()
    expect(readZoneParameter(new URLSearchParams('tz='))).toBeUndefined()
    expect(readZoneParameter(new URLSearchParams('tz=Europe/Oslo'))).toBe('Europe/Oslo')
    const own = (length: number) => readIdempotencyKey(new Headers({ 'idempotency-key': 'x'.repeat(length) }))
    expect([readIdempotencyKey(new Headers()), own(200)?.length]).toEqual([null, 200])
    expect(() => own(201)).toThrow('at most 200 characters')
  })

  it('the same sender, path, query and body have the same key, any other has another', () => {
    const asked = (path = '/a', query = 'b=1') => ({
      ...{ method: 'POST', path, headers: new Headers(), parameters: new URLSearchParams(query) },
    })
    const of = (path?: string, query?: string, body = 'x', by: typeof key.key | null = key.key) =>
      repeatKey(asked(path, query), Buffer.from(body), by)
    expect(of()).toBe(of())
    expect(new Set([of(), of('/b'), of('/a', 'b=2'), of('/a', 'b=1', 'y'), of('/a', 'b=1', 'x', null)]).size).toBe(5)
  })
})

it.each<[Problem, string | null]>([
  [new Problem('invalid', 'The body is no JSON: {"password".'), 'The body is no JSON.'],
  [new Problem('not_a_log', 'No log: secret'), 'No log.'],
  [new Problem('forbidden', 'Not here: x.'), 'Not here: x.'],
  [new Problem('busy', 'Full.'), null],
  [new Problem('internal', 'Odd.'), null],
])('of the refusal %s people read %j', (problem, message) => {
  const telemetry = createTelemetry()
  recordRefusedRequest(telemetry, { project: 'default', sender: 'k', lines: 3 }, problem, NOW)
  expect(telemetry.rejections.list().map(kind => [kind.message, kind.lines, kind.requests])).toEqual(
    message === null ? [] : [[message, 3, 1]],
  )
  expect(JSON.stringify([...telemetry.refusedBatches.entries()])).toContain(problem.code)
})
