// Who is an admin, and where Vakt takes commands.

import type { APIInteraction } from 'discord.js'
import { expect, test } from 'vitest'
import { requesterOf, whyNotHere } from './requester.ts'

const ADMINISTRATOR = '8'
const MANAGE_SERVER = '32'
const ORDINARY = '2147483648'
const home = { guildId: '1', channelId: '10' }

function interaction(permissions: string, guild = '1', channel: object = { id: '10' }): APIInteraction {
  const member = { user: { id: '5', username: 'kim' }, roles: ['77'], permissions }
  return { guild_id: guild, channel, member } as unknown as APIInteraction
}

const objection = (asked: APIInteraction, at: Parameters<typeof whyNotHere>[2] = home) =>
  whyNotHere(asked, requesterOf(asked), at)

test.each([
  [ADMINISTRATOR, true],
  [MANAGE_SERVER, true],
  [ORDINARY, false],
])('a member with permissions %s is an admin: %s', (permissions, admin) => {
  expect(requesterOf(interaction(permissions))).toEqual({
    platform: 'discord',
    id: '5',
    name: 'kim',
    admin,
    groups: ['77'],
    interactive: true,
    channel: 'discord:10',
  })
})

test('a direct message has no member behind it and is refused', () => {
  const direct = { channel: { id: '10' }, user: { id: '5' } } as unknown as APIInteraction
  expect(requesterOf(direct)).toBeNull()
  expect(objection(direct)).toContain('its own server')
})

test('everybody can use the channel and its threads, admins other channels, nobody other servers', () => {
  expect(objection(interaction(ORDINARY))).toBeNull()
  expect(objection(interaction(ORDINARY, '1', { id: '11', parent_id: '10' }))).toBeNull()
  expect(objection(interaction(ORDINARY, '1', { id: '12' }))).toContain('its own channel')
  expect(objection(interaction(MANAGE_SERVER, '1', { id: '12' }))).toBeNull()
  expect(objection(interaction(ADMINISTRATOR, '2', { id: '12' }))).toContain('its own server')
})

test('while the server is unknown, only the channel itself is home', () => {
  const unknown = { guildId: null, channelId: '10' }
  expect(objection(interaction(ORDINARY), unknown)).toBeNull()
  expect(objection(interaction(ADMINISTRATOR, '2', { id: '12' }), unknown)).toContain('its own server')
})
