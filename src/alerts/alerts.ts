// The rows of the alerts: how each is read, and how every change stores a new version with its line of history.
import { Problem } from '../problem.ts'
import type { State } from '../state/database.ts'
import { desc, eq, sql } from '../state/orm.ts'
import { alerts } from '../state/schema/index.ts'
import type { Alert, AlertChanges, AlertStep, HistoryEntry, openAlert } from './alert.ts'

/** What is stored when an alert opens. */
export type AlertDraft = ReturnType<typeof openAlert> & Omit<AlertChanges, keyof ReturnType<typeof openAlert>>

/** Stores a new alert. */
export function insertAlert(state: State, draft: AlertDraft, now: number): Alert {
  const row = { ...BLANK, ...draft, role: draft.labels.role ?? null }
  const insert = state.prepared('new alert', db => {
    const blanks = Object.fromEntries(Object.keys(row).map(name => [name, sql.placeholder(name)]))
    return db
      .insert(alerts)
      .values(blanks as never)
      .returning()
      .prepare()
  })
  const alert = insert.get(row)
  writeHistory(state, alert.id, { kind: 'fired', what: `fired: ${alert.title}` }, now)
  state.emit('alerts')
  return alert
}

// One statement serves every new alert, so each gives all of these.
const BLANK = {
  suppression: null,
  suppressorId: null,
  suppressionReason: null,
  suppressedUntil: null,
  releasedAt: null,
  transitionTimes: [] as number[],
  flappingSince: null,
  stableSince: null,
}

/** Stores a step as a new version, which every card is to show, with its line of history. */
export function recordChange(state: State, alert: Alert, step: AlertStep, now: number): Alert {
  const line = writeHistory(state, alert.id, step, now)
  return bumpVersion(state, alert, step.thread ? { ...step.changes, threadLine: line } : step.changes)
}

/** Stores changes as a new version. */
export function bumpVersion(state: State, alert: Pick<Alert, 'id' | 'version'>, changes: AlertChanges): Alert {
  state.emit('alerts')
  const shown = { version: alert.version + 1, undelivered: true, cardUpdateAt: null }
  return updateAlert(state, alert.id, { ...changes, ...shown })
}

/** Has what waits for an alert (escalations, calls) follow what holds it, though its cards need not change. */
export function requestDelivery(state: State, id: number): void {
  state.prepare('update alerts set routed_version = 0, undelivered = 1 where id = ?').run(id)
  state.emit('alerts')
}

/** Whether something is to be escalated of an alert. */
export function isEscalating(state: State, id: number): boolean {
  return state.prepare('select 1 from alert_escalations where alert_id = ? limit 1').get(id) !== undefined
}

/** Stores changes that the cards need not show now. */
export function updateAlert(state: State, id: number, changes: AlertChanges): Alert {
  return state.db.update(alerts).set(changes).where(eq(alerts.id, id)).returning().get()!
}

/** Adds a line to an alert's timeline and gives its number. */
export function writeHistory(
  state: State,
  alertId: number,
  { kind, what, by = null, note = null }: HistoryEntry,
  at: number,
): number {
  const insert = 'insert into alert_history (alert_id, at, kind, what, by, note) values (?, ?, ?, ?, ?, ?)'
  return Number(state.prepare(insert).run(alertId, at, kind, what, by, note).lastInsertRowid)
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

/** The newest alert of `key`, open or ended; the open one of a key is always its newest. */
export function readNewestAlert(state: State, key: string): Alert | undefined {
  const ofKey = eq(alerts.key, sql.placeholder('key'))
  const query = state.prepared('newest alert', db =>
    db.select().from(alerts).where(ofKey).orderBy(desc(alerts.id)).limit(1).prepare(),
  )
  return query.get({ key })
}

/** The alert of `key` that is not over yet; there is one at the most. */
export function readOpenAlert(state: State, key: string): Alert | undefined {
  // Every turn asks for the end of what is rarely on; only the index is read for that.
  const open = `select 1 from alerts where key = ? and state <> 'resolved'`
  return state.prepare(open).get(key) === undefined ? undefined : readNewestAlert(state, key)
}
