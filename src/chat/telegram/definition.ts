// Telegram as Vakt knows it without loading its SDK.
import { z } from 'zod'
import { requiredWith, urlSetting } from '../../config/setting.ts'
import { definePlatform } from '../platform-definition.ts'

const capabilities = { edits: true, threads: true, pictures: false, mentions: true, interactive: true }

export const telegram = definePlatform({
  name: 'telegram',
  label: 'Telegram',
  capabilities,
  settings: {
    TELEGRAM_BOT_TOKEN: z
      .string()
      .regex(/^\d+:[\w-]{5,}$/, 'must be a bot token such as 123456:ABC-DEF')
      .optional(),
    TELEGRAM_CHAT_ID: z
      .string()
      .regex(/^(-?\d{3,20}|@\w{5,32})$/, 'must be the id of a chat, such as -1001234567890, or @channelname')
      .optional(),
    TELEGRAM_API_URL: urlSetting('https://api.telegram.org').default('https://api.telegram.org'),
  },
  required: [requiredWith('TELEGRAM_BOT_TOKEN', ['TELEGRAM_CHAT_ID'], 'the token of the bot')],
  secrets: env => [env.TELEGRAM_BOT_TOKEN],
  readSettings: env =>
    env.TELEGRAM_BOT_TOKEN === undefined
      ? null
      : {
          token: env.TELEGRAM_BOT_TOKEN,
          chatId: env.TELEGRAM_CHAT_ID ?? null,
          apiUrl: env.TELEGRAM_API_URL.replace(/\/+$/, ''),
        },
  async load(settings) {
    const { createTelegram } = await import('./platform.ts')
    return parts => createTelegram({ ...parts, settings, capabilities })
  },
  async diagnose(settings, signal) {
    const { diagnose } = await import('./diagnose.ts')
    return diagnose(settings, signal)
  },
  channels: {
    written: 'telegram:<chat id>',
    pattern: /^telegram:(-?\d{3,20}|@\w{5,32})$/,
    example: 'channels add telegram:-1001234567890 --name ops-group',
    setting: 'TELEGRAM_BOT_TOKEN',
  },
  accounts: {
    schema: z
      .string()
      .regex(/^\d{3,20}$/, 'must be a Telegram user id, which is a number')
      .describe('Telegram user id'),
    directChannel: account => `telegram:${account}`,
  },
  roles: { subject: /^\d{3,}$/, admins: 'administrators of the Telegram group' },
})
