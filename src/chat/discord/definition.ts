// Discord as Vakt knows it without loading its SDK.
import { z } from 'zod'
import { requiredWith, textSetting, urlSetting } from '../../config/setting.ts'
import { definePlatform } from '../platform-definition.ts'

const idSetting = () =>
  z
    .string()
    .regex(/^\d{15,21}$/, 'must be a Discord id: 17 to 20 digits (turn on Developer Mode, right-click, Copy ID)')

const capabilities = {
  ...{ edits: true, threads: true, pictures: true, mentions: true, interactive: true },
  pictureTheme: 'dark' as const,
}

export const discord = definePlatform({
  name: 'discord',
  label: 'Discord',
  capabilities,
  settings: {
    DISCORD_TOKEN: textSetting().optional(),
    DISCORD_CHANNEL_ID: idSetting().optional(),
    DISCORD_GUILD_ID: idSetting().optional(),
    DISCORD_API_URL: urlSetting('https://discord.com/api').default('https://discord.com/api'),
  },
  required: [
    requiredWith('DISCORD_CHANNEL_ID', ['DISCORD_TOKEN'], 'the channel for alerts'),
    requiredWith('DISCORD_TOKEN', ['DISCORD_CHANNEL_ID', 'DISCORD_GUILD_ID'], 'the token of the bot'),
  ],
  secrets: env => [env.DISCORD_TOKEN],
  readSettings: env =>
    env.DISCORD_TOKEN === undefined
      ? null
      : {
          token: env.DISCORD_TOKEN,
          channelId: env.DISCORD_CHANNEL_ID!,
          guildId: env.DISCORD_GUILD_ID ?? null,
          apiUrl: env.DISCORD_API_URL.replace(/\/+$/, ''),
        },
  async load(settings) {
    const { createDiscord } = await import('./platform.ts')
    return parts => createDiscord({ ...parts, settings, capabilities })
  },
  async diagnose(settings, signal) {
    const { diagnose } = await import('./diagnose.ts')
    return diagnose(settings, signal)
  },
  channels: {
    written: 'discord:<channel id>',
    pattern: /^discord:\d{15,21}$/,
    example: 'channels add discord:123456789012345678 --name payments',
    setting: 'DISCORD_TOKEN',
  },
  accounts: {
    schema: z
      .string()
      .regex(/^(<@!?)?\d{5,25}>?$/, 'must be a Discord user id')
      .transform(text => text.replace(/\D/g, ''))
      .describe('Discord user id or mention'),
  },
  roles: {
    subject: /^\d+$/,
    unmistakable: /^<@[!&]|^\d{15,}$/,
    admins: 'Discord members with Manage Server',
    picking: 'on Discord write @ and pick the person or the role of the server',
    example: 'roles set 1234567890123456 admin --platform discord',
  },
  mentions: [
    { kind: 'role', typed: /^<@&(\d{5,25})>$/, id: /^\d{5,25}$/ },
    { kind: 'user', typed: /^<@!?(\d{5,25})>$/, id: /^\d{5,25}$/ },
  ],
})
