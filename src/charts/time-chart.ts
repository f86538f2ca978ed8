// A chart over time as an ECharts option: the look of every chart. Pure.
import type { EChartsOption } from 'echarts'
import { rangeText, timeLabels, timeTicks } from './time-axis.ts'

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
  /** The unit of the values, such as `lines` or `%`. */
  unit: string
  from: number
  until: number
  /** The zone of the axis. */
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
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'DejaVu Sans', color: INK },
    title: {
      text: chart.title,
      subtext: rangeText(chart),
      left: 12,
      top: 8,
      itemGap: 6,
      textStyle: { fontSize: 16, color: INK, width: SIZE.width - 24, overflow: 'truncate' },
      subtextStyle: { fontSize: 12, color: INK },
    },
    legend: {
      top: 32,
      right: 20,
      icon: 'roundRect',
      itemWidth: 14,
      itemGap: 24,
      data: chart.series.map(series => series.name),
    },
    grid: { left: 12, right: 24, top: 92, bottom: 12, containLabel: true },
    xAxis: timeAxis(chart),
    yAxis: valueAxis(chart),
    series: chart.series.map((series, i) => ({
      name: series.name,
      color: series.colour,
      data: series.points.map(([at, value]) => [at, value]),
      ...(chart.kind === 'bars'
        ? { type: 'bar' as const, stack: 'all', barCategoryGap: '10%' }
        : { type: 'line' as const, showSymbol: false, lineStyle: { width: 2 }, areaStyle: { opacity: 0.12 } }),
      ...(i === 0 && chart.threshold ? { markLine: thresholdLine(chart.threshold) } : {}),
    })),
  }
}

function timeAxis(chart: TimeChart): EChartsOption['xAxis'] {
  const ticks = timeTicks(chart)
  const labels = timeLabels(chart, ticks)
  return {
    type: 'time',
    min: chart.from,
    max: chart.until,
    axisTick: { customValues: ticks },
    axisLabel: { color: INK, customValues: ticks, formatter: (at: number) => labels.get(at) ?? '' },
    axisLine: { lineStyle: { color: INK } },
  }
}

function valueAxis({ unit, max, series }: TimeChart): EChartsOption['yAxis'] {
  const isPercentage = unit === '%'
  const values = series.flatMap(({ points }) => points.map(([, value]) => value))
  return {
    type: 'value',
    // The labels of percentages show the unit already.
    name: isPercentage ? '' : unit,
    nameTextStyle: { align: 'left' },
    min: 0,
    ...(max === undefined ? {} : { max }),
    ...(values.every(value => value === null || Number.isInteger(value)) ? { minInterval: 1 } : {}),
    ...(isPercentage ? { axisLabel: { formatter: '{value} %' } } : {}),
    splitLine: { lineStyle: { color: FAINT } },
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
