// The sources of log lines: when each was last heard, and how long it is usually quiet, by which its silence is told.
import { downtimeBetween } from '../checks/downtimes.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq, sql } from '../state/orm.ts'
import { sources } from '../state/schema/index.ts'
import { DAY, SECOND } from '../time.ts'

export type Source = typeof sources.$inferSelect

/** Lines within so long are one sign of life: a row is not written for every request. */
const WRITTEN_EVERY = 5 * SECOND
const DAYS = 7
const MOST_KNOWN = 10_000

/** Notes that a source had lines at `at`; returns it as it was before when it had been quiet for a while, else null. */
export function noteSource(state: State, projectId: number, name: string, at: number): Source | null {
  const known = state.memory<Source>('sources')
  const key = `${projectId}\0${name}`
  const before = known.get(key) ?? readSource(state, projectId, name)
  if (before && at - before.lastSeenAt < WRITTEN_EVERY) {
    known.set(key, before)
    return null
  }
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(key, before ? heardAgain(state, before, at) : firstHeard(state, projectId, name, at))
  return before ?? null
}

/** Takes the pause that has just ended for none of its usual ones: `before` is the source as `noteSource` returned it. */
export function forgetPause(state: State, before: Source): void {
  state.prepare('update sources set gaps = ? where id = ?').run(JSON.stringify(before.gaps), before.id)
  const known = state.memory<Source>('sources')
  const key = `${before.projectId}\0${before.name}`
  const kept = known.get(key)
  if (kept) known.set(key, { ...kept, gaps: before.gaps })
}

/** The source of a name in a project, or undefined. */
export function readSource(state: State, projectId: number, name: string): Source | undefined {
  const find = state.prepared('source by name', db =>
    db
      .select()
      .from(sources)
      .where(and(eq(sources.projectId, sql.placeholder('projectId')), eq(sources.name, sql.placeholder('name'))))
      .prepare(),
  )
  return find.get({ projectId, name })
}

/** The source of a number, or undefined. */
export function readSourceById(state: State, id: number): Source | undefined {
  return state.db.select().from(sources).where(eq(sources.id, id)).get()
}

/** All sources by name. */
export function listSources(state: State): Source[] {
  return state.db.select().from(sources).orderBy(asc(sources.name)).all()
}

/** Up to `limit` sources from number `after` on that were last heard after `from` and before `until`, by number. */
export function quietSources(state: State, from: number, until: number, after: number, limit: number): Source[] {
  const query = state.prepared('quiet sources', db =>
    db
      .select()
      .from(sources)
      .where(
        sql`${sources.id} > ${sql.placeholder('after')} and ${sources.lastSeenAt} > ${sql.placeholder('from')} and ${sources.lastSeenAt} < ${sql.placeholder('until')}`,
      )
      .orderBy(asc(sources.id))
      .limit(sql.placeholder('limit'))
      .prepare(),
  )
  return query.all({ after, from, until, limit })
}

/** The clock went back to `now`: nothing was heard after that yet. */
export function rewindSources(state: State, now: number): void {
  const write = `update sources set last_seen_at = :now, first_seen_at = min(first_seen_at, :now) where last_seen_at > :now`
  state.prepare(write).run({ now })
  state.forget('sources')
}

/** Forgets the sources that were not heard since `before`. */
export function pruneSources(state: State, before: number): void {
  const { changes } = state.prepare('delete from sources where last_seen_at < ?').run(before)
  if (changes > 0) state.forget('sources')
}

function heardAgain(state: State, source: Source, at: number): Source {
  // Time in which Vakt heard nothing is no silence of the source.
  const gap = at - source.lastSeenAt - downtimeBetween(state, source.lastSeenAt, at)
  const gaps = withGap(source.gaps, Math.floor(at / DAY), gap)
  const write = 'update sources set last_seen_at = ?, gaps = ? where id = ?'
  state.prepare(write).run(at, JSON.stringify(gaps), source.id)
  return { ...source, lastSeenAt: at, gaps }
}

function firstHeard(state: State, projectId: number, name: string, at: number): Source {
  const row = { projectId, name, firstSeenAt: at, lastSeenAt: at, gaps: [] }
  return state.db.insert(sources).values(row).returning().get()
}

/** The longest gap of each of the last days. */
function withGap(gaps: Source['gaps'], day: number, gap: number): Source['gaps'] {
  const longest = gaps.find(([of]) => of === day)?.[1] ?? 0
  return [...gaps.filter(([of]) => of > day - DAYS && of !== day), [day, Math.max(longest, gap)]]
}
