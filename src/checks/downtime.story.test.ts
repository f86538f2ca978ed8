// Stories of Vakt being away itself: stopped, killed or asleep. Nobody is blamed for it, and nothing is forgotten.
import { describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'
import { lastAlive } from './downtimes.ts'

const text = (app: TestApp, card: number) => JSON.stringify(app.channel.messages[card]!.card.lines)

/** Every way to be away for ten minutes. */
const WAYS: [string, (app: TestApp) => Promise<TestApp>][] = [
  ['stopped', app => app.restarts('10m')],
  ['killed', app => app.restarts('10m', 'killed')],
  [
    'asleep',
    async app => {
      app.clock.sleep(600_000)
      return app
    },
  ],
]

describe.each(WAYS)('Vakt %s', (way, goesAway) => {
  it('over a deadline holds it off, and the next beat due is awaited; a job that is dead is alerted then', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('job --every 1h --grace 2m')
    await beat()
    await first.passes('55m')
    const app = await goesAway(first)
    await app.passes('50m')
    expect(app.titles().filter(title => title.includes('job'))).toEqual([])
    expect(await app.check('job')).toMatchObject({ status: 'up', late_at: '2026-03-02T11:00:00.000Z' })
    // 09:00 + 55m + 10m + 50m is 10:55; the due time after the one that was missed is 11:00, and its grace is 2m.
    await app.passes('6m59s')
    expect(app.titles().filter(title => title.includes('job'))).toEqual([])
    await app.passes('1s')
    expect(app.titles().filter(title => title.includes('job'))).toEqual(['Critical: job sent no beat'])
  })

  it('during grace gives that time back', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('job --every 1h --grace 30m')
    await beat()
    await first.passes('70m')
    const app = await goesAway(first)
    await app.passes('19m')
    expect(app.titles().filter(title => title.includes('job'))).toEqual([])
    // The last sign of life was up to five seconds before.
    await app.passes('1m6s')
    expect(app.titles().filter(title => title.includes('job'))).toEqual(['Critical: job sent no beat'])
  })

  it('tells of it in a card that is over already, and names who is judged much later', async () => {
    const first = await startApp()
    const slow = await first.hasCheck('slow --every 4h --grace 10m')
    const hourly = await first.hasCheck('hourly --every 1h --grace 1m')
    await slow()
    await hourly()
    for (let hour = 0; hour < 3; hour++) {
      await first.passes('1h')
      await hourly()
    }
    await first.passes('55m')
    const app = await goesAway(first)
    await app.passes('1s')
    const was = way === 'asleep' ? 'was asleep' : 'was not running'
    expect(app.titles()).toEqual([expect.stringMatching(new RegExp(`^Resolved: Vakt ${was} for 10m( \\ds)?$`))])
    expect(text(app, 0)).toContain('"bold":"slow"')
    expect(text(app, 0)).not.toContain('hourly')
  })

  it('does not hide a check that was down before', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('job --every 1h --grace 2m')
    await beat('/fail')
    const app = await goesAway(first)
    await app.passes('1s')
    expect(await app.check('job')).toMatchObject({ status: 'down', down_at: null })
    expect(app.titles()[0]).toBe('Critical: job reported a failure')
  })

  it('during a run lets it finish that much later', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('job --every 1d --grace 30m')
    await beat('/start')
    await first.passes('25m')
    const app = await goesAway(first)
    await app.passes('4m59s')
    expect(app.titles().filter(title => title.includes('job'))).toEqual([])
    await app.passes('6s')
    expect(app.titles().filter(title => title.includes('job'))).toEqual(['Critical: job started and did not finish'])
  })
})

it('a short restart is told to nobody, and no deadline falls into the time that beats need to arrive after it', async () => {
  const first = await startApp()
  const beat = await first.hasCheck('job --every 1m --grace 1s')
  await beat()
  await first.passes('59s')
  const app = await first.restarts('500ms')
  await app.passes('4999ms')
  expect(app.titles()).toEqual([])
  await app.passes('1ms')
  expect(app.titles()).toEqual(['Critical: job sent no beat'])
})

it('an edit after an absence does not bring the beat back that may have been lost in it', async () => {
  const first = await startApp()
  const beat = await first.hasCheck('job --every 4h --grace 1h')
  await beat()
  await first.passes('3h55m')
  const app = await first.restarts('10m')
  await app.result('checks edit job --owner Bo')
  await app.result('checks edit job --grace 2h')
  await app.passes('3h')
  expect(app.titles().filter(title => title.includes('job'))).toEqual([])
})

it('a downtime is at most one miss, however often a beat was due in it', async () => {
  const first = await startApp()
  const beat = await first.hasCheck('job --every 1m --grace 30s --after 3')
  await beat()
  await first.passes('75s')
  const app = await first.restarts('1h')
  await app.passes('2m')
  expect(app.titles().filter(title => title.includes('job'))).toEqual([])
  await app.passes('3m')
  expect(app.titles().filter(title => title.includes('job'))).toEqual(['Critical: job sent no beat'])
})

it('an alert, its taking and its recovery survive every restart between them', async () => {
  let app = await startApp({ channels: ['discord', 'slack'] })
  const beat = await app.hasCheck('job --every 1h --grace 1m')
  await beat()
  await app.passes('61m')
  app = await app.restarts('1s', 'killed')
  await app.says('ack 1')
  app = await app.restarts('1s', 'killed')
  await app.request(`/ping/${beat.check.uuid}`)
  app = await app.restarts('1s', 'killed')
  await app.passes('10s')
  for (const channel of app.channels) {
    expect(channel.messages.map(message => message.card.title)).toEqual(['Resolved: job sent no beat'])
    expect(channel.messages[0]!.replies).toHaveLength(1)
  }
})

it('a check whose deadline cannot be computed any more is down, and stops neither Vakt nor the other checks', async () => {
  const first = await startApp()
  for (const name of ['odd', 'plain']) await (await first.hasCheck(`${name} --cron "0 * * * *" --grace 1m --after 2`))()
  first.state.prepare(`update checks set time_zone = 'Nowhere/Gone' where name = 'odd'`).run()
  const app = await first.restarts('1s')
  await app.passes('2h1m')
  expect(app.titles()).toEqual(['Critical: odd sent no beat', 'Critical: plain sent no beat'])
  expect(text(app, 0)).toContain('The next deadline cannot be computed: \\"Nowhere/Gone\\" is not a known time zone')
  expect(app.scheduler.health().healthy).toBe(true)
})

it('a sign of life comes every five seconds, also when deadlines have Vakt look in between', async () => {
  const app = await startApp()
  for (const second of [4, 8, 12, 16]) await (await app.hasCheck(`job-${second} --every ${second - 1}s --grace 1s`))()
  for (let second = 0; second < 20; second++) {
    await app.passes('1s')
    expect(app.clock.now() - lastAlive(app.state)!).toBeLessThanOrEqual(5_000)
  }
})

describe('a process that is busy is not asleep', () => {
  it.each([20, 40, 300])('so that a stall of %s s extends no deadline', async seconds => {
    const app = await startApp()
    const beat = await app.hasCheck('job --every 1m --grace 5s')
    await beat()
    await app.passes('50s')
    app.clock.stall(seconds * 1_000)
    await app.passes(`${Math.max(1, 16 - seconds)}s`)
    expect(app.titles()).toEqual(['Critical: job sent no beat'])
    expect(await app.result('status')).toMatchObject({ downtime: null })
  })

  it('so that stalls one after the other extend none', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --every 1m --grace 5s')
    await beat()
    for (let i = 0; i < 4; i++) {
      app.clock.stall(17_000)
      await app.passes('100ms')
    }
    expect(app.titles()).toEqual(['Critical: job sent no beat'])
  })

  it('and a sleep after a stall, or before it, is only as long as it was', async () => {
    const app = await startApp()
    await app.hasCheck('job --every 1h')
    for (const order of [
      ['stall', 'sleep'],
      ['sleep', 'stall'],
    ] as const) {
      for (const way of order) app.clock[way](way === 'sleep' ? 120_000 : 60_000)
      await app.passes('5s')
      const { downtime } = await app.result<{ downtime: { kind: string; from: string; to: string } }>('status')
      expect(downtime.kind).toBe('asleep')
      const ms = Date.parse(downtime.to) - Date.parse(downtime.from)
      expect(ms).toBeGreaterThanOrEqual(120_000)
      expect(ms).toBeLessThanOrEqual(125_000)
    }
  })
})
