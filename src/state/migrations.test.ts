// Migrations that move data: what an older Vakt stored is read as before.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Sqlite } from './sqlite.ts'

const FOLDER = join(import.meta.dirname, '../../migrations')

/** A database as the migrations before `name` left it, and a function that applies that migration. */
function databaseBefore(name: string) {
  const sqlite = new Sqlite(':memory:')
  sqlite.pragma('foreign_keys = OFF')
  const files = readdirSync(FOLDER)
    .filter(file => file.endsWith('.sql'))
    .sort()
  const apply = (file: string) => {
    for (const statement of readFileSync(join(FOLDER, file), 'utf8').split('--> statement-breakpoint'))
      sqlite.exec(statement)
  }
  for (const file of files.filter(file => file < name)) apply(file)
  return { sqlite, migrate: () => apply(name) }
}

it('texts that were read as data become columns', () => {
  const { sqlite, migrate } = databaseBefore('0017_text-as-data.sql')
  sqlite.exec(`insert into hosts (id, name, address, port, user, auth, added_at, added_by, status)
    values (7, 'web-1', '', 22, '', 'own', 0, 'Ann', 'up')`)
  const insert = sqlite.prepare(`insert into alerts (id, key, detector, severity, title, observation, state, since,
    fired_at, seen_at, suppressed_by, call_reason) values (?, ?, ?, 'warning', 'x', '{"lines":[]}', 'firing', 0, 0, 0, ?, ?)`)
  insert.run(1, 'check:12', 'missed-beat', 'silence:3', 'given back')
  insert.run(2, 'host:7:disk:/', 'full-disk', 'maintenance:2', null)
  insert.run(3, 'container:7:web:loop', 'container', 'alert:12', 'reminder')
  insert.run(4, 'rule:1', 'rule', 'storm:7', null)
  insert.run(5, 'rule:2', 'rule', 'settling', null)
  insert.run(6, 'rule:3', 'rule', 'quiet', null)
  insert.run(8, 'check:9', 'reported', null, null)
  const value = sqlite.prepare('insert into key_values (name, value) values (?, ?)')
  value.run('untold:2', '1234')
  value.run('untold:999', '1')
  value.run('settled:host:7:disk:/', '500 critical')
  value.run('settled:container:7:web:loop', '600 info')
  value.run('settled:host:8', '700 info')
  value.run('greeted', 'yes')
  const write = sqlite.prepare('insert into alert_history (alert_id, at, what) values (1, 0, ?)')
  for (const what of Object.keys(KINDS)) write.run(what)
  sqlite.exec(`insert into action_runs (action_id, name, command, host_id, host, container, alert_id, started_at,
    started_by, automatic) values (1, 'restart', 'x', 7, 'web-1', '', 1, 0, 'Ann', 0)`)
  sqlite.exec(
    `insert into suppression_settings (project_id, name, value) values (0, 'holdOff', 5), (0, 'stormRate', 6)`,
  )

  migrate()

  const rows = (query: string) => sqlite.prepare(query).raw().all()
  expect(
    rows('select id, suppression, suppressor_id, check_id, host_id, card_update_at, mention_reason from alerts'),
  ).toEqual([
    [1, 'silence', 3, 12, null, null, 'acknowledgement expired'],
    [2, 'maintenance', 2, null, 7, 1234, null],
    [3, 'inhibition', 12, null, 7, null, 'reminder'],
    [4, 'storm', 7, null, null, null, null],
    [5, 'awaiting-cause', null, null, null, null, null],
    [6, 'quiet-hours', null, null, null, null, null],
    [8, null, null, null, null, null, null],
  ])
  expect(rows('select key, host_id, severity, dismissed_at from dismissed_alerts order by key')).toEqual([
    ['container:7:web:loop', 7, 'info', 600],
    ['host:7:disk:/', 7, 'critical', 500],
  ])
  expect(rows('select name from key_values')).toEqual([['greeted']])
  expect(Object.fromEntries(rows('select what, kind from alert_history') as [string, string][])).toEqual(KINDS)
  expect(rows(`select count from alert_history where kind = 'repeated' order by id`)).toEqual([[1], [12]])
  expect(rows('select name, value from suppression_settings order by name')).toEqual([
    ['inhibitionDelay', 5],
    ['stormRate', 6],
  ])
})

/** What timelines of older versions hold, and the kind of each. */
const KINDS: Record<string, string> = {
  'fired: job sent no beat': 'fired',
  'seen again: job sent no beat': 'repeated',
  'seen again, 12 times since: job sent no beat': 'repeated',
  'gone for now; 7 changes in 9m': 'cleared',
  'on again; 8 changes in 9m': 'fired-again',
  acknowledged: 'acknowledged',
  'acknowledged for 2h': 'acknowledged',
  'un-acknowledged': 'unacknowledged',
  'the acknowledgement by Ann ran out and it still goes on': 'acknowledgement-expired',
  'snoozed for 2h': 'snoozed',
  'the snooze by Ann ended and it still goes on': 'snooze-ended',
  'the snooze by Ann ended and it still goes on; people are called once nothing holds it back': 'snooze-ended',
  reminded: 'reminded',
  'reminded; nobody is called, for it is held back': 'reminder-skipped',
  'not reminded of, for it is gone for now': 'reminder-skipped',
  'escalated to ops (second)': 'escalated',
  noted: 'noted',
  'held back by silence 3 by Ann': 'suppressed',
  'silence 3 by Ann is over; it still goes on': 'released',
  'nothing explains it; it still goes on': 'released',
  'no more alerts than usual come now': 'storm-subsided',
  recovered: 'resolved',
  resolved: 'resolved',
  'restart began on web-1': 'action',
  'something of an older version': 'other',
}
