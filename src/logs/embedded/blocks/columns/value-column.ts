// Columns of a block whose values repeat (a dictionary and one number a row), and columns of whole numbers.

import { type ByteReader, type ByteWriter, packNumbers, unpackNumbers } from './byte-io.ts'
import { TextLines } from './text-lines.ts'

/** The distinct values of a column in the order of their first row, and the number of its value for each row. */
export type ValueColumn = { values: readonly string[]; ids: Uint8Array | Uint16Array }

/** Collects a column row by row; at most 65,536 rows. */
export class ValueColumnBuilder {
  readonly #numbers = new Map<string, number>()
  readonly #ids: Uint16Array
  #rows = 0
  #last: string | null = null
  #lastNumber = 0

  constructor(rowCount: number) {
    this.#ids = new Uint16Array(rowCount)
  }

  /** Adds the value of the next row. */
  add(value: string): void {
    // Alike lines follow each other.
    if (value !== this.#last) {
      let number = this.#numbers.get(value)
      if (number === undefined) {
        number = this.#numbers.size
        this.#numbers.set(value, number)
      }
      this.#last = value
      this.#lastNumber = number
    }
    this.#ids[this.#rows++] = this.#lastNumber
  }

  build(): ValueColumn {
    return { values: [...this.#numbers.keys()], ids: this.#ids }
  }
}

export function writeValues(writer: ByteWriter, { values, ids }: ValueColumn): void {
  writer.json(values)
  writer.part(values.length === 1 ? Buffer.alloc(0) : packNumbers(ids as Uint16Array, values.length - 1))
}

export function readValues(reader: ByteReader, rowCount: number): ValueColumn {
  const values = reader.json<string[]>()
  const bytes = reader.part()
  return { values, ids: bytes.length === 0 ? new Uint8Array(rowCount) : unpackNumbers(bytes, rowCount) }
}

/** Writes whole numbers as differences from the one before. */
export function writeNumbers(writer: ByteWriter, numbers: readonly number[] | Float64Array): void {
  let last = 0
  for (const number of numbers) {
    writer.signed(number - last)
    last = number
  }
}

export function readNumbers(reader: ByteReader, count: number): Float64Array {
  const numbers = new Float64Array(count)
  let last = 0
  for (let row = 0; row < count; row++) {
    last += reader.signed()
    numbers[row] = last
  }
  return numbers
}

/** Writes texts that seldom repeat; they have no line feeds, and half a surrogate pair in them does not survive. */
export function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  // No text at all costs nothing.
  writer.text(texts.every(text => text === '') ? '' : texts.join('\n'))
}

export function readTexts(reader: ByteReader, count: number): TextLines {
  return new TextLines(reader.text() || '\n'.repeat(count - 1), count)
}
