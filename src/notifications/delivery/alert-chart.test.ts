// Pictures on cards: after the card, with an edit, once; and no card waits for one.
import { expect, it } from 'vitest'
import { acknowledgeAlert, fireAlert } from '../../alerts/lifecycle.ts'
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

async function begin(draw: () => Promise<Uint8Array>) {
  const clock = createFakeClock(NOW)
  const state = memoryState()
  const pictured = createMemoryChannel('discord', clock.now).hasPictures()
  const plain = createMemoryChannel('slack', clock.now)
  syncChannels(state, [pictured, plain], NOW)
  const delivery = createDelivery(state, [pictured, plain], clock, silentLogger, createChartRenderer(draw, 'UTC'))
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
  delivery.nudge()
  await settled(12)
  return { state, clock, delivery, pictured, plain }
}

it('a card goes first and the edit brings the picture, where cards have pictures; the course in blocks is everywhere', async () => {
  let drawn = 0
  const { pictured, plain, state, delivery } = await begin(async () => {
    drawn++
    return PNG
  })
  expect([pictured.calls, plain.calls]).toEqual([['post', 'edit'], ['post']])
  expect(pictured.messages[0]!.card.image).toMatchObject({ png: PNG, alt: 'cpu over time' })
  expect(JSON.stringify(plain.messages[0]!.card.fields)).toContain('▂▄▇█')
  acknowledgeAlert(state, 1, 'Ann', null, NOW)
  delivery.nudge()
  await settled(12)
  expect(pictured.calls).toEqual(['post', 'edit', 'edit'])
  expect(drawn).toBe(2)
})

it('what cannot be drawn, or takes too long, keeps no card from being true', async () => {
  const failing = await begin(() => Promise.reject(new Error('no')))
  expect(failing.pictured.messages[0]!.card).toMatchObject({ title: 'Critical: cpu is high' })
  expect(failing.pictured.messages[0]!.card.image).toBeUndefined()
  const hanging = await begin(() => new Promise(() => {}))
  expect(hanging.pictured.messages[0]!.card.title).toBe('Critical: cpu is high')
  await new Promise(resolve => setTimeout(resolve, 1_100))
  await settled(12)
  expect(hanging.pictured.calls).toEqual(['post', 'edit'])
  expect(
    hanging.state.prepare<[], { n: number }>('select count(*) as n from alerts where undelivered = 1').get()!.n,
  ).toBe(0)
})

it('a picture whose edit fails comes with the next try, and the card is there once', async () => {
  const { pictured, clock, state, delivery } = await begin(async () => PNG)
  pictured.failing(new DeliveryError('limited', 'Slow down.', { retryAfterMs: 5_000 }), 1, 'edit')
  acknowledgeAlert(state, 1, 'Ann', null, NOW)
  delivery.nudge()
  await settled(12)
  await clock.advance(6_000)
  expect([pictured.messages.length, pictured.messages[0]!.card.title]).toEqual([1, 'Acknowledged: cpu is high'])
  expect(pictured.messages[0]!.card.image).toBeDefined()
})
