// Writes and reads the numbers, texts and parts that a block's columns consist of.

/** A growing buffer. Numbers are varints: seven bits a byte, the lowest first. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(4096)
  #length = 0

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  /** A whole number of either sign, small ones in few bytes. */
  signed(value: number): void {
    this.number(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** Bytes with their length before them. */
  part(bytes: Uint8Array): void {
    this.number(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** A text as UTF-8; half a surrogate pair does not survive. */
  text(text: string): void {
    this.part(Buffer.from(text, 'utf8'))
  }

  json(value: unknown): void {
    this.text(JSON.stringify(value))
  }

  /** What was written so far; valid until the next write. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#length + count, 2 * this.#bytes.length))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}

/** Reads what a `ByteWriter` wrote, in the same order. Throws when the bytes end too early. */
export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  number(): number {
    const first = this.#bytes[this.#at]
    if (first !== undefined && first < 0x80) {
      this.#at++
      return first
    }
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new Error('a column of the block is cut short')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
  }

  signed(): number {
    const value = this.number()
    if (value < 0x80) return value & 1 ? -((value + 1) >> 1) : value >> 1
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  part(): Buffer {
    const length = this.number()
    if (this.#at + length > this.#bytes.length) throw new Error('a column of the block is cut short')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  text(): string {
    return this.part().toString('utf8')
  }

  json<T>(): T {
    return JSON.parse(this.text()) as T
  }
}

/** Numbers from 0 to `max` in as few bytes each as `max` needs. */
export function packNumbers(values: Uint16Array, max: number): Buffer {
  if (max < 256) return Buffer.from(Uint8Array.from(values))
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength)
}

/** The same numbers, of which there are `count`. */
export function unpackNumbers(bytes: Buffer, count: number): Uint8Array | Uint16Array {
  if (bytes.length === count) return bytes
  // A copy: a view would need an even offset.
  return new Uint16Array(Uint8Array.from(bytes).buffer)
}
