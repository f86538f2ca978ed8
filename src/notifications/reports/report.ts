// What a report says: uptime, alerts, how soon people came, the errors that were most; from plain rows. Pure.
import type { Alert } from '../../alerts/alert.ts'
import type { Card, Field, Text } from '../../card.ts'
import { sparkline } from '../../charts/sparkline.ts'
import type { TimeChart } from '../../charts/time-chart.ts'
import type { Severity } from '../../severity.ts'
import { aboutDuration, DAY, HOUR } from '../../time.ts'

/** An alert as a report needs it. */
export type AlertCounts = Pick<Alert, 'key' | 'title' | 'severity' | 'since' | 'firedAt' | 'resolvedAt'> & {
  /** When somebody first took it. */
  takenAt: number | null
}
export type WatchedCheck = { id: number; name: string; createdAt: number }
export type ErrorRow = { what: string; source: string; count: number }

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
  errors: ErrorRow[]
  /** New alerts by part of the period, by severity. */
  course: { at: number; critical: number; warning: number; info: number }[]
}

const SHOWN = 8

/** The figures of a period. An alert of a check counts as its downtime from when the trouble began. */
export function metricsOf(
  period: { from: number; until: number; project: string | null },
  rows: { alerts: readonly AlertCounts[]; checks: readonly WatchedCheck[]; errors: readonly ErrorRow[] },
): ReportMetrics {
  const { from, until } = period
  const fresh = rows.alerts.filter(one => one.firedAt >= from && one.firedAt < until)
  const count = (severity: Severity) => fresh.filter(one => one.severity === severity).length
  const taken = fresh.filter(one => one.takenAt !== null)
  const over = rows.alerts.filter(one => one.resolvedAt !== null && one.resolvedAt >= from && one.resolvedAt < until)
  return {
    ...period,
    checks: rows.checks
      .map(check => checkFigures(check, rows.alerts, period))
      .toSorted((a, b) => a.uptime - b.uptime || (a.name < b.name ? -1 : 1)),
    alerts: {
      ...{ critical: count('critical'), warning: count('warning'), info: count('info') },
      open: rows.alerts.filter(one => one.resolvedAt === null || one.resolvedAt >= until).length,
    },
    time_to_acknowledge_ms: median(taken.map(one => one.takenAt! - one.firedAt)),
    time_to_resolve_ms: median(over.map(one => one.resolvedAt! - one.firedAt)),
    acknowledged: taken.length,
    errors: rows.errors.slice(0, SHOWN),
    course: courseOf(fresh, from, until),
  }
}

function checkFigures(
  check: WatchedCheck,
  alerts: readonly AlertCounts[],
  { from, until }: { from: number; until: number },
): CheckMetrics {
  const watchedFrom = Math.max(from, Math.min(check.createdAt, until))
  const own = alerts.filter(one => one.key === `check:${check.id}`)
  const down = together(
    own.map(one => [Math.max(one.since, watchedFrom), Math.min(one.resolvedAt ?? until, until)] as const),
  )
  const watched = until - watchedFrom
  return {
    name: check.name,
    uptime: watched === 0 ? 1 : 1 - down / watched,
    downtime_ms: down,
    alerts: own.filter(one => one.firedAt >= from && one.firedAt < until).length,
  }
}

/** The time that stretches cover together; what overlaps counts once. */
function together(stretches: readonly (readonly [number, number])[]): number {
  let covered = 0
  let reached = Number.NEGATIVE_INFINITY
  for (const [begin, end] of stretches.filter(([a, b]) => b > a).toSorted((a, b) => a[0] - b[0])) {
    covered += Math.max(0, end - Math.max(begin, reached))
    reached = Math.max(reached, end)
  }
  return covered
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : Math.round((sorted[middle - 1]! + sorted[middle]!) / 2)
}

function courseOf(fresh: readonly AlertCounts[], from: number, until: number): ReportMetrics['course'] {
  const part = until - from > 2 * DAY ? DAY : HOUR
  const parts = Math.max(1, Math.ceil((until - from) / part))
  const course = Array.from({ length: Math.min(parts, 400) }, (_, i) => ({
    at: from + i * part,
    critical: 0,
    warning: 0,
    info: 0,
  }))
  for (const one of fresh) {
    const place = course[Math.floor((one.firedAt - from) / part)]
    if (place) place[one.severity]++
  }
  return course
}

/** The card of a report, with what was unusual in the logs; the picture is added by who draws it. */
export function reportCard(name: string, figures: ReportMetrics, unusual: readonly Text[] = []): Card {
  const { alerts, checks, errors, course } = figures
  const all = alerts.critical + alerts.warning + alerts.info
  const flawed = checks.filter(check => check.downtime_ms > 0 || check.alerts > 0)
  const span: Text = [
    { time: figures.from, style: 'moment' },
    ' to ',
    { time: figures.until, style: 'moment' },
    figures.project === null ? '' : `, project ${figures.project}`,
  ]
  return {
    title: `Report ${name}: ${all === 0 ? 'no alerts' : `${all} alert${all === 1 ? '' : 's'}`}`,
    tone: alerts.critical > 0 ? 'warning' : 'good',
    lines: [
      span,
      ...(all > 0
        ? [
            `New: ${alerts.critical} critical, ${alerts.warning} warning, ${alerts.info} info. Open at the end: ${alerts.open}.`,
          ]
        : []),
      ...(all > 0
        ? [[{ code: sparkline(course.map(one => one.critical + one.warning + one.info)) }, ' alerts over time']]
        : []),
      checks.length === 0 ? 'No checks are watched.' : uptimeLine(checks),
      ...flawed
        .slice(0, SHOWN)
        .map(
          (check): Text => [
            { bold: check.name },
            ` ${percent(check.uptime)} up, down for ${aboutDuration(check.downtime_ms)}, ${check.alerts} alert${check.alerts === 1 ? '' : 's'}`,
          ],
        ),
      ...(flawed.length > SHOWN ? [`… ${flawed.length - SHOWN} more`] : []),
      ...(errors.length > 0 ? [[{ bold: 'Most frequent errors' }] as Text] : []),
      ...errors.map(
        (one): Text => [{ bold: String(one.count) }, ` ${one.source === '' ? '' : `${one.source}: `}${one.what}`],
      ),
      ...unusual,
    ],
    fields: [
      duration('Time to acknowledge (median)', figures.time_to_acknowledge_ms),
      duration('Time to resolve (median)', figures.time_to_resolve_ms),
    ].flat(),
  }
}

/** The alerts over time as a chart; null when there is nothing to see. */
export function reportChart(figures: ReportMetrics, timeZone: string): TimeChart | null {
  if (figures.course.every(one => one.critical + one.warning + one.info === 0)) return null
  const line = (name: Severity, colour: string) => ({
    ...{ name, colour },
    points: figures.course.map(one => [one.at, one[name]] as const),
  })
  return {
    ...{ title: 'New alerts', kind: 'bars', unit: 'alerts', from: figures.from, until: figures.until, timeZone },
    series: [line('critical', '#c53030'), line('warning', '#dd6b20'), line('info', '#3182ce')],
  }
}

function uptimeLine(checks: readonly CheckMetrics[]): string {
  const mean = checks.reduce((sum, check) => sum + check.uptime, 0) / checks.length
  return `Uptime of ${checks.length === 1 ? '1 check' : `${checks.length} checks`}: ${percent(mean)} on average.`
}

/** Never rounded up to a whole that it was not. */
function percent(share: number): string {
  return `${Math.floor(share * 100_000) / 1000} %`
}

function duration(name: string, ms: number | null): Field[] {
  return ms === null ? [] : [{ name, value: aboutDuration(ms), inline: true }]
}
