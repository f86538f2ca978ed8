// Suppression of alerts: decided when one fires, and again for all open alerts when something relevant changed.
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { asc, lte, sql } from '../../state/orm.ts'
import { alerts } from '../../state/schema/index.ts'
import { type Alert, type AlertChanges, CARD_UPDATE_INTERVAL_MS } from '../alert.ts'
import {
  type AlertDraft,
  bumpVersion,
  isEscalating,
  readAlert,
  requestDelivery,
  updateAlert,
  writeHistory,
} from '../alerts.ts'
import { scheduleCardUpdate } from '../card-updates.ts'
import { noticeMember, readGroupSuppression, refreshGroup } from '../groups/groups.ts'
import type { Matchable } from '../matcher.ts'
import { groupHosts } from './host-groups.ts'
import { awaitsCauseAfter, awaitsCauseUntil, readRootCause } from './inhibitions.ts'
import { activeMaintenances, countMutedByMaintenance } from './maintenance-windows.ts'
import { MuteIndex } from './mute-index.ts'
import { readQuietUntil } from './quiet-hours.ts'
import { isReevaluated, nextForReevaluation, requestReevaluation } from './reevaluation.ts'
import { countMutedBySilence, readSilenceIndex } from './silences.ts'
import { joinStorm, stormFor } from './storms.ts'
import {
  type ActiveMute,
  findSuppression,
  isAboutVakt,
  isSameSuppressor,
  type Suppression,
  type SuppressionColumns,
  type SuppressionContext,
  type Suppressor,
  suppressionColumns,
  suppressorOf,
} from './suppression.ts'

/** How many alerts one tick evaluates, of those whose suppression ends and of all others. */
const BATCH_SIZE = 100
/** How many comparisons of an alert with a silence one tick makes, about. */
const MAX_COMPARISONS = 50_000

const NOT_SUPPRESSED = { suppression: null, suppressorId: null, suppressionReason: null, suppressedUntil: null }

/** What suppresses a finding that is about to become an alert (or one again), as columns of its row. */
export function suppressNew(state: State, draft: AlertDraft | Alert, now: number): SuppressionColumns {
  const alert = { ...draft, id: 'id' in draft ? draft.id : Number.POSITIVE_INFINITY, role: draft.labels.role ?? null }
  const unsuppressed = { ...alert, ...NOT_SUPPRESSED, stableAt: null } as Alert
  const suppression = findSuppression(
    unsuppressed,
    contextOf(state, unsuppressed, readMuteSource(state, now), now, true),
  )
  if (suppression) recordSuppressed(state, suppression, draft.severity, now)
  return suppression
    ? suppressionColumns(suppression)
    : { ...NOT_SUPPRESSED, releasedAt: isAboutVakt(draft) ? null : now }
}

/**
 * Evaluates the alerts whose suppression ends by `now`, and after a change all open alerts: at most `BATCH_SIZE` of each
 * per call, so that nothing else has to wait. The rest is due again at once.
 */
export function reevaluateSuppressions(state: State, now: number): void {
  state.transaction(() => {
    const due = readDueAlerts(state, now)
    if (groupHosts(state, due, now)) requestReevaluation(state)
    const mutes = readMuteSource(state, now)
    const ids = new Set([...due.map(alert => alert.id), ...nextForReevaluation(state, batchSize(mutes))])
    if (ids.size === 0) return
    for (const id of [...ids].toSorted((a, b) => a - b)) {
      const alert = readAlert(state, id)
      if (alert && alert.state !== 'resolved') reevaluate(state, alert, mutes, now)
    }
  })
}

/** When `reevaluateSuppressions` has something to do; 0 is at once. */
export function nextReevaluation(state: State): number | null {
  if (!isReevaluated(state)) return 0
  const query = `select min(suppressed_until) as at from alerts where suppressed_until is not null and state <> 'resolved'`
  return state.prepare<[], { at: number | null }>(query).get()!.at
}

/** Decides again what suppresses the group of a member that changed; null is no group. */
export function reevaluateGroup(state: State, groupId: number | null, now: number): void {
  const group = groupId === null ? undefined : readAlert(state, groupId)
  if (group && group.state !== 'resolved') reevaluate(state, group, NO_MUTES, now)
}

/** Updates the card of the alert that suppresses others within ten seconds, after one of those changed. */
export function updateSuppressor(state: State, suppressor: Suppressor | null, now: number): void {
  if (suppressor?.kind !== 'inhibition' && suppressor?.kind !== 'storm') return
  const alert = readAlert(state, suppressor.id!)
  if (alert) scheduleCardUpdate(state, alert.id, Math.max(now, alert.seenAt + CARD_UPDATE_INTERVAL_MS))
}

function contextOf(state: State, alert: Alert, mutes: MuteSource, now: number, isNew: boolean): SuppressionContext {
  const project = () => (alert.projectId === null ? undefined : readProjectById(state, alert.projectId))
  return {
    now,
    mutes: mutesFor(mutes, alert, () => project()?.name ?? null),
    project: () => project()?.name ?? null,
    rootCause: () => readRootCause(state, alert),
    awaitsCauseUntil: () => readCauseWait(state, alert, now, isNew),
    quietUntil: () => readQuietUntil(state, alert.projectId, now),
    membersSuppression: () => readGroupSuppression(state, alert.id),
    stormId: () => readStormId(state, alert, now, isNew),
  }
}

function readCauseWait(state: State, alert: Alert, now: number, isNew: boolean): number | null {
  if (isNew) return awaitsCauseUntil(state, alert)
  if (alert.suppression === 'awaiting-cause') return alert.suppressedUntil
  if (alert.suppression !== 'inhibition') return null
  return awaitsCauseAfter(state, alert, readAlert(state, alert.suppressorId!), now)
}

function readStormId(state: State, alert: Alert, now: number, isNew: boolean): number | null {
  if (alert.suppression === 'storm') {
    const storm = readAlert(state, alert.suppressorId!)
    // Whoever acknowledged it does not have to hear of it when the storm ends.
    if (alert.state === 'acknowledged' || storm?.state !== 'resolved') return alert.suppressorId
  }
  const isReleased = isNew || alert.suppression !== null
  return isReleased && alert.state === 'firing' && !isShown(state, alert.id)
    ? stormFor(state, alert.projectId, now)
    : null
}

function reevaluate(state: State, alert: Alert, mutes: MuteSource, now: number): void {
  const suppression = findSuppression(alert, contextOf(state, alert, mutes, now, false))
  const isSame = isSameSuppressor(suppression, suppressorOf(alert))
  if (isSame && (suppression?.until ?? null) === alert.suppressedUntil) return
  if (suppression) suppress(state, alert, suppression, now)
  else release(state, alert, now)
  if (alert.groupId === null || isSame) return
  if (suppression?.kind === 'group') noticeMember(state, readAlert(state, alert.id)!, now)
  else refreshGroup(state, alert.groupId, now)
  reevaluateGroup(state, alert.groupId, now)
}

function suppress(state: State, alert: Alert, suppression: Suppression, now: number): void {
  const before = suppressorOf(alert)
  const isAnother = !isSameSuppressor(suppression, before)
  const { kind } = suppression
  // A card that is there shows why nobody is notified, but not every evening.
  const updatesCard = isAnother && kind !== 'quiet-hours' && kind !== 'awaiting-cause' && isShown(state, alert.id)
  if (updatesCard) bumpVersion(state, alert, suppressionColumns(suppression))
  else writeSuppression(state, alert.id, suppressionColumns(suppression))
  if (!isAnother) return
  if (alert.undelivered || isEscalating(state, alert.id)) requestDelivery(state, alert.id)
  updateSuppressor(state, before, now)
  recordSuppressed(state, suppression, alert.severity, now)
  if (kind === 'awaiting-cause') return
  const isReleased = kind === 'group' && before !== null && alert.groupId !== null
  const what = isReleased
    ? `${alert.suppressionReason ?? 'the suppression'} ended; on ${suppression.reason}`
    : `suppressed by ${suppression.reason}`
  writeHistory(state, alert.id, { kind: isReleased ? 'released' : 'suppressed', what }, now)
}

function release(state: State, alert: Alert, now: number): void {
  const wasShown = isShown(state, alert.id)
  const released: AlertChanges = {
    suppression: null,
    suppressorId: null,
    suppressedUntil: null,
    releasedAt: wasShown || isAboutVakt(alert) ? alert.releasedAt : now,
  }
  updateSuppressor(state, suppressorOf(alert), now)
  const hadNoCause = alert.suppression === 'awaiting-cause'
  if (hadNoCause) released.suppressionReason = null
  if (wasShown && alert.suppression === 'quiet-hours') {
    updateAlert(state, alert.id, released)
    requestDelivery(state, alert.id)
  } else {
    const reminds = alert.state === 'firing' && alert.snoozedUntil === null && alert.remindEvery > 0
    bumpVersion(state, alert, { ...released, ...(reminds && !wasShown ? { wakeAt: now + alert.remindEvery } : {}) })
  }
  const what = hadNoCause ? 'no root cause found' : `${alert.suppressionReason ?? 'the suppression'} ended`
  writeHistory(state, alert.id, { kind: 'released', what: `${what}; still firing` }, now)
}

/** By hand, because a host that is down has a thousand of them. */
function writeSuppression(state: State, id: number, columns: SuppressionColumns): void {
  const update = `update alerts set suppression = :suppression, suppressor_id = :suppressorId,
    suppression_reason = :suppressionReason, suppressed_until = :suppressedUntil, released_at = :releasedAt where id = :id`
  state.prepare(update).run({ ...columns, id })
}

function recordSuppressed(state: State, suppression: Suppression, severity: Alert['severity'], now: number): void {
  const { kind, id } = suppression
  if (id === null || kind === 'group') return
  if (kind === 'silence') countMutedBySilence(state, id)
  else if (kind === 'maintenance') countMutedByMaintenance(state, id)
  else {
    state.prepare('update alerts set suppressed_count = suppressed_count + 1 where id = ?').run(id)
    if (kind === 'storm') joinStorm(state, id, severity, now)
    else updateSuppressor(state, suppression, now)
  }
}

/** The silences by what they match, and the few maintenance windows. */
type MuteSource = { silences: MuteIndex; maintenances: readonly ActiveMute[] }

/** A group is suppressed by what suppresses its members, never by a silence of its own. */
const NO_MUTES: MuteSource = { silences: new MuteIndex(), maintenances: [] }

function readMuteSource(state: State, now: number): MuteSource {
  return { silences: readSilenceIndex(state), maintenances: activeMaintenances(state, now) }
}

function mutesFor(mutes: MuteSource, alert: Matchable, project: () => string | null): ActiveMute[] {
  return [...mutes.maintenances, ...mutes.silences.candidates(alert, project())]
}

/** Fewer alerts in a batch where each is compared with many silences. */
function batchSize({ silences, maintenances }: MuteSource): number {
  const comparisons = silences.generalCount + maintenances.length
  return Math.max(1, Math.min(BATCH_SIZE, Math.floor(MAX_COMPARISONS / (comparisons + 1))))
}

/** Whether some chat shows the alert, or may. */
function isShown(state: State, id: number): boolean {
  const query = 'select 1 from notifications where alert_id = ? and (ref is not null or sending is not null) limit 1'
  return Number.isFinite(id) && state.prepare(query).get(id) !== undefined
}

function readDueAlerts(state: State, now: number): Alert[] {
  if ((nextReevaluation(state) ?? Number.POSITIVE_INFINITY) > now) return []
  const due = sql`suppressed_until is not null and state <> 'resolved'`
  return state.db
    .select()
    .from(alerts)
    .where(sql`${due} and ${lte(alerts.suppressedUntil, now)}`)
    .orderBy(asc(alerts.id))
    .limit(BATCH_SIZE)
    .all()
}
