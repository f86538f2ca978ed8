// Stories through the whole house on a fake clock: a job falls silent, people react, it comes back.
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../chat/channel.ts'
import { startHouse } from '../testing/app.ts'

describe('a nightly backup', () => {
  it('that does not run is told once, taken by somebody, and told to be over', async () => {
    const house = await startHouse({ channels: ['discord', 'slack'] })
    const beat = await house.hasCheck('nightly-backup --every 1d --grace 1h')
    expect((await beat()).status).toBe(200)

    await house.passes('24h59m59s')
    expect(house.channel.messages).toEqual([])
    await house.passes('1s')
    const [discord, slack] = house.channels
    expect(discord!.messages.map(message => message.card.title)).toEqual(['Critical: nightly-backup sent no beat'])
    expect(slack!.messages).toHaveLength(1)

    await house.says('ack 1 on it')
    for (const channel of house.channels) {
      expect(channel.messages[0]!.card.title).toBe('Acknowledged: nightly-backup sent no beat')
      expect(channel.messages[0]!.card.buttons!.map(button => button.label)).toEqual([
        'Un-acknowledge',
        'Resolve',
        'Details',
        'Analyze',
      ])
    }
    expect(await house.says('ack 1')).toMatchObject({
      ok: false,
      problem: { message: expect.stringContaining('already acknowledged by Ann') },
    })

    await house.passes('30m')
    await beat()
    expect(discord!.messages[0]!.card.title).toBe('Resolved: nightly-backup sent no beat')
    expect(discord!.messages[0]!.card.buttons).toEqual([{ label: 'Analyze', line: 'analyze alert 1' }])
    expect(discord!.messages[0]!.replies.map(reply => reply.card.title)).toEqual([
      'Recovered after 30m: nightly-backup sent no beat',
    ])
    expect(discord!.messages).toHaveLength(1)
  })

  it('that came and went while the chat was unreachable is told as one card, born resolved', async () => {
    const house = await startHouse()
    const beat = await house.hasCheck('job --every 10m --grace 1m')
    await beat()
    house.channel.failing(new DeliveryError('unreachable', 'The network is down.'), Number.POSITIVE_INFINITY)
    await house.passes('12m')
    await beat()
    expect(house.channel.messages).toEqual([])
    house.channel.recovers()
    await house.passes('6m')
    expect(house.channel.messages.map(message => message.card.title)).toEqual(['Resolved: job sent no beat'])
    expect(house.channel.messages[0]!.replies).toEqual([])
  })
})

describe('the internet is gone for ten minutes', () => {
  it('no job is blamed for beats that could not arrive, and the absence is told', async () => {
    const house = await startHouse({
      environment: { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443 dns://example.org https://example.org' },
    })
    const steady = await house.hasCheck('steady --every 5m --grace 1m')
    const dead = await house.hasCheck('dead --every 1d --grace 5m')
    await steady()
    await dead()
    await house.passes('4m')
    house.internet.up = false
    await house.passes('10m')
    expect(house.channel.messages.map(message => message.card.title)).toEqual(['Warning: Vakt is offline'])
    expect(await house.result('status')).toMatchObject({ connectivity: { state: 'offline' } })
    house.internet.up = true
    await house.passes('20s')
    expect(house.channel.messages.map(message => message.card.title)).toEqual([
      expect.stringMatching(/^Resolved: Vakt was offline for 10m/),
    ])
    await house.passes('1m')
    await steady()
    await house.passes('23h55m')
    expect(
      house.channel.messages
        .slice(1)
        .map(message => message.card.title)
        .sort(),
    ).toEqual(['Critical: dead sent no beat', 'Critical: steady sent no beat'])
  })

  it('a Vakt that dies while offline still holds the whole time off', async () => {
    const house = await startHouse({ environment: { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443' } })
    const beat = await house.hasCheck('job --every 5m --grace 1m')
    await beat()
    await house.passes('4m')
    house.internet.up = false
    await house.passes('4m')
    const next = await house.restarts('10s', 'killed')
    await next.passes('5s')
    expect((await next.check('job')).status).not.toBe('down')
    await next.passes('8m')
    expect((await next.check('job')).status).toBe('down')
  })
})
