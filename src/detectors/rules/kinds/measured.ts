// What rules over metrics have in common: which hosts and containers they cover, and how their values are written.
import { listContainers } from '../../../hosts/containers/containers.ts'
import type { Host } from '../../../hosts/host.ts'
import { listHosts } from '../../../hosts/hosts.ts'
import { METRIC_UNITS, METRICS, type Metric } from '../../../hosts/metrics/metrics.ts'
import { invalid } from '../../../problem.ts'
import { readProjectById } from '../../../projects/projects.ts'
import type { State } from '../../../state/database.ts'
import { type LineMatcher, matchesMetric } from '../../logs/line-matcher.ts'
import type { Rule } from '../rule.ts'
import { formatLines, roundValue } from '../rule-settings.ts'

/** Throws `invalid` for a metric that there is not, or that is not measured for what the rule evaluates. */
export function validateMetric(metric: Metric, per: Rule['per']): void {
  if (!METRICS.includes(metric))
    throw invalid('metric', `There is no metric "${metric}". The metrics are: ${METRICS.join(', ')}.`)
  if (per !== 'host' && per !== 'container')
    throw invalid('per', 'A metric is evaluated per host or per container: --per host.')
  const only = { network: 'container', io: 'container', restarts: 'container', disk: 'host', load: 'host' } as const
  const required = only[metric as keyof typeof only]
  if (required !== undefined && required !== per)
    throw invalid('per', `The metric ${metric} is measured for ${required}s only: --per ${required}.`)
}

/** A value with its unit: `42 lines`, `93%`, `1.2 MB/s`. */
export function formatMetric(rule: Pick<Rule, 'metric'>, value: number): string {
  if (rule.metric === null) return formatLines(value)
  const unit = unitOf(rule.metric)
  if (unit === '%' || unit === '') return `${roundValue(value)}${unit}`
  return value >= 1e6 ? `${Math.round(value / 1e5) / 10} MB/s` : `${Math.round(value / 100) / 10} kB/s`
}

/** The unit of a metric; empty for lines. */
export function unitOf(metric: string | null): string {
  return metric === null ? '' : (METRIC_UNITS[metric as Metric] ?? '')
}

/** The hosts that a rule covers, each with its covered containers; a rule per host has a container of null. */
export function measuredHosts(
  state: State,
  rule: Rule,
  matcher: LineMatcher,
): { host: Host; containers: (string | null)[] }[] {
  return listHosts(state)
    .filter(({ projectId }) => rule.projectId === null || projectId === rule.projectId)
    .map(host => {
      const project = host.projectId === null ? '' : (readProjectById(state, host.projectId)?.name ?? '')
      const names = rule.per === 'container' ? listContainers(state, host.id).map(({ name }) => name) : [null]
      const isCovered = (container: string | null) =>
        matcher === null || matchesMetric(matcher, { host: host.name, container, project })
      return { host, containers: names.filter(isCovered) }
    })
}
