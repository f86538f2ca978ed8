// Stories of alerts that are held back: by people, by plans, by what explains them, and by being too many.
import { describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'

const titles = ({ channel }: TestApp) => channel.messages.map(message => message.card.title)
const text = (app: TestApp, card: number) => JSON.stringify(app.channel.messages[card]!.card.lines)
const held = async (app: TestApp) =>
  (await app.result<{ alerts: { title: string; held_by: string | null }[] }>('alerts list')).alerts.map(
    alert => `${alert.title}: ${alert.held_by}`,
  )

describe('a silence', () => {
  it('holds back what it means, counts it, and tells at its end what was and what still is', async () => {
    const app = await startApp()
    const jobs = [await app.hasCheck('db-1'), await app.hasCheck('db-2'), await app.hasCheck('web')]
    await app.result('silence add check:db-* --for 2h --reason "new disk"')
    for (const beat of jobs) await beat('/fail')
    expect(titles(app)).toEqual(['Critical: web reported a failure'])
    expect(await held(app)).toContain('db-1 reported a failure: silence:1')
    await jobs[0]!()
    await app.passes('1h59m59s')
    expect(titles(app)).toHaveLength(1)
    await app.passes('1s')
    expect(titles(app).slice(1).sort()).toEqual([
      'Critical: db-2 reported a failure',
      'Silence 1 by Ann expired; 2 alerts were held back, 1 still open',
    ])
    expect(text(app, titles(app).indexOf('Critical: db-2 reported a failure'))).toContain(
      'held back by silence 1 by Ann, and still goes on',
    )
  })

  it('quiets a card that is there, without hiding its end', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --remind 10m')
    await beat('/fail')
    await app.result('silence add --alert 1 --for 1h')
    expect(text(app, 0)).toContain('Held back by silence 1 by Ann')
    await app.passes('35m')
    expect(app.channel.messages[0]!.replies).toEqual([])
    await beat()
    expect(titles(app)).toEqual(['Resolved: job reported a failure'])
    expect(app.channel.messages[0]!.replies).toEqual([])
  })

  it('can be looked at before, drawn out and ended', async () => {
    const app = await startApp()
    await (await app.hasCheck('job'))('/fail')
    expect(await app.result('silence add job --for 1h --preview')).toEqual({ would_hold: 1 })
    await app.result('silence add detector:missed-beat --for 1h')
    const title = async (line: string) => (await app.says(line)).card.title
    expect(await title('silence extend 1 --for 4h')).toMatch(/^Silence 1 is on for 4h from now, .* later than before$/)
    expect(await title('silence extend 1 --for 3h')).toBe('Silence 1 is on for 3h from now, 1h sooner than before')
    await (await app.hasCheck('other'))('/fail')
    await app.passes('2h')
    expect(titles(app)).toEqual(['Critical: job reported a failure'])
    const { silence } = await app.result<{ silence: { held: number; open: number } }>('silence end 1')
    expect(silence).toMatchObject({ held: 2, open: 0 })
    expect(titles(app)).toEqual(['Critical: job reported a failure', 'Critical: other reported a failure'])
    await expect(app.result('silence end 1')).rejects.toThrow('Silence 1 is over already.')
    await expect(app.result('silence add --for 1h')).rejects.toThrow('Give either a matcher')
  })

  it('expires while Vakt is stopped', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('job')
    await first.result('silence add job --for 1h')
    await beat('/fail')
    const app = await first.restarts('2h', 'killed')
    await app.passes('1s')
    expect(titles(app)).toContain('Critical: job reported a failure')
    expect(titles(app)).toContain('Silence 1 by Ann expired; 1 alert was held back, 1 still open')
  })
})

describe('maintenance', () => {
  it('by cron in a time zone holds back in each of its windows, through a clock change', async () => {
    // Clocks in Oslo went forward an hour before this story begins: 04:00 there is 02:00 UTC now, and was 03:00.
    const app = await startApp({ start: '2026-03-29T01:55:00Z' })
    const beat = await app.hasCheck('job --every 30d')
    await app.result('maintenance add backups --matcher check:job --cron "0 4 * * *" --tz Europe/Oslo --for 1h')
    expect(await app.result('maintenance show backups')).toMatchObject({
      maintenance: { state: 'planned', starts_at: '2026-03-29T02:00:00.000Z' },
    })
    await app.passes('15m')
    await beat('/fail')
    expect(titles(app)).toEqual([])
    await app.passes('50m')
    expect(titles(app).sort()).toEqual([
      'Critical: job reported a failure',
      'The maintenance backups is over; 1 alert was held back, 1 still open',
    ])
    expect(await app.result('maintenance show backups')).toMatchObject({
      maintenance: { state: 'planned', starts_at: '2026-03-30T02:00:00.000Z', held: 0 },
    })
  })

  it('begins at its time, over what is open already, and can be ended early', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --remind 10m')
    await beat('/fail')
    await app.result('maintenance add move --matcher job --from 2026-03-02T10:00:00Z --for 4h')
    await app.passes('59m')
    const told = app.channel.messages[0]!.replies.length
    expect(told).toBe(5)
    await app.passes('1h')
    expect(app.channel.messages[0]!.replies).toHaveLength(told)
    await app.result('maintenance end move')
    await app.passes('11m')
    expect(app.channel.messages[0]!.replies.length).toBeGreaterThan(told)
    expect(await app.result('maintenance show move')).toMatchObject({ maintenance: { state: 'over' } })
  })
})

describe('quiet hours', () => {
  it('let what is not critical wait for a digest, and criticals through', async () => {
    const app = await startApp({ start: '2026-03-03T06:30:00Z' })
    await app.result('quiet-hours set "22:00-07:00"')
    const soft = await app.hasCheck('soft --severity warning')
    const brief = await app.hasCheck('brief --severity info')
    const hard = await app.hasCheck('hard')
    for (const beat of [soft, brief, hard]) await beat('/fail')
    expect(titles(app)).toEqual(['Critical: hard reported a failure'])
    await brief()
    await app.passes('29m50s')
    expect(titles(app)).toHaveLength(1)
    await app.passes('15s')
    expect(titles(app).slice(1).sort()).toEqual([
      'Warning: soft reported a failure',
      'While it was quiet: 2 alerts, 1 still going on',
    ])
    expect(
      text(
        app,
        titles(app).findIndex(title => title.startsWith('While')),
      ),
    ).toContain('brief reported a failure')
    await app.passes('1h')
    expect(titles(app).filter(title => title.startsWith('While'))).toHaveLength(1)
  })

  it('of a project stand in for those of all', async () => {
    const app = await startApp({ start: '2026-03-02T23:00:00Z' })
    await app.result('projects add shop')
    await app.result('quiet-hours set 22:00-07:00')
    await app.result('quiet-hours set never --project shop')
    await (await app.hasCheck('loud --severity warning --project shop'))('/fail')
    await (await app.hasCheck('still --severity warning'))('/fail')
    expect(titles(app)).toEqual(['Warning: loud reported a failure'])
    await app.result('quiet-hours off')
    expect(titles(app).sort()).toEqual([
      'Warning: loud reported a failure',
      'Warning: still reported a failure',
      'While it was quiet: 1 alert, 1 still going on',
    ])
    await expect(app.result('quiet-hours set 00:00-24:00')).rejects.toThrow('always be quiet')
  })
})
