// Metrics over time, by name: the values that charts draw and rules compare.
import { Problem } from '../../problem.ts'
import type { State } from '../../state/database.ts'
import type { Host } from '../host.ts'
import { listSeriesNames, readSamples, type Sample, type SeriesKind } from './samples.ts'

/**
 * In percent: `cpu` (containers: of one core), `memory` (of the limit), `disk` (the fullest disk). In bytes per second:
 * `network` (received and sent), `io` (read and written). `load` is the one-minute load average, `restarts` the number of
 * restarts between two samples.
 */
export const METRICS = ['cpu', 'memory', 'network', 'io', 'disk', 'load', 'restarts'] as const
export type Metric = (typeof METRICS)[number]

/** A value at an instant (epoch ms); `max` is the maximum of the period that it stands for. */
export type MetricPoint = { at: number; value: number; max: number }

export const METRIC_UNITS: Record<Metric, string> = {
  cpu: '%',
  memory: '%',
  network: 'bytes/s',
  io: 'bytes/s',
  disk: '%',
  load: '',
  restarts: '',
}

const HOST_METRICS: readonly Metric[] = ['cpu', 'memory', 'disk', 'load']
const CONTAINER_METRICS: readonly Metric[] = ['cpu', 'memory', 'network', 'io', 'restarts']

/**
 * Reads a metric of a host (`container` null) or of a container, from `from` to `until` (epoch ms, inclusive), oldest first:
 * one point each 30 s within the last six hours, otherwise each five minutes, for up to seven days. Times without measurements
 * have no points. Reads only by index, so rules may call it at every evaluation. Throws `invalid` on the field `metric` for a
 * metric that hosts, or containers, do not have.
 */
export function readMetric(
  state: State,
  { metric, host, container }: { metric: Metric; host: Pick<Host, 'id'>; container: string | null },
  span: { from: number; until: number; now: number },
): MetricPoint[] {
  const known = container === null ? HOST_METRICS : CONTAINER_METRICS
  if (!known.includes(metric))
    throw new Problem(
      'invalid',
      `${container === null ? 'Hosts' : 'Containers'} have no metric "${metric}". Choose one of ${known.join(', ')}.`,
      { fields: { metric: 'no such metric' } },
    )
  if (metric === 'disk') return readFullestDisk(state, host.id, span)
  const kind: SeriesKind = container === null ? 'host' : 'container'
  return toPoints(metric, readSamples(state, host.id, kind, container ?? '', span))
}

/** The points of a metric from consecutive samples; counters become rates, and a counter that was reset starts at zero. */
export function toPoints(metric: Metric, samples: readonly Sample[]): MetricPoint[] {
  if (metric === 'network') return computeRates(samples, sample => addKnown(sample.received, sample.sent))
  if (metric === 'io') return computeRates(samples, sample => addKnown(sample.read, sample.written))
  if (metric === 'restarts') return computeRates(samples, sample => sample.restarts, false)
  return samples.flatMap(sample => {
    const value = readGauge(metric, sample)
    return value === null ? [] : [{ at: sample.at, value, max: readMaximum(metric, sample) ?? value }]
  })
}

/** The last value, the average and the maximum of points; null without points. */
export function summarize(
  points: readonly MetricPoint[],
): { current: number; average: number; maximum: number } | null {
  const last = points.at(-1)
  if (!last) return null
  const total = points.reduce((sum, point) => sum + point.value, 0)
  return {
    current: last.value,
    average: total / points.length,
    maximum: points.reduce((maximum, point) => Math.max(maximum, point.max), last.max),
  }
}

function readGauge(metric: Metric, sample: Sample): number | null {
  if (metric === 'cpu') return sample.cpu
  if (metric === 'load') return sample.load
  if (metric === 'memory') return toPercent(sample.memory, sample.memoryLimit)
  return toPercent(sample.used, sample.size)
}

function readMaximum(metric: Metric, sample: Sample): number | null {
  if (metric === 'cpu') return sample.cpuMax
  return metric === 'memory' ? toPercent(sample.memoryMax, sample.memoryLimit) : null
}

function computeRates(
  samples: readonly Sample[],
  count: (sample: Sample) => number | null,
  perSecond = true,
): MetricPoint[] {
  return samples.slice(1).flatMap((sample, i) => {
    const [before, after] = [count(samples[i]!), count(sample)]
    if (before === null || after === null) return []
    const grown = after >= before ? after - before : after
    const value = perSecond ? grown / ((sample.at - samples[i]!.at) / 1000) : grown
    return [{ at: sample.at, value, max: value }]
  })
}

/** At each instant the usage of the disk that was fullest then, in percent. */
function readFullestDisk(
  state: State,
  hostId: number,
  span: { from: number; until: number; now: number },
): MetricPoint[] {
  const fullest = new Map<number, number>()
  for (const mount of listSeriesNames(state, hostId, 'disk', span.from)) {
    for (const { at, value } of toPoints('disk', readSamples(state, hostId, 'disk', mount, span)))
      fullest.set(at, Math.max(value, fullest.get(at) ?? 0))
  }
  return [...fullest].sort(([a], [b]) => a - b).map(([at, value]) => ({ at, value, max: value }))
}

function toPercent(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : (part / whole) * 100
}

function addKnown(first: number | null, second: number | null): number | null {
  return first === null || second === null ? null : first + second
}
