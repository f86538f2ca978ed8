// Charts of hosts and containers: what is drawn, with which marks and gaps, and what stands under it.
import { expect, it } from 'vitest'
import { startRun } from '../../src/hosts/actions/action-runs.ts'
import type { Metric } from '../../src/hosts/metrics/metrics.ts'
import { saveMeasurements } from '../../src/hosts/metrics/samples.ts'
import { storeAlert } from '../../src/testing/alerts.ts'
import { createCommandRunner } from '../../src/testing/command-runner.ts'
import { addTestHost } from '../../src/testing/hosts.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/time.ts'
import { metricChart, metricLine, type Period, readMetricSeries, writeMetricValue } from './metric-chart.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
function begin() {
  const runner = createCommandRunner()
  return { ...runner, host: addTestHost(runner.state, 'web-1') }
}
type Began = ReturnType<typeof begin>
const measure = ({ state, host }: Began, at: number, values: object, name = '') =>
  saveMeasurements(state, host.id, [{ kind: name === '' ? 'host' : 'container', name, ...values }], at)

/** The chart that a graph of the host, or of the container `web`, draws. */
function chart(
  app: Began,
  metrics: readonly Metric[],
  container: string | null = null,
  last: Period = '1h',
  also = {},
) {
  const context = app.context(also)
  const measured = readMetricSeries(context, { host: app.host, container, metrics, last })
  return metricChart(context, 'web-1', measured, last, 'web-1')
}

it('shows CPU and memory of the last hour, in percent up to 100', async () => {
  const app = begin()
  measure(app, NOW - HOUR, { cpu: 50, memory: 1, memoryLimit: 2 })
  measure(app, NOW - HOUR - 1, { cpu: 99 })
  measure(app, NOW, { cpu: 100 })
  expect(chart(app, ['cpu', 'memory'])).toEqual({
    ...{ title: 'web-1, last 1h', kind: 'lines', unit: '%', from: NOW - HOUR, until: NOW, timeZone: 'UTC' },
    ...{ max: 100, theme: 'dark', marks: [] },
    series: [
      {
        name: 'cpu',
        colour: '#3182ce',
        points: [
          [NOW - HOUR, 50],
          [NOW - HOUR + 1, null],
          [NOW, 100],
        ],
      },
      { name: 'memory', colour: '#dd6b20', points: [[NOW - HOUR, 50]] },
    ],
  })
})

it('of traffic is in kilobytes, and more than 100 % has no limit', async () => {
  const app = begin()
  measure(app, NOW - MINUTE, { cpu: 101, received: 0, sent: 0 }, 'web')
  measure(app, NOW - MINUTE / 2, { cpu: 1, received: 60_000, sent: 0, restarts: 1 }, 'web')
  measure(app, NOW - MINUTE, { load: 0.5, cpu: 1 })
  const by = { platform: 'terminal', id: '1', name: 'Ann', role: 'admin' }
  const charts = [
    chart(app, ['network'], 'web'),
    chart(app, ['cpu'], 'web'),
    chart(app, ['load']),
    chart(app, ['cpu'], null, '1h', { by }),
  ]
  expect(
    charts.map(({ unit, max, series, theme }) => [unit, max ?? null, theme, series[0]!.points.at(-1)![1]]),
  ).toEqual([
    ['kB/s', null, 'dark', 2],
    ['%', null, 'dark', 1],
    ['', null, 'dark', 0.5],
    ['%', 100, 'light', 1],
  ])
})

it.each<[Period, number]>([
  ['1h', 2 * MINUTE],
  ['6h', 2 * MINUTE],
  ['24h', 16 * MINUTE],
  ['7d', 16 * MINUTE],
])('in the last %s a line is not drawn over more than %i ms without a value', async (last, gapMs) => {
  const app = begin()
  for (const at of [NOW - 2 * gapMs - 1, NOW - gapMs, NOW]) measure(app, at, { cpu: 1 })
  const from = NOW - 2 * gapMs - 1
  const drawn = chart(app, ['cpu'], null, last)
  expect(drawn.series[0]!.points).toEqual([
    [from, 1],
    [from + 1, null],
    [NOW - gapMs, 1],
    [NOW, 1],
  ])
  expect(drawn.from).toBe(NOW - { '1h': HOUR, '6h': 6 * HOUR, '24h': DAY, '7d': 7 * DAY }[last])
})

it('is marked with the alerts of the host and what was run on it, within the time', async () => {
  const app = begin()
  measure(app, NOW, { cpu: 1 })
  const labels = { host: 'web-1' }
  storeAlert(app.state, { labels, since: NOW - HOUR, resolvedAt: NOW - MINUTE, state: 'resolved' })
  storeAlert(app.state, { labels, since: NOW - HOUR - 1, resolvedAt: NOW - 2 * MINUTE, state: 'resolved' })
  storeAlert(app.state, { labels, since: NOW - 3 * MINUTE })
  storeAlert(app.state, { labels: { host: 'web-2' }, since: NOW - MINUTE })
  const draft = { actionId: null, name: 'restart', hostId: null, container: '', command: 'x', startedBy: 'ann' }
  for (const [host, startedAt] of [
    ['web-1', NOW - 5 * MINUTE],
    ['web-2', NOW],
  ] as const)
    startRun(app.state, { ...draft, host, startedAt } as never)
  expect(chart(app, ['cpu']).marks).toEqual([
    { at: NOW - HOUR, name: 'alert 1', kind: 'alert' },
    { at: NOW - 5 * MINUTE, name: 'restart', kind: 'action' },
    { at: NOW - 3 * MINUTE, name: 'alert 3', kind: 'alert' },
    { at: NOW - 2 * MINUTE, name: '2 resolved', kind: 'resolved' },
    { at: NOW - MINUTE, name: '1 resolved', kind: 'resolved' },
  ])
})

it('without a value is a sentence, and no picture', async () => {
  const app = begin()
  expect(await app.text('hosts graph web-1 --last 6h')).toBe(
    '(muted) No metrics of web-1 in the last 6h\nVakt collects metrics every 30 seconds while the host is reachable. "hosts list" shows its status.',
  )
  expect(await app.result('hosts graph web-1 --metric cpu')).toMatchObject({
    metrics: [{ metric: 'cpu', current: null, average: null, maximum: null, points: [] }],
  })
})

it('stands over a row of 24 averages, each with its unit', async () => {
  const app = begin()
  // 150 s each: the first has two values, the last but one another; the very end counts to the last.
  for (const [at, load] of [
    [0, 1],
    [149, 3],
    [150, 8],
    [3449, 4],
    [3600, 6],
  ] as const)
    measure(app, NOW - HOUR + at * SECOND, { load, cpu: load })
  const line = (metric: Metric, now = NOW) => {
    const context = app.context({ now })
    const [series] = readMetricSeries(context, { host: app.host, container: null, metrics: [metric], last: '1h' })
    return metricLine(context, series!, '1h')
  }
  expect(line('load')).toEqual([
    { bold: 'load' },
    ' 6.00 now, 4.40 average, 8.00 maximum  ',
    { code: '▂█····················▄▆' },
  ])
  expect(line('cpu')).toContain(' 6.0 % now, 4.4 % average, 8.0 % maximum  ')
  measure(app, NOW, { cpu: 10 })
  expect(line('cpu')).toContain(' 10 % now, 5.2 % average, 10 % maximum  ')
  expect(line('memory')).toContain(' no metrics  ')
})

it('of traffic and restarts has values in their units', () => {
  const values = [writeMetricValue('network', 1500), writeMetricValue('restarts', 2), writeMetricValue('cpu', 9.96)]
  expect(values).toEqual(['1.5 kB/s', '2', '10.0 %'])
})

it('is of CPU and memory, or of the metric that was named', async () => {
  const app = begin()
  const metrics = async (line: string) =>
    (await app.result<{ metrics: { metric: string }[] }>(line)).metrics.map(({ metric }) => metric)
  for (const subject of ['hosts graph web-1', 'containers graph web-1/web']) {
    expect(await metrics(subject)).toEqual(['cpu', 'memory'])
    expect(await metrics(`${subject} --metric memory`)).toEqual(['memory'])
  }
})
