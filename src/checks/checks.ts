// The checks: added, found, edited, paused and removed.
import { randomUUID } from 'node:crypto'
import type { SQL } from 'drizzle-orm'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, eq, sql } from '../state/orm.ts'
import { checks, projects } from '../state/schema/index.ts'
import { type Check, type CheckChanges, restart, resume, type ShownStatus } from './check.ts'
import { renameDependency } from './dependencies.ts'

/** What is chosen when a check is made; the rest follows. */
export type CheckDraft = Pick<Check, 'projectId' | 'name' | 'timeZone' | 'grace' | 'severity'> & Partial<Check>

/** Adds a check that waits for its first beat. Throws `conflict` when the project has one of that name. */
export function addCheck(state: State, draft: CheckDraft, now: number): Check {
  const slug = draft.slug ?? slugOf(draft.name)
  if (readByName(state, draft.projectId, draft.name)) {
    throw new Problem('conflict', `There is a check "${draft.name}" already. "checks edit" changes it.`, {
      fields: { name: 'is taken' },
    })
  }
  const row = { ...draft, slug, uuid: randomUUID(), status: 'new' as const, createdAt: now }
  return state.transaction(() => state.db.insert(checks).values(row).returning().get())
}

/** `Nightly backup (eu)` becomes `nightly-backup-eu`, the last part of its slug URL. */
export function slugOf(name: string): string {
  // What can be a slug is its own, so that create=1 never meets a check of that name under another slug.
  if (/^[-a-z0-9_]+$/.test(name)) return name
  const ascii = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return ascii.replaceAll(/[^a-z0-9_]+/g, '-').replaceAll(/^-+|-+$/g, '')
}

/** The check of an id as it is stored, or undefined. */
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

/** The check of a ping URL; those that beat are kept in memory, because every beat asks. */
export function readCheckByUuid(state: State, uuid: string): Check | undefined {
  const kept = state.memory<Check>(KEPT).get(uuid)
  if (kept) return kept
  const check = state
    .prepared('check by uuid', db =>
      db
        .select()
        .from(checks)
        .where(eq(checks.uuid, sql.placeholder('uuid')))
        .prepare(),
    )
    .get({ uuid })
  if (check) state.memory<Check>(KEPT).set(uuid, check)
  return check
}

const KEPT = 'checks by uuid'

/** Before checks are changed by other ways than their beats: what is put off is written, and memory begins anew. */
function forgetChecks(state: State): void {
  state.forget(KEPT)
}

/** The checks of a project that share a slug; two at the most, for more than one is ambiguous all the same. */
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
  // A beat of the same turn may not be written yet.
  return query.all({ pingKey, slug }).map(row => state.memory<Check>(KEPT).get(row.check.uuid) ?? row.check)
}

export type CheckFilter = {
  projectId?: number
  /** The status as it is shown at `at`. */
  status?: { shown: ShownStatus; at: number }
  matching?: string
  limit?: number
  offset?: number
}

/** Checks by name; `matching` is a part of the name. */
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

/** How many checks `listChecks` would find without a limit. */
export function countChecks(state: State, filter: CheckFilter = {}): number {
  return state.db.select({ n: sql<number>`count(*)` }).from(checks).where(filtered(filter)).get()!.n
}

/** How many checks have each stored status. */
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

/** How many checks are shown with each status at `now`. */
export function countByShownStatus(state: State, now: number): Record<ShownStatus, number> {
  const counts = countByStatus(state)
  const late = countChecks(state, { status: { shown: 'late', at: now } })
  return { ...counts, up: counts.up - late, late }
}

/** Stores what the rules made of a check. */
export function updateCheck(state: State, id: number, changes: CheckChanges): void {
  forgetChecks(state)
  state.db.update(checks).set(changes).where(eq(checks.id, id)).run()
  state.emit('deadlines')
}

/** Stores what a beat made of a check: in memory at once, on disk with the rest of the running transaction. */
export function storeBeatChanges(state: State, check: Check): void {
  state.memory<Check>(KEPT).set(check.uuid, check)
  state.writeLast(check.id, () => writeBeatChanges(state, check))
  state.emit('deadlines')
}

// By hand, because every beat passes here.
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
      check.lateAt,
      check.downAt,
      check.id,
    )
}

const STORE_BEAT_CHANGES = `update checks set beats = ?, status = ?, misses = ?, missed_at = ?, miss_kind = ?,
  last_beat_at = ?, last_start_at = ?, last_start_rid = ?, last_duration = ?, late_at = ?, down_at = ? where id = ?`

/** Changes a check's settings; its deadlines are counted anew when they depend on them. */
export function editCheck(state: State, check: Check, changes: CheckChanges, now: number): Check {
  if (changes.name !== undefined && changes.name !== check.name) {
    if (readByName(state, check.projectId, changes.name)) {
      throw new Problem('conflict', `There is a check "${changes.name}" already.`, { fields: { rename: 'is taken' } })
    }
    changes = { ...changes, slug: slugOf(changes.name) }
  }
  const changed = (names: readonly (keyof Check)[]) =>
    names.some(name => changes[name] !== undefined && changes[name] !== check[name])
  const rescheduled = changed(['every', 'cron', 'timeZone', 'active'])
  if (!rescheduled && !changed(['grace', 'maxRuntime'])) return saved(state, check, changes)
  const edited = { ...check, ...changes, ...(rescheduled ? { lateAt: null } : {}) }
  return saved(state, check, { ...changes, ...restart(edited, now) })
}

/** Stops judging a check until it is resumed, or until its next beat when it is not set to manual resume. */
export function pauseCheck(state: State, check: Check): Check {
  if (check.status === 'paused') throw new Problem('conflict', `The check "${check.name}" is paused already.`)
  const paused: CheckChanges = { status: 'paused', lateAt: null, downAt: null, lastStartAt: null, lastStartRid: null }
  return saved(state, check, { ...paused, misses: 0, missedAt: null, missKind: null })
}

/** Judges a paused check again: its next beat is awaited from `now`; one that never beat waits for its first. */
export function resumeCheck(state: State, check: Check, now: number): Check {
  if (check.status !== 'paused') throw new Problem('conflict', `The check "${check.name}" is not paused.`)
  return saved(state, check, resume(check, now))
}

/** Removes a check with its beats; its alert is for the caller to end, while the key of it is known. */
export function removeCheck(state: State, check: Check): void {
  forgetChecks(state)
  state.transaction(() => state.db.delete(checks).where(eq(checks.id, check.id)).run())
}

function saved(state: State, check: Check, changes: CheckChanges): Check {
  return state.transaction(() => {
    if (changes.name !== undefined && changes.name !== check.name) renameDependency(state, check, changes.name)
    forgetChecks(state)
    state.emit('deadlines')
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
    filter.matching === undefined ? undefined : sql`instr(lower(${checks.name}), ${filter.matching.toLowerCase()}) > 0`,
  )
}

/** What `shownStatus` says, as SQL. */
function hasStatus({ shown, at }: NonNullable<CheckFilter['status']>): SQL | undefined {
  const late = sql`(${checks.misses} > 0 or coalesce(${checks.lateAt} <= ${at}, 0))`
  if (shown === 'late') return and(eq(checks.status, 'up'), late)
  return and(eq(checks.status, shown), shown === 'up' ? sql`not ${late}` : undefined)
}
