// The content of a report: uptime, alerts, time to acknowledge and resolve, frequent errors; computed from plain rows. Pure.
import type { Alert } from '../../alerts/alert.ts'
import type { Card, Field, Text } from '../../card.ts'
import { sparkline } from '../../charts/sparkline.ts'
import type { TimeChart } from '../../charts/time-chart.ts'
import type { Severity } from '../../severity.ts'
import { plural } from '../../text.ts'
import { aboutDuration, DAY, HOUR } from '../../time.ts'

/** An alert as a report needs it. */
export type ReportedAlert = Pick<Alert, 'key' | 'title' | 'severity' | 'since' | 'firedAt' | 'resolvedAt'> & {
  /** When somebody first acknowledged it. */
  acknowledgedAt: number | null
}
export type ReportedCheck = { id: number; name: string; createdAt: number }
export type ErrorCount = { what: string; source: string; count: number }

export type CheckMetrics = { name: string; uptime: number; downtime_ms: number; alerts: number }
export type ReportMetrics = {
  from: number
  until: number
  project: string | null
  checks: CheckMetrics[]
  alerts: Record<Severity, number> & { open: number }
  /** Medians, ms; null when there was none. */
  time_to_acknowledge_ms: number | null
  time_to_resolve_ms: number | null
  acknowledged: number
  errors: ErrorCount[]
  /** New alerts by hour or day, by severity. */
  course: { at: number; critical: number; warning: number; info: number }[]
  /** The newest row of the audit and its hash, which covers all rows before it; only in reports for all projects. */
  audit?: { id: number; hash: string }
}

const MAX_ROWS_SHOWN = 8
const MAX_BUCKETS = 400
/** Enough to compare with `audit verify`. */
const SHOWN_HASH_LENGTH = 16

/** The metrics of a period. An alert of a check counts as downtime of the check from the start of the failure. */
export function computeMetrics(
  period: { from: number; until: number; project: string | null },
  rows: {
    alerts: readonly ReportedAlert[]
    checks: readonly ReportedCheck[]
    errors: readonly ErrorCount[]
    audit?: { id: number; hash: string }
  },
): ReportMetrics {
  const { from, until } = period
  const isInPeriod = (at: number | null) => at !== null && at >= from && at < until
  const fired = rows.alerts.filter(({ firedAt }) => isInPeriod(firedAt))
  const count = (severity: Severity) => fired.filter(alert => alert.severity === severity).length
  const acknowledged = fired.filter(({ acknowledgedAt }) => acknowledgedAt !== null)
  const resolved = rows.alerts.filter(({ resolvedAt }) => isInPeriod(resolvedAt))
  return {
    ...period,
    checks: rows.checks
      .map(check => checkMetrics(check, rows.alerts, period))
      .toSorted((a, b) => a.uptime - b.uptime || (a.name < b.name ? -1 : 1)),
    alerts: {
      critical: count('critical'),
      warning: count('warning'),
      info: count('info'),
      open: rows.alerts.filter(({ resolvedAt }) => resolvedAt === null || resolvedAt >= until).length,
    },
    time_to_acknowledge_ms: median(acknowledged.map(alert => alert.acknowledgedAt! - alert.firedAt)),
    time_to_resolve_ms: median(resolved.map(alert => alert.resolvedAt! - alert.firedAt)),
    acknowledged: acknowledged.length,
    errors: rows.errors.slice(0, MAX_ROWS_SHOWN),
    course: alertsOverTime(fired, from, until),
    ...(rows.audit ? { audit: rows.audit } : {}),
  }
}

function checkMetrics(
  check: ReportedCheck,
  alerts: readonly ReportedAlert[],
  { from, until }: { from: number; until: number },
): CheckMetrics {
  const start = Math.max(from, Math.min(check.createdAt, until))
  const own = alerts.filter(({ key }) => key === `check:${check.id}`)
  const downMs = coveredMs(
    own.map(({ since, resolvedAt }) => [Math.max(since, start), Math.min(resolvedAt ?? until, until)] as const),
  )
  const totalMs = until - start
  return {
    name: check.name,
    uptime: totalMs === 0 ? 1 : 1 - downMs / totalMs,
    downtime_ms: downMs,
    alerts: own.filter(({ firedAt }) => firedAt >= from && firedAt < until).length,
  }
}

/** The time that intervals cover together, ms; overlaps count once. */
function coveredMs(intervals: readonly (readonly [number, number])[]): number {
  let covered = 0
  let lastEnd = Number.NEGATIVE_INFINITY
  for (const [start, end] of intervals.filter(([a, b]) => b > a).toSorted((a, b) => a[0] - b[0])) {
    covered += Math.max(0, end - Math.max(start, lastEnd))
    lastEnd = Math.max(lastEnd, end)
  }
  return covered
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.round((sorted[middle - 1]! + sorted[middle]!) / 2)
}

function alertsOverTime(fired: readonly ReportedAlert[], from: number, until: number): ReportMetrics['course'] {
  const bucketMs = until - from > 2 * DAY ? DAY : HOUR
  const count = Math.max(1, Math.ceil((until - from) / bucketMs))
  const buckets = Array.from({ length: Math.min(count, MAX_BUCKETS) }, (_, i) => ({
    at: from + i * bucketMs,
    critical: 0,
    warning: 0,
    info: 0,
  }))
  for (const { firedAt, severity } of fired) {
    const bucket = buckets[Math.floor((firedAt - from) / bucketMs)]
    if (bucket) bucket[severity]++
  }
  return buckets
}

/** The card of a report, with the lines about unusual logs; without its chart. */
export function reportCard(name: string, metrics: ReportMetrics, unusual: readonly Text[] = []): Card {
  const { alerts, checks, errors, course } = metrics
  const total = alerts.critical + alerts.warning + alerts.info
  const failed = checks.filter(check => check.downtime_ms > 0 || check.alerts > 0)
  const period: Text = [
    { time: metrics.from, style: 'moment' },
    ' to ',
    { time: metrics.until, style: 'moment' },
    metrics.project === null ? '' : `, project ${metrics.project}`,
  ]
  return {
    title: `Report ${name}: ${total === 0 ? 'no alerts' : plural(total, 'alert')}`,
    tone: alerts.critical > 0 ? 'warning' : 'good',
    lines: [
      period,
      ...(total > 0
        ? [
            `New: ${alerts.critical} critical, ${alerts.warning} warning, ${alerts.info} info. Open at the end: ${alerts.open}.`,
          ]
        : []),
      ...(total > 0 ? [[{ code: sparkline(course.map(totalOf)) }, ' alerts over time']] : []),
      checks.length === 0 ? 'No checks.' : uptimeLine(checks),
      ...failed
        .slice(0, MAX_ROWS_SHOWN)
        .map(
          (check): Text => [
            { bold: check.name },
            ` ${percent(check.uptime)} up, down for ${aboutDuration(check.downtime_ms)}, ${plural(check.alerts, 'alert')}`,
          ],
        ),
      ...(failed.length > MAX_ROWS_SHOWN ? [`… ${failed.length - MAX_ROWS_SHOWN} more`] : []),
      ...(errors.length > 0 ? [[{ bold: 'Most frequent errors' }] as Text] : []),
      ...errors.map(
        ({ count, source, what }): Text => [
          { bold: count.toLocaleString('en') },
          ` ${source === '' ? '' : `${source}: `}${what}`,
        ],
      ),
      ...unusual,
      ...(metrics.audit && metrics.audit.id > 0
        ? [[`Audit up to row ${metrics.audit.id}: `, { code: metrics.audit.hash.slice(0, SHOWN_HASH_LENGTH) }] as Text]
        : []),
    ],
    fields: [
      duration('Time to acknowledge (median)', metrics.time_to_acknowledge_ms),
      duration('Time to resolve (median)', metrics.time_to_resolve_ms),
    ].flat(),
  }
}

/** The alerts over time as a chart; null without alerts. */
export function reportChart(metrics: ReportMetrics, timeZone: string): TimeChart | null {
  if (metrics.course.every(bucket => totalOf(bucket) === 0)) return null
  const series = (name: Severity, colour: string) => ({
    name,
    colour,
    points: metrics.course.map(bucket => [bucket.at, bucket[name]] as const),
  })
  return {
    title: 'New alerts',
    kind: 'bars',
    unit: 'alerts',
    from: metrics.from,
    until: metrics.until,
    timeZone,
    series: [series('critical', '#c53030'), series('warning', '#dd6b20'), series('info', '#3182ce')],
  }
}

function uptimeLine(checks: readonly CheckMetrics[]): string {
  const mean = checks.reduce((sum, check) => sum + check.uptime, 0) / checks.length
  return `Uptime of ${plural(checks.length, 'check')}: ${percent(mean)} on average.`
}

function totalOf({ critical, warning, info }: ReportMetrics['course'][number]): number {
  return critical + warning + info
}

/** `99.999 %`: rounded down, so that only a whole period up is 100 %. */
function percent(share: number): string {
  return `${Math.floor(share * 100_000) / 1000} %`
}

function duration(name: string, ms: number | null): Field[] {
  return ms === null ? [] : [{ name, value: aboutDuration(ms), inline: true }]
}
