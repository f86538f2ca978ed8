// The table of downtimes of Vakt, in which it could not receive beats, and what they change in deadlines.

import type { State } from '../state/database.ts'
import { readValue, writeValue } from '../state/key-value.ts'
import { desc } from '../state/orm.ts'
import { downtimes } from '../state/schema/index.ts'
import type { RefusedBeat } from '../state/storage-health.ts'
import { DAY, MINUTE, SECOND } from '../time.ts'
import type { Check } from './check.ts'
import { extendCheckDeadlines, forgiveLostBeats, forgiveRefusedBeats, rewindChecks } from './deadlines.ts'

export type Downtime = typeof downtimes.$inferSelect

/** Shorter gaps between two signs of life are normal timer jitter. */
export const MIN_DOWNTIME_MS = 15 * SECOND
/** A clock that goes back by less changes no deadlines. */
export const MIN_CLOCK_ROLLBACK_MS = 5 * SECOND
/** How long downtimes are stored, ms: longer than the 40 days for which rules look back. */
const RETENTION_MS = 100 * DAY
const MAX_GRACE_MS = MINUTE
const MIN_GRACE_MS = 5 * SECOND

/** The last sign of life (epoch ms), or null before the first. */
export function lastAlive(state: State): number | null {
  const at = readValue(state, 'alive')
  return at === null ? null : Number(at)
}

/** Records a sign of life; at the next start, the downtime counts from it. */
export function markAlive(state: State, now: number): void {
  writeValue(state, 'alive', String(now))
}

/** How long no deadline passes after a downtime (ms): as long as it lasted, from 5 s to a minute, so that retries arrive. */
export function graceAfterDowntime(from: number, to: number): number {
  return Math.min(Math.max(to - from, MIN_GRACE_MS), MAX_GRACE_MS)
}

/**
 * Records that no beat could arrive from `from` to `to` (epoch ms) and extends every deadline by it. Checks whose beats
 * come over the local network are not affected while Vakt is only offline; no check is while only log lines are refused.
 * `refused` are the beats that Vakt refused meanwhile: their checks expect the beat after that one.
 * Returns the checks whose due time was skipped: their beat may have been lost, so the next one is expected.
 */
export function recordDowntime(
  state: State,
  kind: Downtime['kind'],
  from: number,
  to: number,
  refused: Iterable<RefusedBeat> = [],
): Check[] {
  return state.transaction(() => {
    state.db.insert(downtimes).values({ kind, from, to }).run()
    if (kind === 'log-storage') return []
    state.emit('deadlines')
    const earliest = to + graceAfterDowntime(from, to)
    const skipped = extendCheckDeadlines(state, from, to, earliest, kind === 'offline' ? 'lan' : undefined)
    forgiveRefusedBeats(state, refused, earliest)
    return skipped
  })
}

/** The newest instant that the state knows of, epoch ms: a beat or a sign of life, but none after `now`; null without any. */
export function lastStored(state: State, now: number): number | null {
  const query = 'select max(received_at) as at from (select received_at from beats order by id desc limit 1)'
  const beat = state.prepare<[], { at: number | null }>(query).get()?.at ?? null
  const known = [lastAlive(state), beat].filter(at => at !== null && at <= now)
  return known.length === 0 ? null : Math.max(...(known as number[]))
}

/**
 * Records that this Vakt took over at `to` with a state of `from` (epoch ms): what arrived in between is not in it. Deadlines
 * are extended as after a downtime, and every check whose beat may be missing expects the next one.
 * Returns the checks whose due time was skipped.
 */
export function recordTakeover(state: State, from: number, to: number): Check[] {
  return state.transaction(() => {
    const skipped = recordDowntime(state, 'takeover', from, to)
    const forgiven = forgiveLostBeats(state, to, to + graceAfterDowntime(from, to))
    const ids = new Set(forgiven.map(({ id }) => id))
    return [...skipped.filter(({ id }) => !ids.has(id)), ...forgiven]
  })
}

/** Rewinds all checks after the clock went back to `now`; returns how many checks changed. */
export function recordClockRollback(state: State, now: number): number {
  return state.transaction(() => {
    // While no beat can arrive, the last sign of life is older, and a downtime still counts from it.
    markAlive(state, Math.min(lastAlive(state) ?? now, now))
    return rewindChecks(state, now)
  })
}

/** How long Vakt was down between two instants, ms. */
export function downtimeBetween(state: State, from: number, to: number): number {
  const query = 'select sum(min(to_at, ?) - max(from_at, ?)) as ms from downtimes where to_at > ? and from_at < ?'
  return state.prepare<number[], { ms: number | null }>(query).get(to, from, from, to)?.ms ?? 0
}

/** Deletes downtimes past their retention; `status` shows the latest, so that one stays. */
export function pruneDowntimes(state: State, now: number): void {
  const old = 'delete from downtimes where to_at < ? and id < (select max(id) from downtimes)'
  state.transaction(() => state.prepare(old).run(now - RETENTION_MS))
}

/** Downtimes, newest first. */
export function listDowntimes(state: State, limit: number): Downtime[] {
  return state.db.select().from(downtimes).orderBy(desc(downtimes.id)).limit(limit).all()
}
