// Stories in which what holds alerts back meets what calls people: nothing promised is lost between the two.
import { describe, expect, it } from 'vitest'
import { startHouse, type TestHouse } from '../testing/app.ts'

const calls = ({ channel }: TestHouse) =>
  channel.messages.flatMap(message => message.replies.map(reply => reply.card.title.split(':')[0]))

describe('an escalation', () => {
  it('stands still through quiet hours and goes on in the morning, also for a card that was there before', async () => {
    const house = await startHouse({ start: '2026-03-02T21:50:00Z' })
    await house.result('escalations add second --after 15m --to discord')
    await house.result('quiet set "Mon-Sun 22:00-23:00"')
    const beat = await house.hasCheck('job --every 1d --severity warning')
    await beat('/fail')
    await house.passes('1h14m')
    expect(calls(house)).toEqual([])
    await house.passes('2m')
    expect(calls(house)).toEqual(['Escalated'])
  })
})

describe('an alert of a storm that somebody took', () => {
  it.each([
    ['ack 4 --for 10m', '11m', ''],
    ['ack 4', '1s', 'unack 4'],
    ['ack 4', '1s', 'snooze 4 --for 5m'],
  ])('is told once it is given back after the storm: %s, %s, %s', async (take, wait, giveBack) => {
    const house = await startHouse()
    await house.result('holds set --storm-rate 2 --storm-post 1')
    const beats = []
    for (const name of ['a', 'b', 'c', 'd']) beats.push(await house.hasCheck(`${name} --every 1d --remind none`))
    for (const beat of beats) await beat('/fail')
    await house.result(take)
    for (const beat of [beats[0]!, beats[1]!, beats[3]!]) await beat()
    await house.passes('2m')
    const titles = () => house.channel.messages.map(message => message.card.title)
    expect(titles()).not.toContain('Acknowledged: c reported a failure')
    await house.passes(wait)
    if (giveBack !== '') await house.result(giveBack)
    await house.passes('6m')
    expect(titles()).toContain('Critical: c reported a failure')
  })
})

describe('what was promised while something holds an alert back', () => {
  it.each([
    ['ack 1 --for 1h', 'The acknowledgement has run out and it still goes on'],
    ['snooze 1 --for 1h', 'The snooze is over and it still goes on'],
  ])('%s calls people once nothing does any more', async (line, called) => {
    const house = await startHouse()
    await (await house.hasCheck('job --every 1d --host web-1'))('/fail')
    await house.result(line)
    await house.result('silence add check:job --for 3h')
    await house.passes('2h')
    expect(calls(house)).toEqual([])
    await house.passes('1h1m')
    expect(calls(house)).toEqual([called])
  })
})
