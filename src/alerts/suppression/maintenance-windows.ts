// The table of maintenance: planned work, once or by cron, whose windows suppress the alerts that match.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { maintenances } from '../../state/schema/index.ts'
import { DAY } from '../../time.ts'
import { knownMatcher } from '../matcher.ts'
import { windowAfter } from './cron-window.ts'
import { requestReevaluation } from './reevaluation.ts'
import type { ActiveMute } from './suppression.ts'

/** How long ended maintenance is kept, as long as alerts. */
const RETENTION_MS = 400 * DAY

export type Maintenance = typeof maintenances.$inferSelect

export type MaintenanceDraft = Pick<
  Maintenance,
  'projectId' | 'name' | 'matcher' | 'cron' | 'timeZone' | 'duration' | 'days' | 'by' | 'startsAt' | 'endsAt'
>

/** Adds maintenance, whose matcher is valid. Throws `conflict` when its name is taken by maintenance that has not ended. */
export function addMaintenance(state: State, draft: MaintenanceDraft, now: number): Maintenance {
  return state.transaction(() => {
    const hasName = eq(maintenances.name, draft.name)
    const known = state.db.select().from(maintenances).where(hasName).get()
    if (known && !known.ended) {
      throw new Problem('conflict', `There is already maintenance "${draft.name}".`, { fields: { name: 'is taken' } })
    }
    if (known) state.db.delete(maintenances).where(hasName).run()
    requestReevaluation(state)
    return state.db
      .insert(maintenances)
      .values({ ...draft, createdAt: now })
      .returning()
      .get()
  })
}

/** The maintenance of a name, of `projectId` only when that is set. Throws `not_found`. */
export function findMaintenance(state: State, name: string, projectId?: number): Maintenance {
  const maintenance = state.db.select().from(maintenances).where(eq(maintenances.name, name)).get()
  if (maintenance && (projectId === undefined || maintenance.projectId === projectId)) return maintenance
  throw new Problem('not_found', `There is no maintenance "${name}". "maintenance list" shows all maintenance.`, {
    fields: { name: 'no such maintenance' },
  })
}

/** All maintenance by its next window, ended maintenance last. */
export function listMaintenances(state: State, projectId?: number): Maintenance[] {
  const filter = projectId === undefined ? undefined : eq(maintenances.projectId, projectId)
  const order = [asc(maintenances.ended), asc(maintenances.startsAt)]
  return state.db
    .select()
    .from(maintenances)
    .where(filter)
    .orderBy(...order)
    .all()
}

/** Removes maintenance; its active window ends with it. */
export function removeMaintenance(state: State, { id }: Maintenance): void {
  state.transaction(() => {
    requestReevaluation(state)
    state.db.delete(maintenances).where(eq(maintenances.id, id)).run()
  })
}

/** Deletes maintenance that ended more than `RETENTION_MS` ago. */
export function pruneMaintenances(state: State, now: number): void {
  const remove = 'delete from maintenances where ended = 1 and ends_at < ?'
  state.transaction(() => state.prepare(remove).run(now - RETENTION_MS))
}

/** Ends a window and moves the maintenance to its next one, if any; `early` when somebody ends the window before its time. */
export function endWindow(state: State, maintenance: Maintenance, now: number, early: boolean): Maintenance {
  return state.transaction(() => {
    requestReevaluation(state)
    const next = windowAfter(maintenance, now, early)
    const changes = next ? { ...next } : { ended: true, endsAt: Math.min(maintenance.endsAt, now) }
    return updateMaintenance(state, maintenance, { ...changes, started: false, suppressedCount: 0 })
  })
}

/** Marks the windows that started by `now`; returns whether there were any. */
export function startWindows(state: State, now: number): boolean {
  if ((nextWindowChange(state) ?? Number.POSITIVE_INFINITY) > now) return false
  const due = sql`ended = 0 and started = 0 and starts_at <= ${now}`
  return state.db.update(maintenances).set({ started: true }).where(due).run().changes > 0
}

/** The maintenance whose window has passed at `now`. */
export function listPassedWindows(state: State, now: number): Maintenance[] {
  if ((nextWindowChange(state) ?? Number.POSITIVE_INFINITY) > now) return []
  const passed = and(eq(maintenances.ended, false), sql`${maintenances.endsAt} <= ${now}`)
  return state.db.select().from(maintenances).where(passed).all()
}

/** When the next window starts or ends (epoch ms), or null. */
export function nextWindowChange(state: State): number | null {
  const query = 'select min(case when started then ends_at else starts_at end) as at from maintenances where ended = 0'
  return state.prepare<[], { at: number | null }>(query).get()!.at
}

/** The windows that are active at `now`, as mutes. */
export function activeMaintenances(state: State, now: number): ActiveMute[] {
  const query = state.prepared('active maintenance', db =>
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
    reason: `maintenance ${maintenance.name}`,
  }))
}

/** Counts one more alert that a window suppresses. */
export function countMutedByMaintenance(state: State, id: number): void {
  state.prepare('update maintenances set suppressed_count = suppressed_count + 1 where id = ?').run(id)
}

function updateMaintenance(state: State, { id }: Maintenance, changes: Partial<Maintenance>): Maintenance {
  return state.db.update(maintenances).set(changes).where(eq(maintenances.id, id)).returning().get()!
}
