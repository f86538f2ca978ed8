// The commands about reports: a daily or weekly summary on a schedule, with its history.
import { z } from 'zod'
import type { Row, Text } from '../../src/card.ts'
import { drawChart } from '../../src/charts/draw.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { reportCard, reportChart } from '../../src/notifications/reports/report.ts'
import { readReportMetrics } from '../../src/notifications/reports/report-metrics.ts'
import {
  addReport,
  editReport,
  findReport,
  listReports,
  listRuns,
  listSends,
  makeReport,
  type NamedReportRun,
  periodOf,
  type Report,
  removeReport,
  scopeOf,
} from '../../src/notifications/reports/reports.ts'
import { invalid } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { fileName, plural } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, pictureTheme, yes } from '../context.ts'
import { zoneOf } from '../period.ts'
import { channelIds, setName } from './recipient-arguments.ts'
import { ALL, readSchedule, reportFlags, timeOf } from './report-flags.ts'

/** The share of time that checks should be up. */
const DEFAULT_TARGET = 0.999

const reportName = () => completes(positional(z.string().max(64)), 'report').describe('Name of the report')

const add = command({
  name: 'reports add',
  summary: 'Add a daily or weekly report: availability, alerts, noisy rules, on-call load, errors and unusual logs',
  details:
    'A report that was missed because Vakt was stopped is sent once at the next start, over the whole time since the last one.',
  examples: [
    'reports add morning --daily --at 09:00',
    'reports add week --weekly --at "Mon 08:00" --tz Europe/Oslo --project shop --to "#shop"',
  ],
  role: 'admin',
  args: {
    name: positional(setName()).describe('Name of the report'),
    ...reportFlags(),
  },
  run({ name, project, to, target = DEFAULT_TARGET, ...when }, context) {
    const { state, by, now } = context
    const projectId = project === undefined || project === ALL ? null : findProject(state, project).id
    const row = {
      name,
      ...readSchedule(when, { every: 'daily', minute: 540, day: 1 }),
      timeZone: when.tz ?? zoneOf(context, projectId),
      projectId,
      channels: to === undefined || to === ALL ? [] : channelIds(state, to),
      target,
      setBy: by.name,
    }
    return reportAnswer(addReport(state, row, now), context, 'good')
  },
})

const edit = command({
  name: 'reports edit',
  summary: 'Edit a report: its time, project, channels or name',
  examples: ['reports edit morning --at 08:30', 'reports edit week --to all --project shop'],
  role: 'admin',
  args: { name: reportName(), ...reportFlags(), rename: setName().optional().describe('New name') },
  run({ name, project, to, target, rename, ...when }, context) {
    const { state, now } = context
    const report = findReport(state, name)
    const isRescheduled = when.daily || when.weekly || when.at !== undefined
    const changes = {
      ...(isRescheduled ? readSchedule(when, { every: report.every, ...timeOf(report) }) : {}),
      ...(when.tz === undefined ? {} : { timeZone: when.tz }),
      ...(project === undefined ? {} : { projectId: project === ALL ? null : findProject(state, project).id }),
      ...(to === undefined ? {} : { channels: to === ALL ? [] : channelIds(state, to) }),
      ...(target === undefined ? {} : { target }),
      ...(rename === undefined ? {} : { name: rename }),
    }
    if (Object.keys(changes).length === 0) throw invalid('settings', 'Name what to change, such as --at 08:30.')
    return reportAnswer(editReport(state, report, changes, now), context, 'good')
  },
})

const list = command({
  name: 'reports list',
  summary: 'Show the reports and when each is next due',
  role: 'viewer',
  args: {},
  run(_, context) {
    const all = listReports(context.state)
    return {
      card: {
        title: all.length === 0 ? 'No reports' : plural(all.length, 'report'),
        tone: 'plain',
        ...(all.length === 0
          ? { lines: ['"reports add morning --daily --at 09:00" adds one.'] }
          : { rows: all.map(reportRow) }),
      },
      result: { reports: all.map(report => reportResult(report, context)) },
    }
  },
})

const show = command({
  name: 'reports show',
  summary: 'Show a report and the deliveries of its last run',
  role: 'viewer',
  args: { name: reportName() },
  run: ({ name }, context) => reportAnswer(findReport(context.state, name), context, 'plain'),
})

const run = command({
  name: 'reports run',
  summary: 'Make a report of the period until now; with --send also for its channels',
  examples: ['reports run morning', 'reports run morning --send'],
  role: 'responder',
  args: {
    name: reportName(),
    send: z.boolean().optional().describe('Send it to its channels and keep it in its history'),
  },
  async run({ name, send }, context) {
    const { state, now, compare, propose } = context
    const report = findReport(state, name)
    const from = now - periodOf(report)
    const metrics = send
      ? makeReport(state, report, from, now, now).metrics
      : readReportMetrics(state, { ...scopeOf(report), from, until: now })
    const chart = reportChart(metrics, report.timeZone)
    const png = chart === null ? null : await drawChart({ ...chart, theme: pictureTheme(context) }).catch(() => null)
    const unusual = await compare({ ...metrics, projectId: report.projectId })
    const proposals = await propose(metrics, now)
    const card = reportCard(report.name, metrics, unusual, proposals)
    const file = fileName(`report ${report.name}`, now, report.timeZone, 'png')
    const image = png === null ? {} : { image: { name: file, alt: 'New alerts over time, by severity', png } }
    const result = metricsResult(metrics)
    return { card: { ...card, ...image }, result: { metrics: result, figures: result, proposals } }
  },
})

const history = command({
  name: 'reports history',
  summary: 'Show the past runs of a report, or of all reports, newest first',
  examples: ['reports history', 'reports history morning'],
  role: 'viewer',
  args: {
    name: reportName().optional().describe('Name of the report (default: all)'),
    limit: z.number().int().min(1).max(100).optional().describe('Number of runs (default: 10)'),
  },
  run({ name, limit = 10 }, { state }) {
    const runs = listRuns(state, name === undefined ? null : findReport(state, name), limit)
    const subject = name === undefined ? 'all reports' : `report ${name}`
    return {
      card: {
        title: runs.length === 0 ? `No runs of ${subject} yet` : `Runs of ${subject}`,
        tone: 'plain',
        lines: runs.length === 0 ? [`"reports run ${name ?? 'NAME'}" makes a report now.`] : runs.map(runLine),
      },
      result: { runs: runs.map(run => runResult(run, state)) },
    }
  },
})

const remove = command({
  name: 'reports remove',
  summary: 'Remove a report with its history',
  role: 'admin',
  args: { name: reportName(), yes: yes() },
  run({ name, yes }, context) {
    if (context.interactive && !yes)
      return confirmation(
        `Remove the report ${name}?`,
        [reportLine(findReport(context.state, name)), 'Its history is removed too. This cannot be undone.'],
        { line: `reports remove ${name}` },
      )
    const result = { report: reportResult(removeReport(context.state, name), context) }
    return { card: { title: `The report ${name} is removed`, tone: 'muted' }, result }
  },
})

export const reportCommands = [add, edit, list, show, run, history, remove]

function reportAnswer(report: Report, context: Context, tone: 'good' | 'plain') {
  const [last] = listRuns(context.state, report, 1)
  const sends = last ? listSends(context.state, last.id) : []
  const lines = sends.map(({ channelId, endedAt, error }) => {
    const progress = endedAt === null ? 'in delivery' : error === null ? 'arrived' : 'given up'
    return `${channelId}: ${progress}${error === null ? '' : `: ${error}`}`
  })
  return {
    card: { title: `Report ${report.name}`, tone, lines: [reportLine(report), ...lines] },
    result: { report: reportResult(report, context) },
  }
}

function reportRow(report: Report): Row {
  const name = quoteWord(report.name)
  return {
    name: report.name,
    text: reportLine(report),
    action: { label: 'Show', line: `reports show ${name}` },
    more: [
      { label: 'Run now', line: `reports run ${name}` },
      { label: 'History', line: `reports history ${name}` },
    ],
  }
}

function reportLine(report: Report): Text {
  const to = report.channels.length === 0 ? 'every channel' : report.channels.join(', ')
  return [{ bold: report.name }, ` ${report.every}, to ${to}, next `, { time: report.nextAt, style: 'moment' }]
}

function runLine({ name, from, until, metrics }: NamedReportRun): Text {
  const { critical, warning, info } = metrics.alerts
  return [
    { bold: name },
    ' ',
    { time: from, style: 'moment' },
    ' to ',
    { time: until, style: 'moment' },
    `: ${critical} critical, ${warning} warning, ${info} info`,
  ]
}

function reportResult(report: Report, { state }: Context) {
  const { name, every, timeZone, channels, cron, nextAt, setBy, projectId, target } = report
  const project = projectId === null ? null : (readProjectById(state, projectId)?.name ?? null)
  const shown = { name, every, cron, time_zone: timeZone, project, channels }
  return { ...shown, target: target === 0 ? null : target, next_at: isoTime(nextAt), set_by: setBy }
}

function runResult({ name, at, from, until, metrics, id }: NamedReportRun, state: Context['state']) {
  const sent = listSends(state, id).map(({ channelId, endedAt, error }) => ({
    channel: channelId,
    arrived: endedAt !== null && error === null,
    error,
  }))
  const result = metricsResult(metrics)
  const times = { at: isoTime(at), from: isoTime(from), until: isoTime(until) }
  return { report: name, ...times, metrics: result, figures: result, sent }
}

function metricsResult(metrics: NamedReportRun['metrics']) {
  const course = metrics.course.map(bucket => ({ ...bucket, at: isoTime(bucket.at) }))
  const neverRan = (metrics.never_ran ?? []).map(({ name, since }) => ({ name, since: isoTime(since) }))
  return { ...metrics, from: isoTime(metrics.from), until: isoTime(metrics.until), course, never_ran: neverRan }
}
