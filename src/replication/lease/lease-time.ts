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

/** The time of this machine. */
export function systemLeaseTime(): LeaseTime {
  // The monotonic clock stands still while the machine sleeps; the time since boot does not, but takes a system call. A wall
  // clock that is ahead of the monotonic one says that either the machine slept or somebody set the clock.
  const base = { monotonic: performance.now(), wall: Date.now(), boot: uptime() * 1000 }
  let asleepMs = 0
  let correctedMs = 0
  return {
    elapsedMs() {
      const monotonic = performance.now() - base.monotonic
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
