// Charts of metrics over time: the period, the values as text and sparkline, and the card with the chart.
import { z } from 'zod'
import type { Alert } from '../../src/alerts/alert.ts'
import { listAlerts } from '../../src/alerts/alerts.ts'
import { formatBytes } from '../../src/bytes.ts'
import type { Card, Text } from '../../src/card.ts'
import { drawChart } from '../../src/charts/draw.ts'
import { sparkline } from '../../src/charts/sparkline.ts'
import type { Mark, TimeChart } from '../../src/charts/time-chart.ts'
import { listRuns } from '../../src/hosts/actions/action-runs.ts'
import type { Host } from '../../src/hosts/host.ts'
import { METRIC_UNITS, type Metric, type MetricPoint, readMetric, summarize } from '../../src/hosts/metrics/metrics.ts'
import { fileName } from '../../src/text.ts'
import { DAY, HOUR, isoTime, MINUTE } from '../../src/time.ts'
import { type Context, pictureTheme } from '../context.ts'

const PERIODS_MS = { '1h': HOUR, '6h': 6 * HOUR, '24h': DAY, '7d': 7 * DAY }
/** Fits on the screen of a phone. */
const SPARKLINE_LENGTH = 24
const MAX_MARKED_ALERTS = 200
const MAX_MARKED_RUNS = 20
const LINE_COLOURS = ['#3182ce', '#dd6b20']

export const period = () => z.enum(['1h', '6h', '24h', '7d']).optional().describe('Period until now (default: 1h)')
export type Period = keyof typeof PERIODS_MS

export type MetricSeries = { metric: Metric; points: readonly MetricPoint[] }

/** Reads metrics of a host (`container` null) or a container over a period until now. */
export function readMetricSeries(
  { state, now }: Context,
  {
    host,
    container,
    metrics,
    last,
  }: { host: Host; container: string | null; metrics: readonly Metric[]; last: Period },
): MetricSeries[] {
  const time = { from: now - PERIODS_MS[last], until: now, now }
  return metrics.map(metric => ({ metric, points: readMetric(state, { metric, host, container }, time) }))
}

/** The card with a chart of metrics, and their current, average and maximum values. */
export async function graphCard(
  context: Context,
  title: string,
  series: readonly MetricSeries[],
  last: Period,
  host: string,
): Promise<Card> {
  const measured = series.filter(({ points }) => points.length > 0)
  if (measured.length === 0)
    return {
      title: `No metrics of ${title} in the last ${last}`,
      tone: 'muted',
      lines: ['Vakt collects metrics every 30 seconds while the host is reachable. "hosts list" shows its status.'],
    }
  const metrics = measured.map(({ metric }) => metric)
  const png = await drawChart(metricChart(context, title, measured, last, host))
  return {
    title: `${title}, last ${last}`,
    tone: 'plain',
    lines: measured.map(metric => metricLine(context, metric, last)),
    image: {
      name: fileName(`graph ${title} ${metrics.join(' ')}`, context.now, context.config.timeZone, 'png'),
      alt: measured.map(metric => `${metric.metric}: ${describeMetric(metric)}`).join('; '),
      png,
    },
  }
}

/** The chart of metrics with points, marked with what happened on their host. */
export function metricChart(
  context: Context,
  title: string,
  measured: readonly MetricSeries[],
  last: Period,
  host: string,
): TimeChart {
  const unit = METRIC_UNITS[measured[0]!.metric]
  // Larger units make traffic easier to read.
  const scale = unit === 'bytes/s' ? 1000 : 1
  const highest = Math.max(...measured.flatMap(({ points }) => points.map(point => point.max)))
  return {
    title: `${title}, last ${last}`,
    kind: 'lines',
    unit: unit === 'bytes/s' ? 'kB/s' : unit,
    from: context.now - PERIODS_MS[last],
    until: context.now,
    timeZone: context.config.timeZone,
    ...(unit === '%' && highest <= 100 ? { max: 100 } : {}),
    theme: pictureTheme(context),
    marks: hostMarks(context, host, context.now - PERIODS_MS[last]),
    series: measured.map(({ metric, points }, i) => ({
      name: metric,
      colour: LINE_COLOURS[i % LINE_COLOURS.length]!,
      points: addGaps(points, PERIODS_MS[last]).map(
        ([at, value]) => [at, value === null ? null : value / scale] as const,
      ),
    })),
  }
}

/** The alerts of a host and what was run on it since an instant. */
function hostMarks({ state }: Context, host: string, from: number): Mark[] {
  const alerts = listAlerts(state, { limit: MAX_MARKED_ALERTS }).filter(({ labels }) => labels.host === host)
  const runs = listRuns(state, { host, limit: MAX_MARKED_RUNS })
  return [
    ...alerts.flatMap(beginAndEnd),
    ...runs.map(({ name, startedAt }) => ({ at: startedAt, name, kind: 'action' as const })),
  ]
    .filter(({ at }) => at >= from)
    .toSorted((a, b) => a.at - b.at)
}

/** The alerts with a key since an instant: when they began and ended. */
export function alertMarks({ state }: Pick<Context, 'state'>, key: string): Mark[] {
  return listAlerts(state, { key, limit: MAX_MARKED_RUNS }).flatMap(beginAndEnd)
}

function beginAndEnd({ id, since, resolvedAt }: Alert): Mark[] {
  return [
    { at: since, name: `alert ${id}`, kind: 'alert' },
    ...(resolvedAt === null ? [] : [{ at: resolvedAt, name: `${id} resolved`, kind: 'resolved' as const }]),
  ]
}

/** A metric as one line: current, average and maximum value, and a sparkline. */
export function metricLine({ now }: Context, series: MetricSeries, last: Period): Text {
  return [{ bold: series.metric }, ` ${describeMetric(series)}  `, { code: metricSparkline(series, now, last) }]
}

/** The sparkline of a metric, oldest value first. */
export function metricSparkline({ points }: MetricSeries, now: number, last: Period): string {
  return sparkline(averageBuckets(points, now - PERIODS_MS[last], now))
}

/** The metrics in the machine-readable form; `figures` is the former name of `metrics`, and `series` is as in `checks graph`. */
export function metricsResult(series: readonly MetricSeries[]) {
  const metrics = series.map(({ metric, points }) => ({
    metric,
    unit: METRIC_UNITS[metric],
    ...(summarize(points) ?? { current: null, average: null, maximum: null }),
    points: points.map(({ at, value, max }) => ({ at: isoTime(at), value, max })),
  }))
  const named = metrics.map(({ metric, unit, points }) => ({ name: metric, unit, points }))
  return { metrics, figures: metrics, series: named }
}

/** A value with its unit. */
export function writeMetricValue(metric: Metric, value: number): string {
  const unit = METRIC_UNITS[metric]
  if (unit === 'bytes/s') return `${formatBytes(value)}/s`
  if (unit === '%') return `${value.toFixed(value < 10 ? 1 : 0)} %`
  return value.toFixed(metric === 'restarts' ? 0 : 2)
}

function describeMetric({ metric, points }: MetricSeries): string {
  const found = summarize(points)
  if (!found) return 'no metrics'
  const write = (value: number) => writeMetricValue(metric, value)
  return `${write(found.current)} now, ${write(found.average)} average, ${write(found.maximum)} maximum`
}

function averageBuckets(points: readonly MetricPoint[], from: number, until: number): (number | null)[] {
  const sums = Array.from({ length: SPARKLINE_LENGTH }, () => ({ total: 0, n: 0 }))
  for (const { at, value } of points) {
    const bucket = sums[Math.min(SPARKLINE_LENGTH - 1, Math.floor(((at - from) / (until - from)) * SPARKLINE_LENGTH))]
    if (!bucket) continue
    bucket.total += value
    bucket.n++
  }
  return sums.map(({ total, n }) => (n === 0 ? null : total / n))
}

/** Adds a null where nothing was measured for a while, so that the chart does not draw a line across. */
function addGaps(points: readonly MetricPoint[], periodMs: number): (readonly [number, number | null])[] {
  const maxGapMs = periodMs > PERIODS_MS['6h'] ? 16 * MINUTE : 2 * MINUTE
  return points.flatMap(({ at, value }, i) => {
    const before = points[i - 1]
    const isGap = before !== undefined && at - before.at > maxGapMs
    return isGap ? [[before.at + 1, null] as const, [at, value] as const] : [[at, value] as const]
  })
}
