// Stories through the whole app on a fake clock: a job misses its beat, people react, the job recovers.
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../chat/channel.ts'
import { startApp } from '../testing/app.ts'

describe('a nightly backup', () => {
  it('that does not run is one card: it fires, is acknowledged, and resolves', async () => {
    const app = await startApp({ channels: ['discord', 'slack'] })
    const beat = await app.hasCheck('nightly-backup --every 1d --grace 1h')
    expect((await beat()).status).toBe(200)

    await app.passes('24h59m59s')
    expect(app.channel.messages).toEqual([])
    await app.passes('1s')
    const [discord, slack] = app.channels
    expect(app.titles()).toEqual(['Critical: nightly-backup sent no beat'])
    expect(slack!.messages).toHaveLength(1)

    await app.says('ack 1 on it')
    for (const channel of app.channels) {
      expect(channel.messages[0]!.card.title).toBe('Acknowledged: nightly-backup sent no beat')
      expect(channel.messages[0]!.card.buttons!.map(button => button.label)).toEqual([
        'Resolve',
        'Details',
        'Analyze',
        'Unacknowledge',
      ])
    }
    expect(await app.says('ack 1')).toMatchObject({
      ok: false,
      problem: { message: expect.stringContaining('already acknowledged by Ann') },
    })

    await app.passes('30m')
    await beat()
    expect(discord!.messages[0]!.card.title).toBe('Resolved: nightly-backup sent no beat')
    expect(discord!.messages[0]!.card.buttons).toEqual([
      { label: 'Details', line: 'alerts show 1' },
      { label: 'Analyze', line: 'analyze alert 1' },
    ])
    expect(discord!.messages[0]!.replies.map(reply => reply.card.title)).toEqual([
      'Resolved after 30m: nightly-backup sent no beat',
    ])
    expect(discord!.messages).toHaveLength(1)
  })

  it('that fired and resolved while the chat was unreachable is one resolved card', async () => {
    const app = await startApp()
    const beat = await app.hasCheck('job --every 10m --grace 1m')
    await beat()
    app.channel.failing(new DeliveryError('unreachable', 'The network is down.'), Number.POSITIVE_INFINITY)
    await app.passes('12m')
    await beat()
    expect(app.channel.messages).toEqual([])
    app.channel.recovers()
    await app.passes('6m')
    expect(app.titles()).toEqual(['Resolved: job sent no beat'])
    expect(app.channel.messages[0]!.replies).toEqual([])
  })
})

describe('an internet outage of ten minutes', () => {
  it('fires no alert for beats that could not arrive, and is reported itself', async () => {
    const app = await startApp({
      environment: { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443 dns://example.org https://example.org' },
    })
    const steady = await app.hasCheck('steady --every 5m --grace 1m')
    const dead = await app.hasCheck('dead --every 1d --grace 5m')
    await steady()
    await dead()
    await app.passes('4m')
    app.internet.up = false
    await app.passes('10m')
    expect(app.titles()).toEqual(['Warning: Vakt is offline'])
    expect(await app.result('status')).toMatchObject({ connectivity: { state: 'offline' } })
    app.internet.up = true
    await app.passes('20s')
    expect(app.titles()).toEqual([expect.stringMatching(/^Resolved: Vakt was offline for 9m/)])
    await app.passes('1m')
    await steady()
    await app.passes('23h55m')
    expect(app.titles().slice(1).sort()).toEqual(['Critical: dead sent no beat', 'Critical: steady sent no beat'])
  })

  it('extends deadlines by its whole length although Vakt is killed during it', async () => {
    const app = await startApp({ environment: { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443' } })
    const beat = await app.hasCheck('job --every 5m --grace 1m')
    await beat()
    await app.passes('4m')
    app.internet.up = false
    await app.passes('4m')
    const next = await app.restarts('10s', 'killed')
    await next.passes('5s')
    expect((await next.check('job')).status).not.toBe('down')
    await next.passes('8m')
    expect((await next.check('job')).status).toBe('down')
  })
})
