// Reports tell what was unusual in the logs, and neither wait for that nor fail with it.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type AppWithModel, startAppWithModel } from '../testing/analysis.ts'
import { until } from '../testing/running.ts'
import { HOUR, MINUTE } from '../time.ts'

let at: AppWithModel
beforeEach(async () => {
  at = await startAppWithModel()
})
afterEach(() => at.close())

const reports = () => at.app.channel.messages.filter(one => one.card.title.startsWith('Report'))
const told = (at: number) => JSON.stringify(reports()[at]!.card.lines)
/** A report is added, and time passes until it is due. */
const comesDue = async (name: string) => {
  const minute = Math.floor(at.app.clock.now() / MINUTE) * MINUTE + MINUTE
  await at.app.result(`reports add ${name} --daily --at ${new Date(minute).toISOString().slice(11, 16)}`)
  await at.app.passes(`${minute - at.app.clock.now()}ms`)
}

it('a report says what is new and what fell silent since the last, and asks no model', async () => {
  const backups = Array.from({ length: 30 }, (_, i) => ({
    message: `backup ${i} done`,
    source: 'backup',
    ago: 25 * HOUR,
  }))
  const failed = { message: 'order 7 of ann@shop.example failed: no free connection', level: 'error', source: 'api' }
  await at.logs([...backups, failed])
  await comesDue('morning')
  await until(() => reports().length === 1, 'the report')
  expect(told(0)).toContain('Unusual in the logs, against as long before')
  expect(told(0)).toMatch(/new.*order <\*> of \[hidden:email\] failed: no free connection/)
  expect(told(0)).toMatch(/silent.*backup <\*> done/)
  // Nothing cites a pattern in a report, and a time of the day alone may be of another day.
  expect(told(0)).not.toMatch(/"code":"T\d|"clock"/)
  expect(told(0)).toContain('"moment"')
  const run = await at.app.says('reports run morning')
  expect(JSON.stringify(run.card.lines)).toContain('no free connection')
  expect(at.model.requests).toEqual([])
})

it('a report goes without it where the logs are broken or slow', async () => {
  const store = at.store as unknown as { count: () => Promise<unknown> }
  store.count = () => Promise.reject(new Error('the disk is gone'))
  await comesDue('morning')
  await until(() => reports().length === 1, 'the report')
  expect(told(0)).toContain('could not be compared in time')
  store.count = () => new Promise(() => {})
  await comesDue('evening')
  expect(reports().length).toBe(1)
  await at.app.passes('10s')
  expect(reports().length).toBe(2)
})
