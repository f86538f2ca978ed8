// The table of analyzers, and for which alerts each has run.
import type { Alert } from '../../alerts/alert.ts'
import { knownMatcher, matchesAlert } from '../../alerts/matcher.ts'
import { Problem } from '../../problem.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { and, asc, desc, eq, sql } from '../../state/orm.ts'
import { alerts, analyzerRuns, analyzers } from '../../state/schema/index.ts'
import { HOUR, MINUTE, SECOND } from '../../time.ts'

export type Analyzer = typeof analyzers.$inferSelect
export type AnalyzerRun = typeof analyzerRuns.$inferSelect

/** An alert is analyzed this long after it notified people, so that its first lines are stored. */
const DELAY_MS = 20 * SECOND
/** Older alerts are not analyzed by themselves. */
const MAX_ALERT_AGE_MS = 10 * MINUTE
/** In a flood of alerts the first answers show what the others would. */
const MAX_RUNS_PER_HOUR = 30

/** All analyzers by name. */
export function listAnalyzers(state: State): Analyzer[] {
  return state.db.select().from(analyzers).orderBy(asc(analyzers.name)).all()
}

/** The analyzer of a name; throws `not_found`. */
export function findAnalyzer(state: State, name: string): Analyzer {
  const found = state.db.select().from(analyzers).where(eq(analyzers.name, name)).get()
  if (found) return found
  throw new Problem('not_found', `There is no analyzer "${name}". "analyzers list" shows all analyzers.`, {
    fields: { name: 'no such analyzer' },
  })
}

/** Adds an analyzer, whose file is checked. Throws `conflict` when its name is taken. */
export function addAnalyzer(state: State, row: Omit<Analyzer, 'id'>): Analyzer {
  return state.transaction(() => {
    if (state.db.select().from(analyzers).where(eq(analyzers.name, row.name)).get())
      throw new Problem('conflict', `There is an analyzer "${row.name}" already.`, { fields: { name: 'is taken' } })
    state.emit('alerts')
    return state.db.insert(analyzers).values(row).returning().get()
  })
}

/** Removes an analyzer with the record of its runs; its answers stay. */
export function removeAnalyzer(state: State, { id }: Analyzer): void {
  state.transaction(() => state.db.delete(analyzers).where(eq(analyzers.id, id)).run())
}

/** The newest run of an analyzer. */
export function readNewestRun(state: State, analyzerId: number): AnalyzerRun | undefined {
  const own = state.db.select().from(analyzerRuns).where(eq(analyzerRuns.analyzerId, analyzerId))
  return own.orderBy(desc(analyzerRuns.startedAt)).limit(1).get()
}

/** Alerts that an analyzer is to run for by itself, oldest first, with when (epoch ms): those that people were notified of. */
export function listDueRuns(state: State, now: number): { analyzer: Analyzer; alert: Alert; dueAt: number }[] {
  const all = listAnalyzers(state)
  if (all.length === 0) return []
  const notifiedAt = sql<number>`coalesce(${alerts.releasedAt}, ${alerts.firedAt})`
  const recent = state.db
    .select()
    .from(alerts)
    .where(
      and(
        sql`${alerts.state} <> 'resolved' and ${alerts.suppression} is null`,
        sql`${notifiedAt} > ${now - MAX_ALERT_AGE_MS}`,
        sql`${alerts.detector} not in ('notice', 'test', 'storm')`,
      ),
    )
    .orderBy(asc(alerts.id))
    .limit(50)
    .all()
  return recent.flatMap(alert =>
    all
      .filter(analyzer => isFor(state, analyzer, alert) && !hasRun(state, analyzer.id, alert.id))
      .map(analyzer => ({ analyzer, alert, dueAt: (alert.releasedAt ?? alert.firedAt) + DELAY_MS })),
  )
}

/** Whether an analyzer may run by itself once more this hour. */
export function hasRoomForRun(state: State, analyzerId: number, now: number): boolean {
  const query = 'select count(*) as n from analyzer_runs where analyzer_id = ? and started_at > ?'
  return state.prepare<[number, number], { n: number }>(query).get(analyzerId, now - HOUR)!.n < MAX_RUNS_PER_HOUR
}

/** Records that an analyzer runs for an alert; a run that Vakt's end interrupts is not repeated. */
export function recordRunStart(state: State, analyzerId: number, alertId: number, now: number): void {
  const row = { analyzerId, alertId, startedAt: now, endedAt: null, failure: null, analysisId: null }
  state.transaction(() =>
    state.db
      .insert(analyzerRuns)
      .values(row)
      .onConflictDoUpdate({ target: [analyzerRuns.analyzerId, analyzerRuns.alertId], set: row })
      .run(),
  )
}

/** Records how a run ended: with an analysis, or why without. */
export function recordRunEnd(
  state: State,
  analyzerId: number,
  alertId: number,
  end: { failure: string | null; analysisId: number | null },
  now: number,
): void {
  const which = and(eq(analyzerRuns.analyzerId, analyzerId), eq(analyzerRuns.alertId, alertId))
  state.transaction(() =>
    state.db
      .update(analyzerRuns)
      .set({ ...end, endedAt: now })
      .where(which)
      .run(),
  )
}

function isFor(state: State, { matcher, projectId }: Analyzer, alert: Alert): boolean {
  if (projectId !== null && projectId !== alert.projectId) return false
  const project = alert.projectId === null ? null : (readProjectById(state, alert.projectId)?.name ?? null)
  return matchesAlert(knownMatcher(matcher), alert, project)
}

function hasRun(state: State, analyzerId: number, alertId: number): boolean {
  const query = 'select 1 from analyzer_runs where analyzer_id = ? and alert_id = ?'
  return state.prepare(query).get(analyzerId, alertId) !== undefined
}
