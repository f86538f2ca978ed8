// What must be true of a threshold rule over lines, by its documentation: more than a number of lines in so many whole minutes.
import { isoTime, MINUTE, SECOND } from '../../../time.ts'
import type { Arrival, HeardTime, Period } from './arrivals.ts'

export type ThresholdRule = { name: string; source: string; threshold: number; windowMs: number; keepFiringMs: number }

/** A minute is counted once it has ended, and its requests with it. */
const COUNTED_MS = 2 * SECOND

export type RuleAlert = { fired_at: number; resolved_at: number | null }

/** The first thing that is not true at `now` of the alerts of a rule, of what happened since `since`; null when all is. */
export function findWrongThreshold(
  rule: ThresholdRule,
  arrivals: readonly Arrival[],
  alerts: readonly RuleAlert[],
  heard: HeardTime,
  { since, now }: { since: number; now: number },
): string | null {
  const sure = breaches(
    rule,
    arrivals.filter(({ isCertain }) => isCertain),
  )
  const possible = breaches(rule, arrivals)
  for (const { from, to } of sure) {
    const latest = heard.evaluated(from)
    if (from < since || latest > Math.min(to, now)) continue
    if (!alerts.some(alert => alert.fired_at <= latest && (alert.resolved_at ?? now) >= from))
      return `The rule ${rule.name} must fire from ${isoTime(from)} to ${isoTime(latest)}.`
  }
  for (const alert of alerts.filter(({ fired_at }) => fired_at >= since)) {
    const wrong = findWrongAlert(rule, alert, { sure, possible }, heard, now)
    if (wrong !== null) return `${wrong}: the alert of ${rule.name} fired at ${isoTime(alert.fired_at)}.`
  }
  return null
}

function findWrongAlert(
  rule: ThresholdRule,
  { fired_at: firedAt, resolved_at: resolvedAt }: RuleAlert,
  { sure, possible }: { sure: readonly Period[]; possible: readonly Period[] },
  heard: HeardTime,
  now: number,
): string | null {
  const first = possible.findIndex(({ from, to }) => from <= firedAt && firedAt <= to)
  if (first < 0) return 'There were too few lines'
  let latest = 0
  for (const { from, to } of possible.slice(first))
    if (latest === 0 || from <= latest) latest = heard.evaluated(heard.passed(to, rule.keepFiringMs))
  if ((resolvedAt ?? now) > latest) return `It must be resolved by ${isoTime(latest)}`
  if (resolvedAt === null) return null
  const begun = resolvedAt - rule.keepFiringMs
  if (begun < firedAt + heard.downMs(firedAt, resolvedAt)) return `Resolved too early, at ${isoTime(resolvedAt)}`
  const isBreached = sure.some(({ from, to }) => heard.evaluated(Math.max(from, begun)) < Math.min(to, resolvedAt))
  return isBreached ? `There were too many lines until it was resolved at ${isoTime(resolvedAt)}` : null
}

/** When an evaluation counts more lines than the threshold. */
function breaches(rule: ThresholdRule, arrivals: readonly Arrival[]): Period[] {
  const changes = arrivals
    .filter(({ source }) => source === rule.source)
    .flatMap(({ at, count }) => {
      const counted = (Math.floor(at / MINUTE) + 1) * MINUTE + COUNTED_MS
      return [
        { at: counted, count },
        { at: counted + rule.windowMs, count: -count },
      ]
    })
    .sort((a, b) => a.at - b.at || b.count - a.count)
  const periods: Period[] = []
  let lines = 0
  for (const { at, count } of changes) {
    const was = lines > rule.threshold
    lines += count
    const is = lines > rule.threshold
    if (is && !was) periods.push({ from: at, to: Number.POSITIVE_INFINITY })
    else if (was && !is) periods.at(-1)!.to = at
  }
  return periods
}
