// Opens a partition file with its pragmas, creates its tables when it is new, and tells its size.

import { statSync } from 'node:fs'
import { MEBIBYTE } from '../../../bytes.ts'
import { Sqlite } from '../../../state/sqlite.ts'
import { LAYOUT_VERSION, SCHEMA } from '../blocks/schema.ts'
import { OLDEST_LAYOUT_VERSION } from '../indexed/rows.ts'

/** The one row of the summary table: facts about the partition as a whole. */
export type Summary = {
  lines: number
  first_timestamp: number | null
  last_timestamp: number | null
  last_position: number
  expires_at: number
  filled: number
}

/** Small: a piece of a block fills its last page by half only. */
const PAGE_BYTES = 4096
/** 4 MB: a checkpoint of this size delays a batch of lines by a few milliseconds only. */
const CHECKPOINT_PAGES = 1_000
/** When readers keep the write-ahead log from starting over, the writer waits for them once it has this size. */
const MAX_WAL_BYTES = 64 * MEBIBYTE

/** How long the writer waits for a lock of another. */
export const BUSY_TIMEOUT_MS = 5_000

/** Opens a file for its writer; creates it when there is none. Throws SQLite's errors. */
export function openPartitionFile(file: string, expiresAt: number): Sqlite {
  const db = new Sqlite(file)
  try {
    db.pragma(`page_size = ${PAGE_BYTES}`)
    db.pragma('auto_vacuum = INCREMENTAL')
    db.pragma('journal_mode = WAL')
    // better-sqlite3 is built with WAL synchronous=NORMAL, which may lose an acknowledged commit in a power failure.
    db.pragma('synchronous = FULL')
    db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
    db.pragma('cache_size = -4000')
    db.pragma('temp_store = MEMORY')
    // Pages that move leave no copies behind, so that a purge removes every copy of a line.
    db.pragma('secure_delete = FAST')
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    db.pragma(`journal_size_limit = ${MAX_WAL_BYTES / 2}`)
    const layout = db.pragma('user_version', { simple: true })
    if (layout === 0) makeTables(db, expiresAt)
    else if (!isReadable(Number(layout))) throw layoutError(Number(layout))
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function isReadable(layout: number): boolean {
  return layout >= OLDEST_LAYOUT_VERSION && layout <= LAYOUT_VERSION
}

/** Files of an unreadable earlier layout are quarantined like damaged ones; a file of a later version must not be touched. */
function layoutError(layout: number): Error {
  const error = new Error(`it was written by another version of Vakt (layout ${layout})`)
  return layout < OLDEST_LAYOUT_VERSION ? Object.assign(error, { code: 'SQLITE_FORMAT' }) : error
}

function makeTables(db: Sqlite, expiresAt: number): void {
  db.transaction(() => {
    db.exec(SCHEMA)
    db.prepare('insert into summary (expires_at) values (?)').run(expiresAt)
  }).immediate()
}

export function readSummary(db: Sqlite): Summary {
  const summary = db
    .prepare<[], Summary>(
      'select lines, first_timestamp, last_timestamp, last_position, expires_at, filled from summary',
    )
    .get()
  if (!summary) throw Object.assign(new Error('its summary is missing'), { code: 'SQLITE_CORRUPT' })
  return summary
}

/** What a path leads to: a file that was removed, or replaced by another, has another identity. Null when there is none. */
export function fileIdentity(file: string): string | null {
  const found = statSync(file, { throwIfNoEntry: false })
  return found ? `${found.dev}:${found.ino}` : null
}

/** The size of a file in bytes; 0 when there is none. */
export function fileSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** Starts the write-ahead log over when it has become large. */
export function limitWal(db: Sqlite, file: string): void {
  if (fileSize(`${file}-wal`) > MAX_WAL_BYTES) db.pragma('wal_checkpoint(RESTART)')
}
