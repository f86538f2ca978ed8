// Reads the rows of a report: the checks, the alerts of its period, and the most frequent errors.
import { readAuditHead } from '../../projects/audit.ts'
import type { State } from '../../state/database.ts'
import {
  computeMetrics,
  type ErrorCount,
  type ReportedAlert,
  type ReportedCheck,
  type ReportMetrics,
} from './report.ts'

/** In a period with more alerts the newest count. */
const MAX_ALERTS = 20_000
const MAX_CHECKS = 2_000
const MAX_ERRORS = 8

/** The metrics of the period from `from` until `until` (epoch ms), of one project or all. */
export function readReportMetrics(
  state: State,
  { from, until, projectId }: { from: number; until: number; projectId: number | null },
): ReportMetrics {
  const project =
    projectId === null
      ? null
      : (state.prepare<[number], { name: string }>('select name from projects where id = ?').get(projectId)?.name ??
        null)
  return computeMetrics(
    { from, until, project },
    {
      alerts: readAlerts(state, from, until, projectId),
      checks: readChecks(state, until, projectId),
      errors: readErrors(state, from, until, projectId),
      ...(projectId === null ? { audit: readAuditHead(state) } : {}),
    },
  )
}

function readAlerts(state: State, from: number, until: number, projectId: number | null): ReportedAlert[] {
  // An acknowledgement that was taken back is only in the history.
  const query = `select key, title, severity, since, fired_at as firedAt, resolved_at as resolvedAt,
      (select min(at) from alert_history where alert_id = alerts.id and kind = 'acknowledged') as acknowledgedAt
    from alerts where fired_at < :until and (resolved_at is null or resolved_at >= :from) and detector <> 'test'
      and (:projectId is null or project_id = :projectId) order by id desc limit ${MAX_ALERTS}`
  return state.prepare<[object], ReportedAlert>(query).all({ from, until, projectId })
}

function readChecks(state: State, until: number, projectId: number | null): ReportedCheck[] {
  const query = `select id, name, created_at as createdAt from checks
    where created_at < :until and status not in ('paused', 'new') and (:projectId is null or project_id = :projectId) order by id limit ${MAX_CHECKS}`
  return state.prepare<[object], ReportedCheck>(query).all({ until, projectId })
}

function readErrors(state: State, from: number, until: number, projectId: number | null): ErrorCount[] {
  const query = `select sum(log_counts.count) as count, s.source as source, coalesce(max(f.why), s.fingerprint) as what
    from log_series s cross join log_counts on log_counts.series = s.id and log_counts.at >= :from and log_counts.at < :until
      left join fingerprints f on f.project_id = s.project_id and f.fingerprint = s.fingerprint
    where s.level in ('error', 'fatal') and s.fingerprint <> '' and (:projectId is null or s.project_id = :projectId)
    group by s.project_id, s.fingerprint order by count desc limit ${MAX_ERRORS}`
  return state.prepare<[object], ErrorCount>(query).all({ from, until, projectId })
}
