// The settings of backups: where they go, how often, how many are kept, and the key of the vault when it lives elsewhere.
import { z } from 'zod'
import { MINUTE, parseDuration } from '../time.ts'

const VAULT_KEY_BYTES = 32

export const backupSettings = {
  BACKUP_TO: z
    .string()
    .refine(
      text => !text.includes('://') || /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/|$)/.test(text),
      'must be a folder, or a bucket such as s3://backups/vakt',
    )
    .optional(),
  BACKUP_EVERY: z
    .string()
    .default('24h')
    .refine(text => (parseDuration(text) ?? 0) >= MINUTE, 'must be a duration of at least a minute, such as 24h')
    .transform(text => parseDuration(text)!),
  BACKUP_KEEP: z
    .string()
    .default('7')
    .refine(text => /^[1-9]\d{0,3}$/.test(text), 'must be a whole number from 1 to 9999')
    .transform(Number),
  BACKUP_PASSPHRASE: z.string().min(12, 'must have at least 12 characters').optional(),
  VAULT_KEY: z
    .string()
    .refine(
      text => Buffer.from(text, 'base64').length === VAULT_KEY_BYTES,
      'must be 32 bytes in base64, as "openssl rand -base64 32" prints them',
    )
    .optional(),
}

/** The settings of backups; `to` is null when none are scheduled. Times in ms. */
export function toBackupConfig(env: z.output<z.ZodObject<typeof backupSettings>>) {
  return {
    to: env.BACKUP_TO ?? null,
    everyMs: env.BACKUP_EVERY,
    keep: env.BACKUP_KEEP,
    passphrase: env.BACKUP_PASSPHRASE ?? null,
  }
}
