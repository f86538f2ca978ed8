// Accounts for the time in which no beat could arrive, because Vakt was stopped, asleep or offline, or could not store it.
import { applyResults, endAlert, fireAlert } from '../alerts/lifecycle.ts'
import { withInhibitedAlerts } from '../alerts/suppression/suppressed-alerts.ts'
import type { Check } from '../checks/check.ts'
import type { Reachable } from '../checks/deadlines.ts'
import {
  type Downtime,
  lastAlive,
  lastStored,
  MIN_DOWNTIME_MS,
  markAlive,
  recordDowntime,
  recordTakeover,
} from '../checks/downtimes.ts'
import type { Connectivity } from '../connectivity/connectivity.ts'
import { downtimeFinding, OFFLINE_KEY, offlineFinding, takeoverFinding } from '../detectors/downtime.ts'
import type { Finding } from '../detectors/finding.ts'
import { STORAGE_KEYS } from '../detectors/storage.ts'
import type { Logger } from '../logger.ts'
import type { State } from '../state/database.ts'
import { STORED_THINGS, type StorageHealth, type StorageOutage } from '../state/storage-health.ts'
import { aboutDuration, isoTime } from '../time.ts'
import type { StorageMonitor } from './storage-monitor.ts'

export interface DowntimeMonitor {
  /** Accounts for the time since the last sign of life (null at the first start). */
  start(lastAliveAt: number | null, now: number): void
  /**
   * Accounts for the time since the last tick (null before the first), in which the process was busy for `busyMs`, and for
   * the connectivity and the storage now.
   */
  tick(lastTickAt: number | null, now: number, busyMs: number): void
  /** Which checks can be evaluated: none while their beats cannot be stored. */
  reachable(): Reachable | 'none'
  /** Whether rules over logs can be evaluated: not while lines cannot arrive or be stored. */
  hasLogs(): boolean
  /** Records a sign of life, unless beats are being lost: then a downtime counts from the last one before. */
  markAlive(now: number): void
  /** Moves what lies in the future to `now`, after the clock went back. */
  rewind(now: number): void
}

export type DowntimeMonitorOptions = {
  state: State
  logger: Logger
  connectivity(): Connectivity
  storage: StorageHealth
  storageMonitor: StorageMonitor
  /** The name of the Vakt whose state this is, when this one took over from it. */
  takenOverFrom: string | null
}

/** A monitor of Vakt's own downtime. */
export function createDowntimeMonitor(options: DowntimeMonitorOptions): DowntimeMonitor {
  const { state, logger, connectivity, storage, storageMonitor, takenOverFrom } = options
  /** The last instant at which a beat could arrive for certain, and the first at which the network failed. */
  let offline: { lastSuccessAt: number; since: number } | null = null

  /** One failed round of probes pauses the evaluation: the next round, seconds later, shows whether beats can arrive. */
  const isOnline = () => offline === null && connectivity().state !== 'offline' && connectivity().failedRounds === 0
  const isStoring = () => storage.unclosed('beats') === null

  const markIfReceiving = (now: number) => {
    if (isOnline() && isStoring()) markAlive(state, now)
  }

  const checkConnectivity = (now: number) => {
    const { state: connection, lastSuccessAt, failingSince, failedRounds } = connectivity()
    if (connection === 'offline') {
      if (offline !== null) return
      offline = { lastSuccessAt: Math.min(lastSuccessAt, now), since: Math.min(failingSince ?? lastSuccessAt, now) }
      beginOffline(offline, now)
    } else if (offline !== null && failedRounds === 0) {
      // The network was back when the round that succeeded began; deadlines are extended until its answers arrived.
      endDowntime('offline', offline.lastSuccessAt, now, { from: offline.since, to: Math.min(lastSuccessAt, now) })
      offline = null
      markIfReceiving(now)
    }
  }

  const beginOffline = ({ lastSuccessAt, since }: NonNullable<typeof offline>, now: number) => {
    state.transaction(() => {
      // Signs of life after the last success do not count: beats may have been lost already.
      markAlive(state, Math.min(lastAlive(state) ?? lastSuccessAt, lastSuccessAt))
      fireAlert(state, offlineFinding(since), now)
    })
  }

  /** Deadlines are extended by the time from `from` until now, in which beats may be lost; people read what `shown` is. */
  const endDowntime = (kind: Downtime['kind'], from: number, now: number, shown = { from, to: now }) => {
    state.transaction(() => {
      const skipped = recordDowntime(state, kind, from, now)
      notify(downtimeFinding({ kind, ...shown }, skipped), now)
    })
    logDowntime(kind, shown.from, shown.to)
  }

  /** What another Vakt received after `from` is not in its copied state. */
  const endTakeover = (name: string, from: number, now: number) => {
    state.transaction(() => notify(takeoverFinding({ from, to: now, name }, recordTakeover(state, from, now)), now))
    logDowntime('takeover', from, now)
  }

  const endOutage = (outage: StorageOutage, now: number) => {
    const { thing, since, storedAt } = outage
    const kind = thing === 'beats' ? 'storage' : 'log-storage'
    const to = storedAt!
    const isReported = storageMonitor.isReported(thing)
    // The card counts the whole time, also when storage worked again for a moment.
    const from = isReported ? outage.troubledSince : since
    state.transaction(() => {
      const skipped: Check[] = recordDowntime(state, kind, since, to, outage.beats.values())
      notify(downtimeFinding({ kind, from, to }, skipped, isReported), now)
    })
    storage.close(outage)
    storageMonitor.close(thing, {
      title: `Resolved: Vakt can store ${thing} again, after ${aboutDuration(to - from)}`,
      tone: 'good',
      lines: [['From ', { time: from, style: 'moment' }, ' to ', { time: to, style: 'moment' }, '.']],
    })
    markIfReceiving(now)
    logDowntime(kind, since, to)
  }

  /** Shows a downtime as an alert that is resolved already. */
  const notify = (finding: Finding | null, now: number) => {
    if (!finding) return
    fireAlert(state, withInhibitedAlerts(state, finding), now)
    applyResults(state, [{ kind: 'resolved', key: finding.key }], now)
  }

  const logDowntime = (kind: Downtime['kind'], from: number, to: number) =>
    logger.info(`downtime detected (${kind}); check deadlines extended`, { from: isoTime(from), ms: to - from })

  return {
    start(lastAliveAt, now) {
      // What is still wrong is detected again.
      for (const key of [OFFLINE_KEY, ...Object.values(STORAGE_KEYS)]) endAlert(state, key, null, now)
      const storedAt = takenOverFrom === null ? null : lastStored(state, now)
      if (takenOverFrom !== null && storedAt !== null) endTakeover(takenOverFrom, storedAt, now)
      else if (lastAliveAt !== null && lastAliveAt < now) endDowntime('stopped', lastAliveAt, now)
      markAlive(state, now)
    },
    tick(lastTickAt, now, busyMs) {
      // A busy process takes the beats late, but it takes them: only the time in which it did not run is a downtime.
      const asleepMs = lastTickAt === null ? 0 : now - lastTickAt - Math.min(busyMs, now - lastTickAt)
      if (asleepMs > MIN_DOWNTIME_MS) {
        endDowntime('asleep', now - asleepMs, now)
        markIfReceiving(now)
      }
      checkConnectivity(now)
      for (const thing of STORED_THINGS) {
        const outage = storage.over(thing, now)
        if (outage) endOutage(outage, now)
      }
    },
    reachable: () => (isStoring() ? (isOnline() ? 'all' : 'lan') : 'none'),
    hasLogs: () => isOnline() && isStoring() && storage.unclosed('log lines') === null,
    markAlive: markIfReceiving,
    rewind(now) {
      if (offline !== null)
        offline = { lastSuccessAt: Math.min(offline.lastSuccessAt, now), since: Math.min(offline.since, now) }
      storage.rewind(now)
    },
  }
}
