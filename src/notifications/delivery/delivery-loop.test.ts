// Delivery on a fake clock: the order of messages, and the effect of each kind of failure.
import { describe, expect, it } from 'vitest'
import { unacknowledgeAlert, wakeAlerts } from '../../alerts/lifecycle.ts'
import { DeliveryError, type DeliveryErrorScope } from '../../chat/channel.ts'
import { startDelivery } from '../../testing/delivery.ts'
import type { MemoryChannel } from '../../testing/memory-channel.ts'

const limited = (retryAfterMs: number, scope: DeliveryErrorScope = 'all') =>
  new DeliveryError('limited', 'Slow down.', { retryAfterMs, scope })
const unreachable = new DeliveryError('unreachable', 'The network is down.')

const titles = (channel: MemoryChannel) => channel.messages.map(message => message.card.title)
const replies = (channel: MemoryChannel) =>
  channel.messages.flatMap(message => message.replies.map(reply => reply.card.title))

describe('an alert', () => {
  it('is posted in every channel, edited in place, and the recovery of a critical is a reply', async () => {
    const delivery = await startDelivery('discord', 'slack')
    const { id } = await delivery.fires('disk')
    await delivery.isAcknowledged(id)
    await delivery.passes('2m')
    await delivery.recovers('disk')
    for (const name of ['discord', 'slack']) {
      const channel = delivery.channel(name)
      expect(titles(channel)).toEqual(['Resolved: disk'])
      expect(replies(channel)).toEqual(['Resolved after 2m: disk'])
      expect(channel.calls).toEqual(['post', 'edit', 'reply', 'edit'])
    }
  })

  it('is sent before less severe ones, even when they are older', async () => {
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

  it('that changes while its message is in flight is edited right after', async () => {
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

describe('a rate limit', () => {
  it('leaves one new card in flight, and after ten seconds as many as before', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.failing(limited(10_000, 'post'))
    for (const about of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await delivery.fires(about)
    const before = channel.calls.length
    const release = channel.hangs()
    await delivery.passes('19s')
    expect(channel.calls.length - before).toBe(1)
    await delivery.passes('1s')
    expect(channel.calls.length - before).toBe(4)
    release()
    await delivery.passes('1s')
    expect(titles(channel)).toHaveLength(7)
  })

  it('delays the next attempt for exactly as long as the platform asks', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.failing(limited(90_000))
    const { id } = await delivery.fires('disk')
    expect(delivery.stands(id, 'discord')).toBe('skip: waiting to retry')
    await delivery.passes('89999ms')
    expect(channel.calls).toEqual(['post'])
    await delivery.passes('1ms')
    expect(titles(channel)).toEqual(['Critical: disk'])
  })

  it('of one channel does not delay another', async () => {
    const delivery = await startDelivery('discord', 'slack')
    delivery.channel('slack').failing(limited(3_600_000))
    const { id } = await delivery.fires('disk')
    await delivery.isAcknowledged(id)
    expect(titles(delivery.channel('discord'))).toEqual(['Acknowledged: disk'])
    expect(titles(delivery.channel('slack'))).toEqual([])
  })

  it('of edits does not delay new alerts, and one of new messages does not delay edits', async () => {
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

  it('of one old message is waited out, delays no other edit, and brings no second card', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const [old, other] = [await delivery.fires('disk'), await delivery.fires('power')]
    channel.failing(limited(20_000, 'message'), 1, 'edit')
    await delivery.isAcknowledged(old.id)
    await delivery.isAcknowledged(other.id)
    expect(titles(channel)).toEqual(['Critical: disk', 'Acknowledged: power'])
    await delivery.passes('20s')
    expect(titles(channel)).toEqual(['Acknowledged: disk', 'Acknowledged: power'])
  })

  it('still holds after the platform is online again; a back-off after an outage does not', async () => {
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

describe('a channel that hangs', () => {
  it('does not delay another', async () => {
    const delivery = await startDelivery('discord', 'slack')
    const release = delivery.channel('slack').hangs()
    for (const about of ['a', 'b', 'c', 'd', 'e', 'f']) await delivery.fires(about)
    expect(titles(delivery.channel('discord'))).toHaveLength(6)
    expect(delivery.channel('slack').calls).toHaveLength(4)
    release()
    await delivery.passes('1s')
    expect(titles(delivery.channel('slack'))).toHaveLength(6)
  })

  it('on edits has two of them in flight at most, and four messages in all', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const ids: number[] = []
    for (let i = 0; i < 6; i++) ids.push((await delivery.fires(`old ${i}`)).id)
    channel.calls.splice(0)
    channel.hangs()
    for (const id of ids) await delivery.isAcknowledged(id)
    expect(channel.calls).toEqual(['edit', 'edit'])
    for (let i = 0; i < 6; i++) await delivery.fires(`new ${i}`)
    expect(channel.calls).toEqual(['edit', 'edit', 'post', 'post'])
  })

  it('on edits does not delay a new critical alert', async () => {
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

it('an outage is retried at longer and longer intervals, and then the alert is sent in its current state', async () => {
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

it('messages that fail together count as one failure, so a short outage causes a short back-off', async () => {
  const delivery = await startDelivery('discord')
  const channel = delivery.channel('discord')
  channel.failing(unreachable, Number.POSITIVE_INFINITY)
  for (const about of ['a', 'b', 'c', 'd', 'e', 'f']) await delivery.fires(about)
  await delivery.passes('20s')
  channel.recovers()
  await delivery.passes('17s')
  expect(channel.messages).toHaveLength(6)
})

it('an acknowledgement cancels a reminder that was not sent yet, also for the time after an unack', async () => {
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
