// Archives in a bucket, on a simulated S3 that verifies every signature and injects faults.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type S3Fault, startS3 } from '../../testing/s3/s3-server.ts'
import { signatureFault } from '../../testing/s3/sigv4.ts'
import { s3Storage } from './s3-storage.ts'

const PART = 64 * 1024
const NAME = '2026-11-20.3d.0~2.ndjson.zst'

let s3: Awaited<ReturnType<typeof startS3>>
let folder: string
let file: string
const pauses: number[] = []
const transfer = () => ({ signal: AbortSignal.timeout(20_000), onProgress() {} })

beforeEach(async () => {
  s3 = await startS3('logs', {}, PART)
  folder = mkdtempSync(join(tmpdir(), 'vakt-s3-'))
  file = join(folder, 'file')
  pauses.length = 0
})
afterEach(async () => {
  await s3.stop()
  rmSync(folder, { recursive: true })
})

const place = (changes: Partial<typeof s3.bucket> = {}) =>
  s3Storage({ ...s3.bucket, ...changes }, { partBytes: PART, sleep: async ms => pauses.push(ms) })
const has = (bytes: number) => {
  const content = randomBytes(bytes)
  writeFileSync(file, content)
  return content
}

describe('a file in a bucket', () => {
  it.each([0, 1, PART, PART + 1, 5 * PART + 7])('of %i bytes goes there and comes back', async bytes => {
    const content = has(bytes)
    await place().put(file, NAME, transfer())
    expect(s3.objects.get(NAME)?.equals(content)).toBe(true)
    await place().get(NAME, join(folder, 'back'), transfer())
    expect(readFileSync(join(folder, 'back')).equals(content)).toBe(true)
    expect(s3.uploads.size).toBe(0)
  })

  it('goes under a prefix of any letters', async () => {
    const content = has(3 * PART)
    const prefixed = place({ prefix: "vakt's own/é+1 (a)" })
    await prefixed.put(file, NAME, transfer())
    expect([...s3.objects.keys()]).toEqual([`vakt's own/é+1 (a)/${NAME}`])
    await prefixed.get(NAME, join(folder, 'back'), transfer())
    expect(readFileSync(join(folder, 'back')).equals(content)).toBe(true)
    expect(prefixed.name).toBe("s3://logs/vakt's own/é+1 (a)")
  })

  it('reports its progress', async () => {
    has(3 * PART)
    const told: number[] = []
    await place().put(file, NAME, { ...transfer(), onProgress: done => told.push(done) })
    expect(told).toEqual([PART, 2 * PART, 3 * PART, 3 * PART])
  })
})

describe('a fault during a transfer', () => {
  const faults: [string, S3Fault][] = [
    ['a 500', { status: 500, code: 'InternalError' }],
    ['a 503', { status: 503, code: 'SlowDown' }],
    ['a connection cut before', 'cut'],
    ['a connection cut after', 'cut after'],
  ]
  it.each(faults)('such as %s is survived at every single request', async (_, fault) => {
    const content = has(3 * PART)
    await place().put(file, 'whole run', transfer())
    const requests = s3.calls.length
    for (let nth = 0; nth < requests; nth++) {
      s3.objects.clear()
      let left = nth
      s3.fails(fault, () => left-- === 0)
      await place().put(file, NAME, transfer())
      expect([nth, s3.objects.get(NAME)?.equals(content)]).toEqual([nth, true])
    }
  })

  it('half an answer is asked for again', async () => {
    const content = has(PART)
    await place().put(file, NAME, transfer())
    s3.fails('half')
    await place().get(NAME, join(folder, 'back'), transfer())
    expect(readFileSync(join(folder, 'back')).equals(content)).toBe(true)
  })

  it('that lasts is reported after five attempts, with growing waits between them', async () => {
    has(10)
    for (let i = 0; i < 5; i++) s3.fails({ status: 503, code: 'SlowDown' })
    await expect(place().put(file, NAME, transfer())).rejects.toMatchObject({
      code: 'busy',
      message: 'The bucket s3://logs is unavailable: it answered 503 SlowDown.',
    })
    expect(s3.calls.length).toBe(5)
    expect(pauses.map(Math.round).toSorted((a, b) => a - b)).toEqual(pauses.map(Math.round))
    expect(pauses[3]).toBeGreaterThanOrEqual(2_000)
  })

  it('leaves no parts behind, neither of a failure nor of a crash', async () => {
    has(3 * PART)
    for (let i = 0; i < 5; i++) s3.fails('cut', ({ query }) => query.startsWith('partNumber=2'))
    await expect(place().put(file, NAME, transfer())).rejects.toMatchObject({ code: 'busy' })
    expect(s3.uploads.size).toBe(0)
    s3.uploads.set('of a crash', { key: NAME, parts: new Map() })
    s3.uploads.set('of another', { key: `${NAME}2`, parts: new Map() })
    await place().put(file, NAME, transfer())
    expect([...s3.uploads.keys()]).toEqual(['of another'])
  })

  it('ends at once when the transfer is cancelled', async () => {
    has(3 * PART)
    const ending = new AbortController()
    const onProgress = () => ending.abort(new Error('stopped'))
    await expect(place().put(file, NAME, { signal: ending.signal, onProgress })).rejects.toThrow('stopped')
    expect(s3.objects.size).toBe(0)
  })
})

describe('settings that are wrong', () => {
  it.each([
    [{ accessKey: 'AKIDOTHER' }, 'forbidden', 'does not know the key in ARCHIVE_S3_ACCESS_KEY'],
    [{ secretKey: 'wrong' }, 'forbidden', 'ARCHIVE_S3_SECRET_KEY does not match'],
    [{ bucket: 'nobodys' }, 'not_found', 'There is no bucket nobodys.'],
    [{ endpoint: 'http://127.0.0.1:65534' }, 'busy', 'cannot be reached (ECONNREFUSED).'],
  ])('%j is one plain sentence', async (changes, code, message) => {
    has(2 * PART)
    const said = await place(changes)
      .put(file, NAME, transfer())
      .catch(error => error)
    expect(said).toMatchObject({ code, message: expect.stringContaining(message) })
    expect(said.message).not.toMatch(/<|wrong\b|\n/)
  })

  it('a file that is not there is not found', async () => {
    await expect(place().get(NAME, file, transfer())).rejects.toMatchObject({ code: 'not_found' })
  })
})

it('the checker agrees with the example of the specification', () => {
  // AWS's own example of a GET with a range: "Authenticating Requests: Using the Authorization Header".
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  const signature = 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'
  const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'
  const request = {
    method: 'GET',
    url: '/test.txt',
    headers: {
      host: 'examplebucket.s3.amazonaws.com',
      range: 'bytes=0-9',
      'x-amz-content-sha256': empty,
      'x-amz-date': '20130524T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=${signature}`,
    },
  } as unknown as IncomingMessage
  request.headers.authorization = request.headers.authorization!.replaceAll(',', ', ')
  const known = {
    accessKey: 'AKIAIOSFODNN7EXAMPLE',
    secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    region: 'us-east-1',
  }
  const now = Date.UTC(2013, 4, 24)
  expect(signatureFault(request, Buffer.alloc(0), known, now)).toBe(null)
  expect(signatureFault(request, Buffer.from('x'), known, now)).toBe('XAmzContentSHA256Mismatch')
  expect(signatureFault(request, Buffer.alloc(0), known, now + 3_600_000)).toBe('RequestTimeTooSkewed')
  request.url = '/other.txt'
  expect(signatureFault(request, Buffer.alloc(0), known, now)).toBe('SignatureDoesNotMatch')
})
