// Groups the silent checks of a host into one alert, where no detector watches the host itself.
import type { Finding } from '../../detectors/finding.ts'
import { readProjectById } from '../../projects/projects.ts'
import { compareSeverity } from '../../severity.ts'
import type { State } from '../../state/database.ts'
import { plural } from '../../text.ts'
import { type Alert, openAlert, resolve } from '../alert.ts'
import { insertAlert, readAlert, readOpenAlert, recordChange } from '../alerts.ts'
import { HOST_CHECKS, isSilent } from './inhibition.ts'

/** From this number of silent checks on, the host is the likely cause. */
const MIN_CHECKS = 3

/**
 * Opens an alert for each host whose checks missed their beats together: at least `MIN_CHECKS`, and no check of the host
 * sent a beat since the first of them was missed. `due` are alerts about to be shown. Returns whether one was opened.
 */
export function groupHosts(state: State, due: readonly Alert[], now: number): boolean {
  const hosts = Map.groupBy(
    due.filter(alert => alert.labels.host !== undefined && alert.labels.check !== undefined && isSilent(alert)),
    alert => JSON.stringify([alert.projectId, alert.labels.host]),
  )
  return [...hosts.values()]
    .map(([alert]) => groupHost(state, alert!.projectId, alert!.labels.host!, now))
    .some(opened => opened)
}

/** Ends the alerts of hosts that sent a beat again, or that have no silent check any more; returns whether one ended. */
export function sweepHostGroups(state: State, now: number): boolean {
  const query = `select id from alerts where role = 'host-down' and detector = '${HOST_CHECKS}' and state <> 'resolved'`
  const groups = state.prepare<[], { id: number }>(query).all()
  return groups.map(({ id }) => endIfUp(state, readAlert(state, id)!, now)).some(ended => ended)
}

function groupHost(state: State, projectId: number | null, host: string, now: number): boolean {
  const key = `${HOST_CHECKS}:${projectId ?? 0}:${host}`
  if (readOpenAlert(state, key)) return false
  const silent = readSilentChecks(state, projectId, host)
  if (silent.length < MIN_CHECKS) return false
  const since = Math.min(...silent.map(alert => alert.since))
  if (hasBeatSince(state, projectId, host, since)) return false
  const finding: Finding = {
    key,
    detector: HOST_CHECKS,
    projectId,
    severity: silent.map(alert => alert.severity).reduce((a, b) => (compareSeverity(a, b) < 0 ? b : a)),
    title: `host ${host}: ${plural(silent.length, 'check')} sent no beat`,
    since,
    owner: null,
    remindEvery: (projectId === null ? undefined : readProjectById(state, projectId))?.remindEvery ?? 0,
    observation: { lines: ['They missed their beats together, and no check of this host has sent one since.'] },
    occurrences: 1,
    labels: { role: 'host-down', host },
  }
  insertAlert(state, { ...openAlert(finding, now), releasedAt: now }, now)
  return true
}

/** The alerts of silent checks of a host that still wait for a root cause. */
function readSilentChecks(state: State, projectId: number | null, host: string): Pick<Alert, 'since' | 'severity'>[] {
  const query = `select since, severity from alerts where suppression = 'awaiting-cause' and state <> 'resolved'
    and project_id is ? and labels ->> 'host' = ? and labels ->> 'check' is not null
    and coalesce(labels ->> 'miss', '') <> 'failed'`
  return state.prepare<[number | null, string], Pick<Alert, 'since' | 'severity'>>(query).all(projectId, host)
}

function hasBeatSince(state: State, projectId: number | null, host: string, since: number): boolean {
  const query = 'select 1 from checks where host = ? and project_id is ? and last_beat_at > ? limit 1'
  return state.prepare(query).get(host, projectId, since) !== undefined
}

function endIfUp(state: State, alert: Alert, now: number): boolean {
  const host = alert.labels.host!
  const query = `select 1 from checks where host = ? and project_id is ? and status = 'down' limit 1`
  const hasSilent = state.prepare(query).get(host, alert.projectId) !== undefined
  if (hasSilent && !hasBeatSince(state, alert.projectId, host, alert.since)) return false
  const lines = [hasSilent ? 'A check of this host sent a beat again.' : 'No check of this host is down any more.']
  recordChange(state, alert, resolve(alert, null, now, { lines }), now)
  return true
}
