// Which open alert explains another: its host is down, its source is silent, a check it depends on alerts, Vakt is offline.

import { nextDue } from '../../checks/check.ts'
import { readCheck } from '../../checks/checks.ts'
import { dependencyNamed, dependencyNames } from '../../checks/dependencies.ts'
import { graceAfterDowntime } from '../../checks/downtimes.ts'
import type { State } from '../../state/database.ts'
import type { Alert } from '../alert.ts'
import { readAlert, readOpenAlert } from '../alerts.ts'
import { type InhibitionAlert, inhibits, isGoingOn, isSilent, rootCause } from './inhibition.ts'
import { readThresholds } from './settings.ts'

/** Where the chain of what explains an alert ends; null when nothing does. A finding that is no alert yet has the id Infinity. */
export function readRootCause(state: State, kin: InhibitionAlert): InhibitionAlert | null {
  return rootCause(kin, one => nearestParent(state, one))
}

function nearestParent(state: State, kin: InhibitionAlert): InhibitionAlert | null {
  const possible = possibleParents(state, kin)
  const local = possible.find(parent => parent.role !== 'offline' && inhibits(parent, kin))
  return local ?? failedDependency(state, kin) ?? possible.find(parent => inhibits(parent, kin)) ?? null
}

/** The open alerts whose role may be about this one, oldest first. */
function possibleParents(state: State, { labels }: InhibitionAlert): InhibitionAlert[] {
  // Named, for the order by number would have it look through every alert of all times.
  const query = `select id from alerts indexed by alerts_role where role is not null and state <> 'resolved'
    and (role = 'offline' or labels ->> 'host' = ? or labels ->> 'source' = ?) order by id`
  const rows = state.prepare<[string | null, string | null], { id: number }>(query)
  return rows.all(labels.host ?? null, labels.source ?? null).map(({ id }) => readAlert(state, id)!)
}

/** The alert of the check that this one depends on, or of what that one depends on in turn. */
function failedDependency(state: State, kin: InhibitionAlert): InhibitionAlert | null {
  const first = kin.labels.depends_on
  if (first === undefined || kin.projectId === null) return null
  const seen = new Set<number>()
  const waiting = dependencyNames(first)
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const check = dependencyNamed(state, kin.projectId, name)
    if (!check || seen.has(check.id)) continue
    seen.add(check.id)
    const alert = readOpenAlert(state, `check:${check.id}`)
    if (alert && alert.id !== kin.id && isGoingOn(alert, kin) && !isSelf(kin, check.name)) return alert
    if (check.dependsOn !== null) waiting.push(...dependencyNames(check.dependsOn))
  }
  return null
}

const isSelf = (kin: InhibitionAlert, check: string) => kin.labels.check === check

/** Whether the alert of a check explains others now or may: some check depends on it. */
export function hasDependents(state: State, { checkId }: Pick<Alert, 'checkId'>): boolean {
  if (checkId === null) return false
  const find = 'select project_id as projectId, name, slug, uuid from checks where id = ?'
  type Row = { projectId: number; name: string; slug: string; uuid: string }
  const check = state.prepare<[number], Row>(find).get(checkId)
  if (!check) return false
  const { projectId, name, slug, uuid } = check
  const named = 'select 1 from checks where project_id = ? and depends_on in (?, ?, ?) limit 1'
  if (state.prepare(named).get(projectId, name, slug, uuid) !== undefined) return true
  // A list of names may hold this one.
  const listed = `select 1 from checks where project_id = ? and depends_on is not null and instr(depends_on, ',') > 0 limit 1`
  return state.prepare(listed).get(projectId) !== undefined
}

/** Until when a new alert waits for what may explain it; null when nothing could. */
export function awaitsCauseUntil(state: State, kin: InhibitionAlert): number | null {
  const { inhibitionDelay } = readThresholds(state, kin.projectId)
  return inhibitionDelay > 0 && mayHaveParent(state, kin) ? kin.firedAt + inhibitionDelay : null
}

function mayHaveParent(state: State, kin: InhibitionAlert): boolean {
  if (kin.labels.depends_on !== undefined && kin.labels.check !== undefined) return true
  const { host } = kin.labels
  if (host === undefined || kin.role !== null || !isSilent(kin)) return false
  if (state.prepare('select 1 from hosts where name = ? and enabled = 1').get(host) !== undefined) return true
  const several = `select count(*) as n from (select 1 from checks where host = ? and project_id is ? limit 2)`
  return state.prepare<[string, number | null], { n: number }>(several).get(host, kin.projectId)!.n > 1
}

/**
 * Until when an alert waits after what explained it is over: a check for its next beat (as long as its project says at
 * the most), anything else as long as that lasted, from 5 s to a minute.
 */
export function awaitsCauseAfter(
  state: State,
  alert: Pick<Alert, 'checkId' | 'projectId'>,
  parent: Alert | undefined,
  now: number,
): number {
  const soon = now + graceAfterDowntime(parent?.since ?? now, now)
  const check = alert.checkId === null ? undefined : readCheck(state, alert.checkId)
  if (!check) return soon
  const most = now + readThresholds(state, alert.projectId).recoveryGrace
  try {
    const due = nextDue(check, now)
    return due === null ? soon : Math.max(soon, Math.min(due + check.grace, most))
  } catch {
    // A check whose schedule cannot be worked out any more beats when it beats.
    return soon
  }
}
