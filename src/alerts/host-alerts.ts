// The alerts about hosts and containers: opened for what is found, ended when it is found no more.
import type { Finding } from '../detectors/finding.ts'
import { detectHostProblems, HOST_DETECTORS } from '../detectors/hosts/host-findings.ts'
import { type Dismissal, forgetDismissal, readDismissals } from '../hosts/dismissed-alerts.ts'
import { readHost } from '../hosts/hosts.ts'
import { SEVERITIES } from '../severity.ts'
import type { State } from '../state/database.ts'
import { applyOutcomes, endAlert } from './lifecycle.ts'

/**
 * Judges a host by what is stored of it at `now`; nothing is wrong any more with one that was removed or is not looked at.
 * `by` is who ended what is over, when that was somebody.
 */
export function updateHostAlerts(state: State, hostId: number, now: number, by: string | null = null): void {
  state.transaction(() => {
    const host = readHost(state, hostId)
    const found = host?.enabled ? detectHostProblems(state, host, now) : []
    const dismissed = readDismissals(state, hostId)
    const fresh = found.filter(finding => !isDismissed(finding, dismissed.get(finding.key)))
    applyOutcomes(
      state,
      fresh.map(finding => ({ kind: 'firing', finding })),
      now,
    )
    const still = new Set(found.filter(finding => !fresh.includes(finding)).map(finding => finding.key))
    for (const key of dismissed.keys()) if (!still.has(key)) forgetDismissal(state, key)
    const keys = new Set(found.map(finding => finding.key))
    for (const key of openKeys(state, hostId)) if (!keys.has(key)) endAlert(state, key, by, now)
  })
}

/** Whether somebody resolved this very trouble, and it is no worse since. */
function isDismissed(finding: Finding, dismissal: Dismissal | undefined): boolean {
  if (dismissal === undefined) return false
  const { severity, since, isSinceEstimated = false } = finding
  const isWorse = SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(dismissal.severity)
  return !isWorse && (isSinceEstimated || since <= dismissal.at)
}

/** The keys of the open alerts that a look at the host opened. */
function openKeys(state: State, hostId: number): string[] {
  const detectors = HOST_DETECTORS.map(name => `'${name}'`).join(', ')
  const query = `select key from alerts where host_id = ? and state <> 'resolved' and detector in (${detectors})`
  return state
    .prepare<[number], { key: string }>(query)
    .all(hostId)
    .map(row => row.key)
}
