// The maintenance windows: planned work, during which what it touches alerts nobody.
import { cronSchedule, nextRun } from '../../checks/cron.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { maintenances } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'
import { knownMatcher } from '../matcher.ts'
import { requestReevaluation } from './reevaluation.ts'
import type { ActiveMute } from './suppression.ts'

const KEPT = 400 * DAY

export type Maintenance = typeof maintenances.$inferSelect
type Window = Pick<Maintenance, 'startsAt' | 'endsAt'>

export type MaintenanceDraft = Pick<
  Maintenance,
  'projectId' | 'name' | 'matcher' | 'cron' | 'timeZone' | 'duration' | 'by' | 'startsAt' | 'endsAt'
>

/** Adds a maintenance; throws `conflict` when its name is taken. */
export function addMaintenance(state: State, draft: MaintenanceDraft, now: number): Maintenance {
  return state.transaction(() => {
    const named = eq(maintenances.name, draft.name)
    const old = state.db.select().from(maintenances).where(named).get()
    if (old && !old.ended) {
      throw new Problem('conflict', `There is a maintenance "${draft.name}" already.`, { fields: { name: 'is taken' } })
    }
    if (old) state.db.delete(maintenances).where(named).run()
    requestReevaluation(state)
    return state.db
      .insert(maintenances)
      .values({ ...draft, createdAt: now })
      .returning()
      .get()
  })
}

/** The maintenance of a name, within a project when one is named; throws `not_found`. */
export function findMaintenance(state: State, name: string, projectId?: number): Maintenance {
  const found = state.db.select().from(maintenances).where(eq(maintenances.name, name)).get()
  if (found && (projectId === undefined || found.projectId === projectId)) return found
  throw new Problem('not_found', `There is no maintenance "${name}". "maintenance list" shows those there are.`, {
    fields: { name: 'no such maintenance' },
  })
}

/** Maintenance by its next window, that which is over last. */
export function listMaintenances(state: State, projectId?: number): Maintenance[] {
  const wanted = projectId === undefined ? undefined : eq(maintenances.projectId, projectId)
  const order = [asc(maintenances.ended), asc(maintenances.startsAt)]
  return state.db
    .select()
    .from(maintenances)
    .where(wanted)
    .orderBy(...order)
    .all()
}

/** Removes a maintenance; a window of it that is on ends with it. */
export function removeMaintenance(state: State, one: Maintenance): void {
  state.transaction(() => {
    requestReevaluation(state)
    state.db.delete(maintenances).where(eq(maintenances.id, one.id)).run()
  })
}

/** Drops maintenance that was over thirteen months ago, as alerts are; its name was free before. */
export function pruneMaintenances(state: State, now: number): void {
  state.transaction(() => state.prepare('delete from maintenances where ended = 1 and ends_at < ?').run(now - KEPT))
}

/** Moves a maintenance to its next window, or to its end; `early` before its time. */
export function endWindow(state: State, one: Maintenance, now: number, early: boolean): Maintenance {
  return state.transaction(() => {
    requestReevaluation(state)
    const next = windowAfter(one, now, early)
    const changes = next ? { ...next } : { ended: true, endsAt: Math.min(one.endsAt, now) }
    return save(state, one, { ...changes, started: false, suppressedCount: 0 })
  })
}

/** The windows that began by `now`: each is told once. Says whether any did. */
export function beginWindows(state: State, now: number): boolean {
  if ((nextWindow(state) ?? Number.POSITIVE_INFINITY) > now) return false
  const due = sql`ended = 0 and started = 0 and starts_at <= ${now}`
  return state.db.update(maintenances).set({ started: true }).where(due).run().changes > 0
}

/** The maintenances whose window has passed. */
export function endedWindows(state: State, now: number): Maintenance[] {
  if ((nextWindow(state) ?? Number.POSITIVE_INFINITY) > now) return []
  const passed = and(eq(maintenances.ended, false), sql`${maintenances.endsAt} <= ${now}`)
  return state.db.select().from(maintenances).where(passed).all()
}

/** When the next window begins or ends. */
export function nextWindow(state: State): number | null {
  const query = 'select min(case when started then ends_at else starts_at end) as at from maintenances where ended = 0'
  return state.prepare<[], { at: number | null }>(query).get()!.at
}

/** The windows that are on at `now`, as what they lie over. */
export function activeMaintenances(state: State, now: number): ActiveMute[] {
  const query = state.prepared('maintenance that is on', db =>
    db
      .select()
      .from(maintenances)
      .where(sql`ended = 0 and starts_at <= ${sql.placeholder('now')}`)
      .prepare(),
  )
  return query.all({ now }).map(maintenance => ({
    kind: 'maintenance',
    id: maintenance.id,
    projectId: maintenance.projectId,
    matcher: knownMatcher(maintenance.matcher),
    until: maintenance.endsAt,
    reason: `the maintenance ${maintenance.name}`,
  }))
}

/** Counts one more alert that a window holds. */
export function countMutedByMaintenance(state: State, id: number): void {
  state.prepare('update maintenances set suppressed_count = suppressed_count + 1 where id = ?').run(id)
}

function save(state: State, one: Maintenance, changes: Partial<Maintenance>): Maintenance {
  return state.db.update(maintenances).set(changes).where(eq(maintenances.id, one.id)).returning().get()!
}

/** The window of a cron schedule that is on at `now`, or else the next; null when none comes any more. Starts are at or after `from`. */
export function cronWindow(
  { cron, timeZone, duration }: Pick<Maintenance, 'timeZone' | 'duration'> & { cron: string },
  now: number,
  from = now - duration,
): Window | null {
  const startsAt = nextRun(cronSchedule(cron, timeZone), Math.max(from, now - duration))
  return startsAt === null ? null : { startsAt, endsAt: startsAt + duration }
}

/** What follows a window that is over at `now`; null when none does. `early` when somebody ended it before its time. */
export function windowAfter(one: Maintenance, now: number, early: boolean): Window | null {
  if (one.cron === null) return null
  return cronWindow({ ...one, cron: one.cron }, now, early ? now : one.startsAt)
}
