// The rule kind anomaly: a number of lines, or a metric, is unlike what is usual at this hour of the week.

import { downtimeBetween } from '../../../checks/downtimes.ts'
import type { Metric, MetricPoint } from '../../../hosts/metrics/metrics.ts'
import { readMetric } from '../../../hosts/metrics/metrics.ts'
import { countedSince, type Series } from '../../../logs/counters.ts'
import type { Cooperative } from '../../../logs/window-counts.ts'
import { invalid } from '../../../problem.ts'
import { areLinesMissing } from '../../../satellites/satellites.ts'
import type { State } from '../../../state/database.ts'
import { DAY, HOUR, MINUTE } from '../../../time.ts'
import { readLineMatcher } from '../../logs/line-matcher.ts'
import { searchButton } from '../../logs/logs-button.ts'
import { seriesOfRule } from '../../logs/matching-series.ts'
import { countsTogether, type Episode, episodesOf, lineSubjects, type Period, type Reading } from '../backtest.ts'
import type { Decision } from '../decision.ts'
import { evaluateValues, type Value } from '../evaluate-values.ts'
import { type Rule, type RuleDraft, ruleTitle } from '../rule.ts'
import type { RuleKind, Tick } from '../rule-kind.ts'
import { COMMON_DEFAULTS, FOR, formatLines, formatWindow, KEEP_FIRING, validateWholeMinutes } from '../rule-settings.ts'
import { type Baseline, baselineOf, unusualness } from '../seasonal.ts'
import { formatMetric, measuredHosts, validateMetric } from './measured.ts'

const WEEK = 7 * DAY
/** Counts are kept for five weeks, metrics for one. */
const WEEKS = 5
const METRIC_DAYS = 7
/** The hours around the same hour count as well: work shifts a little, and clocks twice a year. */
const NEIGHBOURS_MS = [-HOUR, 0, HOUR]
/** Weeks that a subject must be known before anything about it is usual, ms. */
const MIN_KNOWN_MS = 2 * WEEK
const MIN_KNOWN_METRIC_MS = 3 * DAY
/** Days on which it had lines: one old file that was sent once says nothing about what is usual. */
const MIN_KNOWN_DAYS = 4
/** An hour in which Vakt was away for longer says nothing. */
const MAX_DOWNTIME_MS = 5 * MINUTE
const MIN_WINDOW_MS = 5 * MINUTE

export const anomaly: RuleKind = {
  name: 'anomaly',
  summary: 'A number of lines, or a metric, is unlike what is usual at this hour of the week',
  defaults: {
    ...COMMON_DEFAULTS,
    window: HOUR,
    factor: 4,
    minimum: 20,
    for: 10 * MINUTE,
    keepFiring: 15 * MINUTE,
  },
  settings: [
    { name: 'metric', meaning: 'metric to compare; without one lines are counted' },
    { name: 'operator', meaning: 'direction: > only more than usual, < only less; none is both' },
    { name: 'factor', meaning: 'how many times the usual deviation is allowed' },
    { name: 'minimum', meaning: 'smallest difference from usual, in lines or the unit of the metric' },
    { name: 'window', meaning: 'time window, at most 1h' },
    FOR,
    { name: 'per', meaning: 'what is evaluated separately' },
    KEEP_FIRING,
  ],
  title: '{where}: more … than usual at this hour',
  firstRule: { name: 'intake', onlyInNewFolders: true },
  validate,
  formatValue: (_, value) => `${Math.round(Math.abs(value) * 10) / 10} times the usual deviation`,
  evaluation: { trigger: 'interval', evaluate, subjects: ({ metric }) => (metric === null ? 'log_series' : 'hosts') },
  backtest: { from: 'counters', episodes },
}

function validate(rule: RuleDraft): void {
  const { matcher, metric, per } = rule
  readLineMatcher(matcher, metric === null ? 'lines' : 'metrics')
  validateWholeMinutes(rule)
  if (rule.window! > HOUR || rule.window! < MIN_WINDOW_MS)
    throw invalid('window', 'What is usual is known by the hour: the window must be from 5m to 1h.')
  if (metric !== null) validateMetric(metric as Metric, per)
  else if (per === 'container')
    throw invalid('per', 'Lines are not counted per container. Use source, host or everywhere.')
}

function* evaluate(state: State, rule: Rule, tick: Tick): Generator<Decision | undefined> {
  const values = rule.metric === null ? yield* countLines(state, rule, tick) : yield* readMetrics(state, rule, tick)
  // The value is how unusual it is, so a higher one is worse in both directions.
  yield evaluateValues(state, { ...rule, operator: null }, values, tick.now)
}

/** A subject of a rule about lines: a source, a host, or all lines. */
type Subject = { where: string; labels: Value['labels']; projectId: number | null; ids: number[] }

function* countLines(state: State, rule: Rule, tick: Tick): Cooperative<Value[]> {
  const { countedUntil: until, countWindow } = tick
  const from = until - rule.window!
  if (downtimeBetween(state, from, until) > 0 || areLinesMissing(state, until)) return []
  const matching = yield* seriesOfRule(state, rule)
  yield
  const subjects = subjectsOf(rule, matching)
  const usual = yield* usualLines(state, rule, subjects, tick)
  const lines = yield* countWindow(from, until)
  return [...subjects].flatMap(([subject, { where, labels, projectId, ids }]): Value[] => {
    const values = usual.get(subject)
    const baseline = values === undefined ? null : scaled(baselineOf(values, true), rule.window! / HOUR)
    if (baseline === null) return []
    const count = ids.reduce((sum, id) => sum + (lines.get(id) ?? 0), 0)
    return [toValue(state, rule, subject, { where, labels, projectId, value: count, baseline })]
  })
}

/** The lines of each subject in the same hour of the weeks before, read once an hour. */
function* usualLines(
  state: State,
  rule: Rule,
  subjects: ReadonlyMap<string, Subject>,
  { countedUntil: until, countWindow }: Tick,
): Cooperative<ReadonlyMap<string, number[]>> {
  const hour = hourAt(until - rule.window! / 2)
  const cache = state.memory<{ key: string; values: Map<string, number[]> }>('usual lines')
  const key = JSON.stringify([hour, rule.matcher, rule.projectId, rule.per, subjects.size])
  const cached = cache.get(String(rule.id))
  if (cached?.key === key) return cached.values
  const known = new Map([...subjects].map(([subject, { ids }]) => [subject, countedSince(state, ids, MIN_KNOWN_DAYS)]))
  yield
  const values = new Map<string, number[]>()
  for (const at of usualHours(hour)) {
    if (downtimeBetween(state, at, at + HOUR) > MAX_DOWNTIME_MS) continue
    const lines = yield* countWindow(at, at + HOUR)
    for (const [subject, { ids }] of subjects) {
      const first = known.get(subject) ?? null
      if (first === null || first > at || first > until - MIN_KNOWN_MS) continue
      const count = ids.reduce((sum, id) => sum + (lines.get(id) ?? 0), 0)
      values.set(subject, [...(values.get(subject) ?? []), count])
    }
  }
  cache.set(String(rule.id), { key, values })
  return values
}

function* readMetrics(state: State, rule: Rule, { now }: Tick): Cooperative<Value[]> {
  const values: Value[] = []
  const metric = rule.metric as Metric
  for (const { host, containers } of measuredHosts(state, rule, readLineMatcher(rule.matcher, 'metrics'))) {
    for (const container of containers) {
      const read = (from: number, until: number) => readMetric(state, { metric, host, container }, { from, until, now })
      const value = average(read(now - rule.window!, now))
      const baseline = value === null ? null : usualMetric(state, rule, `${host.id} ${container ?? ''}`, now, read)
      if (value === null || baseline === null) continue
      const where = container === null ? host.name : `${container} on ${host.name}`
      const labels = { host: host.name, ...(container === null ? {} : { container }) }
      const subject = `${host.id}:${container ?? ''}`
      values.push(toValue(state, rule, subject, { where, labels, projectId: host.projectId, value, baseline }))
    }
    yield
  }
  return values
}

/** Metrics are kept for a week, so the same hours of its days are compared. */
function usualMetric(
  state: State,
  rule: Rule,
  subject: string,
  now: number,
  read: (from: number, until: number) => MetricPoint[],
): Baseline | null {
  const cache = state.memory<{ hour: number; baseline: Baseline | null }>('usual metrics')
  const hour = hourAt(now - rule.window! / 2)
  const key = `${rule.id} ${rule.metric} ${subject}`
  const cached = cache.get(key)
  if (cached?.hour === hour) return cached.baseline
  const hours = Array.from({ length: METRIC_DAYS - 1 }, (_, day) => hour - (day + 1) * DAY)
  const values = hours.flatMap(at => NEIGHBOURS_MS.map(shift => average(read(at + shift, at + shift + HOUR))))
  const isKnown = read(hour - METRIC_DAYS * DAY, hour - MIN_KNOWN_METRIC_MS).length > 0
  const measured = values.filter(value => value !== null)
  const baseline = isKnown ? baselineOf(measured, false) : null
  cache.set(key, { hour, baseline })
  return baseline
}

type Measured = { where: string; labels: Value['labels']; projectId: number | null; value: number; baseline: Baseline }

function toValue(
  state: State,
  rule: Rule,
  subject: string,
  { where, labels, projectId, value, baseline }: Measured,
): Value {
  const score = unusualness(value, baseline)
  const what = rule.metric ?? 'lines'
  const direction = rule.metric === null ? (score < 0 ? 'fewer' : 'more') : score < 0 ? 'lower' : 'higher'
  const standard =
    rule.metric === null ? `${where}: ${direction} lines than usual` : `${where}: ${what} is ${direction} than usual`
  const format = (amount: number) => (rule.metric === null ? formatLines(amount) : formatMetric(rule, amount))
  return {
    subject,
    projectId,
    value: Math.abs(score),
    isBreached: isUnusual(rule, value, baseline),
    title: worst => ruleTitle(rule, { where, value: anomaly.formatValue(rule, worst) }, standard),
    comparison: worst => [
      { bold: format(value) },
      ` in ${formatWindow(rule.window!)}; usual at this hour of the week are ${format(baseline.median)}, give or take ${format(baseline.spread)}. At worst ${anomaly.formatValue(rule, worst)}; the rule ${rule.name} alerts from ${rule.factor} times on.`,
    ],
    details: () => ({
      buttons:
        rule.matcher === '' || rule.metric !== null
          ? []
          : [searchButton(state, `${rule.matcher} last:1h`, rule.projectId)],
    }),
    labels,
  }
}

/** Whether a value is unlike its baseline, in the direction that the rule is about. */
function isUnusual(rule: Pick<Rule, 'operator' | 'factor' | 'minimum'>, value: number, baseline: Baseline): boolean {
  const { operator, factor, minimum } = rule
  const score = unusualness(value, baseline)
  const isMeant = operator === null || (operator.startsWith('>') ? score > 0 : score < 0)
  return isMeant && Math.abs(score) >= factor && Math.abs(value - baseline.median) >= (minimum ?? 0)
}

function subjectsOf(rule: Rule, matching: readonly Series[]): Map<string, Subject> {
  const subjects = new Map<string, Subject>()
  for (const { id, projectId, host, source } of matching) {
    const isTogether = rule.per === 'everywhere'
    const name = isTogether ? '' : rule.per === 'host' ? host : source
    const subject = isTogether ? '' : `${projectId}:${name}`
    const labels: Value['labels'] = name === '' ? {} : { [rule.per]: name }
    const fresh = { where: name || rule.name, labels, projectId: isTogether ? rule.projectId : projectId, ids: [] }
    const known = subjects.get(subject) ?? fresh
    known.ids.push(id)
    subjects.set(subject, known)
  }
  return subjects
}

/** The same hours, and those beside them, of the weeks before the hour that begins at `hour`. */
function usualHours(hour: number): number[] {
  return Array.from({ length: WEEKS }, (_, week) => NEIGHBOURS_MS.map(shift => hour - (week + 1) * WEEK + shift)).flat()
}

function scaled(baseline: Baseline | null, share: number): Baseline | null {
  // The spread of a part of an hour is larger than its share, by chance.
  return baseline && { median: baseline.median * share, spread: baseline.spread * Math.sqrt(share) }
}

const hourAt = (at: number) => Math.floor(at / HOUR) * HOUR

function average(points: readonly MetricPoint[]): number | null {
  return points.length === 0 ? null : points.reduce((sum, { value }) => sum + value, 0) / points.length
}

function* episodes(state: State, rule: Rule, period: Period): Generator<readonly Episode[]> {
  if (rule.metric !== null) return yield* metricEpisodes(state, rule, period)
  const per = rule.per === 'container' ? 'source' : rule.per
  for (const subject of lineSubjects(state, rule, per)) {
    const from = period.from - WEEKS * WEEK - HOUR
    const hours = new Map<number, number>()
    for (const { at, count } of yield* countsTogether(state, subject.series, from, period.until))
      hours.set(hourAt(at), (hours.get(hourAt(at)) ?? 0) + count)
    yield toEpisodes(rule, subject, readingsOf(state, rule, hours, period))
  }
}

function toEpisodes(rule: Rule, subject: Pick<Episode, 'subject' | 'projectId'>, readings: readonly Reading[]) {
  // By the hour; a condition that must last for minutes is true for the hour.
  return episodesOf({ ...rule, operator: null, for: 0, keepFiring: Math.max(HOUR, rule.keepFiring) }, subject, readings)
}

/** How unusual each hour of the period was, by the weeks before it. */
function readingsOf(state: State, rule: Rule, hours: ReadonlyMap<number, number>, { from, until }: Period): Reading[] {
  const first = Math.min(...hours.keys())
  const knownOn = dayOf(hours.keys(), MIN_KNOWN_DAYS)
  const readings: Reading[] = []
  for (let hour = hourAt(from); hour + HOUR <= until; hour += HOUR) {
    if (first > hour - MIN_KNOWN_MS || knownOn > hour || downtimeBetween(state, hour, hour + HOUR) > MAX_DOWNTIME_MS)
      continue
    const values = usualHours(hour).filter(
      at => at >= first && downtimeBetween(state, at, at + HOUR) <= MAX_DOWNTIME_MS,
    )
    const baseline = baselineOf(
      values.map(at => hours.get(at) ?? 0),
      true,
    )
    if (baseline === null) continue
    const value = hours.get(hour) ?? 0
    const score = Math.abs(unusualness(value, baseline))
    readings.push({ at: hour + HOUR, value: score, isBreached: isUnusual(rule, value, baseline) })
  }
  return readings
}

/** The start of the day that is the `count`-th different one of some instants (epoch ms); infinity when there are fewer. */
function dayOf(instants: Iterable<number>, count: number): number {
  const days = [...new Set([...instants].map(at => Math.floor(at / DAY)))].toSorted((a, b) => a - b)
  return (days[count - 1] ?? Number.POSITIVE_INFINITY) * DAY
}

function* metricEpisodes(state: State, rule: Rule, period: Period): Generator<readonly Episode[]> {
  const metric = rule.metric as Metric
  for (const { host, containers } of measuredHosts(state, rule, readLineMatcher(rule.matcher, 'metrics')))
    for (const container of containers) {
      const span = { from: period.now - METRIC_DAYS * DAY, until: period.until, now: period.now }
      const byHour = Map.groupBy(readMetric(state, { metric, host, container }, span), ({ at }) => hourAt(at))
      const hours = new Map([...byHour].map(([hour, points]) => [hour, average(points)!]))
      const first = Math.min(...hours.keys())
      const readings = [...hours].flatMap(([hour, value]): Reading[] => {
        if (hour < period.from || first > hour - MIN_KNOWN_METRIC_MS) return []
        const days = Array.from({ length: METRIC_DAYS }, (_, day) => hour - (day + 1) * DAY)
        const before = days.flatMap(at => NEIGHBOURS_MS.flatMap(shift => hours.get(at + shift) ?? []))
        const baseline = baselineOf(before, false)
        if (baseline === null) return []
        const score = Math.abs(unusualness(value, baseline))
        return [{ at: hour + HOUR, value: score, isBreached: isUnusual(rule, value, baseline) }]
      })
      const subject = container === null ? host.name : `${container} on ${host.name}`
      yield toEpisodes(rule, { subject, projectId: host.projectId }, readings)
    }
}
