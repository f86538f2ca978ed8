// Waiting for something to become true in the simulated Discord, woken by its changes instead of sleeping.
import type { World } from './world-types.ts'

/**
 * Resolves with the first truthy value of `look`, called at once, after every change and every 10 ms; rejects with the
 * message of `describe` after `timeoutMs` of real time.
 */
export function until<T>(
  world: World,
  look: () => T,
  timeoutMs: number,
  describe: () => string,
): Promise<NonNullable<T>> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      clearInterval(poll)
      world.onChange.delete(again)
    }
    const again = () => {
      try {
        const found = look()
        if (!found) return
        stop()
        resolve(found as NonNullable<T>)
      } catch (error) {
        stop()
        reject(error)
      }
    }
    const timer = setTimeout(() => {
      stop()
      reject(new Error(describe()))
    }, timeoutMs)
    // A test may also wait for its own side, which changes nothing here, so the value is polled too.
    const poll = setInterval(again, 10)
    world.onChange.add(again)
    again()
  })
}
