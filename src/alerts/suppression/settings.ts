// The thresholds of suppression: what each means, its default and range, and the values set for all projects or for one.
import type { State } from '../../state/database.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../time.ts'
import { requestReevaluation } from './reevaluation.ts'

/** One threshold: a count, or a duration in ms. `default`, `min` and `max` are in the same unit. */
export type Threshold = { kind: 'count' | 'duration'; default: number; min: number; max: number; summary: string }

export const THRESHOLDS = {
  inhibitionDelay: {
    kind: 'duration',
    default: 30 * SECOND,
    min: 0,
    max: HOUR,
    summary:
      'Time a silent check or container waits for a possible root cause (its host, its dependencies); 0s: no wait',
  },
  recoveryGrace: {
    kind: 'duration',
    default: HOUR,
    min: 0,
    max: DAY,
    summary: 'Maximum time a check has for its next ping after its root cause is resolved',
  },
  flapChanges: {
    kind: 'count',
    default: 6,
    min: 0,
    max: 50,
    summary:
      'Number of times an alert may fire and resolve within --flap-window before it counts as flapping; 0: never',
  },
  flapWindow: {
    kind: 'duration',
    default: 10 * MINUTE,
    min: 10 * SECOND,
    max: DAY,
    summary: 'Time window in which --flap-changes are counted',
  },
  flapStableFor: {
    kind: 'duration',
    default: 10 * MINUTE,
    min: SECOND,
    max: DAY,
    summary: 'Time a flapping alert must stay clear before it is resolved',
  },
  stormRate: {
    kind: 'count',
    default: 20,
    min: 0,
    max: 10_000,
    summary: 'Alerts per minute that get a card each; more are a storm, which is one card; 0: no limit',
  },
  stormMaxRemaining: {
    kind: 'count',
    default: 10,
    min: 0,
    max: 1000,
    summary: 'Number of open alerts at which a storm ends and each gets its own card',
  },
} as const satisfies Record<string, Threshold>

export type ThresholdName = keyof typeof THRESHOLDS
export type Thresholds = { readonly [Name in ThresholdName]: number }

export const DEFAULT_THRESHOLDS: Thresholds = Object.fromEntries(
  Object.entries(THRESHOLDS).map(([name, threshold]) => [name, threshold.default]),
) as Thresholds

/** The project id of thresholds for all projects that have none of their own. */
const ALL_PROJECTS = 0

/** The thresholds of a project: its own, else those for all projects, else the defaults. */
export function readThresholds(state: State, projectId: number | null): Thresholds {
  const query = 'select name, value from suppression_settings where project_id in (0, ?) order by project_id'
  const rows = state.prepare<[number], { name: string; value: number }>(query).all(projectId ?? ALL_PROJECTS)
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
    for (const [name, value] of Object.entries(values)) write.run(projectId ?? ALL_PROJECTS, name, value)
  })
}

/** Removes the thresholds of a project, or those for all (null), so that the more general ones apply again. */
export function resetThresholds(state: State, projectId: number | null): void {
  const remove = 'delete from suppression_settings where project_id = ?'
  state.transaction(() => state.prepare(remove).run(projectId ?? ALL_PROJECTS))
}
