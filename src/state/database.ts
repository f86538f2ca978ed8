// The state database: opened with its pragmas, migrated, and changed only inside IMMEDIATE transactions.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { Problem } from '../problem.ts'
import { DeferredWrites } from './deferred-writes.ts'
import { watchPresence } from './file-presence.ts'
import { lockFolder } from './folder-lock.ts'
import type { MemoryName } from './memory.ts'
import { drizzle, migrate } from './orm.ts'
import * as schema from './schema/index.ts'
import { prepared, Sqlite, type Statement } from './sqlite.ts'
import { goneProblem, stateProblem } from './state-problem.ts'

/** What is applied when a state is opened, as drizzle-kit writes it. */
export const MIGRATIONS = join(import.meta.dirname, '../../migrations')

/** What others wait for: alerts (to deliver them) and deadlines (to sleep no longer than the nearest). */
export type Topic = 'alerts' | 'deadlines' | 'channels' | 'reports'

type WatchedFile = { path: string; isGone(): boolean }

/** One open state database. Everything in it is synchronous; see `transaction` for how changes are made. */
export class State {
  readonly db: BetterSQLite3Database<typeof schema>
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
  /** Whether a transaction runs; asking SQLite would cost every beat a call. */
  #open = false

  readonly #file: WatchedFile | null
  #gone = false

  constructor(sqlite: Sqlite, release: () => void = () => {}, file: WatchedFile | null = null) {
    this.#sqlite = sqlite
    this.#release = release
    this.#file = file
    this.#begin = sqlite.prepare('begin immediate')
    this.#commit = sqlite.prepare('commit')
    this.db = drizzle(sqlite, { schema })
  }

  /**
   * Runs `work` in one IMMEDIATE transaction and commits it to disk before returning; a throw rolls everything back.
   * Inside another transaction it simply joins that one. Throws a `Problem` when the database takes nothing.
   */
  transaction<T>(work: () => T): T {
    if (this.#open) return work()
    this.#gone = this.#file?.isGone() ?? false
    this.mustBeThere()
    let result: T
    try {
      this.#begin.run()
      this.#open = true
      result = work()
      this.#last.flush(this.#prepare)
      this.#commit.run()
      this.#open = false
    } catch (error) {
      this.#open = false
      // SQLite itself may have rolled back already (disk full, for one).
      if (this.#sqlite.inTransaction) this.prepare('rollback').run()
      this.#changed.clear()
      this.#memory.clear()
      this.#last.forget()
      throw stateProblem(error)
    }
    const changed = this.#changed
    if (changed.size > 0) {
      this.#changed = new Set()
      for (const listener of this.#listeners) listener(changed)
    }
    return result
  }

  /**
   * Throws a `Problem` when the last transaction found the file of the database gone, and with it what is answered from
   * now on. It costs nothing: to ask the file system at every request would be felt.
   */
  mustBeThere(): void {
    if (this.#gone) throw goneProblem(this.#file!.path)
  }

  /**
   * Puts a write off to the end of the running transaction; a later one of the same `key` takes its place. For rows that
   * many changes of one transaction would write again and again; who reads such a row meanwhile must know of `memory`.
   */
  writeLast(key: number, write: () => void): void {
    this.#last.write(key, write)
  }

  /**
   * Puts the insertion of a row off to the end of the running transaction (or to `insertNow`), where many go in one
   * statement. `into` is the insert up to and with its `values`, the same words each time.
   */
  insertLast(into: string, row: unknown[]): void {
    this.#last.insert(into, row)
  }

  /** Inserts what was put off, because what follows reads it or comes after it. */
  insertNow(): void {
    this.#last.flushRows(this.#prepare)
  }

  /** A statement by hand, for hot paths; prepared once. */
  prepare<P extends unknown[] = unknown[], R = unknown>(sql: string): Statement<P, R> {
    return prepared(this.#sqlite, sql) as Statement<P, R>
  }

  /** A prepared query of the query builder, made once per `name`. */
  prepared<Q>(name: string, make: (db: BetterSQLite3Database<typeof schema>) => Q): Q {
    let query = this.#queries.get(name)
    if (!query) {
      query = make(this.db)
      this.#queries.set(name, query)
    }
    return query as Q
  }

  /**
   * Rows kept in memory under `name` as they are stored, for hot paths. Whoever writes the rows keeps it true or calls
   * `forget`; a rollback forgets everything.
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

  /** Notes what the running transaction changes, for those who wait for it. */
  emit(topic: Topic): void {
    this.#changed.add(topic)
  }

  /** Calls `listener` after every committed transaction that changed something. */
  onCommit(listener: (changed: ReadonlySet<Topic>) => void): void {
    this.#listeners.push(listener)
  }

  /** Brings the write-ahead log home and closes. */
  close(): void {
    this.#sqlite.close()
    this.#release()
  }
}

/**
 * Opens (and makes, and migrates) the state in `folder`. Throws a `Problem` when another Vakt uses the folder, when it
 * cannot be written, or when the database is damaged or newer than this Vakt. Only tests bring other migrations.
 */
export function openState(folder: string, migrations = MIGRATIONS): State {
  const release = lockFolder(folder)
  const file = join(folder, 'vakt.db')
  try {
    return prepareState(new Sqlite(file), migrations, release, file)
  } catch (error) {
    release()
    if (error instanceof Problem) throw error
    if (
      ['SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM'].some(code =>
        String((error as { code?: string }).code).startsWith(code),
      )
    ) {
      throw new Problem(
        'internal',
        `The state database ${file} cannot be written (${(error as Error).message}). Make it writable for the user that runs Vakt.`,
        { cause: error },
      )
    }
    throw new Problem(
      'internal',
      `The state database ${file} cannot be opened (${(error as Error).message}). Restore it from a backup, or move it away to start afresh.`,
      { cause: error },
    )
  }
}

/** A state in memory, for tests: the first one is migrated, the others are copies of it. */
export function memoryState(): State {
  pristine ??= migratedDatabase()
  return new State(withPragmas(new Sqlite(pristine)))
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
  refuseNewer(sqlite, migrations)
  migrate(state.db, { migrationsFolder: migrations })
  sqlite.pragma('foreign_keys = ON')
  return state
}

function withPragmas(sqlite: Sqlite): Sqlite {
  sqlite.pragma('journal_mode = WAL')
  // better-sqlite3 is built with WAL synchronous=NORMAL, which may lose an answered commit when the power goes.
  sqlite.pragma('synchronous = FULL')
  sqlite.pragma('busy_timeout = 5000')
  sqlite.pragma('cache_size = -16000')
  sqlite.pragma('foreign_keys = ON')
  return sqlite
}

/** A database that a newer Vakt has changed may mean things this one does not know. */
function refuseNewer(sqlite: Sqlite, migrations: string): void {
  const table = sqlite.prepare(`select 1 from sqlite_master where name = '__drizzle_migrations'`).get()
  if (!table) return
  const journal = JSON.parse(readFileSync(join(migrations, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[]
  }
  const known = Math.max(...journal.entries.map(entry => entry.when))
  const { newest } = sqlite.prepare('select max(created_at) as newest from __drizzle_migrations').get() as {
    newest: number | null
  }
  if (Number(newest ?? 0) > known) {
    throw new Problem(
      'conflict',
      'The state database was made by a newer Vakt. Start that version, or restore a backup from before the update.',
    )
  }
}
