// Bodies as they come compressed: gzip, deflate, br, zstd and snappy, each with a limit on what comes out.
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import { Problem } from '../../problem.ts'

type Decompress = (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>

const DECOMPRESSORS: Record<string, Decompress> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
  snappy: decompressFrames,
  'x-snappy-framed': decompressFrames,
  // HTTP's deflate is zlib; some clients send it bare.
  deflate: (body, options) =>
    promisify(inflate)(body, options).catch(error => {
      if (isTooLarge(error)) throw error
      return promisify(inflateRaw)(body, options)
    }),
}

const isTooLarge = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'

async function decompressFrames(body: Uint8Array, { maxOutputLength }: { maxOutputLength: number }): Promise<Buffer> {
  const { decompressSnappyFrames } = await import('../../logs/wire/snappy.ts')
  const open = decompressSnappyFrames(body, maxOutputLength)
  return Buffer.from(open.buffer, open.byteOffset, open.byteLength)
}

/** A proxy or two may compress a compressed body again; a body wrapped a thousand times is an attack. */
const MAX_LAYERS = 4

/**
 * The body as it was before `Content-Encoding`. Throws `too_large` when more than `limit` bytes would come out (nothing
 * beyond it is ever made), `invalid` for a damaged body, and the problem of an encoding that is not known.
 */
export async function decompress(body: Buffer, encoding: string | null, limit: number): Promise<Buffer> {
  const names = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '' && name !== 'identity')
  if (names.length > MAX_LAYERS)
    throw new Problem('unsupported', `A body can be compressed at most ${MAX_LAYERS} times.`, {
      fields: { 'content-encoding': `must name at most ${MAX_LAYERS} encodings` },
    })
  let open = body
  for (const name of names.reverse()) {
    const decompressor = DECOMPRESSORS[name]
    if (!decompressor) {
      throw new Problem(
        'unsupported',
        `Content-Encoding "${name.slice(0, 40)}" is not known. Use gzip, deflate, br, zstd or snappy.`,
        {
          fields: { 'content-encoding': 'must be gzip, deflate, br, zstd or snappy' },
        },
      )
    }
    open = await decompressor(open, { maxOutputLength: limit }).catch(error => {
      if (error instanceof Problem) throw error
      if (isTooLarge(error)) {
        throw new Problem(
          'too_large',
          `The body is larger than ${limit} bytes when it is decompressed. Send it in smaller parts.`,
        )
      }
      throw new Problem('invalid', `The body is not whole ${name}: ${error.message}.`, {
        fields: { body: `is not ${name}` },
      })
    })
  }
  if (open.length > limit)
    throw new Problem('too_large', `The body is larger than ${limit} bytes. Send it in smaller parts.`)
  return open
}
