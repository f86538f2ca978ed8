// Threshold rules: lines counted over a window, or a metric of hosts and containers, compared with a number.
import type { Text } from '../../card.ts'
import { downtimeBetween } from '../../checks/downtimes.ts'
import { quoteWord } from '../../command/command-line.ts'
import { listContainers } from '../../hosts/containers/containers.ts'
import type { Host } from '../../hosts/host.ts'
import { listHosts } from '../../hosts/hosts.ts'
import { METRIC_UNITS, type Metric, type Point, readMetric } from '../../hosts/metrics/metrics.ts'
import type { Series } from '../../logs/counters.ts'
import type { Cooperative, WindowCounter } from '../../logs/window-counts.ts'
import { readProjectById } from '../../projects/projects.ts'
import type { State } from '../../state/database.ts'
import { aboutDuration, formatDuration, HOUR, MINUTE } from '../../time.ts'
import type { Rule } from '../rules/rule.ts'
import type { Figure } from '../rules/rule-finding.ts'
import { titleOf } from '../rules/rule-title.ts'
import { windowWords } from './error-finding.ts'
import { type LineMatcher, matchesMetric, readLineMatcher } from './line-matcher.ts'
import { seriesOfRule } from './matching-series.ts'

/** Hosts are measured every half minute; what is older says nothing of now. */
const FRESH = 2 * MINUTE

const COMPARE: { readonly [operator in NonNullable<Rule['operator']>]: (value: number, limit: number) => boolean } = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
}
const WORDS = { '>': 'over', '>=': 'at least', '<': 'under', '<=': 'at most' } as const

/** Whether a value is beyond the threshold of a rule. */
export function isBeyond(rule: Pick<Rule, 'operator' | 'threshold'>, value: number): boolean {
  return COMPARE[rule.operator ?? '>='](value, rule.threshold!)
}

/** `over 90%`, `at least 100 lines in 5 min`. */
export function limitWords(rule: Rule): string {
  const limit = `${WORDS[rule.operator ?? '>=']} ${figureWords(rule, rule.threshold!)}`
  return rule.metric === null ? `${limit} in ${windowWords(rule.window!)}` : limit
}

/** How many lines there were in the whole minutes before `until`: in all, or by source or host. */
export function* lineFigures(state: State, rule: Rule, until: number, within: WindowCounter): Cooperative<Figure[]> {
  const from = until - rule.window!
  // A window that Vakt did not hear, or that began before the rule, says nothing of too few lines.
  const unheard = downtimeBetween(state, from, until) > 0 || rule.createdAt > from
  const fitting = yield* seriesOfRule(state, rule)
  const lines = yield* within(from, until)
  // Of what says nothing any more there are too few lines as well.
  const before = isBeyond(rule, 0) ? yield* within(Math.min(from, until - HOUR), from) : null
  const heard = fitting.filter(({ id }) => lines.has(id) || before?.has(id))
  yield
  return [...groups(rule, heard, lines)].map(([subject, { where, labels, projectId, value }]): Figure => {
    const breached = isBeyond(rule, value) && !(unheard && isBeyond(rule, 0))
    return {
      subject,
      projectId,
      value,
      breached,
      title: worst => {
        const value = figureWords(rule, worst)
        return titleOf(rule, { where, value }, `${where}: ${value} in ${windowWords(rule.window!)}`)
      },
      against: worst => [
        { bold: figureWords(rule, value) },
        ` in ${windowWords(rule.window!)}, at worst ${figureWords(rule, worst)}; the rule ${rule.name} alerts at ${limitWords(rule)}${holdWords(rule)}.`,
      ],
      more: () => ({ buttons: rule.matcher === '' ? [] : [logsButton(rule)] }),
      labels,
    }
  })
}

/** What the hosts or containers measured lately. Throws `invalid` for a metric that they do not have. */
export function* metricFigures(state: State, rule: Rule, now: number): Cooperative<Figure[]> {
  const matcher = readLineMatcher(rule.matcher, 'metrics')
  const metric = rule.metric as Metric
  const hosts = listHosts(state).filter(host => rule.projectId === null || host.projectId === rule.projectId)
  const figures: Figure[] = []
  for (const host of hosts) {
    figures.push(...metricsOf(state, rule, metric, host, matcher, now))
    yield
  }
  return figures
}

function metricsOf(state: State, rule: Rule, metric: Metric, host: Host, matcher: LineMatcher, now: number): Figure[] {
  const names = rule.per === 'container' ? listContainers(state, host.id).map(({ name }) => name) : [null]
  const project = host.projectId === null ? '' : (readProjectById(state, host.projectId)?.name ?? '')
  return names
    .filter(container => matcher === null || matchesMetric(matcher, { host: host.name, container, project }))
    .map((container): Figure => {
      const read = (back: number) =>
        readMetric(state, { metric, host, container }, { from: now - back, until: now, now })
      const value = average(read(Math.max(rule.window ?? 0, FRESH)))
      const where = container === null ? host.name : `${container} on ${host.name}`
      return {
        subject: `${host.id}:${container ?? ''}`,
        projectId: host.projectId,
        value,
        breached: value !== null && isBeyond(rule, value),
        title: worst => {
          const value = figureWords(rule, worst)
          return titleOf(rule, { where, value }, `${where}: ${metric} at ${value}`)
        },
        against: (worst): Text => [
          { bold: `${metric} ${figureWords(rule, value ?? worst)}` },
          `, at worst ${figureWords(rule, worst)}; the rule ${rule.name} alerts at ${limitWords(rule)}${holdWords(rule)}.`,
        ],
        more: () => ({ chart: curve(rule, metric, read(HOUR)) }),
        labels: { host: host.name, ...(container === null ? {} : { container }) },
      }
    })
}

type Group = { where: string; labels: Figure['labels']; projectId: number | null; value: number }

function groups(rule: Rule, series: readonly Series[], lines: ReadonlyMap<number, number>): Map<string, Group> {
  const found = new Map<string, Group>()
  if (rule.per === 'everywhere') found.set('', { where: rule.name, labels: {}, projectId: rule.projectId, value: 0 })
  for (const one of series) {
    const name = rule.per === 'host' ? one.host : one.source
    const subject = rule.per === 'everywhere' ? '' : `${one.projectId}:${name}`
    const labels: Figure['labels'] = name === '' || rule.per === 'everywhere' ? {} : { [rule.per]: name }
    const group = found.get(subject) ?? { where: name || rule.name, labels, projectId: one.projectId, value: 0 }
    group.value += lines.get(one.id) ?? 0
    found.set(subject, group)
  }
  return found
}

function average(points: readonly Point[]): number | null {
  return points.length === 0 ? null : points.reduce((sum, { value }) => sum + value, 0) / points.length
}

function curve(rule: Rule, metric: Metric, points: readonly Point[]) {
  return {
    name: metric,
    unit: METRIC_UNITS[metric],
    points: points.map(({ at, value }) => [at, Math.round(value * 100) / 100] as const),
    threshold: rule.threshold!,
  }
}

/** A value with its unit: `42 lines`, `93%`, `1.2 MB/s`. */
export function figureWords(rule: Pick<Rule, 'metric'>, value: number): string {
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10
  if (rule.metric === null) return `${rounded} ${rounded === 1 ? 'line' : 'lines'}`
  const unit = METRIC_UNITS[rule.metric as Metric]
  if (unit === '%' || unit === '') return `${rounded}${unit}`
  return value >= 1e6 ? `${Math.round(value / 1e5) / 10} MB/s` : `${Math.round(value / 100) / 10} kB/s`
}

function holdWords(rule: Rule): string {
  return rule.hold === 0
    ? ''
    : ` for ${rule.hold % MINUTE === 0 ? aboutDuration(rule.hold) : formatDuration(rule.hold)}`
}

function logsButton(rule: Rule) {
  return { label: 'Logs', line: `logs search ${quoteWord(`${rule.matcher} last:1h`)}` }
}
