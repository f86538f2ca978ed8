// REST of the simulator: messages, threads, commands and files as Discord stores and refuses them.

import { AttachmentBuilder, type Client, EmbedBuilder } from 'discord.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Discord, startDiscord } from './discord.ts'
import { ask, connect } from './sdk-client.ts'

const HOUR = 3_600_000
const quiet = { allowed_mentions: { parse: [] } }
let discord: Discord
let now = 1_800_000_000_000
let path: string

beforeEach(async () => {
  discord = await startDiscord({ now: () => now })
  path = `/channels/${discord.channelId}/messages`
})

afterEach(() => discord.close())

const post = (body: Record<string, unknown>) => ask(discord, 'POST', path, { ...quiet, ...body })
const edit = (id: unknown, body: Record<string, unknown>) =>
  ask(discord, 'PATCH', `${path}/${id}`, { ...quiet, ...body })

test('the SDK posts, edits, lists, replies, deletes and opens threads, all without a violation', async () => {
  const client: Client<true> = await connect(discord)
  const channel = await client.channels.fetch(discord.channelId)
  if (!channel?.isSendable() || !('threads' in channel)) throw new Error('not a text channel')
  const allowedMentions = { parse: [], repliedUser: false }
  const message = await channel.send({
    embeds: [new EmbedBuilder({ title: 'down', color: 0xff0000 })],
    allowedMentions,
  })
  await message.edit({ content: 'up', embeds: [], allowedMentions })
  await message.reply({ content: 'again', allowedMentions })
  const listed = await channel.messages.fetch({ limit: 10 })
  expect([...listed.values()].map(m => m.content)).toEqual(['again', 'up'])
  const thread = await message.startThread({ name: 'samples' })
  await thread.send({ content: 'line', allowedMentions })
  expect(discord.messages(thread.id).map(m => m.content)).toEqual(['line'])
  await message.delete()
  expect(discord.messages().map(m => m.content)).toEqual(['again'])
  expect(discord.violations).toEqual([])
  await client.destroy()
})

test('a file goes up as multipart and its bytes can be read back', async () => {
  const client = await connect(discord)
  const channel = await client.channels.fetch(discord.channelId)
  if (!channel?.isSendable()) throw new Error('not a text channel')
  const files = [new AttachmentBuilder(Buffer.from('a chart'), { name: 'chart.png' })]
  await channel.send({ embeds: [{ image: { url: 'attachment://chart.png' } }], files, allowedMentions: { parse: [] } })
  const [message] = discord.messages()
  expect(String(discord.file(message!, 'chart.png'))).toBe('a chart')
  expect(message?.embeds[0]?.image?.url).toBe(message?.attachments[0]?.url)
  expect(discord.violations).toEqual([])
  await client.destroy()
})

test('a nonce returns the original message for a few minutes, enforced only when asked', async () => {
  const first = await post({ content: 'down', nonce: 'a1', enforce_nonce: true })
  const again = await post({ content: 'down', nonce: 'a1', enforce_nonce: true })
  expect(again.body.id).toBe(first.body.id)
  expect(first.body.nonce).toBe('a1')
  expect((await ask(discord, 'GET', `${path}/${first.body.id}`)).body).not.toHaveProperty('nonce')
  expect((await post({ content: 'down', nonce: 'a1' })).body.id).not.toBe(first.body.id)
  now += 6 * 60_000
  await post({ content: 'down', nonce: 'a1', enforce_nonce: true })
  expect(discord.messages()).toHaveLength(3)
})

test('a message older than an hour is edited no more: 429 with code 30046', async () => {
  const { body } = await post({ content: 'down' })
  now += HOUR
  expect((await edit(body.id, { content: 'still down' })).status).toBe(200)
  now += 1
  const late = await edit(body.id, { content: 'up' })
  expect(late).toMatchObject({ status: 429, body: { code: 30046, retry_after: 20, global: false } })
  expect(late.headers.get('retry-after')).toBe('20')
  expect(discord.messages()[0]?.content).toBe('still down')
})

test('what is gone or forbidden is refused with the code of the real thing', async () => {
  const { body } = await post({ content: 'down' })
  expect(await edit('1', { content: 'x' })).toMatchObject({ status: 404, body: { code: 10008 } })
  expect(await ask(discord, 'POST', '/channels/1/messages', { content: 'x', ...quiet })).toMatchObject({
    status: 404,
    body: { code: 10003 },
  })
  expect(await ask(discord, 'GET', '/users/@me', undefined, 'wrong')).toMatchObject({ status: 401, body: { code: 0 } })
  discord.set(discord.channelId, { access: 'readonly' })
  expect(await post({ content: 'x' })).toMatchObject({ status: 403, body: { code: 50013 } })
  discord.set(discord.channelId, { access: 'hidden' })
  expect(await post({ content: 'x' })).toMatchObject({ status: 403, body: { code: 50001 } })
  discord.set(discord.channelId, { access: 'full', archived: true })
  expect(await edit(body.id, { content: 'x' })).toMatchObject({ status: 400, body: { code: 50083 } })
  expect(discord.violations).toEqual([])
})

test('a reply to a message that is gone is refused unless it may be gone', async () => {
  const gone = { message_id: '1' }
  expect(await post({ content: 'x', message_reference: gone })).toMatchObject({ status: 400, body: { code: 50035 } })
  const allowed = await post({ content: 'x', message_reference: { ...gone, fail_if_not_exists: false } })
  expect(allowed.status).toBe(200)
})

test('mentions notify only what allowed_mentions lets through', async () => {
  await post({ content: '@everyone <@&77>' })
  await post({ content: '@everyone <@&77>', allowed_mentions: { parse: [], roles: ['77'] } })
  await ask(discord, 'POST', path, { content: '@everyone <@&77>' })
  expect(discord.messages().map(m => [m.mention_everyone, m.mention_roles])).toEqual([
    [false, []],
    [false, ['77']],
    [true, ['77']],
  ])
  expect(discord.violations.splice(0)).toEqual(['a message body without allowed_mentions'])
})

test('guild commands are replaced as a list and keep their ids; 200 new ones a day', async () => {
  const at = `/applications/${discord.applicationId}/guilds/${discord.guildId}/commands`
  const put = (names: string[]) =>
    ask(
      discord,
      'PUT',
      at,
      names.map(name => ({ name, description: 'x' })),
    )
  const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `c${from + i}`)
  const first = await put(['status', 'checks'])
  const second = await put(['checks', 'status'])
  const ids = (list: unknown) => Object.fromEntries((list as { name: string; id: string }[]).map(c => [c.name, c.id]))
  expect(ids(second.body)).toEqual(ids(first.body))
  await put(names(0, 98))
  await put(names(100, 198))
  expect(await put(names(200, 210))).toMatchObject({ status: 400, body: { code: 30034 } })
  now += 25 * HOUR
  expect((await put(names(200, 210))).status).toBe(200)
  expect(discord.violations.splice(0)).toHaveLength(1)
})

test('routes and methods that do not exist are violations', async () => {
  expect((await ask(discord, 'GET', '/nothing/here')).status).toBe(404)
  expect((await ask(discord, 'PUT', path, {})).status).toBe(405)
  expect(discord.violations.splice(0)).toHaveLength(2)
})
