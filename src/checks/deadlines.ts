// The stored deadlines of the checks: which have passed, which is next, and how an absence moves them.

import type { State } from '../state/database.ts'
import { and, asc, eq, isNotNull, lte, sql } from '../state/orm.ts'
import { checks } from '../state/schema/index.ts'
import { type Check, type CheckChanges, extendDeadlines, rewindDeadlines } from './check.ts'
import { updateCheck } from './checks.ts'

/** Which checks are meant: all, or (while Vakt is offline) those that need no internet. */
export type Reachable = 'all' | 'lan'

/** Up to `limit` checks whose deadline has passed at `now`, the longest overdue first. */
export function overdueChecks(state: State, now: number, limit: number, heard: Reachable = 'all'): Check[] {
  const overdue = and(
    isNotNull(checks.downAt),
    lte(checks.downAt, now),
    heard === 'lan' ? eq(checks.lan, true) : undefined,
  )
  return state.db.select().from(checks).where(overdue).orderBy(asc(checks.downAt)).limit(limit).all()
}

/** The nearest deadline of any check. */
export function nextDeadline(state: State, heard: Reachable = 'all'): number | null {
  const only = heard === 'lan' ? 'and lan = 1' : ''
  const query = `select down_at as at from checks where down_at is not null ${only} order by down_at limit 1`
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}

/** Holds an absence off every deadline (see `hold`) of all checks but those `heard`; returns those whose due time fell into it. */
export function extendCheckDeadlines(state: State, from: number, to: number, settled: number, heard?: 'lan'): Check[] {
  const unheard: Check[] = []
  const deaf = and(isNotNull(checks.downAt), heard === 'lan' ? eq(checks.lan, false) : undefined)
  const waiting = state.db.select().from(checks).where(deaf).all()
  for (const check of waiting) {
    const changes = unlessUnknowable(() => extendDeadlines(check, from, to, settled))
    if (changes.downAt !== undefined) updateCheck(state, check.id, changes)
    if (changes.lateAt !== undefined) unheard.push({ ...check, ...changes })
  }
  return unheard
}

/** Counts what the clock, having gone back to `now`, put far ahead from now (see `setBack`); returns how many checks. */
export function rewindChecks(state: State, now: number): number {
  const ahead = sql`${checks.lateAt} > ${now} or ${checks.lastBeatAt} > ${now} or ${checks.lastStartAt} > ${now}`
  const changed = state.db
    .select()
    .from(checks)
    .where(ahead)
    .all()
    .map(check => ({ check, changes: unlessUnknowable(() => rewindDeadlines(check, now)) }))
    .filter(({ changes }) => Object.keys(changes).length > 0)
  for (const { check, changes } of changed) updateCheck(state, check.id, changes)
  return changed.length
}

function unlessUnknowable(work: () => CheckChanges): CheckChanges {
  try {
    return work()
  } catch {
    // What cannot be worked out any more is told when its deadline is judged; it must not keep Vakt from starting.
    return {}
  }
}
