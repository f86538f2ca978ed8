// The known errors: first and last seen, how often, sample lines, and the counts of their latest lines.
import type { State } from '../../state/database.ts'
import { and, desc, eq, sql } from '../../state/orm.ts'
import { type ErrorSample, fingerprints, type RecentCount } from '../../state/schema/index.ts'
import { addToWindow } from './sliding-window.ts'

export type KnownError = typeof fingerprints.$inferSelect

const MAX_SAMPLES = 3

/** Lines of one error that arrived together. */
export type ErrorLines = {
  projectId: number
  fingerprint: string
  source: string
  why: string
  /** Their counts by arrival, without lines that are much older than their arrival. */
  recent: readonly RecentCount[]
  at: number
  count: number
  samples: readonly ErrorSample[]
}

/** Adds lines to an error; `before` is the error without them, or null when it is new. */
export function recordError(state: State, lines: ErrorLines): { error: KnownError; before: KnownError | null } {
  const { projectId, fingerprint } = lines
  const before = readError(state, projectId, fingerprint) ?? null
  const { at, count } = lines
  const samples = [...(before?.samples ?? []), ...lines.samples].slice(-MAX_SAMPLES)
  const recent = addToWindow(before?.recent ?? [], lines.recent)
  const lastSeenAt = Math.max(before?.lastSeenAt ?? 0, at)
  if (before) {
    const write = 'update fingerprints set count = ?, last_seen_at = ?, samples = ?, recent = ? where id = ?'
    const written = [before.count + count, lastSeenAt, JSON.stringify(samples), JSON.stringify(recent), before.id]
    state.prepare(write).run(...written)
    return { error: { ...before, count: before.count + count, lastSeenAt, samples, recent }, before }
  }
  const { source, why } = lines
  const row = { projectId, fingerprint, source, why, samples, recent, count, lastSeenAt }
  const error = state.db
    .insert(fingerprints)
    .values({ ...row, firstSeenAt: at })
    .returning()
    .get()
  return { error, before }
}

/** The error of a fingerprint in a project, or undefined. */
export function readError(state: State, projectId: number, fingerprint: string): KnownError | undefined {
  const find = `select ${COLUMNS} from fingerprints where project_id = ? and fingerprint = ?`
  return parseRow(state.prepare<unknown[], Row>(find).get(projectId, fingerprint))
}

/** The error with an id, or undefined when it was pruned. */
export function readErrorById(state: State, id: number): KnownError | undefined {
  return parseRow(state.prepare<unknown[], Row>(`select ${COLUMNS} from fingerprints where id = ?`).get(id))
}

type Row = Omit<KnownError, 'samples' | 'recent'> & { samples: string; recent: string }

const COLUMNS = `id, project_id as projectId, fingerprint, source, why, samples, recent, count,
  first_seen_at as firstSeenAt, last_seen_at as lastSeenAt, state, state_by as stateBy, state_at as stateAt`

/** Hand-written, because every batch with errors reads each of them: the query builder takes three times as long. */
function parseRow(row: Row | undefined): KnownError | undefined {
  return row && { ...row, samples: JSON.parse(row.samples), recent: JSON.parse(row.recent) }
}

/** Errors that match the filter, the last seen first. */
export function listErrors(
  state: State,
  filter: { since?: number; projectId?: number; state?: KnownError['state']; limit: number },
): KnownError[] {
  const { since, projectId, limit } = filter
  return state.db
    .select()
    .from(fingerprints)
    .where(
      and(
        since === undefined ? undefined : sql`${fingerprints.lastSeenAt} >= ${since}`,
        projectId === undefined ? undefined : eq(fingerprints.projectId, projectId),
        filter.state === undefined ? undefined : eq(fingerprints.state, filter.state),
      ),
    )
    .orderBy(desc(fingerprints.lastSeenAt))
    .limit(limit)
    .all()
}

/** The errors whose fingerprint begins with `prefix`. */
export function findErrorsByPrefix(state: State, prefix: string, limit: number): KnownError[] {
  const end = `${prefix}\uffff`
  const hasPrefix = sql`${fingerprints.fingerprint} >= ${prefix} and ${fingerprints.fingerprint} < ${end}`
  return state.db.select().from(fingerprints).where(hasPrefix).limit(limit).all()
}

/** Beyond this many errors, those that were not seen for longest are removed. */
const MAX_ERRORS = 50_000

/** Removes errors that were not seen since `before`, and open ones beyond the limit. */
export function pruneErrors(state: State, before: number): void {
  state.prepare('delete from fingerprints where last_seen_at < ?').run(before)
  const beyond = `delete from fingerprints where state = 'open' and id in
    (select id from fingerprints order by last_seen_at desc limit -1 offset ${MAX_ERRORS})`
  state.prepare(beyond).run()
}

/** The clock went back to `now`: moves what lies after it back. */
export function rewindErrors(state: State, now: number): void {
  const write = `update fingerprints set last_seen_at = :now, first_seen_at = min(first_seen_at, :now), recent = '[]',
    state_at = min(state_at, :now) where last_seen_at > :now or state_at > :now`
  state.prepare(write).run({ now })
}

/** Sets an error to resolved, muted or open. */
export function setErrorState(state: State, id: number, to: KnownError['state'], by: string, now: number): void {
  const changes = { state: to, stateBy: by, stateAt: now }
  state.transaction(() => state.db.update(fingerprints).set(changes).where(eq(fingerprints.id, id)).run())
}
