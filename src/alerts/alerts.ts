// The table of alerts: how alerts are stored, read, listed and pruned, with their timelines.
import type { SQL } from 'drizzle-orm'
import { Problem } from '../problem.ts'
import { readProjectById } from '../projects/projects.ts'
import { type Severity, severityRankSql } from '../severity.ts'
import type { State } from '../state/database.ts'
import { and, asc, desc, eq, lt, sql } from '../state/orm.ts'
import { alerts, history } from '../state/schema/index.ts'
import { DAY } from '../time.ts'
import type { Alert, AlertChanges, AlertTransition, HistoryEntry, openAlert } from './alert.ts'
import { matchesAlert, readMatcher } from './matcher.ts'

/** The row of a new alert, with what suppresses it. */
export type AlertDraft = ReturnType<typeof openAlert> & Omit<AlertChanges, keyof ReturnType<typeof openAlert>>

/** Stores a new alert. */
export function insertAlert(state: State, draft: AlertDraft, now: number): Alert {
  const row = { ...EMPTY_COLUMNS, ...draft, role: draft.labels.role ?? null }
  const insert = state.prepared('new alert', db => {
    const values = Object.fromEntries(Object.keys(row).map(name => [name, sql.placeholder(name)]))
    return db
      .insert(alerts)
      .values(values as never)
      .returning()
      .prepare()
  })
  const alert = insert.get(row)
  writeHistory(state, alert.id, { kind: 'fired', what: `fired: ${alert.title}` }, now)
  state.emit('alerts')
  return alert
}

// One prepared statement serves every new alert, so every row has all of these columns.
const EMPTY_COLUMNS = {
  groupId: null,
  suppression: null,
  suppressorId: null,
  suppressionReason: null,
  suppressedUntil: null,
  releasedAt: null,
  transitionTimes: [] as number[],
  flappingSince: null,
  stableAt: null,
}

/** Stores a transition as a new version, which every card will show, with its timeline line. */
export function recordChange(state: State, alert: Alert, transition: AlertTransition, now: number): Alert {
  const line = writeHistory(state, alert.id, transition, now)
  const { changes, thread } = transition
  return bumpVersion(state, alert, thread ? { ...changes, threadLine: line } : changes)
}

/** Stores changes as a new version, which every card will show. */
export function bumpVersion(state: State, alert: Pick<Alert, 'id' | 'version'>, changes: AlertChanges): Alert {
  state.emit('alerts')
  const shown = { version: alert.version + 1, undelivered: true, cardUpdateAt: null }
  return updateAlert(state, alert.id, { ...changes, ...shown })
}

/** Recomputes recipients, escalations and mentions of an alert after its suppression changed, without editing cards. */
export function requestDelivery(state: State, id: number): void {
  state.prepare('update alerts set routed_version = 0, undelivered = 1 where id = ?').run(id)
  state.emit('alerts')
}

/** Whether an alert has escalations that wait or ran. */
export function isEscalating(state: State, id: number): boolean {
  return state.prepare('select 1 from alert_escalations where alert_id = ? limit 1').get(id) !== undefined
}

/** Stores changes without a new version: no card is edited. */
export function updateAlert(state: State, id: number, changes: AlertChanges): Alert {
  // Each transition changes the same columns every time, so the statements are few.
  const names = Object.keys(changes).filter(name => changes[name as keyof typeof changes] !== undefined)
  const query = state.prepared(`alert: ${names}`, db =>
    db
      .update(alerts)
      .set(Object.fromEntries(names.map(name => [name, sql.placeholder(name)])))
      .where(eq(alerts.id, sql.placeholder('alertId')))
      .returning()
      .prepare(),
  )
  return query.get({ ...changes, alertId: id })!
}

/** Adds a line to an alert's timeline and returns its id. */
export function writeHistory(
  state: State,
  alertId: number,
  { kind, what, by = null, note = null }: HistoryEntry,
  at: number,
): number {
  const insert = 'insert into alert_history (alert_id, at, kind, what, by, note) values (?, ?, ?, ?, ?, ?)'
  return Number(state.prepare(insert).run(alertId, at, kind, what, by, note).lastInsertRowid)
}

/** The alert of a number; throws `not_found` when there is none. */
export function findAlert(state: State, id: number): Alert {
  const alert = readAlert(state, id)
  if (!alert)
    throw new Problem('not_found', `There is no alert ${id}. "alerts list" shows all open alerts.`, {
      fields: { alert: 'no such alert' },
    })
  return alert
}

/** The alert of a number, open or resolved, or undefined. */
export function readAlert(state: State, id: number): Alert | undefined {
  const byId = eq(alerts.id, sql.placeholder('id'))
  return state.prepared('alert by id', db => db.select().from(alerts).where(byId).prepare()).get({ id })
}

/** The newest alert of `key`, open or resolved; the open alert of a key is always its newest. */
export function readNewestAlert(state: State, key: string): Alert | undefined {
  const ofKey = eq(alerts.key, sql.placeholder('key'))
  const query = state.prepared('newest alert', db =>
    db.select().from(alerts).where(ofKey).orderBy(desc(alerts.id)).limit(1).prepare(),
  )
  return query.get({ key })
}

/** The open alert of `key`; there is at most one. */
export function readOpenAlert(state: State, key: string): Alert | undefined {
  // Every tick ends alerts that are rarely open; this reads only the index.
  const open = `select 1 from alerts where key = ? and state <> 'resolved'`
  return state.prepare(open).get(key) === undefined ? undefined : readNewestAlert(state, key)
}

export type HistoryRow = typeof history.$inferSelect
/** How long resolved alerts are kept. */
const RETENTION_MS = 400 * DAY
/** How many titles `countMatchingAlerts` returns. */
const MAX_TITLES = 10

export type AlertFilter = {
  /** Only alerts with a card of their own, no members of groups. */
  ungrouped?: boolean
  open?: boolean
  key?: string
  projectId?: number
  before?: number
  limit: number
}

/** Alerts, worst first when only open ones are asked for, else newest first. */
export function listAlerts(state: State, filter: AlertFilter): Alert[] {
  const order = filter.open ? [desc(sql.raw(severityRankSql())), desc(alerts.id)] : [desc(alerts.id)]
  return state.db
    .select()
    .from(alerts)
    .where(filterSql(filter))
    .orderBy(...order)
    .limit(filter.limit)
    .all()
}

/** The alerts that were resolved at `since` (epoch ms) or later, newest first. */
export function listResolvedSince(state: State, since: number, limit: number): Alert[] {
  const isResolved = and(eq(alerts.state, 'resolved'), sql`${alerts.resolvedAt} >= ${since}`)
  return state.db.select().from(alerts).where(isResolved).orderBy(desc(alerts.resolvedAt)).limit(limit).all()
}

/** The ids of the alerts that `listAlerts` finds without a limit, in its order. */
export function listAlertIds(state: State, filter: Omit<AlertFilter, 'limit'>): number[] {
  const order = filter.open ? [desc(sql.raw(severityRankSql())), desc(alerts.id)] : [desc(alerts.id)]
  const rows = state.db
    .select({ id: alerts.id })
    .from(alerts)
    .where(filterSql(filter))
    .orderBy(...order)
  return rows.all().map(({ id }) => id)
}

/** How many alerts `listAlerts` finds without a limit. */
export function countAlerts(state: State, filter: Omit<AlertFilter, 'limit'>): number {
  return state.db.select({ n: sql<number>`count(*)` }).from(alerts).where(filterSql(filter)).get()!.n
}

/** How many alerts of a project (null: of all) are open, by severity and state. */
export function countOpenAlerts(state: State, projectId: number | null = null) {
  return state
    .prepare<unknown[], { severity: Severity; state: 'firing' | 'acknowledged'; count: number }>(
      // A group stands for alerts that are counted themselves.
      `select severity, state, count(*) as count from alerts
       where state <> 'resolved' and detector <> 'group' and (? is null or project_id = ?) group by severity, state`,
    )
    .all(projectId, projectId)
}

/** The newest `limit` lines of an alert's timeline, oldest first, and the number of all its lines. */
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

/** The lines of an alert's timeline after id `after` and up to id `until`, oldest first, at most `limit`. */
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

/** Deletes alerts that were resolved more than `RETENTION_MS` ago. */
export function pruneAlerts(state: State, now: number): void {
  const remove = `delete from alerts where state = 'resolved' and resolved_at < ?`
  state.transaction(() => state.prepare(remove).run(now - RETENTION_MS))
}

/** Whether another alert than those of a rule was open at some time from `from` to `until` (epoch ms), in a project or (null) in any. */
export function hadOtherAlert(
  state: State,
  rule: string,
  projectId: number | null,
  from: number,
  until: number,
): boolean {
  const query = `select 1 from alerts where fired_at <= :until and since >= :from - ${7 * DAY}
    and coalesce(resolved_at, :until) >= :from and (:projectId is null or project_id is :projectId)
    and coalesce(labels ->> 'rule', '') <> :rule and detector not in ('notice', 'test', 'group', 'storm') limit 1`
  return state.prepare(query).get({ rule, projectId, from, until }) !== undefined
}

/** How many open alerts of a project (null: of any) match, with the titles of the worst. Throws `invalid` for a wrong matcher. */
export function countMatchingAlerts(
  state: State,
  text: string,
  projectId: number | null,
): { total: number; titles: string[] } {
  const matcher = readMatcher(text)
  const names = new Map<number, string | null>()
  const projectName = (id: number) => {
    if (!names.has(id)) names.set(id, readProjectById(state, id)?.name ?? null)
    return names.get(id) ?? null
  }
  const { title, severity, detector, key, owner, labels } = alerts
  // Only what matchers compare: thousands of whole alerts would take a moment to read.
  const open = state.db
    .select({ title, severity, detector, key, owner, labels, projectId: alerts.projectId })
    .from(alerts)
    .where(filterSql({ open: true }))
    .orderBy(desc(sql.raw(severityRankSql())), desc(alerts.id))
    .all()
  const matching = open.filter(
    alert =>
      (projectId === null || alert.projectId === projectId) &&
      matchesAlert(matcher, alert, alert.projectId === null ? null : projectName(alert.projectId)),
  )
  return { total: matching.length, titles: matching.slice(0, MAX_TITLES).map(alert => alert.title) }
}

function filterSql(filter: Omit<AlertFilter, 'limit'>): SQL | undefined {
  return and(
    // Written as in the partial index of open alerts; a parameter would not use it.
    filter.open ? sql`${alerts.state} <> 'resolved'` : undefined,
    filter.ungrouped ? sql`${alerts.groupId} is null` : undefined,
    filter.key === undefined ? undefined : eq(alerts.key, filter.key),
    filter.projectId === undefined ? undefined : eq(alerts.projectId, filter.projectId),
    filter.before === undefined ? undefined : lt(alerts.id, filter.before),
  )
}
