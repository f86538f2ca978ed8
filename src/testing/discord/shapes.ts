// Builds the objects Discord puts on the wire for users, members, guilds, channels and the application.

import type { APIGuildMember, APIUser } from 'discord-api-types/v10'
import type { Person, Place, World } from './world-types.ts'

const MANAGE_SERVER = 1n << 5n
const ORDINARY = 0x0000_0400n | 0x0000_0800n | 0x0001_0000n | 0x8000_0000n

/** A user as other users see it. */
export function userShape(world: World, person: Person): APIUser {
  const shape = {
    id: person.id,
    username: person.name,
    global_name: person.name,
    discriminator: '0',
    avatar: null,
    public_flags: 0,
    flags: 0,
    primary_guild: null,
    ...(person.id === world.bot.id && { bot: true }),
  }
  return shape as APIUser
}

/** The bot's own account. */
export function ownUserShape(world: World) {
  return { ...userShape(world, world.bot), mfa_enabled: true, locale: 'en-US', verified: true, email: null }
}

/** A member with the permissions that interactions carry. */
export function memberShape(world: World, person: Person): APIGuildMember & { permissions: string } {
  return {
    user: userShape(world, person),
    nick: null,
    avatar: null,
    banner: null,
    roles: person.roles,
    joined_at: '2020-01-01T00:00:00.000Z',
    premium_since: null,
    communication_disabled_until: null,
    pending: false,
    deaf: false,
    mute: false,
    flags: 0,
    permissions: String(person.manageServer ? ORDINARY | MANAGE_SERVER : ORDINARY),
  } as unknown as APIGuildMember & { permissions: string }
}

/** A channel or thread as REST and the gateway give it. */
export function placeShape(world: World, place: Place) {
  const last = [...place.messages.keys()].at(-1) ?? null
  const shared = {
    id: place.id,
    name: place.name,
    guild_id: world.guild.id,
    flags: 0,
    last_message_id: last,
    rate_limit_per_user: 0,
  }
  if (place.kind === 'text')
    return { ...shared, type: 0, position: 0, parent_id: null, topic: null, nsfw: false, permission_overwrites: [] }
  return {
    ...shared,
    type: 11,
    parent_id: place.parentId ?? null,
    owner_id: world.bot.id,
    thread_metadata: {
      archived: place.archived,
      archive_timestamp: iso(world.now()),
      auto_archive_duration: 1440,
      locked: false,
    },
    message_count: place.messages.size,
    member_count: 1,
    total_message_sent: place.messages.size,
  }
}

/** The guild as GUILD_CREATE brings it. */
export function guildShape(world: World) {
  const places = [...world.places.values()].filter(p => p.access !== 'hidden')
  return {
    id: world.guild.id,
    name: world.guild.name,
    icon: null,
    owner_id: [...world.people.keys()][1] ?? world.bot.id,
    unavailable: false,
    large: false,
    joined_at: '2020-01-01T00:00:00.000Z',
    member_count: world.people.size,
    members: [memberShape(world, world.bot)],
    channels: places.filter(p => p.kind === 'text').map(p => placeShape(world, p)),
    threads: places.filter(p => p.kind === 'thread').map(p => placeShape(world, p)),
    roles: [
      {
        id: world.guild.id,
        name: '@everyone',
        permissions: String(ORDINARY),
        position: 0,
        color: 0,
        colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
        hoist: false,
        managed: false,
        mentionable: false,
        flags: 0,
      },
    ],
    emojis: [],
    stickers: [],
    features: [],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
    preferred_locale: 'en-US',
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw_level: 0,
    premium_tier: 0,
    premium_subscription_count: 0,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    application_id: null,
    vanity_url_code: null,
    description: null,
    banner: null,
    splash: null,
    discovery_splash: null,
    premium_progress_bar_enabled: false,
    hub_type: null,
    safety_alerts_channel_id: null,
    nsfw: false,
  }
}

/** The application behind the bot. */
export function applicationShape(world: World) {
  return {
    id: world.applicationId,
    name: world.bot.name,
    icon: null,
    description: '',
    type: null,
    bot: userShape(world, world.bot),
    bot_public: false,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags: 0,
    flags_new: '0',
    redirect_uris: [],
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    owner: userShape(world, [...world.people.values()][1] ?? world.bot),
    approximate_guild_count: 1,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
    explicit_content_filter: 0,
    team: null,
    eligible_oauth2_scopes: [],
  }
}

/** RFC 3339 with milliseconds. */
export function iso(ms: number): string {
  return new Date(ms).toISOString()
}
