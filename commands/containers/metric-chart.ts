// What the commands that draw figures over time share: how long, which metric, and the card with its chart.
import { z } from 'zod'
import { writeSize } from '../../src/bytes.ts'
import type { Card, Text } from '../../src/card.ts'
import { drawChart } from '../../src/charts/draw.ts'
import { sparkline } from '../../src/charts/sparkline.ts'
import type { Host } from '../../src/hosts/host.ts'
import { METRIC_UNITS, type Metric, type Point, readMetric, summary } from '../../src/hosts/metrics/metrics.ts'
import { DAY, HOUR, isoTime } from '../../src/time.ts'
import type { Context } from '../context.ts'

const SPANS = { '1h': HOUR, '6h': 6 * HOUR, '24h': DAY, '7d': 7 * DAY }
/** A line of so many blocks fits on a phone. */
const SPARKS = 24
const COLOURS = ['#3182ce', '#dd6b20']

export const span = () => z.enum(['1h', '6h', '24h', '7d']).optional().describe('How far back, 1h unless said')
export type SpanName = keyof typeof SPANS

export type Figures = { metric: Metric; points: readonly Point[] }

/** Metrics of a host (`container` null) or a container over the last span. */
export function readFigures(
  { state, now }: Context,
  what: { host: Host; container: string | null; metrics: readonly Metric[]; last: SpanName },
): Figures[] {
  const { host, container, metrics, last } = what
  const time = { from: now - SPANS[last], until: now, now }
  return metrics.map(metric => ({ metric, points: readMetric(state, { metric, host, container }, time) }))
}

/** The card with a chart of what was measured, and in words what it was now, on average and at the most. */
export async function graphCard(
  context: Context,
  title: string,
  figures: readonly Figures[],
  last: SpanName,
): Promise<Card> {
  const known = figures.filter(one => one.points.length > 0)
  if (known.length === 0)
    return {
      title: `Nothing was measured of ${title} in the last ${last}`,
      tone: 'muted',
      lines: ['Figures are collected every 30 seconds while the host is reached: "hosts list" shows how it is.'],
    }
  const unit = METRIC_UNITS[known[0]!.metric]
  // Traffic is easier on the eye in larger units.
  const scale = unit === 'bytes/s' ? 1000 : 1
  const highest = Math.max(...known.flatMap(one => one.points.map(point => point.max)))
  const png = await drawChart({
    title: `${title}, last ${last}`,
    kind: 'lines',
    unit: unit === 'bytes/s' ? 'kB/s' : unit,
    from: context.now - SPANS[last],
    until: context.now,
    timeZone: context.config.timeZone,
    ...(unit === '%' && highest <= 100 ? { max: 100 } : {}),
    series: known.map(({ metric, points }, i) => ({
      name: metric,
      colour: COLOURS[i % COLOURS.length]!,
      points: withGaps(points, SPANS[last]).map(([at, value]) => [at, value === null ? null : value / scale] as const),
    })),
  })
  return {
    title: `${title}, last ${last}`,
    tone: 'plain',
    lines: known.map(one => figureText(context, one, last)),
    image: { name: 'graph.png', alt: known.map(one => `${one.metric}: ${inWords(one)}`).join('; '), png },
  }
}

/** A metric as one line: current, average, maximum, and its course in blocks. */
export function figureText({ now }: Context, figures: Figures, last: SpanName): Text {
  return [{ bold: figures.metric }, ` ${inWords(figures)}  `, { code: course(figures, now, last) }]
}

/** The course of a metric in blocks, the oldest first. */
export function course({ points }: Figures, now: number, last: SpanName): string {
  return sparkline(buckets(points, now - SPANS[last], now))
}

export function figuresResult(figures: readonly Figures[]) {
  return figures.map(({ metric, points }) => ({
    metric,
    unit: METRIC_UNITS[metric],
    ...(summary(points) ?? { current: null, average: null, maximum: null }),
    points: points.map(({ at, value, max }) => ({ at: isoTime(at), value, max })),
  }))
}

/** A figure with its unit. */
export function writeFigure(metric: Metric, value: number): string {
  const unit = METRIC_UNITS[metric]
  if (unit === 'bytes/s') return `${writeSize(value)}/s`
  if (unit === '%') return `${value.toFixed(value < 10 ? 1 : 0)} %`
  return value.toFixed(metric === 'restarts' ? 0 : 2)
}

function inWords({ metric, points }: Figures): string {
  const found = summary(points)
  if (!found) return 'not measured'
  const say = (value: number) => writeFigure(metric, value)
  return `${say(found.current)} now, ${say(found.average)} on average, ${say(found.maximum)} at the most`
}

function buckets(points: readonly Point[], from: number, until: number): (number | null)[] {
  const sums = Array.from({ length: SPARKS }, () => ({ total: 0, n: 0 }))
  for (const { at, value } of points) {
    const bucket = sums[Math.min(SPARKS - 1, Math.floor(((at - from) / (until - from)) * SPARKS))]
    if (!bucket) continue
    bucket.total += value
    bucket.n++
  }
  return sums.map(({ total, n }) => (n === 0 ? null : total / n))
}

/** Where nothing was measured for a while the line is broken, not drawn across. */
function withGaps(points: readonly Point[], spanMs: number): (readonly [number, number | null])[] {
  const longest = spanMs > SPANS['6h'] ? 16 * 60_000 : 2 * 60_000
  return points.flatMap(({ at, value }, i) => {
    const before = points[i - 1]
    const gap = before !== undefined && at - before.at > longest
    return gap ? [[before.at + 1, null] as const, [at, value] as const] : [[at, value] as const]
  })
}
