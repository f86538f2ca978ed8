// Bodies as they come, compressed and too large: what is read, and what is said of the rest.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { MEBIBYTE } from '../../bytes.ts'
import type { Project } from '../../projects/projects.ts'
import { decompress } from './compression.ts'
import { bodyTooLarge, decompressFor, tooManyLines } from './limits.ts'

const TEXT = Buffer.from('a line of a log\n'.repeat(64))
const project = (bodyLimit: number, lineLimit = 10) => ({ name: 'shop', bodyLimit, lineLimit }) as Project

describe('a compressed body', () => {
  it.each<[string, string | null, Buffer]>([
    ['nothing', null, TEXT],
    ['identity', 'identity', TEXT],
    ['gzip', 'gzip', gzipSync(TEXT)],
    ['gzip by its former name', 'X-GZip', gzipSync(TEXT)],
    ['brotli', 'br', brotliCompressSync(TEXT)],
    ['zstd', 'zstd', zstdCompressSync(TEXT)],
    ['deflate', 'deflate', deflateSync(TEXT)],
    ['bare deflate', 'deflate', deflateRawSync(TEXT)],
    ['two layers, the last one first', 'gzip, br', brotliCompressSync(gzipSync(TEXT))],
    ['four layers', 'gzip,gzip,gzip,gzip', gzipSync(gzipSync(gzipSync(gzipSync(TEXT))))],
    ['identity among others', 'identity, gzip, ,identity', gzipSync(TEXT)],
  ])('is read: %s', async (_, encoding, body) => {
    expect((await decompress(body, encoding, TEXT.length)).equals(TEXT)).toBe(true)
  })

  it.each([
    ['gzip', gzipSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['zstd', zstdCompressSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
  ])('is too large beyond the limit: %s', async (encoding, body) => {
    await expect(decompress(body, encoding, TEXT.length - 1)).rejects.toMatchObject({ code: 'too_large' })
  })

  it('is refused where it is damaged, unknown or wrapped too often', async () => {
    await expect(decompress(Buffer.from('x'), 'gzip', 100)).rejects.toMatchObject({
      code: 'invalid',
      fields: { body: 'is not gzip' },
    })
    await expect(decompress(TEXT, 'lzma', 9_999)).rejects.toMatchObject({ code: 'unsupported' })
    await expect(decompress(TEXT, 'gzip,gzip,gzip,gzip,gzip', 9_999)).rejects.toThrow('at most 4 times')
    await expect(decompress(TEXT, null, TEXT.length - 1)).rejects.toThrow(`larger than ${TEXT.length - 1} bytes`)
  })

  it('of a project has the limit of the project, in its words', async () => {
    expect(await decompressFor(project(10), TEXT, null)).toBe(TEXT)
    expect((await decompressFor(project(TEXT.length), gzipSync(TEXT), 'gzip')).equals(TEXT)).toBe(true)
    await expect(decompressFor(project(10), gzipSync(TEXT), 'gzip')).rejects.toThrow(
      'The body is larger than 10 bytes when it is decompressed, the limit of the project shop.',
    )
    await expect(decompressFor(project(10), Buffer.from('x'), 'gzip')).rejects.toMatchObject({ code: 'invalid' })
  })
})

describe('what is too large', () => {
  it('names the command that raises the limit, up to the most that is allowed', () => {
    expect(bodyTooLarge(project(MEBIBYTE)).message).toBe(
      'The body is larger than 1048576 bytes, the limit of the project shop. Send it in smaller parts, or raise the limit: "projects edit shop --max-body 2MiB".',
    )
    expect(bodyTooLarge(project(40 * MEBIBYTE)).message).toContain('--max-body 64MiB')
    for (const limit of [64 * MEBIBYTE, 65 * MEBIBYTE]) {
      expect(bodyTooLarge(project(limit)).message).not.toContain('raise')
      expect(bodyTooLarge(project(limit)).message).toContain('67108864 bytes')
    }
  })

  it('names it for lines as well', () => {
    expect(tooManyLines(project(1, 1_000)).message).toContain('--max-lines 2000')
    expect(tooManyLines(project(1, 60_000)).message).toContain('--max-lines 100000')
    expect(tooManyLines(project(1, 100_000)).message).toBe(
      'The request has more than 100000 lines, the limit of the project shop. Send smaller batches.',
    )
  })
})
