// Stories of a clock that is put back while alerts wait for something: they wait as long as they were to.
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../chat/channel.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { HOUR } from '../time.ts'

const titles = ({ channel }: TestApp) => channel.messages.map(message => message.card.title)
const calls = ({ channel }: TestApp) =>
  channel.messages.flatMap(message => message.replies.map(reply => reply.card.title.split(':')[0]))

/** Each way in which Vakt meets a clock that is thirty hours behind what it was. */
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
    ['a reminder', 'checks edit job --remind 1h', 'Still going on, and nobody has acknowledged it'],
    ['a snooze', 'snooze 1 --for 1h', 'The snooze is over and it still goes on'],
    ['an acknowledgement', 'ack 1 --for 1h', 'The acknowledgement has run out and it still goes on'],
    ['an escalation', 'escalations add second --after 1h --to discord', 'Escalated'],
  ])('%s comes when it was to', async (__, line, called) => {
    const first = await startApp()
    const beat = await first.hasCheck('job --every 1d --remind none')
    if (line.startsWith('checks')) await first.result(line)
    await beat('/fail')
    if (!line.startsWith('checks')) await first.result(line)
    await first.passes('40m')
    const app = await goesBack(first)
    await app.passes('19m')
    expect(calls(app)).toEqual([])
    await app.passes('2m')
    expect(calls(app)).toEqual([called])
  })

  it('a silence lasts no longer than it was to, and nor does the wait for a cause', async () => {
    const first = await startApp()
    await first.result('silence add check:quiet --for 1h')
    await first.hasCheck('other --every 1h --host web-1')
    await (await first.hasCheck('quiet --every 1d'))('/fail')
    await (await first.hasCheck('late --every 30m --grace 10m --host web-1'))()
    await first.passes('40m10s')
    expect(titles(first)).toEqual([])
    const app = await goesBack(first)
    await app.passes('30s')
    expect(titles(app)).toEqual(['Critical: late sent no beat'])
    await app.passes('20m')
    expect(titles(app)).toContain('Critical: quiet reported a failure')
  })

  it('quiet hours and maintenance are as the clock says now', async () => {
    const first = await startApp({ start: '2026-03-03T23:00:00Z' })
    await first.result('quiet set "Mon-Sun 22:00-08:00"')
    await first.result('maintenance add disks --matcher check:disk --cron "0 23 * * *" --for 2h')
    await (await first.hasCheck('mild --every 1d --severity warning'))('/fail')
    await (await first.hasCheck('disk --every 1d'))('/fail')
    expect(titles(first)).toEqual([])
    // From 23:00 on Tuesday to 17:00 on Monday.
    const app = await goesBack(first)
    await app.passes('1s')
    expect(titles(app).toSorted()).toEqual(
      expect.arrayContaining(['Critical: disk reported a failure', 'Warning: mild reported a failure']),
    )
    const { maintenance } = await app.result<{ maintenance: { starts_at: string }[] }>('maintenance list')
    expect(maintenance[0]!.starts_at).toBe('2026-03-02T23:00:00.000Z')
  })

  it('a card that a chat put off comes soon', async () => {
    const first = await startApp()
    first.channel.suffers(() => ({ before: new DeliveryError('limited', 'Slow down.', { retryAfterMs: 60_000 }) }))
    await (await first.hasCheck('job --every 1d'))('/fail')
    first.channel.suffers(null)
    const app = await goesBack(first)
    await app.passes('65s')
    expect(titles(app)).toEqual(['Critical: job reported a failure'])
  })
})
