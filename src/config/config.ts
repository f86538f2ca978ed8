// The configuration: read from the environment into one frozen Config; all wrong settings are reported at once, by name.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import type { PlatformDefinition } from '../chat/platform-definition.ts'
import { PLATFORMS } from '../chat/platforms.ts'
import { ROLES } from '../command/command.ts'
import { readTargets } from '../connectivity/targets.ts'
import { LOG_LEVELS } from '../logger.ts'
import { Problem } from '../problem.ts'
import { HOUR, MINUTE, parseDuration } from '../time.ts'
import { timeZoneId } from '../time-zone.ts'
import { backupSettings, toBackupConfig } from './backup-settings.ts'
import { engineSettings, toEngineConfig } from './engine-settings.ts'
import { leaseSettings, toLeaseConfig } from './lease-settings.ts'
import { logSettings, toLogConfig } from './log-settings.ts'
import { missingSettings } from './required-settings.ts'
import { satelliteSettings, toSatelliteConfig } from './satellite-settings.ts'
import { type Environment, textSetting, urlSetting } from './setting.ts'
import { DEFAULT_PORT, socketSettings, toSocketConfig } from './socket-settings.ts'
import { proxyList } from './trusted-proxies.ts'

export type Config = Readonly<ReturnType<typeof toConfig>>

const dollars = (defaultAmount: string) =>
  z
    .string()
    .default(defaultAmount)
    .refine(text => Number(text) >= 0, `must be a number of dollars such as ${defaultAmount}`)
    .transform(Number)

const countSetting = (defaultCount: number) =>
  z
    .string()
    .default(String(defaultCount))
    .refine(text => /^\d{1,6}$/.test(text), `must be a whole number such as ${defaultCount}`)
    .transform(Number)

const serverSettings = {
  HOST: z.string().default('127.0.0.1'),
  PORT: z
    .string()
    .default(String(DEFAULT_PORT))
    .refine(text => /^\d+$/.test(text) && Number(text) <= 65535, 'must be a port number from 0 to 65535')
    .transform(Number),
  DATA_DIR: z.string().default('./data'),
  PUBLIC_URL: urlSetting('https://vakt.example.org').optional(),
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
  ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform(text =>
      text
        .toLowerCase()
        .split(/[\s,]+/)
        .filter(Boolean),
    )
    .refine(
      names => names.every(name => /^(\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*)$/.test(name)),
      'must be names without ports, such as vakt.example.org or *.example.org, separated by commas',
    ),
  CORS_ORIGINS: z
    .string()
    .default('')
    .transform(text =>
      text
        .toLowerCase()
        .split(/[\s,]+/)
        .map(origin => origin.replace(/\/$/, ''))
        .filter(Boolean),
    )
    .refine(
      origins =>
        origins.every(origin =>
          /^(\*|https?:\/\/(\*\.)?[a-z0-9._-]+(:\d+)?|https?:\/\/\[[\da-f:]+\](:\d+)?)$/.test(origin),
        ),
      'must be origins such as https://app.example.org or https://*.example.org, separated by commas, or *',
    ),
  DEFAULT_ROLE: z.enum(ROLES, { error: `must be ${ROLES.join(', ')}` }).default('responder'),
  CHECK_METRICS: z
    .enum(['on', 'off'], { error: 'must be on or off' })
    .default('on')
    .transform(value => value === 'on'),
  PING_BODY_LIMIT: countSetting(100_000),
  TAIL_LIMIT_PER_KEY: countSetting(10),
  TAIL_LIMIT: countSetting(50),
  RETENTION: z
    .string()
    .refine(text => (parseDuration(text) ?? 0) >= MINUTE, 'must be a duration of at least a minute, such as 72h or 30d')
    .transform(text => parseDuration(text)!)
    .optional(),
}

const analysisSettings = {
  ANTHROPIC_API_KEY: textSetting().optional(),
  ANTHROPIC_BASE_URL: urlSetting('https://api.anthropic.com').default('https://api.anthropic.com'),
  AI_PROVIDER: z.enum(['anthropic', 'openai'], { error: 'must be anthropic or openai' }).default('anthropic'),
  AI_BASE_URL: urlSetting('http://localhost:11434/v1').optional(),
  AI_API_KEY: textSetting().optional(),
  AI_MODEL: textSetting().optional(),
  AI_PRICE: z
    .string()
    .regex(/^\d+(\.\d+)?\/\d+(\.\d+)?$/, 'must be dollars per million tokens, input/output, such as 2/10')
    .transform(text => text.split('/').map(Number))
    .transform(([input, output]) => ({ input: input!, output: output! }))
    .optional(),
  AI_DAILY_BUDGET_USD: dollars('5'),
  AI_MONTHLY_BUDGET_USD: dollars('50'),
}

const connectivitySettings = {
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
  DEADMAN_URL: urlSetting('https://hc-ping.com/your-uuid').optional(),
  PROBE_ALLOW: z
    .string()
    .default('')
    .refine(text => proxyList(text) !== null, 'must be addresses and networks such as 10.1.0.0/16')
    .transform(text => proxyList(text)!),
}

/** The schema of every setting. An empty value counts as not set. */
export function settingsSchema(platforms: readonly PlatformDefinition[] = PLATFORMS) {
  const ofPlatforms = Object.assign({}, ...platforms.map(platform => platform.settings)) as z.ZodRawShape
  const shape = {
    ...serverSettings,
    ...logSettings,
    ...engineSettings,
    ...backupSettings,
    ...leaseSettings,
    ...socketSettings,
    ...satelliteSettings,
    ...ofPlatforms,
    ...analysisSettings,
    ...connectivitySettings,
  }
  // Each platform reads its own settings; only the others are known by name here.
  return z.object(shape) as z.ZodObject<OwnSettings>
}

type OwnSettings = typeof serverSettings &
  typeof logSettings &
  typeof engineSettings &
  typeof backupSettings &
  typeof leaseSettings &
  typeof socketSettings &
  typeof satelliteSettings &
  typeof analysisSettings &
  typeof connectivitySettings

/**
 * The configuration in `environment`. Throws one `invalid` problem whose `fields` and message name every wrong setting
 * and what would be right; it never repeats a secret.
 */
export function readConfig(environment: Environment, platforms: readonly PlatformDefinition[] = PLATFORMS): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ''))
  const parsed = settingsSchema(platforms).safeParse(set)
  const fields: Record<string, string> = {}
  for (const issue of parsed.error?.issues ?? []) fields[String(issue.path[0])] ??= issue.message
  const required = platforms.flatMap(platform => platform.required)
  for (const [name, message] of Object.entries(missingSettings(set, required))) fields[name] ??= message
  const wrong = Object.entries(fields)
  if (parsed.success && wrong.length === 0) return Object.freeze(toConfig(parsed.data, platforms))
  const list = wrong.map(([name, message]) => `  ${name} ${message}`).join('\n')
  throw new Problem('invalid', `Invalid configuration:\n${list}`, { fields })
}

export type ClientConfig = Pick<Config, 'dataDir' | 'adminKey' | 'publicUrl' | 'vaultKey' | 'backup'>

/** What a client on the same machine needs to find the server; settings that only the server needs may be wrong. */
export function readClientConfig(environment: Environment): ClientConfig {
  const names = ['HOST', 'PORT', 'DATA_DIR', 'PUBLIC_URL', 'ADMIN_KEY', 'VAULT_KEY', 'BACKUP_PASSPHRASE'] as const
  const { shape } = settingsSchema()
  const usable = names.filter(name => shape[name].safeParse(environment[name]).success)
  return readConfig(Object.fromEntries(usable.map(name => [name, environment[name]])))
}

/** The process's environment over what `.env` in the working directory says, when there is one. */
export function readEnvironment(file = '.env'): Environment {
  let written: Buffer | null = null
  try {
    written = readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new Problem('invalid', `The settings file ${file} cannot be read: ${(error as Error).message}.`)
    }
  }
  // PowerShell writes UTF-16, in which no setting would be found.
  if (written?.includes(0))
    throw new Problem(
      'invalid',
      `The settings file ${file} is not UTF-8 text. Save it as UTF-8, without NUL characters.`,
    )
  // The mark that Windows programs put first would be a part of the first name.
  return { ...parseEnv(written?.toString('utf8').replace(/^\ufeff/, '') ?? ''), ...process.env }
}

/** How long earlier versions of Vakt kept log lines. */
export const DEFAULT_RETENTION_MS = 72 * HOUR

function toConfig(env: z.output<z.ZodObject<OwnSettings>>, platforms: readonly PlatformDefinition[]) {
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
    /** Further names under which clients may reach the intake without a key. */
    allowedHosts: env.ALLOWED_HOSTS,
    /** Origins whose web pages may send log lines and alerts. */
    corsOrigins: env.CORS_ORIGINS,
    /** The role of people in a channel whom nobody gave one. */
    defaultRole: env.DEFAULT_ROLE,
    /** How long log lines are kept, ms; the data folder decides when it is not set (see `state/log-defaults.ts`). */
    retentionMs: env.RETENTION ?? DEFAULT_RETENTION_MS,
    isRetentionSet: env.RETENTION !== undefined,
    /** Whether `/metrics` has gauges of each check. */
    checkMetrics: env.CHECK_METRICS,
    pingBodyLimit: env.PING_BODY_LIMIT,
    tailLimits: { perKey: env.TAIL_LIMIT_PER_KEY, total: env.TAIL_LIMIT },
    logs: toLogConfig(env),
    /** Where log lines go from here; null when they stay. */
    logEngine: toEngineConfig(env),
    backup: toBackupConfig(env),
    satellite: toSatelliteConfig(env),
    /** The lease that makes this Vakt the main one; null when it is the only one. */
    lease: toLeaseConfig(env),
    /** The key of the vault, 32 bytes in base64; null when it is in the data folder. */
    vaultKey: env.VAULT_KEY ?? null,
    /** The ports of protocols that need no HTTP. */
    sockets: toSocketConfig(env),
    /** The settings of the chat platforms that are configured, by the name of the platform. */
    platforms: platformSettings(env, platforms),
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
    /** Private networks that probes of keys and of people who are no admins may reach. */
    probeAllow: env.PROBE_ALLOW,
    /** What the log must never show. */
    secrets: [
      env.ADMIN_KEY,
      ...platforms.flatMap(platform => platform.secrets(env)),
      env.ANTHROPIC_API_KEY,
      env.LOG_ENGINE_PASSWORD,
      env.LOG_ENGINE_API_KEY,
      env.ARCHIVE_S3_ACCESS_KEY,
      env.ARCHIVE_S3_SECRET_KEY,
      env.BACKUP_PASSPHRASE,
      env.VAULT_KEY,
      env.SATELLITE_KEY,
      ...env.SATELLITE_NOTIFY,
      env.AI_API_KEY,
    ].filter(secret => secret !== undefined),
  }
}

function platformSettings(
  env: Record<string, unknown>,
  platforms: readonly PlatformDefinition[],
): Record<string, unknown> {
  const configured = platforms.map(platform => [platform.name, platform.readSettings(env)] as const)
  return Object.fromEntries(configured.filter(([, settings]) => settings !== null))
}

function isTimeZone(name: string): boolean {
  try {
    timeZoneId(name)
    return true
  } catch {
    return false
  }
}
