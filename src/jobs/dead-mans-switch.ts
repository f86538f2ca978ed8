// The dead man's switch: pings a URL elsewhere while the scheduler is well, so that its silence tells of Vakt's own death.

import type { Clock } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { MINUTE, SECOND } from '../time.ts'

const EVERY = MINUTE
const PATIENCE = 10 * SECOND

/** Pings `url` once a minute for as long as `healthy` says so; does nothing without a URL. */
export function createDeadMansSwitch(
  url: string | null,
  clock: Clock,
  logger: Logger,
  healthy: () => boolean,
  send = fetch,
) {
  let cancel = () => {}
  let failing = false
  const beat = async () => {
    cancel = clock.at(clock.now() + EVERY, beat)
    if (!healthy()) return
    try {
      const answer = await send(url!, { signal: AbortSignal.timeout(PATIENCE), redirect: 'follow' })
      await answer.body?.cancel()
      if (!answer.ok) throw new Error(`it answered ${answer.status}`)
      if (failing) logger.info('DEADMAN_URL can be reached again')
      failing = false
    } catch (error) {
      // Once is enough; the other side notices by itself.
      if (!failing)
        logger.warn('DEADMAN_URL cannot be reached', { reason: error instanceof Error ? error.message : String(error) })
      failing = true
    }
  }
  return {
    start() {
      if (url !== null) cancel = clock.at(clock.now() + SECOND, beat)
    },
    stop() {
      cancel()
    },
  }
}
