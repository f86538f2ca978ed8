// The message that shows a long operation: edited as it goes on, and whole in the end, whatever the chat does meanwhile.
import { describe, expect, it } from 'vitest'
import type { Card } from '../../card.ts'
import { DeliveryError } from '../../chat/channel.ts'
import { silentLogger } from '../../logger.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { createMemoryChannel } from '../../testing/memory-channel.ts'
import { showLive } from './live-message.ts'

async function begins(prepare: (channel: ReturnType<typeof createMemoryChannel>) => void = () => {}) {
  const clock = createFakeClock(1_000_000)
  const channel = createMemoryChannel('ops', clock.now)
  prepare(channel)
  let title = 'begins'
  const card = (): Card => ({ title, tone: 'plain' })
  const { end } = showLive([{ channel, ref: null }], card, clock, silentLogger)
  await settled()
  const passes = async (seconds: number, next = title) => {
    title = next
    for (let i = 0; i < seconds; i++) await clock.advance(1000)
  }
  return {
    channel,
    titles: () => channel.messages.map(message => message.card.title),
    passes,
    /** Ends the operation; waits for half a minute. */
    async ends(last: string): Promise<boolean> {
      title = last
      let isOver = false
      void end().then(() => {
        isOver = true
      })
      await passes(30)
      return isOver
    },
  }
}

describe('the message of an operation', () => {
  it('is edited every few seconds, only where it changes, and once in the end', async () => {
    const { channel, titles, passes, ends } = await begins()
    await passes(2, 'goes on')
    expect(titles()).toEqual(['begins'])
    await passes(1)
    expect(titles()).toEqual(['goes on'])
    await passes(30)
    expect(channel.calls).toEqual(['post', 'edit'])
    expect(await ends('done')).toBe(true)
    expect(titles()).toEqual(['done'])
    expect(channel.calls).toEqual(['post', 'edit', 'edit'])
  })

  it('is sent once, in the end, where messages cannot be edited', async () => {
    const { channel, titles, passes, ends } = await begins(own => {
      Object.assign(own.capabilities, { edits: false })
    })
    await passes(10, 'goes on')
    expect(titles()).toEqual([])
    expect(await ends('done')).toBe(true)
    expect(channel.calls).toEqual(['post'])
    expect(titles()).toEqual(['done'])
  })

  it('is sent again in the end when somebody deleted it', async () => {
    const { channel, titles, ends } = await begins()
    channel.failing(new DeliveryError('gone', 'The message was deleted.'), 1, 'edit')
    expect(await ends('done')).toBe(true)
    expect(channel.calls).toEqual(['post', 'edit', 'post'])
    expect(titles().at(-1)).toBe('done')
  })

  it.each([
    ['is tried again after a limit', new DeliveryError('limited', 'Slow down.', { retryAfterMs: 2000 }), 1, 'done', 2],
    ['is tried again where the chat cannot be reached', new DeliveryError('unreachable', 'Away.'), 4, 'done', 5],
    ['is given up after five attempts', new DeliveryError('unreachable', 'Away.'), 9, 'begins', 5],
    ['is not tried again after a refusal', new DeliveryError('refused', 'Missing access.'), 1, 'begins', 1],
    ['is not tried again after another error', new Error('broken') as DeliveryError, 1, 'begins', 1],
    ['is tried again after an edit without an answer', new DeliveryError('unsure', 'No answer.'), 1, 'done', 2],
  ])('%s', async (_, error, times, shown, edits) => {
    const { channel, titles, ends } = await begins()
    channel.failing(error, times, 'edit')
    expect(await ends('done')).toBe(true)
    expect(titles()).toEqual([shown])
    expect(channel.calls.filter(call => call === 'edit')).toHaveLength(edits)
  })

  it('is not sent a second time when the first may have arrived', async () => {
    const { channel, titles, ends } = await begins(own =>
      own.failing(new DeliveryError('unreachable', 'Away.'), 1, 'post'),
    )
    channel.acceptsThenFails(new DeliveryError('unsure', 'No answer.'))
    expect(await ends('done')).toBe(true)
    expect(channel.calls).toEqual(['post', 'post'])
    expect(titles()).toEqual(['done'])
  })
})
