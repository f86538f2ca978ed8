// The rule kind search: the number of lines that a log search finds is beyond a threshold.
import type { Evidence, Text } from '../../../card.ts'
import { downtimeBetween } from '../../../checks/downtimes.ts'
import { parseQuery } from '../../../logs/query/parse.ts'
import { scopeToProject } from '../../../logs/query/scope-query.ts'
import type { Query } from '../../../logs/query/tree.ts'
import { expandSavedSearch, searchScope } from '../../../logs/searches.ts'
import { invalid } from '../../../problem.ts'
import { readProjectById } from '../../../projects/projects.ts'
import type { State } from '../../../state/database.ts'
import { firstLine, truncate } from '../../../text.ts'
import { MINUTE } from '../../../time.ts'
import { searchButton } from '../../logs/logs-button.ts'
import { type Bucket, type Episode, episodesOf } from '../backtest.ts'
import type { Decision } from '../decision.ts'
import { evaluateValues } from '../evaluate-values.ts'
import { isBreached, type Rule, type RuleDraft, ruleTitle } from '../rule.ts'
import type { RuleKind, SearchCount } from '../rule-kind.ts'
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

const MAX_SAMPLE_LENGTH = 200
/** In a backtest the window slides by a part of itself. */
const BUCKETS_PER_WINDOW = 4

export const search: RuleKind = {
  name: 'search',
  summary: 'The number of lines that a log search finds is beyond a threshold',
  defaults: { ...COMMON_DEFAULTS, operator: '>=', threshold: 1, window: MINUTE },
  settings: [
    { name: 'operator', meaning: 'comparison' },
    { name: 'threshold', meaning: 'number of lines to compare with' },
    { name: 'window', meaning: 'time window' },
    FOR,
    KEEP_FIRING,
  ],
  title: '{where}: {value} in …',
  validate,
  formatValue: (_, value) => formatLines(value),
  evaluation: {
    trigger: 'search',
    query: (state, rule, now, timeZone) => ({
      ...queryOf(state, rule, now, timeZone),
      from: now - rule.window!,
      until: now + 1,
    }),
    isBreached: (rule, count) => isBreached(rule, count.total) && isConclusive(rule, count),
    evaluate,
  },
  backtest: { from: 'logs', query: queryOf, bucketMs: rule => rule.window! / BUCKETS_PER_WINDOW, episodes },
}

function validate(rule: RuleDraft): void {
  const { where, from, until } = parseQuery(rule.matcher, 0, 'UTC')
  if (where === null) throw invalid('matcher', 'A search is required: --matcher "timeout level>=error".')
  if (from !== null || until !== null)
    throw invalid('matcher', 'The window sets the time range: leave out last:, since: and until:.')
  validateThreshold(rule)
  validateWholeMinutes(rule)
}

function queryOf(state: State, rule: Rule, now: number, timeZone: string): Query {
  const query = parseQuery(expandSavedSearch(state, rule.matcher, searchScope(rule)), now, timeZone)
  const project = rule.projectId === null ? undefined : readProjectById(state, rule.projectId)
  return project ? scopeToProject(query, project.name) : query
}

/** A count that is a lower bound proves only that there are too many lines. */
function isConclusive(rule: Rule, { total, isLowerBound }: SearchCount): boolean {
  return !isLowerBound || (isBreached(rule, total) && isBreached(rule, Number.MAX_SAFE_INTEGER))
}

function evaluate(state: State, rule: Rule, count: SearchCount, samples: readonly string[], now: number): Decision {
  const window = formatWindow(rule.window!)
  const from = now - rule.window!
  // A window with a downtime in it, or that began before the rule, proves nothing about too few lines.
  const isIncomplete = isBreached(rule, 0) && (rule.createdAt > from || downtimeBetween(state, from, now) > 0)
  const total = isConclusive(rule, count) ? count.total : null
  const limit = `${formatThreshold(rule, formatLines(rule.threshold!))} in ${window}${formatFor(rule)}`
  const value = {
    subject: '',
    projectId: rule.projectId,
    value: total,
    isBreached: total !== null && isBreached(rule, total) && !isIncomplete,
    title: (worst: number) => {
      const value = formatLines(worst)
      return ruleTitle(rule, { where: rule.name, value }, `${rule.name}: ${value} in ${window}`)
    },
    comparison: (worst: number): Text => [
      { bold: formatLines(total ?? worst) },
      ` in ${window}, at worst ${formatLines(worst)}; the rule ${rule.name} alerts at ${limit}. Search: `,
      { code: rule.matcher },
    ],
    details: () => ({
      ...(samples.length === 0 ? {} : { evidence: [sampleEvidence(samples)] }),
      buttons: [searchButton(state, `${rule.matcher} last:1h`, rule.projectId)],
    }),
    labels: {},
  }
  return evaluateValues(state, rule, [value], now)
}

function sampleEvidence(samples: readonly string[]): Evidence {
  const text = samples.map(message => truncate(firstLine(message), MAX_SAMPLE_LENGTH)).join('\n')
  return { kind: 'output', name: 'Latest lines', text }
}

function episodes(rule: Rule, buckets: readonly Bucket[], bucketMs: number): readonly Episode[] {
  const length = Math.max(1, Math.round(rule.window! / bucketMs))
  const readings = buckets.map(({ at }, i) => {
    const value = buckets.slice(Math.max(0, i - length + 1), i + 1).reduce((sum, { count }) => sum + count, 0)
    return { at: at + bucketMs, value, isBreached: isBreached(rule, value) }
  })
  return episodesOf(rule, { subject: rule.name, projectId: rule.projectId }, readings)
}
