// Stories of a clock that is put back: nothing is left unwatched for as long as it went back, and nobody is blamed.
import { describe, expect, it } from 'vitest'
import { addCount, seriesFor } from '../logs/counters.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { HOUR } from '../time.ts'
import type { Check } from './check.ts'
import { rewindDeadlines } from './check.ts'

/** Each way in which Vakt meets a clock that is three hours behind what it was. */
const WAYS: [string, (app: TestApp) => Promise<TestApp>][] = [
  [
    'while it runs',
    async app => {
      app.clock.sleep(-3 * HOUR)
      // Timers count real time, so the next turn comes within seconds.
      app.scheduler.wake()
      return app
    },
  ],
  [
    'while it is stopped',
    async ({ stop, clock, state, channels }) => {
      await stop()
      clock.forget()
      clock.sleep(-3 * HOUR)
      return startApp({ after: { state, clock, channels } })
    },
  ],
]

describe.each(WAYS)('a clock that goes back %s', (_, goesBack) => {
  it('leaves a job watched from then on, without an alarm of its own', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('job --every 1h --grace 10m')
    await first.passes('50m')
    await beat()
    await first.passes('30m')
    const app = await goesBack(first)
    const now = app.clock.now()
    expect(await app.check('job')).toMatchObject({
      status: 'up',
      last_beat_at: new Date(now).toISOString(),
      late_at: new Date(now + HOUR).toISOString(),
    })
    await app.passes('69m59s')
    expect(app.titles()).toEqual([])
    await app.passes('1s')
    expect(app.titles()).toEqual(['Critical: job sent no beat'])
  })
})

it.each(WAYS)('a clock that goes back %s has the rules evaluated from then on', async (_, goesBack) => {
  const first = await startApp()
  await first.result('rules add many --kind threshold --matcher source:api --threshold 5 --operator ">=" --window 5m')
  await first.passes('5m')
  const app = await goesBack(first)
  const at = app.clock.now()
  app.state.transaction(() => {
    const kind = { source: 'api', host: 'web-1', group: '', level: 'info', fingerprint: '' } as const
    addCount(app.state, seriesFor(app.state, 1, kind, at).id, at, 9)
  })
  await app.passes('3m')
  expect(app.titles()).toEqual([expect.stringContaining('many')])
})

describe('a check, after the clock went back', () => {
  const now = Date.parse('2026-03-02T09:00:00Z')
  const check = {
    ...{
      status: 'up',
      every: HOUR,
      everyDays: 0,
      onCalendar: null,
      exceptions: null,
      early: null,
      cron: null,
      active: null,
      timeZone: 'UTC',
      grace: 60_000,
      maxRuntime: null,
    },
    ...{ lastBeatAt: now - HOUR, lastStartAt: null, lateAt: now + 1, downAt: now + 60_001, misses: 0, after: 1 },
  } as Check

  it('that is due within its period stays as it is', () => expect(rewindDeadlines(check, now)).toEqual({}))

  it('by a cron expression is due at the next time of that', () => {
    const cron = { ...check, every: null, cron: '0 12 * * *', lateAt: now + 27 * HOUR }
    expect(rewindDeadlines(cron, now)).toMatchObject({ lateAt: now + 3 * HOUR, downAt: now + 3 * HOUR + 60_000 })
  })

  it('whose run began ahead of now is to finish counted from now', () => {
    const running = { ...check, lastStartAt: now + HOUR, maxRuntime: 2 * HOUR }
    expect(rewindDeadlines(running, now)).toMatchObject({ lastStartAt: now, downAt: now + 2 * HOUR })
  })
})
