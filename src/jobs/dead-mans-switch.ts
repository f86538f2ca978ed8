// The dead man's switch: pings a URL elsewhere while the scheduler is healthy, so that a missing ping shows that Vakt is dead.
import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { errorMessage } from '../text.ts'
import { MINUTE, SECOND } from '../time.ts'

const INTERVAL_MS = MINUTE
const TIMEOUT_MS = 10 * SECOND

/** Pings `url` once a minute while `isHealthy`; does nothing without a URL. */
export function createDeadMansSwitch(
  url: string | null,
  clock: Clock,
  logger: Logger,
  isHealthy: () => boolean,
  send = fetch,
) {
  let cancel = () => {}
  let isFailing = false
  const ping = async () => {
    cancel = clock.at(clock.now() + INTERVAL_MS, ping)
    if (!isHealthy()) return
    try {
      const response = await send(url!, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'follow' })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`HTTP ${response.status}`)
      if (isFailing) logger.info('ping of DEADMAN_URL succeeds again')
      isFailing = false
    } catch (error) {
      // Logged once: the other side notices a missing ping by itself.
      if (!isFailing) logger.warn('ping of DEADMAN_URL failed', { reason: errorMessage(error) })
      isFailing = true
    }
  }
  return {
    start() {
      if (url !== null) cancel = clock.at(clock.now() + SECOND, ping)
    },
    stop() {
      cancel()
    },
  }
}
