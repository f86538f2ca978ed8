// The settings of the log store: how much disk it may use, and where closed partitions are archived.
import { resolve } from 'node:path'
import { z } from 'zod'
import { parseSize } from '../bytes.ts'
import { invalid } from '../problem.ts'
import type { Environment } from './setting.ts'

/** With less than a few partitions of a quiet day, new lines would be dropped at once. */
const MIN_BUDGET_BYTES = 100e6
const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/

const secret = z.string().min(1)

export const logSettings = {
  LOG_DISK_BUDGET: z
    .string()
    .refine(text => (parseSize(text) ?? 0) >= MIN_BUDGET_BYTES, 'must be a size of at least 100MB, such as 20GB')
    .transform(text => Math.round(parseSize(text)!))
    .optional(),
  ARCHIVE_TO: z
    .string()
    .refine(text => !text.includes('://') || BUCKET.test(text), 'must be a folder, or a bucket such as s3://logs/vakt')
    .optional(),
  ARCHIVE_S3_ENDPOINT: z
    .string()
    .refine(
      text => /^https?:\/\/[^@?#]+$/.test(text) && URL.canParse(text),
      'must be a URL such as https://minio.example.org:9000',
    )
    .optional(),
  ARCHIVE_S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'must be a region such as eu-north-1')
    .default('us-east-1'),
  ARCHIVE_S3_ACCESS_KEY: secret.optional(),
  ARCHIVE_S3_SECRET_KEY: secret.optional(),
}

/** Where archives go: a folder (absolute), or a bucket with the start of its keys, without slashes at either end. */
export type ArchiveTarget =
  | { kind: 'folder'; path: string }
  | {
      kind: 's3'
      endpoint: string
      region: string
      bucket: string
      prefix: string
      accessKey: string
      secretKey: string
    }

/** The settings as the log store takes them; `archive` is null when there is none. */
export function toLogConfig(env: z.output<z.ZodObject<typeof logSettings>>) {
  return { diskBudgetBytes: env.LOG_DISK_BUDGET ?? null, archive: archiveTarget(env) }
}

/** The archive settings that are missing beside others, by name; each message is read after the name. */
export function missingArchiveSettings(environment: Environment): Record<string, string> {
  const missing: Record<string, string> = {}
  if (environment.ARCHIVE_TO?.startsWith('s3://') || environment.BACKUP_TO?.startsWith('s3://')) {
    const message =
      'is required with a bucket in ARCHIVE_TO or BACKUP_TO: both keys, ARCHIVE_S3_ACCESS_KEY and ARCHIVE_S3_SECRET_KEY'
    for (const name of ['ARCHIVE_S3_ACCESS_KEY', 'ARCHIVE_S3_SECRET_KEY'])
      if (!environment[name]) missing[name] = message
  } else if (
    !environment.LEASE?.startsWith('s3://') &&
    (environment.ARCHIVE_S3_ENDPOINT || environment.ARCHIVE_S3_ACCESS_KEY || environment.ARCHIVE_S3_SECRET_KEY)
  ) {
    missing.ARCHIVE_TO = 'or BACKUP_TO must be a bucket such as s3://logs/vakt, because ARCHIVE_S3 settings are set'
  }
  return missing
}

function archiveTarget(env: z.output<z.ZodObject<typeof logSettings>>): ArchiveTarget | null {
  return env.ARCHIVE_TO === undefined ? null : targetOf(env.ARCHIVE_TO, env)
}

/**
 * A folder, or a bucket with the keys of the `ARCHIVE_S3` settings. Throws `invalid` when the bucket is named wrongly or its
 * keys are missing.
 */
export function readBucketTarget(place: string, environment: Environment): ArchiveTarget {
  if (place.includes('://') && !BUCKET.test(place))
    throw invalid('place', `${place} is neither a folder nor a bucket such as s3://backups/vakt.`)
  const names = ['ARCHIVE_S3_ENDPOINT', 'ARCHIVE_S3_REGION', 'ARCHIVE_S3_ACCESS_KEY', 'ARCHIVE_S3_SECRET_KEY']
  const set = Object.fromEntries(names.filter(name => environment[name]).map(name => [name, environment[name]]))
  const parsed = z.object(logSettings).safeParse(set)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw invalid('place', `${String(issue!.path[0])} ${issue!.message}.`)
  }
  const target = targetOf(place, parsed.data)
  if (target.kind === 's3' && (target.accessKey === '' || target.secretKey === ''))
    throw invalid('place', 'A bucket needs its keys: set ARCHIVE_S3_ACCESS_KEY and ARCHIVE_S3_SECRET_KEY.')
  return target
}

function targetOf(place: string, env: z.output<z.ZodObject<typeof logSettings>>): ArchiveTarget {
  const bucket = BUCKET.exec(place)
  if (!bucket) return { kind: 'folder', path: resolve(place) }
  const region = env.ARCHIVE_S3_REGION
  return {
    kind: 's3',
    endpoint: (env.ARCHIVE_S3_ENDPOINT ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, ''),
    region,
    bucket: bucket[1]!,
    prefix: (bucket[2] ?? '').replace(/^\/+|\/+$/g, ''),
    accessKey: env.ARCHIVE_S3_ACCESS_KEY ?? '',
    secretKey: env.ARCHIVE_S3_SECRET_KEY ?? '',
  }
}
