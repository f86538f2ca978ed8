// Whether old data may be deleted: not while the clock may be wrong. The doubt is stored, so that a restart does not end it.
import { lastAlive } from '../checks/downtimes.ts'
import { createLeapGuard } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { State } from '../state/database.ts'
import { readValue, writeValue } from '../state/key-value.ts'
import { isoTime } from '../time.ts'

/** The guard for everything that deletes; it compares with Vakt's last sign of life before this start at `startedAt`. */
export function createDeletionGuard(state: State, startedAt: number, logger: Logger): (now: number) => boolean {
  const mayDelete = createLeapGuard({
    lastKnownAt: lastAlive(state),
    untrustedUntil: Number(readValue(state, 'clock untrusted until') ?? 0),
    onLeap(until) {
      logger.warn('system clock leapt ahead; nothing old is deleted until it is certain', { until: isoTime(until) })
      writeValue(state, 'clock untrusted until', String(until))
    },
  })
  mayDelete(startedAt)
  return mayDelete
}
