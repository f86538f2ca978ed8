// The order in which overdue checks are evaluated.
import { expect, it } from 'vitest'
import { startApp } from '../testing/app.ts'
import { overdueChecks } from './deadlines.ts'

it('the longest overdue checks come first, whatever their ids', async () => {
  const app = await startApp()
  const { state, clock } = app
  for (const name of ['a', 'b', 'c', 'd']) await app.hasCheck(`${name} --every 1h`)
  const now = clock.now()
  const overdueBy = { a: 1, b: 4, c: 2, d: 3 }
  for (const [name, minutes] of Object.entries(overdueBy))
    state.prepare(`update checks set status = 'up', down_at = ? where name = ?`).run(now - minutes * 60_000, name)
  expect(overdueChecks(state, now, 3).map(check => check.name)).toEqual(['b', 'd', 'c'])
  expect(overdueChecks(state, now, 10)).toHaveLength(4)

  // What a satellite received until then may still be on its way.
  await app.result('satellites add oslo')
  state.prepare('update satellites set complete_to = ?').run(now - 2.5 * 60_000)
  state.prepare(`update checks set satellite_id = (select id from satellites) where name in ('a', 'b')`).run()
  expect(overdueChecks(state, now, 10).map(check => check.name)).toEqual(['b', 'd', 'c'])
})
