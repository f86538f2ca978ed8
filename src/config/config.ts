// The settings: environment in, one frozen Config out; every problem is reported at once, by the setting's name.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { readTargets } from '../connectivity/targets.ts'
import { LOG_LEVELS } from '../logger.ts'
import { Problem } from '../problem.ts'
import { MINUTE, parseDuration } from '../time.ts'
import { timeZoneId } from '../time-zone.ts'
import { logSettings, toLogConfig } from './log-settings.ts'
import { missingSettings } from './required-settings.ts'
import { proxyList } from './trusted-proxies.ts'

export type Config = Readonly<ReturnType<typeof toConfig>>

const url = (example: string) =>
  z.string().refine(text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), `must be a URL such as ${example}`)
const present = z.string().min(1)
const id = z
  .string()
  .regex(/^\d{15,21}$/, 'must be a Discord id: 17 to 20 digits (turn on Developer Mode, right-click, Copy ID)')

const dollars = (usual: string) =>
  z
    .string()
    .default(usual)
    .refine(text => Number(text) >= 0, `must be a number of dollars such as ${usual}`)
    .transform(Number)

/** Every setting, in the order of `.env.example`. An empty value is the same as none. */
export const settings = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: z
    .string()
    .default('8080')
    .refine(text => /^\d+$/.test(text) && Number(text) <= 65535, 'must be a port number from 0 to 65535')
    .transform(Number),
  DATA_DIR: z.string().default('./data'),
  PUBLIC_URL: url('https://vakt.example.org').optional(),
  TZ: z.string().refine(isTimeZone, 'must be a time zone such as Europe/Oslo or UTC').optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
  ADMIN_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, 'must have at least 16 characters, without spaces')
    .optional(),
  TRUST_PROXY: z
    .string()
    .default('loopback')
    .refine(
      text => proxyList(text) !== null,
      'must be loopback, all, none, or addresses and networks such as 10.0.0.0/8',
    )
    .transform(text => proxyList(text)!),
  RETENTION: z
    .string()
    .default('72h')
    .refine(text => (parseDuration(text) ?? 0) >= MINUTE, 'must be a duration of at least a minute, such as 72h or 30d')
    .transform(text => parseDuration(text)!),
  ...logSettings,
  DISCORD_TOKEN: present.optional(),
  DISCORD_CHANNEL_ID: id.optional(),
  DISCORD_GUILD_ID: id.optional(),
  DISCORD_API_URL: url('https://discord.com/api').default('https://discord.com/api'),
  SLACK_BOT_TOKEN: z.string().startsWith('xoxb-', 'must begin with xoxb-').optional(),
  SLACK_APP_TOKEN: z.string().startsWith('xapp-', 'must begin with xapp-').optional(),
  SLACK_SIGNING_SECRET: present.optional(),
  SLACK_CHANNEL_ID: z
    .string()
    .regex(/^[CGD][A-Z0-9]{5,}$/, 'must be a channel id such as C0123456789')
    .optional(),
  SLACK_API_URL: url('https://slack.com/api/').default('https://slack.com/api/'),
  SMTP_URL: z
    .string()
    .refine(
      text => /^smtps?:$/.test(URL.parse(text)?.protocol ?? ''),
      'must be a URL such as smtps://user:password@mail.example.org',
    )
    .optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*@[^\r\n]+$/, 'must be an address such as vakt@example.org')
    .optional(),
  MAIL_TO: z
    .string()
    .default('')
    .transform(text => text.split(/[\s,;]+/).filter(Boolean))
    .refine(
      list => list.every(one => /^[^\s@<>"]+@[^\s@<>"]+$/.test(one)),
      'must be addresses such as ops@example.org',
    ),
  TELEGRAM_BOT_TOKEN: z
    .string()
    .regex(/^\d+:[\w-]{5,}$/, 'must be a bot token such as 123456:ABC-DEF')
    .optional(),
  TELEGRAM_CHAT_ID: z
    .string()
    .regex(/^(-?\d{3,20}|@\w{5,32})$/, 'must be the id of a chat, such as -1001234567890, or @channelname')
    .optional(),
  TELEGRAM_API_URL: url('https://api.telegram.org').default('https://api.telegram.org'),
  ANTHROPIC_API_KEY: present.optional(),
  ANTHROPIC_BASE_URL: url('https://api.anthropic.com').default('https://api.anthropic.com'),
  AI_PROVIDER: z.enum(['anthropic', 'openai'], { error: 'must be anthropic or openai' }).default('anthropic'),
  AI_BASE_URL: url('http://localhost:11434/v1').optional(),
  AI_API_KEY: present.optional(),
  AI_MODEL: present.optional(),
  AI_PRICE: z
    .string()
    .regex(/^\d+(\.\d+)?\/\d+(\.\d+)?$/, 'must be dollars per million tokens, input/output, such as 2/10')
    .transform(text => text.split('/').map(Number))
    .transform(([input, output]) => ({ input: input!, output: output! }))
    .optional(),
  AI_DAILY_BUDGET_USD: dollars('5'),
  AI_MONTHLY_BUDGET_USD: dollars('50'),
  CONNECTIVITY_TARGETS: z
    .string()
    .default('')
    .transform((text, issues) => {
      try {
        return readTargets(text)
      } catch (error) {
        issues.addIssue((error as Problem).message)
        return z.NEVER
      }
    }),
  DEADMAN_URL: url('https://hc-ping.com/your-uuid').optional(),
})

/**
 * The configuration that `environment` gives. Throws one `invalid` problem whose `fields` and message name every
 * setting at fault and what would be right; secrets are never repeated in it.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ''))
  const parsed = settings.safeParse(given)
  const fields: Record<string, string> = {}
  for (const issue of parsed.error?.issues ?? []) fields[String(issue.path[0])] ??= issue.message
  for (const [name, message] of Object.entries(missingSettings(given))) fields[name] ??= message
  const wrong = Object.entries(fields)
  if (parsed.success && wrong.length === 0) return Object.freeze(toConfig(parsed.data))
  const list = wrong.map(([name, what]) => `  ${name} ${what}`).join('\n')
  throw new Problem('invalid', `The settings are not right:\n${list}`, { fields })
}

export type ClientConfig = Pick<Config, 'dataDir' | 'adminKey' | 'publicUrl'>

/** What a client on the same machine needs to find the server; settings that only the server needs may be wrong. */
export function readClientConfig(environment: Record<string, string | undefined>): ClientConfig {
  const names = ['HOST', 'PORT', 'DATA_DIR', 'PUBLIC_URL', 'ADMIN_KEY'] as const
  const usable = names.filter(name => settings.shape[name].safeParse(environment[name]).success)
  return readConfig(Object.fromEntries(usable.map(name => [name, environment[name]])))
}

/** The process's environment over what `.env` in the working directory says, when there is one. */
export function readEnvironment(file = '.env'): Record<string, string | undefined> {
  let written: Record<string, string | undefined> = {}
  try {
    written = parseEnv(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new Problem('invalid', `The settings file ${file} cannot be read: ${(error as Error).message}.`)
    }
  }
  return { ...written, ...process.env }
}

function toConfig(env: z.output<typeof settings>) {
  const host = env.HOST.includes(':') ? `[${env.HOST}]` : env.HOST
  const shown = ['0.0.0.0', '[::]'].includes(host) ? 'localhost' : host
  return {
    host: env.HOST,
    port: env.PORT,
    dataDir: resolve(env.DATA_DIR),
    /** Where clients reach the intake, without a final slash; null until the port is known when none is set. */
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, '') ?? (env.PORT === 0 ? null : `http://${shown}:${env.PORT}`),
    shownHost: shown,
    timeZone: timeZoneId(env.TZ ?? Intl.DateTimeFormat().resolvedOptions().timeZone),
    logLevel: env.LOG_LEVEL,
    adminKey: env.ADMIN_KEY ?? null,
    trustedProxies: env.TRUST_PROXY,
    retentionMs: env.RETENTION,
    logs: toLogConfig(env),
    discord: env.DISCORD_TOKEN
      ? {
          token: env.DISCORD_TOKEN,
          channelId: env.DISCORD_CHANNEL_ID!,
          guildId: env.DISCORD_GUILD_ID ?? null,
          apiUrl: env.DISCORD_API_URL.replace(/\/+$/, ''),
        }
      : null,
    slack: env.SLACK_BOT_TOKEN
      ? {
          botToken: env.SLACK_BOT_TOKEN,
          appToken: env.SLACK_APP_TOKEN ?? null,
          signingSecret: env.SLACK_SIGNING_SECRET ?? null,
          channelId: env.SLACK_CHANNEL_ID!,
          apiUrl: `${env.SLACK_API_URL.replace(/\/+$/, '')}/`,
        }
      : null,
    email: env.SMTP_URL ? { url: env.SMTP_URL, from: env.MAIL_FROM!, to: env.MAIL_TO } : null,
    telegram: env.TELEGRAM_BOT_TOKEN
      ? {
          token: env.TELEGRAM_BOT_TOKEN,
          chatId: env.TELEGRAM_CHAT_ID ?? null,
          apiUrl: env.TELEGRAM_API_URL.replace(/\/+$/, ''),
        }
      : null,
    ai: {
      provider: env.AI_PROVIDER,
      apiKey: (env.AI_PROVIDER === 'anthropic' ? env.ANTHROPIC_API_KEY : undefined) ?? env.AI_API_KEY ?? null,
      baseUrl: env.AI_BASE_URL ?? env.ANTHROPIC_BASE_URL,
      model: env.AI_MODEL ?? null,
      price: env.AI_PRICE ?? null,
      dailyBudgetUsd: env.AI_DAILY_BUDGET_USD,
      monthlyBudgetUsd: env.AI_MONTHLY_BUDGET_USD,
    },
    connectivityTargets: env.CONNECTIVITY_TARGETS,
    deadmanUrl: env.DEADMAN_URL ?? null,
    /** What the log must never show. */
    secrets: [
      env.ADMIN_KEY,
      env.DISCORD_TOKEN,
      env.SLACK_BOT_TOKEN,
      env.SLACK_APP_TOKEN,
      env.SLACK_SIGNING_SECRET,
      env.TELEGRAM_BOT_TOKEN,
      smtpPassword(env.SMTP_URL),
      env.ANTHROPIC_API_KEY,
      env.ARCHIVE_S3_ACCESS_KEY,
      env.ARCHIVE_S3_SECRET_KEY,
      env.AI_API_KEY,
    ].filter(secret => secret !== undefined),
  }
}

function smtpPassword(url: string | undefined): string | undefined {
  const password = URL.parse(url ?? '')?.password
  return password ? decodeURIComponent(password) : undefined
}

function isTimeZone(name: string): boolean {
  try {
    timeZoneId(name)
    return true
  } catch {
    return false
  }
}
