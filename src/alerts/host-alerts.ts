// The alerts about hosts and containers: opened for what is found, ended when it is found no more.
import { type Finding, SEVERITIES } from '../detectors/finding.ts'
import { findHostTrouble, HOST_DETECTORS } from '../detectors/hosts/host-findings.ts'
import { type DismissedAlert, dismissalsOf, forgetDismissal } from '../hosts/dismissed-alerts.ts'
import { readHost } from '../hosts/hosts.ts'
import type { State } from '../state/database.ts'
import { applyOutcomes, endAlert } from './lifecycle.ts'

/**
 * Judges a host by what is stored of it at `now`; nothing is wrong any more with one that was removed or is not looked at.
 * `by` is who ended what is over, when that was somebody.
 */
export function updateHostAlerts(state: State, hostId: number, now: number, by: string | null = null): void {
  state.transaction(() => {
    const host = readHost(state, hostId)
    const found = host?.enabled ? findHostTrouble(state, host, now) : []
    const settled = dismissalsOf(state, hostId)
    const fresh = found.filter(finding => !isSettled(finding, settled.get(finding.key)))
    applyOutcomes(
      state,
      fresh.map(finding => ({ kind: 'found', finding })),
      now,
    )
    const still = new Set(found.filter(finding => !fresh.includes(finding)).map(finding => finding.key))
    for (const key of settled.keys()) if (!still.has(key)) forgetDismissal(state, key)
    const keys = new Set(found.map(finding => finding.key))
    for (const key of openKeys(state, hostId)) if (!keys.has(key)) endAlert(state, key, by, now)
  })
}

/** Whether somebody resolved this very trouble, and it is no worse since. */
function isSettled({ key, detector, severity, since }: Finding, settled: DismissedAlert | undefined): boolean {
  if (settled === undefined) return false
  const worse = SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(settled.severity)
  // When a disk or a loop began is taken from a window that moves on.
  const moves = detector === 'full-disk' || key.endsWith(':loop')
  return !worse && (moves || since <= settled.at)
}

/** As the detectors name them: `host:ID`, and `host:ID:…` or `container:ID:…` (by index: ; is the sign after :). */
function openKeys(state: State, id: number): string[] {
  const detectors = HOST_DETECTORS.map(name => `'${name}'`).join(', ')
  const query = `select key from alerts where state <> 'resolved' and detector in (${detectors})
    and (key = ? or key between ? and ? or key between ? and ?)`
  const [host, container] = [`host:${id}`, `container:${id}`]
  return state
    .prepare<unknown[], { key: string }>(query)
    .all(host, `${host}:`, `${host};`, `${container}:`, `${container};`)
    .map(row => row.key)
}
