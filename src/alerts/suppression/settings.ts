// The thresholds that somebody set, for all projects or for one.
import type { State } from '../../state/database.ts'
import { requestReevaluation } from './reevaluation.ts'
import { DEFAULT_THRESHOLDS, THRESHOLDS, type ThresholdName, type Thresholds } from './threshold.ts'

/** Stands for all projects that have no threshold of their own. */
const EVERYWHERE = 0

/** The thresholds of a project: its own, else those for all, else the usual ones. */
export function readThresholds(state: State, projectId: number | null): Thresholds {
  const query = 'select name, value from suppression_settings where project_id in (0, ?) order by project_id'
  const rows = state.prepare<[number], { name: string; value: number }>(query).all(projectId ?? EVERYWHERE)
  if (rows.length === 0) return DEFAULT_THRESHOLDS
  const known = rows.filter(row => row.name in THRESHOLDS).map(row => [row.name, row.value])
  return { ...DEFAULT_THRESHOLDS, ...Object.fromEntries(known) }
}

/** Sets thresholds for a project, or for all (null). */
export function setThresholds(
  state: State,
  projectId: number | null,
  values: Partial<Record<ThresholdName, number>>,
): void {
  const write = state.prepare(`insert into suppression_settings (project_id, name, value) values (?, ?, ?)
    on conflict (project_id, name) do update set value = excluded.value`)
  requestReevaluation(state)
  state.transaction(() => {
    for (const [name, value] of Object.entries(values)) write.run(projectId ?? EVERYWHERE, name, value)
  })
}

/** Takes a project's own thresholds away again; for all (null) the usual ones come back. */
export function resetThresholds(state: State, projectId: number | null): void {
  const remove = 'delete from suppression_settings where project_id = ?'
  state.transaction(() => state.prepare(remove).run(projectId ?? EVERYWHERE))
}
