// Reads the columns of one sealed block as a search needs them, each once.
import { errorMessage } from '../../../text.ts'
import type { Level, LogLine } from '../../line.ts'
import { lineId } from '../partitions/line-key.ts'
import { attributeGroup, FIELD_COLUMNS, type FieldColumns, type Piece } from './block.ts'
import { type AttributeColumns, readAttributes, readAttributesInOnePiece } from './columns/attribute-columns.ts'
import { ByteReader } from './columns/byte-io.ts'
import { TextColumn } from './columns/text-column.ts'
import type { TextLines } from './columns/text-lines.ts'
import { readNumbers, readTexts, readValues } from './columns/value-column.ts'
import { decompress } from './compression.ts'
import type { StoredSummary } from './stored-summary.ts'

/** The compressed bytes of a piece; null when the block has none of it. */
export type PieceSource = (piece: Piece) => Uint8Array | null

export type Keys = { timestamps: Float64Array; positions: Float64Array; received: Float64Array }

/** A piece of a block cannot be read; the other blocks of its partition can. */
export class BlockDamagedError extends Error {
  readonly block: number

  constructor(block: number, cause: unknown) {
    super(errorMessage(cause), { cause })
    this.block = block
  }
}

/** Every property and method throws `BlockDamagedError` when a piece that it needs cannot be read. */
export class BlockReader {
  readonly id: number
  readonly summary: StoredSummary
  readonly #read: PieceSource
  #keys: Keys | null = null
  #fields: FieldColumns | null = null
  #messages: TextColumn | null = null
  #stacks: TextColumn | null | undefined
  #attributes: AttributeColumns | null | undefined
  #ids: { trace: TextLines; span: TextLines } | null | undefined
  #tags: (readonly string[])[] | null = null

  constructor(id: number, summary: StoredSummary, read: PieceSource) {
    this.id = id
    this.summary = summary
    this.#read = read
  }

  get lines(): number {
    return this.summary.lines
  }

  /** The keys of the rows: by timestamp, then by position. */
  get keys(): Keys {
    if (this.#keys === null) {
      const reader = new ByteReader(this.#required('keys'))
      const next = () => readNumbers(reader, this.lines)
      this.#keys = { timestamps: next(), positions: next(), received: next() }
    }
    return this.#keys
  }

  get fields(): FieldColumns {
    if (this.#fields === null) {
      const reader = new ByteReader(this.#required('fields'))
      this.#fields = Object.fromEntries(
        FIELD_COLUMNS.map(name => [name, readValues(reader, this.lines)]),
      ) as FieldColumns
    }
    return this.#fields
  }

  get messages(): TextColumn {
    this.#messages ??= new TextColumn(
      this.#required('templates'),
      this.lines,
      () => this.#piece('variables') ?? Buffer.alloc(0),
    )
    return this.#messages
  }

  /** Null when no line has a stack. */
  get stacks(): TextColumn | null {
    if (this.#stacks === undefined) {
      const templates = this.#piece('stackTemplates')
      this.#stacks = templates
        ? new TextColumn(templates, this.lines, () => this.#piece('stackVariables') ?? Buffer.alloc(0))
        : null
    }
    return this.#stacks
  }

  /** Null when no line has attributes. */
  get attributes(): AttributeColumns | null {
    if (this.#attributes === undefined) {
      const directory = this.#piece('attributeDirectory')
      const earlier = directory ? null : this.#piece('attributes')
      if (directory)
        this.#attributes = readAttributes(directory, this.lines, group => this.#required(attributeGroup(group)))
      else this.#attributes = earlier && readAttributesInOnePiece(earlier, this.lines)
    }
    return this.#attributes
  }

  /** The ids of traces and spans by row; null when no line has any. */
  get ids(): { trace: TextLines; span: TextLines } | null {
    if (this.#ids === undefined) {
      const bytes = this.#piece('ids')
      if (bytes) {
        const reader = new ByteReader(bytes)
        this.#ids = { trace: readTexts(reader, this.lines), span: readTexts(reader, this.lines) }
      } else this.#ids = null
    }
    return this.#ids
  }

  /** The distinct lists of tags, by their number in the column. */
  get tagLists(): readonly (readonly string[])[] {
    this.#tags ??= this.fields.tags.values.map(list => JSON.parse(list) as string[])
    return this.#tags
  }

  /** The value of a field of a row. */
  field(name: Exclude<keyof FieldColumns, 'tags'>, row: number): string {
    const { values, ids } = this.fields[name]
    return values[ids[row]!]!
  }

  /** The whole line of a row. */
  line(row: number): LogLine {
    const { timestamps, positions, received } = this.keys
    const [timestamp, position] = [timestamps[row]!, positions[row]!]
    return {
      id: lineId({ timestamp, position }),
      timestamp,
      receivedAt: received[row]!,
      level: this.field('level', row) as Level,
      message: this.messages.textAt(row),
      project: this.field('project', row),
      source: this.field('source', row),
      host: this.field('host', row),
      group: this.field('group', row),
      tags: this.tagLists[this.fields.tags.ids[row]!]!,
      fingerprint: this.field('fingerprint', row),
      stack: this.stacks?.textAt(row) ?? '',
      traceId: this.ids?.trace.at(row) ?? '',
      spanId: this.ids?.span.at(row) ?? '',
      attributes: this.attributes?.at(row) ?? {},
    }
  }

  /** The first row with a timestamp of at least `at`. */
  firstRowFrom(at: number): number {
    const { from, until } = this.summary
    if (at <= from) return 0
    if (at > until) return this.lines
    const { timestamps } = this.keys
    let low = 0
    let high = this.lines
    while (low < high) {
      const middle = (low + high) >> 1
      if (timestamps[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Each piece has a checksum, so what can be decompressed is what was written. */
  #piece(piece: Piece): Buffer | null {
    try {
      const bytes = this.#read(piece)
      return bytes && decompress(bytes)
    } catch (error) {
      throw new BlockDamagedError(this.id, error)
    }
  }

  #required(piece: Piece): Buffer {
    const bytes = this.#piece(piece)
    if (!bytes) throw new BlockDamagedError(this.id, new Error(`its ${piece} are missing`))
    return bytes
  }
}
