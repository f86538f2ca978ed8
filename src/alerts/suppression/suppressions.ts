// Holding alerts back: judged when one fires, and again for all that are open when something relevant changed.
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { asc, lte, sql } from '../../state/orm.ts'
import { alerts } from '../../state/schema/index.ts'
import { SECOND } from '../../time.ts'
import type { Alert, AlertChanges } from '../alert.ts'
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
import { groupHosts } from './host-groups.ts'
import { awaitsCauseAfter, awaitsCauseUntil, readInhibitor } from './inhibitions.ts'
import { activeMaintenances, countMutedByMaintenance } from './maintenance-windows.ts'
import { readQuietUntil } from './quiet-hours.ts'
import { isReevaluated, nextForReevaluation, requestReevaluation } from './reevaluation.ts'
import { activeSilences, countMutedBySilence } from './silences.ts'
import { joinStorm, stormOver } from './storms.ts'
import {
  type ActiveMute,
  findSuppression,
  isAboutVakt,
  type Suppression,
  type SuppressionContext,
} from './suppression.ts'

const TOLD_EVERY = 10 * SECOND
/** How many alerts one turn judges, of those whose hold ends and of all others. */
const AT_ONCE = 100

type SuppressionColumns = Pick<Alert, 'suppressedBy' | 'suppressedWhy' | 'suppressedUntil' | 'releasedAt'>
const FREE = { suppressedBy: null, suppressedWhy: null, suppressedUntil: null }

/** What holds a finding back that is about to be an alert (or one again), as columns of its row. */
export function suppressNew(state: State, draft: AlertDraft | Alert, now: number): SuppressionColumns {
  const alert = { ...draft, id: 'id' in draft ? draft.id : Number.POSITIVE_INFINITY, role: draft.labels.role ?? null }
  const fresh = { ...alert, suppressedBy: null, suppressedUntil: null, stableSince: null } as Alert
  const hold = findSuppression(fresh, worldOf(state, fresh, blanketsAt(state, now), now, true))
  if (hold) noteHeld(state, hold, draft.severity, now)
  return hold ? heldColumns(hold) : { ...FREE, releasedAt: isAboutVakt(draft) ? null : now }
}

/**
 * Judges the alerts whose hold ends by `now`, and when something changed all that are open: so many in one turn that
 * nothing else has to wait for it. What is left is due at once again.
 */
export function reevaluateSuppressions(state: State, now: number): void {
  state.transaction(() => {
    const due = dueAlerts(state, now)
    if (groupHosts(state, due, now)) requestReevaluation(state)
    const ids = new Set([...due.map(alert => alert.id), ...nextForReevaluation(state, AT_ONCE)])
    if (ids.size === 0) return
    const blankets = blanketsAt(state, now)
    for (const id of [...ids].toSorted((a, b) => a - b)) {
      const alert = readAlert(state, id)
      if (alert && alert.state !== 'resolved') review(state, alert, blankets, now)
    }
  })
}

/** When `reviewHolds` has something to do: 0 is at once. */
export function nextReevaluation(state: State): number | null {
  if (!isReevaluated(state)) return 0
  const query = `select min(suppressed_until) as at from alerts where suppressed_until is not null and state <> 'resolved'`
  return state.prepare<[], { at: number | null }>(query).get()!.at
}

/** Has the card of what holds an alert show that this one changed, within ten seconds. */
export function updateSuppressor(state: State, suppressedBy: string | null, now: number): void {
  const id = Number(/^(?:alert|storm):(\d+)$/.exec(suppressedBy ?? '')?.[1] ?? 0)
  const holder = id === 0 ? undefined : readAlert(state, id)
  if (holder) scheduleCardUpdate(state, id, Math.max(now, holder.seenAt + TOLD_EVERY))
}

function worldOf(
  state: State,
  alert: Alert,
  blankets: readonly ActiveMute[],
  now: number,
  fresh: boolean,
): SuppressionContext {
  const project = () => (alert.projectId === null ? undefined : readProjectById(state, alert.projectId))
  return {
    now,
    blankets,
    project: () => project()?.name ?? null,
    parent: () => readInhibitor(state, alert),
    settlesAt: () => settling(state, alert, now, fresh),
    quietUntil: () => readQuietUntil(state, alert.projectId, now),
    storm: () => storm(state, alert, now, fresh),
  }
}

function settling(state: State, alert: Alert, now: number, fresh: boolean): number | null {
  if (fresh) return awaitsCauseUntil(state, alert)
  if (alert.suppressedBy === 'settling') return alert.suppressedUntil
  const parent = /^alert:(\d+)$/.exec(alert.suppressedBy ?? '')?.[1]
  return parent === undefined ? null : awaitsCauseAfter(state, alert, readAlert(state, Number(parent)), now)
}

function storm(state: State, alert: Alert, now: number, fresh: boolean): number | null {
  const held = /^storm:(\d+)$/.exec(alert.suppressedBy ?? '')?.[1]
  // Whoever took it need not be told of it when the storm is over.
  if (held !== undefined && (alert.state === 'acknowledged' || readAlert(state, Number(held))?.state !== 'resolved'))
    return Number(held)
  const comesFree = fresh || alert.suppressedBy !== null
  return comesFree && alert.state === 'firing' && !wasTold(state, alert.id)
    ? stormOver(state, alert.projectId, now)
    : null
}

function review(state: State, alert: Alert, blankets: readonly ActiveMute[], now: number): void {
  const hold = findSuppression(alert, worldOf(state, alert, blankets, now, false))
  if ((hold?.by ?? null) === alert.suppressedBy && (hold?.until ?? null) === alert.suppressedUntil) return
  if (hold) take(state, alert, hold, now)
  else release(state, alert, now)
}

function take(state: State, alert: Alert, hold: Suppression, now: number): void {
  const another = hold.by !== alert.suppressedBy
  // Who saw the card is shown why it calls nobody, but not every evening.
  const shows = another && hold.by !== 'quiet' && hold.by !== 'settling' && wasTold(state, alert.id)
  if (shows) bumpVersion(state, alert, heldColumns(hold))
  else storeHold(state, alert.id, heldColumns(hold))
  if (!another) return
  if (alert.undelivered || isEscalating(state, alert.id)) requestDelivery(state, alert.id)
  if (alert.suppressedBy !== null) updateSuppressor(state, alert.suppressedBy, now)
  noteHeld(state, hold, alert.severity, now)
  if (hold.by !== 'settling') writeHistory(state, alert.id, { what: `held back by ${hold.why}` }, now)
}

function release(state: State, alert: Alert, now: number): void {
  const told = wasTold(state, alert.id)
  const free: AlertChanges = {
    suppressedBy: null,
    suppressedUntil: null,
    releasedAt: told || isAboutVakt(alert) ? alert.releasedAt : now,
  }
  updateSuppressor(state, alert.suppressedBy, now)
  if (alert.suppressedBy === 'settling') free.suppressedWhy = null
  if (told && alert.suppressedBy === 'quiet') {
    updateAlert(state, alert.id, free)
    requestDelivery(state, alert.id)
  } else {
    const reminds = alert.state === 'firing' && alert.snoozedUntil === null && alert.remindEvery > 0
    bumpVersion(state, alert, { ...free, ...(reminds && !told ? { wakeAt: now + alert.remindEvery } : {}) })
  }
  const what =
    alert.suppressedBy === 'settling' ? 'nothing explains it' : `${alert.suppressedWhy ?? 'what held it back'} is over`
  writeHistory(state, alert.id, { what: `${what}; it still goes on` }, now)
}

/** By hand, for a lost host has a thousand of them. */
function storeHold(
  state: State,
  id: number,
  { suppressedBy, suppressedWhy, suppressedUntil, releasedAt }: SuppressionColumns,
): void {
  const update =
    'update alerts set suppressed_by = ?, suppressed_why = ?, suppressed_until = ?, released_at = ? where id = ?'
  state.prepare(update).run(suppressedBy, suppressedWhy, suppressedUntil, releasedAt, id)
}

function noteHeld(state: State, hold: Suppression, severity: Alert['severity'], now: number): void {
  const [kind, number] = hold.by.split(':')
  const id = Number(number ?? 0)
  if (kind === 'silence') countMutedBySilence(state, id)
  if (kind === 'maintenance') countMutedByMaintenance(state, id)
  if (kind === 'alert' || kind === 'storm') {
    state.prepare('update alerts set suppressed_count = suppressed_count + 1 where id = ?').run(id)
    if (kind === 'storm') joinStorm(state, id, severity, now)
    else updateSuppressor(state, hold.by, now)
  }
}

function heldColumns(hold: Suppression): SuppressionColumns {
  return { suppressedBy: hold.by, suppressedWhy: hold.why, suppressedUntil: hold.until, releasedAt: null }
}

function blanketsAt(state: State, now: number): ActiveMute[] {
  return [...activeSilences(state), ...activeMaintenances(state, now)]
}

/** Whether some chat shows the alert, or may. */
function wasTold(state: State, id: number): boolean {
  const query = 'select 1 from notifications where alert_id = ? and (ref is not null or sending is not null) limit 1'
  return Number.isFinite(id) && state.prepare(query).get(id) !== undefined
}

function dueAlerts(state: State, now: number): Alert[] {
  if ((nextReevaluation(state) ?? Number.POSITIVE_INFINITY) > now) return []
  const due = sql`suppressed_until is not null and state <> 'resolved'`
  return state.db
    .select()
    .from(alerts)
    .where(sql`${due} and ${lte(alerts.suppressedUntil, now)}`)
    .orderBy(asc(alerts.id))
    .limit(AT_ONCE)
    .all()
}
