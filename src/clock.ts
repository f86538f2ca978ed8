// The clock: the current time, waiting, and whether the clock can be trusted.
import { DAY, HOUR } from './time.ts'

/** The only way to read the time and to wait; tests replace it with a fake clock. */
export interface Clock {
  /** The current instant, epoch ms. */
  now(): number
  /** Runs `task` at the instant `at` (epoch ms; immediately when it is past). The returned function cancels it. */
  at(at: number, task: () => void): () => void
}

// setTimeout fires immediately for delays over 2^31-1 ms, so a later deadline is reached in steps.
const MAX_TIMEOUT_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: Date.now,
  at(at, task) {
    let timer: NodeJS.Timeout
    const arm = () => {
      const wait = at - Date.now()
      timer = wait > MAX_TIMEOUT_MS ? setTimeout(arm, MAX_TIMEOUT_MS) : setTimeout(task, Math.max(0, wait))
    }
    arm()
    return () => clearTimeout(timer)
  },
}

/**
 * Returns a function that says whether old data may be deleted at `now` (epoch ms). A clock that leaps ahead by more
 * than a day may be wrong, and deleted data does not come back: after a leap nothing is deleted for an hour, or until
 * the clock goes back.
 */
export function createLeapGuard(): (now: number) => boolean {
  let last: number | null = null
  let untrustedUntil = 0
  return now => {
    if (last !== null && now - last > DAY) untrustedUntil = now + HOUR
    if (last !== null && last - now > DAY) untrustedUntil = 0
    last = now
    return now >= untrustedUntil
  }
}
