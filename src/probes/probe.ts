// The rules of a probe: when it is due, which statuses it accepts, and what its results are. Pure.
import { isActive, nextActive, parseActiveHours } from '../checks/active-hours.ts'
import type { Check } from '../checks/check.ts'
import { exceptionEnd, nextDue } from '../checks/due.ts'
import { invalid } from '../problem.ts'
import type { probes } from '../state/schema/index.ts'
import { DAY, SECOND } from '../time.ts'

export type Probe = typeof probes.$inferSelect

/** What came of one probe. */
export type ProbeResult = {
  ok: boolean
  /** `status 200`, or the reason of the failure, as part of a sentence. */
  message: string
  /** Until the whole answer, ms; null when nothing answered. */
  durationMs: number | null
  /** The address that it connected to. */
  address: string | null
  /** The end of the certificate that the target showed, epoch ms. */
  certificateEndsAt: number | null
  /** The start of an answer that is not as expected. */
  excerpt?: string
  /** From where it is down and up, when several places looked. */
  viewpoints?: string
  /** This machine cannot ask at all, so that nothing is known about the target. */
  isUnknown?: boolean
}

/** After a first failure that is not an alert yet, the next probe comes this soon, ms. */
export const RETRY_INTERVAL_MS = 15 * SECOND
/** Probes at cron times are spread over this time, ms, so that they do not all begin at once. */
const CRON_SPREAD_MS = 5 * SECOND
/** Two years of inactive nights and exceptions. */
const MAX_SKIPPED = 750

/**
 * When a probe is due next after `after` (epoch ms), null when its schedule has no further time. Intervals are counted
 * from an offset of the check's own, so that probes of one interval are spread over it and keep their place in it.
 */
export function nextProbe(check: Check, after: number): number | null {
  if (check.misses > 0 && check.status !== 'down') return after + Math.min(check.every ?? DAY, RETRY_INTERVAL_MS)
  if (check.every === null) {
    const spread = spreadOf(check, CRON_SPREAD_MS)
    const due = nextDue(check, after - spread)
    return due === null ? null : due + spread
  }
  const hours = check.active === null ? null : parseActiveHours(check.active, check.timeZone)
  let next = nextInPhase(check, check.every, after)
  for (let skipped = 0; skipped <= MAX_SKIPPED; skipped++) {
    const free = exceptionEnd(check, next) ?? (hours && !isActive(hours, next) ? nextActive(hours, next) : null)
    if (free === null) return next
    next = nextInPhase(check, check.every, free - 1)
  }
  return null
}

/** The time between the last probe and the next by the schedule, ms; how long a result stands for its target. */
export function expectedGap(check: Check, lastAt: number): number {
  return check.every ?? (nextDue(check, lastAt) ?? lastAt + DAY) - lastAt
}

/** A number below `max` that is the same for a check each time, and spread evenly over checks. */
export function spreadOf({ uuid }: Pick<Check, 'uuid'>, max: number): number {
  return Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16) % max
}

function nextInPhase(check: Check, every: number, after: number): number {
  const phase = spreadOf(check, every)
  return (Math.floor((after - phase) / every) + 1) * every + phase
}

/**
 * Reads the statuses that a probe accepts: `200`, `200-299`, `2xx`, several with commas. Throws `invalid` on the field
 * `expect-status`.
 */
export function readStatuses(text: string): (status: number) => boolean {
  const ranges = text.split(',').map(part => {
    const [, from, until] = /^\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*$/.exec(part) ?? []
    const hundred = /^\s*([1-5])xx\s*$/i.exec(part)?.[1]
    if (hundred !== undefined) return [Number(hundred) * 100, Number(hundred) * 100 + 99] as const
    if (from === undefined || Number(until ?? from) < Number(from))
      throw invalid(
        'expect-status',
        `"${part.trim()}" is not a status. Write 200, 200-299, 2xx, or several with commas.`,
      )
    return [Number(from), Number(until ?? from)] as const
  })
  return status => ranges.some(([from, until]) => status >= from && status <= until)
}

/** The statuses that are accepted by default. */
export const DEFAULT_STATUSES = '200-299'

/** Reads headers, one `Name: value` a line. Throws `invalid` on the field `header`. */
export function readHeaders(lines: string): [name: string, value: string][] {
  return lines
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*?)\s*$/.exec(line) ?? []
      // The value may be a secret, so the sentence does not repeat it.
      if (name === undefined || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value!))
        throw invalid('header', 'A header is written "Name: value", such as "Authorization: Bearer abc".')
      if (/^(content-length|transfer-encoding|connection|upgrade)$/i.test(name))
        throw invalid('header', `Vakt sets the header ${name} itself.`)
      return [name, value!]
    })
}

/** Whole days until an instant, rounded down; negative after it. */
export function daysUntil(at: number, now: number): number {
  return Math.floor((at - now) / DAY)
}
