// Who did something on Discord, whether Vakt takes commands from where they did it, and whether it is not too late.

import { type APIInteraction, SnowflakeUtil } from 'discord.js'
import type { Requester } from '../channel.ts'

const ADMINISTRATOR = 1n << 3n
const MANAGE_SERVER = 1n << 5n
/** Discord gives up after 3 s; the clocks may differ a little. */
const FRESH_FOR = 2_000

/** The member behind an interaction; null outside servers. Manage Server (or Administrator) makes an admin. */
export function speakerOf(interaction: APIInteraction): Requester | null {
  const { member } = interaction
  if (!member) return null
  const permissions = BigInt(member.permissions)
  return {
    platform: 'discord',
    id: member.user.id,
    name: member.nick ?? member.user.global_name ?? member.user.username,
    admin: (permissions & (ADMINISTRATOR | MANAGE_SERVER)) !== 0n,
    groups: member.roles,
    interactive: true,
  }
}

/**
 * Why a command is not taken from here, in a sentence; null when it is. Being an admin of some other server with the bot
 * means nothing, and members speak in the channels of alerts and their threads; admins anywhere in the server.
 */
export function outOfPlace(
  interaction: APIInteraction,
  speaker: Requester | null,
  home: { guildId: string | null; channelId: string; others?: ReadonlySet<string> },
): string | null {
  const channel = interaction.channel as { id?: string; parent_id?: string | null } | undefined
  const isHere = [channel?.id, channel?.parent_id].some(
    id => id != null && (id === home.channelId || home.others?.has(id)),
  )
  const isHome = home.guildId === null ? isHere : interaction.guild_id === home.guildId
  if (!speaker || !isHome) return 'Vakt answers only in its own server.'
  return isHere || speaker.admin ? null : `Vakt answers in its own channel only; ask there.`
}

/** Whether Discord may have given up on an interaction already, as after a reconnection that replayed it. */
export function isStale(interaction: { id: string }, now: number): boolean {
  return Math.abs(now - SnowflakeUtil.timestampFrom(interaction.id)) > FRESH_FOR
}
