// The content of a report: uptime, alerts, time to acknowledge and resolve, frequent errors; computed from plain rows. Pure.
import type { Alert } from '../../alerts/alert.ts'
import type { Card, Field, Text } from '../../card.ts'
import { sparkline } from '../../charts/sparkline.ts'
import type { TimeChart } from '../../charts/time-chart.ts'
import { type UpTime, upShare } from '../../probes/availability.ts'
import type { Severity } from '../../severity.ts'
import { plural } from '../../text.ts'
import { aboutDuration, DAY, HOUR } from '../../time.ts'
import type { OnCallLoad, Responder } from './on-call-load.ts'

/** An alert as a report needs it. */
export type ReportedAlert = Pick<Alert, 'key' | 'title' | 'severity' | 'since' | 'firedAt' | 'resolvedAt'> & {
  /** When somebody first acknowledged it. */
  acknowledgedAt: number | null
  /** The rule that it is of. */
  rule?: string | null
}
/** `measured` is how long the check was up and down, by its own status or the results of its probe; without it its alerts count. */
export type ReportedCheck = { id: number; name: string; createdAt: number; measured?: UpTime }
export type ErrorCount = { what: string; source: string; count: number }

/** `met` is null without a target; `budget_ms` is the downtime that the target allows. */
export type CheckMetrics = {
  name: string
  uptime: number
  downtime_ms: number
  alerts: number
  met?: boolean | null
  budget_ms?: number | null
}
/** With which threshold a rule would have sent how many cards, instead of `instead_of`. */
export type Proposal = { rule: string; threshold: number; would_send: number; instead_of: number }
export type ReportMetrics = {
  from: number
  until: number
  project: string | null
  checks: CheckMetrics[]
  alerts: Record<Severity, number> & { open: number }
  /** Medians, ms; null when there was none. */
  time_to_acknowledge_ms: number | null
  time_to_resolve_ms: number | null
  /** In nine of ten cases it took less, ms. */
  time_to_acknowledge_p90_ms?: number | null
  time_to_resolve_p90_ms?: number | null
  acknowledged: number
  /** The availability that checks should have, as a share; null without one. */
  target?: number | null
  /** Checks that never got a beat, and since when they wait for it, epoch ms. */
  never_ran?: { name: string; since: number }[]
  /** Rules with many alerts, the noisiest first. */
  noisy_rules?: { rule: string; alerts: number }[]
  on_call?: OnCallLoad[]
  responders?: Responder[]
  errors: ErrorCount[]
  /** New alerts by hour or day, by severity. */
  course: { at: number; critical: number; warning: number; info: number }[]
  /** The newest row of the audit and its hash, which covers all rows before it; only in reports for all projects. */
  audit?: { id: number; hash: string }
}

const MAX_ROWS_SHOWN = 8
const MAX_BUCKETS = 400
/** A rule with this many alerts in a report is noisy. */
const NOISY_COUNT = 5
const MAX_NOISY_RULES = 3
/** Enough to compare with `audit verify`. */
const SHOWN_HASH_LENGTH = 16

/** The metrics of a period. An alert of a check counts as downtime of the check from the start of the failure. */
export function computeMetrics(
  period: { from: number; until: number; project: string | null },
  rows: {
    target?: number | null
    neverRan?: readonly { name: string; since: number }[]
    onCall?: OnCallLoad[]
    responders?: Responder[]
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
  const target = rows.target ?? null
  const acknowledgeTimes = acknowledged.map(alert => alert.acknowledgedAt! - alert.firedAt)
  const byKey = Map.groupBy(rows.alerts, ({ key }) => key)
  const resolveTimes = resolved.map(alert => alert.resolvedAt! - alert.firedAt)
  return {
    ...period,
    target,
    checks: rows.checks
      .map(check => checkMetrics(check, byKey.get(`check:${check.id}`) ?? [], period, target))
      .toSorted((a, b) => a.uptime - b.uptime || (a.name < b.name ? -1 : 1)),
    alerts: {
      critical: count('critical'),
      warning: count('warning'),
      info: count('info'),
      open: rows.alerts.filter(({ resolvedAt }) => resolvedAt === null || resolvedAt >= until).length,
    },
    time_to_acknowledge_ms: median(acknowledgeTimes),
    time_to_resolve_ms: median(resolveTimes),
    time_to_acknowledge_p90_ms: ninth(acknowledgeTimes),
    time_to_resolve_p90_ms: ninth(resolveTimes),
    acknowledged: acknowledged.length,
    never_ran: [...(rows.neverRan ?? [])],
    noisy_rules: noisyRules(fired),
    on_call: rows.onCall ?? [],
    responders: rows.responders ?? [],
    errors: rows.errors.slice(0, MAX_ROWS_SHOWN),
    course: alertsOverTime(fired, from, until),
    ...(rows.audit ? { audit: rows.audit } : {}),
  }
}

/** The metrics of a check with its own alerts. */
function checkMetrics(
  check: ReportedCheck,
  own: readonly ReportedAlert[],
  { from, until }: { from: number; until: number },
  target: number | null,
): CheckMetrics {
  const start = Math.max(from, Math.min(check.createdAt, until))
  const downMs = coveredMs(
    own.map(({ since, resolvedAt }) => [Math.max(since, start), Math.min(resolvedAt ?? until, until)] as const),
  )
  const totalMs = until - start
  const measured = check.measured ? upShare(check.measured) : null
  const uptime = measured ?? (totalMs === 0 ? 1 : 1 - downMs / totalMs)
  return {
    name: check.name,
    uptime,
    downtime_ms: measured === null ? downMs : check.measured!.downMs,
    alerts: own.filter(({ firedAt }) => firedAt >= from && firedAt < until).length,
    met: target === null ? null : uptime >= target,
    budget_ms: target === null ? null : Math.round(totalMs * (1 - target)),
  }
}

/** The rules with the most alerts, from `NOISY_COUNT` on. */
function noisyRules(fired: readonly ReportedAlert[]): { rule: string; alerts: number }[] {
  const byRule = Map.groupBy(fired, ({ rule }) => rule ?? '')
  return [...byRule]
    .map(([rule, own]) => ({ rule, alerts: own.length }))
    .filter(({ rule, alerts }) => rule !== '' && alerts >= NOISY_COUNT)
    .toSorted((a, b) => b.alerts - a.alerts || (a.rule < b.rule ? -1 : 1))
    .slice(0, MAX_NOISY_RULES)
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

/** The value that nine of ten are not above (nearest rank); null without values. */
function ninth(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.9) - 1)] ?? null
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

/** The card of a report, with the lines about unusual logs and proposals for noisy rules; without its chart. */
export function reportCard(
  name: string,
  metrics: ReportMetrics,
  unusual: readonly Text[] = [],
  proposals: readonly Proposal[] = [],
): Card {
  const { alerts, checks, errors, course } = metrics
  const total = alerts.critical + alerts.warning + alerts.info
  const failed = checks.filter(check => check.downtime_ms > 0 || check.alerts > 0 || check.met === false)
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
      ...targetLines(metrics),
      ...failed
        .slice(0, MAX_ROWS_SHOWN)
        .map(
          (check): Text => [
            { bold: check.name },
            ` ${percent(check.uptime)} up, down for ${aboutDuration(check.downtime_ms)}, ${plural(check.alerts, 'alert')}${budgetText(check)}`,
          ],
        ),
      ...(failed.length > MAX_ROWS_SHOWN ? [`… ${failed.length - MAX_ROWS_SHOWN} more`] : []),
      ...furtherLines(metrics, proposals),
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
      duration('Time to acknowledge (median)', metrics.time_to_acknowledge_ms, metrics.time_to_acknowledge_p90_ms),
      duration('Time to resolve (median)', metrics.time_to_resolve_ms, metrics.time_to_resolve_p90_ms),
    ].flat(),
  }
}

function targetLines({ target, checks }: ReportMetrics): string[] {
  if (target === null || target === undefined || checks.length === 0) return []
  const met = checks.filter(check => check.met).length
  const who = met === checks.length ? (met === 1 ? 'met' : 'all met') : `${met} of ${checks.length} met`
  return [`Target ${percent(target)}: ${who}.`]
}

/** How much of its budget a check that missed the target has used. */
function budgetText({ met, budget_ms: budgetMs }: CheckMetrics): string {
  return met === false && budgetMs !== null && budgetMs !== undefined
    ? `; the target allows ${aboutDuration(budgetMs)}`
    : ''
}

/** Jobs that never ran, noisy rules with what would make them quieter, and the load of people. */
function furtherLines(metrics: ReportMetrics, proposals: readonly Proposal[]): Text[] {
  const { never_ran: neverRan = [], noisy_rules: noisy = [], on_call: onCall = [], responders = [] } = metrics
  const nights = (count: number) => (count > 0 ? `, ${count} at night` : '')
  return [
    ...(neverRan.length > 0 ? [[{ bold: 'Jobs that never ran' }] as Text] : []),
    ...neverRan
      .slice(0, MAX_ROWS_SHOWN)
      .map(
        ({ name, since }): Text => [
          { bold: name },
          ' waits for its first beat since ',
          { time: since, style: 'moment' },
        ],
      ),
    ...(neverRan.length > MAX_ROWS_SHOWN ? [`… ${neverRan.length - MAX_ROWS_SHOWN} more`] : []),
    ...(noisy.length > 0 ? [[{ bold: 'Noisy rules' }] as Text] : []),
    ...noisy.map(({ rule, alerts }): Text => {
      const proposal = proposals.find(proposal => proposal.rule === rule)
      const better = proposal
        ? `; would have sent ${proposal.would_send} instead of ${proposal.instead_of} with --threshold ${proposal.threshold}`
        : ''
      return [{ bold: rule }, ` ${plural(alerts, 'alert')}${better}`]
    }),
    ...(onCall.length > 0 ? [[{ bold: 'On call' }] as Text] : []),
    ...onCall
      .slice(0, MAX_ROWS_SHOWN)
      .map(
        ({ rotation, who, alerts, at_night: atNight }): Text => [
          { bold: who },
          ` ${plural(alerts, 'alert')}${nights(atNight)} (${rotation})`,
        ],
      ),
    ...(responders.length > 0
      ? [
          `Acknowledged by ${responders
            .slice(0, MAX_ROWS_SHOWN)
            .map(
              ({ who, acknowledged, at_night: atNight }) =>
                `${who} ${acknowledged}${atNight > 0 ? ` (${atNight} at night)` : ''}`,
            )
            .join(', ')}.`,
        ]
      : []),
  ]
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

function duration(name: string, ms: number | null, ninthMs?: number | null): Field[] {
  // Old reports have no further value; where it is the same it says nothing.
  const slow =
    ninthMs === null || ninthMs === undefined || ninthMs === ms ? '' : `, 9 of 10 within ${aboutDuration(ninthMs)}`
  return ms === null ? [] : [{ name, value: `${aboutDuration(ms)}${slow}`, inline: true }]
}
