// Alert storms: when more alerts fire than people can read, one card stands for all of them until few are left.
import type { Finding } from '../../detectors/finding.ts'
import { readProjectById } from '../../projects/projects.ts'
import { isWorse } from '../../severity.ts'
import type { State } from '../../state/database.ts'
import { MINUTE } from '../../time.ts'
import { type Alert, CARD_UPDATE_INTERVAL_MS, openAlert, resolve } from '../alert.ts'
import {
  bumpVersion,
  insertAlert,
  isEscalating,
  readAlert,
  readOpenAlert,
  recordChange,
  requestDelivery,
  updateAlert,
  writeHistory,
} from '../alerts.ts'
import { scheduleCardUpdate } from '../card-updates.ts'
import { STORM } from './inhibition.ts'
import { readThresholds } from './settings.ts'
import { stormSuppression, suppressionColumns } from './suppression.ts'

/** How long alerts are counted, and how long a storm lasts after the rate was last exceeded. */
const WINDOW_MS = MINUTE

/**
 * The id of the storm that a new alert of the project belongs to, or null. A storm starts, with the alerts that no channel
 * shows yet, when more alerts than `stormRate` fired within a minute.
 */
export function stormFor(state: State, projectId: number | null, now: number): number | null {
  const { stormRate } = readThresholds(state, projectId)
  if (stormRate === 0) return null
  const open = readOpenAlert(state, keyOf(projectId))
  if (open && open.stableAt !== null) return open.id
  if (!isCrowded(state, projectId, stormRate, now)) return null
  if (open) {
    updateAlert(state, open.id, { stableAt: now + WINDOW_MS })
    return open.id
  }
  const storm = startStorm(state, projectId, stormRate, now)
  for (const alert of readUnshown(state, projectId, now)) suppressByStorm(state, storm.id, alert, now)
  return storm.id
}

/** Counts an alert that a storm suppresses from now on; the storm takes its severity when that is worse. */
export function joinStorm(state: State, stormId: number, severity: Alert['severity'], now: number): void {
  const storm = readAlert(state, stormId)!
  if (isWorse(severity, storm.severity)) bumpVersion(state, storm, { severity })
  scheduleCardUpdate(state, stormId, Math.max(now, storm.seenAt + CARD_UPDATE_INTERVAL_MS))
}

/** Ends storms that subsided and of which few alerts are left; returns whether one ended. */
export function sweepStorms(state: State, now: number): boolean {
  const query = `select id from alerts where key >= 'storm:' and key < 'storm;' and state <> 'resolved'`
  const storms = state.prepare<[], { id: number }>(query).all()
  return storms.map(({ id }) => endIfSubsided(state, readAlert(state, id)!, now)).some(ended => ended)
}

function endIfSubsided(state: State, storm: Alert, now: number): boolean {
  const { stormRate, stormMaxRemaining } = readThresholds(state, storm.projectId)
  const { stableAt } = storm
  // More than a window ahead means that the clock went back.
  if (stableAt !== null && stableAt > now && stableAt <= now + WINDOW_MS) return false
  if (stableAt !== null) {
    const query = `select count(*) as n from alerts where suppression = 'storm' and suppressor_id = ? and state <> 'resolved' and fired_at > ? and fired_at <= ?`
    const recent = state.prepare<[number, number, number], { n: number }>(query)
    const isRaging = stormRate > 0 && recent.get(storm.id, now - WINDOW_MS, now)!.n >= stormRate
    updateAlert(state, storm.id, { stableAt: isRaging ? now + WINDOW_MS : null })
    if (isRaging) return false
    writeHistory(state, storm.id, { kind: 'storm-subsided', what: 'the rate of new alerts is back to normal' }, now)
  }
  // Never more at once than would start a storm again.
  const maxRemaining = stormRate === 0 ? Number.POSITIVE_INFINITY : Math.min(stormMaxRemaining, stormRate)
  if (countRemaining(state, storm.id, maxRemaining + 1) > maxRemaining) return false
  recordChange(state, storm, resolve({ ...storm, stableAt: null }, null, now), now)
  return true
}

/** How many firing alerts a storm suppresses, counted up to `limit`. */
function countRemaining(state: State, stormId: number, limit: number): number {
  const query = `select count(*) as n from (select 1 from alerts where suppression = 'storm' and suppressor_id = ?
    and state <> 'resolved' and state = 'firing' limit ?)`
  const rows = Number.isFinite(limit) ? limit : -1
  return state.prepare<[number, number], { n: number }>(query).get(stormId, rows)!.n
}

function isCrowded(state: State, projectId: number | null, rate: number, now: number): boolean {
  const query = `select count(*) as n from (select 1 from alerts where project_id is ? and released_at > ? and released_at <= ? limit ?)`
  const recent = state.prepare<[number | null, number, number, number], { n: number }>(query)
  return recent.get(projectId, now - WINDOW_MS, now, rate)!.n >= rate
}

function startStorm(state: State, projectId: number | null, rate: number, now: number): Alert {
  const project = projectId === null ? undefined : readProjectById(state, projectId)
  const finding: Finding = {
    key: keyOf(projectId),
    detector: STORM,
    projectId,
    severity: 'info',
    title: `alert storm${project ? ` in ${project.name}` : ''}`,
    since: now,
    owner: null,
    remindEvery: project?.remindEvery ?? 0,
    observation: { lines: [`More than ${rate} alerts fired within a minute. This card stands for all of them.`] },
    occurrences: 1,
    labels: { storm: project?.name ?? 'vakt' },
  }
  return insertAlert(state, { ...openAlert(finding, now), stableAt: now + WINDOW_MS }, now)
}

/** The alerts of the last minute that no channel shows yet. */
function readUnshown(state: State, projectId: number | null, now: number): Alert[] {
  const query = `select id from alerts where project_id is ? and released_at > ? and suppression is null and state = 'firing'
    and not exists (select 1 from notifications n where n.alert_id = alerts.id and (ref is not null or sending is not null))`
  const rows = state.prepare<[number | null, number], { id: number }>(query).all(projectId, now - WINDOW_MS)
  return rows.map(({ id }) => readAlert(state, id)!)
}

function suppressByStorm(state: State, stormId: number, alert: Alert, now: number): void {
  updateAlert(state, alert.id, suppressionColumns(stormSuppression(stormId)))
  if (isEscalating(state, alert.id)) requestDelivery(state, alert.id)
  state.prepare('update alerts set suppressed_count = suppressed_count + 1 where id = ?').run(stormId)
  joinStorm(state, stormId, alert.severity, now)
}

function keyOf(projectId: number | null): string {
  return `storm:${projectId ?? 0}`
}
