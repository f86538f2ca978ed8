// The rule kind error-rate: too many of the lines of a source are errors, by percentage and from a minimum number on.
import { countByMinute, type Series } from '../../../logs/counters.ts'
import { readSource } from '../../../logs/sources.ts'
import { type Cooperative, countBySeries } from '../../../logs/window-counts.ts'
import { invalid } from '../../../problem.ts'
import type { State } from '../../../state/database.ts'
import type { Curve } from '../../../state/schema/index.ts'
import { DAY, HOUR, MINUTE } from '../../../time.ts'
import { cachedBaseline } from '../../logs/baseline-cache.ts'
import { ownLinesButton } from '../../logs/logs-button.ts'
import { seriesOfRule } from '../../logs/matching-series.ts'
import {
  type Bucket,
  countsTogether,
  type Episode,
  episodesOf,
  lineSubjects,
  type Period,
  type Reading,
  type Steps,
  type Subject,
  windowSums,
} from '../backtest.ts'
import type { Decision } from '../decision.ts'
import { evaluateValues, type Value } from '../evaluate-values.ts'
import { type Rule, ruleTitle } from '../rule.ts'
import type { RuleKind, Tick } from '../rule-kind.ts'
import {
  COMMON_DEFAULTS,
  FOR,
  formatWindow,
  KEEP_FIRING,
  validateLineMatcher,
  validateWholeMinutes,
} from '../rule-settings.ts'
import { alertedErrors } from '../rule-states.ts'

/** The period that a baseline is taken from, and how long a source must be known to have one, ms. */
const BASELINE_PERIOD_MS = DAY
/** In a backtest the baseline is taken once for each step of this length. */
const BASELINE_STEP_MS = 15 * MINUTE

export const errorRate: RuleKind = {
  name: 'error-rate',
  summary: 'Too many of a source’s lines are errors',
  defaults: {
    ...COMMON_DEFAULTS,
    threshold: 20,
    window: 5 * MINUTE,
    minimum: 20,
    for: MINUTE,
    keepFiring: 5 * MINUTE,
    baseline: true,
  },
  settings: [
    { name: 'threshold', meaning: 'percentage of the source’s lines', unit: () => '%' },
    { name: 'minimum', meaning: 'minimum number of errors' },
    { name: 'window', meaning: 'time window' },
    FOR,
    { name: 'baseline', meaning: 'whether a source with a usual error rate is allowed more, once it is known for 24h' },
    { name: 'factor', meaning: 'how many times its usual error rate is allowed' },
    KEEP_FIRING,
  ],
  title: '{where}: {value} of lines are errors',
  firstRule: { name: 'error-rates' },
  validate(rule) {
    validateLineMatcher(rule)
    if (!(rule.threshold! > 0 && rule.threshold! <= 100))
      throw invalid('threshold', 'The threshold of an error rate is a percentage from 0.1 to 100.')
    validateWholeMinutes(rule)
  },
  formatValue: (_, value) => `${Math.round(value)}% errors`,
  evaluation: { trigger: 'interval', evaluate, subjects: () => 'log_series' },
  backtest: { from: 'counters', episodes },
}

/** The lines of a source and how many of them are errors. */
export type ErrorRate = { projectId: number; source: string; errors: number; lines: number }

/** Whether a rate breaches a rule; `baseline` is the usual rate in percent. */
export function isHighRate(
  rule: Pick<Rule, 'threshold' | 'minimum' | 'factor'>,
  rate: ErrorRate,
  baseline: number,
): boolean {
  const enough = rate.errors >= (rule.minimum ?? 1) && percentage(rate) >= requiredPercentage(rule, baseline)
  return enough && percentage(rate) > baseline
}

function* evaluate(state: State, rule: Rule, tick: Tick): Generator<Decision | undefined> {
  yield evaluateValues(state, rule, yield* measure(state, rule, tick), tick.now)
}

/** The rates of the sources over the window, in whole minutes. */
function* measure(state: State, rule: Rule, { countedUntil: until, countWindow }: Tick): Cooperative<Value[]> {
  const alerted = alertedErrors(state)
  const matching = yield* seriesOfRule(state, rule)
  const lines = yield* countWindow(until - rule.window!, until)
  const bySource = Map.groupBy(
    matching.filter(({ id }) => lines.has(id)),
    ({ projectId, source }) => `${projectId}\0${source}`,
  )
  const values: Value[] = []
  for (const series of bySource.values()) {
    const rate = rateOf(series, lines, alerted)
    // The baseline is only read for a rate that is high without it.
    const isSuspicious = rule.baseline && isHighRate(rule, rate, 0)
    const baseline = isSuspicious ? baselineOf(state, rule, rate, matching, alerted, until) : 0
    values.push(
      rateValue(state, rule, rate, baseline, required => rateCurve(state, rate, required, matching, alerted, until)),
    )
    if (isSuspicious) yield
  }
  return values
}

function requiredPercentage(rule: Pick<Rule, 'threshold' | 'factor'>, baseline: number): number {
  return Math.min(100, Math.max(rule.threshold!, baseline * rule.factor))
}

function rateOf(
  series: readonly Series[],
  lines: ReadonlyMap<number, number>,
  alerted: ReadonlySet<string>,
): ErrorRate {
  const { projectId, source } = series[0]!
  const rate = { projectId, source, errors: 0, lines: 0 }
  for (const own of series) {
    const count = lines.get(own.id) ?? 0
    rate.lines += count
    if (isCountedError(own, alerted)) rate.errors += count
  }
  return rate
}

/** The usual rate of a source in percent, over the day before the window; 0 for a source that is not known for long. */
function baselineOf(
  state: State,
  rule: Rule,
  { projectId, source }: ErrorRate,
  matching: readonly Series[],
  alerted: ReadonlySet<string>,
  until: number,
): number {
  const known = readSource(state, projectId, source)
  if (!known || until - known.firstSeenAt < BASELINE_PERIOD_MS) return 0
  return cachedBaseline(state, `rate ${rule.id} ${rule.matcher} ${known.id}`, until, () => {
    const series = matching.filter(own => own.projectId === projectId && own.source === source)
    const lines = countBySeries(state, series, until - BASELINE_PERIOD_MS, until - rule.window!)
    return percentage(rateOf(series, lines, alerted))
  })
}

function rateValue(
  state: State,
  rule: Rule,
  rate: ErrorRate,
  baseline: number,
  curve: (required: number) => Curve,
): Value {
  const { projectId, source, errors, lines } = rate
  const required = requiredPercentage(rule, baseline)
  const usual = baseline > 0 ? ` Usual is ${formatPercentage(baseline)}.` : ''
  const query = `source:"${source.replaceAll('"', '')}" level>=error last:1h`
  return {
    subject: `${projectId}:${source}`,
    projectId,
    value: percentage(rate),
    isBreached: isHighRate(rule, rate, baseline),
    title: worst => {
      const where = source || 'lines without a source'
      const value = formatPercentage(worst)
      return ruleTitle(rule, { where, value }, `${where}: ${value} of lines are errors`)
    },
    comparison: worst => [
      { bold: `${errors} of ${lines} lines` },
      ` in ${formatWindow(rule.window!)} were errors (${formatPercentage(percentage(rate))}, at worst ${formatPercentage(worst)}); the rule ${rule.name} alerts at ${formatPercentage(required)} and ${rule.minimum ?? 1} errors.${usual}`,
    ],
    details: () => ({
      chart: curve(required),
      buttons: [ownLinesButton(state, query, projectId)],
    }),
    labels: source === '' ? {} : { source },
  }
}

/** The rate by minute over the hour before `until`, with the threshold; null where there were no lines. */
function rateCurve(
  state: State,
  { projectId, source }: ErrorRate,
  required: number,
  matching: readonly Series[],
  alerted: ReadonlySet<string>,
  until: number,
): Curve {
  const series = matching.filter(own => own.projectId === projectId && own.source === source)
  const byMinute = (some: readonly Series[]) =>
    new Map(countByMinute(state, some, until - HOUR, until).map(({ at, count }) => [at, count]))
  const lines = byMinute(series)
  const errors = byMinute(series.filter(own => isCountedError(own, alerted)))
  const points = Array.from({ length: HOUR / MINUTE }, (_, i): readonly [number, number | null] => {
    const at = until - HOUR + i * MINUTE
    const count = lines.get(at)
    return [at, count === undefined ? null : Math.round(((errors.get(at) ?? 0) / count) * 1000) / 10]
  })
  return { name: 'errors', unit: '%', points, threshold: Math.round(required * 10) / 10 }
}

/** Lines of an error that has an alert of its own do not count as errors: people know about them. */
function isCountedError({ projectId, level, fingerprint }: Series, alerted: ReadonlySet<string>): boolean {
  return (level === 'error' || level === 'fatal') && !alerted.has(`${projectId}\0${fingerprint}`)
}

function percentage({ errors, lines }: Pick<ErrorRate, 'errors' | 'lines'>): number {
  return lines === 0 ? 0 : (errors / lines) * 100
}

/** Without needless decimals: `12%`, `0.4%`. */
function formatPercentage(value: number): string {
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10}%`
}

function* episodes(state: State, rule: Rule, period: Period): Generator<readonly Episode[]> {
  for (const subject of lineSubjects(state, rule, 'source'))
    yield episodesOf(rule, subject, yield* readings(state, rule, subject, period))
}

function* readings(
  state: State,
  rule: Rule,
  { series, projectId }: Subject,
  { from, until, now }: Period,
): Steps<Reading[]> {
  const isError = ({ level }: Series) => level === 'error' || level === 'fatal'
  const begin = from - (rule.baseline ? BASELINE_PERIOD_MS : 0)
  const lines = yield* countsTogether(state, series, begin, until)
  const countErrorsByMinute = yield* countsTogether(state, series.filter(isError), begin, until)
  const errors = new Map(countErrorsByMinute.map(({ at, count }) => [at, count]))
  // Minutes with lines but without errors count as well.
  const errorSums = windowSums(
    lines.map(({ at }) => ({ at, count: errors.get(at) ?? 0 })),
    rule.window!,
    now,
  )
  const baselineAt = baselines(rule, lines, errors)
  return windowSums(lines, rule.window!, now).flatMap(({ at, value }, i) => {
    if (at <= from) return []
    const rate = { projectId: projectId!, source: '', errors: errorSums[i]!.value, lines: value }
    const isBreached = isHighRate(rule, rate, 0) && isHighRate(rule, rate, baselineAt(at))
    return [{ at, value: percentage(rate), isBreached }]
  })
}

/** The baseline before an instant, by quarters of an hour; 0 while the source was not known for long. */
function baselines(rule: Rule, lines: readonly Bucket[], errors: ReadonlyMap<number, number>): (at: number) => number {
  const cache = new Map<number, number>()
  const baselineBefore = (end: number) => {
    if (!rule.baseline || lines[0]!.at > end - BASELINE_PERIOD_MS + HOUR) return 0
    const before = lines.filter(({ at }) => at >= end - BASELINE_PERIOD_MS && at < end)
    return percentage({
      lines: before.reduce((sum, { count }) => sum + count, 0),
      errors: before.reduce((sum, { at }) => sum + (errors.get(at) ?? 0), 0),
    })
  }
  return at => {
    const end = Math.floor((at - rule.window!) / BASELINE_STEP_MS) * BASELINE_STEP_MS
    if (!cache.has(end)) cache.set(end, baselineBefore(end))
    return cache.get(end)!
  }
}
