// Compresses the pieces of a block: zstd with a checksum, and the size of the content before it.
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** Short values compress no better at higher levels, and take five times as long. */
const LEVEL = 1
const HEADER_BYTES = 4

export function compress(bytes: Buffer): Buffer {
  const params = {
    [zlib.ZSTD_c_compressionLevel]: LEVEL,
    [zlib.ZSTD_c_checksumFlag]: 1,
    [zlib.ZSTD_c_contentSizeFlag]: 0,
  }
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(bytes.length)
  return Buffer.concat([header, zstdCompressSync(bytes, { params, chunkSize: chunkSize(bytes.length) })])
}

/** Throws when the bytes are not what was written. */
export function decompress(bytes: Uint8Array): Buffer {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = all.readUInt32LE()
  // In one chunk: zlib would make it out of many.
  return zstdDecompressSync(all.subarray(HEADER_BYTES), { chunkSize: chunkSize(size), maxOutputLength: size + 1 })
}

/** zlib refuses less than 64 bytes. */
const chunkSize = (size: number) => Math.max(64, size + 1)
