// Sliding limits: counted in memory minute by minute, and brought to disk every second so that a restart forgets little.

import type { Clock } from '../clock.ts'
import type { State } from '../state/database.ts'
import { MINUTE, SECOND } from '../time.ts'

export interface Rates {
  /** Counts `amount` towards a limit per minute unless that would pass it; then gives how long to wait, ms. */
  take(key: string, amount: number, perMinute: number, now: number): { ok: true } | { ok: false; retryAfterMs: number }
  /** Writes what was counted since the last time; happens by itself a second after something was. */
  save(): void
}

type Counter = { minute: number; used: number; before: number; dirty: boolean }

/**
 * Sliding-window counters over `state`: the last minute is estimated from this minute's count and the part of the minute
 * before that still overlaps, as nginx-like limiters do; off by a few percent at the most under even load.
 */
export function createRates(state: State, clock: Clock): Rates {
  const counters = new Map<string, Counter>()
  const rows = state
    .prepare<[number], { key: string; minute: number; used: number }>(
      'select key, minute, used from rates where minute >= ? order by minute',
    )
    .all(minuteOf(clock.now()) - 1)
  for (const row of rows)
    counters.set(row.key, { ...moved(counters.get(row.key), row.minute), used: row.used, dirty: false })

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
    take(key, amount, perMinute, now) {
      const counter = moved(counters.get(key), minuteOf(now))
      const passed = (now % MINUTE) / MINUTE
      const estimate = counter.used + counter.before * (1 - passed)
      if (estimate + amount > perMinute && estimate > 0) {
        return { ok: false, retryAfterMs: waitFor(counter, amount, perMinute, now) }
      }
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

/** The counter as it stands in `minute`. */
function moved(counter: Counter | undefined, minute: number): Counter {
  if (!counter || counter.minute < minute - 1) return { minute, used: 0, before: 0, dirty: false }
  if (counter.minute === minute - 1) return { minute, used: 0, before: counter.used, dirty: false }
  return counter
}

/** How long until `amount` fits: the minute before fades, or the next minute begins. */
function waitFor(counter: Counter, amount: number, perMinute: number, now: number): number {
  const left = MINUTE - (now % MINUTE)
  const room = perMinute - amount - counter.used
  if (room < 0 || counter.before === 0) return Math.max(1000, left)
  const fades = MINUTE * (1 - room / counter.before) - (now % MINUTE)
  return Math.max(1000, Math.min(left, Math.ceil(fades)))
}
