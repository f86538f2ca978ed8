// Sliding rate limits: counted in memory, and written to disk every second so that a restart loses little.

import type { Clock } from '../clock.ts'
import type { State } from '../state/database.ts'
import { MINUTE, SECOND } from '../time.ts'

export interface Rates {
  /** Counts `amount` towards a limit per minute; if it does not fit, counts nothing and returns how long to wait (ms). */
  take(key: string, amount: number, perMinute: number, now: number): { ok: true } | { ok: false; retryAfterMs: number }
  /** How long (ms) to wait until `amount` fits; 0 when it fits now. Counts nothing. */
  waitFor(key: string, amount: number, perMinute: number, now: number): number
  /** What was used here in the last minutes, for other doors of the same Vakt. */
  used(now: number): UsedRate[]
  /** What was used here and at every other door but `door`. */
  usedBeside(door: string, now: number): UsedRate[]
  /** Takes over what was used at another door in the last minutes; it counts against the same limits. */
  setElsewhere(door: string, used: readonly UsedRate[], now: number): void
  /** Writes the changed counters to disk; also runs by itself a second after a change. */
  save(): void
}

/** How much of a limit was used in a minute (epoch minutes). */
export type UsedRate = { key: string; minute: number; used: number }

/** Limits that the other doors hear of; beyond that each counts for itself. */
const MAX_SHARED = 1_000

type Counter = { minute: number; used: number; before: number; dirty: boolean }

/**
 * Sliding-window counters over `state`: the count of the last 60 s is this minute's count plus the overlapping part of
 * the previous minute's (the "sliding window" of Cloudflare's rate limiter); under even load it is a few percent off.
 */
export function createRates(state: State, clock: Clock): Rates {
  const counters = new Map<string, Counter>()
  const rows = state
    .prepare<[number, number], { key: string; minute: number; used: number }>(
      'select key, minute, used from rates where minute between ? and ? order by minute',
    )
    .all(minuteOf(clock.now()) - 1, minuteOf(clock.now()))
  for (const row of rows)
    counters.set(row.key, { ...counterAt(counters.get(row.key), row.minute), used: row.used, dirty: false })

  /** What was used at other doors, by the name of the door. */
  const elsewhere = new Map<string, ReadonlyMap<string, UsedRate>>()
  let cancel: (() => void) | null = null

  /** The counter as of now. After the clock went back, what was used counts in the minute that is now, and fades from there. */
  const counterNow = (key: string, now: number): Counter => {
    const known = counters.get(key)
    const minute = minuteOf(now)
    if (known === undefined || known.minute <= minute) return counterAt(known, minute)
    const moved = { ...known, minute, dirty: true }
    counters.set(key, moved)
    return moved
  }

  const withElsewhere = (key: string, counter: Counter): Counter => {
    let { used, before } = counter
    for (const rates of elsewhere.values()) {
      used += rates.get(nameOf({ key, minute: counter.minute }))?.used ?? 0
      before += rates.get(nameOf({ key, minute: counter.minute - 1 }))?.used ?? 0
    }
    return { ...counter, used, before }
  }

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

  const used = (now: number): UsedRate[] => {
    const minute = minuteOf(now)
    return [...counters].flatMap(([key, known]) => {
      const { used, before } = counterAt(known, minute)
      return [
        { key, minute, used },
        { key, minute: minute - 1, used: before },
      ].filter(rate => rate.used > 0)
    })
  }

  return {
    save,
    used: now => used(now).slice(0, MAX_SHARED),
    usedBeside(door, now) {
      const others = [...elsewhere].filter(([name]) => name !== door).map(([, rates]) => [...rates.values()])
      return sum([used(now), ...others]).slice(0, MAX_SHARED)
    },
    setElsewhere(door, rates, now) {
      const minute = minuteOf(now)
      const recent = rates.filter(rate => rate.minute >= minute - 1 && rate.minute <= minute + 1).slice(0, MAX_SHARED)
      if (recent.length === 0) elsewhere.delete(door)
      else elsewhere.set(door, new Map(recent.map(rate => [nameOf(rate), rate])))
    },
    waitFor: (key, amount, perMinute, now) =>
      waitUntilFits(withElsewhere(key, counterNow(key, now)), amount, perMinute, now),
    take(key, amount, perMinute, now) {
      const counter = counterNow(key, now)
      const wait = waitUntilFits(withElsewhere(key, counter), amount, perMinute, now)
      if (wait > 0) return { ok: false, retryAfterMs: wait }
      counters.set(key, { ...counter, used: counter.used + amount, dirty: true })
      cancel ??= clock.at(now + SECOND, save)
      return { ok: true }
    },
  }
}

const WRITE = `insert into rates (key, minute, used) values (?, ?, ?)
  on conflict (key, minute) do update set used = excluded.used`

/** What all of them used together. */
function sum(all: readonly (readonly UsedRate[])[]): UsedRate[] {
  const byKey = Map.groupBy(all.flat(), nameOf)
  return [...byKey.values()].map(rates => ({ ...rates[0]!, used: rates.reduce((total, { used }) => total + used, 0) }))
}

function nameOf({ key, minute }: Pick<UsedRate, 'key' | 'minute'>): string {
  return `${minute} ${key}`
}

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
  // Without room, or a minute before, this is beyond the next minute.
  const fades = MINUTE * (1 - room / counter.before) - (now % MINUTE)
  return Math.max(1000, Math.min(left, Math.ceil(fades)))
}
