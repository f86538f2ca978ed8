// Telegram on the wire: cards posted and edited in place, buttons that run commands, limits, and what each failure means.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Card, Text } from '../../card.ts'
import { systemClock } from '../../clock.ts'
import { silentLogger } from '../../logger.ts'
import { createFakeClock } from '../../testing/fake-clock.ts'
import { startTelegram } from '../../testing/telegram.ts'
import type { Channel, CommandDispatcher, DeliveryError, Platform, Requester } from '../channel.ts'
import { telegram as definition } from './definition.ts'
import { createTelegram } from './platform.ts'
import { renderCard } from './render.ts'

const CHAT = '-1001234567890'
const down: Card = {
  title: 'db-1 is <b>down</b> @everyone',
  tone: 'critical',
  lines: ['No beat.'],
  buttons: [
    { label: 'Acknowledge', line: 'ack 1' },
    { label: 'Long', line: `note 1 ${'x'.repeat(80)}` },
  ],
}
let telegram: Awaited<ReturnType<typeof startTelegram>>
let platform: Platform
/** The ids of the channels in use. */
let inUse: Set<string>
let ran: { line: string; name: string; admin: boolean; isPublic: boolean }[]

beforeEach(async () => {
  telegram = await startTelegram()
  ran = []
  const dispatcher = {
    commands: [],
    run: async (request: { line: string }, requester: Requester) => {
      const { name, admin, isPublic = false } = requester
      ran.push({ line: request.line, name, admin, isPublic })
      if (request.line.startsWith('/analyze')) await new Promise(() => {})
      return { ok: true, card: { title: 'Done', tone: 'good' }, result: null, private: true, quiet: true }
    },
  } as unknown as CommandDispatcher
  const settings = { token: telegram.token, chatId: CHAT, apiUrl: telegram.apiUrl }
  inUse = new Set([`telegram:${CHAT}`])
  const isChannel = (id: string) => inUse.has(id)
  platform = createTelegram({
    settings,
    dispatcher,
    isChannel,
    capabilities: definition.capabilities,
    logger: silentLogger,
    clock: systemClock,
    timeZone: 'UTC',
    timeoutSeconds: 2,
  })
})
afterEach(async () => {
  const stopped = platform.stop()
  await telegram.stop()
  await stopped
  expect(telegram.violations).toEqual([])
})
const channel = (): Channel => platform.channels[0]!
const failure = (attempt: Promise<unknown>): Promise<DeliveryError> =>
  attempt.then(
    () => Promise.reject(new Error('it was delivered')),
    error => error,
  )

test('a card is posted with its buttons and edited in place; an edit that changes nothing is done', async () => {
  const ref = await channel().post(down, 'n1')
  expect(telegram.messages[0]).toMatchObject({ chat: CHAT, buttons: [{ text: 'Acknowledge', data: 'ack 1' }] })
  expect(telegram.messages[0]!.text).toContain('&lt;b&gt;down&lt;/b&gt; @\u2060everyone')
  await channel().edit(ref, { title: 'db-1 is back', tone: 'good' })
  await channel().edit(ref, { title: 'db-1 is back', tone: 'good' })
  await channel().reply(ref, { title: 'Still', tone: 'critical' }, 'n2')
  expect(telegram.messages).toMatchObject([{ text: '🟢 <b>db-1 is back</b>', buttons: [] }, { replyTo: Number(ref) }])
})

test('an instant stands once in a message, though the card adds its distance from now', () => {
  const since = Date.parse('2026-03-02T09:00:00Z')
  const value: Text = [{ time: since, style: 'moment' }, ' (', { time: since, style: 'relative' }, ')']
  const { text } = renderCard({ title: 'Down', tone: 'critical', fields: [{ name: 'Since', value }] }, 'UTC')
  expect(text).toBe('🔴 <b>Down</b>\n<b>Since:</b> 2026-03-02 09:00:00 UTC')
})

test.each([
  ['sendMessage', { status: 429, retryAfter: 7 }, 'limited'],
  ['sendMessage', { status: 403, description: 'Forbidden: bot was kicked' }, 'refused'],
  ['sendMessage', { status: 502 }, 'unsure'],
  ['sendMessage', { status: 401 }, 'unreachable'],
  ['sendMessage', { status: 200, hang: true }, 'unsure'],
])('%s answered with %j means %s', async (method, fault, refusal) => {
  telegram.failing(method, fault)
  const error = await failure(channel().post(down, 'n1'))
  expect(error.code).toBe(refusal)
  if (refusal === 'limited') expect(error.retryAfterMs).toBe(7_000)
  expect(error.message).not.toContain(telegram.token)
})

test('a deleted message is gone, and a dead network is unreachable', async () => {
  expect((await failure(channel().edit('99', down))).code).toBe('gone')
  await telegram.stop()
  // The connection that was kept open may break in the middle; only a new one is surely refused.
  await failure(channel().post(down, 'n1'))
  expect((await failure(channel().post(down, 'n1'))).code).toBe('unreachable')
  telegram = await startTelegram()
})

test('a press and a typed line run commands in the chats of alerts only; an administrator of the group is an admin', async () => {
  telegram.admins.add(8)
  platform.start()
  await vi.waitFor(() => expect(platform.status().state).toBe('online'))
  await channel().post(down, 'n1')
  telegram.presses(telegram.messages[0]!, 'Acknowledge')
  await vi.waitFor(() => expect(telegram.answers).toHaveLength(1))
  telegram.writes('-100999', '/keys create default')
  telegram.writes(CHAT, '/checks@vakt_bot list', 8)
  await vi.waitFor(() => expect(ran).toHaveLength(2))
  expect(ran).toEqual([
    { line: 'ack 1', name: 'Person 7', admin: false, isPublic: true },
    { line: '/checks list', name: 'Person 8', admin: true, isPublic: true },
  ])
})

test('a command that takes long delays no other, and the command of another bot is not for this one', async () => {
  platform.start()
  await vi.waitFor(() => expect(platform.status().state).toBe('online'))
  await channel().post(down, 'n1')
  telegram.writes(CHAT, '/analyze alert 1')
  telegram.writes(CHAT, '/status@weather_bot')
  telegram.writes(CHAT, '/checks@Vakt_Bot list')
  telegram.presses(telegram.messages[0]!, 'Acknowledge')
  await vi.waitFor(() => expect(telegram.answers).toHaveLength(1))
  expect(ran.map(({ line }) => line)).toEqual(['/analyze alert 1', '/checks list', 'ack 1'])
})

test('commands are taken while a chat is a channel, not when it was only tried, nor once it was removed', async () => {
  platform.start()
  await vi.waitFor(() => expect(platform.status().state).toBe('online'))
  const tried = platform.open!({ id: 'telegram:-100999', name: 'tried', address: null, secret: null })!
  await tried.post(down, 'n1')
  telegram.presses(telegram.messages[0]!, 'Acknowledge')
  await vi.waitFor(() => expect(telegram.answers).toHaveLength(1))
  inUse.add('telegram:-100999')
  telegram.writes('-100999', '/status')
  await vi.waitFor(() => expect(ran).toHaveLength(1))
  inUse.delete('telegram:-100999')
  telegram.presses(telegram.messages[0]!, 'Acknowledge')
  await vi.waitFor(() => expect(telegram.answers).toHaveLength(2))
  expect(ran.map(one => one.line)).toEqual(['/status'])
})

test('a connection that fails is tried again every five seconds, and says since when it is lost', async () => {
  const clock = createFakeClock(0)
  let online = 0
  const settings = { token: telegram.token, chatId: null, apiUrl: telegram.apiUrl }
  const other = createTelegram({
    ...{ settings, dispatcher: { commands: [] } as unknown as CommandDispatcher, isChannel: () => true },
    ...{ capabilities: definition.capabilities, logger: silentLogger, clock, timeZone: 'UTC', timeoutSeconds: 2 },
    onOnline: () => void online++,
  })
  expect([other.channels, other.status()]).toEqual([[], { state: 'connecting', since: 0 }])
  telegram.failing('getMe', { status: 401 })
  telegram.failing('getMe', { status: 401 })
  other.start()
  await vi.waitFor(() => expect(other.status().state).toBe('lost'))
  const message = 'Telegram does not accept the token. Check TELEGRAM_BOT_TOKEN.'
  await clock.advance(4_999)
  expect(other.status()).toEqual({ state: 'lost', since: 0, message })
  telegram.failing('getUpdates', { status: 409, description: 'Conflict' })
  await clock.advance(1)
  await vi.waitFor(async () => {
    await clock.advance(5_000)
    expect(other.status().state).toBe('refused')
  })
  expect(online).toBe(1)
  const refusedAt = other.status().since
  expect(refusedAt).toBeGreaterThan(0)
  await clock.advance(5_000)
  await vi.waitFor(() => expect(other.status()).toEqual({ state: 'online', since: refusedAt + 5_000 }))
  await other.stop()
  expect(online).toBe(2)
})

test('a chat is opened by its id, but not that of the settings a second time', () => {
  const open = (id: string) => platform.open!({ id, name: '', address: null, secret: null })?.id ?? null
  expect([open(`telegram:${CHAT}`), open('telegram:@ops'), open('slack:C1')]).toEqual([null, 'telegram:@ops', null])
})
