// What must be true of storms: when many jobs of a project fail at once, one card stands for those that no card shows yet.
import { MINUTE } from '../../time.ts'
import { type AlertRow, describe } from './alert-row.ts'
import { Violation } from './world.ts'

/** So many alerts within a minute are no storm yet. */
export const STORM_RATE = 3
const STORMING = /^mass-/

/** The storms among the alerts. */
export function readStorms(alerts: readonly AlertRow[]): AlertRow[] {
  return alerts.filter(({ detector }) => detector === 'storm')
}

/** More alerts than the rate within a minute are a storm, and nothing else is. */
export function auditStorms(alerts: readonly AlertRow[], names: ReadonlyMap<number, string>): void {
  const fired = alerts.filter(alert => isStorming(alert, names)).toSorted((a, b) => a.fired_at - b.fired_at)
  const storms = readStorms(alerts)
  for (let first = 0; first + STORM_RATE < fired.length; first++) {
    const [from, to] = [fired[first]!.fired_at, fired[first + STORM_RATE]!.fired_at]
    // At the edges of a minute both are right.
    if (to - from >= MINUTE - 1_000) continue
    const isKnown = storms.some(storm => storm.fired_at <= to && (storm.resolved_at ?? to) >= from)
    if (!isKnown)
      throw new Violation(`No storm stands for ${STORM_RATE + 1} alerts, the first is ${describe(fired[first]!)}.`)
  }
  for (const storm of storms) {
    const before = fired.filter(({ fired_at }) => fired_at <= storm.fired_at && fired_at > storm.fired_at - MINUTE)
    if (before.length <= STORM_RATE) throw new Violation(`Only ${before.length} alerts are behind ${describe(storm)}.`)
  }
}

/** What a storm makes of an alert: no card for one that fires in it and ends before it; null where no storm is near. */
export function expectedOf(
  alert: AlertRow,
  storms: readonly AlertRow[],
  names: ReadonlyMap<number, string>,
): 'no' | 'maybe' | null {
  if (!isStorming(alert, names)) return null
  const { fired_at: at, resolved_at: end } = alert
  const near = storms.filter(
    storm => at > storm.fired_at - MINUTE && at <= (storm.resolved_at ?? Number.POSITIVE_INFINITY),
  )
  if (near.length === 0) return null
  const isCovered = near.some(
    storm =>
      at > storm.fired_at &&
      at < storm.fired_at + MINUTE &&
      end !== null &&
      end < (storm.resolved_at ?? Number.POSITIVE_INFINITY),
  )
  return isCovered ? 'no' : 'maybe'
}

function isStorming({ check_id }: AlertRow, names: ReadonlyMap<number, string>): boolean {
  return STORMING.test(names.get(check_id ?? 0) ?? '')
}
