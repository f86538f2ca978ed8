// Channels that come and go, and Vakt stopping in the middle: every card once, and none that lies.
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../../chat/channel.ts'
import { startApp } from '../../testing/app.ts'
import { startDelivery } from '../../testing/delivery.ts'
import type { MemoryChannel } from '../../testing/memory-channel.ts'

const titles = (channel: MemoryChannel) => channel.messages.map(message => message.card.title)
const unreachable = new DeliveryError('unreachable', 'The network is down.')

describe('a channel added later', () => {
  it('receives the alerts that are open and not those that have ended', async () => {
    const delivery = await startDelivery('discord')
    await delivery.fires('ended')
    await delivery.fires('open')
    await delivery.recovers('ended')
    await delivery.passes('1s')
    await delivery.restarts('discord', 'slack')
    expect(titles(delivery.channel('slack'))).toEqual(['Critical: open'])
    await delivery.recovers('open')
    expect(titles(delivery.channel('slack'))).toEqual(['Resolved: open'])
  })

  it('is told new alerts though many ended ones still wait for another channel', async () => {
    const delivery = await startDelivery('slack')
    delivery.channel('slack').failing(unreachable, Number.POSITIVE_INFINITY)
    for (let i = 0; i < 40; i++) {
      await delivery.fires(`old ${i}`)
      await delivery.recovers(`old ${i}`)
    }
    await delivery.passes('1m')
    await delivery.restarts('slack', 'discord')
    const { id } = await delivery.fires('new')
    expect(titles(delivery.channel('discord'))).toEqual(['Critical: new'])
    expect(delivery.stands(1, 'discord')).toBe('not told there')
    expect(delivery.stands(id, 'slack')).toMatch(/^(post: new alert|skip: waiting to try again)$/)
  })
})

describe('a channel taken away', () => {
  it('holds nothing up, and what only it lacked is done with', async () => {
    const delivery = await startDelivery('slack', 'discord')
    delivery.channel('slack').failing(unreachable, Number.POSITIVE_INFINITY)
    const { id } = await delivery.fires('disk')
    await delivery.recovers('disk')
    expect(delivery.alert(id).undelivered).toBe(true)
    await delivery.restarts('discord')
    expect(delivery.alert(id).undelivered).toBe(false)
  })

  it('and added again has its cards made true, without a call to what is long over', async () => {
    const delivery = await startDelivery('slack', 'discord')
    await delivery.fires('disk')
    await delivery.restarts('discord')
    await delivery.recovers('disk')
    expect(titles(delivery.channel('slack'))).toEqual(['Critical: disk'])
    await delivery.passes('1h')
    await delivery.restarts('slack', 'discord')
    expect(titles(delivery.channel('slack'))).toEqual(['Resolved: disk'])
    expect(delivery.channel('slack').messages[0]!.replies).toEqual([])
  })
})

describe('Vakt', () => {
  it('stopped in between goes on where it was, and sends nothing twice', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    await delivery.fires('told')
    channel.failing(unreachable, 2)
    await delivery.fires('waiting')
    await delivery.restarts('discord')
    await delivery.passes('10s')
    expect(titles(channel)).toEqual(['Critical: told', 'Critical: waiting'])
  })

  it.each([
    ['before a message left', 'post', false],
    ['after a message arrived and before it heard so', 'post', true],
    ['before a reply left', 'reply', false],
    ['after a reply arrived and before it heard so', 'reply', true],
    ['in an edit', 'edit', false],
  ] as const)('killed %s tells it once', async (_, kind, arrives) => {
    let app = await startApp()
    const { channel } = app
    const beat = await app.hasCheck('job --every 1h --grace 1m')
    if (kind !== 'post') await beat('/fail')
    // The death comes while the answer is on its way: what arrives then was sent, but nobody hears of it.
    const release = channel.hangs(kind)
    await beat(kind === 'post' ? '/fail' : '')
    if (!arrives) channel.forgetHanging()
    if (!arrives) release()
    const born = app.restarts('1s', 'killed')
    if (arrives) release()
    app = await born
    await app.passes('10s')
    const over = kind === 'post' ? 'Critical' : 'Resolved'
    expect(titles(channel)).toEqual([`${over}: job reported a failure`])
    expect(channel.messages[0]!.replies).toHaveLength(kind === 'post' ? 0 : 1)
  })
})
