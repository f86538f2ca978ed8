// SQLite as Vakt opens it: better-sqlite3 with statements that are compiled once and not again for every value.
import BetterSqlite from 'better-sqlite3'

/** A statement with parameters `P` and rows `R`. */
export type Statement<P extends unknown[] = unknown[], R = unknown> = BetterSqlite.Statement<P, R>

/**
 * A connection. Throws SQLite's errors, with their `code`.
 *
 * SQLite plans joins, orders and limits by the bound values, and so compiles a statement again at the first step after
 * every bind (https://sqlite.org/c3ref/prepare.html, on bindings of parameters); the switch against that
 * (SQLITE_DBCONFIG_ENABLE_QPSG) is out of reach. For queries as small as Vakt's, that costs ten times the query itself. A
 * unary plus before a parameter does not change its value and keeps it out of the planning. A query that uses a partial
 * index must therefore name the condition of the index literally.
 */
export class Sqlite extends BetterSqlite {
  override prepare: BetterSqlite.Database['prepare'] = sql =>
    super.prepare(sql.replace(PIECES, (piece, parameter) => (parameter ? `+${piece}` : piece)))
}

/** A statement of a connection, prepared at its first use. Setting a mode (raw, pluck) sets it for all users. */
export function prepared(db: Sqlite, sql: string): Statement {
  let known = statements.get(db)
  if (!known) {
    known = new Map()
    statements.set(db, known)
  }
  let statement = known.get(sql)
  if (!statement) {
    statement = db.prepare(sql)
    known.set(sql, statement)
  }
  return statement
}

// Strings, quoted names and comments are left alone; a parameter is `?` or a name after `:`, `@` or `$`.
const PIECES = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|(?<!\w)(\?\d*|[:@$][A-Za-z_]\w*)/g

const statements = new WeakMap<Sqlite, Map<string, Statement>>()
