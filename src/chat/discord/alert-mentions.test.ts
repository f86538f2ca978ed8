// Mentions in alerts on Discord, and the thread under a card, on the wire.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Card } from '../../card.ts'
import { type Discord, startDiscord } from '../../testing/discord/discord.ts'
import { createChannel } from './channel.ts'
import { createRest } from './client.ts'
import { discord as definition } from './definition.ts'
import { render } from './render.ts'

let discord: Discord
beforeEach(async () => {
  discord = await startDiscord({ now: () => Date.now() })
})
afterEach(async () => {
  await discord.close()
  expect(discord.violations).toEqual([])
})

const open = () => {
  const { token, channelId, apiUrl } = discord
  return createChannel({ rest: createRest(apiUrl, token), token, channelId, capabilities: definition.capabilities })
    .channel
}
const down: Card = {
  title: 'db-1 is down @everyone <@999999999999999999>',
  tone: 'critical',
  mention: [
    { kind: 'person', id: '123456789012345678', name: 'ann' },
    { kind: 'group', id: '223456789012345678', name: 'ops' },
    { kind: 'person', id: null, name: 'ben' },
  ],
}

test('exactly the people that a card mentions may be notified, whatever its data contains', () => {
  const { body } = render(down)
  expect(body.content).toMatch(/^<@123456789012345678> <@&223456789012345678> @ben /)
  expect(body.content).not.toMatch(/@everyone| <@999/)
  expect(body.allowed_mentions).toEqual({
    parse: [],
    users: ['123456789012345678'],
    roles: ['223456789012345678'],
    replied_user: false,
  })
  expect(render({ ...down, mention: [] }).body.allowed_mentions).toEqual({ parse: [], replied_user: false })
})

test('an edit mentions nobody, and the thread under a card is begun once and continued', async () => {
  const channel = open()
  const ref = await channel.post(down, 'n1')
  await channel.edit(ref, down)
  expect(JSON.stringify(discord.messages())).not.toContain('<@123456789012345678>')
  await channel.thread!(ref, { title: 'Alert 1', tone: 'plain', lines: ['acknowledged by Ann'] })
  await channel.thread!(ref, { title: 'Alert 1', tone: 'plain', lines: ['noted by Ann'] })
  expect(discord.threads()).toHaveLength(1)
})
