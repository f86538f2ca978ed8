// Queries about suppressed alerts: how many a silence, a window, a root cause or a storm suppresses, and which.
import type { Text } from '../../card.ts'
import type { Finding } from '../../detectors/finding.ts'
import { severityRankSql } from '../../severity.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { alerts } from '../../state/schema/index.ts'
import type { Alert } from '../alert.ts'
import { readOpenAlert } from '../alerts.ts'
import { STORM } from './inhibition.ts'
import type { Suppressor } from './suppression.ts'

const MAX_TITLES = 8
const WORST_FIRST = [sql.raw(`${severityRankSql()} desc`), asc(alerts.id)]

/** `is`, not `=`, so that an id of null is found too; both use the index of suppressed alerts. */
const SUPPRESSED_BY = 'suppression = :kind and suppressor_id is :id'
const isSuppressedBy = ({ kind, id }: Suppressor) => sql`suppression = ${kind} and suppressor_id is ${id}`

/** How many open alerts are suppressed by `suppressor`. */
export function countSuppressed(state: State, suppressor: Suppressor): number {
  const query = `select count(*) as n from alerts where ${SUPPRESSED_BY} and state <> 'resolved'`
  return state.prepare<[Suppressor], { n: number }>(query).get(suppressor)!.n
}

/** The open alerts suppressed by `suppressor`, worst first. */
export function listSuppressed(state: State, suppressor: Suppressor, limit: number): Alert[] {
  // Written as in the partial index of suppressed alerts; a parameter would not use it.
  const isOpen = sql`${alerts.state} <> 'resolved'`
  return state.db
    .select()
    .from(alerts)
    .where(and(isSuppressedBy(suppressor), isOpen))
    .orderBy(...WORST_FIRST)
    .limit(limit)
    .all()
}

/** The ids of firing alerts, oldest first; only of a project, or of a storm (with the storm itself), when that is set. */
export function listFiringIds(state: State, projectId?: number, storm?: number): number[] {
  const filter = and(
    eq(alerts.state, 'firing'),
    projectId === undefined ? undefined : eq(alerts.projectId, projectId),
    storm === undefined ? undefined : sql`((suppression = 'storm' and suppressor_id = ${storm}) or id = ${storm})`,
  )
  const rows = state.db.select({ id: alerts.id }).from(alerts).where(filter).orderBy(asc(alerts.id)).all()
  return rows.map(({ id }) => id)
}

/** The open alerts that an alert suppresses, for its card: a count per severity, and the titles of the worst. */
export type SuppressedSummary = { open: Record<Alert['severity'], number>; titles: string[] }

/** Summarizes what an alert suppresses now; null when it never suppressed anything. */
export function readSuppressedSummary(
  state: State,
  alert: Pick<Alert, 'id' | 'suppressedCount' | 'detector'>,
): SuppressedSummary | null {
  if (alert.suppressedCount === 0) return null
  const suppressor = { kind: alert.detector === STORM ? 'storm' : 'inhibition', id: alert.id } as const
  const query = `select severity, count(*) as n from alerts where ${SUPPRESSED_BY} and state <> 'resolved' group by severity`
  const open = { critical: 0, warning: 0, info: 0 }
  for (const row of state.prepare<[Suppressor], { severity: Alert['severity']; n: number }>(query).all(suppressor))
    open[row.severity] = row.n
  return { open, titles: listSuppressed(state, suppressor, MAX_TITLES).map(alert => alert.title) }
}

/** Adds the alerts that the open alert of a finding inhibits to the finding, which is about to end that alert. */
export function withInhibitedAlerts(state: State, finding: Finding): Finding {
  const open = readOpenAlert(state, finding.key)
  const inhibited = open ? listSuppressed(state, { kind: 'inhibition', id: open.id }, MAX_TITLES + 1) : []
  if (inhibited.length === 0) return finding
  const titles: Text[] = inhibited.slice(0, MAX_TITLES).map(alert => `• ${alert.title}`)
  const more = inhibited.length > MAX_TITLES ? ['… and more. "alerts list" shows all open alerts.'] : []
  const heading = 'These alerts were suppressed; each gets its card if it is still firing:'
  const lines = [...finding.observation.lines, heading, ...titles, ...more]
  return { ...finding, observation: { ...finding.observation, lines } }
}

/**
 * The open alerts that `suppressor` suppresses at `now`, and those that fired since `from` and were resolved while
 * suppressed; worst first.
 */
export function listSuppressedSince(state: State, suppressor: Suppressor, from: number, now: number): Alert[] {
  // Ids rise with time, so this search from the newest alert ends at the first that is older.
  const older = 'select id from alerts where fired_at < ? order by id desc limit 1'
  const after = state.prepare<[number], { id: number }>(older).get(from)?.id ?? 0
  const isResolved = sql`id > ${after} and ${isSuppressedBy(suppressor)} and state = 'resolved' and fired_at <= ${now}`
  const resolved = state.db
    .select()
    .from(alerts)
    .where(isResolved)
    .orderBy(...WORST_FIRST)
    .all()
  return [...listSuppressed(state, suppressor, -1), ...resolved]
}
