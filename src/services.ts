// Services that start in order and stop in reverse.
import type { Logger } from './logger.ts'
import { Problem } from './problem.ts'
import { errorMessage } from './text.ts'

/** A running part of Vakt. `start` returns at once and works in the background; `stop` resolves when nothing is lost. */
export type Service = { name: string; start?(): void; stop?(): void | Promise<void> }

/**
 * One list of services. `start` starts them in order; when one fails, those already started are stopped and a `Problem`
 * names it; `stop` then resolves when they have stopped. `stop` stops them in reverse order, once; a failure is logged with
 * the name and stops no other.
 */
export function createServices(services: readonly Service[], logger: Logger) {
  const started: Service[] = []
  let stopping: Promise<void> | null = null

  const stopStarted = async () => {
    const running = started.toReversed()
    for (const service of running) {
      try {
        await service.stop?.()
      } catch (error) {
        logger.error('service did not stop cleanly', { service: service.name, error })
      }
    }
  }

  const stop = (): Promise<void> => {
    stopping ??= stopStarted()
    return stopping
  }

  return {
    start(): void {
      for (const service of services) {
        started.push(service)
        try {
          service.start?.()
        } catch (error) {
          void stop()
          const message = `Vakt cannot start: the service "${service.name}" failed (${errorMessage(error)}).`
          throw new Problem('internal', message, { cause: error })
        }
      }
    },
    stop,
  }
}
