// Channels that are added and removed, and Vakt stopping in between: every card once and up to date.
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../../chat/channel.ts'
import { startApp } from '../../testing/app.ts'
import { startDelivery } from '../../testing/delivery.ts'
import type { MemoryChannel } from '../../testing/memory-channel.ts'

const titles = (channel: MemoryChannel) => channel.messages.map(message => message.card.title)
const unreachable = new DeliveryError('unreachable', 'The network is down.')

describe('a channel added later', () => {
  it('receives open alerts and no resolved ones', async () => {
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

  it('receives new alerts although many resolved ones still wait for another channel', async () => {
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
    expect(delivery.stands(1, 'discord')).toBe('no recipient')
    expect(delivery.stands(id, 'slack')).toMatch(/^(post: new alert|skip: waiting to retry)$/)
  })
})

describe('a removed channel', () => {
  it('delays nothing, and alerts that only it lacked are delivered', async () => {
    const delivery = await startDelivery('slack', 'discord')
    delivery.channel('slack').failing(unreachable, Number.POSITIVE_INFINITY)
    const { id } = await delivery.fires('disk')
    await delivery.recovers('disk')
    expect(delivery.alert(id).undelivered).toBe(true)
    await delivery.restarts('discord')
    expect(delivery.alert(id).undelivered).toBe(false)
  })

  it('that is added again gets its cards edited, without mentions for the time in between', async () => {
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
  it('continues after a stop, and sends nothing twice', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    await delivery.fires('sent')
    channel.failing(unreachable, 2)
    await delivery.fires('waiting')
    await delivery.restarts('discord')
    await delivery.passes('10s')
    expect(titles(channel)).toEqual(['Critical: sent', 'Critical: waiting'])
  })

  it.each([
    ['before a message left', 'post', false],
    ['after a message arrived and before its answer', 'post', true],
    ['before a reply left', 'reply', false],
    ['after a reply arrived and before its answer', 'reply', true],
    ['in an edit', 'edit', false],
  ] as const)('killed %s sends it once', async (_, kind, arrives) => {
    let app = await startApp()
    const { channel } = app
    const beat = await app.hasCheck('job --every 1h --grace 1m')
    if (kind !== 'post') await beat('/fail')
    // Vakt dies while the answer is on its way: the message was sent, but no answer arrives.
    const release = channel.hangs(kind)
    await beat(kind === 'post' ? '/fail' : '')
    if (!arrives) channel.forgetHanging()
    if (!arrives) release()
    const restarted = app.restarts('1s', 'killed')
    if (arrives) release()
    app = await restarted
    await app.passes('10s')
    const state = kind === 'post' ? 'Critical' : 'Resolved'
    expect(titles(channel)).toEqual([`${state}: job reported a failure`])
    expect(channel.messages[0]!.replies).toHaveLength(kind === 'post' ? 0 : 1)
  })
})
