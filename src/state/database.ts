// The state database: opens it, migrates it, and changes it only inside IMMEDIATE transactions.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { errorMessage } from '../text.ts'
import { DeferredWrites } from './deferred-writes.ts'
import { watchPresence } from './file-presence.ts'
import { lockFolder } from './folder-lock.ts'
import type { MemoryName } from './memory.ts'
import { type Database, drizzle, migrate, preparedQuery } from './orm.ts'
import { quickCheck, quickCheckInBackground } from './quick-check.ts'
import { prepared, Sqlite, type Statement } from './sqlite.ts'
import { openProblem } from './start-problem.ts'
import { goneProblem, stateProblem } from './state-problem.ts'

/** What is applied when a state is opened, as drizzle-kit writes it. */
export const MIGRATIONS = join(import.meta.dirname, '../../migrations')

/** What listeners wait for: changed alerts (to deliver them), deadlines (to wake in time), and what is kept in memory of others. */
export type Topic =
  | 'alerts'
  | 'deadlines'
  | 'probes'
  | 'status pages'
  | 'channels'
  | 'reports'
  | 'keys'
  | 'forwards'
  | 'boards'
  | 'satellites'

/** A larger database is checked for damage beside the work: a tenth of a second or more for every 32 MiB. */
const MAX_CHECKED_AT_ONCE_BYTES = 32 * 1024 * 1024

/** Ends a rehearsal. */
const UNDO = new Error('a rehearsal is undone')

type WatchedFile = { path: string; isGone(): boolean }

/** An open state database. All of it is synchronous; changes happen inside `transaction`. */
export class State {
  readonly db: Database
  readonly #sqlite: Sqlite
  readonly #queries = new Map<string, unknown>()
  readonly #listeners: ((changed: ReadonlySet<Topic>) => void)[] = []
  readonly #memory = new Map<MemoryName, Map<string, unknown>>()
  readonly #last = new DeferredWrites()
  readonly #prepare = (sql: string) => this.prepare(sql)
  #changed = new Set<Topic>()
  readonly #release: () => void
  readonly #begin: Statement
  readonly #commit: Statement
  /** Whether a transaction is running; asking SQLite would cost every beat a call. */
  #open = false

  readonly #file: WatchedFile | null
  #gone = false
  #fence: () => void = () => {}
  /** What is damaged, in the words of SQLite; null when nothing is, undefined while nobody has checked. */
  damage: string | null | undefined

  constructor(sqlite: Sqlite, release: () => void = () => {}, file: WatchedFile | null = null) {
    this.#sqlite = sqlite
    this.#release = release
    this.#file = file
    this.#begin = sqlite.prepare('begin immediate')
    this.#commit = sqlite.prepare('commit')
    this.db = drizzle(sqlite)
  }

  /**
   * Runs `work` in an IMMEDIATE transaction and commits it to disk before returning; a throw rolls everything back. Inside
   * another transaction it joins that one. Throws a `Problem` when the database cannot be written.
   */
  transaction<T>(work: () => T): T {
    if (this.#open) return work()
    this.#gone = this.#file?.isGone() ?? false
    this.mustBeThere()
    this.#fence()
    let result: T
    try {
      this.#begin.run()
      this.#open = true
      result = work()
      this.#last.flush(this.#prepare)
      this.#fence()
      this.#commit.run()
      this.#open = false
    } catch (error) {
      this.#open = false
      // SQLite itself may have rolled back already, for example on a full disk.
      if (this.#sqlite.inTransaction) this.prepare('rollback').run()
      this.#changed.clear()
      this.#memory.clear()
      this.#last.forget()
      throw stateProblem(error)
    }
    const changed = this.#changed
    // A pause during the commit may have outlasted the lease: then nothing follows from it, not even an answer.
    this.#fence()
    if (changed.size > 0) {
      this.#changed = new Set()
      for (const listener of this.#listeners) listener(changed)
    }
    return result
  }

  /**
   * Has `check` called at the beginning of each transaction, right before its commit and right after it. It throws when this
   * process may change nothing any more, because another Vakt has taken over.
   */
  setFence(check: () => void): void {
    this.#fence = check
  }

  /** Does `work` in a transaction and undoes it. Throws what `transaction` would throw, except at the commit. */
  rehearse(work: () => void): void {
    try {
      this.transaction(() => {
        work()
        this.#last.flush(this.#prepare)
        throw UNDO
      })
    } catch (error) {
      if (error !== UNDO) throw error
    }
  }

  /** Checks the database for damage: at once, or beside the work when the file is large. The result is in `damage`. */
  check(): void {
    const pages = this.#sqlite.pragma('page_count', { simple: true }) as number
    const bytes = pages * (this.#sqlite.pragma('page_size', { simple: true }) as number)
    if (this.#file === null || bytes <= MAX_CHECKED_AT_ONCE_BYTES) this.damage = quickCheck(this.#sqlite)
    else
      quickCheckInBackground(this.#file.path, damage => {
        this.damage = damage
      })
  }

  /**
   * Throws a `Problem` when the last transaction found the database file gone: nothing answered from then on would be
   * stored. It costs nothing; asking the file system at every request would.
   */
  mustBeThere(): void {
    if (this.#gone) throw goneProblem(this.#file!.path)
  }

  /**
   * Defers a write to the end of the running transaction; a later one with the same `key` replaces it. It is for rows that
   * one transaction would write again and again; whoever reads such a row meanwhile must look into `memory` first.
   */
  writeLast(key: number, write: () => void): void {
    this.#last.write(key, write)
  }

  /**
   * Defers the insertion of a row to the end of the running transaction (or to `insertNow`), where one statement inserts
   * many. `into` is the insert statement up to and including `values`, the same text each time.
   */
  insertLast(into: string, row: unknown[]): void {
    this.#last.insert(into, row)
  }

  /** Inserts the deferred rows now, because the following statements read them or must come after them. */
  insertNow(): void {
    this.#last.flushRows(this.#prepare)
  }

  /** How many rows were written since the state was opened: while it is the same, every query gives what it gave. */
  changes(): number {
    return this.prepare<[], { changes: number }>('select total_changes() as changes').get()!.changes
  }

  /** A hand-written statement for hot paths; prepared once. */
  prepare<P extends unknown[] = unknown[], R = unknown>(sql: string): Statement<P, R> {
    return prepared(this.#sqlite, sql) as Statement<P, R>
  }

  /** A prepared query of the query builder, built once per `name`. */
  prepared<Q>(name: string, make: (db: Database) => Q): Q {
    let query = this.#queries.get(name)
    if (!query) {
      query = preparedQuery(name, this.#sqlite, this.db, make)
      this.#queries.set(name, query)
    }
    return query as Q
  }

  /**
   * A cache of rows under `name`, for hot paths. Whoever writes such rows updates the cache or calls `forget`; a rollback
   * clears all caches.
   */
  memory<V>(name: MemoryName): Map<string, V> {
    let rows = this.#memory.get(name)
    if (!rows) {
      rows = new Map()
      this.#memory.set(name, rows)
    }
    return rows as Map<string, V>
  }

  forget(name: MemoryName): void {
    this.#last.flush(this.#prepare)
    this.#memory.delete(name)
  }

  /** Marks `topic` as changed by the running transaction; listeners hear of it after the commit. */
  emit(topic: Topic): void {
    this.#changed.add(topic)
  }

  /** Calls `listener` after every commit that changed a topic. */
  onCommit(listener: (changed: ReadonlySet<Topic>) => void): void {
    this.#listeners.push(listener)
  }

  /** Checkpoints the write-ahead log and closes the database. */
  close(): void {
    this.#sqlite.close()
    this.#release()
  }
}

/**
 * Opens the state in `folder`, creating and migrating it as needed. Throws a `Problem` when another Vakt uses the folder,
 * when it cannot be written, or when the database is damaged or newer than this Vakt. Only tests bring other migrations;
 * whoever has locked the folder already brings what releases it.
 */
export function openState(folder: string, migrations = MIGRATIONS, release = lockFolder(folder)): State {
  const file = join(folder, 'vakt.db')
  try {
    if (!existsSync(file) && existsSync(join(folder, RESTORE_FOLDER))) throw unfinishedRestore(folder)
    return prepareState(new Sqlite(file), migrations, release, file)
  } catch (error) {
    release()
    if (error instanceof Problem) throw error
    throw openProblem(error, folder, file)
  }
}

/** Where a restore puts what it fetches; it is gone when the restore ends. */
export const RESTORE_FOLDER = 'restore.tmp'

/** A new state would take the place of the one that somebody is bringing back. */
function unfinishedRestore(folder: string): Problem {
  return new Problem(
    'conflict',
    `A restore into ${folder} did not end. Run "vakt restore" again, or remove ${join(folder, RESTORE_FOLDER)} to start without a state.`,
  )
}

/** A state in memory, for tests: the first is migrated, the others are copies of it. */
export function memoryState(): State {
  pristine ??= migratedDatabase()
  return new State(withPragmas(new Sqlite(pristine)))
}

/** The tables and indexes of a database. */
export function schemaNames(database: Sqlite): string[] {
  const sql = `select name from sqlite_master where type in ('table', 'index') and name not like 'sqlite_%'`
  return database.prepare<[], string>(sql).pluck().all()
}

/** Those that a state of this version of Vakt has. */
export function knownSchemaNames(): string[] {
  pristine ??= migratedDatabase()
  const database = new Sqlite(pristine)
  try {
    return schemaNames(database)
  } finally {
    database.close()
  }
}

let pristine: Buffer | null = null

function migratedDatabase(): Buffer {
  const sqlite = new Sqlite(':memory:')
  prepareState(sqlite, MIGRATIONS)
  return sqlite.serialize()
}

function prepareState(sqlite: Sqlite, migrations: string, release?: () => void, path?: string): State {
  withPragmas(sqlite)
  const file = path === undefined ? null : { path, isGone: watchPresence(path) }
  const state = new State(sqlite, release, file)
  sqlite.pragma('foreign_keys = OFF')
  const isMigrated = refuseNewer(sqlite, migrations)
  if (path !== undefined) state.check()
  if (state.damage && !isMigrated) throw new Problem('internal', damagedBeforeUpdate(path!, state.damage))
  applyMigrations(state, migrations)
  sqlite.pragma('foreign_keys = ON')
  return state
}

function withPragmas(sqlite: Sqlite): Sqlite {
  // SQLite's own lower() changes only the letters of ASCII.
  sqlite.function('lower_case', { deterministic: true }, text => String(text).toLowerCase())
  sqlite.pragma('journal_mode = WAL')
  // better-sqlite3 is built with WAL synchronous=NORMAL, which may lose an answered commit when the power goes.
  sqlite.pragma('synchronous = FULL')
  sqlite.pragma('busy_timeout = 5000')
  sqlite.pragma('cache_size = -16000')
  sqlite.pragma('foreign_keys = ON')
  return sqlite
}

function applyMigrations(state: State, migrations: string): void {
  try {
    migrate(state.db, { migrationsFolder: migrations })
  } catch (error) {
    const { cause: hidden = error } = error as Error
    if (!/cannot rollback/.test(errorMessage(hidden))) throw error
    // SQLite rolls back by itself when the disk is full or fails (https://sqlite.org/lang_transaction.html), and the
    // migrator's own rollback then hides why.
    throw Object.assign(new Error('a migration was rolled back', { cause: error }), { code: 'SQLITE_IOERR' })
  }
}

/** A migration may make a damaged database worse. */
function damagedBeforeUpdate(file: string, damage: string): string {
  return `The state database ${file} is damaged (${damage}), and this version of Vakt would have to change it. Restore it from a backup, or start the version that wrote it. Keep the damaged file: "sqlite3 vakt.db .recover" may save most of it.`
}

/**
 * A database that a newer Vakt migrated may hold things that this version does not understand. Returns whether the database
 * has all migrations; a new one counts as if it had.
 */
function refuseNewer(sqlite: Sqlite, migrations: string): boolean {
  const found = migrationsOf(sqlite, migrations)
  if (found === null) return true
  const { newest, known } = found
  if (newest > known) {
    throw new Problem(
      'conflict',
      'The state database belongs to a newer Vakt. Start that version, or restore a backup from before the update.',
    )
  }
  return newest === known
}

/** Whether the state database `file` was migrated by a newer Vakt. Throws what SQLite throws. */
export function isStateNewer(file: string): boolean {
  const sqlite = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    const found = migrationsOf(sqlite, MIGRATIONS)
    return found !== null && found.newest > found.known
  } finally {
    sqlite.close()
  }
}

/** The times of the newest migration of a database and of the newest known one; null for a database without a table of them. */
function migrationsOf(sqlite: Sqlite, migrations: string): { newest: number; known: number } | null {
  const table = sqlite.prepare(`select 1 from sqlite_master where name = '__drizzle_migrations'`).get()
  if (!table) return null
  const journal = JSON.parse(readFileSync(join(migrations, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[]
  }
  const { newest } = sqlite.prepare('select max(created_at) as newest from __drizzle_migrations').get() as {
    newest: number | null
  }
  return { newest: Number(newest ?? 0), known: Math.max(...journal.entries.map(entry => entry.when)) }
}
