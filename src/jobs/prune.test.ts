// What Vakt writes down has an end: what is long over is dropped within the hour, what is not stays.
import { beforeEach, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'
import { DAY } from '../time.ts'

let app: TestApp

beforeEach(async () => {
  app = await startApp()
})

const insert = (table: string, row: Record<string, string | number | null>) => {
  const names = Object.keys(row)
  const marks = names.map(() => '?').join(', ')
  app.state.prepare(`insert into ${table} (${names.join(', ')}) values (${marks})`).run(...Object.values(row))
}
const left = (table: string, column: string) =>
  app.state
    .prepare<[], { value: number }>(`select ${column} as value from ${table} order by ${column}`)
    .all()
    .map(row => Math.round((app.clock.now() - row.value) / DAY))

it('silences and maintenance are kept as long as alerts are', async () => {
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
  expect([left('silences', 'ends_at'), left('maintenances', 'ends_at')]).toEqual([
    [399, 10],
    [399, 10],
  ])
})

it('nothing is dropped by a clock that leapt ahead, until it has had an hour to be put right', async () => {
  const at = app.clock.now() - 10 * DAY
  const over = () => left('silences', 'ends_at').length
  insert('silences', { matcher: 'x', by: 'Ann', created_at: at, ends_at: at, ended_at: at })
  const error = { project_id: 1, fingerprint: 'v1:1', first_seen_at: at, last_seen_at: at, why: 'x', samples: '[]' }
  insert('fingerprints', { ...error, source: 'api', state: 'open', count: 1, recent: '[]' })
  const errors = () => left('fingerprints', 'last_seen_at').length
  await app.passes('10s')
  app.clock.sleep(3650 * DAY)
  await app.passes('50m')
  expect([over(), errors()]).toEqual([1, 1])
  app.clock.sleep(-3650 * DAY)
  await app.passes('61m')
  expect([over(), errors()]).toEqual([1, 1])
  app.clock.sleep(3650 * DAY)
  await app.passes('61m')
  expect([over(), errors()]).toEqual([0, 0])
})

it('absences and stand-ins are kept as long as anything asks for them', async () => {
  await app.result('oncall member add ann')
  await app.result('oncall add primary --members ann --every weekly --handover "Mon 09:00"')
  for (const days of [101, 99, 34, 36]) {
    const at = app.clock.now() - days * DAY
    insert('downtimes', { from_at: at - 1, to_at: at, kind: 'asleep' })
    insert('overrides', { rotation_id: 1, who: 'ann', from_at: at, until_at: at, set_by: 'Ann' })
  }
  await app.passes('61m')
  expect([left('downtimes', 'to_at'), left('overrides', 'until_at')]).toEqual([[99, 36, 34], [34]])
})
