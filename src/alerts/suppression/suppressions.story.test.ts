// Stories of suppressed alerts: silences, maintenance and quiet hours.
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../../chat/channel.ts'
import { startApp, type TestApp } from '../../testing/app.ts'

const heldBy = async (app: TestApp) =>
  (await app.result<{ alerts: { title: string; held_by: string | null }[] }>('alerts list')).alerts.map(
    alert => `${alert.title}: ${alert.held_by}`,
  )

describe('a silence', () => {
  it('suppresses and counts the alerts that match, and reports at its end what is still firing', async () => {
    const app = await startApp()
    const jobs = [await app.hasCheck('db-1'), await app.hasCheck('db-2'), await app.hasCheck('web')]
    await app.result('silence add check:db-* --for 2h --reason "new disk"')
    for (const beat of jobs) await beat('/fail')
    expect(app.titles()).toEqual(['Critical: web reported a failure'])
    expect(await heldBy(app)).toContain('db-1 reported a failure: silence:1')
    await jobs[0]!()
    await app.passes('1h59m59s')
    expect(app.titles()).toHaveLength(1)
    await app.passes('1s')
    expect(app.titles().slice(1).sort()).toEqual([
      'Critical: db-2 reported a failure',
      'Silence 1 by Ann expired: 2 alerts suppressed, 1 still open',
    ])
    expect(app.cardText(app.titles().indexOf('Critical: db-2 reported a failure'))).toContain(
      'Was suppressed by silence 1 by Ann; still firing.',
    )
  })

  it('stops notifications for a card that exists, but still shows that it resolves', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --remind 10m')
    await beat('/fail')
    await app.result('silence add --alert 1 --for 1h')
    expect(app.cardText()).toContain(
      'Suppressed by silence 1 by Ann until 2026-03-02 10:00:00 UTC. Nobody is notified.',
    )
    await app.passes('35m')
    expect(app.channel.messages[0]!.replies).toEqual([])
    await beat()
    expect(app.titles()).toEqual(['Resolved: job reported a failure'])
    expect(app.channel.messages[0]!.replies).toEqual([])
  })

  it('can be previewed, extended, shortened and ended', async () => {
    const app = await startApp()
    await (await app.hasCheck('job'))('/fail')
    expect(await app.result('silence add job --for 1h --preview')).toMatchObject({ would_suppress: 1, would_hold: 1 })
    await app.result('silence add detector:missed-beat --for 1h')
    const title = async (line: string) => (await app.says(line)).card.title
    expect(await title('silence extend 1 --for 4h')).toMatch(/^Silence 1 ends in 4h, .* later than before$/)
    expect(await title('silence extend 1 --for 3h')).toBe('Silence 1 ends in 3h, 1h earlier than before')
    const buttons = async () => (await app.says('silence show 1')).card.buttons?.map(({ line }) => line)
    expect(await buttons()).toEqual(['silence end 1', 'silence extend 1'])
    await (await app.hasCheck('other'))('/fail')
    await app.passes('2h')
    expect(app.titles()).toEqual(['Critical: job reported a failure'])
    const { silence } = await app.result<{ silence: { held: number; open: number } }>('silence end 1')
    expect(silence).toMatchObject({ suppressed_count: 2, held: 2, open: 0 })
    expect(await buttons()).toEqual([])
    expect(app.titles()).toEqual(['Critical: job reported a failure', 'Critical: other reported a failure'])
    await expect(app.result('silence end 1')).rejects.toThrow('Silence 1 has already ended.')
    await expect(app.result('silence add --for 1h')).rejects.toThrow('either a matcher')
  })

  it('expires while Vakt is stopped', async () => {
    const first = await startApp()
    const beat = await first.hasCheck('job')
    await first.result('silence add job --for 1h')
    await beat('/fail')
    const app = await first.restarts('2h', 'killed')
    await app.passes('1s')
    expect(app.titles()).toContain('Critical: job reported a failure')
    expect(app.titles()).toContain('Silence 1 by Ann expired: 1 alert suppressed, 1 still open')
  })
})

describe('maintenance', () => {
  it('by cron in a time zone suppresses alerts in each window, through a change of clocks', async () => {
    // Clocks in Oslo went forward an hour before this story begins: 04:00 there is 02:00 UTC now, and was 03:00.
    const app = await startApp({ start: '2026-03-29T01:55:00Z' })
    const beat = await app.hasCheck('job --every 30d')
    await app.result('maintenance add backups --matcher check:job --cron "0 4 * * *" --tz Europe/Oslo --for 1h')
    expect(await app.result('maintenance show backups')).toMatchObject({
      maintenance: { state: 'planned', starts_at: '2026-03-29T02:00:00.000Z' },
    })
    await app.passes('15m')
    await beat('/fail')
    expect(app.titles()).toEqual([])
    await app.passes('50m')
    expect(app.titles().sort()).toEqual([
      'Critical: job reported a failure',
      'Maintenance backups ended: 1 alert suppressed, 1 still open',
    ])
    expect(await app.result('maintenance show backups')).toMatchObject({
      maintenance: { state: 'planned', starts_at: '2026-03-30T02:00:00.000Z', held: 0 },
    })
  })

  it('starts at its time, also for open alerts, and can be ended early', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --remind 10m')
    await beat('/fail')
    await app.result('maintenance add move --matcher job --from 2026-03-02T10:00:00Z --for 4h')
    await app.passes('59m')
    const reminders = app.mentions().length
    expect(reminders).toBe(5)
    await app.passes('1h')
    expect(app.mentions()).toHaveLength(reminders)
    await app.result('maintenance end move')
    await app.passes('11m')
    expect(app.mentions().length).toBeGreaterThan(reminders)
    expect(await app.result('maintenance show move')).toMatchObject({ maintenance: { state: 'over' } })
  })
})

describe('quiet hours', () => {
  it('delay alerts that are not critical until a digest, and let critical alerts through', async () => {
    const app = await startApp({ start: '2026-03-03T06:30:00Z' })
    await app.result('quiet-hours set "22:00-07:00"')
    const soft = await app.hasCheck('soft --severity warning')
    const brief = await app.hasCheck('brief --severity info')
    const hard = await app.hasCheck('hard')
    for (const beat of [soft, brief, hard]) await beat('/fail')
    expect(app.titles()).toEqual(['Critical: hard reported a failure'])
    await brief()
    await app.passes('29m50s')
    expect(app.titles()).toHaveLength(1)
    await app.passes('15s')
    expect(app.titles().slice(1).sort()).toEqual([
      'Quiet hours ended: 2 alerts, 1 still firing',
      'Warning: soft reported a failure',
    ])
    const digest = app.titles().findIndex(title => title.startsWith('Quiet'))
    expect(app.cardText(digest).split('\n')).toEqual(
      expect.arrayContaining(['Still firing', '1 · warning · soft reported a failure', 'Resolved']),
    )
    expect(app.cardText(digest)).toContain('2 · info · brief reported a failure')
    await app.passes('1h')
    expect(app.titles().filter(title => title.startsWith('Quiet'))).toHaveLength(1)
  })

  it('of a project replace those for all projects', async () => {
    const app = await startApp({ start: '2026-03-02T23:00:00Z' })
    await app.result('projects add shop')
    await app.result('quiet-hours set 22:00-07:00')
    await app.result('quiet-hours set never --project shop')
    await (await app.hasCheck('loud --severity warning --project shop'))('/fail')
    await (await app.hasCheck('still --severity warning'))('/fail')
    expect(app.titles()).toEqual(['Warning: loud reported a failure'])
    await app.result('quiet-hours off')
    expect(app.titles().sort()).toEqual([
      'Quiet hours ended: 1 alert, 1 still firing',
      'Warning: loud reported a failure',
      'Warning: still reported a failure',
    ])
    await expect(app.result('quiet-hours set 00:00-24:00')).rejects.toThrow('cover the whole week')
  })
})

it('the escalation timers of alerts that a storm suppresses stand still', async () => {
  const app = await startApp()
  await app.result('suppression set --storm-rate 5')
  await app.result('escalations add second --after 10m --to discord')
  // Not shown yet, so the storm takes these too.
  const limited = new DeliveryError('limited', 'Slow down.', { retryAfterMs: 60_000 })
  app.channel.failing(limited, 1, 'post')
  for (let i = 0; i < 9; i++) await (await app.hasCheck(`job-${i} --every 1d`))('/fail')
  const timers = `select suppression is not null as suppressed, due_at is null as stands, count(*) as n
    from alerts join alert_escalations on alert_id = alerts.id where key like 'check:%' group by 1, 2 order by 1, 2`
  const rows = app.state.prepare<[], { suppressed: number; stands: number; n: number }>(timers).all()
  expect(rows.filter(({ suppressed, stands }) => suppressed !== stands)).toEqual([])
  expect(rows.find(({ suppressed }) => suppressed === 1)?.n ?? 0).toBeGreaterThan(0)
})
