// The table of quiet hours: when alerts that are not critical wait, for all projects or for one.
import { activeUntil, isActive, parseActiveHours } from '../../checks/active-hours.ts'
import type { State } from '../../state/database.ts'
import { asc, eq } from '../../state/orm.ts'
import { quietHours } from '../../state/schema/index.ts'
import { requestReevaluation } from './reevaluation.ts'

export type QuietHours = typeof quietHours.$inferSelect

/** The project id of quiet hours for all projects that have none of their own. */
export const ALL_PROJECTS = 0

/** Sets the quiet hours of a project or of all (null); `hours` null means never. */
export function setQuietHours(
  state: State,
  projectId: number | null,
  draft: Pick<QuietHours, 'hours' | 'timeZone' | 'by'>,
  now: number,
): QuietHours {
  const row = { ...draft, projectId: projectId ?? ALL_PROJECTS, setAt: now }
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

/** Removes the quiet hours of a project, which then follows those for all, or of all (null). */
export function removeQuietHours(state: State, projectId: number | null): void {
  const ofProject = eq(quietHours.projectId, projectId ?? ALL_PROJECTS)
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

/** The end (epoch ms) of the quiet hours that apply to a project at `now`; null outside of them. */
export function readQuietUntil(state: State, projectId: number | null, now: number): number | null {
  const all = listQuietHours(state)
  const general = all.find(row => row.projectId === ALL_PROJECTS)
  const applying = all.find(row => row.projectId === projectId) ?? general
  return applying === undefined ? null : quietUntil(applying, now)
}

/** The end (epoch ms) of these quiet hours when `now` is within them; null outside of them. */
export function quietUntil({ hours, timeZone }: Pick<QuietHours, 'hours' | 'timeZone'>, now: number): number | null {
  const parsed = hours === null ? null : parseActiveHours(hours, timeZone)
  return parsed !== null && isActive(parsed, now) ? activeUntil(parsed, now) : null
}

/** Stores since when (epoch ms) these quiet hours are in effect; null when they are not. */
export function setQuietSince(state: State, { projectId }: QuietHours, quietSince: number | null): void {
  state.db.update(quietHours).set({ quietSince }).where(eq(quietHours.projectId, projectId)).run()
}
