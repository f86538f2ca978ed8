// The table of checks: add, read, edit, pause, resume and remove.
import { randomUUID } from 'node:crypto'
import type { SQL } from 'drizzle-orm'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { freshId } from '../state/key-value.ts'
import { and, asc, eq, sql } from '../state/orm.ts'
import { checks, projects } from '../state/schema/index.ts'
import { type Check, type CheckChanges, restart, resume, type ShownStatus } from './check.ts'
import { renameDependency } from './dependencies.ts'
import { recordFlip } from './flips.ts'

/** The columns that are set when a check is added; the rest follows. */
export type CheckDraft = Pick<Check, 'projectId' | 'name' | 'timeZone' | 'grace' | 'severity'> & Partial<Check>

/** Adds a check that waits for its first beat. Throws `conflict` when the project has a check of that name. */
export function addCheck(state: State, draft: CheckDraft, now: number): Check {
  if (readByName(state, draft.projectId, draft.name)) {
    throw new Problem('conflict', `The project already has a check "${draft.name}". "checks edit" changes it.`, {
      fields: { name: 'is taken' },
    })
  }
  const slug = draft.slug ?? freeSlug(state, draft.projectId, draft.name)
  const row = { uuid: randomUUID(), ...draft, slug, status: 'new' as const, createdAt: now }
  return state.transaction(() =>
    state.db
      .insert(checks)
      .values({ ...row, id: freshId(state, 'checks') })
      .returning()
      .get(),
  )
}

/** The slug of a name, for its ping URL: `Nightly backup (eu)` becomes `nightly-backup-eu`. */
export function slugOf(name: string): string {
  // A name that is a valid slug is its own slug, so that create=1 always finds the check of that name.
  if (/^[-a-z0-9_]+$/.test(name)) return name
  const ascii = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return ascii.replaceAll(/[^a-z0-9_]+/g, '-').replaceAll(/^-+|-+$/g, '')
}

/** The slug of a name in its project; numbered where another check has it, so that no ping URL means two checks. */
function freeSlug(state: State, projectId: number, name: string, ownId = 0): string {
  const slug = slugOf(name)
  const isTaken = (candidate: string) => slugOwner(state, projectId, candidate, ownId) !== undefined
  if (slug === '' || !isTaken(slug)) return slug
  for (let number = 2; ; number++) {
    const numbered = `${slug}-${number}`
    if (!isTaken(numbered)) return numbered
  }
}

/** The name of another check of the project that has a slug, or undefined. */
export function slugOwner(state: State, projectId: number, slug: string, ownId: number): string | undefined {
  const query = 'select name from checks where project_id = ? and slug = ? and id <> ? limit 1'
  return state.prepare<[number, string, number], { name: string }>(query).get(projectId, slug, ownId)?.name
}

/** The stored check of an id, or undefined. */
export function readCheck(state: State, id: number): Check | undefined {
  return state
    .prepared('check by id', db =>
      db
        .select()
        .from(checks)
        .where(eq(checks.id, sql.placeholder('id')))
        .prepare(),
    )
    .get({ id })
}

/** The check of a ping URL. Checks that send beats are cached in memory, because every beat asks for one. */
export function readCheckByUuid(state: State, uuid: string): Check | undefined {
  const cached = state.memory<Check>(CACHE_NAME).get(uuid)
  if (cached) return cached
  const check = state
    .prepared('check by uuid', db =>
      db
        .select()
        .from(checks)
        .where(eq(checks.uuid, sql.placeholder('uuid')))
        .prepare(),
    )
    .get({ uuid })
  if (check) state.memory<Check>(CACHE_NAME).set(uuid, check)
  return check
}

const CACHE_NAME = 'checks by uuid'

/** Call it before checks change other than by a beat: deferred writes are flushed and the cache is cleared. */
function forgetChecks(state: State): void {
  state.forget(CACHE_NAME)
}

/** The checks of a project with a slug; at most two, because the second already makes the slug ambiguous. */
export function readChecksBySlug(state: State, pingKey: string, slug: string): Check[] {
  const query = state.prepared('checks by slug', db =>
    db
      .select({ check: checks })
      .from(checks)
      .innerJoin(projects, eq(checks.projectId, projects.id))
      .where(and(eq(projects.pingKey, sql.placeholder('pingKey')), eq(checks.slug, sql.placeholder('slug'))))
      .limit(2)
      .prepare(),
  )
  // A beat in the same transaction may not be written yet.
  return query.all({ pingKey, slug }).map(row => state.memory<Check>(CACHE_NAME).get(row.check.uuid) ?? row.check)
}

export type CheckFilter = {
  projectId?: number
  /** The status as it is shown at `at`. */
  status?: { shown: ShownStatus; at: number }
  matching?: string
  named?: string
  limit?: number
  offset?: number
}

/** Checks in order of their names; `matching` is a part of the name. */
export function listChecks(state: State, filter: CheckFilter = {}): Check[] {
  const { limit = -1, offset = 0 } = filter
  return state.db
    .select()
    .from(checks)
    .where(filtered(filter))
    .orderBy(asc(checks.name))
    .limit(limit)
    .offset(offset)
    .all()
}

/** The number of checks that `listChecks` returns without a limit. */
export function countChecks(state: State, filter: CheckFilter = {}): number {
  return state.db.select({ n: sql<number>`count(*)` }).from(checks).where(filtered(filter)).get()!.n
}

/** The number of checks by stored status. */
export function countByStatus(state: State): Record<Check['status'], number> {
  const counts = { new: 0, up: 0, down: 0, paused: 0 }
  const rows = state.db
    .select({ status: checks.status, n: sql<number>`count(*)` })
    .from(checks)
    .groupBy(checks.status)
    .all()
  for (const row of rows) counts[row.status] = row.n
  return counts
}

/** The number of checks by the status that people see at `now`. */
export function countByShownStatus(state: State, now: number): Record<ShownStatus, number> {
  const counts = countByStatus(state)
  const late = countChecks(state, { status: { shown: 'late', at: now } })
  return { ...counts, up: counts.up - late, late }
}

/** The checks whose last beats (more than two) all came before they were due, and how early at least and at most (ms). */
export function readEarlyChecks(state: State): { count: number; least: number; most: number } {
  const query =
    'select count(*) as count, min(early_ms) as least, max(early_ms) as most from checks where early_beats > 2'
  return state.prepare<[], { count: number; least: number; most: number }>(query).get()!
}

/** The name, project, stored status and last beat of every check; without the rest of the rows, because there may be many. */
export function listCheckStates(state: State) {
  return state
    .prepare<[], { check: string; project: string; status: Check['status']; lastBeatAt: number | null }>(
      `select checks.name as 'check', projects.name as project, status, last_beat_at as lastBeatAt
       from checks join projects on projects.id = project_id order by projects.name, checks.name`,
    )
    .all()
}

/** Stores changes of a check. */
export function updateCheck(state: State, id: number, changes: CheckChanges): void {
  forgetChecks(state)
  // Each transition changes the same columns every time, so the statements are few.
  const names = Object.keys(changes).filter(name => changes[name as keyof typeof changes] !== undefined)
  const query = state.prepared(`check: ${names}`, db =>
    db
      .update(checks)
      .set(Object.fromEntries(names.map(name => [name, sql.placeholder(name)])))
      .where(eq(checks.id, sql.placeholder('checkId')))
      .prepare(),
  )
  query.run({ ...changes, checkId: id })
  state.emit('deadlines')
}

/** Stores a check after a beat: in memory immediately, on disk at the end of the running transaction. */
export function storeBeatChanges(state: State, check: Check): void {
  state.memory<Check>(CACHE_NAME).set(check.uuid, check)
  state.writeLast(check.id, () => writeBeatChanges(state, check))
  state.emit('deadlines')
}

// Written by hand, because every beat passes here.
function writeBeatChanges(state: State, check: Check): void {
  state
    .prepare(STORE_BEAT_CHANGES)
    .run(
      check.beats,
      check.status,
      check.misses,
      check.missedAt,
      check.missKind,
      check.lastBeatAt,
      check.lastStartAt,
      check.lastStartRid,
      check.lastDuration,
      check.earlyMs,
      check.earlyBeats,
      check.lateAt,
      check.downAt,
      check.id,
    )
}

const STORE_BEAT_CHANGES = `update checks set beats = ?, status = ?, misses = ?, missed_at = ?, miss_kind = ?,
  last_beat_at = ?, last_start_at = ?, last_start_rid = ?, last_duration = ?, early_ms = ?, early_beats = ?, late_at = ?, down_at = ? where id = ?`

/** Changes the settings of a check, and its deadlines where they depend on the changed settings. */
export function editCheck(state: State, check: Check, changes: CheckChanges, now: number): Check {
  if (changes.name !== undefined && changes.name !== check.name) {
    if (readByName(state, check.projectId, changes.name)) {
      throw new Problem('conflict', `The project already has a check "${changes.name}".`, {
        fields: { rename: 'is taken' },
      })
    }
    changes = { ...changes, slug: freeSlug(state, check.projectId, changes.name, check.id) }
  }
  const changed = (names: readonly (keyof Check)[]) =>
    names.some(name => changes[name] !== undefined && changes[name] !== check[name])
  const rescheduled = changed(['every', 'everyDays', 'cron', 'onCalendar', 'exceptions', 'timeZone', 'active'])
  if (!rescheduled && !changed(['grace', 'maxRuntime'])) return saved(state, check, changes)
  const edited = { ...check, ...changes, ...(rescheduled ? { lateAt: null } : {}) }
  return saved(state, check, { ...changes, ...restart(edited, now) })
}

/** Pauses a check until it is resumed, or until its next beat unless it is set to manual resume. */
export function pauseCheck(state: State, check: Check, now: number): Check {
  if (check.status === 'paused') throw new Problem('conflict', `The check "${check.name}" is already paused.`)
  const paused: CheckChanges = { status: 'paused', lateAt: null, downAt: null, lastStartAt: null, lastStartRid: null }
  return state.transaction(() => {
    recordFlip(state, check, 'paused', now)
    return saved(state, check, { ...paused, misses: 0, missedAt: null, missKind: null })
  })
}

/** Resumes a paused check: its next beat is expected from `now` on; a check without a beat waits for the first. */
export function resumeCheck(state: State, check: Check, now: number): Check {
  if (check.status !== 'paused') throw new Problem('conflict', `The check "${check.name}" is not paused.`)
  const resumed = resume(check, now)
  return state.transaction(() => {
    recordFlip(state, check, resumed.status, now)
    return saved(state, check, resumed)
  })
}

/** Puts a paused check back to where it waits for its first beat, as Healthchecks resumes one. */
export function renewCheck(state: State, check: Check, now: number): Check {
  const run: CheckChanges = { lastBeatAt: null, lastStartAt: null, lastStartRid: null, lateAt: null, downAt: null }
  return state.transaction(() => {
    recordFlip(state, check, 'new', now)
    return saved(state, check, { ...run, status: 'new' })
  })
}

/** Removes a check with its beats. The caller resolves its alert first, while the key is known. */
export function removeCheck(state: State, check: Check): void {
  forgetChecks(state)
  state.transaction(() => {
    if (check.probed) state.emit('probes')
    state.db.delete(checks).where(eq(checks.id, check.id)).run()
  })
}

function saved(state: State, check: Check, changes: CheckChanges): Check {
  return state.transaction(() => {
    if (changes.name !== undefined && changes.name !== check.name) renameDependency(state, check, changes.name)
    forgetChecks(state)
    state.emit('deadlines')
    if (check.probed) state.emit('probes')
    return state.db.update(checks).set(changes).where(eq(checks.id, check.id)).returning().get()!
  })
}

function readByName(state: State, projectId: number, name: string): Check | undefined {
  return state.db
    .select()
    .from(checks)
    .where(and(eq(checks.projectId, projectId), eq(checks.name, name)))
    .get()
}

function filtered(filter: CheckFilter): SQL | undefined {
  return and(
    filter.projectId === undefined ? undefined : eq(checks.projectId, filter.projectId),
    filter.status === undefined ? undefined : hasStatus(filter.status),
    filter.named === undefined ? undefined : eq(checks.name, filter.named),
    filter.matching === undefined
      ? undefined
      : sql`instr(lower_case(${checks.name}), ${filter.matching.toLowerCase()}) > 0`,
  )
}

/** `shownStatus` as SQL. */
function hasStatus({ shown, at }: NonNullable<CheckFilter['status']>): SQL | undefined {
  const late = sql`(${checks.misses} > 0 or coalesce(${checks.lateAt} <= ${at}, 0))`
  if (shown === 'late') return and(eq(checks.status, 'up'), late)
  return and(eq(checks.status, shown), shown === 'up' ? sql`not ${late}` : undefined)
}
