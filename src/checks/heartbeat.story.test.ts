// Stories of jobs and their schedules, through the whole app on a fake clock: when it alerts, and when it does not.
import { describe, expect, it } from 'vitest'
import { cardText } from '../chat/card-text.ts'
import { startApp, type TestApp } from '../testing/app.ts'

/** The text of the last card, as the terminal shows it. */
function lastCard({ channel, clock }: TestApp): string {
  return cardText(channel.messages.at(-1)!.card, { timeZone: 'UTC', now: clock.now() })
}

describe('a job', () => {
  it('that may miss twice alerts at its third miss, and a beat forgives all of them', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --every 1h --grace 10m --after 3')
    await beat()
    await app.passes('2h10m')
    expect(await app.check('job')).toMatchObject({ status: 'late' })
    await beat()
    expect(await app.check('job')).toMatchObject({ status: 'up' })
    await app.passes('3h9m59s')
    expect(app.titles()).toEqual([])
    await app.passes('1s')
    expect(app.titles()).toEqual(['Critical: job sent no beat'])
    expect(lastCard(app)).toContain('3 misses in a row; it alerts after 3.')
  })

  it('with a maximum runtime of its own may run that long, whatever its grace', async () => {
    const app = await startApp({ start: '2026-03-02T02:00:00Z' })
    const beat = await app.hasCheck('backup --cron "0 2 * * *" --grace 10m --max-runtime 3h')
    await beat()
    await app.passes('24h5m')
    await beat('/start')
    await app.passes('2h59m59s')
    expect(app.titles()).toEqual([])
    await app.passes('1s')
    expect(app.titles()).toEqual(['Critical: backup started and did not finish'])
    expect(lastCard(app)).toContain('Expected to finish within 3h of its start')
    await beat()
    expect(app.titles()).toEqual(['Resolved: backup started and did not finish'])
  })

  it('that starts and does not finish alerts after its grace, though it is new', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --every 1d --grace 20m')
    await beat('/start')
    await app.passes('20m')
    expect(app.titles()).toEqual(['Critical: job started and did not finish'])
    expect(lastCard(app)).toContain('It has never sent a beat.')
  })

  it('that never beat is not missed', async () => {
    const app = await startApp()
    await app.hasCheck('job --every 1m')
    await app.passes('6h')
    expect(app.titles()).toEqual([])
  })

  it('with active hours is not missed over the weekend, and is on Monday', async () => {
    const app = await startApp({ start: '2026-03-06T17:30:00Z' })
    const beat = await app.hasCheck('report --every 1h --grace 15m --active "Mon-Fri 08:00-18:00"')
    await beat()
    await app.passes('2d15h14m59s')
    expect(app.titles()).toEqual([])
    await app.passes('1s')
    expect(new Date(app.channel.messages[0]!.at).toISOString()).toBe('2026-03-09T08:45:00.000Z')
    expect(lastCard(app)).toContain('in Mon-Fri 08:00-18:00 (UTC)')
  })

  it('that fails says how, with its exit status and the last thing it said', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --owner "Team Storage"')
    await beat('/28', { method: 'POST', body: 'copying\nrsync: no space left on device\r\n\n' })
    expect(app.titles()).toEqual(['Critical: job failed with exit status 28'])
    const card = lastCard(app)
    for (const text of ['rsync: no space left on device', 'Team Storage', '🟥', 'Alert 1']) expect(card).toContain(text)
    expect(card.match(/rsync/g)).toHaveLength(1)
    expect(card).toContain('Output before that\n    copying\n')
  })

  it('that fails again and again is one alert for each outage, which counts', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job')
    for (let outage = 0; outage < 2; outage++) {
      await beat()
      await beat('/1')
      await app.passes('1m')
      await beat('/2')
      await beat('/fail')
      await app.passes('1m')
    }
    await beat()
    expect(app.titles()).toEqual(['Resolved: job reported a failure', 'Resolved: job reported a failure'])
    expect(lastCard(app)).toContain('3 times')
    expect(app.channel.messages.map(message => message.replies.length)).toEqual([1, 1])
  })
})

describe('through a clock change in New York', () => {
  it('a time that is skipped runs right after, and is missed when it does not', async () => {
    const app = await startApp({ start: '2026-03-07T07:30:00Z' })
    const beat = await app.hasCheck('job --cron "30 2 * * *" --tz America/New_York --grace 10m')
    await beat()
    expect(await app.check('job')).toMatchObject({ late_at: '2026-03-08T07:00:00.000Z' })
    await app.passes('23h39m59s')
    expect(app.titles()).toEqual([])
    await app.passes('1s')
    expect(app.titles()).toEqual(['Critical: job sent no beat'])
    await beat()
    expect(await app.check('job')).toMatchObject({ late_at: '2026-03-09T06:30:00.000Z' })
  })

  it('a beat in the hour that is repeated is no false alarm', async () => {
    const app = await startApp({ start: '2026-11-01T06:10:00Z' })
    const beat = await app.hasCheck('job --cron "15,45 1-3 * * *" --tz America/New_York --grace 10m')
    await beat()
    expect(await app.check('job')).toMatchObject({ status: 'up', late_at: '2026-11-01T07:15:00.000Z' })
    await app.passes('1h14m59s')
    expect(app.titles()).toEqual([])
    await app.passes('1s')
    expect(app.titles()).toEqual(['Critical: job sent no beat'])
  })

  it('a job of every hour is awaited in both of the repeated ones', async () => {
    const app = await startApp({ start: '2026-11-01T05:00:00Z' })
    const beat = await app.hasCheck('job --cron "0 * * * *" --tz America/New_York --grace 10m')
    await beat()
    expect(await app.check('job')).toMatchObject({ late_at: '2026-11-01T06:00:00.000Z' })
    await app.passes('1h')
    await beat()
    expect(await app.check('job')).toMatchObject({ late_at: '2026-11-01T07:00:00.000Z' })
    expect(app.titles()).toEqual([])
  })
})

it('a job whose beats are always an hour off is asked about its time zone', async () => {
  const app = await startApp({ start: '2026-07-01T00:00:00Z' })
  const beat = await app.hasCheck('backup --cron "0 2,8,14,20 * * *" --tz Europe/London --grace 30m')
  for (let run = 0; run < 3; run++) {
    await app.passes('15s')
    await beat()
    await app.passes('5h59m45s')
  }
  const said = app.channel.messages.map(message => message.card.lines!.join('|'))
  expect(app.titles()).toHaveLength(3)
  expect(said.slice(0, 2).every(text => !text.includes('exactly'))).toBe(true)
  expect(lastCard(app)).toContain(
    'Beats arrive exactly 1 hour before the due time. Is Europe/London the time zone of the machine that sends them?',
  )
})

describe('a person who', () => {
  it('pauses, resumes or edits a check never causes an alarm by that', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --every 1h --grace 30m')
    await beat()
    await app.passes('70m')
    await app.result('checks edit job --grace 1m')
    await app.passes('60m59s')
    expect(app.titles()).toEqual([])
    await beat()
    await app.passes('59m')
    await app.result('checks pause job')
    await app.passes('4h')
    await app.result('checks resume job')
    await app.passes('60m59s')
    expect(app.titles()).toEqual([])
    await app.passes('1s')
    expect(app.titles()).toEqual(['Critical: job sent no beat'])
  })

  it('resumes a check in the grace of a beat that was due in the pause is not alarmed for it', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --every 6h --grace 2h')
    await beat()
    await app.result('checks pause job')
    await app.passes('7h')
    await app.result('checks resume job')
    await app.passes('7h59m')
    expect(app.titles()).toEqual([])
    await app.passes('1m')
    expect(app.titles()).toHaveLength(1)
  })

  it('edits what has nothing to do with time moves no deadline', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --every 1h --grace 10m --after 2')
    await beat()
    await app.passes('2h5m')
    await app.result('checks edit job --owner Bo')
    await app.passes('5m')
    expect(app.titles()).toEqual(['Critical: job sent no beat'])
  })

  it('wants a check to stay paused resumes it by hand', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --every 1h --grace 10m --manual-resume')
    await beat()
    await app.result('checks pause job')
    await beat()
    expect(await app.check('job')).toMatchObject({ status: 'paused' })
    await app.result('checks resume job')
    await beat()
    expect(await app.check('job')).toMatchObject({ status: 'up' })
  })
})
