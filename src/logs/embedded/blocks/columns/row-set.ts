// A set of rows of one block, as bits.

/** Rows from 0 to `size` - 1; two sets that are combined have the same size. */
export class RowSet {
  readonly size: number
  readonly #bits: Uint32Array

  constructor(size: number, bits = new Uint32Array((size + 31) >>> 5)) {
    this.size = size
    this.#bits = bits
  }

  /** The rows from `from` up to, not including, `until`. */
  static range(size: number, from: number, until: number): RowSet {
    const rows = new RowSet(size)
    for (let row = from; row < until; row++) {
      if ((row & 31) === 0 && row + 32 <= until) {
        rows.#bits[row >>> 5] = 0xffff_ffff
        row += 31
      } else rows.add(row)
    }
    return rows
  }

  add(row: number): void {
    this.#bits[row >>> 5]! |= 1 << (row & 31)
  }

  has(row: number): boolean {
    return (this.#bits[row >>> 5]! & (1 << (row & 31))) !== 0
  }

  get isEmpty(): boolean {
    for (const word of this.#bits) if (word !== 0) return false
    return true
  }

  get count(): number {
    let count = 0
    for (const word of this.#bits) if (word !== 0) count += bitCount(word)
    return count
  }

  and(other: RowSet): RowSet {
    return this.#combine(other, (a, b) => a & b)
  }

  or(other: RowSet): RowSet {
    return this.#combine(other, (a, b) => a | b)
  }

  without(other: RowSet): RowSet {
    return this.#combine(other, (a, b) => a & ~b)
  }

  /** The rows in ascending order. */
  *ascending(): IterableIterator<number> {
    for (let at = 0; at < this.#bits.length; at++) {
      let word = this.#bits[at]!
      while (word !== 0) {
        const lowest = 31 - Math.clz32(word & -word)
        yield at * 32 + lowest
        word &= word - 1
      }
    }
  }

  /** The rows in descending order. */
  *descending(): IterableIterator<number> {
    for (let at = this.#bits.length - 1; at >= 0; at--) {
      let word = this.#bits[at]!
      while (word !== 0) {
        const highest = 31 - Math.clz32(word)
        yield at * 32 + highest
        word &= ~(1 << highest)
      }
    }
  }

  #combine(other: RowSet, operation: (a: number, b: number) => number): RowSet {
    const bits = new Uint32Array(this.#bits.length)
    for (let at = 0; at < bits.length; at++) bits[at] = operation(this.#bits[at]!, other.#bits[at]!)
    return new RowSet(this.size, bits)
  }
}

function bitCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555)
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333)
  return (((bits + (bits >>> 4)) & 0x0f0f_0f0f) * 0x0101_0101) >>> 24
}
