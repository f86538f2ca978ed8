// The rule kind error-spike: one error repeats many times within a short window, or far more often than its baseline.
import type { Text } from '../../../card.ts'
import type { KnownError } from '../../../logs/errors/errors.ts'
import { countInWindow, MAX_WINDOW_MS } from '../../../logs/errors/sliding-window.ts'
import { invalid } from '../../../problem.ts'
import type { State } from '../../../state/database.ts'
import type { RecentCount } from '../../../state/schema/index.ts'
import { formatDuration, HOUR, MINUTE } from '../../../time.ts'
import { BASELINE_PERIOD_MS, baselineFor, medianPeak, spikeThreshold } from '../../logs/error-baseline.ts'
import { matchingSeries } from '../../logs/matching-series.ts'
import {
  countsTogether,
  type Episode,
  episodesOf,
  errorSubjects,
  type Period,
  type Reading,
  type Steps,
  type Subject,
  windowSums,
} from '../backtest.ts'
import type { Rule } from '../rule.ts'
import type { ErrorActivity, ErrorDetection, RuleKind } from '../rule-kind.ts'
import { COMMON_DEFAULTS, formatLines, formatWindow, KEEP_FIRING_ERROR, validateLineMatcher } from '../rule-settings.ts'

/** The baseline hardly changes within this time. */
const BASELINE_STEP_MS = 15 * MINUTE

export const errorSpike: RuleKind = {
  name: 'error-spike',
  summary: 'One error repeats many times within a short window',
  defaults: { ...COMMON_DEFAULTS, threshold: 5, window: MINUTE, baseline: true },
  settings: [
    { name: 'threshold', meaning: 'number of lines of one error' },
    { name: 'window', meaning: 'time window' },
    {
      name: 'baseline',
      meaning: 'whether an error that is always frequent needs more lines, once it is known for 24h',
    },
    {
      name: 'factor',
      meaning:
        'how many times its baseline (the median of the hourly peaks of the last 24h) must be reached; more for small numbers, which vary by chance',
    },
    KEEP_FIRING_ERROR,
  ],
  title: '{where}: {value} × {what} in …',
  firstRule: { name: 'error-spikes' },
  validate(rule) {
    validateLineMatcher(rule)
    const { threshold, window } = rule
    if (threshold === null || threshold < 1 || !Number.isInteger(threshold))
      throw invalid('threshold', 'The threshold of an error spike is a whole number of lines, 1 or more.')
    if (window! > MAX_WINDOW_MS)
      throw invalid('window', `The window of an error spike is at most ${formatDuration(MAX_WINDOW_MS)}.`)
  },
  formatValue: (_, value) => formatLines(value),
  evaluation: {
    trigger: 'error',
    takesOver: true,
    detect,
    headline: (rule, count, message) => `${count} × ${message} in ${formatWindow(rule.window!)}`,
    measure(state, rule, error, count, now) {
      const baseline = baselineOf(state, rule, error, now)
      return comparison(rule, { count, baseline, required: requiredCount(rule, baseline) })
    },
  },
  backtest: { from: 'counters', episodes },
}

export type Spike = { count: number; required: number; baseline: number | null }

/**
 * The spike in the window that ends at `until`, or null. `baseline` gives null for a rule without one and for an error that
 * is not known for long: then the rule's threshold decides alone.
 */
export function findSpike(
  rule: Pick<Rule, 'threshold' | 'window' | 'factor'>,
  arrivals: readonly RecentCount[],
  until: number,
  isMatching: (series: number) => boolean,
  baseline: () => number | null,
): Spike | null {
  const count = countInWindow(arrivals, rule.window!, until, isMatching)
  if (count < rule.threshold!) return null
  const spike = { count, baseline: baseline() }
  const required = requiredCount(rule, spike.baseline)
  return count >= required ? { ...spike, required } : null
}

function requiredCount(rule: Pick<Rule, 'threshold' | 'factor'>, baseline: number | null): number {
  return baseline === null ? rule.threshold! : Math.max(rule.threshold!, spikeThreshold(baseline, rule.factor))
}

function detect(state: State, rule: Rule, { error, instants = [] }: ErrorActivity, now: number): ErrorDetection | null {
  // Lines from before the error was resolved do not count any more.
  const arrivals = error.state === 'resolved' ? error.recent.filter(([at]) => at > error.stateAt!) : error.recent
  const isMatching = matchingSeries(state, rule, error)
  // Lines that arrive late may have been a spike before the newest of them.
  for (const until of [error.lastSeenAt, ...instants]) {
    const spike = findSpike(rule, arrivals, until, isMatching, () => baselineOf(state, rule, error, now))
    if (!spike) continue
    const since = arrivals.find(([at]) => at >= until - rule.window!)![0]
    return { value: spike.count, since, occurrences: spike.count, line: comparison(rule, spike) }
  }
  return null
}

function baselineOf(state: State, rule: Rule, error: KnownError, now: number): number | null {
  return rule.baseline ? baselineFor(state, error, rule.window!, now) : null
}

function comparison(rule: Rule, { count, required, baseline }: Spike): Text {
  const usual = baseline === null || baseline === 0 ? '' : ` Usual is up to ${baseline}.`
  return [
    { bold: String(count) },
    ` in ${formatWindow(rule.window!)}; the rule ${rule.name} alerts at ${required}.${usual}`,
  ]
}

function* episodes(state: State, rule: Rule, period: Period): Generator<readonly Episode[]> {
  for (const subject of errorSubjects(state, rule, period.from))
    yield episodesOf(rule, subject, yield* readings(state, rule, subject, period))
}

function* readings(state: State, rule: Rule, { series }: Subject, { from, until, now }: Period): Steps<Reading[]> {
  const counts = yield* countsTogether(state, series, from - BASELINE_PERIOD_MS, until)
  const baselines = new Map<number, number>()
  const baselineAt = (at: number) => {
    const end = Math.floor(at / BASELINE_STEP_MS) * BASELINE_STEP_MS - BASELINE_STEP_MS
    if (!rule.baseline || counts[0]!.at > end - BASELINE_PERIOD_MS + HOUR) return 0
    if (!baselines.has(end)) {
      const before = counts.filter(({ at }) => at >= end - BASELINE_PERIOD_MS && at < end)
      baselines.set(end, medianPeak(before, rule.window!, end))
    }
    return baselines.get(end)!
  }
  return windowSums(counts, rule.window!, now)
    .filter(({ at }) => at > from)
    .map(({ at, value }) => ({
      at: Math.min(at, until),
      value,
      isBreached: value >= rule.threshold! && value >= requiredCount(rule, baselineAt(at)),
    }))
}
