// The attributes of the lines of a block: a column of JSON texts for each name at the top, and the names of each row.
import type { Json } from '../../../line.ts'
import { ByteReader, ByteWriter } from './byte-io.ts'
import { TextLines } from './text-lines.ts'
import { readValues, ValueColumnBuilder, writeValues } from './value-column.ts'

type Attributes = { readonly [name: string]: Json }

/** Encodes the attributes of rows; null when no row has any. `columns` are the values as JSON texts, by name. */
export function encodeAttributes(
  rows: readonly Attributes[],
): { bytes: Buffer; columns: ReadonlyMap<string, readonly string[]> } | null {
  const shapes = new ValueColumnBuilder(rows.length)
  const columns = new Map<string, string[]>()
  let shape = '[]'
  let lastNames: readonly string[] = []
  for (const attributes of rows) {
    const names = Object.keys(attributes)
    // One text for alike names in a row.
    if (!isSame(names, lastNames)) shape = JSON.stringify(names)
    lastNames = names
    shapes.add(shape)
    for (const name of names) {
      const text = jsonText(attributes[name]!)
      const column = columns.get(name)
      if (column) column.push(text)
      else columns.set(name, [text])
    }
  }
  if (columns.size === 0) return null
  const writer = new ByteWriter()
  writeValues(writer, shapes.build())
  for (const [name, texts] of columns) {
    writer.json(name)
    writer.text(texts.join('\n'))
  }
  return { bytes: writer.finish(), columns }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}

function jsonText(value: Json): string {
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : JSON.stringify(value)
}

/** The decoded attributes of a block. */
export class AttributeColumns {
  /** The names of each row's attributes in their order, by shape. */
  readonly #shapes: readonly (readonly string[])[]
  readonly #ids: Uint8Array | Uint16Array
  readonly #bytes = new Map<string, Buffer>()
  readonly #columns = new Map<string, AttributeColumn>()

  constructor(encoded: Buffer, rowCount: number) {
    const reader = new ByteReader(encoded)
    const { values, ids } = readValues(reader, rowCount)
    this.#shapes = values.map(shape => JSON.parse(shape) as string[])
    this.#ids = ids
    const names = new Set(this.#shapes.flat())
    for (let left = names.size; left > 0; left--) {
      const name = reader.json<string>()
      this.#bytes.set(name, reader.part())
    }
  }

  get names(): IterableIterator<string> {
    return this.#bytes.keys()
  }

  /** The column of a name; null when no row has it. */
  column(name: string): AttributeColumn | null {
    let column = this.#columns.get(name)
    if (column === undefined) {
      const bytes = this.#bytes.get(name)
      if (bytes === undefined) return null
      column = new AttributeColumn(bytes.toString('utf8'), this.#rowsWith(name))
      this.#columns.set(name, column)
    }
    return column
  }

  /** The attributes of a row. */
  at(row: number): Attributes {
    const names = this.#shapes[this.#ids[row]!]!
    if (names.length === 0) return {}
    // As one text, because a name may be `__proto__`.
    return JSON.parse(
      `{${names.map(name => `${JSON.stringify(name)}:${this.column(name)!.textOf(row)}`).join()}}`,
    ) as Attributes
  }

  #rowsWith(name: string): Uint16Array {
    const isIn = this.#shapes.map(shape => shape.includes(name))
    const rows: number[] = []
    for (let row = 0; row < this.#ids.length; row++) if (isIn[this.#ids[row]!]) rows.push(row)
    return Uint16Array.from(rows)
  }
}

/** The values of one attribute as JSON texts. */
export class AttributeColumn {
  /** The rows that have the attribute, ascending. */
  readonly rows: Uint16Array
  readonly #lines: TextLines

  constructor(text: string, rows: Uint16Array) {
    this.rows = rows
    this.#lines = new TextLines(text, rows.length)
  }

  /**
   * Visits the rows whose value may contain all these words in lower case, whatever its signs and accents are, each with its
   * JSON text.
   */
  visit(words: readonly string[], visit: (row: number, text: string) => void): void {
    this.#lines.visit(words, (index, text) => visit(this.rows[index]!, text))
  }

  /** The JSON text of the value of a row that has the attribute. */
  textOf(row: number): string {
    return this.#lines.at(indexOf(this.rows, row))
  }
}

/** The place of a number that is among these, which ascend. */
function indexOf(numbers: Uint16Array, value: number): number {
  let low = 0
  let high = numbers.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}
