// The alerts: every change stores its new version and its line of history in one transaction.
import type { SQL } from 'drizzle-orm'
import type { Finding, Outcome } from '../detectors/finding.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, asc, desc, eq, isNotNull, lt, lte, ne, sql } from '../state/orm.ts'
import { alerts, history } from '../state/schema.ts'
import { DAY } from '../time.ts'
import {
  type Alert,
  type AlertStep,
  acknowledged,
  fired,
  resolved,
  seenAgain,
  snoozed,
  unacknowledged,
  woken,
} from './alert.ts'

export type HistoryRow = typeof history.$inferSelect
/** How long ended alerts are kept. */
const KEPT = 400 * DAY

/** Turns what detectors said into alerts: new ones, ones seen again, ones that are over. */
export function applyOutcomes(state: State, outcomes: readonly Outcome[], now: number): void {
  state.transaction(() => {
    for (const outcome of outcomes) {
      if (outcome.kind === 'found') fireAlert(state, outcome.finding, now)
      else endAlert(state, outcome.key, null, now, outcome.seen)
    }
  })
}

/** Opens an alert for a finding, or counts it on the one that is open. */
export function fireAlert(state: State, finding: Finding, now: number): Alert {
  return state.transaction(() => {
    const open = readOpenAlert(state, finding.key)
    if (open) {
      const step = seenAgain(open, finding, now)
      return step ? change(state, open, step, now) : open
    }
    const row = fired(finding, now)
    const blanks = Object.fromEntries(Object.keys(row).map(name => [name, sql.placeholder(name)]))
    const insert = state.prepared('new alert', db =>
      db
        .insert(alerts)
        .values(blanks as never)
        .returning()
        .prepare(),
    )
    const alert = insert.get(row)
    writeHistory(state, alert.id, { what: `fired: ${alert.title}` }, now)
    state.touch('alerts')
    return alert
  })
}

/** Ends the open alert of `key`, if there is one. */
export function endAlert(
  state: State,
  key: string,
  by: string | null,
  now: number,
  seen?: Finding['seen'],
): Alert | undefined {
  return state.transaction(() => {
    const open = readOpenAlert(state, key)
    return open && change(state, open, resolved(open, by, now, seen), now)
  })
}

export function acknowledgeAlert(state: State, id: number, by: string, note: string | null, now: number): Alert {
  return changed(state, id, alert => acknowledged(alert, by, note, now), now)
}

export function unacknowledgeAlert(state: State, id: number, by: string, now: number): Alert {
  return changed(state, id, alert => unacknowledged(alert, by, now), now)
}

export function snoozeAlert(
  state: State,
  id: number,
  until: number,
  by: string,
  note: string | null,
  now: number,
): Alert {
  return changed(state, id, alert => snoozed(alert, until, by, note, now), now)
}

export function resolveAlert(state: State, id: number, by: string, now: number): Alert {
  return changed(state, id, alert => resolved(alert, by, now), now)
}

/** Sends the reminders and ends the snoozes whose time has come; up to `limit` of them. */
export function wakeAlerts(state: State, now: number, limit: number): void {
  if ((nextWake(state) ?? Number.POSITIVE_INFINITY) > now) return
  const due = state.db
    .select()
    .from(alerts)
    .where(and(isNotNull(alerts.wakeAt), lte(alerts.wakeAt, now)))
    .limit(limit)
    .all()
  state.transaction(() => {
    for (const alert of due) change(state, alert, woken(alert, now), now)
  })
}

/** The nearest instant at which time alone changes an alert. */
export function nextWake(state: State): number | null {
  const query = 'select wake_at as at from alerts where wake_at is not null order by wake_at limit 1'
  return state.prepare<[], { at: number }>(query).get()?.at ?? null
}

/** Throws `not_found` when there is no alert of that number. */
export function findAlert(state: State, id: number): Alert {
  const alert = readAlert(state, id)
  if (!alert)
    throw new Problem('not_found', `There is no alert ${id}. "alerts list" shows those that are open.`, {
      fields: { alert: 'no such alert' },
    })
  return alert
}

export function readAlert(state: State, id: number): Alert | undefined {
  const byId = eq(alerts.id, sql.placeholder('id'))
  return state.prepared('alert by id', db => db.select().from(alerts).where(byId).prepare()).get({ id })
}

export function readOpenAlert(state: State, key: string): Alert | undefined {
  const open = and(eq(alerts.key, sql.placeholder('key')), sql`${alerts.state} <> 'resolved'`)
  return state.prepared('open alert', db => db.select().from(alerts).where(open).prepare()).get({ key })
}

export type AlertFilter = { open?: boolean; key?: string; projectId?: number; before?: number; limit: number }

/** Alerts, worst first when only open ones are asked for, else newest first. */
export function listAlerts(state: State, filter: AlertFilter): Alert[] {
  const order = filter.open
    ? [sql`case severity when 'critical' then 0 when 'warning' then 1 else 2 end`, desc(alerts.id)]
    : [desc(alerts.id)]
  return state.db
    .select()
    .from(alerts)
    .where(filtered(filter))
    .orderBy(...order)
    .limit(filter.limit)
    .all()
}

export function countAlerts(state: State, filter: Omit<AlertFilter, 'limit'>): number {
  return state.db.select({ n: sql<number>`count(*)` }).from(alerts).where(filtered(filter)).get()!.n
}

/** The timeline of an alert, oldest first. */
export function readHistory(state: State, alertId: number): HistoryRow[] {
  return state.db.select().from(history).where(eq(history.alertId, alertId)).orderBy(asc(history.id)).all()
}

/** Drops alerts that ended over thirteen months ago. */
export function pruneAlerts(state: State, now: number): void {
  state.transaction(() =>
    state.db
      .delete(alerts)
      .where(and(eq(alerts.state, 'resolved'), lt(alerts.resolvedAt, now - KEPT)))
      .run(),
  )
}

function changed(state: State, id: number, step: (alert: Alert) => AlertStep, now: number): Alert {
  return state.transaction(() => {
    const alert = findAlert(state, id)
    return change(state, alert, step(alert), now)
  })
}

function change(state: State, alert: Alert, step: AlertStep, now: number): Alert {
  const changes = { ...step.changes, version: alert.version + 1, undelivered: true }
  const next = state.db.update(alerts).set(changes).where(eq(alerts.id, alert.id)).returning().get()
  writeHistory(state, alert.id, step, now)
  state.touch('alerts')
  return next!
}

function writeHistory(state: State, alertId: number, step: Omit<AlertStep, 'changes'>, at: number): void {
  const insert = 'insert into alert_history (alert_id, at, what, by, note) values (?, ?, ?, ?, ?)'
  state.prepare(insert).run(alertId, at, step.what, step.by ?? null, step.note ?? null)
}

function filtered(filter: Omit<AlertFilter, 'limit'>): SQL | undefined {
  return and(
    filter.open ? ne(alerts.state, 'resolved') : undefined,
    filter.key === undefined ? undefined : eq(alerts.key, filter.key),
    filter.projectId === undefined ? undefined : eq(alerts.projectId, filter.projectId),
    filter.before === undefined ? undefined : lt(alerts.id, filter.before),
  )
}
