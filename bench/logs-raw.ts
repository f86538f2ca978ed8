// Measures the insert rate of SQLite itself: the rows of the log store, durable, without index, workers or answers.
import Database from 'better-sqlite3'

const ROWS_PER_TRANSACTION = 4_000

/** Lines a second, of bodies of NDJSON parsed beforehand, in transactions as large as the store's. */
export function rawInsertRate(file: string, bodies: readonly Uint8Array[]): number {
  const lines = bodies.flatMap(body =>
    new TextDecoder()
      .decode(body)
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line)),
  )
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec('create table lines (id integer primary key, at, level, message, source, host, grp, rest)')
  const insert = db.prepare('insert into lines values (null, ?, ?, ?, ?, ?, ?, ?)')
  const begun = performance.now()
  for (let at = 0; at < lines.length; at += ROWS_PER_TRANSACTION) {
    db.transaction(() => {
      for (const { level, message, source, host, group, attributes } of lines.slice(at, at + ROWS_PER_TRANSACTION))
        insert.run(begun, level, message, source, host, group, JSON.stringify(attributes))
    }).immediate()
  }
  const seconds = (performance.now() - begun) / 1_000
  db.close()
  return lines.length / seconds
}
