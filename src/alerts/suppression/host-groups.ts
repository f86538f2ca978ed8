// Hosts that fell silent as a whole: where no detector watches the host itself, its checks are told in one card.
import type { Finding } from '../../detectors/finding.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { type Alert, openAlert, resolve } from '../alert.ts'
import { insertAlert, readAlert, readOpenAlert, recordChange } from '../alerts.ts'
import { HOST_CHECKS, isSilent } from './inhibition.ts'

/** So many silent checks of one host are its own fault rather than theirs. */
const ENOUGH = 3

/**
 * Opens the card of each host whose checks (`due` are alerts of some, about to be told) fell silent together: at least
 * three, and no check of the host has beaten since the first of them was missed. Says whether one was opened.
 */
export function groupHosts(state: State, due: readonly Alert[], now: number): boolean {
  const hosts = Map.groupBy(
    due.filter(alert => alert.labels.host !== undefined && alert.labels.check !== undefined && isSilent(alert)),
    alert => JSON.stringify([alert.projectId, alert.labels.host]),
  )
  return [...hosts.values()].map(([one]) => group(state, one!.projectId, one!.labels.host!, now)).some(opened => opened)
}

/** Ends the cards of hosts that were heard again, or that have no silent check any more; says whether one ended. */
export function sweepHostGroups(state: State, now: number): boolean {
  const query = `select id from alerts where role = 'host-down' and detector = '${HOST_CHECKS}' and state <> 'resolved'`
  const groups = state.prepare<[], { id: number }>(query).all()
  return groups.map(({ id }) => keep(state, readAlert(state, id)!, now)).some(ended => ended)
}

function group(state: State, projectId: number | null, host: string, now: number): boolean {
  const key = `${HOST_CHECKS}:${projectId ?? 0}:${host}`
  if (readOpenAlert(state, key)) return false
  const silent = waitingOf(state, projectId, host)
  if (silent.length < ENOUGH) return false
  const since = Math.min(...silent.map(alert => alert.since))
  if (heardSince(state, projectId, host, since)) return false
  const named = silent.length.toLocaleString('en')
  const worst = (['critical', 'warning', 'info'] as const).find(one => silent.some(alert => alert.severity === one))!
  const finding: Finding = {
    ...{ key, detector: HOST_CHECKS, projectId, severity: worst, since, owner: null, occurrences: 1 },
    title: `host ${host}: ${named} checks sent no beat`,
    remindEvery: (projectId === null ? undefined : readProjectById(state, projectId))?.remindEvery ?? 0,
    observation: { lines: ['They fell silent together, and no check of that host has beaten since.'] },
    labels: { role: 'host-down', host },
  }
  insertAlert(state, { ...openAlert(finding, now), releasedAt: now }, now)
  return true
}

/** The alerts of silent checks of a host that still wait for their cause. */
function waitingOf(state: State, projectId: number | null, host: string): Pick<Alert, 'since' | 'severity'>[] {
  const query = `select since, severity from alerts where suppression = 'awaiting-cause' and state <> 'resolved' and project_id is ?
    and labels ->> 'host' = ? and labels ->> 'check' is not null and coalesce(labels ->> 'miss', '') <> 'failed'`
  return state.prepare<[number | null, string], Pick<Alert, 'since' | 'severity'>>(query).all(projectId, host)
}

function heardSince(state: State, projectId: number | null, host: string, since: number): boolean {
  const query = 'select 1 from checks where host = ? and project_id is ? and last_beat_at > ? limit 1'
  return state.prepare(query).get(host, projectId, since) !== undefined
}

function keep(state: State, alert: Alert, now: number): boolean {
  const host = alert.labels.host!
  const query = `select 1 from checks where host = ? and project_id is ? and status = 'down' limit 1`
  const silent = state.prepare(query).get(host, alert.projectId) !== undefined
  if (silent && !heardSince(state, alert.projectId, host, alert.since)) return false
  const lines = [silent ? 'A check of it has beaten again.' : 'No check of it is silent any more.']
  recordChange(state, alert, resolve(alert, null, now, { lines }), now)
  return true
}
