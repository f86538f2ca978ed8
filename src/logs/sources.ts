// The sources of log lines: when each was last seen, and its usual gaps, by which a silent source is detected.
import { downtimeBetween } from '../checks/downtimes.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq, sql } from '../state/orm.ts'
import { sources } from '../state/schema/index.ts'
import { DAY, SECOND } from '../time.ts'

export type Source = typeof sources.$inferSelect

/** A source is written at most this often: not for every request. */
const WRITE_INTERVAL_MS = 5 * SECOND
const GAP_DAYS = 7
const MAX_CACHED_SOURCES = 10_000

/** Records lines of a source at `at`; returns the source before them when there was a gap, else null. */
export function recordSource(state: State, projectId: number, name: string, at: number): Source | null {
  const cache = state.memory<Source>('sources')
  const key = `${projectId}\0${name}`
  const before = cache.get(key) ?? readSource(state, projectId, name)
  if (before && at - before.lastSeenAt < WRITE_INTERVAL_MS) {
    cache.set(key, before)
    return null
  }
  if (cache.size >= MAX_CACHED_SOURCES) cache.clear()
  cache.set(key, before ? updateSource(state, before, at) : insertSource(state, projectId, name, at))
  return before ?? null
}

/** Does not count the gap that has just ended as a usual one; `before` is the source that `recordSource` returned. */
export function discardLastGap(state: State, before: Source): void {
  state.prepare('update sources set gaps = ? where id = ?').run(JSON.stringify(before.gaps), before.id)
  const cache = state.memory<Source>('sources')
  const key = `${before.projectId}\0${before.name}`
  const cached = cache.get(key)
  if (cached) cache.set(key, { ...cached, gaps: before.gaps })
}

/** The source with a name in a project, or undefined. */
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

/** The source with an id, or undefined. */
export function readSourceById(state: State, id: number): Source | undefined {
  return state.db.select().from(sources).where(eq(sources.id, id)).get()
}

/** All sources, sorted by name. */
export function listSources(state: State): Source[] {
  return state.db.select().from(sources).orderBy(asc(sources.name)).all()
}

/** Up to `limit` sources with an id above `after` that were last seen after `from` and before `until`, by id. */
export function listQuietSources(state: State, from: number, until: number, after: number, limit: number): Source[] {
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

/** Sets the zone of a source, null for none. Returns whether there is such a source. */
export function setSourceZone(state: State, projectId: number, source: string, timeZone: string | null): boolean {
  state.forget('zones of sources')
  state.forget('sources')
  const update = 'update sources set time_zone = ? where project_id = ? and name = ?'
  return state.transaction(() => state.prepare(update).run(timeZone, projectId, source).changes > 0)
}

/** The zones of the sources of a project that have one; null when none has. Cached, because every request asks. */
export function readSourceZones(state: State, projectId: number): { readonly [source: string]: string } | null {
  const cache = state.memory<{ zones: { readonly [source: string]: string } | null }>('zones of sources')
  const cached = cache.get(String(projectId))
  if (cached) return cached.zones
  const query = 'select name, time_zone as timeZone from sources where project_id = ? and time_zone is not null'
  const rows = state.prepare<[number], { name: string; timeZone: string }>(query).all(projectId)
  const zones = rows.length === 0 ? null : Object.fromEntries(rows.map(({ name, timeZone }) => [name, timeZone]))
  cache.set(String(projectId), { zones })
  return zones
}

/** The clock went back to `now`: moves what lies after it back. */
export function rewindSources(state: State, now: number): void {
  const write = `update sources set last_seen_at = :now, first_seen_at = min(first_seen_at, :now) where last_seen_at > :now`
  state.prepare(write).run({ now })
  state.forget('sources')
}

/** Removes sources that were not seen since `before`. */
export function pruneSources(state: State, before: number): void {
  const { changes } = state.prepare('delete from sources where last_seen_at < ?').run(before)
  if (changes > 0) state.forget('sources')
}

function updateSource(state: State, source: Source, at: number): Source {
  // The downtime of Vakt is not a gap of the source.
  const gap = at - source.lastSeenAt - downtimeBetween(state, source.lastSeenAt, at)
  const gaps = addGap(source.gaps, Math.floor(at / DAY), gap)
  const write = 'update sources set last_seen_at = ?, gaps = ? where id = ?'
  state.prepare(write).run(at, JSON.stringify(gaps), source.id)
  return { ...source, lastSeenAt: at, gaps }
}

function insertSource(state: State, projectId: number, name: string, at: number): Source {
  const row = { projectId, name, firstSeenAt: at, lastSeenAt: at, gaps: [] }
  return state.db.insert(sources).values(row).returning().get()
}

/** Keeps the longest gap of each of the last days. */
function addGap(gaps: Source['gaps'], day: number, gap: number): Source['gaps'] {
  const longest = gaps.find(([gapDay]) => gapDay === day)?.[1] ?? 0
  return [...gaps.filter(([gapDay]) => gapDay > day - GAP_DAYS && gapDay !== day), [day, Math.max(longest, gap)]]
}
