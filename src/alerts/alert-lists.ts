// The alerts as they are asked for: lists, counts, timelines; and the end of those that are old.
import type { SQL } from 'drizzle-orm'
import type { State } from '../state/database.ts'
import { and, asc, desc, eq, lt, sql } from '../state/orm.ts'
import { alerts, history } from '../state/schema/index.ts'
import { DAY } from '../time.ts'
import type { Alert } from './alert.ts'

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

function filtered(filter: Omit<AlertFilter, 'limit'>): SQL | undefined {
  return and(
    // Written out, as the index of what is open has it.
    filter.open ? sql`${alerts.state} <> 'resolved'` : undefined,
    filter.key === undefined ? undefined : eq(alerts.key, filter.key),
    filter.projectId === undefined ? undefined : eq(alerts.projectId, filter.projectId),
    filter.before === undefined ? undefined : lt(alerts.id, filter.before),
  )
}
