// The table of alerts: how alerts are stored, read, listed and pruned, with their timelines.
import type { SQL } from 'drizzle-orm'
import { Problem } from '../problem.ts'
import { readProjectById } from '../projects/projects.ts'
import type { Severity } from '../severity.ts'
import type { State } from '../state/database.ts'
import { and, asc, desc, eq, lt, sql } from '../state/orm.ts'
import { alerts, history } from '../state/schema/index.ts'
import { DAY } from '../time.ts'
import type { Alert, AlertChanges, AlertStep, HistoryEntry, openAlert } from './alert.ts'
import { matchesAlert, readMatcher } from './matcher.ts'

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

export type HistoryRow = typeof history.$inferSelect
/** How long ended alerts are kept. */
const KEPT = 400 * DAY

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

/** How many alerts `listAlerts` would find without a limit. */
export function countAlerts(state: State, filter: Omit<AlertFilter, 'limit'>): number {
  return state.db.select({ n: sql<number>`count(*)` }).from(alerts).where(filtered(filter)).get()!.n
}

/** How many alerts are open, by severity and state. */
export function countOpenAlerts(state: State) {
  return state
    .prepare<[], { severity: Severity; state: 'firing' | 'acknowledged'; count: number }>(
      "select severity, state, count(*) as count from alerts where state <> 'resolved' group by severity, state",
    )
    .all()
}

/** The newest `limit` lines of an alert's timeline, oldest first, and how many there are in all. */
export function readHistory(state: State, alertId: number, limit: number): { newest: HistoryRow[]; total: number } {
  const ofAlert = eq(history.alertId, alertId)
  const newest = state.db.select().from(history).where(ofAlert).orderBy(desc(history.id)).limit(limit).all().reverse()
  const total = state.db.select({ n: sql<number>`count(*)` }).from(history).where(ofAlert).get()!.n
  return { newest, total }
}

/** The whole timeline of an alert, oldest first. */
export function listHistory(state: State, alertId: number): HistoryRow[] {
  return state.db.select().from(history).where(eq(history.alertId, alertId)).orderBy(asc(history.id)).all()
}

/** The lines of an alert's timeline after the line `after` and up to `until`, oldest first, at most `limit`. */
export function readHistoryAfter(
  state: State,
  alertId: number,
  after: number,
  until: number,
  limit: number,
): HistoryRow[] {
  const between = and(eq(history.alertId, alertId), sql`${history.id} > ${after} and ${history.id} <= ${until}`)
  return state.db.select().from(history).where(between).orderBy(asc(history.id)).limit(limit).all()
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

const NAMED = 10

/** How many open alerts of a project (null: of any) a matcher means, and the titles of the worst. Throws `invalid`. */
export function countMatching(
  state: State,
  text: string,
  projectId: number | null,
): { total: number; titles: string[] } {
  const matcher = readMatcher(text)
  const names = new Map<number, string | null>()
  const nameOf = (id: number) => {
    if (!names.has(id)) names.set(id, readProjectById(state, id)?.name ?? null)
    return names.get(id) ?? null
  }
  const found = listAlerts(state, { open: true, limit: -1 }).filter(
    alert =>
      (projectId === null || alert.projectId === projectId) &&
      matchesAlert(matcher, alert, alert.projectId === null ? null : nameOf(alert.projectId)),
  )
  return { total: found.length, titles: found.slice(0, NAMED).map(alert => alert.title) }
}

function filtered(filter: Omit<AlertFilter, 'limit'>): SQL | undefined {
  return and(
    // Written out, as the index of what is open has it.
    filter.open ? sql`${alerts.state} <> 'resolved'` : undefined,
    filter.key === undefined ? undefined : eq(alerts.key, filter.key),
    filter.projectId === undefined ? undefined : eq(alerts.projectId, filter.projectId),
    filter.before === undefined ? undefined : lt(alerts.id, filter.before),
  )
}
