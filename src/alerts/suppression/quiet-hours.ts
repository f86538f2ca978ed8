// The quiet hours: when what is not critical waits until they end, for all projects or for one.
import { activeUntil, isActive, parseActiveHours } from '../../checks/active-hours.ts'
import type { State } from '../../state/database.ts'
import { asc, eq } from '../../state/orm.ts'
import { quietHours } from '../../state/schema/index.ts'
import { requestReevaluation } from './reevaluation.ts'

export type QuietHours = typeof quietHours.$inferSelect

/** Stands for all projects that have no quiet hours of their own. */
const EVERYWHERE = 0

/** Sets the quiet hours of a project or of all (null); `hours` null is never. */
export function setQuietHours(
  state: State,
  projectId: number | null,
  draft: Pick<QuietHours, 'hours' | 'timeZone' | 'by'>,
  now: number,
): QuietHours {
  const row = { ...draft, projectId: projectId ?? EVERYWHERE, setAt: now }
  return state.transaction(() => {
    requestReevaluation(state)
    return state.db
      .insert(quietHours)
      .values(row)
      .onConflictDoUpdate({ target: quietHours.projectId, set: { ...draft, setAt: now } })
      .returning()
      .get()
  })
}

/** Takes the quiet hours of a project (which then follows those for all) or of all (null) away. */
export function removeQuietHours(state: State, projectId: number | null): void {
  const ofProject = eq(quietHours.projectId, projectId ?? EVERYWHERE)
  state.transaction(() => {
    requestReevaluation(state)
    state.db.delete(quietHours).where(ofProject).run()
  })
}

/** All quiet hours, those for all projects first. */
export function listQuietHours(state: State): QuietHours[] {
  return state
    .prepared('quiet hours', db => db.select().from(quietHours).orderBy(asc(quietHours.projectId)).prepare())
    .all()
}

/** Until when it is quiet for a project at `now`; null when it is not. */
export function readQuietUntil(state: State, projectId: number | null, now: number): number | null {
  const all = listQuietHours(state)
  const own = all.find(one => one.projectId === projectId) ?? all.find(one => one.projectId === EVERYWHERE)
  return own === undefined ? null : quietUntil(own, now)
}

/** Until when these quiet hours last at `now`; null outside of them. */
export function quietUntil({ hours, timeZone }: Pick<QuietHours, 'hours' | 'timeZone'>, now: number): number | null {
  const parsed = hours === null ? null : parseActiveHours(hours, timeZone)
  return parsed !== null && isActive(parsed, now) ? activeUntil(parsed, now) : null
}

/** Notes since when it is quiet, or (null) that it is not. */
export function markQuiet(state: State, one: QuietHours, quietSince: number | null): void {
  state.db.update(quietHours).set({ quietSince }).where(eq(quietHours.projectId, one.projectId)).run()
}
