// Finds the values in a stream of MessagePack without decoding them, so that nothing is allocated for what is not there yet.
import { MEBIBYTE } from '../../bytes.ts'
import { Problem } from '../../problem.ts'
import { MINUTE } from '../../time.ts'
import type { Frame, Framer } from './framer.ts'

export const MAX_MSGPACK_BYTES = 16 * MEBIBYTE
const MAX_DEPTH = 64
const FIRST_CAPACITY = 4 * 1024

/** What begins at a byte: its length with its header, how many values follow that belong to it; null where bytes are missing. */
type Head = { bytes: number; values: number }

/** Each frame is one value. Throws `invalid` for bytes that are no MessagePack, and `too_large`. */
export class MsgpackFramer implements Framer {
  readonly patienceMs = MINUTE
  #buffer = Buffer.alloc(0)
  #length = 0
  /** How far the value at the start is understood. */
  #scanned = 0
  /** How many values each open array or map still lacks, the innermost last. */
  #missing: number[] = []

  get waitingBytes(): number {
    return this.#length
  }

  push(piece: Buffer): Frame[] {
    this.#append(piece)
    const frames: Frame[] = []
    let start = 0
    while (this.#scan()) {
      frames.push({ bytes: Buffer.from(this.#buffer.subarray(start, this.#scanned)), isCut: false })
      start = this.#scanned
    }
    if (start > 0) this.#drop(start)
    if (this.#length > MAX_MSGPACK_BYTES)
      throw new Problem('too_large', `A message has more than ${MAX_MSGPACK_BYTES} bytes. Send smaller chunks.`)
    return frames
  }

  /** Half a value is of no use. */
  flush(): Frame[] {
    if (this.#length === 0) return []
    this.#length = 0
    throw new Problem('invalid', 'A message broke off before its end, and nothing of it is stored.')
  }

  /** Whether a whole value ends; then `#scanned` is its end. */
  #scan(): boolean {
    while (this.#scanned < this.#length) {
      const head = readHead(this.#buffer, this.#scanned, this.#length)
      if (head === null || this.#scanned + head.bytes > this.#length) return false
      this.#scanned += head.bytes
      if (head.values > 0) {
        if (this.#missing.length >= MAX_DEPTH)
          throw new Problem('invalid', `A message is nested deeper than ${MAX_DEPTH} levels.`)
        this.#missing.push(head.values)
        continue
      }
      while (this.#missing.length > 0 && --this.#missing[this.#missing.length - 1]! === 0) this.#missing.pop()
      if (this.#missing.length === 0) return true
    }
    return false
  }

  #append(piece: Buffer): void {
    const needed = this.#length + piece.length
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY, needed, Math.min(needed * 2, MAX_MSGPACK_BYTES)))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    piece.copy(this.#buffer, this.#length)
    this.#length = needed
  }

  #drop(bytes: number): void {
    this.#length -= bytes
    this.#scanned -= bytes
    // A large message must not keep its memory for a connection that then sends small ones.
    this.#buffer = Buffer.from(this.#buffer.subarray(bytes, bytes + this.#length))
  }
}

/** https://github.com/msgpack/msgpack/blob/master/spec.md */
function readHead(buffer: Buffer, at: number, end: number): Head | null {
  const byte = buffer[at]!
  if (byte < 0x80 || byte >= 0xe0) return { bytes: 1, values: 0 }
  if (byte < 0x90) return { bytes: 1, values: 2 * (byte & 0x0f) }
  if (byte < 0xa0) return { bytes: 1, values: byte & 0x0f }
  if (byte < 0xc0) return { bytes: 1 + (byte & 0x1f), values: 0 }
  const fixed = FIXED[byte - 0xc0]!
  if (fixed > 0) return { bytes: fixed, values: 0 }
  const width = WIDTHS[byte]
  if (width === undefined) throw new Problem('invalid', 'The stream is not MessagePack, the format of Fluent forward.')
  if (at + 1 + width > end) return null
  const size = buffer.readUIntBE(at + 1, width)
  if (byte >= 0xde) return { bytes: 1 + width, values: 2 * size }
  if (byte >= 0xdc) return { bytes: 1 + width, values: size }
  const isExtension = byte >= 0xc7 && byte <= 0xc9
  if (size > MAX_MSGPACK_BYTES)
    throw new Problem('too_large', `A message has a value of ${size} bytes. Send smaller chunks.`)
  return { bytes: 1 + width + (isExtension ? 1 : 0) + size, values: 0 }
}

/** The length of values of fixed size by their first byte from 0xc0 on; 0 for the others. */
const FIXED = [1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 5, 9, 2, 3, 5, 9, 2, 3, 5, 9, 3, 4, 6, 10, 18, 0, 0, 0, 0, 0, 0, 0]
/** The bytes of the size of bin, ext, str, array and map (a map's and array's are below) by their first byte. */
const WIDTHS: { [byte: number]: number } = {
  196: 1,
  197: 2,
  198: 4,
  199: 1,
  200: 2,
  201: 4,
  217: 1,
  218: 2,
  219: 4,
  220: 2,
  221: 4,
  222: 2,
  223: 4,
}
