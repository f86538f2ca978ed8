// Stories of a clock that goes back while alerts wait for a timer: each timer keeps its remaining time.
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../chat/channel.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { HOUR } from '../time.ts'

/** The two ways in which Vakt meets a clock that went back by thirty hours. */
const WAYS: [string, (app: TestApp) => Promise<TestApp>][] = [
  [
    'while it runs',
    async app => {
      app.clock.forget()
      app.clock.sleep(-30 * HOUR)
      app.scheduler.wake()
      return app
    },
  ],
  [
    'while it is stopped',
    async ({ stop, clock, state, channels }) => {
      await stop()
      clock.forget()
      clock.sleep(-30 * HOUR)
      return startApp({ after: { state, clock, channels } })
    },
  ],
]

describe.each(WAYS)('when the clock goes back %s', (_, goesBack) => {
  it.each([
    ['a reminder', 'checks edit job --remind 1h', 'Still firing, not acknowledged'],
    ['a snooze', 'snooze 1 --for 1h', 'Snooze ended, still firing'],
    ['an acknowledgement', 'ack 1 --for 1h', 'Acknowledgement expired, still firing'],
    ['an escalation', 'escalations add second --after 1h --to discord', 'Escalated'],
  ])('%s is due at its time', async (__, line, mention) => {
    const first = await startApp()
    const beat = await first.hasCheck('job --every 1d --remind none')
    if (line.startsWith('checks')) await first.result(line)
    await beat('/fail')
    if (!line.startsWith('checks')) await first.result(line)
    await first.passes('40m')
    const app = await goesBack(first)
    await app.passes('19m')
    expect(app.mentions()).toEqual([])
    await app.passes('2m')
    expect(app.mentions()).toEqual([mention])
  })

  it('a silence and the wait for a root cause end in time', async () => {
    const first = await startApp()
    await first.result('silence add check:quiet --for 1h')
    await first.hasCheck('other --every 1h --host web-1')
    await (await first.hasCheck('quiet --every 1d'))('/fail')
    await (await first.hasCheck('late --every 30m --grace 10m --host web-1'))()
    await first.passes('40m10s')
    expect(first.titles()).toEqual([])
    const app = await goesBack(first)
    await app.passes('30s')
    expect(app.titles()).toEqual(['Critical: late sent no beat'])
    await app.passes('20m')
    expect(app.titles()).toContain('Critical: quiet reported a failure')
  })

  it('quiet hours and maintenance follow the new time', async () => {
    const first = await startApp({ start: '2026-03-03T23:00:00Z' })
    await first.result('quiet-hours set "Mon-Sun 22:00-08:00"')
    await first.result('maintenance add disks --matcher check:disk --cron "0 23 * * *" --for 2h')
    await (await first.hasCheck('mild --every 1d --severity warning'))('/fail')
    await (await first.hasCheck('disk --every 1d'))('/fail')
    expect(first.titles()).toEqual([])
    // From 23:00 on Tuesday to 17:00 on Monday.
    const app = await goesBack(first)
    await app.passes('1s')
    expect(app.titles().toSorted()).toEqual(
      expect.arrayContaining(['Critical: disk reported a failure', 'Warning: mild reported a failure']),
    )
    const { maintenance } = await app.result<{ maintenance: { starts_at: string }[] }>('maintenance list')
    expect(maintenance[0]!.starts_at).toBe('2026-03-02T23:00:00.000Z')
  })

  it('a card that a chat delayed is posted soon', async () => {
    const first = await startApp()
    first.channel.suffers(() => ({ before: new DeliveryError('limited', 'Slow down.', { retryAfterMs: 60_000 }) }))
    await (await first.hasCheck('job --every 1d'))('/fail')
    first.channel.suffers(null)
    const app = await goesBack(first)
    await app.passes('65s')
    expect(app.titles()).toEqual(['Critical: job reported a failure'])
  })
})
