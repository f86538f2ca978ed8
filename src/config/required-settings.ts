// Settings that are of no use without another: which is missing, and why it is needed.
import { missingArchiveSettings } from './log-settings.ts'

type Given = Record<string, string | undefined>

const PARTNERS: { setting: string; lacks: (given: Given) => unknown; says: string }[] = [
  {
    setting: 'DISCORD_CHANNEL_ID',
    lacks: given => given.DISCORD_TOKEN && !given.DISCORD_CHANNEL_ID,
    says: 'DISCORD_TOKEN is set, so say which channel gets the alerts',
  },
  {
    setting: 'DISCORD_TOKEN',
    lacks: given => (given.DISCORD_CHANNEL_ID || given.DISCORD_GUILD_ID) && !given.DISCORD_TOKEN,
    says: 'other DISCORD settings are set, so give the bot token too',
  },
  {
    setting: 'SLACK_CHANNEL_ID',
    lacks: given => given.SLACK_BOT_TOKEN && !given.SLACK_CHANNEL_ID,
    says: 'SLACK_BOT_TOKEN is set, so say which channel gets the alerts',
  },
  {
    setting: 'SLACK_APP_TOKEN',
    lacks: given => given.SLACK_BOT_TOKEN && !given.SLACK_APP_TOKEN && !given.SLACK_SIGNING_SECRET,
    says: 'give SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP mode',
  },
  {
    setting: 'SLACK_BOT_TOKEN',
    lacks: given =>
      (given.SLACK_APP_TOKEN || given.SLACK_SIGNING_SECRET || given.SLACK_CHANNEL_ID) && !given.SLACK_BOT_TOKEN,
    says: 'other SLACK settings are set, so give the bot token too',
  },
  {
    setting: 'MAIL_FROM',
    lacks: given => given.SMTP_URL && !given.MAIL_FROM,
    says: 'SMTP_URL is set, so say whom mails are from',
  },
  {
    setting: 'SMTP_URL',
    lacks: given => (given.MAIL_FROM || given.MAIL_TO) && !given.SMTP_URL,
    says: 'other MAIL settings are set, so say which server sends them',
  },
  {
    setting: 'TELEGRAM_BOT_TOKEN',
    lacks: given => given.TELEGRAM_CHAT_ID && !given.TELEGRAM_BOT_TOKEN,
    says: 'TELEGRAM_CHAT_ID is set, so give the bot token too',
  },
  {
    setting: 'AI_BASE_URL',
    lacks: given => given.AI_PROVIDER === 'openai' && !given.AI_BASE_URL,
    says: 'AI_PROVIDER is openai, so say where, such as http://localhost:11434/v1',
  },
  {
    setting: 'AI_MODEL',
    lacks: given => given.AI_PROVIDER === 'openai' && !given.AI_MODEL,
    says: 'AI_PROVIDER is openai, so say which model it is to use',
  },
]

/** What is missing beside the settings given, by name, to be read after the name. */
export function missingSettings(given: Given): Record<string, string> {
  const missing = missingArchiveSettings(given)
  for (const { setting, lacks, says } of PARTNERS) if (lacks(given)) missing[setting] = `is missing: ${says}`
  return missing
}
