// Alerts about hosts and containers: opened for what the detectors find, ended when they find it no more.
import type { Finding } from '../detectors/finding.ts'
import { detectHostProblems, HOST_DETECTORS } from '../detectors/hosts/host-findings.ts'
import { type Dismissal, forgetDismissal, readDismissals } from '../hosts/dismissed-alerts.ts'
import { readHost } from '../hosts/hosts.ts'
import { isWorse } from '../severity.ts'
import type { State } from '../state/database.ts'
import { applyResults, endAlert } from './lifecycle.ts'

/**
 * Evaluates the stored metrics of a host at `now` and opens or ends its alerts. A host that was removed or disabled has no
 * alerts. `by` is the person who removed or disabled it, if any.
 */
export function updateHostAlerts(state: State, hostId: number, now: number, by: string | null = null): void {
  state.transaction(() => {
    const host = readHost(state, hostId)
    const findings = host?.enabled ? detectHostProblems(state, host, now) : []
    const dismissals = readDismissals(state, hostId)
    const reported = findings.filter(finding => !isDismissed(finding, dismissals.get(finding.key)))
    applyResults(
      state,
      reported.map(finding => ({ kind: 'firing', finding })),
      now,
    )
    const dismissed = new Set(findings.filter(finding => !reported.includes(finding)).map(finding => finding.key))
    for (const key of dismissals.keys()) if (!dismissed.has(key)) forgetDismissal(state, key)
    const keys = new Set(findings.map(finding => finding.key))
    for (const key of readOpenKeys(state, hostId)) if (!keys.has(key)) endAlert(state, key, by, now)
  })
}

/** Whether somebody resolved an alert of this finding, and the finding is neither worse nor newer. */
function isDismissed(finding: Finding, dismissal: Dismissal | undefined): boolean {
  if (dismissal === undefined) return false
  const { severity, since, isSinceEstimated = false } = finding
  return !isWorse(severity, dismissal.severity) && (isSinceEstimated || since <= dismissal.at)
}

/** The keys of the open alerts that the host detectors opened for a host. */
function readOpenKeys(state: State, hostId: number): string[] {
  const detectors = HOST_DETECTORS.map(name => `'${name}'`).join(', ')
  const query = `select key from alerts where host_id = ? and state <> 'resolved' and detector in (${detectors})`
  return state
    .prepare<[number], { key: string }>(query)
    .all(hostId)
    .map(row => row.key)
}
