// Has an alert about the copying of the state, while its program keeps ending.
import { readOpenAlert } from '../../alerts/alerts.ts'
import { applyResults } from '../../alerts/lifecycle.ts'
import {
  detectFailingReplication,
  REPLICATION_KEY,
  type ReplicationHealth,
} from '../../detectors/failing-replication.ts'
import type { State } from '../../state/database.ts'

const WELL: ReplicationHealth = { failingSince: null, failures: 0, output: '' }

/** Evaluates the program at `now`; without one (null) nothing is wrong with it. */
export function evaluateReplication(state: State, health: ReplicationHealth | null, now: number): void {
  const result = detectFailingReplication(health ?? WELL)
  if (result === null) return
  if (result.kind === 'resolved' && readOpenAlert(state, REPLICATION_KEY) === undefined) return
  applyResults(state, [result], now)
}
