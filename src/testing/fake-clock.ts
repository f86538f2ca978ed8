// A clock that moves only when told to, visiting every timer on the way.
import type { Clock } from '../clock.ts'

export interface FakeClock extends Clock {
  busyMs(): number
  /** Moves on by `ms`, running what falls due in order and letting everything asynchronous settle after each. */
  advance(ms: number): Promise<void>
  /** Moves on without running anything, as when the machine sleeps; what fell due runs with the next `advance`. */
  sleep(ms: number): void
  /** Moves on without running anything, while the process is busy with something else. */
  stall(ms: number): void
  /** Drops every timer, as when the process dies. */
  forget(): void
}

/** More timers than this at one instant are a loop that would never let time pass. */
const MAX_AT_AN_INSTANT = 20_000

/** A clock that stands at `start` (epoch ms). */
export function createFakeClock(start: number): FakeClock {
  let now = start
  let order = 0
  let busyMs = 0
  const timers = new Set<{ at: number; order: number; task: () => void }>()
  const next = (until: number) => {
    let first: { at: number; order: number; task: () => void } | null = null
    for (const timer of timers) {
      if (timer.at > until) continue
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }
  return {
    now: () => now,
    at(at, task) {
      const timer = { at, order: order++, task }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(ms) {
      const until = now + ms
      await settled()
      let atOnce = 0
      for (let due = next(until); due; due = next(until)) {
        timers.delete(due)
        atOnce = due.at > now ? 0 : atOnce + 1
        if (atOnce > MAX_AT_AN_INSTANT) throw new Error('a timer sets itself again and again for the same instant')
        now = Math.max(now, due.at)
        due.task()
        await settled()
      }
      now = until
    },
    sleep(ms) {
      now += ms
    },
    stall(ms) {
      now += ms
      busyMs += ms
    },
    busyMs: () => busyMs,
    forget: () => timers.clear(),
  }
}

/** Lets pending promises and immediates run. */
export async function settled(rounds = 4): Promise<void> {
  for (let i = 0; i < rounds; i++) await new Promise(resolve => setImmediate(resolve))
}
