// The settings of the log engine: a cluster that has the log lines of a team that outgrew one machine.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { parseSize } from '../bytes.ts'
import { Problem } from '../problem.ts'
import { type RequiredSetting, textSetting } from './setting.ts'

const KINDS = ['opensearch'] as const
const MIN_SPOOL_BYTES = 100e6
const EXAMPLE = 'opensearch:https://a.example.org:9200,https://b.example.org:9200'

const wholeNumber = (defaultNumber: string, atLeast: number) =>
  z
    .string()
    .default(defaultNumber)
    .refine(
      text => /^\d{1,3}$/.test(text) && Number(text) >= atLeast,
      `must be a whole number of at least ${atLeast}, such as 1`,
    )
    .transform(Number)

export const engineSettings = {
  LOG_ENGINE: z
    .string()
    .refine(text => readEngine(text) !== null, `must name an engine and the addresses of its nodes, such as ${EXAMPLE}`)
    .optional(),
  LOG_ENGINE_USER: textSetting().optional(),
  LOG_ENGINE_PASSWORD: textSetting().optional(),
  LOG_ENGINE_API_KEY: textSetting().optional(),
  LOG_ENGINE_CA: textSetting().optional(),
  LOG_ENGINE_PREFIX: z
    .string()
    // The indexes of "vakt-2" would be among those of "vakt", whose days begin with a digit.
    .regex(
      /^(?=.{1,41}$)[a-z](?:[a-z0-9_]|-(?=[a-z]))*$/,
      'must begin with a letter and have lower-case letters, digits, - and _ only, and a letter after each -',
    )
    .default('vakt'),
  LOG_ENGINE_SHARDS: wholeNumber('1', 1),
  LOG_ENGINE_REPLICAS: wholeNumber('1', 0),
  LOG_SPOOL_BUDGET: z
    .string()
    .default('10GB')
    .refine(text => (parseSize(text) ?? 0) >= MIN_SPOOL_BYTES, 'must be a size of at least 100MB, such as 10GB')
    .transform(text => Math.round(parseSize(text)!)),
}

/** Credentials of which a part is missing would not be sent at all. */
export const REQUIRED_FOR_ENGINE: readonly RequiredSetting[] = [
  {
    setting: 'LOG_ENGINE_USER',
    isMissing: environment => Boolean(environment.LOG_ENGINE_PASSWORD) && !environment.LOG_ENGINE_USER,
    message: 'is required with LOG_ENGINE_PASSWORD: the user that it belongs to',
  },
  {
    setting: 'LOG_ENGINE_PASSWORD',
    isMissing: environment => Boolean(environment.LOG_ENGINE_USER) && !environment.LOG_ENGINE_PASSWORD,
    message: 'is required with LOG_ENGINE_USER',
  },
]

/** The settings as the log store takes them; null without an engine. */
export function toEngineConfig(env: z.output<z.ZodObject<typeof engineSettings>>) {
  const engine = env.LOG_ENGINE === undefined ? null : readEngine(env.LOG_ENGINE)
  if (!engine) return null
  return {
    kind: engine.kind,
    urls: engine.urls,
    user: env.LOG_ENGINE_USER ?? null,
    password: env.LOG_ENGINE_PASSWORD ?? null,
    apiKey: env.LOG_ENGINE_API_KEY ?? null,
    /** A file of certificates (PEM), read when the store opens. */
    caFile: env.LOG_ENGINE_CA ?? null,
    prefix: env.LOG_ENGINE_PREFIX,
    shards: env.LOG_ENGINE_SHARDS,
    replicas: env.LOG_ENGINE_REPLICAS,
    spoolBudgetBytes: env.LOG_SPOOL_BUDGET,
  }
}

export type EngineConfig = NonNullable<ReturnType<typeof toEngineConfig>>

/** The certificates of `LOG_ENGINE_CA`. Throws `invalid` when the file cannot be read or has none. */
export function readEngineCertificates({ caFile }: EngineConfig): string | null {
  if (caFile === null) return null
  let text: string
  try {
    text = readFileSync(caFile, 'utf8')
  } catch (error) {
    throw new Problem('invalid', `LOG_ENGINE_CA names ${caFile}, which cannot be read: ${(error as Error).message}.`)
  }
  try {
    new X509Certificate(text)
    return text
  } catch {
    throw new Problem(
      'invalid',
      `LOG_ENGINE_CA names ${caFile}, which has no certificate. It must be PEM, with "-----BEGIN CERTIFICATE-----".`,
    )
  }
}

function readEngine(text: string): { kind: (typeof KINDS)[number]; urls: string[] } | null {
  const [, name, list = ''] = /^([a-z]+):(.+)$/.exec(text.trim()) ?? []
  const kind = KINDS.find(own => own === name)
  const urls = list
    .split(',')
    .map(url => url.trim())
    .filter(Boolean)
  const isAddress = (url: string) => /^https?:\/\/[^@?#\s]+$/.test(url) && URL.canParse(url)
  return kind && urls.length > 0 && urls.every(isAddress) ? { kind, urls } : null
}
