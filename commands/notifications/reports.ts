// Reports: a digest of the day or the week, on a schedule, with their history.
import { z } from 'zod'
import { drawChart } from '../../src/charts/draw.ts'
import { completes, positional } from '../../src/command/command.ts'
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
  periodOf,
  type Report,
  type ReportRun,
  removeReport,
} from '../../src/notifications/reports/reports.ts'
import { invalid } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, counted, yes } from '../context.ts'
import { channelIds, setName } from './recipient-arguments.ts'
import { ALL, readWhen, reportFlags, timeOf } from './report-flags.ts'

const reportName = () => completes(positional(z.string().max(64)), 'report').describe('Name of the report')

const add = command({
  name: 'reports add',
  summary: 'Add a report: uptime, alerts, how soon people came, frequent errors, what is unusual in the logs',
  details: 'One that was missed, because Vakt was stopped, is sent once when it is back, over all the time it missed.',
  examples: [
    'reports add morning --daily --at 09:00',
    'reports add week --weekly --at "Mon 08:00" --tz Europe/Oslo --project shop --to "#shop"',
  ],
  role: 'admin',
  args: {
    name: positional(setName()).describe('A name for it'),
    ...reportFlags(),
  },
  run({ name, project, to, ...when }, context) {
    const { state, by, config, now } = context
    const row = {
      name,
      ...readWhen(when, { every: 'daily', minute: 540, day: 1 }),
      timeZone: when.tz ?? config.timeZone,
      projectId: project === undefined || project === ALL ? null : findProject(state, project).id,
      channels: to === undefined || to === ALL ? [] : channelIds(state, to),
      setBy: by.name,
    }
    return reportAnswer(addReport(state, row, now), context, 'good')
  },
})

const edit = command({
  name: 'reports edit',
  summary: 'Change a report: when it comes, of which project, to which channels',
  examples: ['reports edit morning --at 08:30', 'reports edit week --to all --project shop'],
  role: 'admin',
  args: { name: reportName(), ...reportFlags(), rename: setName().optional().describe('A new name') },
  run({ name, project, to, rename, ...when }, context) {
    const { state, now } = context
    const report = findReport(state, name)
    const isMoved = when.daily || when.weekly || when.at !== undefined
    const changes = {
      ...(isMoved ? readWhen(when, { every: report.every, ...timeOf(report) }) : {}),
      ...(when.tz === undefined ? {} : { timeZone: when.tz }),
      ...(project === undefined ? {} : { projectId: project === ALL ? null : findProject(state, project).id }),
      ...(to === undefined ? {} : { channels: to === ALL ? [] : channelIds(state, to) }),
      ...(rename === undefined ? {} : { name: rename }),
    }
    if (Object.keys(changes).length === 0) throw invalid('settings', 'Say what to change, such as --at 08:30.')
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
        title: all.length === 0 ? 'No reports' : counted(all.length, 'report'),
        tone: 'plain',
        lines: all.length === 0 ? ['"reports add morning --daily --at 09:00" makes one.'] : all.map(reportLine),
      },
      result: { reports: all.map(report => reportResult(report, context)) },
    }
  },
})

const show = command({
  name: 'reports show',
  summary: 'Show one report and where the last one went',
  role: 'viewer',
  args: { name: reportName() },
  run: ({ name }, context) => reportAnswer(findReport(context.state, name), context, 'plain'),
})

const run = command({
  name: 'reports run',
  summary: 'Make a report of the time until now, for you; with --send for its channels',
  examples: ['reports run morning', 'reports run morning --send'],
  role: 'responder',
  args: {
    name: reportName(),
    send: z.boolean().optional().describe('Send it to its channels as well, and keep it in its history'),
  },
  async run({ name, send }, { state, now, compare }) {
    const report = findReport(state, name)
    const from = now - periodOf(report)
    const figures = send
      ? makeReport(state, report, from, now, now).figures
      : readReportMetrics(state, { from, until: now, projectId: report.projectId })
    const chart = reportChart(figures, report.timeZone)
    const png = chart === null ? null : await drawChart(chart).catch(() => null)
    const unusual = await compare({ ...figures, projectId: report.projectId })
    const card = reportCard(report.name, figures, unusual)
    const image = png === null ? {} : { image: { name: 'report.png', alt: 'New alerts over time, by severity', png } }
    return { card: { ...card, ...image }, result: { figures: figuresResult(figures) } }
  },
})

const history = command({
  name: 'reports history',
  summary: 'Show what a report said before, newest first',
  role: 'viewer',
  args: {
    name: reportName(),
    limit: z.number().int().min(1).max(100).optional().describe('How many, 10 unless said'),
  },
  run({ name, limit = 10 }, { state }) {
    const runs = listRuns(state, findReport(state, name), limit)
    return {
      card: {
        title: runs.length === 0 ? `The report ${name} was not due yet` : `The report ${name} so far`,
        tone: 'plain',
        lines: runs.length === 0 ? [`"reports run ${name}" makes one now.`] : runs.map(runLine),
      },
      result: { runs: runs.map(one => runResult(one, state)) },
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
        [reportLine(findReport(context.state, name)), 'Its history goes with it. This cannot be undone.'],
        { line: `reports remove ${name}` },
      )
    const result = { report: reportResult(removeReport(context.state, name), context) }
    return { card: { title: `The report ${name} is removed`, tone: 'muted' }, result }
  },
})

export const reportCommands = [add, edit, list, show, run, history, remove]

function reportAnswer(report: Report, context: Context, tone: 'good' | 'plain') {
  const [last] = listRuns(context.state, report, 1)
  const sent = last ? listSends(context.state, last.id) : []
  const lines = sent.map(
    one =>
      `${one.channelId}: ${one.endedAt === null ? 'on its way' : one.error === null ? 'arrived' : 'given up'}${one.error === null ? '' : `, ${one.error}`}`,
  )
  return {
    card: { title: `Report ${report.name}`, tone, lines: [reportLine(report), ...lines] },
    result: { report: reportResult(report, context) },
  }
}

function reportLine(report: Report) {
  const to = report.channels.length === 0 ? 'every channel' : report.channels.join(', ')
  return [{ bold: report.name }, ` ${report.every}, to ${to}, next `, { time: report.nextAt, style: 'moment' as const }]
}

function runLine({ from, until, figures }: ReportRun) {
  const { critical, warning, info } = figures.alerts
  return [
    { time: from, style: 'moment' as const },
    ' to ',
    { time: until, style: 'moment' as const },
    `: ${critical} critical, ${warning} warning, ${info} info`,
  ]
}

function reportResult(report: Report, { state }: Context) {
  const { name, every, timeZone, channels, cron, nextAt, setBy, projectId } = report
  const project = projectId === null ? null : (readProjectById(state, projectId)?.name ?? null)
  return { name, every, cron, time_zone: timeZone, project, channels, next_at: isoTime(nextAt), set_by: setBy }
}

function runResult({ at, from, until, figures, id }: ReportRun, state: Context['state']) {
  const sent = listSends(state, id).map(one => ({
    channel: one.channelId,
    arrived: one.endedAt !== null && one.error === null,
    error: one.error,
  }))
  return { at: isoTime(at), from: isoTime(from), until: isoTime(until), figures: figuresResult(figures), sent }
}

function figuresResult(figures: ReportRun['figures']) {
  const course = figures.course.map(one => ({ ...one, at: isoTime(one.at) }))
  return { ...figures, from: isoTime(figures.from), until: isoTime(figures.until), course }
}
