// Stories in which what holds alerts back meets what calls people: nothing promised is lost between the two.
import { describe, expect, it } from 'vitest'
import { startHouse, type TestHouse } from '../testing/house.ts'

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
