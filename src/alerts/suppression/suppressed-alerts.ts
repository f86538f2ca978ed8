// What is held back: by what, how many, and which.

import type { Text } from '../../card.ts'
import type { Finding } from '../../detectors/finding.ts'
import type { State } from '../../state/database.ts'
import { and, asc, eq, sql } from '../../state/orm.ts'
import { alerts } from '../../state/schema/index.ts'
import type { Alert } from '../alert.ts'
import { readOpenAlert } from '../alerts.ts'
import { STORM } from './inhibition.ts'
import type { Suppressor } from './suppression.ts'

const WORST_FIRST = [sql`case severity when 'critical' then 0 when 'warning' then 1 else 2 end`, asc(alerts.id)]

/** `is` also finds null; the index of what is suppressed serves both columns. */
const SUPPRESSED_BY = 'suppression = :kind and suppressor_id is :id'

const isSuppressedBy = ({ kind, id }: Suppressor) => sql`suppression = ${kind} and suppressor_id is ${id}`

/** How many open alerts `by` holds back. */
export function countSuppressed(state: State, by: Suppressor): number {
  const query = `select count(*) as n from alerts where ${SUPPRESSED_BY} and state <> 'resolved'`
  return state.prepare<[Suppressor], { n: number }>(query).get(by)!.n
}

/** Open alerts that `by` holds back, worst first. */
export function listSuppressed(state: State, by: Suppressor, limit: number): Alert[] {
  // As the index has it; a parameter would not be seen to be the same.
  const open = sql`${alerts.state} <> 'resolved'`
  return state.db
    .select()
    .from(alerts)
    .where(and(isSuppressedBy(by), open))
    .orderBy(...WORST_FIRST)
    .limit(limit)
    .all()
}

/** The numbers of open alerts that nobody has taken, of one project or one storm (itself included) when that is given. */
export function listFiring(state: State, projectId?: number, storm?: number): number[] {
  const wanted = and(
    eq(alerts.state, 'firing'),
    projectId === undefined ? undefined : eq(alerts.projectId, projectId),
    storm === undefined ? undefined : sql`((suppression = 'storm' and suppressor_id = ${storm}) or id = ${storm})`,
  )
  const rows = state.db.select({ id: alerts.id }).from(alerts).where(wanted).orderBy(asc(alerts.id)).all()
  return rows.map(({ id }) => id)
}

/** What an alert holds back, for its card: how many of each severity are open, and the titles of the first few. */
export type InhibitedAlerts = { open: Record<Alert['severity'], number>; titles: string[] }

/** What an alert holds back now; null when it never held anything. */
export function readInhibited(
  state: State,
  alert: Pick<Alert, 'id' | 'suppressedCount' | 'detector'>,
): InhibitedAlerts | null {
  if (alert.suppressedCount === 0) return null
  const by = { kind: alert.detector === STORM ? 'storm' : 'inhibition', id: alert.id } as const
  const counted = `select severity, count(*) as n from alerts where ${SUPPRESSED_BY} and state <> 'resolved' group by severity`
  const open = { critical: 0, warning: 0, info: 0 }
  for (const row of state.prepare<[Suppressor], { severity: Alert['severity']; n: number }>(counted).all(by))
    open[row.severity] = row.n
  return { open, titles: listSuppressed(state, by, TITLES).map(one => one.title) }
}

const TITLES = 8

/** A finding that ends an alert, with what that held back until now in the words of its card. */
export function withSuppressed(state: State, finding: Finding): Finding {
  const open = readOpenAlert(state, finding.key)
  const held = open ? listSuppressed(state, { kind: 'inhibition', id: open.id }, TITLES + 1) : []
  if (held.length === 0) return finding
  const names: Text[] = held.slice(0, TITLES).map(one => `• ${one.title}`)
  const more = held.length > TITLES ? ['… and more; "alerts list" shows them.'] : []
  const said = 'These alerts waited meanwhile, and are told now if they go on:'
  return {
    ...finding,
    observation: { ...finding.observation, lines: [...finding.observation.lines, said, ...names, ...more] },
  }
}

/** Alerts that `by` holds back at `now`, and those fired since `from` that ended while it did; worst first. */
export function suppressedSince(state: State, by: Suppressor, from: number, now: number): Alert[] {
  // Numbers rise with time, so the search from the newest ends at the first that is older.
  const older = 'select id from alerts where fired_at < ? order by id desc limit 1'
  const after = state.prepare<[number], { id: number }>(older).get(from)?.id ?? 0
  const ended = sql`id > ${after} and ${isSuppressedBy(by)} and state = 'resolved' and fired_at <= ${now}`
  const over = state.db
    .select()
    .from(alerts)
    .where(ended)
    .orderBy(...WORST_FIRST)
    .all()
  return [...listSuppressed(state, by, -1), ...over]
}
