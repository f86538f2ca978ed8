// Time as a lease measures it: a clock that nobody sets, which goes on while the process is stopped or the machine sleeps.
import { uptime } from 'node:os'

export interface LeaseTime {
  /** Elapsed time since some start, ms. It never goes back. */
  elapsedMs(): number
  /** Runs `task` after `ms`. The returned function cancels it. */
  after(ms: number, task: () => void): () => void
  /** The wall clock, epoch ms: only for people. */
  now(): number
}

/** How far the wall clock may run ahead of the monotonic one before the time since boot is asked, ms. */
const MAX_DIFFERENCE_MS = 250

/** Where the measuring of time began, so that all threads of a process measure the same. */
export type TimeBase = { monotonic: number; wall: number; boot: number }

/** The time of this machine, measured from `base`: now, where it is not named. */
export function systemLeaseTime(base: TimeBase = timeBase()): LeaseTime {
  // The monotonic clock stands still while the machine sleeps; the time since boot does not, but takes a system call. A wall
  // clock that is ahead of the monotonic one says that either the machine slept or somebody set the clock.
  let asleepMs = 0
  let correctedMs = 0
  return {
    elapsedMs() {
      const monotonic = monotonicMs() - base.monotonic
      const ahead = Date.now() - base.wall - monotonic
      if (ahead > correctedMs + MAX_DIFFERENCE_MS) {
        asleepMs = Math.max(asleepMs, uptime() * 1000 - base.boot - monotonic)
        correctedMs = ahead
      } else if (ahead < correctedMs - MAX_DIFFERENCE_MS) correctedMs = ahead
      return monotonic + Math.max(0, asleepMs)
    },
    after(ms, task) {
      const timer = setTimeout(task, ms)
      return () => clearTimeout(timer)
    },
    now: Date.now,
  }
}

/** A base of now. */
export function timeBase(): TimeBase {
  return { monotonic: monotonicMs(), wall: Date.now(), boot: uptime() * 1000 }
}

// `performance.now()` starts at zero in each thread.
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
