// What every platform of the list must hold to, so that the rest of Vakt can rely on its definition alone.
import { describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { readConfig } from '../config/config.ts'
import { silentLogger } from '../logger.ts'
import type { CommandDispatcher } from './channel.ts'
import type { PlatformParts } from './platform-definition.ts'
import { loadPlatforms, PLATFORMS } from './platforms.ts'

/** Enough settings to configure every platform. Nothing is sent before a platform is started. */
const EVERYTHING = {
  DISCORD_TOKEN: 'discord-token',
  DISCORD_CHANNEL_ID: '100000000000000001',
  SLACK_BOT_TOKEN: 'xoxb-token',
  SLACK_APP_TOKEN: 'xapp-token',
  SLACK_CHANNEL_ID: 'C000ALERTS',
  SMTP_URL: 'smtp://vakt:pass%20word@127.0.0.1:2525',
  MAIL_FROM: 'vakt@example.org',
  MAIL_TO: 'alerts@example.org',
  TELEGRAM_BOT_TOKEN: '123456:telegram-token',
  TELEGRAM_CHAT_ID: '-1009999999999',
  NTFY_URL: 'https://ntfy.example.org',
  NTFY_TOKEN: 'ntfy-token',
  NTFY_TOPIC: 'alerts-x7Kq2mP9',
  PUSHOVER_TOKEN: 'azGDORePK8gMaC0QOYAMyEEuzJnyUi',
  PUSHOVER_USER: 'gznej3rKEVAvPUxu9vvNnqpmZpokzF',
  GOTIFY_URL: 'https://gotify.example.org',
  GOTIFY_TOKEN: 'gotify-token',
}

const parts: PlatformParts = {
  dispatcher: { commands: [] } as unknown as CommandDispatcher,
  clock: systemClock,
  logger: silentLogger,
  timeZone: 'UTC',
  version: 'test',
  instance: 'abcde',
  isChannel: () => false,
  links: { create: () => null },
  memory: { read: () => null, write() {} },
  onOnline() {},
}

it('names are unique', () => {
  expect(new Set(PLATFORMS.map(platform => platform.name)).size).toBe(PLATFORMS.length)
})

it('secrets of all platforms are known to the log, and nothing but secrets is', () => {
  expect(readConfig(EVERYTHING).secrets).toEqual([
    'discord-token',
    'xoxb-token',
    'xapp-token',
    '123456:telegram-token',
    'pass word',
    'ntfy-token',
    'azGDORePK8gMaC0QOYAMyEEuzJnyUi',
    'gotify-token',
  ])
})

describe.each(PLATFORMS.map(platform => [platform.name, platform] as const))('%s', (name, definition) => {
  const load = async () => {
    const settings = readConfig(EVERYTHING).platforms[name]
    const [create] = await loadPlatforms({ [name]: settings }, [definition])
    return create!(parts)
  }

  it('is loaded under its own name, with channels that can do what it declares', async () => {
    const platform = await load()
    expect(platform.name).toBe(name)
    const [, where = ''] = /^channels add (\S+)/.exec(definition.channels.example) ?? []
    const added = definition.channels.read?.(where, 'example') ?? { id: where, name: '', address: null, secret: null }
    const opened = platform.open!(added)
    expect(opened?.id).toBe(added.id)
    for (const channel of [...platform.channels, opened!]) {
      expect(channel.capabilities).toBe(definition.capabilities)
      expect(channel.thread !== undefined).toBe(definition.capabilities.threads)
    }
    for (const channel of platform.channels) expect(channel.id).toMatch(definition.channels.pattern)
  })

  it('opens no channel of another platform', async () => {
    const platform = await load()
    const others = PLATFORMS.filter(other => other.name !== name)
    for (const { channels } of others) {
      const [, where = ''] = /^channels add (\S+)/.exec(channels.example) ?? []
      const added = channels.read?.(where, 'example') ?? { id: where, name: '', address: null, secret: null }
      expect(platform.open!(added)).toBeNull()
      expect(where).not.toMatch(definition.channels.pattern)
    }
  })

  it('reads its accounts and mentions from what people type, and keeps only ids', () => {
    const { accounts, mentions = [] } = definition
    if (accounts) expect(accounts.schema.safeParse('not an account').success).toBe(false)
    for (const mention of mentions) expect(mention.typed.test('@everyone')).toBe(false)
    // Where people can be mentioned, their accounts must be known.
    if (definition.capabilities.mentions) expect(accounts).toBeDefined()
  })
})
