// Reads the rows of a report: the checks, the alerts of its period, and the most frequent errors.
import { GROUP, NOTICE, STORM, TEST } from '../../alerts/suppression/inhibition.ts'
import type { Check } from '../../checks/check.ts'
import { readDownSpans } from '../../checks/flips.ts'
import type { UpTime } from '../../probes/availability.ts'
import { readUpTime } from '../../probes/measurements.ts'
import { readAuditHead } from '../../projects/audit.ts'
import type { State } from '../../state/database.ts'
import { DAY } from '../../time.ts'
import { listOverrides, listRotations } from '../routing/rotations.ts'
import { onCallLoad, responders } from './on-call-load.ts'
import {
  computeMetrics,
  type ErrorCount,
  type ReportedAlert,
  type ReportedCheck,
  type ReportMetrics,
} from './report.ts'

/** Groups and storms stand for alerts that are counted themselves, and notices are resolved at once. */
const IS_COUNTED = `detector not in ('${TEST}', '${NOTICE}', '${GROUP}', '${STORM}')`
/** In a period with more alerts the newest count. */
const MAX_ALERTS = 20_000
const MAX_CHECKS = 2_000
const MAX_ERRORS = 8

/** What a report is of; `target` is the share of time that checks should be up, `timeZone` that of its nights. */
export type ReportScope = {
  from: number
  until: number
  projectId: number | null
  target?: number | null
  timeZone?: string
}

/** The metrics of the period from `from` until `until` (epoch ms), of one project or all. */
export function readReportMetrics(
  state: State,
  { from, until, projectId, target = null, timeZone = 'UTC' }: ReportScope,
): ReportMetrics {
  const project =
    projectId === null
      ? null
      : (state.prepare<[number], { name: string }>('select name from projects where id = ?').get(projectId)?.name ??
        null)
  const alerts = readAlerts(state, from, until, projectId)
  const fired = alerts.filter(({ firedAt, severity }) => firedAt >= from && firedAt < until && severity !== 'info')
  return computeMetrics(
    { from, until, project },
    {
      target,
      alerts,
      checks: readChecks(state, from, until, projectId),
      neverRan: readNeverRan(state, until, projectId),
      onCall: onCallLoad(
        listRotations(state).map(rotation => ({ rotation, overrides: listOverrides(state, rotation, from) })),
        fired.map(({ firedAt }) => firedAt),
      ),
      responders: responders(readAcknowledgements(state, from, until, projectId), timeZone),
      errors: readErrors(state, from, until, projectId),
      ...(projectId === null ? { audit: readAuditHead(state) } : {}),
    },
  )
}

function readAlerts(state: State, from: number, until: number, projectId: number | null): ReportedAlert[] {
  // An acknowledgement that was taken back is only in the history; that of a group is only in the history of the group.
  const query = `select key, title, severity, since, fired_at as firedAt, resolved_at as resolvedAt,
      labels ->> 'rule' as rule,
      (select min(at) from alert_history where alert_id in (alerts.id, alerts.group_id) and kind = 'acknowledged'
        and at >= fired_at and (resolved_at is null or at <= resolved_at)) as acknowledgedAt
    from alerts where fired_at < :until and (resolved_at is null or resolved_at >= :from) and ${IS_COUNTED}
      and (:projectId is null or project_id = :projectId) order by id desc limit ${MAX_ALERTS}`
  return state.prepare<[object], ReportedAlert>(query).all({ from, until, projectId })
}

/** A job that was registered only a moment ago is not missing yet. */
const NEW_CHECK_MS = DAY

/** Checks that wait for their first beat since more than a day. */
function readNeverRan(state: State, until: number, projectId: number | null): { name: string; since: number }[] {
  const query = `select name, created_at as since from checks
    where status = 'new' and created_at < :before and (:projectId is null or project_id = :projectId) order by created_at limit ${MAX_CHECKS}`
  return state
    .prepare<[object], { name: string; since: number }>(query)
    .all({ before: until - NEW_CHECK_MS, projectId })
}

function readAcknowledgements(
  state: State,
  from: number,
  until: number,
  projectId: number | null,
): { who: string; at: number }[] {
  const query = `select alert_history.by as who, at from alert_history join alerts on alerts.id = alert_id
    where kind = 'acknowledged' and at >= :from and at < :until and alert_history.by is not null and detector <> 'test'
      and (:projectId is null or project_id = :projectId) order by alert_history.id desc limit ${MAX_ALERTS}`
  return state.prepare<[object], { who: string; at: number }>(query).all({ from, until, projectId })
}

function readChecks(state: State, from: number, until: number, projectId: number | null): ReportedCheck[] {
  const query = `select id, name, created_at as createdAt, probed, status from checks
    where created_at < :until and status not in ('paused', 'new') and (:projectId is null or project_id = :projectId) order by id limit ${MAX_CHECKS}`
  return state
    .prepare<[object], ReportedCheck & Pick<Check, 'status'> & { probed: number }>(query)
    .all({ until, projectId })
    .map(({ probed, status, ...check }) => ({
      ...check,
      measured:
        probed === 1
          ? readUpTime(state, check.id, from, until)
          : upTimeOf(state, { ...check, status }, Math.max(from, check.createdAt), until),
    }))
}

/** How long a check that waits for beats was up and down. */
function upTimeOf(state: State, check: Pick<Check, 'id' | 'status'>, from: number, until: number): UpTime {
  const downMs = readDownSpans(state, check, from, until).reduce((sum, span) => sum + span.until - span.from, 0)
  return { upMs: until - from - downMs, downMs }
}

function readErrors(state: State, from: number, until: number, projectId: number | null): ErrorCount[] {
  const query = `select sum(log_counts.count) as count, s.source as source, coalesce(max(f.why), s.fingerprint) as what
    from log_series s cross join log_counts on log_counts.series = s.id and log_counts.at >= :from and log_counts.at < :until
      left join fingerprints f on f.project_id = s.project_id and f.fingerprint = s.fingerprint
    where s.level in ('error', 'fatal') and s.fingerprint <> '' and (:projectId is null or s.project_id = :projectId)
    group by s.project_id, s.fingerprint order by count desc limit ${MAX_ERRORS}`
  return state.prepare<[object], ErrorCount>(query).all({ from, until, projectId })
}
