// Messages that may have arrived, were deleted or are refused: each card once, or twice rather than never, and up to date.
import { describe, expect, it } from 'vitest'
import { wakeAlerts } from '../../alerts/lifecycle.ts'
import { DeliveryError } from '../../chat/channel.ts'
import { startApp } from '../../testing/app.ts'
import { startDelivery } from '../../testing/delivery.ts'
import type { MemoryChannel } from '../../testing/memory-channel.ts'

const limited = (retryAfterMs: number, scope: 'post' | 'all' = 'all') =>
  new DeliveryError('limited', 'Slow down.', { retryAfterMs, scope })
const unsure = new DeliveryError('unsure', 'No answer came.')
const unreachable = new DeliveryError('unreachable', 'The network is down.')
const refused = new DeliveryError('refused', 'The bot may not write here.')
const gone = new DeliveryError('gone', 'The message was deleted.')

const titles = (channel: MemoryChannel) => channel.messages.map(message => message.card.title)
const replies = (channel: MemoryChannel) =>
  channel.messages.flatMap(message => message.replies.map(reply => reply.card.title))

describe('a lost answer', () => {
  it('to a new message that arrived leads to a search, not to a second message', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.acceptsThenFails(unsure)
    await delivery.fires('disk')
    await delivery.recovers('disk')
    await delivery.passes('2s')
    expect(channel.calls).toEqual(['post', 'find', 'reply', 'edit'])
    expect([titles(channel), replies(channel).length]).toEqual([['Resolved: disk'], 1])
  })

  it('to a new message that did not arrive leads to a retry with the same nonce', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const nonces: string[] = []
    const post = channel.post.bind(channel)
    channel.post = (card, nonce) => {
      nonces.push(nonce)
      return post(card, nonce)
    }
    channel.failing(unsure)
    await delivery.fires('disk')
    await delivery.passes('2s')
    expect(channel.calls).toEqual(['post', 'find', 'post'])
    expect([nonces.length, new Set(nonces).size, titles(channel)]).toEqual([2, 1, ['Critical: disk']])
  })

  it('leads to searches until one succeeds', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.acceptsThenFails(unsure)
    channel.failing(unreachable, 1, 'find')
    channel.failing(limited(5_000), 1, 'find')
    await delivery.fires('disk')
    await delivery.passes('1m')
    expect(channel.calls).toEqual(['post', 'find', 'find', 'find', ...channel.calls.slice(4)])
    expect(titles(channel)).toEqual(['Critical: disk'])
  })

  it('leads to a second message when the platform refuses searches', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.acceptsThenFails(unsure)
    channel.failing(refused, 1, 'find')
    await delivery.fires('disk')
    await delivery.passes('1m')
    expect(titles(channel)).toEqual(['Critical: disk', 'Critical: disk'])
  })

  it('to a reply that arrived leads to a search, also when its card was edited meanwhile', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    await delivery.fires('disk')
    const release = channel.hangs()
    await delivery.recovers('disk')
    await delivery.fires('power')
    channel.acceptsThenFails(unsure)
    channel.failing(limited(10_000, 'post'), 1, 'post')
    release()
    await delivery.passes('1m')
    expect(channel.calls).toEqual(['post', 'reply', 'post', 'edit', 'find', 'post'])
    expect([titles(channel)[0], replies(channel).length]).toEqual(['Resolved: disk', 1])
  })

  it('to a reminder does not hide the recovery after it', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    await delivery.fires('disk', 'critical', { remindEvery: 60_000 })
    await delivery.passes('1m')
    channel.acceptsThenFails(unsure)
    await delivery.change(() => wakeAlerts(delivery.state, delivery.clock.now(), 10))
    await delivery.recovers('disk')
    await delivery.passes('1m')
    expect(replies(channel).map(title => title.split(' ')[0])).toEqual(['Still', 'Resolved'])
  })

  it('to an edit leads to a second edit', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const { id } = await delivery.fires('disk')
    channel.acceptsThenFails(unsure)
    await delivery.isAcknowledged(id)
    await delivery.passes('2s')
    expect([channel.calls, titles(channel)]).toEqual([['post', 'edit', 'edit'], ['Acknowledged: disk']])
  })
})

describe.each(['unsure', 'unreachable'] as const)('a card whose first post failed as %s', code => {
  it('is not posted while the alert is suppressed, and is afterwards', async () => {
    const app = await startApp()
    app.channel.failing(new DeliveryError(code, 'No answer came.'), 1, 'post')
    await (await app.hasCheck('job --every 1d'))('/fail')
    await app.result('silence add job --for 1h')
    await app.passes('30m')
    expect(app.titles()).toEqual([])
    await app.passes('31m')
    expect(app.titles().filter(title => title.startsWith('Critical'))).toEqual(['Critical: job reported a failure'])
  })
})

describe('a line for the thread', () => {
  const threads = (channel: MemoryChannel) => channel.messages.map(({ thread }) => thread.length)
  const setUp = async () => {
    const delivery = await startDelivery()
    const channel = delivery.channel('discord').hasThreads()
    await delivery.uses(channel)
    return { delivery, channel, alert: await delivery.fires('disk') }
  }

  it('is written for what people do, not for what an alert does by itself', async () => {
    const { delivery, channel, alert } = await setUp()
    await delivery.recovers('disk')
    const { id } = await delivery.fires('power')
    await delivery.passes('1m')
    expect([alert.threadLine, ...threads(channel)]).toEqual([0, 0, 0])
    await delivery.isAcknowledged(id)
    await delivery.recovers('power')
    expect(threads(channel)[1]).toBeGreaterThan(0)
  })

  it.each([limited(20_000), unreachable])('that was surely not sent is sent later: %s', async error => {
    const { delivery, channel, alert } = await setUp()
    channel.failing(error, 1, 'thread')
    await delivery.isAcknowledged(alert.id)
    expect(threads(channel)).toEqual([0])
    await delivery.passes('30s')
    expect(threads(channel)).toEqual([1])
  })

  it.each([unsure, refused, gone])('that may have been sent, or never can be, is not: %s', async error => {
    const { delivery, channel, alert } = await setUp()
    channel.failing(error, 1, 'thread')
    await delivery.isAcknowledged(alert.id)
    await delivery.passes('1h')
    expect(threads(channel)).toEqual([0])
  })
})

describe('a deleted message', () => {
  it('is posted again when its alert changes', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const { id } = await delivery.fires('disk')
    channel.failing(gone, 1, 'edit')
    await delivery.isAcknowledged(id)
    await delivery.passes('1s')
    expect(titles(channel)).toEqual(['Critical: disk', 'Acknowledged: disk'])
    await delivery.isResolved(id)
    expect(titles(channel)).toEqual(['Critical: disk', 'Resolved: disk'])
  })

  it('that only cannot be edited goes when the new card is there', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const { id } = await delivery.fires('disk')
    channel.failing(new DeliveryError('gone', 'Too old.', { isStillShown: true }), 1, 'edit')
    channel.failing(unreachable, 1, 'post')
    await delivery.isAcknowledged(id)
    expect(titles(channel)).toEqual(['Critical: disk'])
    await delivery.passes('1s')
    expect(titles(channel)).toEqual(['Acknowledged: disk'])
  })

  it('is posted again instead of a reply', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    await delivery.fires('disk')
    channel.failing(gone, 1, 'reply')
    await delivery.recovers('disk')
    await delivery.passes('1s')
    expect([titles(channel), replies(channel)]).toEqual([['Critical: disk', 'Resolved: disk'], []])
  })
})

describe('a refusal', () => {
  it('is visible in the deliveries, and nothing is sent until the alert changes', async () => {
    const delivery = await startDelivery('discord', 'slack')
    const channel = delivery.channel('discord')
    channel.failing(refused)
    const { id } = await delivery.fires('disk')
    await delivery.passes('14s')
    expect([delivery.stands(id, 'discord'), delivery.stands(id, 'slack')]).toEqual(['skip: refused', 'skip: shown'])
    expect(channel.calls).toEqual(['post'])
    await delivery.isAcknowledged(id)
    expect(titles(channel)).toEqual(['Acknowledged: disk'])
  })

  it('is retried after 15 seconds and then at longer and longer intervals, because people fix permissions', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.failing(refused, Number.POSITIVE_INFINITY)
    const { id } = await delivery.fires('disk')
    const tries: number[] = []
    for (const wait of ['15s', '30s', '1m', '2m', '4m', '5m', '5m']) {
      await delivery.passes(wait)
      tries.push(channel.calls.length)
    }
    expect(tries).toEqual([2, 3, 4, 5, 6, 7, 8])
    channel.recovers()
    await delivery.passes('5m')
    expect([titles(channel), delivery.stands(id, 'discord')]).toEqual([['Critical: disk'], 'skip: shown'])
  })

  it('of many is retried with a few of them, and the first that is accepted brings all others', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.failing(refused, Number.POSITIVE_INFINITY)
    for (let i = 0; i < 12; i++) await delivery.fires(`disk ${i}`, i === 11 ? 'critical' : 'warning')
    const tried = channel.calls.length
    await delivery.passes('15s')
    expect(channel.calls.length - tried).toBe(3)
    channel.recovers()
    await delivery.passes('30s')
    expect(channel.messages).toHaveLength(12)
  })

  it.each(['post', 'edit', 'reply'] as const)(
    'of any %s is retried with the first message that is accepted',
    async kind => {
      const delivery = await startDelivery('discord')
      const channel = delivery.channel('discord')
      const before = kind === 'post' ? [] : [await delivery.fires('disk'), await delivery.fires('power', 'warning')]
      channel.failing(refused, Number.POSITIVE_INFINITY, kind)
      if (kind === 'post') for (const about of ['disk', 'power']) await delivery.fires(about)
      if (kind === 'edit') for (const { id } of before) await delivery.isAcknowledged(id)
      if (kind === 'reply') await delivery.recovers('disk')
      expect(delivery.refusal('discord')).toMatchObject({ message: refused.message })
      await delivery.passes('10s')
      channel.recovers()
      await delivery.fires('network')
      await delivery.passes('1s')
      expect(channel.messages.map(({ card }) => card.title).toSorted()).toEqual(
        {
          post: ['Critical: disk', 'Critical: network', 'Critical: power'],
          edit: ['Acknowledged: disk', 'Acknowledged: power', 'Critical: network'],
          reply: ['Critical: network', 'Resolved: disk', 'Warning: power'],
        }[kind],
      )
      expect(replies(channel)).toHaveLength(kind === 'reply' ? 1 : 0)
      expect(delivery.refusal('discord')).toBeNull()
    },
  )

  it('of one message among many that are accepted is shown as long as it lasts, and costs few requests', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const post = channel.post.bind(channel)
    let tries = 0
    channel.post = async (card, nonce) => {
      if (!card.title.includes('poison')) return post(card, nonce)
      tries++
      throw refused
    }
    const { id } = await delivery.fires('poison')
    for (let i = 0; i < 60; i++) {
      await delivery.fires(`disk ${i}`)
      await delivery.passes('1m')
    }
    expect(channel.messages).toHaveLength(60)
    expect(tries).toBeGreaterThan(5)
    expect(tries).toBeLessThan(20)
    expect([delivery.refusal('discord') !== null, delivery.stands(id, 'discord')]).toEqual([true, 'skip: refused'])
    // Then the channel refuses everything for a while: it is not punished for the one message.
    channel.failing(refused, Number.POSITIVE_INFINITY)
    await delivery.fires('network')
    await delivery.passes('10s')
    channel.recovers()
    await delivery.passes('5s')
    expect(titles(channel).at(-1)).toBe('Critical: network')
  })

  it('is retried after a restart', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.failing(refused)
    await delivery.fires('disk')
    await delivery.restarts('discord')
    expect(titles(channel)).toEqual(['Critical: disk'])
  })

  it('is retried when the platform is online again', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    channel.failing(refused)
    const { id } = await delivery.fires('disk')
    await delivery.platformIsBack('discord')
    expect([titles(channel), delivery.stands(id, 'discord')]).toEqual([['Critical: disk'], 'skip: shown'])
  })

  it('in one channel is not retried when another platform is online again', async () => {
    const delivery = await startDelivery('discord', 'slack')
    for (const name of ['discord', 'slack']) delivery.channel(name).failing(refused)
    const { id } = await delivery.fires('disk')
    await delivery.platformIsBack('discord')
    expect(delivery.stands(id, 'slack')).toBe('skip: refused')
    await delivery.platformIsBack('slack')
    expect(delivery.stands(id, 'slack')).toBe('skip: shown')
  })

  it('of a reply does not stop edits of the card, and stays visible', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const { id } = await delivery.fires('disk')
    channel.failing(refused, Number.POSITIVE_INFINITY, 'reply')
    await delivery.recovers('disk')
    await delivery.passes('1d')
    expect([titles(channel), delivery.stands(id, 'discord')]).toEqual([['Resolved: disk'], 'skip: refused'])
    expect(channel.calls.slice(0, 3)).toEqual(['post', 'reply', 'edit'])
    // Once in five minutes.
    expect(channel.calls.length).toBeLessThan(300)
    channel.recovers()
    await delivery.platformIsBack('discord')
    expect(replies(channel)).toHaveLength(1)
  })

  it('of one version does not stop the next version', async () => {
    const delivery = await startDelivery('discord')
    const channel = delivery.channel('discord')
    const release = channel.hangs()
    channel.failing(refused)
    const { id } = await delivery.fires('disk')
    await delivery.isAcknowledged(id)
    release()
    await delivery.passes('1s')
    expect(titles(channel)).toEqual(['Acknowledged: disk'])
  })
})
