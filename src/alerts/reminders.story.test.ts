// Stories of alerts and the people they call: reminders, snoozes, many at once, and checks that go away meanwhile.
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../chat/channel.ts'
import { startApp, type TestApp } from '../testing/app.ts'
import { setThresholds } from './suppression/settings.ts'

const titles = ({ channel }: TestApp) => channel.messages.map(message => message.card.title)
const calls = ({ channel }: TestApp) =>
  channel.messages.flatMap(message => message.replies.map(reply => reply.card.title.split(/[:,]/)[0]))

describe('reminders', () => {
  it.each([
    ['of the project, every four hours', 'job', '4h'],
    ['of the check itself', 'job --remind 30m', '30m'],
  ])('come at the interval %s, until somebody acknowledges', async (_, line, interval) => {
    const app = await startApp()
    const beat = await app.hasCheck(line)
    await beat('/fail')
    await app.passes(interval)
    await app.passes(interval)
    expect(calls(app)).toEqual(['Still going on', 'Still going on'])
    await app.says('ack 1')
    await app.passes('9h')
    expect(calls(app)).toHaveLength(2)
    await app.says('unack 1')
    await app.passes(interval)
    expect(calls(app)).toHaveLength(3)
  })

  it('follow what the project says, and none is none', async () => {
    const app = await startApp()
    await app.result('projects edit default --remind 1h')
    await (await app.hasCheck('loud'))('/fail')
    await (await app.hasCheck('quiet --remind none'))('/fail')
    await app.passes('2h')
    const [loud, quiet] = app.channel.messages
    expect([loud!.replies.length, quiet!.replies.length]).toEqual([2, 0])
  })

  it('go on through a restart, at their time', async () => {
    const first = await startApp()
    await (await first.hasCheck('job --remind 1h'))('/fail')
    await first.passes('30m')
    const app = await first.restarts('10s')
    await app.passes('29m49s')
    expect(calls(app)).toEqual([])
    await app.passes('1s')
    expect(calls(app)).toEqual(['Still going on'])
  })
})

describe('a snooze', () => {
  it('keeps quiet until its end, and then calls everybody again', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --remind 10m')
    await beat('/fail')
    await app.says('snooze 1 --for 2h --note "after lunch"')
    expect(titles(app)).toEqual(['Snoozed: job reported a failure'])
    await app.passes('1h59m59s')
    expect(calls(app)).toEqual([])
    await app.passes('1s')
    expect([titles(app), calls(app)]).toEqual([
      ['Critical: job reported a failure'],
      ['The snooze is over and it still goes on'],
    ])
    await app.passes('10m')
    expect(calls(app).at(-1)).toBe('Still going on')
  })

  it('ends with what it was for', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job')
    await beat('/fail')
    await app.says('snooze 1')
    await beat()
    await app.passes('2h')
    expect([titles(app), calls(app)]).toEqual([['Resolved: job reported a failure'], ['Recovered after under 1s']])
  })
})

it('an alert that somebody resolves by hand is not opened again by the same silence', async () => {
  const app = await startApp()
  const beat = await app.hasCheck('job --every 10m --grace 1m')
  await beat()
  await app.passes('11m')
  await app.says('resolve 1')
  await app.passes('9h')
  expect(titles(app)).toEqual(['Resolved: job sent no beat'])
  await beat()
  await app.passes('11m')
  expect(titles(app)).toHaveLength(2)
})

describe('a check that alerts', () => {
  it.each(['checks pause job', 'checks remove job --yes'])('ends its card with "%s"', async line => {
    const app = await startApp()
    const beat = await app.hasCheck('job')
    await beat('/fail')
    await app.result(line)
    expect(titles(app)).toEqual(['Resolved: job reported a failure'])
    expect(app.channel.messages[0]!.card.buttons).toEqual([{ label: 'Analyze', line: 'analyze alert 1' }])
    await app.passes('9h')
    expect(calls(app)).toEqual([])
  })

  it('is not mistaken for one that was removed before it', async () => {
    const app = await startApp()
    await (await app.hasCheck('old'))('/fail')
    await app.result('checks remove old --yes')
    await (await app.hasCheck('new'))('/fail')
    expect(titles(app)).toEqual(['Resolved: old reported a failure', 'Critical: new reported a failure'])
  })
})

it('alerts that come while a channel is limited are all told when it lets them, criticals first', async () => {
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
  const told = slack!.messages.map(message => message.card.title.split(':')[0])
  expect(told).toEqual([...Array(20).fill('Critical'), ...Array(20).fill('Warning'), ...Array(20).fill('Info')])
})

describe('a command that cannot be done', () => {
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
  ])('%s: names the field, and nothing is changed', async (line, fields, sentence) => {
    const app = await startApp()
    await app.hasCheck('job')
    await (await app.hasCheck('other'))('/fail')
    const before = await app.result('checks list')
    const reply = await app.says(line)
    if (reply.ok) throw new Error('it was done')
    expect(reply.problem.fields).toEqual(fields)
    expect(reply.problem.message).toMatch(sentence)
    expect(await app.result('checks list')).toEqual(before)
  })
})

describe('deliveries --failed', () => {
  it('tells what a channel refused however many alerts came since', async () => {
    const app = await startApp()
    app.channel.failing(new DeliveryError('refused', 'No access to the channel.'), 1)
    await app.says('alerts test')
    for (let i = 0; i < 12; i++) await app.says('alerts test', { id: `later-${i}` })
    const { deliveries } = await app.result<{ deliveries: { alert: number; state: string }[] }>('deliveries --failed')
    expect(deliveries).toMatchObject([{ alert: 1, state: 'failed' }])
  })
})
