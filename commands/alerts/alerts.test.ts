// Alerts as people and scripts look at them, and the test of the way to the chats.
import { describe, expect, it } from 'vitest'
import { cardText } from '../../src/chat/card-text.ts'
import { startApp } from '../../src/testing/app.ts'

async function withAlerts(count: number) {
  const app = await startApp()
  for (let i = 0; i < count; i++) await (await app.hasCheck(`job-${i}`))('/fail')
  return app
}

describe('a list of open alerts', () => {
  it('is whole for a script, and as long as it says when it does', async () => {
    const app = await withAlerts(12)
    expect((await app.result<{ alerts: [] }>('alerts list')).alerts).toHaveLength(12)
    expect((await app.result<{ alerts: [] }>('alerts list --limit 10')).alerts).toHaveLength(10)
    expect(await app.result('alerts history')).toMatchObject({ total: 12 })
  })

  it('is the ten worst for a person', async () => {
    const app = await withAlerts(12)
    const reply = await app.says('alerts list', { interactive: true })
    expect(reply.card.lines).toHaveLength(11)
    expect(reply.card.lines!.at(-1)).toBe('… 2 more')
  })
})

it('the history says how long what is over lasted, and nothing that holds for it no longer', async () => {
  const app = await startApp()
  const job = await app.hasCheck('job')
  await app.result('silence add check:job --for 3d')
  await job('/fail')
  await app.result('ack 1')
  await app.passes('90s')
  const line = async () => {
    const { card } = await app.says('alerts history')
    return cardText(card, { timeZone: 'UTC', now: app.clock.now() }).split('\n')[1]
  }
  expect(await line()).toMatch(/Ann is on it · held back by silence 1 .* until /)
  await job()
  await app.passes('1h')
  expect(await line()).toBe('1 · Resolved · job reported a failure · 1h 1m ago, for 1m 30s')
})

it('the status names the worst and counts the others', async () => {
  const app = await withAlerts(5)
  await app.result('checks edit job-0 --severity warning')
  const { card } = await app.says('status')
  expect(card.title).toBe('5 open alerts')
  const text = cardText(card, { timeZone: 'UTC', now: app.clock.now() })
  expect(text.match(/^\d · Critical · job-\d reported a failure$/gm)).toHaveLength(3)
  expect(text).toContain('… 2 more')
})

it('one that is held back over days says until which', async () => {
  const app = await withAlerts(1)
  const { alerts } = await app.result<{ alerts: { fired_at: string }[] }>('alerts list')
  await app.result('silence add "check:job-0" --for 3d')
  const { card } = await app.says('alerts list')
  const day = new Date(Date.parse(alerts[0]!.fired_at) + 3 * 86_400_000).toISOString().slice(0, 10)
  expect(cardText(card, { timeZone: 'UTC', now: app.clock.now() })).toContain(`until ${day} `)
})

it('a test alert is ended by "alerts test" alone, and never by asking for another', async () => {
  const app = await startApp()
  await app.result('alerts test')
  expect(await app.says('alerts test --severity critical')).toMatchObject({
    problem: { code: 'conflict', message: expect.stringMatching(/"alerts test" without --severity ends it/) },
  })
  await app.result('alerts test')
  expect(app.channel.messages.map(message => message.card.title)).toEqual(['Resolved: test alert by Ann'])
})

it('what is no alert number is told once what would be one', async () => {
  const app = await startApp()
  const message = 'Alert must be an alert number such as 42, or all, but is "abc".'
  expect(await app.says('ack abc')).toMatchObject({ problem: { message } })
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
