// The silences: which are on, how they are added, drawn out and ended, and what each held back.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, desc, eq, isNull, lte, sql } from '../../state/orm.ts'
import { silences } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'
import { knownMatcher } from '../matcher.ts'
import { requestReevaluation } from './reevaluation.ts'
import type { ActiveMute } from './suppression.ts'

const KEPT = 400 * DAY

export type Silence = typeof silences.$inferSelect

/** Adds a silence; its matcher was read before. */
export function addSilence(
  state: State,
  draft: Pick<Silence, 'projectId' | 'matcher' | 'reason' | 'by' | 'endsAt'>,
  now: number,
): Silence {
  return state.transaction(() => {
    requestReevaluation(state)
    return state.db
      .insert(silences)
      .values({ ...draft, createdAt: now })
      .returning()
      .get()
  })
}

/** Ends a silence before its time; throws `conflict` when it is over. */
export function endSilence(state: State, silence: Silence, by: string, now: number): Silence {
  return changed(state, silence, { endedAt: now, endedBy: by })
}

/** Gives a silence another end; throws `conflict` when it is over. */
export function extendSilence(state: State, silence: Silence, endsAt: number): Silence {
  return changed(state, silence, { endsAt })
}

/** The silence of a number, within a project when one is named; throws `not_found`. */
export function findSilence(state: State, id: number, projectId?: number): Silence {
  const found = state.db.select().from(silences).where(eq(silences.id, id)).get()
  if (found && (projectId === undefined || found.projectId === projectId)) return found
  throw new Problem('not_found', `There is no silence ${id}. "silence list" shows those there are.`, {
    fields: { silence: 'no such silence' },
  })
}

/** The newest silences, only those that are on unless `ended`. */
export function listSilences(
  state: State,
  { projectId, ended, limit }: { projectId?: number; ended: boolean; limit: number },
): Silence[] {
  const wanted = and(
    projectId === undefined ? undefined : eq(silences.projectId, projectId),
    ended ? undefined : isNull(silences.endedAt),
  )
  return state.db.select().from(silences).where(wanted).orderBy(desc(silences.id)).limit(limit).all()
}

/** The silences that are on, as what they lie over. */
export function activeSilences(state: State): ActiveMute[] {
  const query = state.prepared('silences that are on', db =>
    db.select().from(silences).where(isNull(silences.endedAt)).prepare(),
  )
  return query.all().map(silence => ({
    kind: 'silence',
    id: silence.id,
    projectId: silence.projectId,
    matcher: knownMatcher(silence.matcher),
    until: silence.endsAt,
    reason: `silence ${silence.id} by ${silence.by}`,
  }))
}

/** Ends the silences whose time has passed and returns them. */
export function expireSilences(state: State, now: number): Silence[] {
  const due = and(isNull(silences.endedAt), lte(silences.endsAt, now))
  if ((nextExpiry(state) ?? Number.POSITIVE_INFINITY) > now) return []
  return state.db.update(silences).set({ endedAt: now }).where(due).returning().all()
}

/** Drops silences that ended over thirteen months ago, as alerts are. */
export function pruneSilences(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from silences where ended_at < ?').run(now - KEPT))
}

/** When the next silence ends. */
export function nextExpiry(state: State): number | null {
  const query = 'select min(ends_at) as at from silences where ended_at is null'
  return state.prepare<[], { at: number | null }>(query).get()!.at
}

/** Counts one more alert that a silence holds. */
export function countMutedBySilence(state: State, id: number): void {
  state.prepare('update silences set suppressed_count = suppressed_count + 1 where id = ?').run(id)
}

function changed(state: State, silence: Silence, changes: Partial<Silence>): Silence {
  if (silence.endedAt !== null) throw new Problem('conflict', `Silence ${silence.id} is over already.`)
  return state.transaction(() => {
    requestReevaluation(state)
    return state.db
      .update(silences)
      .set(changes)
      .where(eq(silences.id, sql`${silence.id}`))
      .returning()
      .get()!
  })
}
