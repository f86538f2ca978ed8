// Shows the resource usage of hosts and containers, now and as charts over time.
import { z } from 'zod'
import { formatBytes } from '../../src/bytes.ts'
import { completes } from '../../src/command/command.ts'
import { listContainers } from '../../src/hosts/containers/containers.ts'
import type { Container, Host } from '../../src/hosts/host.ts'
import { findHost, listHosts } from '../../src/hosts/hosts.ts'
import { type Metric, toPoints } from '../../src/hosts/metrics/metrics.ts'
import { readSamples } from '../../src/hosts/metrics/samples.ts'
import { plural } from '../../src/text.ts'
import { MINUTE } from '../../src/time.ts'
import { type Context, command } from '../context.ts'
import { hostName } from '../hosts/host-card.ts'
import { containerNames, MAX_BUTTON_LINE_LENGTH, readTarget, writeTarget } from './container-lines.ts'
import {
  graphCard,
  metricLine,
  metricSparkline,
  metricsResult,
  period,
  readMetricSeries,
  writeMetricValue,
} from './metric-chart.ts'

const CONTAINER_STATS: readonly Metric[] = ['cpu', 'memory', 'network', 'io', 'restarts']
const PAGE_SIZE = 20
const MAX_SAMPLE_AGE_MS = 2 * MINUTE

const stats = command({
  name: 'containers stats',
  summary: 'Show CPU, memory, network, disk and restarts of containers',
  details: 'CPU is in percent of one core.',
  examples: [
    'containers stats',
    'containers stats --host web-1 --by memory',
    'containers stats web-1/nginx --last 24h',
  ],
  role: 'viewer',
  args: {
    container: containerNames().optional().describe('host/container (default: all)'),
    host: completes(z.string().max(63), 'host').optional().describe('Only containers of this host'),
    by: z
      .enum(['cpu', 'memory', 'network', 'io', 'restarts'])
      .optional()
      .describe('Sort by this metric, highest first (default: cpu)'),
    last: period(),
  },
  run({ container, host, by = 'cpu', last = '1h' }, context) {
    if (container !== undefined) return showOne(context, container, last)
    const hosts = host === undefined ? listHosts(context.state) : [findHost(context.state, host)]
    const rows = hosts
      .flatMap(host => listContainers(context.state, host.id).map(row => readUsage(context, host, row)))
      .filter(row => row.running)
      .sort((a, b) => (b.now[by] ?? -1) - (a.now[by] ?? -1))
    return {
      card: {
        title:
          rows.length === 0
            ? 'No running containers'
            : `${plural(rows.length, 'running container')} by ${by}, highest first`,
        tone: 'plain',
        lines:
          rows.length === 0
            ? ['Vakt collects metrics every 30 seconds. "hosts list" shows whether the hosts are reachable.']
            : [
                ...rows
                  .slice(0, PAGE_SIZE)
                  .map(row => [{ bold: row.name }, ` · ${row.text} `, { code: cpuSparkline(context, row) }]),
                ...(rows.length > PAGE_SIZE ? [`… ${rows.length - PAGE_SIZE} more`] : []),
              ],
      },
      result: { containers: rows.map(({ name, now }) => ({ name, ...now })) },
    }
  },
})

const graph = command({
  name: 'containers graph',
  summary: 'Draw the CPU, memory, network, I/O or restarts of a container over time',
  examples: ['containers graph web-1/nginx', 'containers graph web-1/nginx --metric network --last 24h'],
  role: 'viewer',
  args: {
    container: containerNames().describe('host/container'),
    metric: z
      .enum(['cpu', 'memory', 'network', 'io', 'restarts'])
      .optional()
      .describe('Metric (default: cpu and memory)'),
    last: period(),
  },
  async run({ container: text, metric, last = '1h' }, context) {
    const { host, container } = readTarget(context, text)
    const metrics: readonly Metric[] = metric === undefined ? ['cpu', 'memory'] : [metric]
    const series = readMetricSeries(context, { host, container, metrics, last })
    return {
      card: await graphCard(context, `${host.name}/${container}`, series, last, host.name),
      result: metricsResult(series),
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
    metric: z.enum(['cpu', 'memory', 'disk', 'load']).optional().describe('Metric (default: cpu and memory)'),
    last: period(),
  },
  async run({ name, metric, last = '1h' }, context) {
    const host = findHost(context.state, name)
    const metrics: readonly Metric[] = metric === undefined ? ['cpu', 'memory'] : [metric]
    const series = readMetricSeries(context, { host, container: null, metrics, last })
    return { card: await graphCard(context, name, series, last, host.name), result: metricsResult(series) }
  },
})

export const containerMetricCommands = [stats, graph, hostGraph]

function showOne(context: Context, text: string, last: Parameters<typeof readMetricSeries>[1]['last']) {
  const target = readTarget(context, text)
  const series = readMetricSeries(context, { ...target, metrics: CONTAINER_STATS, last })
  const measured = series.filter(({ points }) => points.length > 0)
  return {
    card: {
      title:
        measured.length === 0
          ? `No metrics of ${writeTarget(target)} in the last ${last}`
          : `${writeTarget(target)}, last ${last}`,
      tone: 'plain' as const,
      lines:
        measured.length === 0
          ? ['"containers list" shows whether it is running, "hosts list" whether its host is reachable.']
          : measured.map(metric => metricLine(context, metric, last)),
      buttons:
        measured.length === 0
          ? []
          : [{ label: 'Graph', line: `containers graph ${writeTarget(target)} --last ${last}` }].filter(
              button => button.line.length <= MAX_BUTTON_LINE_LENGTH,
            ),
    },
    result: metricsResult(series),
  }
}

/** The current usage of a container. Reads only the last samples, because there may be a thousand containers. */
function readUsage({ state, now: at }: Context, host: Host, row: Container) {
  const samples = readSamples(state, host.id, 'container', row.name, {
    from: at - MAX_SAMPLE_AGE_MS,
    until: at,
    now: at,
  })
  const last = (metric: Metric) =>
    metric === 'restarts' ? row.restarts : (toPoints(metric, samples).at(-1)?.value ?? null)
  const now = Object.fromEntries(CONTAINER_STATS.map(metric => [metric, last(metric)])) as Record<Metric, number | null>
  const memory = samples.at(-1)?.memory ?? null
  const parts = CONTAINER_STATS.flatMap(metric => {
    const value = now[metric]
    if (value === null || metric === 'restarts') return []
    const size = metric === 'memory' && memory !== null ? `${formatBytes(memory)}, ` : ''
    return [`${metric} ${size}${writeMetricValue(metric, value)}`]
  })
  return {
    host,
    container: row.name,
    name: `${host.name}/${row.name}`,
    running: row.state === 'running',
    now,
    text: [...parts, ...(row.restarts > 0 ? [plural(row.restarts, 'restart')] : [])].join(' · ') || 'no recent metrics',
  }
}

function cpuSparkline(context: Context, { host, container }: { host: Host; container: string }): string {
  const [cpu] = readMetricSeries(context, { host, container, metrics: ['cpu'], last: '1h' })
  return metricSparkline(cpu!, context.now, '1h')
}
