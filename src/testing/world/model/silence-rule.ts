// What must be true of a silence rule, by its documentation: a source that sends nothing for too long, not counting Vakt's downtime.
import { isoTime, MINUTE, SECOND } from '../../../time.ts'
import type { Arrival, HeardTime } from './arrivals.ts'
import type { RuleAlert } from './threshold-rule.ts'

export type SilenceRule = { name: string; source: string; windowMs: number }

/** After a downtime the senders have a moment to connect again. */
const RECONNECT_MS = MINUTE
/** A source is noted at most this often. */
const NOTED_MS = 5 * SECOND

/** The first thing that is not true at `now` of the alerts of a rule, of what happened since `since`; null when all is. */
export function findWrongSilence(
  rule: SilenceRule,
  all: readonly Arrival[],
  alerts: readonly RuleAlert[],
  heard: HeardTime,
  { since, now }: { since: number; now: number },
): string | null {
  const arrivals = all.filter(({ source }) => source === rule.source)
  for (const [i, { at }] of arrivals.entries()) {
    const latest = heard.evaluated(heard.passed(at, rule.windowMs + RECONNECT_MS))
    if (at < since || latest > Math.min(arrivals[i + 1]?.at ?? now, now) || !isKnown(arrivals, at)) continue
    if (!alerts.some(alert => alert.fired_at <= latest && (alert.resolved_at ?? now) > at))
      return `The rule ${rule.name} must fire by ${isoTime(latest)}: the last line came at ${isoTime(at)}.`
  }
  for (const alert of alerts.filter(({ fired_at }) => fired_at >= since)) {
    const wrong = findWrongAlert(rule, arrivals, alert, heard)
    if (wrong !== null) return `${wrong}: the alert of ${rule.name} fired at ${isoTime(alert.fired_at)}.`
  }
  return null
}

function findWrongAlert(
  rule: SilenceRule,
  arrivals: readonly Arrival[],
  { fired_at: firedAt, resolved_at: resolvedAt }: RuleAlert,
  heard: HeardTime,
): string | null {
  // What came at that very instant may have come after it: then it must resolve the alert.
  const last = arrivals.findLast(({ at, isCertain }) => isCertain && at < firedAt)
  const downMs = last ? heard.downMs(last.at, firedAt) : 0
  const allowedMs = rule.windowMs - NOTED_MS + (downMs > 0 ? downMs + RECONNECT_MS : 0)
  if (last && firedAt < last.at + allowedMs) return `Too early, because a line came at ${isoTime(last.at)}`
  const next = arrivals.find(({ at, isCertain }) => isCertain && at >= firedAt)
  if (resolvedAt === null) return next ? `It must be resolved at ${isoTime(next.at)}` : null
  // What came while the disk of the state was full is counted with what comes after it.
  const isReturn = arrivals.some(
    ({ at, isCertain }) => at === resolvedAt || (!isCertain && at > firedAt && at < resolvedAt),
  )
  if (!isReturn || (next && next.at < resolvedAt)) return `Wrongly resolved at ${isoTime(resolvedAt)}`
  return null
}

/** A source is monitored once it was seen at two times. */
function isKnown(arrivals: readonly Arrival[], at: number): boolean {
  const certain = arrivals.filter(arrival => arrival.isCertain && arrival.at <= at)
  return certain.length > 1 && at - certain[0]!.at > 2 * NOTED_MS
}
