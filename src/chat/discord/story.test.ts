// The whole app on Discord: people add a check, miss it, acknowledge, snooze and see it recover.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApp } from '../../app.ts'
import { readConfig } from '../../config/config.ts'
import { memoryState } from '../../state/database.ts'
import { type Discord, startDiscord } from '../../testing/discord/discord.ts'
import { createFakeClock, type FakeClock } from '../../testing/fake-clock.ts'
import { discord as definition } from './definition.ts'
import { keepingLogger, settingsFor } from './dispatcher.testing.ts'
import { createDiscord } from './platform.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let clock: FakeClock
let discord: Discord
let app: ReturnType<typeof createApp>
let logger: ReturnType<typeof keepingLogger>

beforeEach(async () => {
  clock = createFakeClock(Date.parse('2026-03-02T09:00:00Z'))
  logger = keepingLogger()
  discord = await startDiscord({ now: clock.now })
  app = createApp({
    state: memoryState(),
    config: readConfig({ TZ: 'UTC' }),
    clock,
    logger,
    adminKey: 'admin-key-for-tests',
    vaultKey: Buffer.alloc(32, 7),
    version: 'test',
    publicUrl: () => 'http://vakt.test',
    platforms: [
      parts => createDiscord({ ...parts, settings: settingsFor(discord), capabilities: definition.capabilities }),
    ],
  })
  app.start()
  await discord.until(() => discord.registeredCommands().length > 0)
})

afterEach(async () => {
  await app.stop()
  await discord.close()
  expect(discord.violations).toEqual([])
  expect(logger.lines.filter(line => line.startsWith('error'))).toEqual([])
})

/** The newest message everybody sees that says `words`. */
const card = (words: string) =>
  discord.until(() => discord.messages().findLast(m => discord.text(m).includes(words)), `a card with "${words}"`)

async function missedCheck(): Promise<void> {
  const added = await discord.say('/checks add', { name: 'nightly', every: '10m', grace: '1m' })
  const uuid = /[0-9a-f-]{36}/.exec(discord.text(added.original!))?.[0]
  await app.intake.request(`/ping/${uuid}`)
  await clock.advance(12 * MINUTE)
}

test('a missed beat is posted in the channel, and one press acknowledges it', async () => {
  await missedCheck()
  const alert = await card('nightly')
  expect(discord.text(alert)).toContain('[Acknowledge] [Snooze]')
  const pressed = await discord.press(alert, 'Acknowledge', discord.member)
  expect(pressed).toMatchObject({ acknowledged: 6, followUps: [] })
  const acknowledged = await card('Acknowledged by')
  expect(discord.text(acknowledged)).toContain('**max**')
  expect(acknowledged.id).toBe(alert.id)
  expect(discord.messages()).toHaveLength(1)
})

test('a press on an outdated card is answered privately', async () => {
  await missedCheck()
  const alert = await card('nightly')
  await discord.press(alert, 'Acknowledge', discord.member)
  await card('Acknowledged by')
  const late = await discord.press(alert, 'Acknowledge')
  expect(late.private).toBe(true)
  expect(discord.text(late.original!)).toContain('max')
})

test('a snooze asks for its duration, and details are shown only to the person who asked', async () => {
  await missedCheck()
  const alert = await card('nightly')
  const form = await discord.press(alert, 'Snooze')
  await discord.submit(form, { For: '2h', Note: 'waiting for the provider' })
  expect(discord.text(await card('Snoozed by'))).toContain('waiting for the provider')
  const details = await discord.press(alert, 'Details', discord.member)
  expect(details.private).toBe(true)
  expect(discord.messages()).toHaveLength(1)
})

test('Analyze answers under the card, for everybody', async () => {
  await missedCheck()
  const alert = await card('nightly')
  const pressed = await discord.press(alert, 'Analyze', discord.member)
  expect(pressed).toMatchObject({ acknowledged: 6, followUps: [] })
  const answer = await card('No AI model is configured')
  expect(discord.text(answer)).toContain('sent no beat')
  expect(discord.text(answer)).toContain('0 of 0 lines')
  expect(discord.messages()).toHaveLength(2)
})

test('a card that is too old to edit is replaced by a new one', async () => {
  await missedCheck()
  const alert = await card('nightly')
  await clock.advance(2 * HOUR)
  await discord.press(alert, 'Acknowledge')
  const told = await card('Acknowledged by')
  expect(told.id).not.toBe(alert.id)
  await discord.until(() => discord.messages().length === 1, 'the old card to go')
})

test('an alert that fired while Discord was unreachable is posted when it is back', async () => {
  const added = await discord.say('/checks add', { name: 'nightly', every: '10m', grace: '1m' })
  const uuid = /[0-9a-f-]{36}/.exec(discord.text(added.original!))?.[0]
  await app.intake.request(`/ping/${uuid}`)
  await discord.goDown()
  await clock.advance(12 * MINUTE)
  await discord.comeBack()
  for (let minute = 0; minute < 10 && discord.messages().length === 0; minute++) {
    await clock.advance(MINUTE)
    await new Promise(resolve => setTimeout(resolve, 60))
  }
  expect(discord.text(await card('nightly'))).toContain('[Acknowledge]')
})

test('suggestions for alerts are the open alerts', async () => {
  await missedCheck()
  await card('nightly')
  const choices = await discord.type('/ack', { alert: '' }, 'alert')
  expect(choices[0]?.name).toContain('nightly')
})
