// The time of a simulated world: true time passes, Vakt's clock shows it (or something else), and timers stand still while the machine sleeps.
import type { Clock } from '../../clock.ts'
import { settle } from './turns.ts'

export interface WorldClock {
  /** The true time, epoch ms. */
  trueNow(): number
  /** What Vakt's clock shows, epoch ms. */
  now(): number
  /** The clock of one life of Vakt: after `end` none of its timers fires. */
  beginLife(): { clock: Clock; end(): void }
  /** True time passes until `at`, and due timers fire, each followed by what it causes; ends early where `isOver` says so. */
  advanceTo(at: number, isOver?: () => boolean): Promise<void>
  /** The machine sleeps until `at`: no timer fires. */
  sleepTo(at: number): void
  /** Sets Vakt's clock forward, or back where `ms` is negative. */
  set(ms: number): void
}

type Timer = { due: number; order: number; task: () => void }

/** More timers than this at one instant are a loop that would never let time pass. */
const MAX_AT_AN_INSTANT = 20_000

/** A clock that stands at `start`, epoch ms. */
export function createWorldClock(start: number): WorldClock {
  let trueTime = start
  /** The time in which the machine was awake, which timers and the processor count. */
  let awake = 0
  let skew = 0
  let order = 0
  let timers = new Set<Timer>()
  const now = () => trueTime + skew
  const nearest = (): Timer | null => {
    let first: Timer | null = null
    for (const timer of timers)
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order)) first = timer
    return first
  }
  const passAwake = (ms: number) => {
    trueTime += ms
    awake += ms
  }
  return {
    trueNow: () => trueTime,
    now,
    beginLife() {
      const own = new Set<Timer>()
      timers = own
      const clock: Clock = {
        now,
        at(at, task) {
          const timer = { due: awake + Math.max(0, at - now()), order: order++, task }
          own.add(timer)
          return () => own.delete(timer)
        },
        // A simulated process is never idle: only sleep and a clock that was set look like time that it lost.
        busyMs: () => awake,
      }
      return {
        clock,
        end() {
          if (timers === own) timers = new Set()
        },
      }
    },
    async advanceTo(at, isOver = () => false) {
      await settle()
      let atOnce = 0
      for (let timer = nearest(); timer && !isOver(); timer = nearest()) {
        const wait = Math.max(0, timer.due - awake)
        if (trueTime + wait > at) break
        atOnce = wait > 0 ? 0 : atOnce + 1
        if (atOnce > MAX_AT_AN_INSTANT) throw new Error('a timer sets itself again and again for the same instant')
        timers.delete(timer)
        passAwake(wait)
        runUnlessDead(timer.task, isOver)
        await settle()
      }
      if (!isOver()) passAwake(Math.max(0, at - trueTime))
    },
    sleepTo(at) {
      trueTime = Math.max(trueTime, at)
    },
    set(ms) {
      skew += ms
    },
  }
}

/** What a process was doing when it died ends there. */
function runUnlessDead(task: () => void, isDead: () => boolean): void {
  try {
    task()
  } catch (error) {
    if (!isDead()) throw error
  }
}
