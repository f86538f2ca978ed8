// The chart on an alert's card: its values over time with their threshold. An edit adds it, so it delays no card but that of a mail, which waits at most a second.
import type { Alert } from '../../alerts/alert.ts'
import { BoundedMap } from '../../bounded-map.ts'
import type { Card, Evidence } from '../../card.ts'
import type { Mark, Theme, TimeChart } from '../../charts/time-chart.ts'
import { listRunsForAlert } from '../../hosts/actions/action-runs.ts'
import { countErrorsByMinute, startOfMinute } from '../../logs/counters.ts'
import type { State } from '../../state/database.ts'
import type { Curve } from '../../state/schema/index.ts'
import { truncate } from '../../text.ts'
import { HOUR, MINUTE, SECOND } from '../../time.ts'

/** Renders the chart of an alert; undefined when there are no values, or when it would take too long. */
export type ChartRenderer = {
  hasChart(state: State, alert: Alert, now: number): boolean
  /** `theme` is the background of the chat. */
  render(state: State, alert: Alert, now: number, theme?: Theme): Promise<Card['image']>
}

/** An edit, or a message that cannot be edited, waits this long for its chart, and goes without it then. */
const RENDER_TIMEOUT_MS = SECOND
const MAX_CONCURRENT = 4
const CACHE_SIZE = 50
const SPARKLINE_LENGTH = 30
const MAX_TITLE_LENGTH = 80
const MAX_RUN_MARKS = 4

/** A renderer that draws with `draw`; the axes are in `timeZone`. */
export function createChartRenderer(draw: (chart: TimeChart) => Promise<Uint8Array>, timeZone: string): ChartRenderer {
  const cache = new BoundedMap<string, Promise<Uint8Array | null>>(CACHE_SIZE)
  let rendering = 0

  const startRendering = (key: string, chart: TimeChart) => {
    rendering++
    const drawing = draw(chart)
      .catch(() => null)
      .finally(() => {
        rendering--
      })
    cache.set(key, drawing)
    return drawing
  }

  return {
    hasChart: (state, alert, now) => readCurve(state, alert, now) !== null,
    async render(state, alert, now, theme = 'light') {
      const curve = readCurve(state, alert, now)
      if (!curve) return undefined
      const key = `${alert.id} ${alert.version} ${theme}`
      if (!cache.has(key) && rendering >= MAX_CONCURRENT) return undefined
      const png = await withTimeout(
        RENDER_TIMEOUT_MS,
        cache.get(key) ?? startRendering(key, alertChart(alert, curve, timeZone, theme, marksOf(state, alert))),
      )
      return png ? { name: `alert-${alert.id}.png`, alt: altText(curve), png } : undefined
    },
  }
}

/** The values behind an alert: those of its detector, or the counts of its error in the last hour; null when there are none. */
export function readCurve(state: State, alert: Alert, now: number): Curve | null {
  const { chart } = alert.observation
  if (chart) return chart.points.filter(([, value]) => value !== null).length > 1 ? chart : null
  const { fingerprint } = alert.labels
  if (fingerprint === undefined || alert.projectId === null) return null
  const until = startOfMinute(Math.min(now, alert.resolvedAt ?? now)) + MINUTE
  const from = until - HOUR
  const counts = new Map(
    countErrorsByMinute(state, alert.projectId, fingerprint, from, until).map(({ at, count }) => [at, count]),
  )
  if (counts.size === 0) return null
  const points = Array.from(
    { length: HOUR / MINUTE },
    (_, i) => [from + i * MINUTE, counts.get(from + i * MINUTE) ?? 0] as const,
  )
  return { name: 'errors', unit: 'lines', points }
}

/** The newest values of the detector as a sparkline, which needs no image; null without any. */
export function sparklineOf({ observation }: Alert): Evidence | null {
  const values = (observation.chart?.points ?? []).map(([, value]) => value).slice(-SPARKLINE_LENGTH)
  if (values.length < 2) return null
  const { threshold, unit, name } = observation.chart!
  return { kind: 'chart', name, values, unit, ...(threshold === undefined ? {} : { threshold }) }
}

/** The chart in words: what it shows, its newest and its highest value, and the threshold. */
function altText({ name, unit, points, threshold }: Curve): string {
  const values = points.map(([, value]) => value).filter(value => value !== null)
  const written = (value: number) => `${Number(value.toFixed(2)).toLocaleString('en')} ${unit}`.trim()
  const limit = threshold === undefined ? '' : `, threshold ${written(threshold)}`
  return `${name} over time: ${written(values.at(-1) ?? 0)} last, ${written(Math.max(0, ...values))} at most${limit}`
}

/** When it began and ended, and what was run on it. */
function marksOf(state: State, { id, since, resolvedAt }: Alert): Mark[] {
  const runs = listRunsForAlert(state, id, MAX_RUN_MARKS)
  return [
    { at: since, name: `alert ${id}`, kind: 'alert' as const },
    ...(resolvedAt === null ? [] : [{ at: resolvedAt, name: 'resolved', kind: 'resolved' as const }]),
    ...runs.map(run => ({ at: run.startedAt, name: run.name, kind: 'action' as const })),
  ].toSorted((a, b) => a.at - b.at)
}

function alertChart(alert: Alert, curve: Curve, timeZone: string, theme: Theme, marks: readonly Mark[]): TimeChart {
  const { name, unit, points, threshold } = curve
  return {
    title: truncate(alert.title, MAX_TITLE_LENGTH),
    unit,
    timeZone,
    kind: alert.observation.chart ? 'lines' : 'bars',
    from: points[0]![0],
    until: points.at(-1)![0],
    series: [{ name, colour: '#3182ce', points }],
    theme,
    marks,
    ...(threshold === undefined ? {} : { threshold: { value: threshold, name: `${threshold} ${unit}` } }),
  }
}

async function withTimeout<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), ms)
  })
  const result = await Promise.race([work, timeout])
  clearTimeout(timer)
  return result
}
