// Snappy: the block format and its frames. https://github.com/google/snappy/blob/main/format_description.txt
import { snappyUncompressor } from 'hysnappy'
import { Problem } from '../../problem.ts'

/** Beyond this its memory, which never shrinks, is that of one call only. */
const SHARED_BYTES = 2 * 1024 * 1024

let shared: ReturnType<typeof snappyUncompressor> | null = null

/**
 * A block of snappy as it was before. Throws `too_large` when it says that it has more than `limit` bytes (nothing is
 * decompressed then), and `invalid` for any other data.
 */
export function decompressSnappy(block: Uint8Array, limit: number): Uint8Array {
  const length = readLength(block)
  if (length === null) throw notSnappy()
  if (length > limit) throw new Problem('too_large', `The body is larger than ${limit} bytes when it is decompressed.`)
  if (length === 0) return new Uint8Array(0)
  try {
    if (length + block.length > SHARED_BYTES) return snappyUncompressor()(block, length)
    shared ??= snappyUncompressor()
    return shared(block, length)
  } catch {
    shared = null
    throw notSnappy()
  }
}

const FRAMES = Buffer.from('ff060000734e61507059', 'hex')
const COMPRESSED = 0x00
const UNCOMPRESSED = 0x01
const FIRST_SKIPPABLE = 0x80

/** Data in frames of snappy, as Go's writer makes them, or one block. Throws as `decompressSnappy` does. */
export function decompressSnappyFrames(data: Uint8Array, limit: number): Uint8Array {
  if (!FRAMES.equals(data.subarray(0, FRAMES.length))) return decompressSnappy(data, limit)
  const chunks: Uint8Array[] = []
  let total = 0
  for (let at = FRAMES.length; at < data.length; ) {
    const type = data[at]!
    const length = data[at + 1]! | (data[at + 2]! << 8) | (data[at + 3]! << 16)
    const content = data.subarray(at + 4, at + 4 + length)
    if (!(content.length === length) || at + 4 > data.length) throw notSnappy()
    at += 4 + length
    if (type === COMPRESSED || type === UNCOMPRESSED) {
      // The first four bytes are a checksum, which TCP and TLS have already.
      const block = content.subarray(4)
      const chunk = type === COMPRESSED ? decompressSnappy(block, limit - total) : block
      total += chunk.length
      if (total > limit)
        throw new Problem('too_large', `The body is larger than ${limit} bytes when it is decompressed.`)
      chunks.push(chunk)
    } else if (type < FIRST_SKIPPABLE) throw notSnappy()
  }
  return Buffer.concat(chunks)
}

/** The length that a block says it has when it is decompressed; null when it says none. */
function readLength(block: Uint8Array): number | null {
  let length = 0
  for (let i = 0; i < 5 && i < block.length; i++) {
    length += (block[i]! & 0x7f) * 2 ** (7 * i)
    if (block[i]! < 0x80) return length
  }
  return null
}

function notSnappy(): Problem {
  const message = 'The body is not whole snappy. Nothing of it is stored.'
  return new Problem('invalid', message, { fields: { body: message } })
}
