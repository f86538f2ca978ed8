// Stories of suppression together with escalations and mentions: no mention is lost.
import { describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'

const mentions = ({ channel }: TestApp) =>
  channel.messages.flatMap(message => message.replies.map(reply => reply.card.title.split(':')[0]))

describe('an escalation', () => {
  it('stops during quiet hours and continues after them, also for a card from before', async () => {
    const app = await startApp({ start: '2026-03-02T21:50:00Z' })
    await app.result('escalations add second --after 15m --to discord')
    await app.result('quiet-hours set "Mon-Sun 22:00-23:00"')
    const beat = await app.hasCheck('job --every 1d --severity warning')
    await beat('/fail')
    await app.passes('1h14m')
    expect(mentions(app)).toEqual([])
    await app.passes('2m')
    expect(mentions(app)).toEqual(['Escalated'])
  })
})

describe('an acknowledged alert of a storm', () => {
  it.each([
    ['ack 4 --for 10m', '11m', ''],
    ['ack 4', '1s', 'unack 4'],
    ['ack 4', '1s', 'snooze 4 --for 5m'],
  ])('is sent when its acknowledgement ends after the storm: %s, %s, %s', async (acknowledge, wait, unacknowledge) => {
    const app = await startApp()
    await app.result('suppression set --storm-rate 2 --storm-max-remaining 1')
    const beats = []
    for (const name of ['a', 'b', 'c', 'd']) beats.push(await app.hasCheck(`${name} --every 1d --remind none`))
    for (const beat of beats) await beat('/fail')
    await app.result(acknowledge)
    for (const beat of [beats[0]!, beats[1]!, beats[3]!]) await beat()
    await app.passes('2m')
    expect(app.titles()).not.toContain('Acknowledged: c reported a failure')
    await app.passes(wait)
    if (unacknowledge !== '') await app.result(unacknowledge)
    await app.passes('6m')
    expect(app.titles()).toContain('Critical: c reported a failure')
  })
})

describe('an acknowledgement or snooze that ends during a suppression', () => {
  it.each([
    ['ack 1 --for 1h', 'Acknowledgement expired, still firing'],
    ['snooze 1 --for 1h', 'Snooze ended, still firing'],
  ])('mentions people after the suppression: %s', async (line, mention) => {
    const app = await startApp()
    await (await app.hasCheck('job --every 1d --host web-1'))('/fail')
    await app.result(line)
    await app.result('silence add check:job --for 3h')
    await app.passes('2h')
    expect(mentions(app)).toEqual([])
    await app.passes('1h1m')
    expect(mentions(app)).toEqual([mention])
  })
})
