// Reports show what is unusual in the logs; a slow or failing comparison neither delays nor breaks them.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type AppWithModel, prepareAppsWithModel } from '../testing/analysis.ts'
import { until } from '../testing/running.ts'
import { HOUR, MINUTE } from '../time.ts'

const start = prepareAppsWithModel()
let at: AppWithModel
beforeEach(async () => {
  at = await start()
})
afterEach(() => at.close())

const reports = () => at.app.channel.messages.filter(({ card }) => card.title.startsWith('Report'))
const reportText = (index: number) => at.app.text(reports()[index]!.card)
/** Adds a report, and time passes until it is due. */
const addDueReport = async (name: string) => {
  const minute = Math.floor(at.app.clock.now() / MINUTE) * MINUTE + MINUTE
  await at.app.result(`reports add ${name} --daily --at ${new Date(minute).toISOString().slice(11, 16)}`)
  await at.app.passes(`${minute - at.app.clock.now()}ms`)
}

it('a report shows what is new and what fell silent, without asking a model', async () => {
  const backups = Array.from({ length: 30 }, (_, i) => ({
    message: `backup ${i} done`,
    source: 'backup',
    ago: 25 * HOUR,
  }))
  const failed = { message: 'order 7 of ann@shop.example failed: no free connection', level: 'error', source: 'api' }
  await at.logs([...backups, failed])
  await addDueReport('morning')
  await until(() => reports().length === 1, 'the report')
  expect(reportText(0)).toContain('Unusual in the logs compared with the period before')
  expect(reportText(0)).toMatch(/new.*order <\*> of \[hidden:email\] failed: no free connection/)
  expect(reportText(0)).toMatch(/silent.*backup <\*> done/)
  // No citation ids in a report, and times with their date.
  expect(reportText(0)).not.toMatch(/\bT\d\b/)
  expect(reportText(0)).toMatch(/first \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/)
  const run = await at.app.says('reports run morning')
  expect(at.app.text(run.card)).toContain('no free connection')
  expect(at.model.requests).toEqual([])
})

it('a report is sent without the comparison when the logs fail or are slow', async () => {
  const store = at.store as unknown as { count: () => Promise<unknown> }
  store.count = () => Promise.reject(new Error('the disk is gone'))
  await addDueReport('morning')
  await until(() => reports().length === 1, 'the report')
  expect(reportText(0)).toContain('Comparing the logs failed or took too long')
  store.count = () => new Promise(() => {})
  await addDueReport('evening')
  expect(reports().length).toBe(1)
  await at.app.passes('10s')
  expect(reports().length).toBe(2)
})
