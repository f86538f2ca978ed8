// The commands that show alerts to people and scripts, and the test alert.
import { describe, expect, it } from 'vitest'
import { startApp } from '../../src/testing/app.ts'

async function withAlerts(count: number) {
  const app = await startApp()
  for (let i = 0; i < count; i++) await (await app.hasCheck(`job-${i}`))('/fail')
  return app
}

describe('a list of open alerts', () => {
  it('has all alerts for a script, or as many as it asks for', async () => {
    const app = await withAlerts(12)
    expect((await app.result<{ alerts: [] }>('alerts list')).alerts).toHaveLength(12)
    expect((await app.result<{ alerts: [] }>('alerts list --limit 10')).alerts).toHaveLength(10)
    expect(await app.result('alerts history')).toMatchObject({ total: 12 })
  })

  it('has the ten worst alerts for a person', async () => {
    const app = await withAlerts(12)
    const reply = await app.says('alerts list', { interactive: true })
    expect(reply.card.rows).toHaveLength(10)
    expect(reply.card.page).toMatchObject({ text: '2 more alerts', next: { line: 'alerts list --limit 30' } })
  })
})

it('the history shows how long resolved alerts lasted, without acknowledgement and suppression', async () => {
  const app = await startApp()
  const job = await app.hasCheck('job')
  await app.result('silence add check:job --for 3d')
  await job('/fail')
  await app.result('ack 1')
  await app.passes('90s')
  const line = async () => (await app.answerText('alerts history')).split('\n')[1]
  expect(await line()).toMatch(/, acknowledged by Ann · suppressed by silence 1 by Ann until /)
  await job()
  await app.passes('1h')
  expect(await line()).toBe('1 · Resolved · job reported a failure · 1h 1m ago, for 1m 30s')
})

it('the status names the worst alerts and counts the others', async () => {
  const app = await withAlerts(5)
  await app.result('checks edit job-0 --severity warning')
  const text = await app.answerText('status')
  expect(text).toMatch(/^5 open alerts$/m)
  expect(text.match(/^\d · Critical · job-\d reported a failure$/gm)).toHaveLength(3)
  expect(text).toContain('… 2 more')
})

it('an alert that is suppressed for days shows until which day', async () => {
  const app = await withAlerts(1)
  const { alerts } = await app.result<{ alerts: { fired_at: string }[] }>('alerts list')
  await app.result('silence add "check:job-0" --for 3d')
  const day = new Date(Date.parse(alerts[0]!.fired_at) + 3 * 86_400_000).toISOString().slice(0, 10)
  expect(await app.answerText('alerts list')).toContain(`until ${day} `)
})

it('a test alert is resolved by "alerts test" alone, never by asking for another', async () => {
  const app = await startApp()
  await app.result('alerts test')
  expect(await app.answerText('alerts test --severity critical')).toContain(
    '"alerts test" without --severity resolves it.',
  )
  await app.result('alerts test')
  expect(app.titles()).toEqual(['Resolved: test alert by Ann'])
})

it('a wrong alert number is reported with an example', async () => {
  const app = await startApp()
  expect(await app.answerText('ack abc')).toBe('Alert must be an alert number such as 42, or all, but is "abc".')
})

it('the former names of commands, flags and result fields still work', async () => {
  const app = await startApp()
  await app.result('holds set --hold-off 1m --settle 2h --flap-within 5m --flap-good 3m --storm-post 7')
  const thresholds = await app.result('suppression show')
  expect(thresholds).toEqual(await app.result('holds show'))
  expect(thresholds).toMatchObject({
    ...{ inhibition_delay_ms: 60_000, recovery_grace_ms: 7_200_000, flap_window_ms: 300_000, storm_max_remaining: 7 },
    ...{ hold_off_ms: 60_000, settle_ms: 7_200_000, flap_within_ms: 300_000, flap_good_ms: 180_000, storm_post: 7 },
  })
  await app.result('quiet set "22:00-07:00"')
  expect(await app.result('quiet-hours show')).toEqual(await app.result('quiet show'))
  await app.result('quiet off')
  await app.result('silence add job')
  await (await app.hasCheck('job'))('/fail')
  const { alerts } = await app.result<{ alerts: object[] }>('alerts list')
  expect(alerts[0]).toMatchObject({ held_by: 'silence:1', suppressed_by: { kind: 'silence', id: 1 } })
})

it('all alerts that a person acknowledges after the question have the note of the command', async () => {
  const app = await withAlerts(2)
  const asked = await app.says('ack all on my way, "db" is full --for 2h', { interactive: true })
  expect(asked.card.buttons![0]!.line).toBe('ack all "on my way, \\"db\\" is full" --for 2h --yes')
  await app.says(asked.card.buttons![0]!.line, { interactive: true })
  expect(await app.answerText('alerts show 2')).toContain('on my way, "db" is full')
})
