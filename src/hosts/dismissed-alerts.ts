// The table of dismissed alerts: a person resolved them while the problem persists, so they fire again only when it is worse or new.
import type { Severity } from '../severity.ts'
import type { State } from '../state/database.ts'
import { eq } from '../state/orm.ts'
import { dismissedAlerts } from '../state/schema/index.ts'

/** When an alert was resolved by hand (epoch ms), and its severity then. */
export type Dismissal = { at: number; severity: Severity }

/** Records that a person resolved the alert `key` of a host; deleted with the host. */
export function recordDismissal(state: State, key: string, hostId: number, { at, severity }: Dismissal): void {
  const row = { key, hostId, severity, dismissedAt: at }
  state.transaction(() => {
    state.db.insert(dismissedAlerts).values(row).onConflictDoUpdate({ target: dismissedAlerts.key, set: row }).run()
  })
}

/** The dismissals of a host and its containers, by the key of the alert. */
export function readDismissals(state: State, hostId: number): Map<string, Dismissal> {
  const query = 'select key, dismissed_at as at, severity from dismissed_alerts where host_id = ?'
  const rows = state.prepare<[number], Dismissal & { key: string }>(query).all(hostId)
  return new Map(rows.map(({ key, at, severity }) => [key, { at, severity }]))
}

/** Forgets a dismissal: the problem of `key` is gone, or is another one now. */
export function forgetDismissal(state: State, key: string): void {
  state.transaction(() => {
    state.db.delete(dismissedAlerts).where(eq(dismissedAlerts.key, key)).run()
  })
}
