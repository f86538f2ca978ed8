// Lets a model look up one metric of a host or container in the time of the evidence.
import { listHosts } from '../../hosts/hosts.ts'
import { METRIC_UNITS, type Metric, type MetricPoint, readMetric, summarize } from '../../hosts/metrics/metrics.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { isoTime } from '../../time.ts'
import type { PackMeasurement } from './pack.ts'

const MAX_STEPS = 24

export type MetricQuery = { host: string; container?: string | undefined; metric: Metric }
/** The window of the evidence from `from` to `until`, and the period before it from `comparedFrom` (epoch ms). */
export type MetricWindow = { comparedFrom: number; from: number; until: number }
/** Returns a citable summary and the values over time, or a sentence why there are none. */
export type MetricLookup = (
  asked: MetricQuery,
  span: MetricWindow,
) => (Omit<PackMeasurement, 'id'> & { steps: string[] }) | string

/** Creates a lookup on the hosts of a project or of none; `projectId` null means every project. */
export function createMetricLookup(state: State, projectId: number | null, now: number): MetricLookup {
  return ({ host: name, container = '', metric }, { comparedFrom, from, until }) => {
    const host = listHosts(state).find(
      host => host.name === name && (projectId === null || host.projectId === null || host.projectId === projectId),
    )
    if (!host) return 'There is no host of that name.'
    const query = { metric, host, container: container === '' ? null : container }
    try {
      const points = readMetric(state, query, { from: comparedFrom, until, now })
      const window = points.filter(point => point.at >= from)
      const summary = summarize(window)
      if (summary === null) return 'Nothing of that was measured then.'
      const unit = METRIC_UNITS[metric]
      const before = summarize(points.filter(point => point.at < from))
      const baseline = before === null ? '' : `, before on average ${writeValue(before.average, unit)}`
      const origin = query.container === null ? `host ${name}` : `container ${container} on ${name}`
      const [average, maximum] = [writeValue(summary.average, unit), writeValue(summary.maximum, unit)]
      return {
        at: window.find(point => point.max === summary.maximum)?.at ?? window[0]!.at,
        text: `${metric} of ${origin} was on average ${average}, at most ${maximum}${baseline}`,
        steps: summarizeSteps(points, comparedFrom, until).map(
          step => `${isoTime(step.at)} ${writeValue(step.average, unit)}, at most ${writeValue(step.maximum, unit)}`,
        ),
      }
    } catch (error) {
      if (error instanceof Problem) return error.message
      throw error
    }
  }
}

function summarizeSteps(points: readonly MetricPoint[], from: number, until: number) {
  const width = Math.max(1, Math.ceil((until - from) / MAX_STEPS))
  const groups = Map.groupBy(points, point => Math.floor((point.at - from) / width))
  return [...groups].map(([step, group]) => ({ at: from + step * width, ...summarize(group)! }))
}

function writeValue(value: number, unit: string): string {
  const rounded = Math.abs(value) >= 10 ? Math.round(value) : Math.round(value * 100) / 100
  return `${rounded.toLocaleString('en')}${unit === '' ? '' : ` ${unit}`}`
}
