// Stories of alerts and the people they notify: reminders, snoozes, many alerts at once, and checks removed meanwhile.
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../chat/channel.ts'
import { startApp } from '../testing/app.ts'
import { setThresholds } from './suppression/settings.ts'

const REMINDER = 'Still firing, not acknowledged'

describe('reminders', () => {
  it.each([
    ['of the project, every four hours', 'job', '4h'],
    ['of the check itself', 'job --remind 30m', '30m'],
  ])('are sent at the interval %s until somebody acknowledges', async (_, line, interval) => {
    const app = await startApp()
    const beat = await app.hasCheck(line)
    await beat('/fail')
    await app.passes(interval)
    await app.passes(interval)
    expect(app.mentions()).toEqual([REMINDER, REMINDER])
    await app.says('ack 1')
    await app.passes('9h')
    expect(app.mentions()).toHaveLength(2)
    await app.says('unack 1')
    await app.passes(interval)
    expect(app.mentions()).toHaveLength(3)
  })

  it('follow the setting of the project, and "none" turns them off', async () => {
    const app = await startApp()
    await app.result('projects edit default --remind 1h')
    await (await app.hasCheck('loud'))('/fail')
    await (await app.hasCheck('quiet --remind none'))('/fail')
    await app.passes('2h')
    const [loud, quiet] = app.channel.messages
    expect([loud!.replies.length, quiet!.replies.length]).toEqual([2, 0])
  })

  it('are sent at the right time after a restart', async () => {
    const first = await startApp()
    await (await first.hasCheck('job --remind 1h'))('/fail')
    await first.passes('30m')
    const app = await first.restarts('10s')
    await app.passes('29m49s')
    expect(app.mentions()).toEqual([])
    await app.passes('1s')
    expect(app.mentions()).toEqual([REMINDER])
  })
})

describe('a snooze', () => {
  it('stops notifications until its end, then notifies again', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --remind 10m')
    await beat('/fail')
    await app.says('snooze 1 --for 2h --note "after lunch"')
    expect(app.titles()).toEqual(['Snoozed: job reported a failure'])
    await app.passes('1h59m59s')
    expect(app.mentions()).toEqual([])
    await app.passes('1s')
    expect([app.titles(), app.mentions()]).toEqual([
      ['Critical: job reported a failure'],
      ['Snooze ended, still firing'],
    ])
    await app.passes('10m')
    expect(app.mentions().at(-1)).toBe(REMINDER)
  })

  it('ends when its alert resolves', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job')
    await beat('/fail')
    await app.says('snooze 1')
    await beat()
    await app.passes('2h')
    expect([app.titles(), app.mentions()]).toEqual([['Resolved: job reported a failure'], ['Resolved after under 1s']])
  })
})

it('an alert resolved by hand does not fire again for the same missed beat', async () => {
  const app = await startApp()
  const beat = await app.hasCheck('job --every 10m --grace 1m')
  await beat()
  await app.passes('11m')
  await app.says('resolve 1')
  await app.passes('9h')
  expect(app.titles()).toEqual(['Resolved: job sent no beat'])
  await beat()
  await app.passes('11m')
  expect(app.titles()).toHaveLength(2)
})

describe('a check with an open alert', () => {
  it.each(['checks pause job', 'checks remove job --yes'])('resolves it with "%s"', async line => {
    const app = await startApp()
    const beat = await app.hasCheck('job')
    await beat('/fail')
    await app.result(line)
    expect(app.titles()).toEqual(['Resolved: job reported a failure'])
    const lines = app.channel.messages[0]!.card.buttons!.map(button => button.line)
    expect(lines).toEqual(['alerts show 1', 'analyze alert 1'])
    await app.passes('9h')
    expect(app.mentions()).toEqual([])
  })

  it('is not confused with a check that was removed before it', async () => {
    const app = await startApp()
    await (await app.hasCheck('old'))('/fail')
    await app.result('checks remove old --yes')
    await (await app.hasCheck('new'))('/fail')
    expect(app.titles()).toEqual(['Resolved: old reported a failure', 'Critical: new reported a failure'])
  })
})

it('alerts that fire while a channel is rate limited are all posted afterwards, critical ones first', async () => {
  const app = await startApp({ channels: ['slack', 'discord'] })
  setThresholds(app.state, null, { stormRate: 0 })
  const [slack, discord] = app.channels
  slack!.failing(new DeliveryError('limited', 'Slow down.', { retryAfterMs: 60_000 }))
  for (let i = 0; i < 60; i++) {
    const severity = i % 3 === 0 ? 'critical' : i % 3 === 1 ? 'warning' : 'info'
    await (await app.hasCheck(`job-${i} --severity ${severity}`))('/fail')
  }
  expect([slack!.messages.length, discord!.messages.length]).toEqual([0, 60])
  await app.passes('59s')
  expect(slack!.messages).toHaveLength(0)
  await app.passes('2s')
  const severities = app.titles(slack).map(title => title.split(':')[0])
  expect(severities).toEqual([...Array(20).fill('Critical'), ...Array(20).fill('Warning'), ...Array(20).fill('Info')])
})

describe('a command that fails', () => {
  it.each([
    ['checks add', { name: expect.any(String) }, /name is missing/i],
    ['checks add a --every soon', { every: expect.any(String) }, /every must be a duration .* but is "soon"/i],
    ['checks add a --grace 0s', { grace: expect.any(String) }, /from 1s to 365d/],
    ['checks add a --cron "61 * * * *"', { cron: expect.any(String) }, /minute field/],
    ['checks add a --cron "0 0 31 2 *"', { cron: expect.any(String) }, /never comes due/],
    ['checks add a --cron "0 2 * * *" --tz Europe/Olso', { tz: expect.any(String) }, /Europe\/Olso/],
    ['checks add a --every 1h --cron "0 2 * * *"', { every: expect.any(String) }, /not both/],
    ['checks add a --active weekdays', { active: expect.any(String) }, /Mon-Fri 08:00-18:00/],
    ['checks add a --after 0', { after: expect.any(String) }, /after/i],
    ['checks add a --severity dire', { severity: expect.any(String) }, /severity/i],
    ['checks add a --methods GET', { methods: expect.any(String) }, /methods/i],
    [
      'checks add a --project shop',
      { project: expect.any(String) },
      /There is no project "shop"\. Projects: default\. "projects add" adds one\./,
    ],
    ['checks add a --colour red', { colour: expect.any(String) }, /no flag --colour/],
    ['checks add job', { name: expect.any(String) }, /already has a check "job"/],
    ['checks edit job', { settings: expect.any(String) }, /Say what to change/],
    ['checks edit job --rename other', { rename: expect.any(String) }, /already has a check "other"/],
    ['checks show jbo', { name: expect.any(String) }, /There is no check "jbo"/],
    ['checks pause nobody', { name: expect.any(String) }, /There is no check "nobody"/],
    ['checks next', { name: expect.any(String) }, /Name a check or a schedule/],
    ['checks next job --from yesteryear', { from: expect.any(String) }, /is not a time/],
    ['checks', { line: expect.any(String) }, /needs another word/],
    ['checks stop job', { line: expect.any(String) }, /There is no command "checks stop"/],
    ['ack', { alert: expect.any(String) }, /alert/i],
    ['ack 99', { alert: expect.any(String) }, /There is no alert 99/],
    ['ack seven', { alert: expect.any(String) }, /must be an alert number such as 42/],
    ['snooze 1 --for ever', { for: expect.any(String) }, /must be a duration/],
    ['frobnicate', { line: expect.any(String) }, /There is no command "frobnicate"/],
  ])('%s: names the field and changes nothing', async (line, fields, message) => {
    const app = await startApp()
    await app.hasCheck('job')
    await (await app.hasCheck('other'))('/fail')
    const before = await app.result('checks list')
    const reply = await app.says(line)
    if (reply.ok) throw new Error('the command succeeded')
    expect(reply.problem.fields).toEqual(fields)
    expect(reply.problem.message).toMatch(message)
    expect(await app.result('checks list')).toEqual(before)
  })
})

describe('deliveries --failed', () => {
  it('shows a refused delivery, however many alerts fired since', async () => {
    const app = await startApp()
    const post = app.channel.post.bind(app.channel)
    app.channel.post = async (card, nonce) => {
      if (/Alert 1\b/.test(`${card.footer}`)) throw new DeliveryError('refused', 'No access to the channel.')
      return post(card, nonce)
    }
    await app.says('alerts test')
    for (let i = 0; i < 12; i++) await app.says('alerts test', { id: `later-${i}` })
    const { deliveries } = await app.result<{ deliveries: { alert: number; state: string }[] }>('deliveries --failed')
    expect(deliveries).toMatchObject([{ alert: 1, state: 'failed' }])
  })
})
