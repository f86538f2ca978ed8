// Knows when a satellite could take nothing because it did not run or slept, so that the checks of that time are not blamed.
import { lastAlive, MIN_DOWNTIME_MS, markAlive } from '../../checks/downtimes.ts'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { State } from '../../state/database.ts'
import { errorMessage } from '../../text.ts'
import { isoTime, SECOND } from '../../time.ts'

const INTERVAL_MS = 5 * SECOND

export type AliveOptions = {
  state: State
  clock: Clock
  logger: Logger
  /** Called with the begin of a time in which nothing could be taken, which ends now. */
  onDowntime(from: number): void
}

/** The sign of life of a satellite. */
export function createAlive({ state, clock, logger, onDowntime }: AliveOptions) {
  let cancel = () => {}
  let lastTickAt = clock.now()
  let fault: string | null = null

  const tick = () => {
    const now = clock.now()
    try {
      if (now - lastTickAt > INTERVAL_MS + MIN_DOWNTIME_MS) {
        logger.info('this satellite was asleep; its checks get that time', { from: isoTime(lastTickAt) })
        onDowntime(lastTickAt)
      }
      markAlive(state, now)
      fault = null
    } catch (error) {
      if (fault === null) logger.error('the sign of life cannot be stored', { reason: errorMessage(error) })
      fault = errorMessage(error)
    }
    lastTickAt = now
    cancel = clock.at(now + INTERVAL_MS, tick)
  }

  return {
    /** Why nothing can be stored here since the last tick; null while it can. */
    fault: () => fault,
    /** Records the time since the last sign of life; call it before anything is sent. */
    recordDowntime(): void {
      const from = lastAlive(state)
      if (from !== null && from < clock.now()) onDowntime(from)
      markAlive(state, clock.now())
    },
    start(): void {
      lastTickAt = clock.now()
      tick()
    },
    stop(): void {
      cancel()
      markAlive(state, clock.now())
    },
  }
}
