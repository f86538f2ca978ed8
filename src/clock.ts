// The clock: the current time, waiting, and whether the clock can be trusted.
import { readFileSync } from 'node:fs'
import { DAY, HOUR } from './time.ts'

/** The only way to read the time and to wait; tests replace it with a fake clock. */
export interface Clock {
  /** The current instant, epoch ms. */
  now(): number
  /** Runs `task` at the instant `at` (epoch ms; immediately when it is past). The returned function cancels it. */
  at(at: number, task: () => void): () => void
  /**
   * For how long the event loop has been running or waiting for a processor since the start of the process, ms. It stands
   * still while the process is stopped or the machine sleeps. Absent: never.
   */
  busyMs?(): number
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
  busyMs() {
    const { user, system } = process.threadCpuUsage()
    return Math.round((user + system) / 1000 + waitingForProcessorMs())
  },
}

/** How long the main thread was ready to run while other programs had the processors, ms; 0 where Linux does not say. */
function waitingForProcessorMs(): number {
  try {
    // Run time, waiting time (both ns) and time slices: https://docs.kernel.org/scheduler/sched-stats.html
    const [, waitingNs] = readFileSync('/proc/self/schedstat', 'utf8').split(' ')
    return Number(waitingNs) / 1e6 || 0
  } catch {
    return 0
  }
}

/** How far a clock may leap ahead before it is doubted; less than that, deleted data is a day older than it must be. */
const MAX_LEAP_MS = DAY

export type LeapGuardOptions = {
  /** The last known time (epoch ms), from before the start; null when there is none. */
  lastKnownAt?: number | null
  /** Until when the clock was doubted before the start, epoch ms. */
  untrustedUntil?: number
  /** Called when a leap is noticed, with the instant until which the clock is doubted. */
  onLeap?(untrustedUntil: number): void
}

/**
 * Returns a function that says whether old data may be deleted at `now` (epoch ms). A clock that leaps ahead by more
 * than a day may be wrong, and deleted data does not come back: after a leap nothing is deleted for an hour, or until
 * the clock goes back.
 */
export function createLeapGuard({ lastKnownAt = null, untrustedUntil = 0, onLeap }: LeapGuardOptions = {}) {
  let last = lastKnownAt
  let until = untrustedUntil
  return (now: number): boolean => {
    const leap = last === null ? 0 : now - last
    last = now
    if (leap > MAX_LEAP_MS) {
      until = now + HOUR
      onLeap?.(until)
    }
    if (-leap > MAX_LEAP_MS) until = 0
    return now >= until
  }
}
