// Opens a state as Vakt does and is killed in the middle of its migrations, after keeping what is on disk at each step of them.
//
// node mortal-migration.testing.ts <data folder> <migrations> <steps to live> <folder for what is on disk>
// A step is a statement of the transaction that migrates: its begin, those of each migration, its commit. Nobody outlives the last.
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { openState } from './database.ts'

const [folder, migrations, stepsToLive, kept] = process.argv.slice(2) as [string, string, string, string]
const file = join(folder, 'vakt.db')
let steps = 0
let begun = false

const prepare = BetterSqlite.prototype.prepare
BetterSqlite.prototype.prepare = function (this: BetterSqlite.Database, sql: string) {
  const statement: BetterSqlite.Statement = prepare.call(this, sql) as BetterSqlite.Statement
  const { run } = statement
  if (this.name !== file) return statement
  statement.run = (...values: unknown[]) => {
    const result = run.apply(statement, values)
    step(this, sql.trim())
    return result
  }
  return statement
} as typeof prepare

openState(folder, migrations)
process.kill(process.pid, 'SIGKILL')

function step(db: BetterSqlite.Database, sql: string): void {
  if (/^begin\b/i.test(sql)) {
    begun = true
    // What is changed does not wait in memory for the commit, as in a migration of many rows.
    db.pragma('cache_size = 1')
  }
  if (!begun) return
  steps++
  keep(join(kept, String(steps)))
  if (steps === Number(stepsToLive)) process.kill(process.pid, 'SIGKILL')
  if (/^commit\b/i.test(sql)) begun = false
}

/** What a kill at this moment leaves: the files as the operating system has them. */
function keep(place: string): void {
  mkdirSync(place, { recursive: true })
  for (const suffix of ['', '-wal']) copyFileSync(file + suffix, join(place, `vakt.db${suffix}`))
}
