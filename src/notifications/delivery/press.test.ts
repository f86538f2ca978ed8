// Which presses of buttons belong to this Vakt: those on old cards, and on cards of another one, must not act on other alerts.
import { beforeAll, expect, it } from 'vitest'
import { readInstance } from '../../state/lineage.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { isOwnPress } from './press.ts'

const card = { channels: ['discord'], refs: ['discord/1'] }
const unknown = { channels: ['discord'], refs: ['discord/9'] }
let app: TestApp
beforeAll(async () => {
  app = await startApp()
  const beat = await app.hasCheck('job')
  await beat('/fail')
})

it.each([
  ['of this Vakt', 'own', unknown, 2, true, true],
  ['of another Vakt, on the card of the alert', 'other', card, 1, true, true],
  ['of another Vakt, on the card of another alert', 'other', card, 2, true, false],
  ['of another Vakt, on no card', 'other', unknown, 1, true, false],
  ['of another Vakt, that names no alert, on a card', 'other', card, null, true, true],
  ['of another Vakt, that names no alert, on no card', 'other', unknown, null, true, false],
  ['of another Vakt, that changes nothing, on no card', 'other', unknown, null, false, false],
  ['without an id, that changes nothing, on no card', null, unknown, null, false, true],
  ['without an id, that changes something, on no card', null, unknown, null, true, false],
  ['without an id, on the card of the alert', null, card, 1, true, true],
  ['without an id, in another channel', null, { channels: ['slack'], refs: card.refs }, 1, true, false],
] as const)('a press %s', (_, instance, origin, alertId, changes, expected) => {
  const id = instance === 'own' ? readInstance(app.state) : instance
  expect(isOwnPress(app.state, { instance: id, ...origin }, { alertId, changes })).toBe(expected)
})
