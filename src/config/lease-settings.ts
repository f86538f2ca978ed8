// The settings of the lease, by which one of several Vakts is the main one, and of the stand-by that takes over from it.
import { z } from 'zod'
import { parseDuration, SECOND } from '../time.ts'
import type { Environment } from './setting.ts'

const MIN_TTL_MS = SECOND
const DEFAULT_TTL = '20s'
/** A lease in a bucket has a key of its own: `s3://bucket/key`. */
const BUCKET_AND_KEY = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.*[^/]$/

export const leaseSettings = {
  LEASE: z
    .string()
    .refine(
      text => (text.includes('://') ? BUCKET_AND_KEY.test(text) : text.startsWith('/') && !text.endsWith('/')),
      'must be an object of a bucket such as s3://bucket/vakt.lease, or a file on shared storage such as /mnt/shared/vakt.lease',
    )
    .optional(),
  LEASE_TTL: z
    .string()
    .default(DEFAULT_TTL)
    .refine(text => (parseDuration(text) ?? 0) >= MIN_TTL_MS, 'must be a duration of at least a second, such as 20s')
    .transform(text => parseDuration(text)!),
  LEASE_NAME: z
    .string()
    .regex(/^[\w.@:-]{1,60}$/, 'must be a name such as vakt-a: letters, digits, and . _ @ : -')
    .optional(),
  RESTORE_COMMAND: z.string().min(1).optional(),
  REPLICATE_COMMAND: z.string().min(1).optional(),
}

/** The settings of the lease; null when there is none. Times in ms. */
export function toLeaseConfig(env: z.output<z.ZodObject<typeof leaseSettings>>) {
  if (env.LEASE === undefined) return null
  return {
    at: env.LEASE,
    ttlMs: env.LEASE_TTL,
    /** What people read of this Vakt; null is the name of the machine. */
    name: env.LEASE_NAME ?? null,
    restoreCommand: env.RESTORE_COMMAND ?? null,
    replicateCommand: env.REPLICATE_COMMAND ?? null,
  }
}

export type LeaseConfig = NonNullable<ReturnType<typeof toLeaseConfig>>

/** The settings that a lease needs and that are missing, by name. */
export function missingLeaseSettings(environment: Environment): Record<string, string> {
  const missing: Record<string, string> = {}
  if (environment.LEASE?.startsWith('s3://'))
    for (const name of ['ARCHIVE_S3_ACCESS_KEY', 'ARCHIVE_S3_SECRET_KEY'])
      if (!environment[name]) missing[name] = 'is required with a bucket in LEASE'
  for (const name of ['RESTORE_COMMAND', 'REPLICATE_COMMAND'])
    if (environment[name] && !environment.LEASE) missing.LEASE = `is required with ${name}: where the lease is kept`
  return missing
}
