// The table of sealed blocks of a partition, and their pieces.
import { prepared, type Sqlite } from '../../../state/sqlite.ts'
import { PIECES, type SealedBlock } from './block.ts'
import { BlockReader } from './block-reader.ts'
import { PIECES_PER_BLOCK } from './schema.ts'
import { readStoredSummary, type StoredSummary } from './stored-summary.ts'

/** A block by its id, which is never used again. */
export type StoredBlock = { id: number; summary: StoredSummary }

type Row = { id: number; summary: string }

export function insertBlock(db: Sqlite, id: number, { summary, pieces }: SealedBlock): void {
  const { lines, from, until, firstPosition, lastPosition } = summary
  prepared(db, 'insert into blocks values (?, ?, ?, ?, ?, ?, ?)').run(
    id,
    lines,
    from,
    until,
    firstPosition,
    lastPosition,
    JSON.stringify(summary),
  )
  for (const [number, name] of PIECES.entries()) {
    const data = pieces[name]
    if (data) prepared(db, 'insert into pieces values (?, ?)').run(id * PIECES_PER_BLOCK + number, data)
  }
}

export function deleteBlock(db: Sqlite, id: number): void {
  prepared(db, 'delete from blocks where id = ?').run(id)
  const first = id * PIECES_PER_BLOCK
  prepared(db, 'delete from pieces where id >= ? and id < ?').run(first, first + PIECES_PER_BLOCK)
}

/** All blocks in the order in which their lines were stored; those that are known already are not read again. */
export function readBlocks(db: Sqlite, known: ReadonlyMap<number, StoredBlock> = new Map()): StoredBlock[] {
  const ids = prepared(db, 'select id from blocks order by first_position').pluck().all() as number[]
  return ids.map(id => known.get(id) ?? readBlock(db, id)!)
}

/** The block with the newest lines, or null. */
export function lastBlock(db: Sqlite): StoredBlock | null {
  const row = prepared(db, 'select id, summary from blocks order by last_position desc limit 1').get() as
    | Row
    | undefined
  return row ? toBlock(row) : null
}

/** The block of an id, or null when it is gone. */
export function readBlock(db: Sqlite, id: number): StoredBlock | null {
  const row = prepared(db, 'select id, summary from blocks where id = ?').get(id) as Row | undefined
  return row ? toBlock(row) : null
}

/** The ids of all blocks. */
export function blockIds(db: Sqlite): number[] {
  return prepared(db, 'select id from blocks').pluck().all() as number[]
}

/** Reads the pieces of a block when they are needed. Throws when one is damaged. */
export function openBlock(db: Sqlite, { id, summary }: StoredBlock): BlockReader {
  const read = prepared(db, 'select data from pieces where id = ?').pluck()
  return new BlockReader(
    id,
    summary,
    piece => (read.get(id * PIECES_PER_BLOCK + PIECES.indexOf(piece)) as Uint8Array | undefined) ?? null,
  )
}

function toBlock({ id, summary }: Row): StoredBlock {
  return { id, summary: readStoredSummary(summary) }
}
