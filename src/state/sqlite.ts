// SQLite as Vakt opens it: better-sqlite3, with statements that are compiled once and not anew for every value.
import BetterSqlite from 'better-sqlite3'

/** A statement that takes `P` and gives rows `R`. */
export type Statement<P extends unknown[] = unknown[], R = unknown> = BetterSqlite.Statement<P, R>

/**
 * A connection. Throws SQLite's errors, with their `code`.
 *
 * SQLite plans joins, orders and limits by the values bound to a statement, and so compiles it anew at the first step
 * after every bind (https://sqlite.org/c3ref/prepare.html, on the bindings of a parameter); its switch against that
 * (SQLITE_DBCONFIG_ENABLE_QPSG) is out of reach. For queries as small as Vakt's that costs ten times what they take. A
 * unary plus before a parameter changes nothing of its value and keeps it out of the planning; where an index holds some
 * rows only, the query must name its condition literally.
 */
export class Sqlite extends BetterSqlite {
  override prepare: BetterSqlite.Database['prepare'] = sql =>
    super.prepare(sql.replace(PIECES, (piece, parameter) => (parameter ? `+${piece}` : piece)))
}

/** A statement of a connection, prepared at its first use. Whoever sets a mode of it (raw, pluck) sets it for all. */
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
