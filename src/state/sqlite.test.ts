// Statements whose plan is made once: what is bound to them is theirs to compare with, and nothing to plan by.
import BetterSqlite from 'better-sqlite3'
import { expect, it } from 'vitest'
import { Sqlite } from './sqlite.ts'

const TABLE = `create table jobs (id integer primary key, name text, "is it?" integer, state text);
  create index open_jobs on jobs (name) where state = 'open';
  insert into jobs values (1, 'it''s ?', 7, 'open'), (2, ':b', 8, 'over'), (3, null, 9, 'open')`

it.each<[string, unknown[], unknown[]]>([
  ['select id from jobs where name = ?', [':b'], [2]],
  [`select id from jobs where name = 'it''s ?' and "is it?" = ?`, [7], [1]],
  ['select id from jobs where id > :a and id <= :most', [{ a: 1, most: 3 }], [2, 3]],
  [`select id /* why? */ from jobs -- is :it so?\n where id in (?, ?)`, [1, 3], [1, 3]],
  ['select id from jobs order by id desc limit ? offset ?', [1, 1], [2]],
  ['select id from jobs where id = ?', ['2'], [2]],
  ['select ? || name from jobs where name like ?', ['x', ':%'], ['x:b']],
  ['select typeof(?) from jobs where id=?', [1.5, 1], ['real']],
  ['select max(?,id) from jobs where name is ?', [2, null], [3]],
])('%s gives what SQLite gives', (sql, bound, rows) => {
  for (const Connection of [BetterSqlite, Sqlite]) {
    const db = new Connection(':memory:')
    db.exec(TABLE)
    expect(
      db
        .prepare(sql)
        .pluck()
        .all(...bound),
    ).toEqual(rows)
  }
})

it('a plan does not hang on the values bound', () => {
  const db = new Sqlite(':memory:')
  db.exec(TABLE)
  const plan = (sql: string, ...bound: unknown[]) =>
    db.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`).all(...bound)[0]!.detail
  expect(plan('select 1 from jobs where name = ? and state = ?', 'a', 'open')).toBe('SCAN jobs')
  expect(plan(`select 1 from jobs where name = ? and state = 'open'`, 'a')).toContain('INDEX open_jobs')
})
