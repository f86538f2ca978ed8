// Accounts for the time in which no beat could arrive, because Vakt was stopped, asleep or offline.
import { applyResults, endAlert, fireAlert } from '../alerts/lifecycle.ts'
import { withInhibitedAlerts } from '../alerts/suppression/suppressed-alerts.ts'
import { type Downtime, MIN_DOWNTIME_MS, recordDowntime } from '../checks/downtimes.ts'
import type { Connectivity } from '../connectivity/connectivity.ts'
import { downtimeFinding, OFFLINE_KEY, offlineFinding } from '../detectors/downtime.ts'
import type { Logger } from '../logger.ts'
import type { State } from '../state/database.ts'
import { isoTime } from '../time.ts'

export interface DowntimeMonitor {
  /** Accounts for the time since the last sign of life (null at the first start). */
  start(lastAliveAt: number | null, now: number): void
  /** Accounts for the time since the last tick (null before the first), and for the connectivity now. */
  tick(lastTickAt: number | null, now: number): void
  isOffline(): boolean
}

/** A monitor of Vakt's own downtime. */
export function createDowntimeMonitor(state: State, logger: Logger, connectivity: () => Connectivity): DowntimeMonitor {
  let offlineSince: number | null = null

  const checkConnectivity = (now: number) => {
    const { state: connection, lastSuccessAt, failedRounds } = connectivity()
    if (connection === 'offline') {
      const since = Math.min(offlineSince ?? lastSuccessAt, now)
      if (offlineSince === null) fireAlert(state, offlineFinding(since), now)
      offlineSince = since
    } else if (offlineSince !== null && failedRounds === 0) {
      // The network was back when the round that succeeded began; deadlines are extended until its answers arrived.
      endDowntime('offline', offlineSince, now, Math.min(lastSuccessAt, now))
      offlineSince = null
    }
  }

  const endDowntime = (kind: Downtime['kind'], from: number, now: number, to = now) => {
    state.transaction(() => {
      const unheard = recordDowntime(state, kind, from, now)
      const finding = downtimeFinding({ kind, from, to }, unheard)
      if (!finding) return
      fireAlert(state, withInhibitedAlerts(state, finding), now)
      applyResults(state, [{ kind: 'resolved', key: finding.key }], now)
    })
    logger.info(`downtime detected (${kind}); check deadlines extended`, { from: isoTime(from), ms: to - from })
  }

  return {
    start(lastAliveAt, now) {
      // If Vakt is still offline, the first rounds of probes detect it again.
      endAlert(state, OFFLINE_KEY, null, now)
      if (lastAliveAt !== null && lastAliveAt < now) endDowntime('stopped', lastAliveAt, now)
    },
    tick(lastTickAt, now) {
      if (lastTickAt !== null && now - lastTickAt > MIN_DOWNTIME_MS) endDowntime('asleep', lastTickAt, now)
      checkConnectivity(now)
    },
    isOffline: () => offlineSince !== null,
  }
}
