// A check's schedule in words.
import { formatDuration, HOUR, SECOND } from '../time.ts'
import type { Check } from './check.ts'

/** `every 1d`, `at "0 2 * * *" (Europe/Oslo)`, with the active hours when there are any. */
export function describeSchedule(check: Pick<Check, 'every' | 'cron' | 'timeZone' | 'active'>): string {
  const when =
    check.cron === null
      ? `a beat every ${formatDuration(check.every!)}`
      : `a beat at "${check.cron}" (${check.timeZone})`
  return check.active === null
    ? when
    : `${when}, in ${check.active}${check.cron === null ? ` (${check.timeZone})` : ''}`
}

/** The default grace period (ms): half the time between two beats, at least a second and at most an hour. */
export function graceFor(between: number): number {
  return Math.min(HOUR, Math.max(SECOND, Math.floor(between / 2 / SECOND) * SECOND))
}
