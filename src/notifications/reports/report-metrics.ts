// Reads what a report is made of: the checks, the alerts that touch its period, and its most frequent errors.
import type { State } from '../../state/database.ts'
import { type AlertCounts, type ErrorRow, metricsOf, type ReportMetrics, type WatchedCheck } from './report.ts'

/** The most alerts one report looks at; in a period with more, the newest count. */
const MOST_ALERTS = 20_000
const MOST_CHECKS = 2_000
const TOP = 8

/** The figures of the period from `from` until `until` (epoch ms), of one project or all. */
export function readReportMetrics(
  state: State,
  { from, until, projectId }: { from: number; until: number; projectId: number | null },
): ReportMetrics {
  const project =
    projectId === null
      ? null
      : (state.prepare<[number], { name: string }>('select name from projects where id = ?').get(projectId)?.name ??
        null)
  return metricsOf(
    { from, until, project },
    {
      alerts: readAlerts(state, from, until, projectId),
      checks: readChecks(state, until, projectId),
      errors: readErrors(state, from, until, projectId),
    },
  )
}

function readAlerts(state: State, from: number, until: number, projectId: number | null): AlertCounts[] {
  // An acknowledgement that was given back is only in the history.
  const query = `select key, title, severity, since, fired_at as firedAt, resolved_at as resolvedAt,
      (select min(at) from alert_history where alert_id = alerts.id and kind = 'acknowledged') as takenAt
    from alerts where fired_at < :until and (resolved_at is null or resolved_at >= :from) and detector <> 'test'
      and (:projectId is null or project_id = :projectId) order by id desc limit ${MOST_ALERTS}`
  return state.prepare<[object], AlertCounts>(query).all({ from, until, projectId })
}

function readChecks(state: State, until: number, projectId: number | null): WatchedCheck[] {
  const query = `select id, name, created_at as createdAt from checks
    where created_at < :until and status not in ('paused', 'new') and (:projectId is null or project_id = :projectId) order by id limit ${MOST_CHECKS}`
  return state.prepare<[object], WatchedCheck>(query).all({ until, projectId })
}

function readErrors(state: State, from: number, until: number, projectId: number | null): ErrorRow[] {
  const query = `select sum(log_counts.count) as count, s.source as source, coalesce(max(f.why), s.fingerprint) as what
    from log_series s cross join log_counts on log_counts.series = s.id and log_counts.at >= :from and log_counts.at < :until
      left join fingerprints f on f.project_id = s.project_id and f.fingerprint = s.fingerprint
    where s.level in ('error', 'fatal') and s.fingerprint <> '' and (:projectId is null or s.project_id = :projectId)
    group by s.project_id, s.fingerprint order by count desc limit ${TOP}`
  return state.prepare<[object], ErrorRow>(query).all({ from, until, projectId })
}
