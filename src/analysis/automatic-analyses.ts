// For which projects critical alerts are analysed by themselves, and which alerts are due.
import type { State } from '../state/database.ts'
import { asc, eq } from '../state/orm.ts'
import { automaticAnalyses, projects } from '../state/schema/index.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'

/** An alert is given so long to show what it is about, and is old news after so long. */
export const SETTLES = 20 * SECOND
const FRESH = 10 * MINUTE

/** Turns it on or off for a project. */
export function setAutomatic(state: State, projectId: number, on: boolean, by: string, now: number): void {
  state.transaction(() => {
    state.db.delete(automaticAnalyses).where(eq(automaticAnalyses.projectId, projectId)).run()
    if (on) state.db.insert(automaticAnalyses).values({ projectId, by, at: now }).run()
  })
}

/** The names of the projects that have it on. */
export function listAutomatic(state: State): string[] {
  return state.db
    .select({ name: projects.name })
    .from(automaticAnalyses)
    .innerJoin(projects, eq(projects.id, automaticAnalyses.projectId))
    .orderBy(asc(projects.name))
    .all()
    .map(row => row.name)
}

const WAITING = `select a.id, coalesce(a.released_at, a.fired_at) as told_at from alerts a join automatic_analyses p on p.project_id = a.project_id
  where a.state <> 'resolved' and a.severity = 'critical' and a.suppression is null and told_at > ?
    and not exists (select 1 from analyses n where n.alert_id = a.id) order by a.id limit 20`

/** Critical alerts that people are told of and nobody analysed yet, oldest first, with when each is due. */
export function waitingAlerts(state: State, now: number): { id: number; dueAt: number }[] {
  return state
    .prepare<[number], { id: number; told_at: number }>(WAITING)
    .all(now - FRESH)
    .map(row => ({ id: row.id, dueAt: row.told_at + SETTLES }))
}

/** How many were made by themselves in the last hour. */
export function countAutomatic(state: State, now: number): number {
  const query = 'select count(*) as n from analyses where automatic = 1 and at > ?'
  return state.prepare<[number], { n: number }>(query).get(now - HOUR)!.n
}
