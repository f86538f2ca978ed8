// What hosts and containers use: in figures now, and as charts over time.
import { z } from 'zod'
import { writeSize } from '../../src/bytes.ts'
import { completes } from '../../src/command/command.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import type { Container, Host } from '../../src/hosts/host.ts'
import { findHost, listHosts } from '../../src/hosts/hosts.ts'
import { type Metric, pointsOf } from '../../src/hosts/metrics/metrics.ts'
import { readSamples } from '../../src/hosts/metrics/samples.ts'
import { MINUTE } from '../../src/time.ts'
import { type Context, command, counted } from '../context.ts'
import { hostName } from '../hosts/host-card.ts'
import { containerNames, oneTarget, writeTarget } from './container-lines.ts'
import { course, figuresResult, figureText, graphCard, readFigures, span, writeFigure } from './metric-chart.ts'

const ALL: readonly Metric[] = ['cpu', 'memory', 'network', 'io', 'restarts']
const PAGE = 20
const FRESH = 2 * MINUTE

const stats = command({
  name: 'containers stats',
  summary: 'Show what containers use: CPU, memory, network, disk, restarts',
  details: 'Without a container, those that use the most CPU come first. CPU is in percent of one core.',
  examples: [
    'containers stats',
    'containers stats --host web-1 --by memory',
    'containers stats web-1/nginx --last 24h',
  ],
  role: 'viewer',
  args: {
    container: containerNames().optional().describe('host/container; all unless said'),
    host: completes(z.string().max(63), 'host').optional().describe('Only of this host'),
    by: z
      .enum(['cpu', 'memory', 'network', 'io', 'restarts'])
      .optional()
      .describe('Most of this first, cpu unless said'),
    last: span(),
  },
  run({ container, host, by = 'cpu', last = '1h' }, context) {
    if (container !== undefined) return oneInFigures(context, container, last)
    const hosts = host === undefined ? listHosts(context.state) : [findHost(context.state, host)]
    const rows = hosts
      .flatMap(one => listContainers(context.state, one.id).map(row => used(context, one, row)))
      .filter(row => row.running)
      .sort((a, b) => (b.now[by] ?? -1) - (a.now[by] ?? -1))
    return {
      card: {
        title:
          rows.length === 0
            ? 'No running container was seen'
            : `What ${counted(rows.length, 'container')} use${rows.length === 1 ? 's' : ''} now, most ${by} first`,
        tone: 'plain',
        lines:
          rows.length === 0
            ? ['Figures are collected every 30 seconds: "hosts list" shows whether the hosts are reached.']
            : [
                ...rows
                  .slice(0, PAGE)
                  .map(row => [{ bold: row.name }, ` · ${row.text} `, { code: cpuCourse(context, row) }]),
                ...(rows.length > PAGE ? [`… ${rows.length - PAGE} more`] : []),
              ],
      },
      result: { containers: rows.map(({ name, now }) => ({ name, ...now })) },
    }
  },
})

const graph = command({
  name: 'containers graph',
  summary: 'Draw what a container used over time',
  examples: ['containers graph web-1/nginx', 'containers graph web-1/nginx --metric network --last 24h'],
  role: 'viewer',
  args: {
    container: containerNames().describe('host/container'),
    metric: z.enum(['cpu', 'memory', 'network', 'io', 'restarts']).optional().describe('cpu and memory unless said'),
    last: span(),
  },
  async run({ container: text, metric, last = '1h' }, context) {
    const { host, container } = oneTarget(context, text)
    const metrics: readonly Metric[] = metric === undefined ? ['cpu', 'memory'] : [metric]
    const figures = readFigures(context, { host, container, metrics, last })
    return {
      card: await graphCard(context, `${host.name}/${container}`, figures, last),
      result: { figures: figuresResult(figures) },
    }
  },
})

const hostGraph = command({
  name: 'hosts graph',
  summary: 'Draw CPU, memory, disk or load of a host over time',
  examples: ['hosts graph web-1', 'hosts graph web-1 --metric disk --last 7d'],
  role: 'viewer',
  args: {
    name: hostName().describe('Name of the host'),
    metric: z.enum(['cpu', 'memory', 'disk', 'load']).optional().describe('cpu and memory unless said'),
    last: span(),
  },
  async run({ name, metric, last = '1h' }, context) {
    const host = findHost(context.state, name)
    const metrics: readonly Metric[] = metric === undefined ? ['cpu', 'memory'] : [metric]
    const figures = readFigures(context, { host, container: null, metrics, last })
    return { card: await graphCard(context, name, figures, last), result: { figures: figuresResult(figures) } }
  },
})

export const containerMetricCommands = [stats, graph, hostGraph]

function oneInFigures(context: Context, text: string, last: Parameters<typeof readFigures>[1]['last']) {
  const target = oneTarget(context, text)
  const figures = readFigures(context, { ...target, metrics: ALL, last })
  const known = figures.filter(one => one.points.length > 0)
  return {
    card: {
      title:
        known.length === 0
          ? `Nothing was measured of ${writeTarget(target)} in the last ${last}`
          : `${writeTarget(target)}, last ${last}`,
      tone: 'plain' as const,
      lines:
        known.length === 0
          ? ['"containers list" shows whether it runs, "hosts list" whether its host is reached.']
          : known.map(one => figureText(context, one, last)),
      buttons:
        known.length === 0
          ? []
          : [{ label: 'Graph', line: `containers graph ${writeTarget(target)} --last ${last}` }].filter(
              one => one.line.length <= 90,
            ),
    },
    result: { figures: figuresResult(figures) },
  }
}

/** What a container uses now: of a thousand of them too, so no more than the last samples is read. */
function used({ state, now: at }: Context, host: Host, row: Container) {
  const samples = readSamples(state, host.id, 'container', row.name, { from: at - FRESH, until: at, now: at })
  const last = (metric: Metric) =>
    metric === 'restarts' ? row.restarts : (pointsOf(metric, samples).at(-1)?.value ?? null)
  const now = Object.fromEntries(ALL.map(metric => [metric, last(metric)])) as Record<Metric, number | null>
  const memory = samples.at(-1)?.memory ?? null
  const parts = ALL.flatMap(metric => {
    const value = now[metric]
    if (value === null || metric === 'restarts') return []
    const size = metric === 'memory' && memory !== null ? `${writeSize(memory)}, ` : ''
    return [`${metric} ${size}${writeFigure(metric, value)}`]
  })
  return {
    host,
    container: row.name,
    name: `${host.name}/${row.name}`,
    running: row.state === 'running',
    now,
    text:
      [...parts, ...(row.restarts > 0 ? [counted(row.restarts, 'restart')] : [])].join(' · ') || 'not measured lately',
  }
}

function cpuCourse(context: Context, { host, container }: { host: Host; container: string }): string {
  const [cpu] = readFigures(context, { host, container, metrics: ['cpu'], last: '1h' })
  return course(cpu!, context.now, '1h')
}
