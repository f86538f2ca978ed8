// What a model may look up of measurements: one metric of a host or container over the time of the evidence.
import { listHosts } from '../../hosts/hosts.ts'
import { METRIC_UNITS, type Metric, type MetricPoint, readMetric, summarize } from '../../hosts/metrics/metrics.ts'
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import { isoTime } from '../../time.ts'
import type { Measured } from './pack.ts'

const STEPS = 24

export type AskedMetric = { host: string; container?: string | undefined; metric: Metric }
/** `from` is where the window of the evidence begins, epoch ms; the period before it is compared. */
export type Span = { comparedFrom: number; from: number; until: number }
/** What can be cited of it, and how it went; or a sentence that says why there is nothing. */
export type MetricTools = (asked: AskedMetric, span: Span) => (Omit<Measured, 'id'> & { steps: string[] }) | string

/** Looks up at `now`, on the hosts of a project or of none; `projectId` null is every project. */
export function createMetricTools(state: State, projectId: number | null, now: number): MetricTools {
  return ({ host: name, container = '', metric }, { comparedFrom, from, until }) => {
    const host = listHosts(state).find(
      one => one.name === name && (projectId === null || one.projectId === null || one.projectId === projectId),
    )
    if (!host) return 'There is no host of that name.'
    const asked = { metric, host, container: container === '' ? null : container }
    try {
      const points = readMetric(state, asked, { from: comparedFrom, until, now })
      const window = points.filter(point => point.at >= from)
      const told = summarize(window)
      if (told === null) return 'Nothing of that was measured then.'
      const unit = METRIC_UNITS[metric]
      const before = summarize(points.filter(point => point.at < from))
      const usual = before === null ? '' : `, before on average ${shown(before.average, unit)}`
      const who = asked.container === null ? `host ${name}` : `container ${container} on ${name}`
      const [first, second] = [shown(told.average, unit), shown(told.maximum, unit)]
      return {
        at: window.find(point => point.max === told.maximum)?.at ?? window[0]!.at,
        text: `${metric} of ${who} was on average ${first}, at most ${second}${usual}`,
        steps: steps(points, comparedFrom, until).map(
          step => `${isoTime(step.at)} ${shown(step.average, unit)}, at most ${shown(step.maximum, unit)}`,
        ),
      }
    } catch (error) {
      if (error instanceof Problem) return error.message
      throw error
    }
  }
}

function steps(points: readonly MetricPoint[], from: number, until: number) {
  const width = Math.max(1, Math.ceil((until - from) / STEPS))
  const groups = Map.groupBy(points, point => Math.floor((point.at - from) / width))
  return [...groups].map(([step, group]) => ({ at: from + step * width, ...summarize(group)! }))
}

function shown(value: number, unit: string): string {
  const rounded = Math.abs(value) >= 10 ? Math.round(value) : Math.round(value * 100) / 100
  return `${rounded.toLocaleString('en')}${unit === '' ? '' : ` ${unit}`}`
}
