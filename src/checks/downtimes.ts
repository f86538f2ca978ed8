// Times when Vakt could not hear beats: when it was last alive, and what it does to deadlines that it was away.

import type { State } from '../state/database.ts'
import { readFact, writeFact } from '../state/key-value.ts'
import { desc } from '../state/orm.ts'
import { absences } from '../state/schema/index.ts'
import { DAY, MINUTE, SECOND } from '../time.ts'
import type { Check } from './check.ts'
import { holdChecks, setChecksBack } from './deadlines.ts'

export type Absence = typeof absences.$inferSelect

/** Shorter gaps between two signs of life are the ordinary unevenness of timers. */
export const NOTICED = 15 * SECOND
/** A clock that is put right by less than this changes nothing worth counting anew. */
export const SET_BACK = 5 * SECOND
/** Sources are remembered for 40 days; checks are held as an absence ends. */
const KEPT = 100 * DAY
const LONGEST_SETTLING = MINUTE
const SHORTEST_SETTLING = 5 * SECOND

/** The last sign of life, or null before the first. */
export function lastAlive(state: State): number | null {
  const at = readFact(state, 'alive')
  return at === null ? null : Number(at)
}

/** Notes a sign of life, from which the next start counts how long Vakt was away. */
export function markAlive(state: State, now: number): void {
  writeFact(state, 'alive', String(now))
}

/** How long deadlines rest after an absence: as long as it was, from 5 s to a minute, so that retries can arrive. */
export function settlingAfter(from: number, to: number): number {
  return Math.min(Math.max(to - from, SHORTEST_SETTLING), LONGEST_SETTLING)
}

/**
 * Records that no beat could arrive from `from` to `to` and holds that time off every deadline; what beats over the local
 * network was heard while Vakt was only offline.
 * Returns the checks whose due time fell into it: their beat may have been lost, so the next one is awaited.
 */
export function recordAbsence(state: State, kind: Absence['kind'], from: number, to: number): Check[] {
  return state.transaction(() => {
    state.db.insert(absences).values({ kind, from, to }).run()
    markAlive(state, to)
    state.touch('deadlines')
    return holdChecks(state, from, to, to + settlingAfter(from, to), kind === 'offline' ? 'lan' : undefined)
  })
}

/** Has the checks counted anew after the clock went back to `now`, and Vakt alive now; returns how many checks changed. */
export function recordSetBack(state: State, now: number): number {
  return state.transaction(() => {
    markAlive(state, now)
    return setChecksBack(state, now)
  })
}

/** How much of the time between two instants Vakt could hear nothing, ms. */
export function awayBetween(state: State, from: number, to: number): number {
  const query = 'select sum(min(to_at, ?) - max(from_at, ?)) as ms from absences where to_at > ? and from_at < ?'
  return state.prepare<number[], { ms: number | null }>(query).get(to, from, from, to)?.ms ?? 0
}

/** Drops absences that are longer ago than anything is counted by them; the newest is always kept to be told of. */
export function pruneAbsences(state: State, now: number): void {
  const old = 'delete from absences where to_at < ? and id < (select max(id) from absences)'
  state.transaction(() => state.prepare(old).run(now - KEPT))
}

/** The newest absences first. */
export function listAbsences(state: State, limit: number): Absence[] {
  return state.db.select().from(absences).orderBy(desc(absences.id)).limit(limit).all()
}
