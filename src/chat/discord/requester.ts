// Who did something on Discord, whether Vakt takes commands there, and whether Discord still waits for a reply.
import { type APIInteraction, SnowflakeUtil } from 'discord.js'
import type { Requester } from '../channel.ts'

const ADMINISTRATOR = 1n << 3n
const MANAGE_SERVER = 1n << 5n
/** Discord gives up after 3 s, and its clock may differ from ours. */
const MAX_AGE_MS = 2_000

/** Where commands are taken: the server (null until it is known), the channel of the settings, and the added ones in use. */
export type Home = { guildId: string | null; channelId: string; others: ReadonlySet<string> }

/** The member behind an interaction; null outside of servers. Manage Server (or Administrator) makes an admin. */
export function requesterOf({ member, channel }: APIInteraction): Requester | null {
  if (!member) return null
  const permissions = BigInt(member.permissions)
  return {
    platform: 'discord',
    id: member.user.id,
    name: member.nick ?? member.user.global_name ?? member.user.username,
    admin: (permissions & (ADMINISTRATOR | MANAGE_SERVER)) !== 0n,
    groups: member.roles,
    interactive: true,
    ...(channel?.id === undefined ? {} : { channel: `discord:${channel.id}` }),
  }
}

/**
 * Why a command is refused here, as a sentence; null when it is taken. Members use the channels of alerts and their
 * threads, admins any channel of the server. An admin of another server with the bot has no rights here.
 */
export function whyNotHere(
  interaction: APIInteraction,
  requester: Requester | null,
  { guildId, channelId, others }: Pick<Home, 'guildId' | 'channelId'> & Partial<Home>,
): string | null {
  const channel = interaction.channel as { id?: string; parent_id?: string | null } | undefined
  const isHere = [channel?.id, channel?.parent_id].some(id => id != null && (id === channelId || others?.has(id)))
  const isHome = guildId === null ? isHere : interaction.guild_id === guildId
  if (!requester || !isHome) return 'Vakt answers only in its own server.'
  return isHere || requester.admin ? null : 'Vakt answers only in its own channel. Ask there.'
}

/** Whether Discord may have given up on an interaction, such as one that a reconnection replayed. */
export function isStale(interaction: { id: string }, now: number): boolean {
  return Math.abs(now - SnowflakeUtil.timestampFrom(interaction.id)) > MAX_AGE_MS
}
