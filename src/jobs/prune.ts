// Deletes old rows once an hour: everything that Vakt stores has a retention.
import { pruneAlerts } from '../alerts/alerts.ts'
import { pruneMaintenances } from '../alerts/suppression/maintenance-windows.ts'
import { pruneSilences } from '../alerts/suppression/silences.ts'
import { pruneAnalyses } from '../analysis/analyses.ts'
import { pruneSpending } from '../analysis/model/spending.ts'
import { pruneDowntimes } from '../checks/downtimes.ts'
import { pruneConnectivity } from '../connectivity/states.ts'
import { pruneRuns } from '../hosts/actions/action-runs.ts'
import { prunePressLinks } from '../notifications/delivery/press-links.ts'
import { pruneOverrides } from '../notifications/routing/rotations.ts'
import { pruneMeasurements } from '../probes/measurements.ts'
import { pruneAudit } from '../projects/audit.ts'
import { pruneSignatures } from '../projects/signatures.ts'
import { pruneStreams, signaturesNeededSince } from '../satellites/satellites.ts'
import type { State } from '../state/database.ts'

/** Deletes every row that is older than the retention of its table. */
export function prune(state: State, now: number): void {
  pruneAlerts(state, now)
  pruneSilences(state, now)
  pruneMaintenances(state, now)
  prunePressLinks(state, now)
  pruneOverrides(state, now)
  pruneAnalyses(state, now)
  pruneSpending(state, now)
  pruneAudit(state, now)
  pruneRuns(state, now)
  pruneSignatures(state, signaturesNeededSince(state, now))
  pruneConnectivity(state, now)
  pruneDowntimes(state, now)
  pruneMeasurements(state, now)
  pruneStreams(state, now)
}
