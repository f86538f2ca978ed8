// The commands about probes: ask a target now, and draw how fast it answered.
import { z } from 'zod'
import { drawChart } from '../../src/charts/draw.ts'
import type { Check } from '../../src/checks/check.ts'
import { writeMilliseconds } from '../../src/detectors/probe-failure.ts'
import { redact } from '../../src/logs/redact/redact.ts'
import { responseTimes } from '../../src/probes/availability.ts'
import { readDays, readResults } from '../../src/probes/measurements.ts'
import { readProbe } from '../../src/probes/probes.ts'
import { Problem } from '../../src/problem.ts'
import { MAIN_VIEWPOINT } from '../../src/satellites/satellite.ts'
import { fileName } from '../../src/text.ts'
import { DAY, HOUR, isoTime } from '../../src/time.ts'
import { alertMarks } from '../containers/metric-chart.ts'
import { type Context, checkName, checkOf, command, pictureTheme, projectName } from '../context.ts'
import { checkResult, nameInLine } from './check-card.ts'
import { availabilityResult, bucketMedians, fullProbeResult, probeFields } from './probe-card.ts'

const PERIODS_MS = { '1h': HOUR, '6h': 6 * HOUR, '24h': DAY, '7d': 7 * DAY, '30d': 30 * DAY, '90d': 90 * DAY }
/** Results are kept for a week; longer charts are drawn from the summaries of days. */
const DETAILED_MS = 7 * DAY
const CHART_POINTS = 120

const probe = command({
  name: 'checks probe',
  summary: 'Probe a check now and show the result',
  details: 'The result counts like any other: a failure is one of those after which the check alerts.',
  examples: ['checks probe shop'],
  role: 'responder',
  changes: false,
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    project: projectName().optional().describe('Project of the check'),
  },
  async run({ name, project }, context) {
    const check = probedCheckOf(context, name, project)
    const { ok, message, durationMs, address, excerpt } = await context.checkProber.probeNow(check.id)
    const took = durationMs === null ? '' : ` in ${writeMilliseconds(durationMs)}`
    const from = address === null ? '' : ` from ${address}`
    const via = readProbe(context.state, check.id)?.via?.split('\n') ?? [MAIN_VIEWPOINT]
    const counted =
      check.status === 'paused'
        ? ['The check is paused, so the result does not count.']
        : via.includes(MAIN_VIEWPOINT)
          ? []
          : [`Asked from here, so it does not count: the check is probed from ${via.join(', ')}.`]
    return {
      card: {
        title: `${check.name}: ${redact(message)}`,
        tone: ok ? 'good' : check.severity,
        lines: [ok ? `It answered${took}${from}.` : `It failed${took}${from}.`, ...counted],
        ...(excerpt ? { code: { text: redact(excerpt) } } : {}),
        buttons: [{ label: 'Show', line: `checks show ${nameInLine(check, context)}` }],
      },
      result: {
        ...checkResult(context, checkOf(context, name, project)),
        probe: { ok, message: redact(message), duration_ms: durationMs, address },
      },
    }
  },
})

const graph = command({
  name: 'checks graph',
  summary: 'Draw the response times of a probe over time, with p50 and p95',
  details:
    'Half of the answers were faster than p50, 95 % were faster than p95. Beyond 7d there is a point for each day (UTC).',
  examples: ['checks graph shop', 'checks graph shop --last 30d'],
  role: 'viewer',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    last: z.enum(['1h', '6h', '24h', '7d', '30d', '90d']).optional().describe('Period until now (default: 24h)'),
    project: projectName().optional().describe('Project of the check'),
  },
  async run({ name, last = '24h', project }, context) {
    const check = probedCheckOf(context, name, project)
    const series = readSeries(context, check, PERIODS_MS[last])
    const result = {
      check: check.name,
      unit: 'ms',
      ...summaryOf(context, check, PERIODS_MS[last]),
      ...availabilityResult(context, check),
      series: (['p50', 'p95'] as const).map(name => ({
        name,
        points: series.map(point => ({ at: isoTime(point.at), value: point[name] })),
      })),
    }
    if (series.every(({ p50 }) => p50 === null))
      return {
        card: {
          title: `No response times of ${check.name} in the last ${last}`,
          tone: 'muted',
          lines: ['A failed probe has none. "checks show" has the last result.'],
        },
        result,
      }
    const png = await drawChart({
      title: `Response time of ${check.name}, last ${last}`,
      kind: 'lines',
      unit: 'ms',
      from: context.now - PERIODS_MS[last],
      until: context.now,
      timeZone: context.config.timeZone,
      theme: pictureTheme(context),
      marks: alertMarks(context, `check:${check.id}`),
      series: [
        { name: 'p95', colour: '#dd6b20', points: series.map(({ at, p95 }) => [at, p95] as const) },
        { name: 'p50', colour: '#3182ce', points: series.map(({ at, p50 }) => [at, p50] as const) },
      ],
    })
    return {
      card: {
        title: `Response time of ${check.name}, last ${last}`,
        tone: 'plain',
        fields: probeFields(check, context),
        image: {
          name: fileName(`response time ${check.name} ${last}`, context.now, context.config.timeZone, 'png'),
          alt: `p50 and p95 of the response time of ${check.name}`,
          png,
        },
      },
      result,
    }
  },
})

export const probeCommands = [probe, graph]

/** The check of a name; throws `conflict` when it waits for beats. */
function probedCheckOf(context: Context, name: string, project: string | undefined): Check {
  const check = checkOf(context, name, project)
  if (fullProbeResult(context, check) !== null) return check
  throw new Problem(
    'conflict',
    `The check "${check.name}" waits for beats; only a check with --probe or --run is probed.`,
  )
}

type Point = { at: number; p50: number | null; p95: number | null }

function readSeries({ state, now }: Context, { id }: Check, ms: number): Point[] {
  const from = now - ms
  if (ms > DETAILED_MS)
    return readDays(state, id, from, now + 1).map(({ day, p50, p95 }) => ({ at: Math.max(day, from), p50, p95 }))
  const results = readResults(state, id, from, now + 1)
  const p50 = bucketMedians(results, from, now, CHART_POINTS)
  const p95 = bucketMedians(results, from, now, CHART_POINTS, 0.95)
  return p50.map((value, i) => ({ at: Math.round(from + (i * ms) / CHART_POINTS), p50: value, p95: p95[i]! }))
}

/** The percentiles of the whole period, exact where every result is kept. */
function summaryOf({ state, now }: Context, { id }: Check, ms: number) {
  const { p50, p95, maximum } = responseTimes(readResults(state, id, now - Math.min(ms, DETAILED_MS), now + 1))
  return { p50, p95, max: maximum }
}
