// Finds the root cause of an alert among the open alerts: its host, its source, a check it depends on, or Vakt being offline.

import { readCheck } from '../../checks/checks.ts'
import { dependencyNamed, dependencyNames } from '../../checks/dependencies.ts'
import { graceAfterDowntime } from '../../checks/downtimes.ts'
import { nextDue } from '../../checks/due.ts'
import type { State } from '../../state/database.ts'
import type { Alert } from '../alert.ts'
import { readAlert, readOpenAlert } from '../alerts.ts'
import { type InhibitionAlert, inhibits, isActiveCause, isSilent, rootCause } from './inhibition.ts'
import { readThresholds } from './settings.ts'

/** The root cause of an alert, or null. A finding that is not an alert yet has the id `Infinity`. */
export function readRootCause(state: State, alert: InhibitionAlert): InhibitionAlert | null {
  return rootCause(alert, alert => readCause(state, alert))
}

function readCause(state: State, alert: InhibitionAlert): InhibitionAlert | null {
  const candidates = readCandidates(state, alert)
  const local = candidates.find(cause => cause.role !== 'offline' && inhibits(cause, alert))
  return local ?? readFailedDependency(state, alert) ?? candidates.find(cause => inhibits(cause, alert)) ?? null
}

/** The open alerts whose role may inhibit this alert, oldest first. */
function readCandidates(state: State, { labels }: InhibitionAlert): InhibitionAlert[] {
  // The index is named because the order by id would make SQLite read every alert ever stored.
  const query = `select id from alerts indexed by alerts_role where role is not null and state <> 'resolved'
    and (role = 'offline' or labels ->> 'host' = ? or labels ->> 'source' = ?) order by id`
  const rows = state.prepare<[string | null, string | null], { id: number }>(query)
  return rows.all(labels.host ?? null, labels.source ?? null).map(({ id }) => readAlert(state, id)!)
}

/** The open alert of a check that this alert depends on, directly or through other checks. */
function readFailedDependency(state: State, alert: InhibitionAlert): InhibitionAlert | null {
  const first = alert.labels.depends_on
  if (first === undefined || alert.projectId === null) return null
  const seen = new Set<number>()
  const queue = dependencyNames(first)
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const check = dependencyNamed(state, alert.projectId, name)
    if (!check || seen.has(check.id)) continue
    seen.add(check.id)
    const cause = readOpenAlert(state, `check:${check.id}`)
    const isSelf = alert.labels.check === check.name
    if (cause && cause.id !== alert.id && isActiveCause(cause, alert) && !isSelf) return cause
    if (check.dependsOn !== null) queue.push(...dependencyNames(check.dependsOn))
  }
  return null
}

/** Whether an alert is about a check that other checks depend on. */
export function hasDependents(state: State, { checkId }: Pick<Alert, 'checkId'>): boolean {
  if (checkId === null) return false
  const find = 'select project_id as projectId, name, slug, uuid from checks where id = ?'
  type Row = { projectId: number; name: string; slug: string; uuid: string }
  const check = state.prepare<[number], Row>(find).get(checkId)
  if (!check) return false
  const { projectId, name, slug, uuid } = check
  const named = 'select 1 from checks where project_id = ? and depends_on in (?, ?, ?) limit 1'
  if (state.prepare(named).get(projectId, name, slug, uuid) !== undefined) return true
  // Any list of several names may contain this check.
  const listed = `select 1 from checks where project_id = ? and depends_on is not null and instr(depends_on, ',') > 0 limit 1`
  return state.prepare(listed).get(projectId) !== undefined
}

/** Until when (epoch ms) a new alert waits for a possible root cause; null when it can have none. */
export function awaitsCauseUntil(state: State, alert: InhibitionAlert): number | null {
  const { inhibitionDelay } = readThresholds(state, alert.projectId)
  return inhibitionDelay > 0 && mayHaveCause(state, alert) ? alert.firedAt + inhibitionDelay : null
}

function mayHaveCause(state: State, alert: InhibitionAlert): boolean {
  const { check, host, depends_on: dependsOn } = alert.labels
  if (dependsOn !== undefined && check !== undefined) return true
  if (host === undefined || alert.role !== null || !isSilent(alert)) return false
  if (state.prepare('select 1 from hosts where name = ? and enabled = 1').get(host) !== undefined) return true
  const several = `select count(*) as n from (select 1 from checks where host = ? and project_id is ? limit 2)`
  return state.prepare<[string, number | null], { n: number }>(several).get(host, alert.projectId)!.n > 1
}

/**
 * Until when (epoch ms) an alert waits after its root cause is resolved: a check for its next beat, at most for the
 * `recoveryGrace` of its project; anything else for as long as the cause lasted, from 5 s to a minute.
 */
export function awaitsCauseAfter(
  state: State,
  alert: Pick<Alert, 'checkId' | 'projectId'>,
  cause: Alert | undefined,
  now: number,
): number {
  const soon = now + graceAfterDowntime(cause?.since ?? now, now)
  const check = alert.checkId === null ? undefined : readCheck(state, alert.checkId)
  if (!check) return soon
  const latest = now + readThresholds(state, alert.projectId).recoveryGrace
  try {
    const due = nextDue(check, now)
    return due === null ? soon : Math.max(soon, Math.min(due + check.grace, latest))
  } catch {
    // The schedule can no longer be computed, for example because its time zone was removed.
    return soon
  }
}
