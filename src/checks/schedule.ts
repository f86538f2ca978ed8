// A check's schedule in words.
import { DAY, formatPeriod, HOUR, SECOND } from '../time.ts'
import { expressionsOf, isTimed, periodOf, type Schedule } from './due.ts'

/** `a beat every 1d`, `a beat at "0 2 * * *" (Europe/Oslo)`, with active hours and exceptions when there are any. */
export function describeSchedule(
  check: Pick<Schedule, 'every' | 'everyDays' | 'cron' | 'onCalendar' | 'timeZone' | 'active'> & {
    except?: string | null
  },
): string {
  const zone = ` (${check.timeZone})`
  const times = [
    ...expressionsOf(check.cron).map(expression => `"${expression}"`),
    ...expressionsOf(check.onCalendar).map(expression => `OnCalendar "${expression}"`),
  ]
  const when = isTimed(check)
    ? `a beat at ${times.join(' and ')}${zone}`
    : `a beat every ${formatPeriod(periodOf(check))}`
  const hours = check.active === null ? '' : `, in ${check.active}${isTimed(check) ? '' : zone}`
  return `${when}${hours}${check.except ? `, except ${check.except.split('\n').join(', ')}` : ''}`
}

/** How often Vakt itself asks: `every 1m`, `at "0 2 * * *" (Europe/Oslo)`. */
export function describeProbing(check: Parameters<typeof describeSchedule>[0]): string {
  return describeSchedule(check).replace(/^a beat /, '')
}

/**
 * The default grace period (ms) of a period: half of it, at least a second and at most an hour, and 2 h from a day on. A job
 * that runs by the wall clock comes an hour late when a clock change lies between two beats.
 */
export function graceFor(period: number): number {
  if (period >= DAY) return 2 * HOUR
  return graceBetween(period)
}

/** The default grace period (ms) of a schedule whose due times lie `between` apart: half of that, from a second to an hour. */
export function graceBetween(between: number): number {
  return Math.min(HOUR, Math.max(SECOND, Math.floor(between / 2 / SECOND) * SECOND))
}
