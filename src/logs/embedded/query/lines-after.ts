// Reads lines in the order they were stored, merged over all partitions.
import { prepared } from '../../../state/sqlite.ts'
import type { FeedPage, Position } from '../../store.ts'
import type { PartitionState } from '../partitions/partition.ts'
import { isCorruptionError } from '../partitions/quarantine.ts'
import { LINE_COLUMNS, lineOf, type Row } from '../partitions/rows.ts'
import { firstSlotFrom } from './index-lookup.ts'
import type { Snapshot } from './search-job.ts'
import { nextTurn } from './turns.ts'

/** One row first, because many partitions have their next line far beyond the page; then this many at a time. */
const ROWS_PER_READ = 256

/** The next rows of one partition; `slot` is where it goes on, null at its end. */
type Cursor = { name: string; rows: Row[]; at: number; slot: number | null }

/** As `LogFeed.linesAfter`; `committedTo` is known to the caller. */
export async function linesAfter(
  snapshot: Snapshot,
  after: Position,
  committedTo: Position,
  limits: { lines: number; bytes: number },
): Promise<FeedPage> {
  const lines: FeedPage['lines'][number][] = []
  let bytes = 0
  let usedMs = 0
  const cursors = limits.lines > 0 ? cursorsFrom(snapshot, after) : []
  for (;;) {
    const begunAt = performance.now()
    for (const cursor of cursors) if (cursor.at === cursor.rows.length) readMore(snapshot, cursor, committedTo)
    const open = cursors.filter(({ at, rows }) => at < rows.length)
    if (open.length === 0) return { lines, next: Math.max(after, committedTo), committedTo }
    let read = 0
    let lowest = lowestOf(open)
    do {
      const row = lowest.rows[lowest.at++]!
      lines.push(lineOf(row))
      bytes += Buffer.byteLength(row[4]) + Buffer.byteLength(row[10])
      if (lines.length >= limits.lines || bytes >= limits.bytes) return { lines, next: row[1], committedTo }
      // A cursor without rows may have the next line.
      if (lowest.at === lowest.rows.length) break
      lowest = lowestOf(open)
    } while (++read < ROWS_PER_READ)
    usedMs += performance.now() - begunAt
    await nextTurn(usedMs)
  }
}

/** A cursor in each partition that has lines after a position. */
function cursorsFrom(snapshot: Snapshot, after: Position): Cursor[] {
  const later = snapshot.partitions.filter(({ lines, lastPosition }) => lines > 0 && lastPosition > after)
  return later.map(({ name }: PartitionState): Cursor => {
    const slot = readFrom(snapshot, name, db => firstSlotFrom(db, after + 1))
    return { name, rows: [], at: 0, slot }
  })
}

function readMore(snapshot: Snapshot, cursor: Cursor, committedTo: Position): void {
  const { slot, name, rows: earlier } = cursor
  if (slot === null) return
  const limit = earlier.length === 0 ? 1 : ROWS_PER_READ
  const found = readFrom(
    snapshot,
    name,
    db =>
      prepared(db, `select ${LINE_COLUMNS} from lines where slot >= ? order by slot limit ?`)
        .raw()
        .all(slot, limit) as Row[],
  )
  const rows = (found ?? []).filter(row => row[1] <= committedTo)
  cursor.rows = rows
  cursor.at = 0
  cursor.slot = rows.length < limit ? null : rows.at(-1)![11] + 1
}

/** What `read` finds in a partition; null for a dropped one and for a damaged one, which it reports. */
function readFrom<T>(
  { connections, onCorruption }: Snapshot,
  name: string,
  read: (db: NonNullable<ReturnType<Snapshot['connections']['open']>>) => T,
): T | null {
  try {
    const db = connections.open(name)
    if (db) return read(db)
    onCorruption(name, new Error('its file is gone'))
  } catch (error) {
    if (!isCorruptionError(error)) throw error
    onCorruption(name, error as Error)
  }
  return null
}

function lowestOf(cursors: readonly Cursor[]): Cursor {
  return cursors.reduce((a, b) => (b.rows[b.at]![1] < a.rows[a.at]![1] ? b : a))
}
