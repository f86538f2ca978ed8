// A partition as its writer uses it: lines arrive in rows of their own, and are soon sealed into blocks.
import { MEBIBYTE } from '../../../bytes.ts'
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import { Partition, type PlacedLine } from '../partitions/partition.ts'
import { arrivalText, parseArrival } from './arrivals.ts'
import { MAX_BLOCK_LINES, sealBlock } from './block.ts'
import { BlockDamagedError } from './block-reader.ts'
import { deleteBlock, insertBlock, lastBlock, openBlock, type StoredBlock } from './block-table.ts'
import type { RowSet } from './columns/row-set.ts'
import { type ProjectSize, ProjectSizes } from './project-sizes.ts'
import { LAYOUT_VERSION } from './schema.ts'
import { deleteSegmentOf, insertSegment, mergeSegments } from './words/segment-table.ts'

/** A row of arrivals has at most so many lines and about so many bytes, so that whole rows fill a block. */
const MAX_ROW_LINES = MAX_BLOCK_LINES / 4
const MAX_ROW_BYTES = MEBIBYTE / 2
/** A block has about so many bytes of lines as JSON, so that sealing and reading it take little memory. */
const MAX_BLOCK_BYTES = 2 * MEBIBYTE

const MAX_WAITING_BLOCKS = 3
/** Fewer free pages stay in the file for the next lines, and so do those that are a small part of it. */
const MIN_FREE_PAGES = 32
const MIN_FREE_SHARE = 0.25

/** Lines that are not sealed yet, one row of them. `bytes` is their size as JSON. */
type ArrivalRow = { id: number; lines: number; bytes: number; data: Buffer }

export class BlockPartition extends Partition {
  /** All of them, oldest first; null when they must be read from the file first. */
  #arrivals: ArrivalRow[] | null = null
  #unsealed = { lines: 0, bytes: 0 }
  #nextId = 1
  #generation = 0
  #sizes: ProjectSizes
  /** Lines of the transaction at hand that no row has yet, as texts: most lines become one as soon as they are read. */
  #pending: { texts: string[]; bytes: number } = { texts: [], bytes: 0 }

  constructor(folder: string, name: string, db: Sqlite) {
    super(folder, name, db)
    this.#sizes = new ProjectSizes(db)
    this.#readCounts()
  }

  /** Whether enough lines wait to fill a block. */
  get isSealDue(): boolean {
    return this.#unsealed.lines >= MAX_BLOCK_LINES || this.#unsealed.bytes >= MAX_BLOCK_BYTES
  }

  /** Whether so much waits that sealing must come before more lines: searches read all of it, and it takes memory. */
  get isSealOverdue(): boolean {
    return (
      this.#unsealed.lines >= MAX_WAITING_BLOCKS * MAX_BLOCK_LINES ||
      this.#unsealed.bytes >= MAX_WAITING_BLOCKS * MAX_BLOCK_BYTES
    )
  }

  protected get unsealed(): number {
    return this.#unsealed.lines
  }

  add(lines: readonly PlacedLine[]): void {
    const { summary } = this
    for (const placed of lines) {
      this.#addText(placed.line.project, arrivalText(placed))
      const { timestamp, position } = placed
      if (summary.first_timestamp === null || timestamp < summary.first_timestamp) summary.first_timestamp = timestamp
      if (summary.last_timestamp === null || timestamp > summary.last_timestamp) summary.last_timestamp = timestamp
      if (position > summary.last_position) summary.last_position = position
    }
    summary.lines += lines.length
  }

  protected override beforeCommit(): void {
    if (this.#pending.texts.length === 0) return
    this.#addRow()
    this.#saveCounts()
  }

  /**
   * Seals the oldest arrivals into one block, in a transaction of its own; returns how many, 0 when no block was made. Fewer than a
   * block has room for are only sealed with `all`, and join the last block when it has room for them.
   */
  seal(all: boolean): number {
    const rows = this.#nextRows()
    if (rows.length === 0 || !(all || this.isSealDue)) return 0
    const lines = rows.flatMap(linesOfRow)
    const bytes = rows.reduce((sum, row) => sum + row.bytes, 0)
    const last = this.#lastBlockWithRoom(lines.length, bytes)
    const block = sealBlock([...(last?.content ?? []), ...lines], bytes + (last?.stored.summary.rawBytes ?? 0))
    this.transaction(() => {
      if (last) this.#removeBlock(last.stored.id)
      this.#insertBlock(block)
      const remove = prepared(this.db, 'delete from arrivals where id = ?')
      for (const { id } of rows) remove.run(id)
      this.#saveCounts()
    })
    this.#arrivals!.splice(0, rows.length)
    this.#unsealed.lines -= lines.length
    this.#unsealed.bytes -= bytes
    return lines.length
  }

  /** Merges a part of the index of words, when there is enough of it; returns whether it did. */
  mergeWords(): boolean {
    return this.transaction(() =>
      mergeSegments(
        this.db,
        () => this.#nextId++,
        () => this.#saveCounts(),
      ),
    )
  }

  /** Gives the room of lines that are sealed now back to the disk, where it is a large part of the file. */
  compact(): void {
    const free = this.db.pragma('freelist_count', { simple: true }) as number
    const pages = this.db.pragma('page_count', { simple: true }) as number
    if (free >= MIN_FREE_PAGES && free >= MIN_FREE_SHARE * pages) this.db.pragma('incremental_vacuum')
    this.emptyWal()
  }

  /** Removes rows of a block, in a transaction of its own: the others make a new block. */
  removeRows(stored: StoredBlock, rows: RowSet): void {
    const { lines, rawBytes } = stored.summary
    const removed = rows.count
    if (removed === 0) return
    const kept = removed === lines ? [] : linesOf(this.db, stored).filter((_, row) => !rows.has(row))
    const block = kept.length > 0 ? sealBlock(kept, Math.round((rawBytes * kept.length) / lines)) : null
    const projects = this.#projectsOf(stored, rows)
    this.transaction(() => {
      this.#removeBlock(stored.id)
      if (block) this.#insertBlock(block)
      for (const [project, count] of projects) this.#sizes.remove(project, count)
      this.summary.lines -= removed
      this.#saveCounts()
    })
  }

  /** Removes arrivals, in a transaction of its own; returns how many. */
  removeArrivals(isRemoved: (line: PlacedLine) => boolean): number {
    let removed = 0
    this.transaction(() => {
      for (const row of this.#readArrivals()) {
        const lines = linesOfRow(row)
        const kept = lines.filter(line => !isRemoved(line))
        if (kept.length === lines.length) continue
        removed += lines.length - kept.length
        for (const line of lines) if (isRemoved(line)) this.#sizes.remove(line.line.project, 1)
        prepared(this.db, 'delete from arrivals where id = ?').run(row.id)
        // With its old id, which keeps its place; readers see that its size has changed.
        if (kept.length > 0) this.#insertRow(row.id, kept)
      }
      this.summary.lines -= removed
      this.#generation++
      this.#saveCounts()
    })
    this.#arrivals = null
    this.#readCounts()
    return removed
  }

  override setScrubbing(on: boolean): void {
    if (!on) this.db.pragma('incremental_vacuum')
    super.setScrubbing(on)
  }

  protected override reload(): void {
    super.reload()
    this.#pending = { texts: [], bytes: 0 }
    this.#arrivals = null
    this.#sizes = new ProjectSizes(this.db)
    this.#readCounts()
  }

  protected override get projects(): ProjectSize[] {
    return this.#sizes.list()
  }

  /** How many of the rows of a block each project has. */
  #projectsOf(stored: StoredBlock, rows: RowSet): Map<string, number> {
    const { values, ids } = openBlock(this.db, stored).fields.project
    const counts = new Map<string, number>()
    for (const row of rows.ascending()) counts.set(values[ids[row]!]!, (counts.get(values[ids[row]!]!) ?? 0) + 1)
    return counts
  }

  #addText(project: string, text: string): void {
    const pending = this.#pending
    if (pending.texts.length === MAX_ROW_LINES || pending.bytes >= MAX_ROW_BYTES) this.#addRow()
    const bytes = text.length + 1
    this.#pending.texts.push(text)
    this.#pending.bytes += bytes
    this.#sizes.add(project, 1, bytes)
  }

  #addRow(): void {
    const { texts, bytes } = this.#pending
    this.#pending = { texts: [], bytes: 0 }
    const row = this.#insertTexts(this.#nextId++, texts, bytes)
    this.#arrivals?.push(row)
    this.#unsealed.lines += texts.length
    this.#unsealed.bytes += bytes
  }

  #insertRow(id: number, lines: readonly PlacedLine[]): void {
    const texts = lines.map(arrivalText)
    this.#insertTexts(
      id,
      texts,
      texts.reduce((sum, text) => sum + text.length + 1, 0),
    )
  }

  #insertTexts(id: number, texts: readonly string[], bytes: number): ArrivalRow {
    // As bytes: lines that are kept as objects until they are sealed would be garbage of the old generation.
    const data = Buffer.from(texts.join('\n'))
    prepared(this.db, 'insert into arrivals values (?, ?, ?, ?)').run(id, texts.length, bytes, data)
    return { id, lines: texts.length, bytes, data }
  }

  #insertBlock(block: ReturnType<typeof sealBlock>): void {
    const id = this.#nextId++
    // From here on a Vakt that knows the earlier layout only must not read the file.
    if (this.db.pragma('user_version', { simple: true }) !== LAYOUT_VERSION)
      this.db.pragma(`user_version = ${LAYOUT_VERSION}`)
    insertBlock(this.db, id, block)
    insertSegment(this.db, this.#nextId++, [{ block: id, hashes: block.words }])
    this.#generation++
  }

  #removeBlock(id: number): void {
    deleteBlock(this.db, id)
    deleteSegmentOf(this.db, id)
    this.#generation++
  }

  /** The oldest rows that fill a block. */
  #nextRows(): ArrivalRow[] {
    const rows: ArrivalRow[] = []
    let lines = 0
    let bytes = 0
    for (const row of this.#readArrivals()) {
      lines += row.lines
      bytes += row.bytes
      if (rows.length > 0 && (lines > MAX_BLOCK_LINES || bytes > MAX_BLOCK_BYTES)) break
      rows.push(row)
    }
    return rows
  }

  /** The last block with its lines; null when it has no room for more, or cannot be read. */
  #lastBlockWithRoom(lines: number, bytes: number): { stored: StoredBlock; content: PlacedLine[] } | null {
    const stored = lastBlock(this.db)
    const hasRoom =
      stored !== null &&
      stored.summary.lines + lines <= MAX_BLOCK_LINES &&
      stored.summary.rawBytes + bytes <= MAX_BLOCK_BYTES
    if (!hasRoom) return null
    try {
      return { stored, content: linesOf(this.db, stored) }
    } catch (error) {
      if (error instanceof BlockDamagedError) return null
      throw error
    }
  }

  #readArrivals(): ArrivalRow[] {
    if (this.#arrivals === null) {
      const rows = prepared(this.db, 'select id, lines, bytes, data from arrivals order by id').all()
      this.#arrivals = rows as ArrivalRow[]
    }
    return this.#arrivals
  }

  #readCounts(): void {
    this.#unsealed = prepared(
      this.db,
      'select coalesce(sum(lines), 0) as lines, coalesce(sum(bytes), 0) as bytes from arrivals',
    ).get() as { lines: number; bytes: number }
    const ids = prepared(this.db, 'select next_id, generation from summary').get() as {
      next_id: number
      generation: number
    }
    this.#nextId = ids.next_id
    this.#generation = ids.generation
    // Nothing to read: what arrives from now on is remembered.
    if (this.#unsealed.lines === 0) this.#arrivals = []
  }

  #saveCounts(): void {
    prepared(this.db, 'update summary set next_id = ?, generation = ?').run(this.#nextId, this.#generation)
    this.#sizes.save()
  }
}

function linesOfRow({ data }: ArrivalRow): PlacedLine[] {
  return data.toString('utf8').split('\n').map(parseArrival)
}

/** All lines of a block. */
function linesOf(db: Sqlite, stored: StoredBlock): PlacedLine[] {
  const block = openBlock(db, stored)
  const { timestamps, positions } = block.keys
  return Array.from({ length: block.lines }, (_, row) => {
    const { id: _id, ...line } = block.line(row)
    return { line, timestamp: timestamps[row]!, position: positions[row]! }
  })
}
