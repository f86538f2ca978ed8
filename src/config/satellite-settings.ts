// The settings of "vakt satellite": its main, its key, how much may wait on its disk, and whom it tells when the main is silent.
import { z } from 'zod'
import { MEBIBYTE, parseSize } from '../bytes.ts'
import { formatDuration, MINUTE, parseDuration, SECOND } from '../time.ts'
import { urlSetting } from './setting.ts'

const DEFAULT_BUDGET = '2GB'
const MIN_BUDGET_BYTES = 10 * MEBIBYTE
const MIN_NOTIFY_AFTER_MS = 15 * SECOND

export const satelliteSettings = {
  SATELLITE_TO: urlSetting('https://vakt.example.org').optional(),
  SATELLITE_KEY: z
    .string()
    .regex(/^vakt_satellite_[A-Za-z0-9]{40}$/, 'must be the key that "satellites add" shows on the main')
    .optional(),
  SATELLITE_DISK_BUDGET: z
    .string()
    .default(DEFAULT_BUDGET)
    .refine(text => (parseSize(text) ?? 0) >= MIN_BUDGET_BYTES, 'must be a size of at least 11MB, such as 2GB')
    .transform(text => Math.round(parseSize(text)!)),
  SATELLITE_NOTIFY: z
    .string()
    .default('')
    .transform(text => text.split(/[\s,]+/).filter(Boolean))
    .refine(
      addresses => addresses.every(address => /^https?:$/.test(URL.parse(address)?.protocol ?? '')),
      'must be URLs such as https://hooks.slack.com/services/…, separated by commas',
    ),
  SATELLITE_NOTIFY_AFTER: z
    .string()
    .default(formatDuration(MINUTE))
    .refine(
      text => (parseDuration(text) ?? 0) >= MIN_NOTIFY_AFTER_MS,
      'must be a duration of at least 15 seconds, such as 1m',
    )
    .transform(text => parseDuration(text)!),
}

/** The settings of a satellite; `to` and `key` are null where they are not set. Bytes and ms. */
export function toSatelliteConfig(env: z.output<z.ZodObject<typeof satelliteSettings>>) {
  return {
    to: env.SATELLITE_TO?.replace(/\/+$/, '') ?? null,
    key: env.SATELLITE_KEY ?? null,
    diskBudgetBytes: env.SATELLITE_DISK_BUDGET,
    notify: env.SATELLITE_NOTIFY,
    notifyAfterMs: env.SATELLITE_NOTIFY_AFTER,
  }
}
