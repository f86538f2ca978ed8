// Charts on cards: an edit adds them after the card, once, and no card waits for one.
import { expect, it } from 'vitest'
import { acknowledgeAlert, fireAlert } from '../../alerts/lifecycle.ts'
import { cardText } from '../../chat/card-text.ts'
import { DeliveryError } from '../../chat/channel.ts'
import { silentLogger } from '../../logger.ts'
import { memoryState } from '../../state/database.ts'
import { createFakeClock, settled } from '../../testing/fake-clock.ts'
import { createMemoryChannel } from '../../testing/memory-channel.ts'
import { MINUTE } from '../../time.ts'
import { syncChannels } from '../routing/channels.ts'
import { createChartRenderer } from './alert-chart.ts'
import { createDelivery } from './delivery-loop.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
const PNG = new Uint8Array([1, 2, 3])
const points = [0, 1, 2, 3].map(i => [NOW - (4 - i) * MINUTE, [20, 40, 80, 95][i]!] as const)

async function startDelivery(draw: () => Promise<Uint8Array>, canEdit = true) {
  const clock = createFakeClock(NOW)
  const state = memoryState()
  const withImages = createMemoryChannel('discord', clock.now).hasPictures()
  if (!canEdit) Object.assign(withImages, { capabilities: { ...withImages.capabilities, edits: false } })
  const plain = createMemoryChannel('slack', clock.now)
  syncChannels(state, [withImages, plain], NOW)
  const delivery = createDelivery(state, [withImages, plain], clock, silentLogger, createChartRenderer(draw, 'UTC'))
  const observation = { lines: [], chart: { name: 'cpu', unit: '%', points, threshold: 90 } }
  const finding = {
    key: 'a',
    detector: 'rule',
    projectId: null,
    severity: 'critical' as const,
    title: 'cpu is high',
    since: NOW,
  }
  fireAlert(state, { ...finding, owner: null, remindEvery: 0, observation, occurrences: 1, labels: {} }, NOW)
  delivery.wake()
  await settled(12)
  return { state, clock, delivery, withImages, plain }
}

it('the card comes first and an edit adds the chart where cards have images; the sparkline is on every card', async () => {
  let drawn = 0
  const { withImages, plain, state, delivery } = await startDelivery(async () => {
    drawn++
    return PNG
  })
  expect([withImages.calls, plain.calls]).toEqual([['post', 'edit'], ['post']])
  expect(withImages.messages[0]!.card.image).toMatchObject({
    png: PNG,
    alt: 'cpu over time: 95 % last, 95 % at most, threshold 90 %',
  })
  expect(cardText(plain.messages[0]!.card, { timeZone: 'UTC', now: NOW })).toContain(
    'Cpu ▂▄▇█ at most 95%, threshold 90%',
  )
  acknowledgeAlert(state, 1, 'Ann', null, NOW)
  delivery.wake()
  await settled(12)
  expect(withImages.calls).toEqual(['post', 'edit', 'edit'])
  expect(drawn).toBe(2)
})

it('where nothing can be edited, as in mail, the chart comes with the message, or the message without it', async () => {
  const { withImages, state, delivery } = await startDelivery(async () => PNG, false)
  expect(withImages.calls).toEqual(['post'])
  expect(withImages.messages[0]!.card.image).toMatchObject({ png: PNG })
  acknowledgeAlert(state, 1, 'Ann', null, NOW)
  delivery.wake()
  await settled(12)
  expect(withImages.messages[0]!.card.image).toBeUndefined()
  const failing = await startDelivery(() => Promise.reject(new Error('no')), false)
  expect(failing.withImages.messages[0]!.card.title).toBe('Critical: cpu is high')
})

it('a chart that fails or takes too long does not delay the card', async () => {
  const failing = await startDelivery(() => Promise.reject(new Error('no')))
  expect(failing.withImages.messages[0]!.card).toMatchObject({ title: 'Critical: cpu is high' })
  expect(failing.withImages.messages[0]!.card.image).toBeUndefined()
  const hanging = await startDelivery(() => new Promise(() => {}))
  expect(hanging.withImages.messages[0]!.card.title).toBe('Critical: cpu is high')
  await new Promise(resolve => setTimeout(resolve, 1_100))
  await settled(12)
  expect(hanging.withImages.calls).toEqual(['post', 'edit'])
  expect(
    hanging.state.prepare<[], { n: number }>('select count(*) as n from alerts where undelivered = 1').get()!.n,
  ).toBe(0)
})

it('a chart whose edit fails comes with the retry, and the card is there once', async () => {
  const { withImages, clock, state, delivery } = await startDelivery(async () => PNG)
  withImages.failing(new DeliveryError('limited', 'Slow down.', { retryAfterMs: 5_000 }), 1, 'edit')
  acknowledgeAlert(state, 1, 'Ann', null, NOW)
  delivery.wake()
  await settled(12)
  await clock.advance(6_000)
  expect([withImages.messages.length, withImages.messages[0]!.card.title]).toEqual([1, 'Acknowledged: cpu is high'])
  expect(withImages.messages[0]!.card.image).toBeDefined()
})
