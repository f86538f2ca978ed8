// Old rows are deleted within the hour, newer ones are kept.
import { beforeEach, expect, it } from 'vitest'
import { memoryState } from '../state/database.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { DAY } from '../time.ts'
import { prune } from './prune.ts'

it('ancient rows of every table with a retention are deleted; the newest downtime and line of the audit stay', () => {
  const tables: { [table: string]: object } = {
    alerts: { state: 'resolved', resolved_at: 1 },
    silences: { ended_at: 1 },
    maintenances: { ended: 1 },
    ...{ press_links: {}, overrides: {}, analyses: {}, spending: {}, action_runs: {}, signatures: {} },
    ...{ connectivity_states: {}, probe_days: {}, satellite_streams: {}, downtimes: {}, audit: {} },
  }
  const state = memoryState()
  state.prepare('pragma foreign_keys = off').run()
  type Column = { name: string; notnull: number; type: string }
  const addRow = (table: string, values: object) => {
    const columns = state.prepare<[], Column>(`pragma table_info(${table})`).all()
    const needed = columns.filter(({ name, notnull }) => notnull === 1 && name !== 'id')
    const blank = needed.map(({ name, type }) => [name, type.toLowerCase() === 'integer' ? 1 : '[]'])
    const row = { ...Object.fromEntries(blank), ...values }
    const names = Object.keys(row)
    const insert = `insert into ${table} (${names}) values (${names.map(() => '?')})`
    state.prepare(insert).run(...Object.values(row))
  }
  const counts = () =>
    Object.keys(tables).map(table => {
      const { n } = state.prepare<[], { n: number }>(`select count(*) as n from ${table}`).get()!
      return `${table} ${n}`
    })
  for (const [table, values] of Object.entries(tables)) addRow(table, values)
  for (const table of ['downtimes', 'audit']) addRow(table, {})
  expect(counts().filter(count => !/ [12]$/.test(count))).toEqual([])
  prune(state, 5_000 * DAY)
  expect(counts().filter(count => !count.endsWith(' 0'))).toEqual(['downtimes 1', 'audit 1'])
})

let app: TestApp

beforeEach(async () => {
  app = await startApp()
})

const insert = (table: string, row: Record<string, string | number | null>) => {
  const names = Object.keys(row)
  const marks = names.map(() => '?').join(', ')
  app.state.prepare(`insert into ${table} (${names.join(', ')}) values (${marks})`).run(...Object.values(row))
}
const ages = (table: string, column: string) =>
  app.state
    .prepare<[], { value: number }>(`select ${column} as value from ${table} order by ${column}`)
    .all()
    .map(row => Math.round((app.clock.now() - row.value) / DAY))

it('silences and maintenances are kept for 400 days, like alerts', async () => {
  for (const days of [10, 399, 401]) {
    const at = app.clock.now() - days * DAY
    insert('silences', { matcher: 'x', by: 'Ann', created_at: at, ends_at: at, ended_at: at })
    const window = {
      matcher: 'x',
      time_zone: 'UTC',
      duration: 1,
      by: 'Ann',
      created_at: at,
      starts_at: at,
      ends_at: at,
    }
    insert('maintenances', { name: `m${days}`, ended: 1, ...window })
  }
  await app.passes('61m')
  expect([ages('silences', 'ends_at'), ages('maintenances', 'ends_at')]).toEqual([
    [399, 10],
    [399, 10],
  ])
})

it('nothing is deleted in the hour after the clock leapt ahead', async () => {
  const at = app.clock.now() - 10 * DAY
  const silences = () => ages('silences', 'ends_at').length
  insert('silences', { matcher: 'x', by: 'Ann', created_at: at, ends_at: at, ended_at: at })
  const error = { project_id: 1, fingerprint: 'v1:1', first_seen_at: at, last_seen_at: at, why: 'x', samples: '[]' }
  insert('fingerprints', { ...error, source: 'api', state: 'open', count: 1, recent: '[]' })
  const errors = () => ages('fingerprints', 'last_seen_at').length
  await app.passes('10s')
  app.clock.sleep(3650 * DAY)
  await app.passes('50m')
  expect([silences(), errors()]).toEqual([1, 1])
  app.clock.sleep(-3650 * DAY)
  await app.passes('61m')
  expect([silences(), errors()]).toEqual([1, 1])
  app.clock.sleep(3650 * DAY)
  await app.passes('61m')
  expect([silences(), errors()]).toEqual([0, 0])
})

it('downtimes are kept for 100 days and overrides for 35', async () => {
  await app.result('oncall member add ann')
  await app.result('oncall add primary --members ann --every weekly --handover "Mon 09:00"')
  for (const days of [101, 99, 34, 36]) {
    const at = app.clock.now() - days * DAY
    insert('downtimes', { from_at: at - 1, to_at: at, kind: 'asleep' })
    insert('overrides', { rotation_id: 1, who: 'ann', from_at: at, until_at: at, set_by: 'Ann' })
  }
  await app.passes('61m')
  expect([ages('downtimes', 'to_at'), ages('overrides', 'until_at')]).toEqual([[99, 36, 34], [34]])
})

it('the newest downtime is kept for as long as there is no other, because the status shows it', async () => {
  const at = app.clock.now() - 300 * DAY
  for (const [i, days] of [200, 150].entries())
    insert('downtimes', { id: i + 1, from_at: at - 1, to_at: app.clock.now() - days * DAY, kind: 'asleep' })
  await app.passes('61m')
  expect(ages('downtimes', 'to_at')).toEqual([150])
  expect(await app.result('status')).toMatchObject({ downtime: { kind: 'asleep' } })
})
