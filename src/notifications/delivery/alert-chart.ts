// The picture on an alert's card: its figures over time with their threshold. It comes with an edit, and never keeps a card waiting.
import type { Alert } from '../../alerts/alert.ts'
import type { Card, Field } from '../../card.ts'
import { sparkline } from '../../charts/sparkline.ts'
import type { TimeChart } from '../../charts/time-chart.ts'
import { countErrorsByMinute, startOfMinute } from '../../logs/counters.ts'
import type { State } from '../../state/database.ts'
import type { Curve } from '../../state/schema/index.ts'
import { HOUR, MINUTE } from '../../time.ts'

/** Draws what an alert shows; undefined when there is nothing to see, or it would take too long. */
export type ChartRenderer = {
  wants(state: State, alert: Alert, now: number): boolean
  paint(state: State, alert: Alert, now: number): Promise<Card['image']>
}

/** An edit waits no longer for its picture, ms; and none is begun while so many are being drawn. */
const PATIENCE = 1_000
const AT_ONCE = 4
const REMEMBERED = 50
const BLOCKS = 40

/** A painter that draws with `draw`, in the zone that axes are written in. */
export function createChartRenderer(draw: (chart: TimeChart) => Promise<Uint8Array>, timeZone: string): ChartRenderer {
  const drawn = new Map<string, Promise<Uint8Array | null>>()
  let busy = 0

  const begin = (key: string, chart: TimeChart) => {
    busy++
    const drawing = draw(chart)
      .catch(() => null)
      .finally(() => {
        busy--
      })
    if (drawn.size >= REMEMBERED) drawn.delete(drawn.keys().next().value!)
    drawn.set(key, drawing)
    return drawing
  }

  return {
    wants: (state, alert, now) => curveOf(state, alert, now) !== null,
    async paint(state, alert, now) {
      const curve = curveOf(state, alert, now)
      if (!curve) return undefined
      const key = `${alert.id} ${alert.version}`
      if (!drawn.has(key) && busy >= AT_ONCE) return undefined
      const png = await within(PATIENCE, drawn.get(key) ?? begin(key, chartOf(alert, curve, timeZone)))
      return png ? { name: `alert-${alert.id}.png`, alt: `${curve.name} over time`, png } : undefined
    },
  }
}

/** The figures behind an alert: those that its detector gave, or how often its error came in the last hour. */
export function curveOf(state: State, alert: Alert, now: number): Curve | null {
  const { chart } = alert.observation
  if (chart) return chart.points.filter(([, value]) => value !== null).length > 1 ? chart : null
  const { fingerprint } = alert.labels
  if (fingerprint === undefined || alert.projectId === null) return null
  const until = startOfMinute(Math.min(now, alert.resolvedAt ?? now)) + MINUTE
  const from = until - HOUR
  const counts = new Map(
    countErrorsByMinute(state, alert.projectId, fingerprint, from, until).map(one => [one.at, one.count]),
  )
  if (counts.size === 0) return null
  const points = Array.from(
    { length: HOUR / MINUTE },
    (_, i) => [from + i * MINUTE, counts.get(from + i * MINUTE) ?? 0] as const,
  )
  return { name: 'errors', unit: 'lines', points }
}

/** The course of the figures that a detector gave, in blocks: it survives every edit and needs no picture. */
export function sparklineField({ observation: seen }: Alert): Field[] {
  const values = (seen.chart?.points ?? []).map(([, value]) => value).slice(-BLOCKS)
  if (values.length < 2) return []
  const { threshold, unit, name } = seen.chart!
  const against = threshold === undefined ? '' : ` threshold ${threshold} ${unit}`
  return [{ name: name.charAt(0).toUpperCase() + name.slice(1), value: [{ code: sparkline(values) }, against] }]
}

function chartOf(alert: Alert, curve: Curve, timeZone: string): TimeChart {
  const { name, unit, points, threshold } = curve
  return {
    ...{ title: alert.title.slice(0, 80).toWellFormed(), unit, timeZone },
    kind: alert.observation.chart ? 'lines' : 'bars',
    from: points[0]![0],
    until: points.at(-1)![0],
    series: [{ name, colour: '#c53030', points }],
    ...(threshold === undefined ? {} : { threshold: { value: threshold, name: `${threshold} ${unit}` } }),
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), ms)
  })
  const result = await Promise.race([work, late])
  clearTimeout(timer)
  return result
}
