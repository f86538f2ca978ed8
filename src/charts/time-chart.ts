// A chart over time as an ECharts option: the look of every chart, made for the screen of a telephone. Pure.
import type { EChartsOption } from 'echarts'
import { rangeText, timeLabels, timeTicks } from './time-axis.ts'

export type Series = {
  name: string
  colour: string
  /** Instants (epoch ms) and values; null is a gap. */
  points: readonly (readonly [number, number | null])[]
}

/** Something that happened at an instant, drawn as a line from top to bottom. */
export type Mark = { at: number; name: string; kind: 'alert' | 'resolved' | 'action' }

/** The background that the chart will stand on. */
export type Theme = 'light' | 'dark'

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
  /** Alerts and actions; those outside of the range are left out. */
  marks?: readonly Mark[]
  /** Default: light. */
  theme?: Theme
}

/** Points; a telephone shows a picture about 330 points wide, so texts have about twice the size of those of a screen. */
export const SIZE = { width: 600, height: 340 }
/** Pixels for each point. */
export const PIXEL_RATIO = 2
const MAX_TICKS = 6
const MAX_MARKS = 6
const MAX_MARK_LENGTH = 22
/** The height of a row of names of marks. */
const MARK_ROW = 20
const TITLE_FONT_SIZE = 20
const FONT_SIZE = 15

const THEMES: Record<
  Theme,
  { paper: string; ink: string; quiet: string; faint: string; limit: string; lift: boolean }
> = {
  light: { paper: '#ffffff', ink: '#1a202c', quiet: '#4a5568', faint: '#e2e8f0', limit: '#c53030', lift: false },
  dark: { paper: '#1e1f22', ink: '#f2f3f5', quiet: '#b5bac1', faint: '#3a3c42', limit: '#ff7b72', lift: true },
}
const MARK_COLOURS: Record<Mark['kind'], Record<Theme, string>> = {
  alert: { light: '#c53030', dark: '#ff7b72' },
  resolved: { light: '#2f855a', dark: '#57d38c' },
  action: { light: '#6b46c1', dark: '#c4a7ff' },
}
/** Colours of series that are too dark for a dark paper, and what stands for them there. */
const LIFTED: Record<string, string> = {
  '#c53030': '#ff7b72',
  '#e53e3e': '#ff7b72',
  '#3182ce': '#63b3ed',
  '#dd6b20': '#f6ad55',
  '#718096': '#a0aec0',
  '#805ad5': '#c4a7ff',
}

/** The chart as ECharts draws it: bars are stacked, lines are not. */
export function chartOption(chart: TimeChart): EChartsOption {
  const theme = chart.theme ?? 'light'
  const { paper, ink, quiet } = THEMES[theme]
  const hasLegend = chart.series.length > 1
  const marks = (chart.marks ?? []).filter(({ at }) => at >= chart.from && at <= chart.until).slice(-MAX_MARKS)
  return {
    animation: false,
    backgroundColor: paper,
    textStyle: { fontFamily: 'DejaVu Sans', color: ink, fontSize: FONT_SIZE },
    title: {
      text: chart.title,
      subtext: rangeText(chart),
      left: 12,
      top: 10,
      itemGap: 8,
      textStyle: { fontSize: TITLE_FONT_SIZE, color: ink, width: SIZE.width - 24, overflow: 'truncate' },
      subtextStyle: { fontSize: FONT_SIZE, color: quiet },
    },
    legend: {
      show: hasLegend,
      bottom: 6,
      left: 12,
      icon: 'roundRect',
      itemWidth: 16,
      itemGap: 20,
      textStyle: { color: ink, fontSize: FONT_SIZE },
      data: chart.series.map(series => series.name),
    },
    grid: { left: 12, right: 24, top: marks.length > 0 ? 128 : 98, bottom: hasLegend ? 40 : 12, containLabel: true },
    xAxis: timeAxis(chart, theme),
    yAxis: valueAxis(chart, theme),
    series: chart.series.map((series, i) => ({
      name: series.name,
      color: theme === 'dark' ? (LIFTED[series.colour] ?? series.colour) : series.colour,
      data: series.points.map(([at, value]) => [at, value]),
      ...(chart.kind === 'bars'
        ? { type: 'bar' as const, stack: 'all', barCategoryGap: '10%' }
        : {
            type: 'line' as const,
            showSymbol: false,
            lineStyle: { width: 3 },
            ...(hasLegend ? {} : { areaStyle: { opacity: 0.15 } }),
          }),
      ...(i === 0 ? { markLine: lines(chart.threshold, marks, theme) } : {}),
    })),
  }
}

function timeAxis(chart: TimeChart, theme: Theme): EChartsOption['xAxis'] {
  const { ink } = THEMES[theme]
  const ticks = timeTicks(chart, MAX_TICKS)
  const labels = timeLabels(chart, ticks)
  return {
    type: 'time',
    min: chart.from,
    max: chart.until,
    axisTick: { customValues: ticks },
    axisLabel: {
      color: ink,
      fontSize: FONT_SIZE,
      hideOverlap: true,
      customValues: ticks,
      formatter: (at: number) => labels.get(at) ?? '',
    },
    axisLine: { lineStyle: { color: ink } },
  }
}

function valueAxis({ unit, max, series }: TimeChart, theme: Theme): EChartsOption['yAxis'] {
  const { ink, quiet, faint } = THEMES[theme]
  const isPercentage = unit === '%'
  const values = series.flatMap(({ points }) => points.map(([, value]) => value))
  return {
    type: 'value',
    // The labels of percentages show the unit already.
    name: isPercentage ? '' : unit,
    nameTextStyle: { align: 'left', color: quiet, fontSize: FONT_SIZE },
    min: 0,
    splitNumber: 4,
    ...(max === undefined ? {} : { max, interval: max / 4 }),
    ...(values.every(value => value === null || Number.isInteger(value)) ? { minInterval: 1 } : {}),
    axisLabel: { color: ink, fontSize: FONT_SIZE, ...(isPercentage ? { formatter: '{value} %' } : {}) },
    splitLine: { lineStyle: { color: faint } },
  }
}

/** The threshold, and a line for each mark with its name above. */
function lines(threshold: TimeChart['threshold'], marks: readonly Mark[], theme: Theme) {
  const { limit } = THEMES[theme]
  return {
    silent: true,
    symbol: 'none',
    data: [
      ...(threshold
        ? [
            {
              yAxis: threshold.value,
              lineStyle: { color: limit, type: 'dashed' as const, width: 2 },
              label: { ...label(threshold.name, limit), position: 'insideStartTop' as const },
            },
          ]
        : []),
      ...marks.map(({ at, name, kind }, i) => {
        const colour = MARK_COLOURS[kind][theme]
        return {
          xAxis: at,
          lineStyle: { color: colour, type: 'solid' as const, width: 2 },
          // Names of neighbours stand in two rows.
          label: {
            ...label(shortened(name), colour),
            position: 'end' as const,
            distance: i % 2 === 0 ? 4 : 4 + MARK_ROW,
          },
        }
      }),
    ],
  }
}

const label = (text: string, color: string) => ({
  formatter: text,
  color,
  fontSize: FONT_SIZE,
  fontWeight: 'bold' as const,
})

function shortened(name: string): string {
  const points = Array.from(name)
  return points.length > MAX_MARK_LENGTH ? `${points.slice(0, MAX_MARK_LENGTH - 1).join('')}…` : name
}
