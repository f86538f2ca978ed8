// A finding, and rows of alerts in any state, for tests of tables.
import type { Alert } from '../alerts/alert.ts'
import type { Finding } from '../detectors/finding.ts'
import type { State } from '../state/database.ts'
import { alerts } from '../state/schema/index.ts'

/** A finding of a key since `now`; of no project, critical. */
export function aFinding(key: string, now: number, more: Partial<Finding> = {}): Finding {
  return {
    ...{ key, detector: 'test-rule', projectId: null, severity: 'critical', title: key, since: now, owner: null },
    ...{ remindEvery: 0, observation: { lines: [] }, occurrences: 1, labels: {} },
    ...more,
  }
}

/** Stores the row of an alert, firing since 0; without a timeline. */
export function storeAlert(state: State, more: Partial<Alert> = {}): Alert {
  const { since, occurrences: _, ...finding } = aFinding(`key ${Math.random()}`, 0)
  const row = { ...finding, since, state: 'firing' as const, firedAt: 0, seenAt: 0, ...more }
  return state.db.insert(alerts).values(row).returning().get()
}
