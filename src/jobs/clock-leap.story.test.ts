// Stories of a clock that leaps ahead and may be wrong: nothing is deleted, dropped or ended for good until it is certain.
import { describe, expect, it } from 'vitest'
import type { LogStore } from '../logs/store.ts'
import type { State } from '../state/database.ts'
import { startApp, type TestApp, type TestAppOptions } from '../testing/app.ts'
import { takingStore } from '../testing/taking-store.ts'
import { DAY, HOUR, MINUTE } from '../time.ts'

const LEAP_MS = 500 * DAY

/** Each way to meet the leap. */
const WAYS: [string, (app: TestApp) => Promise<TestApp>][] = [
  ['while it is stopped', app => app.restarts('500d')],
  ['while it is dead', app => app.restarts('500d', 'killed')],
  [
    'while it runs',
    async app => {
      app.clock.sleep(LEAP_MS)
      return app
    },
  ],
  [
    'a second after a start',
    async app => {
      const started = await app.restarts('1m')
      await started.passes('1s')
      started.clock.sleep(LEAP_MS)
      return started
    },
  ],
  [
    'before a restart',
    async app => {
      app.clock.sleep(LEAP_MS)
      await app.passes('6s')
      return app.restarts('10s')
    },
  ],
  [
    'while it is stopped, and is restarted',
    async app => {
      const started = await app.restarts('500d')
      await started.passes('30s')
      return started.restarts('10s', 'killed')
    },
  ],
]

function countRows(state: State): Record<string, number> {
  const names = `select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`
  const tables = state.prepare<[], { name: string }>(names).all()
  return Object.fromEntries(
    tables.map(({ name }) => [name, state.prepare<[], { n: number }>(`select count(*) as n from "${name}"`).get()!.n]),
  )
}

/** An app with a row in the tables that are pruned, and a log store that counts how often it may drop lines. */
async function begin() {
  const maintained: number[] = []
  const { store } = takingStore()
  const counting = {
    ...store,
    maintain: async (now: number) => {
      maintained.push(now)
      return { removed: [], status: null }
    },
    purge: async () => ({ removed: 0 }),
  }
  const options: TestAppOptions = { store: counting as unknown as LogStore }
  const app = await startApp(options)
  const now = app.clock.now()
  const beat = await app.hasCheck('job --every 1h --grace 1h')
  await beat('/fail')
  await beat()
  await app.result('silence add check=job --for 2d')
  await app.result('silence add check=other --for 1m')
  const rows: [table: string, values: Record<string, unknown>][] = [
    ['signatures', { digest: 'x', expires_at: now + 10 * MINUTE }],
    ['downtimes', { from_at: now - DAY, to_at: now - DAY + 1, kind: 'stopped' }],
    ['downtimes', { from_at: now - HOUR, to_at: now - HOUR + 1, kind: 'stopped' }],
    ['connectivity_states', { state: 'online', from_at: now - DAY, to_at: now - HOUR }],
  ]
  for (const [table, values] of rows) {
    const names = Object.keys(values)
    app.state
      .prepare(`insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`)
      .run(...Object.values(values))
  }
  await app.passes('5m')
  return { app, maintained }
}

describe.each(WAYS)('a clock that leaps ahead by 500 days %s', (_, leaps) => {
  it('costs no row of any table and no log line, and what it ended is back when the clock is', async () => {
    const { app: first, maintained } = await begin()
    const before = countRows(first.state)
    const app = await leaps(first)
    const maintainedBefore = maintained.filter(at => at > first.clock.now() - DAY).length
    await app.passes('5m')
    const during = countRows(app.state)
    for (const [table, rows] of Object.entries(before))
      expect.soft(during[table], table).toBeGreaterThanOrEqual(table === 'key_values' ? 0 : rows)
    expect(maintained.filter(at => at > app.clock.now() - DAY)).toHaveLength(maintainedBefore)
    app.clock.sleep(-LEAP_MS)
    app.scheduler.wake()
    await app.passes('1m')
    const { silences } = await app.result<{ silences: { matcher: string; ends_at: string }[] }>('silence list')
    expect(silences.map(({ ends_at }) => ends_at)).toEqual(['2026-03-04T09:00:00.000Z'])
    await app.passes('2m')
    const after = countRows(app.state)
    for (const [table, rows] of Object.entries(before))
      expect.soft(after[table], table).toBeGreaterThanOrEqual(table === 'key_values' ? 0 : rows)
  })
})

it('a clock that leapt ahead is believed after an hour', async () => {
  const { app, maintained } = await begin()
  app.clock.sleep(LEAP_MS)
  await app.passes('1m')
  const before = maintained.length
  await app.passes('58m')
  expect(maintained).toHaveLength(before)
  await app.passes('3m')
  expect(maintained.length).toBeGreaterThan(before)
  expect(countRows(app.state)).toMatchObject({ signatures: 0 })
})

it('a signature is not forgotten by a leap of less than a day', async () => {
  const { app } = await begin()
  app.clock.sleep(22 * HOUR)
  await app.passes('1m')
  expect(countRows(app.state)).toMatchObject({ signatures: 1 })
  app.clock.sleep(3 * HOUR)
  await app.passes('1m')
  expect(countRows(app.state)).toMatchObject({ signatures: 0 })
})

it('a planned maintenance that the leap passed over comes as it was planned', async () => {
  const { app } = await begin()
  await app.result('maintenance add upgrade --matcher check=job --from 2026-03-02T12:00:00Z --for 1h')
  app.clock.sleep(LEAP_MS)
  await app.passes('10m')
  app.clock.sleep(-LEAP_MS)
  app.scheduler.wake()
  await app.passes('5m')
  const { maintenance } = await app.result<{ maintenance: { name: string; starts_at: string }[] }>('maintenance list')
  expect(maintenance).toMatchObject([{ name: 'upgrade', starts_at: '2026-03-02T12:00:00.000Z' }])
})
