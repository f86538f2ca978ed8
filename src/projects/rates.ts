// Sliding rate limits: counted in memory, and written to disk every second so that a restart loses little.

import type { Clock } from '../clock.ts'
import type { State } from '../state/database.ts'
import { MINUTE, SECOND } from '../time.ts'

export interface Rates {
  /** Counts `amount` towards a limit per minute; if it does not fit, counts nothing and returns how long to wait (ms). */
  take(key: string, amount: number, perMinute: number, now: number): { ok: true } | { ok: false; retryAfterMs: number }
  /** How long (ms) to wait until `amount` fits; 0 when it fits now. Counts nothing. */
  waitFor(key: string, amount: number, perMinute: number, now: number): number
  /** Writes the changed counters to disk; also runs by itself a second after a change. */
  save(): void
}

type Counter = { minute: number; used: number; before: number; dirty: boolean }

/**
 * Sliding-window counters over `state`: the count of the last 60 s is this minute's count plus the overlapping part of
 * the previous minute's (the "sliding window" of Cloudflare's rate limiter); under even load it is a few percent off.
 */
export function createRates(state: State, clock: Clock): Rates {
  const counters = new Map<string, Counter>()
  const rows = state
    .prepare<[number], { key: string; minute: number; used: number }>(
      'select key, minute, used from rates where minute >= ? order by minute',
    )
    .all(minuteOf(clock.now()) - 1)
  for (const row of rows)
    counters.set(row.key, { ...counterAt(counters.get(row.key), row.minute), used: row.used, dirty: false })

  let cancel: (() => void) | null = null

  const save = () => {
    cancel?.()
    cancel = null
    const minute = minuteOf(clock.now())
    const dirty = [...counters].filter(([, counter]) => counter.dirty)
    if (dirty.length === 0) return
    state.transaction(() => {
      for (const [key, counter] of dirty) state.prepare(WRITE).run(key, counter.minute, counter.used)
      state.prepare('delete from rates where minute < ?').run(minute - 1)
    })
    for (const [key, counter] of counters) {
      counter.dirty = false
      if (counter.minute < minute - 1) counters.delete(key)
    }
  }

  return {
    save,
    waitFor: (key, amount, perMinute, now) =>
      waitUntilFits(counterAt(counters.get(key), minuteOf(now)), amount, perMinute, now),
    take(key, amount, perMinute, now) {
      const counter = counterAt(counters.get(key), minuteOf(now))
      const wait = waitUntilFits(counter, amount, perMinute, now)
      if (wait > 0) return { ok: false, retryAfterMs: wait }
      counters.set(key, { ...counter, used: counter.used + amount, dirty: true })
      cancel ??= clock.at(now + SECOND, save)
      return { ok: true }
    },
  }
}

const WRITE = `insert into rates (key, minute, used) values (?, ?, ?)
  on conflict (key, minute) do update set used = excluded.used`

function minuteOf(at: number): number {
  return Math.floor(at / MINUTE)
}

/** The counter as of `minute`. */
function counterAt(counter: Counter | undefined, minute: number): Counter {
  if (!counter || counter.minute < minute - 1) return { minute, used: 0, before: 0, dirty: false }
  if (counter.minute === minute - 1) return { minute, used: 0, before: counter.used, dirty: false }
  return counter
}

/** How long (ms) until `amount` fits, 0 now: the previous minute fades out, or the next minute begins. */
function waitUntilFits(counter: Counter, amount: number, perMinute: number, now: number): number {
  const passed = (now % MINUTE) / MINUTE
  const estimate = counter.used + counter.before * (1 - passed)
  if (estimate + amount <= perMinute || estimate === 0) return 0
  const left = MINUTE - (now % MINUTE)
  const room = perMinute - amount - counter.used
  if (room < 0 || counter.before === 0) return Math.max(1000, left)
  const fades = MINUTE * (1 - room / counter.before) - (now % MINUTE)
  return Math.max(1000, Math.min(left, Math.ceil(fades)))
}
