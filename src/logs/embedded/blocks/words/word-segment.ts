// A segment of the word index: the numbers of the words of some blocks in ascending order, each with its block, in buckets of
// a few kilobytes. A number is the difference from the one before as a Golomb-Rice code (Rice and Plaunt, 1971), so a word
// of a block costs about twelve bits.
import { HASH_BITS } from './block-words.ts'

/** The words of one block. */
export type BlockWords = { block: number; hashes: Uint32Array }

/** The blocks of a segment, and its buckets: each has the numbers with the same highest bits. */
export type WordSegment = { blocks: readonly number[]; buckets: readonly Buffer[] }

const ENTRIES_PER_BUCKET = 4_096
const MAX_BLOCKS = 256

/** Merges the words of some blocks into a segment; at most 256 blocks. */
export function buildSegment(parts: readonly BlockWords[]): WordSegment {
  if (parts.length > MAX_BLOCKS) throw new Error(`a segment has room for ${MAX_BLOCKS} blocks`)
  const total = parts.reduce((sum, { hashes }) => sum + hashes.length, 0)
  // The number of the block in the lowest bits: sorting sorts both.
  const entries = new Float64Array(total)
  let next = 0
  for (const [ordinal, { hashes }] of parts.entries())
    for (const hash of hashes) entries[next++] = hash * MAX_BLOCKS + ordinal
  if (parts.length > 1) entries.sort()
  const count = bucketCount(total)
  const width = 2 ** HASH_BITS / count
  const buckets: Buffer[] = []
  let from = 0
  for (let bucket = 0; bucket < count; bucket++) {
    let until = from
    const limit = (bucket + 1) * width * MAX_BLOCKS
    while (until < total && entries[until]! < limit) until++
    buckets.push(encodeBucket(entries.subarray(from, until), bucket * width, width, parts.length))
    from = until
  }
  return { blocks: parts.map(({ block }) => block), buckets }
}

/** Which bucket of a segment has a number. */
export function bucketOf(hash: number, bucketCount: number): number {
  return Math.floor(hash / (2 ** HASH_BITS / bucketCount))
}

/** The blocks of a segment that may have the word with this number; `bucket` is the one of the number. */
export function blocksWithWord(
  { blocks, bucketCount }: { blocks: readonly number[]; bucketCount: number },
  bucket: Uint8Array,
  hash: number,
): number[] {
  const width = 2 ** HASH_BITS / bucketCount
  const found: number[] = []
  eachEntry(bucket, bucketOf(hash, bucketCount) * width, blocks.length, (number, ordinal) => {
    if (number === hash) found.push(blocks[ordinal]!)
    return number <= hash
  })
  return found
}

/** The words of each block of a segment, whose buckets are all given in order. */
export function wordsOfSegment({ blocks, buckets }: WordSegment): BlockWords[] {
  const width = 2 ** HASH_BITS / buckets.length
  const lists = blocks.map((): number[] => [])
  for (const [index, bucket] of buckets.entries())
    eachEntry(bucket, index * width, blocks.length, (number, ordinal) => {
      lists[ordinal]!.push(number)
      return true
    })
  return blocks.map((block, ordinal) => ({ block, hashes: Uint32Array.from(lists[ordinal]!) }))
}

function bucketCount(entries: number): number {
  let count = 1
  while (entries / count > ENTRIES_PER_BUCKET) count *= 2
  return count
}

function ordinalBits(blocks: number): number {
  return blocks === 1 ? 0 : 32 - Math.clz32(blocks - 1)
}

/** The first byte of a bucket is the Rice parameter, the next three the number of entries. */
function encodeBucket(entries: Float64Array, base: number, width: number, blocks: number): Buffer {
  const bits = ordinalBits(blocks)
  const mean = entries.length === 0 ? 1 : width / entries.length
  const parameter = Math.max(0, Math.min(24, Math.floor(Math.log2(mean))))
  const writer = new BitWriter(
    4 + Math.ceil((entries.length * (parameter + bits + 3)) / 8) + width / 2 ** parameter / 8 + 8,
  )
  writer.bytes([parameter, entries.length & 0xff, (entries.length >>> 8) & 0xff, entries.length >>> 16])
  let last = base
  for (const entry of entries) {
    const number = Math.floor(entry / MAX_BLOCKS)
    const difference = number - last
    last = number
    for (let quotient = difference >>> parameter; quotient > 0; quotient--) writer.bits(1, 1)
    writer.bits(0, 1)
    writer.bits(difference & ((1 << parameter) - 1), parameter)
    writer.bits(entry % MAX_BLOCKS, bits)
  }
  return writer.finish()
}

/** Visits the entries of a bucket in order until `visit` returns false. */
function eachEntry(
  bucket: Uint8Array,
  base: number,
  blocks: number,
  visit: (number: number, ordinal: number) => boolean,
): void {
  const parameter = bucket[0]!
  const count = bucket[1]! | (bucket[2]! << 8) | (bucket[3]! << 16)
  const bits = ordinalBits(blocks)
  const reader = new BitReader(bucket, 4)
  let number = base
  for (let index = 0; index < count; index++) {
    let quotient = 0
    while (reader.bits(1) === 1) quotient++
    number += (quotient << parameter) + reader.bits(parameter)
    if (!visit(number, reader.bits(bits))) return
  }
}

class BitWriter {
  #bytes: Buffer
  #at = 0
  #pending = 0
  #pendingBits = 0

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(Math.ceil(capacity))
  }

  bytes(values: readonly number[]): void {
    for (const value of values) this.#push(value)
  }

  /** The lowest bits of a value, the lowest first; at most 24. */
  bits(value: number, count: number): void {
    this.#pending |= value << this.#pendingBits
    this.#pendingBits += count
    while (this.#pendingBits >= 8) {
      this.#push(this.#pending & 0xff)
      this.#pending >>>= 8
      this.#pendingBits -= 8
    }
  }

  finish(): Buffer {
    if (this.#pendingBits > 0) this.#push(this.#pending & 0xff)
    return this.#bytes.subarray(0, this.#at)
  }

  #push(byte: number): void {
    if (this.#at === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(this.#at + 64)])
    this.#bytes[this.#at++] = byte
  }
}

class BitReader {
  readonly #bytes: Uint8Array
  #at: number
  #pending = 0
  #pendingBits = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** The next bits as a number; at most 24. */
  bits(count: number): number {
    while (this.#pendingBits < count) {
      this.#pending |= (this.#bytes[this.#at++] ?? 0) << this.#pendingBits
      this.#pendingBits += 8
    }
    const value = this.#pending & ((1 << count) - 1)
    this.#pending >>>= count
    this.#pendingBits -= count
    return value
  }
}
