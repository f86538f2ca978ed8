// Which settings a rule of each kind has, what they mean there, and what is wrong with values. Pure.
import { METRIC_UNITS, METRICS, type Metric } from '../../hosts/metrics/metrics.ts'
import { MAX_WINDOW_MS } from '../../logs/errors/sliding-window.ts'
import { parseQuery } from '../../logs/query/parse.ts'
import { invalid } from '../../problem.ts'
import { formatDuration, MINUTE } from '../../time.ts'
import { readLineMatcher } from '../logs/line-matcher.ts'
import { DEFAULTS, type Rule, type RuleKind } from './rule.ts'
import { refuseUnknownWords } from './rule-title.ts'

export type SettingName =
  | 'threshold'
  | 'window'
  | 'hold'
  | 'quiet'
  | 'minimum'
  | 'baseline'
  | 'times'
  | 'operator'
  | 'metric'
  | 'per'
type Setting = { name: SettingName; means: string }

const QUIET = { name: 'quiet', means: 'ends after so long without it' } as const

/** What can be set for a rule of a kind, beside what every rule has. */
export const SETTINGS: { readonly [kind in RuleKind]: readonly Setting[] } = {
  'error-spike': [
    { name: 'threshold', means: 'lines of one error that are too many' },
    { name: 'window', means: 'within so long' },
    { name: 'baseline', means: 'more is allowed of an error that is usual, after a day' },
    { name: 'times', means: 'so often as much as in a usual hour’s worst window is allowed, and what chance explains' },
    QUIET,
  ],
  'error-rate': [
    { name: 'threshold', means: 'percent of a source’s lines' },
    { name: 'minimum', means: 'errors there must be at the least' },
    { name: 'window', means: 'over so long' },
    { name: 'hold', means: 'must last so long' },
    { name: 'baseline', means: 'more is allowed of a source with a usual share, after a day' },
    { name: 'times', means: 'so often the usual share is allowed' },
    QUIET,
  ],
  'new-error': [{ name: 'hold', means: 'a source must be known for so long before anything of it is new' }, QUIET],
  regression: [{ name: 'hold', means: 'lines so soon after the resolving were still on their way' }, QUIET],
  silence: [
    { name: 'window', means: 'is always allowed' },
    { name: 'hold', means: 'a source must be known for so long' },
    {
      name: 'baseline',
      means: 'its longest pause of a week that nobody acknowledged counts as well; after one of over 2h it is not told',
    },
    { name: 'times', means: 'so often that pause is allowed' },
  ],
  threshold: [
    { name: 'metric', means: 'what is measured; lines are counted without one' },
    { name: 'operator', means: 'how it compares' },
    { name: 'threshold', means: 'with this value' },
    { name: 'window', means: 'over so long' },
    { name: 'hold', means: 'must last so long' },
    { name: 'per', means: 'what is judged apart' },
    QUIET,
  ],
  search: [
    { name: 'operator', means: 'how the number of lines compares' },
    { name: 'threshold', means: 'with this number' },
    { name: 'window', means: 'over so long' },
    { name: 'hold', means: 'must last so long' },
    QUIET,
  ],
}

/** A setting as people read it: `5`, `20%`, `1m`, `on`. */
export function settingWords(rule: Pick<Rule, SettingName | 'kind'>, name: SettingName): string {
  const value = rule[name]
  if (value === null) return 'none'
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (name === 'window' || name === 'hold' || name === 'quiet') return formatDuration(value as number)
  if (name === 'threshold' && rule.kind === 'error-rate') return `${value}%`
  if (name === 'threshold' && rule.metric !== null) return `${value}${METRIC_UNITS[rule.metric as Metric] ?? ''}`
  return String(value)
}

/** What a setting is for a new rule of the kind. */
export function defaultWords(kind: RuleKind, name: SettingName): string {
  const blank = { metric: null, operator: kind === 'threshold' || kind === 'search' ? '>=' : null, per: 'everywhere' }
  return settingWords({ ...blank, ...DEFAULTS[kind], kind } as Rule, name)
}

/** Refuses a rule that makes no sense, with the field at fault. */
export function refuseNonsense(rule: Omit<Rule, 'id' | 'createdAt' | 'createdBy'>): void {
  const { kind, threshold, window, metric, per, matcher, title } = rule
  const has = new Set(SETTINGS[kind].map(({ name }) => name))
  refuseUnknownWords(title)
  if (kind === 'search') readSearch(matcher)
  else readLineMatcher(matcher, metric === null ? 'lines' : 'metrics')
  if (has.has('threshold')) refuseThreshold(kind, threshold)
  if (kind === 'error-spike' && window! > MAX_WINDOW_MS)
    throw invalid('window', `The window of an error spike is at most ${formatDuration(MAX_WINDOW_MS)}.`)
  const byMinute = kind === 'error-rate' || kind === 'search' || (kind === 'threshold' && metric === null)
  if (byMinute && (window === null || window < MINUTE || window % MINUTE !== 0))
    throw invalid('window', 'Lines are counted by the minute: the window must be whole minutes.')
  if (metric !== null) refuseMetric(metric as Metric, per)
  if (metric === null && per === 'container')
    throw invalid('per', 'Lines are not counted by container. Use source, host or everywhere.')
}

function refuseThreshold(kind: RuleKind, threshold: number | null): void {
  if (threshold === null) throw invalid('threshold', 'Say how much is too much: --threshold 100.')
  if (kind === 'error-spike' && (threshold < 1 || !Number.isInteger(threshold)))
    throw invalid('threshold', 'The threshold of an error spike is a whole number of lines, 1 or more.')
  if (kind === 'error-rate' && !(threshold > 0 && threshold <= 100))
    throw invalid('threshold', 'The threshold of an error rate is a percentage from 0.1 to 100.')
}

function refuseMetric(metric: Metric, per: Rule['per']): void {
  if (!METRICS.includes(metric))
    throw invalid('metric', `There is no metric "${metric}". There is ${METRICS.join(', ')}.`)
  if (per !== 'host' && per !== 'container')
    throw invalid('per', 'A metric is judged per host or per container: --per host.')
  const only = { network: 'container', io: 'container', restarts: 'container', disk: 'host', load: 'host' } as const
  const needed = only[metric as keyof typeof only]
  if (needed !== undefined && needed !== per)
    throw invalid('per', `The metric ${metric} is measured of ${needed}s only: --per ${needed}.`)
}

function readSearch(text: string): void {
  const { where, from, until } = parseQuery(text, 0, 'UTC')
  if (where === null) throw invalid('matcher', 'Say what to search for: --matcher "timeout level>=error".')
  if (from !== null || until !== null)
    throw invalid('matcher', 'The window says over which time; leave last:, since: and until: out.')
}
