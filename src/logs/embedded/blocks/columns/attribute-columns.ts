// The attributes of the lines of a block: a column of JSON texts for each name at the top, and the names of each row.
import type { Json } from '../../../line.ts'
import { ByteReader, ByteWriter } from './byte-io.ts'
import { TextLines } from './text-lines.ts'
import { readValues, type ValueColumn, ValueColumnBuilder, writeValues } from './value-column.ts'

type Attributes = { readonly [name: string]: Json }

/** The lowest and the highest number of a column. */
export type NumberRange = readonly [lowest: number, highest: number]

/**
 * Where a column is: its group, its place in that, and its length in bytes; the range of its numbers, when it has no texts and
 * lists; and where every `VALUES_PER_MARK`th value begins, but the first.
 */
type Entry = [
  name: string,
  group: number,
  start: number,
  length: number,
  range: NumberRange | null,
  marks: readonly number[],
]

/** Columns are read in so many groups at most, so that a question about one attribute does not read the others. */
export const MAX_ATTRIBUTE_GROUPS = 7
/** Columns that are shorter together share a group: each is compressed apart. */
const MIN_GROUP_BYTES = 8 * 1024
/** To read one value, so many are passed at most. */
const VALUES_PER_MARK = 128
/** More values of a column than this are not read one by one. */
const MAX_SINGLES = 16
const LINE_FEED = 10

export type EncodedAttributes = {
  /** The names of each row, and where each column is. */
  directory: Buffer
  groups: readonly Buffer[]
  /** The values as JSON texts, by name. */
  columns: ReadonlyMap<string, readonly string[]>
}

/** Encodes the attributes of rows; null when no row has any. */
export function encodeAttributes(rows: readonly Attributes[]): EncodedAttributes | null {
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
  const { entries, groups } = groupColumns(columns)
  const directory = new ByteWriter()
  writeValues(directory, shapes.build())
  directory.json(entries)
  return { directory: directory.finish(), groups, columns }
}

/** Spreads columns over groups of about the same size. */
function groupColumns(columns: ReadonlyMap<string, readonly string[]>): { entries: Entry[]; groups: Buffer[] } {
  const encoded = [...columns].map(([name, texts]) => {
    const bytes = Buffer.from(texts.join('\n'), 'utf8')
    return { name, bytes, range: numberRange(texts), marks: marksOf(bytes, texts.length) }
  })
  const total = encoded.reduce((sum, { bytes }) => sum + bytes.length, 0)
  const count = Math.max(1, Math.min(MAX_ATTRIBUTE_GROUPS, encoded.length, Math.ceil(total / MIN_GROUP_BYTES)))
  const members: Buffer[][] = Array.from({ length: count }, () => [])
  const lengths = new Array<number>(count).fill(0)
  const entries = encoded
    .toSorted((a, b) => b.bytes.length - a.bytes.length)
    .map(({ name, bytes, range, marks }): Entry => {
      const group = lengths.indexOf(Math.min(...lengths))
      const start = lengths[group]!
      members[group]!.push(bytes)
      lengths[group] = start + bytes.length
      return [name, group, start, bytes.length, range, marks]
    })
  return { entries, groups: members.map(parts => Buffer.concat(parts)) }
}

function marksOf(bytes: Buffer, count: number): number[] {
  const marks: number[] = []
  let at = 0
  for (let passed = VALUES_PER_MARK; passed < count; passed += VALUES_PER_MARK) {
    at = skipLines(bytes, at, VALUES_PER_MARK)
    marks.push(at)
  }
  return marks
}

/** Where the line begins that is so many lines after the one at `at`. */
function skipLines(bytes: Buffer, at: number, count: number): number {
  let start = at
  for (let left = count; left > 0; left--) start = bytes.indexOf(LINE_FEED, start) + 1
  return start
}

/** The range of the numbers among JSON texts; null when some text may hold a number in another way. */
function numberRange(texts: readonly string[]): NumberRange | null {
  let lowest = Number.POSITIVE_INFINITY
  let highest = Number.NEGATIVE_INFINITY
  for (const text of texts) {
    if (text === 'null' || text === 'true' || text === 'false') continue
    const number = /^[-\d]/.test(text) ? Number(text) : Number.NaN
    if (!Number.isFinite(number)) return null
    if (number < lowest) lowest = number
    if (number > highest) highest = number
  }
  return lowest <= highest ? [lowest, highest] : null
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}

function jsonText(value: Json): string {
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : JSON.stringify(value)
}

/** The bytes of a column that is not read yet, and what is known of it: an earlier layout has neither ranges nor marks. */
type StoredColumn = { read(): Buffer; range: NumberRange | null; marks: readonly number[] }

/** The attributes that `encodeAttributes` encoded; `readGroup` returns the bytes of a group. */
export function readAttributes(
  directory: Buffer,
  rowCount: number,
  readGroup: (group: number) => Buffer,
): AttributeColumns {
  const reader = new ByteReader(directory)
  const shapes = readValues(reader, rowCount)
  const groups = new Map<number, Buffer>()
  const bytesOf = (group: number): Buffer => {
    let bytes = groups.get(group)
    if (!bytes) {
      bytes = readGroup(group)
      groups.set(group, bytes)
    }
    return bytes
  }
  const stored = new Map<string, StoredColumn>()
  for (const [name, group, start, length, range, marks] of reader.json<Entry[]>())
    stored.set(name, { range, marks, read: () => bytesOf(group).subarray(start, start + length) })
  return new AttributeColumns(shapes, stored)
}

/** The attributes of a block whose columns are in one piece, as Vakt wrote them before layout 5. */
export function readAttributesInOnePiece(encoded: Buffer, rowCount: number): AttributeColumns {
  const reader = new ByteReader(encoded)
  const shapes = readValues(reader, rowCount)
  const stored = new Map<string, StoredColumn>()
  for (let left = new Set(shapes.values.flatMap(namesOfShape)).size; left > 0; left--) {
    const name = reader.json<string>()
    const bytes = reader.part()
    stored.set(name, { range: null, marks: [], read: () => bytes })
  }
  return new AttributeColumns(shapes, stored)
}

function namesOfShape(shape: string): string[] {
  return JSON.parse(shape) as string[]
}

/** The decoded attributes of a block. */
export class AttributeColumns {
  /** The names of each row's attributes in their order, by shape. */
  readonly #shapes: readonly (readonly string[])[]
  readonly #ids: Uint8Array | Uint16Array
  readonly #stored: ReadonlyMap<string, StoredColumn>
  readonly #columns = new Map<string, AttributeColumn>()
  readonly #rows = new Map<string, Uint16Array>()

  constructor({ values, ids }: ValueColumn, stored: ReadonlyMap<string, StoredColumn>) {
    this.#shapes = values.map(namesOfShape)
    this.#ids = ids
    this.#stored = stored
  }

  get names(): Iterable<string> {
    return this.#stored.keys()
  }

  /** The range of all numbers of a name; null when it is not known. */
  range(name: string): NumberRange | null {
    return this.#stored.get(name)?.range ?? null
  }

  /** The column of a name; null when no row has it. */
  column(name: string): AttributeColumn | null {
    let column = this.#columns.get(name)
    if (column === undefined) {
      const stored = this.#stored.get(name)
      if (stored === undefined) return null
      column = new AttributeColumn(stored.read(), this.#rowsWith(name), stored.marks)
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

  /** Columns that the same rows have share a list of them. */
  #rowsWith(name: string): Uint16Array {
    const isIn = this.#shapes.map(shape => shape.includes(name))
    const key = isIn.map(Number).join('')
    let rows = this.#rows.get(key)
    if (!rows) {
      const found: number[] = []
      for (let row = 0; row < this.#ids.length; row++) if (isIn[this.#ids[row]!]) found.push(row)
      rows = Uint16Array.from(found)
      this.#rows.set(key, rows)
    }
    return rows
  }
}

/** The values of one attribute as JSON texts. */
export class AttributeColumn {
  /** The rows that have the attribute, ascending. */
  readonly rows: Uint16Array
  readonly #bytes: Buffer
  readonly #marks: readonly number[]
  #lines: TextLines | null = null
  /** How many values were read one by one. */
  #singles = 0

  constructor(bytes: Buffer, rows: Uint16Array, marks: readonly number[]) {
    this.#bytes = bytes
    this.rows = rows
    this.#marks = marks
  }

  /**
   * Visits the rows whose value may contain all these words in lower case, whatever its signs and accents are, each with its
   * JSON text.
   */
  visit(words: readonly string[], visit: (row: number, text: string) => void): void {
    this.#asLines().visit(words, (index, text) => visit(this.rows[index]!, text))
  }

  /** The JSON text of the value of a row that has the attribute. */
  textOf(row: number): string {
    const index = indexOf(this.rows, row)
    // Where many values are read, finding the beginnings of all is quicker.
    if (this.#lines || ++this.#singles > MAX_SINGLES) return this.#asLines().at(index)
    const mark = Math.min(Math.floor(index / VALUES_PER_MARK), this.#marks.length)
    const start = skipLines(this.#bytes, mark === 0 ? 0 : this.#marks[mark - 1]!, index - mark * VALUES_PER_MARK)
    const end = this.#bytes.indexOf(LINE_FEED, start)
    return this.#bytes.toString('utf8', start, end < 0 ? this.#bytes.length : end)
  }

  #asLines(): TextLines {
    this.#lines ??= new TextLines(this.#bytes.toString('utf8'), this.rows.length)
    return this.#lines
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
