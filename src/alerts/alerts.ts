// The alerts: every change stores its new version and its line of history in one transaction.
import type { Finding, Outcome } from '../detectors/finding.ts'
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { and, eq, isNotNull, lte, sql } from '../state/orm.ts'
import { alerts } from '../state/schema.ts'
import {
  type Again,
  type Alert,
  type AlertChanges,
  type AlertStep,
  acknowledged,
  escalated,
  fired,
  noted,
  resolved,
  seenAgain,
  snoozed,
  TOLD_EVERY,
  unacknowledged,
  woken,
} from './alert.ts'
import { listAlerts } from './alert-lists.ts'
import { dueTellings, forgetUntold, nextTelling, tellLater, writeSighting } from './sightings.ts'

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
      const again = seenAgain(open, finding, now)
      return again ? countAgain(state, open, again, now) : open
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

/** Ends the open alerts of a project that goes away. */
export function endAlertsOf(state: State, projectId: number, by: string, now: number): void {
  state.transaction(() => {
    for (const alert of listAlerts(state, { open: true, projectId, limit: -1 }))
      change(state, alert, resolved(alert, by, now), now)
  })
}

/** Puts somebody's name on an alert, until `until` when that is given; throws `not_found` or `conflict`. */
export function acknowledgeAlert(
  state: State,
  id: number,
  by: string,
  note: string | null,
  now: number,
  until: number | null = null,
): Alert {
  return changed(state, id, alert => acknowledged(alert, by, note, now, until), now)
}

/** Adds a word for the others; throws `not_found`. */
export function noteAlert(state: State, id: number, by: string, note: string, now: number): Alert {
  return changed(state, id, alert => noted(alert, by, note), now)
}

/** Calls people anew because nobody took an alert; `to` says whom, by the escalation named. */
export function escalateAlert(state: State, id: number, to: string, name: string, now: number): Alert {
  return changed(state, id, alert => escalated(alert, to, name), now)
}

/** Takes the name off an alert again, so that its reminders go on; throws `not_found` or `conflict`. */
export function unacknowledgeAlert(state: State, id: number, by: string, now: number): Alert {
  return changed(state, id, alert => unacknowledged(alert, by, now), now)
}

/** Puts an alert off until `until`; throws `not_found`, or `conflict` when it is over. */
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

/** Ends an alert by hand; throws `not_found`, or `conflict` when it is over. */
export function resolveAlert(state: State, id: number, by: string, now: number): Alert {
  return changed(state, id, alert => resolved(alert, by, now), now)
}

/**
 * Sends the reminders and ends the snoozes whose time has come, and brings cards up to date with what was only counted
 * meanwhile; up to `limit` of each.
 */
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
    for (const id of dueTellings(state, now, limit)) {
      const alert = readAlert(state, id)
      if (alert) tell(state, alert, { seenAt: now })
      else forgetUntold(state, id)
    }
  })
}

/** The nearest instant at which time alone changes an alert or its cards. */
export function nextWake(state: State): number | null {
  const query = 'select wake_at as at from alerts where wake_at is not null order by wake_at limit 1'
  const wake = state.prepare<[], { at: number }>(query).get()?.at ?? null
  const telling = nextTelling(state)
  return wake === null || telling === null ? (wake ?? telling) : Math.min(wake, telling)
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

/** The alert of a number, ended ones included, or undefined. */
export function readAlert(state: State, id: number): Alert | undefined {
  const byId = eq(alerts.id, sql.placeholder('id'))
  return state.prepared('alert by id', db => db.select().from(alerts).where(byId).prepare()).get({ id })
}

/** The alert of `key` that is not over yet; there is one at the most. */
export function readOpenAlert(state: State, key: string): Alert | undefined {
  const open = and(eq(alerts.key, sql.placeholder('key')), sql`${alerts.state} <> 'resolved'`)
  return state.prepared('open alert', db => db.select().from(alerts).where(open).prepare()).get({ key })
}

function changed(state: State, id: number, step: (alert: Alert) => AlertStep, now: number): Alert {
  return state.transaction(() => {
    const alert = findAlert(state, id)
    return change(state, alert, step(alert), now)
  })
}

function change(state: State, alert: Alert, step: AlertStep, now: number): Alert {
  const line = writeHistory(state, alert.id, step, now)
  return tell(state, alert, step.thread ? { ...step.changes, threadLine: line } : step.changes)
}

/** Stores changes as a new version, which every card is to show. */
function tell(state: State, alert: Alert, changes: AlertChanges): Alert {
  forgetUntold(state, alert.id)
  state.touch('alerts')
  return update(state, alert, { ...changes, version: alert.version + 1, undelivered: true })
}

function countAgain(state: State, alert: Alert, again: Again, now: number): Alert {
  writeSighting(state, alert.id, again.title, now)
  if (again.tell) return tell(state, alert, again.changes)
  tellLater(state, alert.id, alert.seenAt + TOLD_EVERY)
  return update(state, alert, again.changes)
}

function update(state: State, alert: Alert, changes: AlertChanges): Alert {
  return state.db.update(alerts).set(changes).where(eq(alerts.id, alert.id)).returning().get()!
}

function writeHistory(state: State, alertId: number, step: Omit<AlertStep, 'changes'>, at: number): number {
  const insert = 'insert into alert_history (alert_id, at, what, by, note) values (?, ?, ?, ?, ?)'
  return Number(state.prepare(insert).run(alertId, at, step.what, step.by ?? null, step.note ?? null).lastInsertRowid)
}
