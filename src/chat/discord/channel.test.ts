// Delivery to one channel on the wire: what is posted, edited, replied and found, and every way it can fail.

import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { type Discord, startDiscord } from '../../testing/discord/discord.ts'
import { DeliveryError } from '../channel.ts'
import { createChannel } from './channel.ts'
import { createRest } from './client.ts'
import { discord as definition } from './definition.ts'

const HOUR = 3_600_000
const POST = 'POST /channels/*/messages'
const EDIT = 'PATCH /channels/*/messages/*'
const down: Card = { title: 'nightly is down', tone: 'critical', lines: ['No beat since 03:00.'] }
const up: Card = { title: 'nightly is up', tone: 'good', lines: ['Back.'] }

let discord: Discord
let now: number
let within: number | undefined

beforeEach(async () => {
  now = Date.now()
  within = undefined
  discord = await startDiscord({ now: () => now })
})

afterEach(async () => {
  await discord.close()
  expect(discord.violations).toEqual([])
})

const open = (channelId = discord.channelId, token = discord.token) =>
  createChannel({
    rest: createRest(discord.apiUrl, token, within),
    ...{ token, channelId, timeoutMs: within, capabilities: definition.capabilities },
  }).channel

async function failure(attempt: Promise<unknown>): Promise<DeliveryError> {
  const error = await attempt.then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(DeliveryError)
  return error as DeliveryError
}

test('a card is posted, edited in place and answered under', async () => {
  const channel = open()
  const ref = await channel.post(down, 'n1')
  await channel.edit(ref, up)
  await channel.reply(ref, up, 'n2')
  const [first, second] = discord.messages()
  expect(discord.text(first!)).toBe('🟢 **nightly is up**\nBack.')
  expect(second?.message_reference?.message_id).toBe(ref)
})

test('a reply to a deleted message is posted all the same', async () => {
  const channel = open()
  const ref = await channel.post(down, 'n1')
  discord.remove(discord.channelId, ref)
  await channel.reply(ref, up, 'n2')
  expect(discord.messages()).toHaveLength(1)
})

test('an edit removes buttons, files and embeds that the card no longer has', async () => {
  const channel = open()
  const png = new Uint8Array([1, 2, 3])
  const full: Card = {
    ...down,
    image: { name: 'chart.png', alt: 'a chart', png },
    buttons: [{ label: 'Ack', line: 'ack 1' }],
  }
  const ref = await channel.post(full, 'n1')
  expect(discord.messages()[0]).toMatchObject({ attachments: [{ filename: 'chart.png', size: 3 }] })
  await channel.edit(ref, full)
  expect(discord.messages()[0]?.attachments).toHaveLength(1)
  await channel.edit(ref, { title: 'over', tone: 'good' })
  expect(discord.messages()[0]).toMatchObject({ embeds: [], components: [], attachments: [] })
})

test('the same nonce posts one message', async () => {
  const channel = open()
  expect(await channel.post(down, 'n1')).toBe(await channel.post(down, 'n1'))
})

test('an accepted post without an answer is unsure, and is found by its nonce', async () => {
  within = 60
  const impatient = open()
  within = undefined
  const channel = open()
  discord.acceptThenTimeout(POST)
  expect(await failure(impatient.post(down, 'n1'))).toMatchObject({ code: 'unsure' })
  await discord.until(() => discord.messages().length === 1)
  const [posted] = discord.messages()
  now += HOUR
  expect(await channel.find('n1', now - HOUR)).toBe(posted?.id)
  expect(await channel.find('other', now - HOUR)).toBeNull()
})

test('a card that is only a title is found too', async () => {
  const channel = open()
  const ref = await channel.post({ title: 'short', tone: 'info' }, 'n1')
  expect(discord.text(discord.messages()[0]!)).toBe('🔵 **short**')
  expect(await channel.find('n1', now)).toBe(ref)
})

test('a post is found among hundreds, and only after the given instant', async () => {
  const channel = open()
  const early = await channel.post(down, 'early')
  now += HOUR
  for (let i = 0; i < 130; i++) await open().post(up, `n${i}`)
  expect(await channel.find('n125', now)).not.toBeNull()
  expect(await channel.find('early', now)).toBeNull()
  expect(await channel.find('early', now - HOUR)).toBe(early)
})

test('a post that hangs is given up in time, and nothing is repeated', async () => {
  within = 60
  discord.hang(POST)
  expect(await failure(open().post(down, 'n1'))).toMatchObject({
    code: 'unsure',
    message: 'Discord did not answer in time.',
  })
  expect(discord.requests).toHaveLength(1)
})

test('a 429 is reported with its wait and its scope, and never waited out', async () => {
  const channel = open()
  const ref = await channel.post(down, 'n1')
  discord.limit(POST, { retryAfter: 7 })
  const limited = await failure(channel.post(up, 'n2'))
  expect(limited).toMatchObject({ code: 'limited', scope: 'post' })
  expect(limited.retryAfterMs).toBeGreaterThanOrEqual(7_000)
  discord.limit(EDIT, { retryAfter: 3 })
  expect(await failure(channel.edit(ref, up))).toMatchObject({ code: 'limited', scope: 'edit' })
  discord.limit(EDIT, { retryAfter: 2, global: true })
  expect(await failure(open().edit(ref, up))).toMatchObject({ code: 'limited', scope: 'all' })
  expect(discord.requests.filter(r => r.status === 429)).toHaveLength(3)
})

test('a 429 without any header still has its wait', async () => {
  discord.limit(POST, { retryAfter: 9, bare: true })
  const limited = await failure(open().post(down, 'n1'))
  expect(limited.code).toBe('limited')
  expect(limited.retryAfterMs).toBeGreaterThanOrEqual(9_000)
  expect(discord.requests).toHaveLength(1)
})

test('after a used-up bucket the next post is refused here, without asking Discord', async () => {
  await discord.close()
  discord = await startDiscord({ rateLimits: true })
  const channel = open()
  for (let i = 0; i < 5; i++) await channel.post(down, `n${i}`)
  const limited = await failure(channel.post(down, 'n6'))
  expect(limited).toMatchObject({ code: 'limited', scope: 'post' })
  expect(limited.retryAfterMs).toBeGreaterThan(3_000)
  expect(discord.requests).toHaveLength(5)
})

test('an edit that Discord limits because the message is old waits a while, or is given up for a new card', async () => {
  const channel = open()
  const ref = await channel.post(down, 'n1')
  const limited = (seconds: number) => discord.fail(EDIT, 429, 1, { code: 30046, message: 'No', retry_after: seconds })
  limited(3)
  expect(await failure(channel.edit(ref, up))).toMatchObject({
    ...{ code: 'limited', retryAfterMs: 3_000, scope: 'message' },
    message: expect.stringContaining('older than an hour'),
  })
  limited(600)
  expect(await failure(channel.edit(ref, up))).toMatchObject({ code: 'gone', isStillShown: true })
  await channel.remove!(ref)
  expect(discord.messages()).toEqual([])
})

test.each([
  [POST, 20016, 7, 'post'],
  [POST, 31002, 0.5, 'post'],
  [EDIT, 20028, 12, 'edit'],
] as const)('a coded limit of %s (%i) waits its %s seconds', async (route, code, seconds, scope) => {
  const channel = open()
  const ref = await channel.post(down, 'n1')
  discord.fail(route, 429, 1, { code, message: 'Slow mode', retry_after: seconds })
  const attempt = scope === 'post' ? channel.post(down, 'n2') : channel.edit(ref, up)
  expect(await failure(attempt)).toMatchObject({ code: 'limited', retryAfterMs: seconds * 1000, scope })
})

test('a message that was deleted, or is in an archived thread, is gone', async () => {
  const channel = open()
  expect(await failure(channel.edit('123456789012345678', up))).toMatchObject({ code: 'gone' })
  const thread = discord.channel('thread', discord.channelId)
  const inThread = await open(thread).post(down, 'n2')
  discord.set(thread, { archived: true })
  expect(await failure(open(thread).edit(inThread, up))).toMatchObject({ code: 'gone' })
})

test('a channel that is unknown, hidden or not writable refuses the card, with advice', async () => {
  expect(await failure(open('123456789012345678').post(down, 'n'))).toMatchObject({
    code: 'refused',
    message: expect.stringContaining('DISCORD_CHANNEL_ID'),
  })
  discord.set(discord.channelId, { access: 'hidden' })
  expect(await failure(open().post(down, 'n'))).toMatchObject({
    code: 'refused',
    message: expect.stringContaining('View Channel'),
  })
  discord.set(discord.channelId, { access: 'readonly' })
  expect(await failure(open().post(down, 'n'))).toMatchObject({
    code: 'refused',
    message: expect.stringContaining('Send Messages'),
  })
})

test('a post that failed with 503 was not accepted, one with another status of the server may have been', async () => {
  discord.fail(POST, 503)
  expect(await failure(open().post(down, 'n'))).toMatchObject({ code: 'unreachable' })
  discord.fail(POST, 500)
  expect(await failure(open().post(down, 'n'))).toMatchObject({ code: 'unsure' })
  expect(discord.requests).toHaveLength(2)
})

test('a Discord that is down is unreachable, and reached again when it is back', async () => {
  const channel = open()
  await discord.goDown()
  expect(await failure(channel.post(down, 'n'))).toMatchObject({
    code: 'unreachable',
    message: expect.stringContaining('ECONNREFUSED'),
  })
  await discord.comeBack()
  await channel.post(down, 'n')
  expect(discord.messages()).toHaveLength(1)
})

test('a token that is not accepted for a while loses nothing', async () => {
  const channel = open()
  discord.revokeToken()
  expect(await failure(channel.post(down, 'n'))).toMatchObject({ code: 'unreachable' })
  discord.revokeToken(discord.token)
  await channel.post(down, 'n')
  expect(discord.messages()).toHaveLength(1)
})
