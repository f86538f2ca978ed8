// A partition file as SQLite has it: opened with its pragmas, made when it is new, and how much room it takes.
import { statSync } from 'node:fs'
import { Sqlite } from '../../../state/sqlite.ts'
import { LAYOUT, SCHEMA } from './rows.ts'

/** The one row that tells of a partition as a whole. */
export type Summary = {
  lines: number
  first_timestamp: number | null
  last_timestamp: number | null
  last_position: number
  expires_at: number
  filled: number
  merged: number
}

const PAGE_BYTES = 8192
/** 4 MB: what is written home at a time keeps a batch of lines waiting for a few milliseconds only. */
const CHECKPOINT_PAGES = 500
/** When readers have kept the write-ahead log from starting over up to this size, the writer waits for them. */
export const LONGEST_LOG_BYTES = 64 * 1024 * 1024

/** Opens a file for its writer. Throws SQLite's errors. */
export function openPartitionFile(file: string, expiresAt: number): Sqlite {
  const db = new Sqlite(file)
  try {
    db.pragma(`page_size = ${PAGE_BYTES}`)
    db.pragma('journal_mode = WAL')
    // better-sqlite3 is built with WAL synchronous=NORMAL, which may lose an answered commit when the power goes.
    db.pragma('synchronous = FULL')
    db.pragma('busy_timeout = 5000')
    db.pragma('cache_size = -16000')
    db.pragma('temp_store = MEMORY')
    // Pages that move leave nothing behind, so that a purge finds every copy of what it removes.
    db.pragma('secure_delete = FAST')
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    db.pragma(`journal_size_limit = ${LONGEST_LOG_BYTES / 2}`)
    const layout = db.pragma('user_version', { simple: true })
    if (layout === 0) makeTables(db, expiresAt)
    else if (layout !== LAYOUT) throw otherLayout(Number(layout))
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Files of an earlier layout are set aside like damaged ones; one from the future must not be touched. */
function otherLayout(layout: number): Error {
  const error = new Error(`it was written by another version of Vakt (layout ${layout})`)
  return layout < LAYOUT ? Object.assign(error, { code: 'SQLITE_FORMAT' }) : error
}

function makeTables(db: Sqlite, expiresAt: number): void {
  db.transaction(() => {
    db.exec(SCHEMA)
    db.prepare('insert into summary values (0, null, null, 0, ?, 0, 0)').run(expiresAt)
  }).immediate()
}

export function readSummary(db: Sqlite): Summary {
  const summary = db.prepare<[], Summary>('select * from summary').get()
  if (!summary) throw Object.assign(new Error('its summary is missing'), { code: 'SQLITE_CORRUPT' })
  return summary
}

/** Bytes of a file; 0 when it is not there. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
