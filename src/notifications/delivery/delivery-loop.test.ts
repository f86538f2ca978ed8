// Delivery on a fake clock: what goes where and in which order, and what each kind of failure does.
import { describe, expect, it } from 'vitest'
import { unacknowledgeAlert, wakeAlerts } from '../../alerts/lifecycle.ts'
import { DeliveryError } from '../../chat/channel.ts'
import { startDelivery } from '../../testing/delivery.ts'
import type { MemoryChannel } from '../../testing/memory-channel.ts'

const limited = (retryAfterMs: number, scope: 'post' | 'edit' | 'all' = 'all') =>
  new DeliveryError('limited', 'Slow down.', { retryAfterMs, scope })
const unreachable = new DeliveryError('unreachable', 'The network is down.')

const titles = (channel: MemoryChannel) => channel.messages.map(message => message.card.title)
const replies = (channel: MemoryChannel) =>
  channel.messages.flatMap(message => message.replies.map(reply => reply.card.title))

describe('an alert', () => {
  it('is posted everywhere, edited in place as it changes, and its end called out when it was critical', async () => {
    const delivery = await startDelivery('discord', 'slack')
    const { id } = await delivery.fires('disk')
    await delivery.isAcknowledged(id)
    await delivery.passes('2m')
    await delivery.recovers('disk')
    for (const name of ['discord', 'slack']) {
      const channel = delivery.channel(name)
      expect(titles(channel)).toEqual(['Resolved: disk'])
      expect(replies(channel)).toEqual(['Recovered after 2m: disk'])
      expect(channel.calls).toEqual(['post', 'edit', 'reply', 'edit'])
    }
  })

  it('goes before others that are less severe, whichever came first', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.failing(limited(30_000))
    await delivery.fires('first', 'info')
    for (const about of ['i1', 'i2', 'i3']) await delivery.fires(about, 'info')
    for (const about of ['w1', 'w2']) await delivery.fires(about, 'warning')
    for (const about of ['c1', 'c2']) await delivery.fires(about, 'critical')
    await delivery.passes('30s')
    const order = titles(channel).map(title => title.split(': ')[1])
    expect(order).toEqual(['c1', 'c2', 'w1', 'w2', 'first', 'i1', 'i2', 'i3'])
  })

  it('that changes while its message is on the way is edited right after', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const release = channel.hangs()
    const { id } = await delivery.fires('disk')
    await delivery.isAcknowledged(id)
    release()
    await delivery.passes('1s')
    expect([titles(channel), channel.calls]).toEqual([['Acknowledged: disk'], ['post', 'edit']])
  })
})

describe('a limit', () => {
  it('is waited for as long as the platform asks, not shorter and not longer', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.failing(limited(90_000))
    const { id } = await delivery.fires('disk')
    expect(delivery.stands(id, 'discord')).toBe('skip: waiting to try again')
    await delivery.passes('89999ms')
    expect(channel.calls).toEqual(['post'])
    await delivery.passes('1ms')
    expect(titles(channel)).toEqual(['Critical: disk'])
  })

  it('of one channel delays no other', async () => {
    const delivery = await startDelivery('discord', 'slack')
    delivery.channel('slack').failing(limited(3_600_000))
    const { id } = await delivery.fires('disk')
    await delivery.isAcknowledged(id)
    expect(titles(delivery.channel('discord'))).toEqual(['Acknowledged: disk'])
    expect(titles(delivery.channel('slack'))).toEqual([])
  })

  it('of edits delays no new alert, and one of new messages no edit', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const { id } = await delivery.fires('disk')
    channel.failing(limited(60_000, 'edit'), 1, 'edit')
    await delivery.isAcknowledged(id)
    await delivery.fires('network')
    expect(titles(channel)).toEqual(['Critical: disk', 'Critical: network'])
    await delivery.passes('1m')
    channel.failing(limited(60_000, 'post'), 1, 'post')
    await delivery.fires('power')
    await delivery.change(() => delivery.recovers('network'))
    expect(titles(channel)).toEqual(['Acknowledged: disk', 'Resolved: network'])
    await delivery.passes('1m')
    expect(titles(channel)).toEqual(['Acknowledged: disk', 'Resolved: network', 'Critical: power'])
  })

  it('is kept to though the platform was away meanwhile; an outage is not', async () => {
    const delivery = await startDelivery('discord', 'slack')
    delivery.channel('discord').failing(limited(60_000))
    delivery.channel('slack').failing(unreachable, 8)
    await delivery.fires('disk')
    await delivery.passes('10s')
    delivery.channel('slack').recovers()
    await delivery.platformIsBack('discord')
    await delivery.platformIsBack('slack')
    expect([titles(delivery.channel('discord')), titles(delivery.channel('slack'))]).toEqual([[], ['Critical: disk']])
    await delivery.passes('50s')
    expect(titles(delivery.channel('discord'))).toEqual(['Critical: disk'])
  })
})

describe('a channel that does not answer', () => {
  it('delays no other', async () => {
    const delivery = await startDelivery('discord', 'slack')
    const release = delivery.channel('slack').hangs()
    for (const about of ['a', 'b', 'c', 'd', 'e', 'f']) await delivery.fires(about)
    expect(titles(delivery.channel('discord'))).toHaveLength(6)
    expect(delivery.channel('slack').calls).toHaveLength(4)
    release()
    await delivery.passes('1s')
    expect(titles(delivery.channel('slack'))).toHaveLength(6)
  })

  it('to edits delays no new critical alert', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const ids: number[] = []
    for (const about of ['a', 'b', 'c', 'd', 'e', 'f']) ids.push((await delivery.fires(about, 'warning')).id)
    const release = channel.hangs('edit')
    for (const id of ids) await delivery.isAcknowledged(id)
    await delivery.fires('disk')
    expect(titles(channel).at(-1)).toBe('Critical: disk')
    release()
    await delivery.passes('1s')
    expect(titles(channel).filter(title => title.startsWith('Acknowledged'))).toHaveLength(6)
  })
})

it('an outage is waited out ever longer, up to a few minutes, and told as it is then', async () => {
  const delivery = await startDelivery('discord')
  const channel = delivery.channel('discord')
  channel.failing(unreachable, Number.POSITIVE_INFINITY)
  const { id } = await delivery.fires('disk')
  await delivery.passes('1h')
  expect(channel.calls.length).toBeGreaterThan(12)
  expect(channel.calls.length).toBeLessThan(33)
  await delivery.isAcknowledged(id)
  channel.recovers()
  await delivery.passes('7m')
  expect([titles(channel), channel.messages[0]!.edits]).toEqual([['Acknowledged: disk'], 0])
})

it('several messages that fail together are one failure: a short outage is waited out no longer for them', async () => {
  const delivery = await startDelivery('discord')
  const channel = delivery.channel('discord')
  channel.failing(unreachable, Number.POSITIVE_INFINITY)
  for (const about of ['a', 'b', 'c', 'd', 'e', 'f']) await delivery.fires(about)
  await delivery.passes('20s')
  channel.recovers()
  await delivery.passes('17s')
  expect(channel.messages).toHaveLength(6)
})

it('a reminder that could not be told before somebody took the alert is told no more, not even when it is given back', async () => {
  const delivery = await startDelivery('discord')
  const channel = delivery.channel('discord')
  const { id } = await delivery.fires('disk', 'critical', { remindEvery: 60_000 })
  channel.failing(limited(120_000, 'post'), 1, 'reply')
  await delivery.passes('1m')
  await delivery.change(() => wakeAlerts(delivery.state, delivery.clock.now(), 10))
  await delivery.isAcknowledged(id)
  await delivery.passes('3m')
  await delivery.change(() => unacknowledgeAlert(delivery.state, id, 'Ann', delivery.clock.now()))
  await delivery.passes('30s')
  expect([titles(channel), replies(channel)]).toEqual([['Critical: disk'], []])
})
