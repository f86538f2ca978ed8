// Shows how Vakt is connected: its state now, its outages and the availability of the internet.
import type { Text } from '../../src/card.ts'
import { drawChart } from '../../src/charts/draw.ts'
import { sparkline } from '../../src/charts/sparkline.ts'
import type { TimeChart } from '../../src/charts/time-chart.ts'
import {
  type Availability,
  availability,
  availabilityOver,
  availabilityText,
} from '../../src/connectivity/availability.ts'
import { type ConnectivityRow, listConnectivity } from '../../src/connectivity/states.ts'
import type { State } from '../../src/state/database.ts'
import { fileName, plural } from '../../src/text.ts'
import { aboutDuration, DAY, formatDuration, HOUR, isoTime } from '../../src/time.ts'
import { type Context, command, duration, pictureTheme } from '../context.ts'

const CHART_BUCKETS = 60
const SPANS_MS = [DAY, 7 * DAY, 30 * DAY] as const
const MAX_ROWS = 20_000
const MAX_ROWS_IN_RESULT = 200
const MAX_OUTAGES_SHOWN = 10
const TONES = { online: 'good', degraded: 'warning', offline: 'critical' } as const

const connectivity = command({
  name: 'connectivity',
  summary: 'Show how Vakt is connected, with its outages and its availability as a chart',
  details:
    'CONNECTIVITY_TARGETS sets what is probed. Time in which Vakt did not run counts neither as online nor as offline.',
  examples: ['connectivity', 'connectivity --last 30d'],
  role: 'viewer',
  args: { last: duration(HOUR).optional().describe('Time range of the chart (default: 24h)') },
  async run({ last = DAY }, context) {
    const { state, now, config, parts } = context
    const current = parts.connectivity()
    const targets = config.connectivityTargets.map(target => target.text)
    const rows = listConnectivity(state, { after: now - Math.max(last, SPANS_MS[2]), limit: MAX_ROWS })
    const shares = availabilityOver(rows, now - last, now, CHART_BUCKETS)
    const isKnown = shares.some(([, share]) => share !== null)
    const png = isKnown
      ? await drawChart({ ...connectivityChart(shares, now - last, context), theme: pictureTheme(context) })
      : null
    const availabilities = SPANS_MS.map(ms => ({ ms, value: availability(rows, now - ms, now) }))
    const lines: Text[] =
      targets.length === 0
        ? ['Nothing is probed, so Vakt counts as online. Set several CONNECTIVITY_TARGETS.']
        : [
            [`${current.state} since `, { time: current.since, style: 'moment' }, '.'],
            `Targets: ${targets.join(', ')}.`,
            ...(isKnown ? [sparkline(shares.map(([, share]) => share ?? 0))] : []),
            ...outageLines(rows),
          ]
    return {
      card: {
        title: targets.length === 0 ? 'Connectivity is not probed' : `Vakt is ${current.state}`,
        tone: TONES[current.state],
        lines,
        fields: availabilities.map(({ ms, value }) => ({
          name: `Last ${formatDuration(ms)}`,
          value: availabilityText(value, ms),
          inline: true,
        })),
        ...(png
          ? {
              image: {
                name: fileName(`connectivity ${formatDuration(last)}`, now, config.timeZone, 'png'),
                alt: 'Share of time online',
                png,
              },
            }
          : {}),
      },
      result: {
        state: current.state,
        since: isoTime(current.since),
        targets,
        availability: Object.fromEntries(availabilities.map(({ ms, value }) => [formatDuration(ms), value.share])),
        known_ms: Object.fromEntries(availabilities.map(({ ms, value }) => [formatDuration(ms), value.knownMs])),
        history: rows
          .slice(0, MAX_ROWS_IN_RESULT)
          .map(row => ({ state: row.state, from: isoTime(row.from), to: isoTime(row.to) })),
      },
    }
  },
})

export const connectivityCommands = [connectivity]

/** The availability over the last 24 hours, for `status`. */
export function availabilityOfDay(state: State, now: number): Availability {
  return availability(listConnectivity(state, { after: now - DAY, limit: MAX_ROWS }), now - DAY, now)
}

function outageLines(rows: readonly ConnectivityRow[]): Text[] {
  const outages = rows.filter(row => row.state === 'offline')
  if (outages.length === 0) return ['No outages.']
  const hidden = outages.length - MAX_OUTAGES_SHOWN
  return [
    ...outages
      .slice(0, MAX_OUTAGES_SHOWN)
      .map(
        (row): Text => [
          'Offline from ',
          { time: row.from, style: 'moment' },
          ` for ${aboutDuration(row.to - row.from)}.`,
        ],
      ),
    ...(hidden > 0 ? [`… ${plural(hidden, 'more outage')}`] : []),
  ]
}

function connectivityChart(
  shares: ReturnType<typeof availabilityOver>,
  from: number,
  { config, now }: Context,
): TimeChart {
  return {
    title: 'Connectivity',
    kind: 'bars',
    unit: '%',
    from,
    until: now,
    timeZone: config.timeZone,
    max: 100,
    series: [
      {
        name: 'online',
        colour: '#38a169',
        points: shares.map(([at, share]) => [at, share === null ? null : share * 100] as const),
      },
    ],
  }
}
