// Times when Vakt could not hear beats: when it was last alive, and what it does to deadlines that it was away.

import type { State } from '../state/database.ts'
import { readValue, writeValue } from '../state/key-value.ts'
import { desc } from '../state/orm.ts'
import { downtimes } from '../state/schema/index.ts'
import { DAY, MINUTE, SECOND } from '../time.ts'
import type { Check } from './check.ts'
import { extendCheckDeadlines, rewindChecks } from './deadlines.ts'

export type Downtime = typeof downtimes.$inferSelect

/** Shorter gaps between two signs of life are the ordinary unevenness of timers. */
export const MIN_DOWNTIME_MS = 15 * SECOND
/** A clock that is put right by less than this changes nothing worth counting anew. */
export const MIN_CLOCK_ROLLBACK_MS = 5 * SECOND
/** Sources are remembered for 40 days; checks are held as an absence ends. */
const KEPT = 100 * DAY
const LONGEST_SETTLING = MINUTE
const SHORTEST_SETTLING = 5 * SECOND

/** The last sign of life, or null before the first. */
export function lastAlive(state: State): number | null {
  const at = readValue(state, 'alive')
  return at === null ? null : Number(at)
}

/** Notes a sign of life, from which the next start counts how long Vakt was away. */
export function markAlive(state: State, now: number): void {
  writeValue(state, 'alive', String(now))
}

/** How long deadlines rest after an absence: as long as it was, from 5 s to a minute, so that retries can arrive. */
export function graceAfterDowntime(from: number, to: number): number {
  return Math.min(Math.max(to - from, SHORTEST_SETTLING), LONGEST_SETTLING)
}

/**
 * Records that no beat could arrive from `from` to `to` and holds that time off every deadline; what beats over the local
 * network was heard while Vakt was only offline.
 * Returns the checks whose due time fell into it: their beat may have been lost, so the next one is awaited.
 */
export function recordDowntime(state: State, kind: Downtime['kind'], from: number, to: number): Check[] {
  return state.transaction(() => {
    state.db.insert(downtimes).values({ kind, from, to }).run()
    markAlive(state, to)
    state.emit('deadlines')
    return extendCheckDeadlines(
      state,
      from,
      to,
      to + graceAfterDowntime(from, to),
      kind === 'offline' ? 'lan' : undefined,
    )
  })
}

/** Has the checks counted anew after the clock went back to `now`, and Vakt alive now; returns how many checks changed. */
export function recordClockRollback(state: State, now: number): number {
  return state.transaction(() => {
    markAlive(state, now)
    return rewindChecks(state, now)
  })
}

/** How much of the time between two instants Vakt could hear nothing, ms. */
export function downtimeBetween(state: State, from: number, to: number): number {
  const query = 'select sum(min(to_at, ?) - max(from_at, ?)) as ms from downtimes where to_at > ? and from_at < ?'
  return state.prepare<number[], { ms: number | null }>(query).get(to, from, from, to)?.ms ?? 0
}

/** Drops absences that are longer ago than anything is counted by them; the newest is always kept to be told of. */
export function pruneDowntimes(state: State, now: number): void {
  const old = 'delete from downtimes where to_at < ? and id < (select max(id) from downtimes)'
  state.transaction(() => state.prepare(old).run(now - KEPT))
}

/** The newest absences first. */
export function listDowntimes(state: State, limit: number): Downtime[] {
  return state.db.select().from(downtimes).orderBy(desc(downtimes.id)).limit(limit).all()
}
