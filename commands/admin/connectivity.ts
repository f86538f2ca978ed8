// How Vakt itself is connected: now, lately, and how available the internet was.
import type { Text } from '../../src/card.ts'
import { drawChart } from '../../src/charts/draw.ts'
import { sparkline } from '../../src/charts/sparkline.ts'
import { availability, availabilityOver, percent } from '../../src/connectivity/availability.ts'
import { type ConnectivityRow, listConnectivity } from '../../src/connectivity/states.ts'
import type { State } from '../../src/state/database.ts'
import { aboutDuration, DAY, formatDuration, HOUR, isoTime } from '../../src/time.ts'
import { type Context, command, duration } from '../context.ts'

const BUCKETS = 60
const SPANS = [DAY, 7 * DAY, 30 * DAY] as const
/** More changes of state than this are not looked through. */
const MOST_ROWS = 20_000
const SHOWN = 10

const connectivity = command({
  name: 'connectivity',
  summary: 'Show how Vakt is connected, its outages and its availability, with a chart',
  details:
    'What is tried is set by CONNECTIVITY_TARGETS. Time in which Vakt did not run counts neither as online nor as offline.',
  examples: ['connectivity', 'connectivity --last 30d'],
  role: 'viewer',
  args: { last: duration(HOUR).optional().describe('The time of the chart, 24h unless said') },
  async run({ last = DAY }, context) {
    const { state, now, config, parts } = context
    const current = parts.connectivity()
    const targets = config.connectivityTargets.map(target => target.text)
    const rows = listConnectivity(state, { after: now - Math.max(last, SPANS[2]), limit: MOST_ROWS })
    const outages = rows.filter(row => row.state === 'offline')
    const over = availabilityOver(rows, now - last, now, BUCKETS)
    const known = over.some(([, share]) => share !== null)
    const png = known ? await drawChart(chart(over, now - last, now, context)) : null
    const lines: Text[] =
      targets.length === 0
        ? ['Nothing is tried, so Vakt takes itself for online. Set CONNECTIVITY_TARGETS to several targets.']
        : [
            [`It is ${current.state} since `, { time: current.since, style: 'moment' }, '.'],
            `Tried: ${targets.join(', ')}.`,
            ...(known ? [sparkline(over.map(([, share]) => share ?? 0))] : []),
            ...outages.slice(0, SHOWN).map(outageLine),
            ...(outages.length > SHOWN ? [`… ${outages.length - SHOWN} more outages`] : []),
            ...(outages.length === 0 ? ['No outage is known.'] : []),
          ]
    return {
      card: {
        title: targets.length === 0 ? 'Connectivity is not watched' : `Vakt is ${current.state}`,
        tone: { online: 'good', degraded: 'warning', offline: 'critical' }[current.state] as 'good',
        lines,
        fields: SPANS.map(span => ({
          name: `Last ${formatDuration(span)}`,
          value: percent(availability(rows, now - span, now)),
          inline: true,
        })),
        ...(png ? { image: { name: 'connectivity.png', alt: 'Share of the time online', png } } : {}),
      },
      result: {
        state: current.state,
        since: isoTime(current.since),
        targets,
        availability: Object.fromEntries(
          SPANS.map(span => [formatDuration(span), availability(rows, now - span, now)]),
        ),
        history: rows.slice(0, 200).map(row => ({ state: row.state, from: isoTime(row.from), to: isoTime(row.to) })),
      },
    }
  },
})

export const connectivityCommands = [connectivity]

/** The share of the last day that was not offline, for `status`; null when nothing is known. */
export function availabilityOfDay(state: State, now: number): number | null {
  return availability(listConnectivity(state, { after: now - DAY, limit: MOST_ROWS }), now - DAY, now)
}

function outageLine(row: ConnectivityRow): Text {
  return ['Offline from ', { time: row.from, style: 'moment' }, ` for ${aboutDuration(row.to - row.from)}.`]
}

function chart(over: ReturnType<typeof availabilityOver>, from: number, until: number, { config }: Context) {
  return {
    title: 'Connectivity',
    kind: 'bars' as const,
    unit: '% online',
    from,
    until,
    timeZone: config.timeZone,
    max: 100,
    series: [
      {
        name: 'online',
        colour: '#38a169',
        points: over.map(([at, share]) => [at, share === null ? null : share * 100] as const),
      },
    ],
  }
}
