// Holding alerts back: judged when one fires, and again for all that are open when something relevant changed.
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { asc, lte, sql } from '../../state/orm.ts'
import { alerts } from '../../state/schema/index.ts'
import { SECOND } from '../../time.ts'
import type { Alert, AlertChanges } from '../alert.ts'
import {
  type AlertDraft,
  isEscalating,
  readAlert,
  settleSoon,
  tellAlert,
  updateAlert,
  writeHistory,
} from '../alerts.ts'
import { tellLater } from '../card-updates.ts'
import { groupHosts } from './host-groups.ts'
import { readParent, settlesAfter, waitsUntil } from './inhibitions.ts'
import { countMaintained, maintenanceBlankets } from './maintenance-windows.ts'
import { readQuietUntil } from './quiet-hours.ts'
import { isReviewed, reviewSoon, takeForReview } from './reevaluation.ts'
import { countSilenced, silenceBlankets } from './silences.ts'
import { joinStorm, stormOver } from './storms.ts'
import { type Blanket, type Hold, holdOf, isOwn, type World } from './suppression.ts'

const TOLD_EVERY = 10 * SECOND
/** How many alerts one turn judges, of those whose hold ends and of all others. */
const AT_ONCE = 100

type HoldColumns = Pick<Alert, 'heldBy' | 'heldWhy' | 'heldUntil' | 'freedAt'>
const FREE = { heldBy: null, heldWhy: null, heldUntil: null }

/** What holds a finding back that is about to be an alert (or one again), as columns of its row. */
export function judgeNew(state: State, draft: AlertDraft | Alert, now: number): HoldColumns {
  const alert = { ...draft, id: 'id' in draft ? draft.id : Number.POSITIVE_INFINITY, role: draft.labels.role ?? null }
  const fresh = { ...alert, heldBy: null, heldUntil: null, calmAt: null } as Alert
  const hold = holdOf(fresh, worldOf(state, fresh, blanketsAt(state, now), now, true))
  if (hold) noteHeld(state, hold, draft.severity, now)
  return hold ? heldColumns(hold) : { ...FREE, freedAt: isOwn(draft) ? null : now }
}

/**
 * Judges the alerts whose hold ends by `now`, and when something changed all that are open: so many in one turn that
 * nothing else has to wait for it. What is left is due at once again.
 */
export function reviewHolds(state: State, now: number): void {
  state.transaction(() => {
    const due = dueAlerts(state, now)
    if (groupHosts(state, due, now)) reviewSoon(state)
    const ids = new Set([...due.map(alert => alert.id), ...takeForReview(state, AT_ONCE)])
    if (ids.size === 0) return
    const blankets = blanketsAt(state, now)
    for (const id of [...ids].toSorted((a, b) => a - b)) {
      const alert = readAlert(state, id)
      if (alert && alert.state !== 'resolved') review(state, alert, blankets, now)
    }
  })
}

/** When `reviewHolds` has something to do: 0 is at once. */
export function nextReview(state: State): number | null {
  if (!isReviewed(state)) return 0
  const query = `select min(held_until) as at from alerts where held_until is not null and state <> 'resolved'`
  return state.prepare<[], { at: number | null }>(query).get()!.at
}

/** Has the card of what holds an alert show that this one changed, within ten seconds. */
export function tellHolder(state: State, heldBy: string | null, now: number): void {
  const id = Number(/^(?:alert|storm):(\d+)$/.exec(heldBy ?? '')?.[1] ?? 0)
  const holder = id === 0 ? undefined : readAlert(state, id)
  if (holder) tellLater(state, id, Math.max(now, holder.seenAt + TOLD_EVERY))
}

function worldOf(state: State, alert: Alert, blankets: readonly Blanket[], now: number, fresh: boolean): World {
  const project = () => (alert.projectId === null ? undefined : readProjectById(state, alert.projectId))
  return {
    now,
    blankets,
    project: () => project()?.name ?? null,
    parent: () => readParent(state, alert),
    settlesAt: () => settling(state, alert, now, fresh),
    quietUntil: () => readQuietUntil(state, alert.projectId, now),
    storm: () => storm(state, alert, now, fresh),
  }
}

function settling(state: State, alert: Alert, now: number, fresh: boolean): number | null {
  if (fresh) return waitsUntil(state, alert)
  if (alert.heldBy === 'settling') return alert.heldUntil
  const parent = /^alert:(\d+)$/.exec(alert.heldBy ?? '')?.[1]
  return parent === undefined ? null : settlesAfter(state, alert, readAlert(state, Number(parent)), now)
}

function storm(state: State, alert: Alert, now: number, fresh: boolean): number | null {
  const held = /^storm:(\d+)$/.exec(alert.heldBy ?? '')?.[1]
  // Whoever took it need not be told of it when the storm is over.
  if (held !== undefined && (alert.state === 'acknowledged' || readAlert(state, Number(held))?.state !== 'resolved'))
    return Number(held)
  const comesFree = fresh || alert.heldBy !== null
  return comesFree && alert.state === 'firing' && !wasTold(state, alert.id)
    ? stormOver(state, alert.projectId, now)
    : null
}

function review(state: State, alert: Alert, blankets: readonly Blanket[], now: number): void {
  const hold = holdOf(alert, worldOf(state, alert, blankets, now, false))
  if ((hold?.by ?? null) === alert.heldBy && (hold?.until ?? null) === alert.heldUntil) return
  if (hold) take(state, alert, hold, now)
  else release(state, alert, now)
}

function take(state: State, alert: Alert, hold: Hold, now: number): void {
  const another = hold.by !== alert.heldBy
  // Who saw the card is shown why it calls nobody, but not every evening.
  const shows = another && hold.by !== 'quiet' && hold.by !== 'settling' && wasTold(state, alert.id)
  if (shows) tellAlert(state, alert, heldColumns(hold))
  else storeHold(state, alert.id, heldColumns(hold))
  if (!another) return
  if (alert.undelivered || isEscalating(state, alert.id)) settleSoon(state, alert.id)
  if (alert.heldBy !== null) tellHolder(state, alert.heldBy, now)
  noteHeld(state, hold, alert.severity, now)
  if (hold.by !== 'settling') writeHistory(state, alert.id, { what: `held back by ${hold.why}` }, now)
}

function release(state: State, alert: Alert, now: number): void {
  const told = wasTold(state, alert.id)
  const free: AlertChanges = { heldBy: null, heldUntil: null, freedAt: told || isOwn(alert) ? alert.freedAt : now }
  tellHolder(state, alert.heldBy, now)
  if (alert.heldBy === 'settling') free.heldWhy = null
  if (told && alert.heldBy === 'quiet') {
    updateAlert(state, alert.id, free)
    settleSoon(state, alert.id)
  } else {
    const reminds = alert.state === 'firing' && alert.snoozedUntil === null && alert.remindEvery > 0
    tellAlert(state, alert, { ...free, ...(reminds && !told ? { wakeAt: now + alert.remindEvery } : {}) })
  }
  const what = alert.heldBy === 'settling' ? 'nothing explains it' : `${alert.heldWhy ?? 'what held it back'} is over`
  writeHistory(state, alert.id, { what: `${what}; it still goes on` }, now)
}

/** By hand, for a lost host has a thousand of them. */
function storeHold(state: State, id: number, { heldBy, heldWhy, heldUntil, freedAt }: HoldColumns): void {
  const update = 'update alerts set held_by = ?, held_why = ?, held_until = ?, freed_at = ? where id = ?'
  state.prepare(update).run(heldBy, heldWhy, heldUntil, freedAt, id)
}

function noteHeld(state: State, hold: Hold, severity: Alert['severity'], now: number): void {
  const [kind, number] = hold.by.split(':')
  const id = Number(number ?? 0)
  if (kind === 'silence') countSilenced(state, id)
  if (kind === 'maintenance') countMaintained(state, id)
  if (kind === 'alert' || kind === 'storm') {
    state.prepare('update alerts set explains = explains + 1 where id = ?').run(id)
    if (kind === 'storm') joinStorm(state, id, severity, now)
    else tellHolder(state, hold.by, now)
  }
}

function heldColumns(hold: Hold): HoldColumns {
  return { heldBy: hold.by, heldWhy: hold.why, heldUntil: hold.until, freedAt: null }
}

function blanketsAt(state: State, now: number): Blanket[] {
  return [...silenceBlankets(state), ...maintenanceBlankets(state, now)]
}

/** Whether some chat shows the alert, or may. */
function wasTold(state: State, id: number): boolean {
  const query = 'select 1 from notifications where alert_id = ? and (ref is not null or sending is not null) limit 1'
  return Number.isFinite(id) && state.prepare(query).get(id) !== undefined
}

function dueAlerts(state: State, now: number): Alert[] {
  if ((nextReview(state) ?? Number.POSITIVE_INFINITY) > now) return []
  const due = sql`held_until is not null and state <> 'resolved'`
  return state.db
    .select()
    .from(alerts)
    .where(sql`${due} and ${lte(alerts.heldUntil, now)}`)
    .orderBy(asc(alerts.id))
    .limit(AT_ONCE)
    .all()
}
