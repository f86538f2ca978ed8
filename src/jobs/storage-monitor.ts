// Watches what storage refuses: tries whether it can be written again, and notifies people of an outage that lasts.
import { endAlert, fireAlert } from '../alerts/lifecycle.ts'
import type { Card } from '../card.ts'
import type { Clock } from '../clock.ts'
import type { Finding } from '../detectors/finding.ts'
import { DAMAGE_KEY, damageFinding, storageFinding } from '../detectors/storage.ts'
import type { Logger } from '../logger.ts'
import { listDeliveries } from '../notifications/delivery/outbox.ts'
import type { State } from '../state/database.ts'
import { STORED_THINGS, type StorageHealth, type StorageOutage, type StoredThing } from '../state/storage-health.ts'
import { probeState } from '../state/storage-probe.ts'
import { isoTime, MINUTE, SECOND } from '../time.ts'
import type { DirectNotices } from './direct-notices.ts'

/** A shorter outage ends by itself and is reported only afterwards. */
const REPORT_AFTER_MS = MINUTE
/** An alert that is in no chat after this time, because delivering it needs the database, is posted without the database. */
const DELIVERY_TIMEOUT_MS = 15 * SECOND
/** Without a refusal for this long, an outage ends when the probe succeeds; senders of log lines retry less often. */
const QUIET_MS: Record<StoredThing, number> = { beats: 15 * SECOND, 'log lines': MINUTE }

export interface StorageMonitor {
  /** Probes what storage refuses, and notifies people of it. Never throws. */
  tick(now: number): void
  /** Whether people were notified of the running outage. */
  isReported(thing: StoredThing): boolean
  /** Ends the notices about an outage; `card` is what their messages show from now on. */
  close(thing: StoredThing, card: Card): void
}

export type StorageMonitorOptions = {
  state: State
  storage: StorageHealth
  notices: DirectNotices
  /** Throws while no log line could be stored. */
  probeLogs(): void
  clock: Clock
  logger: Logger
}

type Notified = { alertId: number | null; at: number; isDirect: boolean }

/** A monitor of `storage`. */
export function createStorageMonitor(options: StorageMonitorOptions): StorageMonitor {
  const { state, storage, notices, probeLogs, clock, logger } = options
  const notified = new Map<string, Notified>()
  let damagedSince: number | null = null
  let isFoundWhole = false

  /** Ends an outage whose cause is gone although nobody has sent anything since. */
  const probe = (outage: StorageOutage, now: number) => {
    if (outage.storedAt !== null || now - outage.lastRefusedAt < QUIET_MS[outage.thing]) return
    try {
      if (outage.thing === 'beats') probeState(state, outage.rehearse ?? undefined)
      else probeLogs()
      storage.recordStored(outage.thing, clock)
    } catch {
      // It still refuses; the next tick tries again.
    }
  }

  /** Opens an alert; while the database cannot hold or deliver one, the chats are notified directly. */
  const report = (finding: Finding, now: number) => {
    const before = notified.get(finding.key)
    if (before?.isDirect) return
    if (!before) {
      logger.error(finding.title, { since: isoTime(finding.since), key: finding.key })
      const alertId = tryAlert(finding, now)
      notified.set(finding.key, { alertId, at: now, isDirect: alertId === null })
      if (alertId === null) notices.post(finding.key, directCard(finding))
      return
    }
    if (now - before.at < DELIVERY_TIMEOUT_MS || !isUndelivered(before.alertId!, now)) return
    notified.set(finding.key, { ...before, isDirect: true })
    notices.post(finding.key, directCard(finding))
  }

  const tryAlert = (finding: Finding, now: number): number | null => {
    try {
      return fireAlert(state, finding, now).id
    } catch {
      return null
    }
  }

  /** A database that was restored since is whole. */
  const endDamageAlert = (now: number) => {
    try {
      endAlert(state, DAMAGE_KEY, null, now)
      isFoundWhole = true
    } catch {
      // The next tick tries again.
    }
  }

  /** Whether a chat that should show an alert has not got it. */
  const isUndelivered = (alertId: number, now: number): boolean => {
    try {
      const rows = listDeliveries(state, 1, now, alertId)
      return rows.length > 0 && rows.every(row => !row.notification?.shownVersion && row.step.do === 'post')
    } catch {
      return true
    }
  }

  const keyOf = (thing: StoredThing) => storageFinding(thing, 0, '').key

  return {
    tick(now) {
      const { damage } = storage
      if (damage !== null) {
        damagedSince ??= now
        report(damageFinding(damage, damagedSince), now)
      } else if (state.damage === null && !isFoundWhole) endDamageAlert(now)
      for (const thing of STORED_THINGS) {
        const outage = storage.unclosed(thing)
        if (!outage) continue
        probe(outage, now)
        if (storage.outage(thing, now) && now - outage.troubledSince >= REPORT_AFTER_MS)
          report(storageFinding(thing, outage.troubledSince, outage.message), now)
      }
    },
    isReported: thing => notified.has(keyOf(thing)),
    close(thing, card) {
      notified.delete(keyOf(thing))
      notices.close(keyOf(thing), card)
    },
  }
}

function directCard({ title, observation }: Finding): Card {
  return {
    title: `Critical: ${title}`,
    tone: 'critical',
    lines: observation.lines,
    footer: 'Sent without the database, which cannot be written. "status" shows how it is now.',
  }
}
