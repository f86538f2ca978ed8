// Figures over time by name: what charts draw and rules compare.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import type { Host } from '../host.ts'
import { readSamples, type Sample, type SeriesKind, seriesNames } from './samples.ts'

/**
 * What can be asked for. In percent: `cpu` (a container's of one core), `memory` (of the limit), `disk` (of the fullest one).
 * In bytes a second: `network` (both ways), `io` (read and written). `load` is the one-minute load average, `restarts` how
 * many there were between two samples.
 */
export const METRICS = ['cpu', 'memory', 'network', 'io', 'disk', 'load', 'restarts'] as const
export type Metric = (typeof METRICS)[number]

/** An instant (epoch ms) and the figure then; `max` is the largest of the time it stands for. */
export type Point = { at: number; value: number; max: number }

export const METRIC_UNITS: Record<Metric, string> = {
  cpu: '%',
  memory: '%',
  network: 'bytes/s',
  io: 'bytes/s',
  disk: '%',
  load: '',
  restarts: '',
}

const OF_HOSTS: readonly Metric[] = ['cpu', 'memory', 'disk', 'load']
const OF_CONTAINERS: readonly Metric[] = ['cpu', 'memory', 'network', 'io', 'restarts']

/**
 * A metric of a host (`container` null) or of a container on it, from `from` to `until` (epoch ms, inclusive), oldest first:
 * by half minutes within the last six hours, else by five minutes, for up to seven days. Empty where nothing was measured;
 * a gap in time is a gap in the points. Reads by index only, so rules may ask at every turn. Throws `invalid` on the field
 * `metric` for one that hosts, or containers, do not have.
 */
export function readMetric(
  state: State,
  what: { metric: Metric; host: Pick<Host, 'id'>; container: string | null },
  span: { from: number; until: number; now: number },
): Point[] {
  const { metric, host, container } = what
  const known = container === null ? OF_HOSTS : OF_CONTAINERS
  if (!known.includes(metric))
    throw new Problem(
      'invalid',
      `${container === null ? 'Hosts' : 'Containers'} have no metric "${metric}". There is ${known.join(', ')}.`,
      { fields: { metric: 'no such metric' } },
    )
  if (metric === 'disk') return fullest(state, host.id, span)
  const kind: SeriesKind = container === null ? 'host' : 'container'
  return pointsOf(metric, readSamples(state, host.id, kind, container ?? '', span))
}

/** The points that samples in a row make of a metric; what is counted up becomes a rate, a count begun anew counts from zero. */
export function pointsOf(metric: Metric, samples: readonly Sample[]): Point[] {
  if (metric === 'network') return rates(samples, sample => sum(sample.received, sample.sent))
  if (metric === 'io') return rates(samples, sample => sum(sample.read, sample.written))
  if (metric === 'restarts') return rates(samples, sample => sample.restarts, false)
  return samples.flatMap(sample => {
    const value = gauge(metric, sample)
    return value === null ? [] : [{ at: sample.at, value, max: largest(metric, sample) ?? value }]
  })
}

/** The last figure, the average and the largest of points; null for none. */
export function summary(points: readonly Point[]): { current: number; average: number; maximum: number } | null {
  const last = points.at(-1)
  if (!last) return null
  const total = points.reduce((sum, point) => sum + point.value, 0)
  return {
    current: last.value,
    average: total / points.length,
    maximum: points.reduce((most, point) => Math.max(most, point.max), last.max),
  }
}

function gauge(metric: Metric, sample: Sample): number | null {
  if (metric === 'cpu') return sample.cpu
  if (metric === 'load') return sample.load
  if (metric === 'memory') return share(sample.memory, sample.memoryLimit)
  return share(sample.used, sample.size)
}

function largest(metric: Metric, sample: Sample): number | null {
  if (metric === 'cpu') return sample.cpuMax
  return metric === 'memory' ? share(sample.memoryMax, sample.memoryLimit) : null
}

function rates(samples: readonly Sample[], count: (sample: Sample) => number | null, perSecond = true): Point[] {
  return samples.slice(1).flatMap((sample, i) => {
    const [before, after] = [count(samples[i]!), count(sample)]
    if (before === null || after === null) return []
    const grown = after >= before ? after - before : after
    const value = perSecond ? grown / ((sample.at - samples[i]!.at) / 1000) : grown
    return [{ at: sample.at, value, max: value }]
  })
}

/** At every instant the share of whichever disk was fullest. */
function fullest(state: State, hostId: number, span: { from: number; until: number; now: number }): Point[] {
  const most = new Map<number, number>()
  for (const mount of seriesNames(state, hostId, 'disk', span.from)) {
    for (const { at, value } of pointsOf('disk', readSamples(state, hostId, 'disk', mount, span)))
      most.set(at, Math.max(value, most.get(at) ?? 0))
  }
  return [...most].sort(([a], [b]) => a - b).map(([at, value]) => ({ at, value, max: value }))
}

function share(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : (part / whole) * 100
}

function sum(first: number | null, second: number | null): number | null {
  return first === null || second === null ? null : first + second
}
