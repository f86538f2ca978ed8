// A chart over time as an ECharts option: what every chart of Vakt looks like. Pure.
import type { EChartsOption } from 'echarts'

export type Series = {
  name: string
  colour: string
  /** Instants (epoch ms) and values; null is a gap. */
  points: readonly (readonly [number, number | null])[]
}

export type TimeChart = {
  title: string
  kind: 'bars' | 'lines'
  series: readonly Series[]
  /** What the numbers are, such as `lines` or `%`. */
  unit: string
  from: number
  until: number
  /** The zone that the axis is written in. */
  timeZone: string
  threshold?: { value: number; name: string }
  /** Largest value of the axis, such as 100 for percentages. */
  max?: number
}

const INK = '#2d3748'
const FAINT = '#e2e8f0'
/** Pixels. */
export const SIZE = { width: 900, height: 360 }

/** The chart as ECharts draws it: bars are stacked, lines are not. */
export function chartOption(chart: TimeChart): EChartsOption {
  const label = axisLabel(chart)
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'DejaVu Sans', color: INK },
    title: { text: chart.title, left: 12, top: 8, textStyle: { fontSize: 16, color: INK } },
    legend: { top: 12, right: 20, icon: 'roundRect', data: chart.series.map(one => one.name) },
    grid: { left: 12, right: 24, top: 64, bottom: 12, containLabel: true },
    xAxis: {
      type: 'time',
      min: chart.from,
      max: chart.until,
      axisLabel: { color: INK, hideOverlap: true, formatter: (at: number) => label(at) },
      axisLine: { lineStyle: { color: INK } },
    },
    yAxis: {
      type: 'value',
      name: chart.unit,
      min: 0,
      ...(chart.max === undefined ? {} : { max: chart.max }),
      nameTextStyle: { align: 'right' },
      splitLine: { lineStyle: { color: FAINT } },
    },
    series: chart.series.map((one, i) => ({
      name: one.name,
      color: one.colour,
      data: one.points.map(([at, value]) => [at, value]),
      ...(chart.kind === 'bars'
        ? { type: 'bar' as const, stack: 'all', barCategoryGap: '10%' }
        : { type: 'line' as const, showSymbol: false, lineStyle: { width: 2 }, areaStyle: { opacity: 0.12 } }),
      ...(i === 0 && chart.threshold ? { markLine: thresholdLine(chart.threshold) } : {}),
    })),
  }
}

function thresholdLine(threshold: { value: number; name: string }) {
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: '#c53030', type: 'dashed' as const, width: 2 },
    label: { formatter: threshold.name, position: 'insideEndTop' as const, color: '#c53030' },
    data: [{ yAxis: threshold.value }],
  }
}

/** Times of day for spans up to two days, dates beyond. */
function axisLabel(chart: TimeChart): (at: number) => string {
  const short = chart.until - chart.from <= 2 * 86_400_000
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: chart.timeZone,
    ...(short
      ? { hour: '2-digit', minute: '2-digit' }
      : { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }),
  })
  return at => format.format(at)
}
