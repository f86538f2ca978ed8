// Corrects every stored time after the system clock moved backwards: a timer due in an hour stays due in an hour.
import { rewindAlerts } from '../alerts/clock-rollback.ts'
import { MIN_CLOCK_ROLLBACK_MS, recordClockRollback } from '../checks/downtimes.ts'
import { rewindDetection } from '../detectors/clock-rollback.ts'
import { rewindRemoteLogs } from '../hosts/remote-logs/remote-logs.ts'
import type { Logger } from '../logger.ts'
import { rewindNotifications } from '../notifications/clock-rollback.ts'
import { rewindSatellites } from '../satellites/satellites.ts'
import type { State } from '../state/database.ts'
import { deleteValue, readValue } from '../state/key-value.ts'

/** Corrects the stored times if `now` is before the last known time. Returns by how many ms the clock moved back, or 0. */
export function correctClockRollback(state: State, lastTime: number | null, now: number, logger: Logger): number {
  if (lastTime === null || lastTime - now <= MIN_CLOCK_ROLLBACK_MS) return 0
  const ms = lastTime - now
  const wasLeap = lastTime < Number(readValue(state, 'clock untrusted until') ?? 0)
  const checks = state.transaction(() => {
    deleteValue(state, 'clock untrusted until')
    rewindAlerts(state, now, ms, wasLeap)
    rewindNotifications(state, now, ms)
    rewindDetection(state, now, ms)
    rewindSatellites(state, now)
    rewindRemoteLogs(state, ms)
    return recordClockRollback(state, now)
  })
  logger.warn('system clock moved backwards; timers were re-based', { ms, checks })
  return ms
}
