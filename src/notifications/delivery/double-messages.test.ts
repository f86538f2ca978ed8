// A platform that answers later than Vakt waits leaves one card for each alert, in its true state, however late it is.
import { expect, it } from 'vitest'
import { DeliveryError } from '../../chat/channel.ts'
import { createChannel } from '../../chat/slack/channel.ts'
import { clientOptions, createClient } from '../../chat/slack/client.ts'
import { slack as definition } from '../../chat/slack/definition.ts'
import { silentLogger } from '../../logger.ts'
import { startDelivery } from '../../testing/delivery.ts'
import { settled } from '../../testing/fake-clock.ts'
import type { MemoryChannel } from '../../testing/memory-channel.ts'
import { startSlack } from '../../testing/slack/slack.ts'
import { SECOND } from '../../time.ts'

type Delivery = Awaited<ReturnType<typeof startDelivery>>

async function startSlowSlack() {
  const delivery = await startDelivery()
  const channel = delivery.channel('slack').findsAll()
  await delivery.uses(channel)
  return { delivery, channel }
}

/** Each new message arrives `ms` after it was sent; Vakt gave up after 10 s. */
function isSlow({ clock }: Delivery, channel: MemoryChannel, ms: () => number): () => void {
  const post = channel.post.bind(channel)
  channel.post = (card, nonce) => {
    clock.at(clock.now() + ms(), () => void post(card, nonce))
    return new Promise((_, reject) =>
      clock.at(clock.now() + 10 * SECOND, () => reject(new DeliveryError('unsure', 'No answer in time.'))),
    )
  }
  return () => {
    channel.post = post
  }
}

it.each([10.5, 12, 15, 20, 31, 45])('when every message takes %s s, one card of each alert stays', async seconds => {
  const { delivery, channel } = await startSlowSlack()
  const heals = isSlow(delivery, channel, () => seconds * SECOND)
  for (const about of ['a', 'b', 'c']) await delivery.fires(about)
  await delivery.passes('2m')
  heals()
  await delivery.passes('5m')
  expect(channel.messages.map(({ card }) => card.title).toSorted()).toEqual([
    'Critical: a',
    'Critical: b',
    'Critical: c',
  ])
  for (const about of ['a', 'b', 'c']) await delivery.recovers(about)
  await delivery.passes('1m')
  const titles = channel.messages.map(({ card }) => card.title)
  expect(titles.toSorted()).toEqual(['Resolved: a', 'Resolved: b', 'Resolved: c'])
})

it('a double that arrives after a restart is deleted as well', async () => {
  const { delivery, channel } = await startSlowSlack()
  const late = [11.5, 40]
  const heals = isSlow(delivery, channel, () => late.shift()! * SECOND)
  await delivery.fires('disk')
  await delivery.passes('25s')
  heals()
  expect(channel.messages).toHaveLength(1)
  await delivery.restarts('slack')
  await delivery.passes('5m')
  expect(channel.messages.map(({ card }) => card.title)).toEqual(['Critical: disk'])
})

it('a card that somebody deleted is not replaced by the deletion of its double', async () => {
  const { delivery, channel } = await startSlowSlack()
  const late = [11.5, 12]
  isSlow(delivery, channel, () => late.shift()! * SECOND)
  await delivery.fires('disk')
  await delivery.passes('24s')
  expect(channel.messages).toHaveLength(2)
  channel.messages.shift()
  await delivery.passes('5m')
  expect(channel.messages).toHaveLength(1)
})

it('on the wire, a Slack slower than the time-out of every message keeps one card', async () => {
  const delivery = await startDelivery()
  const slack = await startSlack({ now: delivery.clock.now })
  const channel = createChannel({
    web: createClient(slack.botToken, clientOptions(slack.apiUrl, silentLogger, 60)),
    ...{ channelId: slack.channel, capabilities: definition.capabilities, timeZone: 'UTC' },
    ...{ channelName: () => '#ops', logger: silentLogger },
  })
  slack.slow('chat.postMessage', 150, 3)
  await delivery.uses(channel)
  await delivery.fires('disk')
  // A second passes in 13 ms at least, so that 150 ms of the wire are 12 s at most; a busy machine only makes Slack quicker.
  for (let second = 0; second < 80; second++) {
    await new Promise(resolve => setTimeout(resolve, 13))
    await delivery.clock.advance(SECOND)
  }
  await delivery.passes('3m')
  await slack.until(() => slack.messages().length === 1)
  await settled()
  await slack.settled()
  expect(slack.messages()).toHaveLength(1)
  expect(slack.requests.some(({ method, answer }) => method === 'chat.delete' && answer === 'ok')).toBe(true)
  await slack.stop()
})
