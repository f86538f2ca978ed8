// The table of silences: how they are added, extended and ended, and how many alerts each has suppressed.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, desc, eq, isNull, lte, sql } from '../../state/orm.ts'
import { silences } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'
import { knownMatcher } from '../matcher.ts'
import { MuteIndex } from './mute-index.ts'
import { requestReevaluation } from './reevaluation.ts'
import type { ActiveMute } from './suppression.ts'

/** How long ended silences are kept, as long as alerts. */
const RETENTION_MS = 400 * DAY

export type Silence = typeof silences.$inferSelect

/** Adds a silence, whose matcher is valid. */
export function addSilence(
  state: State,
  draft: Pick<Silence, 'projectId' | 'matcher' | 'reason' | 'by' | 'endsAt'>,
  now: number,
): Silence {
  return state.transaction(() => {
    requestReevaluation(state)
    const silence = state.db
      .insert(silences)
      .values({ ...draft, createdAt: now })
      .returning()
      .get()
    recordInIndex(state, silence)
    return silence
  })
}

/** Ends a silence before its time. Throws `conflict` when it has ended. */
export function endSilence(state: State, silence: Silence, by: string, now: number): Silence {
  return updateSilence(state, silence, { endedAt: now, endedBy: by })
}

/** Moves the end of a silence to `endsAt` (epoch ms). Throws `conflict` when it has ended. */
export function extendSilence(state: State, silence: Silence, endsAt: number): Silence {
  return updateSilence(state, silence, { endsAt })
}

/** The silence of a number, of `projectId` only when that is set. Throws `not_found`. */
export function findSilence(state: State, id: number, projectId?: number): Silence {
  const silence = state.db.select().from(silences).where(eq(silences.id, id)).get()
  if (silence && (projectId === undefined || silence.projectId === projectId)) return silence
  throw new Problem('not_found', `There is no silence ${id}. "silence list" shows all silences.`, {
    fields: { silence: 'no such silence' },
  })
}

/** The newest silences; only active silences unless `ended` is set. */
export function listSilences(
  state: State,
  { projectId, ended, limit }: { projectId?: number; ended: boolean; limit: number },
): Silence[] {
  const filter = and(
    projectId === undefined ? undefined : eq(silences.projectId, projectId),
    ended ? undefined : isNull(silences.endedAt),
  )
  return state.db.select().from(silences).where(filter).orderBy(desc(silences.id)).limit(limit).all()
}

/** The active silences by what they match; kept in memory, because every new alert asks. */
export function readSilenceIndex(state: State): MuteIndex {
  const cache = state.memory<MuteIndex>('active silences')
  const cached = cache.get(INDEX)
  if (cached) return cached
  const query = state.prepared('active silences', db =>
    db.select().from(silences).where(isNull(silences.endedAt)).prepare(),
  )
  const index = new MuteIndex()
  for (const silence of query.all()) index.set(asMute(silence))
  cache.set(INDEX, index)
  return index
}

/** The only entry of the cache of silences. */
const INDEX = 'index'

function asMute(silence: Silence): ActiveMute {
  return {
    kind: 'silence',
    id: silence.id,
    projectId: silence.projectId,
    matcher: knownMatcher(silence.matcher),
    until: silence.endsAt,
    reason: `silence ${silence.id} by ${silence.by}`,
  }
}

/** Keeps the index equal to the table, if it is in memory. */
function recordInIndex(state: State, silence: Silence): void {
  const index = state.memory<MuteIndex>('active silences').get(INDEX)
  if (silence.endedAt === null) index?.set(asMute(silence))
  else index?.delete({ kind: 'silence', id: silence.id })
}

/** Ends the silences whose time has passed, and returns them. */
export function expireSilences(state: State, now: number): Silence[] {
  if ((nextExpiry(state) ?? Number.POSITIVE_INFINITY) > now) return []
  const due = and(isNull(silences.endedAt), lte(silences.endsAt, now))
  return state.transaction(() => {
    const expired = state.db.update(silences).set({ endedAt: now }).where(due).returning().all()
    for (const silence of expired) recordInIndex(state, silence)
    return expired
  })
}

/** Deletes silences that ended more than `RETENTION_MS` ago. */
export function pruneSilences(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from silences where ended_at < ?').run(now - RETENTION_MS))
}

/** When the next silence ends (epoch ms), or null. */
export function nextExpiry(state: State): number | null {
  const query = 'select min(ends_at) as at from silences where ended_at is null'
  return state.prepare<[], { at: number | null }>(query).get()!.at
}

/** Counts one more alert that a silence suppresses. */
export function countMutedBySilence(state: State, id: number): void {
  state.prepare('update silences set suppressed_count = suppressed_count + 1 where id = ?').run(id)
}

function updateSilence(state: State, silence: Silence, changes: Partial<Silence>): Silence {
  if (silence.endedAt !== null) throw new Problem('conflict', `Silence ${silence.id} has already ended.`)
  return state.transaction(() => {
    requestReevaluation(state)
    const updated = state.db
      .update(silences)
      .set(changes)
      .where(eq(silences.id, sql`${silence.id}`))
      .returning()
      .get()!
    recordInIndex(state, updated)
    return updated
  })
}
