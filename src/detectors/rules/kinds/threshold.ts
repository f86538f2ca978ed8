// The rule kind threshold: a number of lines, or a metric of hosts and containers, is beyond a threshold.
import type { Text } from '../../../card.ts'
import { downtimeBetween } from '../../../checks/downtimes.ts'
import type { Host } from '../../../hosts/host.ts'
import { METRIC_UNITS, type Metric, type MetricPoint, readMetric } from '../../../hosts/metrics/metrics.ts'
import type { Series } from '../../../logs/counters.ts'
import type { Cooperative } from '../../../logs/window-counts.ts'
import { invalid } from '../../../problem.ts'
import { areLinesMissing } from '../../../satellites/satellites.ts'
import type { State } from '../../../state/database.ts'
import type { Curve } from '../../../state/schema/index.ts'
import { HOUR, MINUTE } from '../../../time.ts'
import { readLineMatcher } from '../../logs/line-matcher.ts'
import { searchButton } from '../../logs/logs-button.ts'
import { seriesOfRule } from '../../logs/matching-series.ts'
import {
  countsTogether,
  type Episode,
  episodesOf,
  hourlyBefore,
  lineSubjects,
  type Period,
  type Reading,
  type Steps,
  type Subject,
  windowSums,
} from '../backtest.ts'
import type { Decision } from '../decision.ts'
import { evaluateValues, type Value } from '../evaluate-values.ts'
import { isBreached, type Rule, type RuleDraft, ruleTitle } from '../rule.ts'
import type { RuleKind, Tick } from '../rule-kind.ts'
import {
  COMMON_DEFAULTS,
  FOR,
  formatFor,
  formatLines,
  formatThreshold,
  formatWindow,
  KEEP_FIRING,
  validateThreshold,
  validateWholeMinutes,
} from '../rule-settings.ts'
import { formatMetric, measuredHosts, unitOf, validateMetric } from './measured.ts'

/** Hosts are measured every half minute; older samples say nothing about now. */
const MAX_SAMPLE_AGE_MS = 2 * MINUTE
/** A source whose last lines are older than this has no value any more, not even for too few lines. */
const RECENT_MS = HOUR
const CHART_MS = HOUR

export const threshold: RuleKind = {
  name: 'threshold',
  summary: 'A number of lines, or a metric, is beyond a threshold',
  defaults: { ...COMMON_DEFAULTS, operator: '>=', window: MINUTE, keepFiring: 5 * MINUTE },
  settings: [
    { name: 'metric', meaning: 'metric to compare; without one lines are counted' },
    { name: 'operator', meaning: 'comparison' },
    { name: 'threshold', meaning: 'value to compare with', unit: ({ metric }) => unitOf(metric) },
    { name: 'window', meaning: 'time window' },
    FOR,
    { name: 'per', meaning: 'what is evaluated separately' },
    KEEP_FIRING,
  ],
  title: '{where}: {value} in …',
  validate,
  formatValue: formatMetric,
  // Too few lines everywhere is also true where nothing ever sent any.
  evaluation: { trigger: 'interval', evaluate, subjects: ({ metric }) => (metric === null ? null : 'hosts') },
  backtest: { from: 'counters', episodes },
}

function validate(rule: RuleDraft): void {
  const { matcher, metric, per } = rule
  readLineMatcher(matcher, metric === null ? 'lines' : 'metrics')
  validateThreshold(rule)
  if (metric !== null) validateMetric(metric as Metric, per)
  else validateWholeMinutes(rule)
  if (metric === null && per === 'container')
    throw invalid('per', 'Lines are not counted per container. Use source, host or everywhere.')
}

function* evaluate(state: State, rule: Rule, tick: Tick): Generator<Decision | undefined> {
  const values = rule.metric === null ? yield* countLines(state, rule, tick) : yield* readMetrics(state, rule, tick)
  yield evaluateValues(state, rule, values, tick.now)
}

/** How many lines there were over the window, in whole minutes: in all, or by source or host. */
function* countLines(state: State, rule: Rule, { countedUntil: until, countWindow }: Tick): Cooperative<Value[]> {
  const from = until - rule.window!
  // A window with a downtime in it, or that began before the rule, proves nothing about too few lines.
  const isIncomplete = downtimeBetween(state, from, until) > 0 || rule.createdAt > from || areLinesMissing(state, until)
  const matching = yield* seriesOfRule(state, rule)
  const lines = yield* countWindow(from, until)
  // A source that has just stopped has too few lines as well.
  const before = isBreached(rule, 0) ? yield* countWindow(Math.min(from, until - RECENT_MS), from) : null
  const recent = matching.filter(({ id }) => lines.has(id) || before?.has(id))
  yield
  return [...groupLines(rule, recent, lines)].map(([subject, { where, labels, projectId, value }]): Value => {
    const window = formatWindow(rule.window!)
    return {
      subject,
      projectId,
      value,
      isBreached: isBreached(rule, value) && !(isIncomplete && isBreached(rule, 0)),
      title: worst => {
        const value = formatLines(worst)
        return ruleTitle(rule, { where, value }, `${where}: ${value} in ${window}`)
      },
      comparison: worst => [
        { bold: formatLines(value) },
        ` in ${window}, at worst ${formatLines(worst)}; the rule ${rule.name} alerts at ${limit(rule)}.`,
      ],
      details: () => ({
        buttons: rule.matcher === '' ? [] : [searchButton(state, `${rule.matcher} last:1h`, rule.projectId)],
      }),
      labels,
    }
  })
}

/** The latest values of the hosts or containers. */
function* readMetrics(state: State, rule: Rule, { now }: Tick): Cooperative<Value[]> {
  const matcher = readLineMatcher(rule.matcher, 'metrics')
  const values: Value[] = []
  for (const { host, containers } of measuredHosts(state, rule, matcher)) {
    values.push(...containers.map(container => metricOf(state, rule, host, container, now)))
    yield
  }
  return values
}

function metricOf(state: State, rule: Rule, host: Host, container: string | null, now: number): Value {
  const metric = rule.metric as Metric
  const read = (ms: number) => readMetric(state, { metric, host, container }, { from: now - ms, until: now, now })
  const value = average(read(Math.max(rule.window ?? 0, MAX_SAMPLE_AGE_MS)))
  const where = container === null ? host.name : `${container} on ${host.name}`
  return {
    subject: `${host.id}:${container ?? ''}`,
    projectId: host.projectId,
    value,
    isBreached: value !== null && isBreached(rule, value),
    title: worst => {
      const value = formatMetric(rule, worst)
      return ruleTitle(rule, { where, value }, `${where}: ${metric} at ${value}`)
    },
    comparison: (worst): Text => [
      { bold: `${metric} ${formatMetric(rule, value ?? worst)}` },
      `, at worst ${formatMetric(rule, worst)}; the rule ${rule.name} alerts at ${limit(rule)}.`,
    ],
    details: () => ({ chart: curve(rule, metric, read(CHART_MS)) }),
    labels: { host: host.name, ...(container === null ? {} : { container }) },
  }
}

type LineGroup = { where: string; labels: Value['labels']; projectId: number | null; value: number }

function groupLines(rule: Rule, series: readonly Series[], lines: ReadonlyMap<number, number>): Map<string, LineGroup> {
  const groups = new Map<string, LineGroup>()
  if (rule.per === 'everywhere') groups.set('', { where: rule.name, labels: {}, projectId: rule.projectId, value: 0 })
  for (const { id, projectId, host, source } of series) {
    const name = rule.per === 'host' ? host : source
    const subject = rule.per === 'everywhere' ? '' : `${projectId}:${name}`
    const labels: Value['labels'] = name === '' || rule.per === 'everywhere' ? {} : { [rule.per]: name }
    const group = groups.get(subject) ?? { where: name || rule.name, labels, projectId, value: 0 }
    group.value += lines.get(id) ?? 0
    groups.set(subject, group)
  }
  return groups
}

function average(points: readonly MetricPoint[]): number | null {
  return points.length === 0 ? null : points.reduce((sum, { value }) => sum + value, 0) / points.length
}

function curve(rule: Rule, metric: Metric, points: readonly MetricPoint[]): Curve {
  return {
    name: metric,
    unit: METRIC_UNITS[metric],
    points: points.map(({ at, value }) => [at, Math.round(value * 100) / 100] as const),
    threshold: rule.threshold!,
  }
}

/** `over 90% for 5m`, `at least 100 lines in 5 min`. */
function limit(rule: Rule): string {
  const window = rule.metric === null ? ` in ${formatWindow(rule.window!)}` : ''
  return `${formatThreshold(rule, formatMetric(rule, rule.threshold!))}${window}${formatFor(rule)}`
}

function* episodes(state: State, rule: Rule, period: Period): Generator<readonly Episode[]> {
  if (rule.metric !== null) return yield* metricEpisodes(state, rule, period)
  const per = rule.per === 'container' ? 'source' : rule.per
  for (const subject of lineSubjects(state, rule, per))
    yield episodesOf(rule, subject, yield* readings(state, rule, subject, period))
}

function* readings(state: State, rule: Rule, { series }: Subject, { from, until, now }: Period): Steps<Reading[]> {
  const begin = from - rule.window!
  const counts = yield* countsTogether(state, series, begin, until)
  const byTime = new Map(counts.map(({ at, count }) => [at, count]))
  // Minutes without lines count as well: too few lines are only seen there.
  const all: { at: number; count: number }[] = []
  const hourly = hourlyBefore(now)
  const step = begin < hourly ? HOUR : MINUTE
  for (let at = Math.ceil(begin / step) * step; at < until; at += at < hourly ? HOUR : MINUTE)
    all.push({ at, count: byTime.get(at) ?? 0 })
  return windowSums(all, rule.window!, now)
    .filter(({ at }) => at > from && at <= until)
    .map(({ at, value }) => ({ at, value, isBreached: isBreached(rule, value) }))
}

function* metricEpisodes(state: State, rule: Rule, period: Period): Generator<readonly Episode[]> {
  const matcher = readLineMatcher(rule.matcher, 'metrics')
  for (const { host, containers } of measuredHosts(state, rule, matcher))
    for (const container of containers) {
      const points = readMetric(state, { metric: rule.metric as Metric, host, container }, period)
      const readings = points.map(({ at, value }) => ({ at, value, isBreached: isBreached(rule, value) }))
      const subject = container === null ? host.name : `${container} on ${host.name}`
      yield episodesOf(rule, { subject, projectId: host.projectId }, readings)
    }
}
