// A partition of blocks, as a reader has it open.
import type { Sqlite } from '../../../state/sqlite.ts'
import type { LogLine } from '../../line.ts'
import { compareKeys, type LineKey } from '../partitions/line-key.ts'
import type { CompletedField, PartitionConnection } from '../query/partition-connection.ts'
import type { PartitionSearch, Selection } from '../query/partition-search.ts'
import type { BlockReader } from './block-reader.ts'
import type { StoredBlock } from './block-table.ts'
import { BlockView, type RecentBlocks } from './block-view.ts'
import { BlockSearch } from './search/block-search.ts'

export class BlockConnection implements PartitionConnection {
  readonly #view: BlockView

  /** `onDamage` is called once for each block that cannot be read. */
  constructor(db: Sqlite, recent: RecentBlocks, onDamage: (block: StoredBlock, error: Error) => void) {
    this.#view = new BlockView(db, recent, onDamage)
  }

  atOnce<T>(work: () => T): T {
    return this.#view.atOnce(work)
  }

  search(selection: Selection, after: number): PartitionSearch {
    return new BlockSearch(this.#view, selection, after)
  }

  marks(): readonly number[] {
    return this.atOnce(() => this.#view.blocks.map(({ summary }) => summary.from).sort((a, b) => a - b))
  }

  read(key: LineKey): LogLine | null {
    const { timestamp, position } = key
    for (const block of this.#view.blocks) {
      const { from, until, firstPosition, lastPosition } = block.summary
      if (position < firstPosition || position > lastPosition || timestamp < from || timestamp > until) continue
      const line = this.#view.guarded(() => lineOf(this.#view.open(block), key))
      if (line) return line
    }
    for (const view of this.#view.arrivals()) {
      const index = view.positions.indexOf(position)
      if (index >= 0 && view.timestamps[index] === timestamp) return view.line(index)
    }
    return null
  }

  values(field: CompletedField): Set<string> {
    const found = new Set(this.#view.blocks.flatMap(block => this.#valuesOf(block, field)))
    for (const view of this.#view.arrivals())
      for (let index = 0; index < view.texts.length; index++) {
        const line = view.line(index)
        for (const value of field === 'tag' ? line.tags : [line[field]]) found.add(value)
      }
    found.delete('')
    return found
  }

  linesAfter(position: number, limit: number): { position: number; line: LogLine }[] {
    const found: { position: number; line: LogLine }[] = []
    for (const block of this.#view.blocks) {
      if (found.length >= limit) return found
      if (block.summary.lastPosition <= position) continue
      const lines = this.#view.guarded(() => {
        const reader = this.#view.open(block)
        const rows = rowsByPosition(reader, position).slice(0, limit - found.length)
        return rows.map(row => ({ position: reader.keys.positions[row]!, line: reader.line(row) }))
      })
      found.push(...(lines ?? []))
    }
    for (const view of this.#view.arrivals())
      for (let index = 0; index < view.texts.length && found.length < limit; index++)
        if (view.positions[index]! > position) found.push({ position: view.positions[index]!, line: view.line(index) })
    return found
  }

  countAfter(position: number): number {
    let count = 0
    for (const block of this.#view.blocks) {
      const { firstPosition, lastPosition, lines } = block.summary
      if (firstPosition > position) count += lines
      else if (lastPosition > position)
        count += this.#view.guarded(() => countHigher(this.#view.open(block).keys.positions, position)) ?? 0
    }
    for (const view of this.#view.arrivals()) count += countHigher(view.positions, position)
    return count
  }

  #valuesOf(block: StoredBlock, field: CompletedField): readonly string[] {
    const listed = block.summary.values[field]
    if (listed) return listed.values
    return this.#view.guarded(() => columnValues(this.#view.open(block), field)) ?? []
  }

  close(): void {
    this.#view.close()
  }
}

/** The line of a key, or null; rows are in the order of keys. */
function lineOf(block: BlockReader, key: LineKey): LogLine | null {
  const { keys, lines } = block
  const keyAt = (row: number) => ({ timestamp: keys.timestamps[row]!, position: keys.positions[row]! })
  let low = 0
  let high = lines - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareKeys(keyAt(middle), key) < 0) low = middle + 1
    else high = middle
  }
  return compareKeys(keyAt(low), key) === 0 ? block.line(low) : null
}

/** The rows after a position in the order in which they were stored. */
function rowsByPosition({ keys: { positions } }: BlockReader, after: number): number[] {
  const rows: number[] = []
  for (let row = 0; row < positions.length; row++) if (positions[row]! > after) rows.push(row)
  return rows.sort((a, b) => positions[a]! - positions[b]!)
}

function countHigher(positions: Float64Array, position: number): number {
  let count = 0
  for (const own of positions) if (own > position) count++
  return count
}

function columnValues(block: BlockReader, field: CompletedField): readonly string[] {
  return field === 'tag' ? block.tagLists.flat() : block.fields[field].values
}
