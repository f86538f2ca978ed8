// Storms: when more alerts come than people can read, one card stands for all of them, until they are few again.
import type { Finding } from '../../detectors/finding.ts'
import { readProjectById } from '../../projects/projects.ts'
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

const RANK = { info: 0, warning: 1, critical: 2 } as const

/**
 * The storm that a new alert of the project is part of, or null. One begins (with what nobody was told of yet) when more
 * than its rate came free within a minute.
 */
export function stormFor(state: State, projectId: number | null, now: number): number | null {
  const { stormRate } = readThresholds(state, projectId)
  if (stormRate === 0) return null
  const open = readOpenAlert(state, keyOf(projectId))
  if (open && open.stableSince !== null) return open.id
  if (!isCrowded(state, projectId, stormRate, now)) return null
  if (open) {
    updateAlert(state, open.id, { stableSince: now + MINUTE })
    return open.id
  }
  const storm = begin(state, projectId, stormRate, now)
  for (const alert of freshOnes(state, projectId, now)) join(state, storm.id, alert, now)
  return storm.id
}

/** Counts an alert that a storm holds from now on, and gives the storm's card its severity when that is worse. */
export function joinStorm(state: State, stormId: number, severity: Alert['severity'], now: number): void {
  const storm = readAlert(state, stormId)!
  if (RANK[severity] > RANK[storm.severity]) bumpVersion(state, storm, { severity })
  scheduleCardUpdate(state, stormId, Math.max(now, storm.seenAt + CARD_UPDATE_INTERVAL_MS))
}

/** Ends storms that few are left of, and those calmed down that rage no more; says whether one ended. */
export function sweepStorms(state: State, now: number): boolean {
  const query = `select id from alerts where key >= 'storm:' and key < 'storm;' and state <> 'resolved'`
  const storms = state.prepare<[], { id: number }>(query).all()
  return storms.map(({ id }) => keep(state, readAlert(state, id)!, now)).some(ended => ended)
}

function keep(state: State, storm: Alert, now: number): boolean {
  const { stormRate, stormMaxRemaining } = readThresholds(state, storm.projectId)
  // Farther ahead than a minute it is only because the clock went back.
  if (storm.stableSince !== null && storm.stableSince > now && storm.stableSince <= now + MINUTE) return false
  if (storm.stableSince !== null) {
    const lately = `select count(*) as n from alerts where suppression = 'storm' and suppressor_id = ? and state <> 'resolved' and fired_at > ? and fired_at <= ?`
    const came = state.prepare<[number, number, number], { n: number }>(lately)
    const { n } = came.get(storm.id, now - MINUTE, now)!
    const rages = stormRate > 0 && n >= stormRate
    updateAlert(state, storm.id, { stableSince: rages ? now + MINUTE : null })
    if (rages) return false
    writeHistory(state, storm.id, { kind: 'storm-subsided', what: 'no more alerts than usual come now' }, now)
  }
  // No more at once than make a storm themselves.
  const few = stormRate === 0 ? Number.POSITIVE_INFINITY : Math.min(stormMaxRemaining, stormRate)
  if (countLeft(state, storm.id, few + 1) > few) return false
  recordChange(state, storm, resolve({ ...storm, stableSince: null }, null, now), now)
  return true
}

/** Up to `most` alerts that a storm holds and nobody has acknowledged. */
function countLeft(state: State, stormId: number, most: number): number {
  const query = `select count(*) as n from (select 1 from alerts where suppression = 'storm' and suppressor_id = ? and state <> 'resolved'
    and state = 'firing' limit ?)`
  const limit = Number.isFinite(most) ? most : -1
  return state.prepare<[number, number], { n: number }>(query).get(stormId, limit)!.n
}

function isCrowded(state: State, projectId: number | null, rate: number, now: number): boolean {
  const query = `select count(*) as n from (select 1 from alerts where project_id is ? and released_at > ? and released_at <= ? limit ?)`
  const came = state.prepare<[number | null, number, number, number], { n: number }>(query)
  return came.get(projectId, now - MINUTE, now, rate)!.n >= rate
}

function begin(state: State, projectId: number | null, rate: number, now: number): Alert {
  const project = projectId === null ? undefined : readProjectById(state, projectId)
  const finding: Finding = {
    ...{ key: keyOf(projectId), detector: STORM, projectId, severity: 'info', since: now, owner: null, occurrences: 1 },
    remindEvery: project?.remindEvery ?? 0,
    title: `a storm of alerts${project ? ` in ${project.name}` : ''}`,
    observation: { lines: [`More than ${rate} alerts came within a minute, so this one card stands for all of them.`] },
    labels: { storm: project?.name ?? 'vakt' },
  }
  return insertAlert(state, { ...openAlert(finding, now), stableSince: now + MINUTE }, now)
}

/** What came free within the minute and no chat was given yet. */
function freshOnes(state: State, projectId: number | null, now: number): Alert[] {
  const query = `select id from alerts where project_id is ? and released_at > ? and suppression is null and state = 'firing'
    and not exists (select 1 from notifications n where n.alert_id = alerts.id and (ref is not null or sending is not null))`
  const rows = state.prepare<[number | null, number], { id: number }>(query).all(projectId, now - MINUTE)
  return rows.map(({ id }) => readAlert(state, id)!)
}

function join(state: State, stormId: number, alert: Alert, now: number): void {
  const why = `the storm in alert ${stormId}`
  updateAlert(state, alert.id, {
    suppression: 'storm',
    suppressorId: stormId,
    suppressionReason: why,
    suppressedUntil: null,
    releasedAt: null,
  })
  if (isEscalating(state, alert.id)) requestDelivery(state, alert.id)
  state.prepare('update alerts set suppressed_count = suppressed_count + 1 where id = ?').run(stormId)
  joinStorm(state, stormId, alert.severity, now)
}

function keyOf(projectId: number | null): string {
  return `storm:${projectId ?? 0}`
}
