// The alerts about hosts and containers: opened for what is found, ended when it is found no more.
import { findHostTrouble, HOST_DETECTORS } from '../detectors/host-trouble.ts'
import type { State } from '../state/database.ts'
import { applyOutcomes, endAlert } from './alerts.ts'

/** Judges all hosts by what is stored at `now`; `by` is who ended what is over, when that was somebody. */
export function judgeHosts(state: State, now: number, by: string | null = null): void {
  state.transaction(() => {
    const found = findHostTrouble(state, now)
    applyOutcomes(
      state,
      found.map(finding => ({ kind: 'found', finding })),
      now,
    )
    const keys = new Set(found.map(finding => finding.key))
    for (const key of openKeys(state)) if (!keys.has(key)) endAlert(state, key, by, now)
  })
}

function openKeys(state: State): string[] {
  const detectors = HOST_DETECTORS.map(name => `'${name}'`).join(', ')
  const query = `select key from alerts where state <> 'resolved' and detector in (${detectors})`
  return state
    .prepare<[], { key: string }>(query)
    .all()
    .map(row => row.key)
}
