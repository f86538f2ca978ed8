// Ordered faults and rate limits, as the unmodified SDK meets them.

import { type Client, REST, Routes } from 'discord.js'
import { afterEach, expect, test } from 'vitest'
import { type Discord, startDiscord } from './discord.ts'
import { ask, connect } from './sdk-client.ts'

let discord: Discord
let client: Client<true> | undefined
const POST = 'POST /channels/*/messages'
const body = { content: 'down', allowed_mentions: { parse: [] }, nonce: 'n1', enforce_nonce: true }

afterEach(async () => {
  await client?.destroy()
  client = undefined
  await discord.close()
})

const sdk = (options = {}) => new REST({ api: discord.apiUrl, version: '10', ...options }).setToken(discord.token)
const messages = () => Routes.channelMessages(discord.channelId)

test('429 with Retry-After: the SDK waits and succeeds', async () => {
  discord = await startDiscord()
  client = await connect(discord)
  discord.limit(POST, { retryAfter: 0.02 })
  await client.rest.post(messages(), { body })
  expect(discord.requests.filter(r => r.method === 'POST').map(r => r.status)).toEqual([429, 200])
})

test('429 can be rejected instead of queued, with its wait', async () => {
  discord = await startDiscord()
  discord.limit(POST, { retryAfter: 7, global: true })
  const rest = sdk({ rejectOnRateLimit: () => true })
  await expect(rest.post(messages(), { body })).rejects.toMatchObject({ retryAfter: 7_050, global: true })
})

test('five requests a channel in five seconds, then 429 until the clock has moved on', async () => {
  let now = 1_800_000_000_000
  discord = await startDiscord({ now: () => now, rateLimits: true })
  const other = discord.channel('other')
  const post = (id = discord.channelId) =>
    ask(discord, 'POST', `/channels/${id}/messages`, { ...body, nonce: undefined })
  for (let i = 0; i < 4; i++) await post()
  const fifth = await post()
  expect(fifth.headers.get('x-ratelimit-remaining')).toBe('0')
  const sixth = await post()
  expect(sixth).toMatchObject({ status: 429, body: { retry_after: 5, global: false } })
  expect(sixth.headers.get('retry-after')).toBe('5')
  expect((await post(other)).status).toBe(200)
  now += 5_000
  expect((await post()).status).toBe(200)
})

test('fifty requests a second over all routes, then a global 429', async () => {
  discord = await startDiscord({ now: () => 1_800_000_000_000, rateLimits: true })
  const channels = Array.from({ length: 51 }, (_, i) => discord.channel(`c${i}`))
  const answers = await Promise.all(channels.map(id => ask(discord, 'GET', `/channels/${id}`)))
  const limited = answers.filter(a => a.status === 429)
  expect(limited).toHaveLength(1)
  expect(limited[0]?.headers.get('x-ratelimit-global')).toBe('true')
})

test('a hung create is repeated by the SDK on its own, and the nonce keeps it one message', async () => {
  discord = await startDiscord()
  discord.acceptThenTimeout(POST)
  await sdk({ timeout: 400 }).post(messages(), { body })
  expect(discord.requests.map(r => r.status)).toEqual([undefined, 200])
  expect(discord.messages()).toHaveLength(1)
})

test('a hanging route stores nothing and answers nothing until healed', async () => {
  discord = await startDiscord()
  discord.hang(POST)
  await expect(sdk({ timeout: 50, retries: 0 }).post(messages(), { body })).rejects.toThrow()
  expect(discord.messages()).toEqual([])
  discord.heal()
  await sdk().post(messages(), { body })
  expect(discord.messages()).toHaveLength(1)
})

test('5xx on order, as often as ordered, and slowness', async () => {
  discord = await startDiscord()
  discord.fail(POST, 503, 2)
  await sdk().post(messages(), { body })
  expect(discord.requests.map(r => r.status)).toEqual([503, 503, 200])
  discord.slow('GET /users/@me', 40)
  const before = performance.now()
  await sdk().get(Routes.user())
  expect(performance.now() - before).toBeGreaterThan(35)
})

test('settled waits for what is under way', async () => {
  discord = await startDiscord()
  discord.slow(POST, 60)
  void sdk().post(messages(), { body })
  await discord.until(() => discord.requests.length === 1)
  await discord.settled()
  expect(discord.requests[0]?.status).toBe(200)
})
