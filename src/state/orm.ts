// The query builder, through its CommonJS build. Node parses a package's package.json once for every ES module of it, and
// drizzle's is 179 KB for 150 modules: that cost 0.3 s and 200 MB at every start.
import { createRequire } from 'node:module'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { BoundedMap } from '../bounded-map.ts'
import type { Sqlite, Statement } from './sqlite.ts'

// The migration maker reads the schema as CommonJS, where import.meta is empty.
const require = createRequire(import.meta.filename ?? __filename)

const core: typeof import('drizzle-orm') = require('drizzle-orm')
const sqlite: typeof import('drizzle-orm/sqlite-core') = require('drizzle-orm/sqlite-core')
const driver: typeof import('drizzle-orm/better-sqlite3') = require('drizzle-orm/better-sqlite3')
const migrator: typeof import('drizzle-orm/better-sqlite3/migrator') = require('drizzle-orm/better-sqlite3/migrator')

export const { and, asc, desc, eq, gt, gte, isNotNull, isNull, lt, lte, ne, or, sql } = core
export const { blob, index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } = sqlite
export const { migrate } = migrator

export type Database = BetterSQLite3Database

/** How many statements of queries that are built again for each use stay compiled, by their SQL. */
const MAX_COMPILED = 400

/** The query builder over a connection. The same SQL is compiled once, because that takes longer than to run it. */
export function drizzle(sqlite: Sqlite): Database {
  const compiled = new BoundedMap<string, Statement>(MAX_COMPILED)
  const prepare = (text: string) => {
    const known = compiled.get(text)
    if (known) return known
    const statement = sqlite.prepare(text)
    compiled.set(text, statement)
    return statement
  }
  return driver.drizzle(Object.create(sqlite, { prepare: { value: prepare } }) as Sqlite)
}

/** What a query of the query builder is once it is prepared: its SQL, how its rows are read, and the statement of a connection. */
type PreparedQuery = { stmt: unknown; getQuery(): { sql: string } }

const queries = new Map<string, PreparedQuery>()

/**
 * The query called `name`, prepared on a connection. It is built by the first connection that asks; the others only compile
 * its SQL, because building takes a hundred times as long as running it.
 */
export function preparedQuery<Q>(name: string, sqlite: Sqlite, db: Database, make: (db: Database) => Q): Q {
  const known = queries.get(name)
  const built = known ?? (make(db) as PreparedQuery)
  if (!known) queries.set(name, withStatement(built, null))
  return (known ? withStatement(known, sqlite.prepare(known.getQuery().sql)) : built) as Q
}

function withStatement(query: PreparedQuery, stmt: unknown): PreparedQuery {
  return Object.assign(Object.create(Object.getPrototypeOf(query)), query, { stmt })
}
