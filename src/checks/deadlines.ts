// The stored deadlines of checks: which have passed, which is next, and how a downtime extends them.

import type { State } from '../state/database.ts'
import { and, asc, eq, isNotNull, lte, or, sql } from '../state/orm.ts'
import { checks } from '../state/schema/index.ts'
import type { RefusedBeat } from '../state/storage-health.ts'
import { type Check, type CheckChanges, extendDeadlines, forgiveRefusedBeat, rewindDeadlines } from './check.ts'
import { readCheckByUuid, readChecksBySlug, updateCheck } from './checks.ts'

/** Which checks can reach Vakt: all, or (while Vakt is offline) those of the local network. */
export type Reachable = 'all' | 'lan'

/** Up to `limit` checks whose deadline has passed at `now`, the longest overdue first. */
export function overdueChecks(state: State, now: number, limit: number, reachable: Reachable = 'all'): Check[] {
  const overdue = and(
    isNotNull(checks.downAt),
    lte(checks.downAt, now),
    reachable === 'lan' ? eq(checks.lan, true) : undefined,
    areSatellitesUsed(state) ? sql.raw(IS_COMPLETE) : undefined,
  )
  return state.db.select().from(checks).where(overdue).orderBy(asc(checks.downAt)).limit(limit).all()
}

/** The nearest deadline of any check (epoch ms), or null. */
export function nextDeadline(state: State, reachable: Reachable = 'all'): number | null {
  const only = `${reachable === 'lan' ? 'and lan = 1' : ''} ${areSatellitesUsed(state) ? `and ${IS_COMPLETE}` : ''}`
  const query = `select down_at as at from checks where down_at is not null ${only} order by down_at limit 1`
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}

/**
 * A beat may still be on its way from a satellite: a check with beats through some passes its deadline only when each of them
 * has sent everything that it received until then.
 */
const IS_COMPLETE = `((checks.satellite_id is null or checks.down_at <=
  coalesce((select complete_to from satellites where satellites.id = checks.satellite_id), checks.down_at))
  and not exists (select 1 from check_satellites join satellites on satellites.id = check_satellites.satellite_id
    where check_id = checks.id and until >= checks.down_at and complete_to < checks.down_at))`

function areSatellitesUsed(state: State): boolean {
  return state.prepare('select 1 from satellites limit 1').get() !== undefined
}

function isThrough(satelliteId: number) {
  return sql`exists (select 1 from check_satellites where check_id = checks.id
    and check_satellites.satellite_id = ${satelliteId} and until >= checks.down_at)`
}

/** Extends the deadlines of the checks of a satellite by a time in which it could take no beat (see `extendDeadlines`). */
export function extendSatelliteDeadlines(
  state: State,
  satelliteId: number,
  from: number,
  to: number,
  earliest: number,
): void {
  const affected = and(isNotNull(checks.downAt), or(eq(checks.satelliteId, satelliteId), isThrough(satelliteId)))
  extendAll(state, affected, from, to, earliest)
}

/**
 * Extends the deadlines of all checks (see `extendDeadlines`) except those that are still `reachable`; returns the checks
 * whose due time was skipped.
 */
export function extendCheckDeadlines(
  state: State,
  from: number,
  to: number,
  earliest: number,
  reachable?: 'lan',
): Check[] {
  const affected = and(isNotNull(checks.downAt), reachable === 'lan' ? eq(checks.lan, false) : undefined)
  return extendAll(state, affected, from, to, earliest)
}

function extendAll(
  state: State,
  affected: ReturnType<typeof and>,
  from: number,
  to: number,
  earliest: number,
): Check[] {
  // A beat of the running transaction may not be written yet.
  state.forget('checks by uuid')
  const skipped: Check[] = []
  for (const check of state.db.select().from(checks).where(affected).all()) {
    const changes = orNone(() => extendDeadlines(check, from, to, earliest))
    if (changes.downAt !== undefined) updateCheck(state, check.id, changes)
    if (changes.lateAt !== undefined) skipped.push({ ...check, ...changes })
  }
  return skipped
}

/** Has the checks of refused beats expect the next one (see `forgiveRefusedBeat`). */
export function forgiveRefusedBeats(state: State, refused: Iterable<RefusedBeat>, earliest: number): void {
  for (const { ping, at, endsRun } of refused) {
    const known =
      'uuid' in ping ? [readCheckByUuid(state, ping.uuid)] : readChecksBySlug(state, ping.pingKey, ping.slug)
    const [check] = known
    if (!check || known.length > 1) continue
    const changes = orNone(() => forgiveRefusedBeat(check, at, endsRun, earliest))
    if (changes.downAt !== undefined) updateCheck(state, check.id, changes)
  }
}

/**
 * Has every check whose beat may have been lost before `to` expect the next one: those due by then, those due within one
 * grace after it, and those with a run that may have ended. Returns the checks whose due time was skipped.
 */
export function forgiveLostBeats(state: State, to: number, earliest: number): Check[] {
  const skipped: Check[] = []
  for (const check of state.db.select().from(checks).where(isNotNull(checks.downAt)).all()) {
    const isExpected = check.lateAt !== null && check.lateAt - check.grace <= to
    if (!isExpected && check.lastStartAt === null) continue
    const changes = orNone(() => forgiveRefusedBeat(check, to, true, earliest))
    if (changes.downAt === undefined) continue
    updateCheck(state, check.id, changes)
    if (changes.lateAt !== check.lateAt) skipped.push({ ...check, ...changes })
  }
  return skipped
}

/** Rewinds the deadlines of all checks after the clock went back to `now` (see `rewindDeadlines`); returns how many. */
export function rewindChecks(state: State, now: number): number {
  const ahead = sql`${checks.lateAt} > ${now} or ${checks.lastBeatAt} > ${now} or ${checks.lastStartAt} > ${now}`
  const changed = state.db
    .select()
    .from(checks)
    .where(ahead)
    .all()
    .map(check => ({ check, changes: orNone(() => rewindDeadlines(check, now)) }))
    .filter(({ changes }) => Object.keys(changes).length > 0)
  for (const { check, changes } of changed) updateCheck(state, check.id, changes)
  return changed.length
}

function orNone(work: () => CheckChanges): CheckChanges {
  try {
    return work()
  } catch {
    // A schedule that cannot be read any more is reported at its deadline; it must not keep Vakt from starting.
    return {}
  }
}
