// Commands for maintenance: planned work, once or by cron, whose windows suppress the alerts that match.
import { z } from 'zod'
import { readMatcher } from '../../src/alerts/matcher.ts'
import { cronWindow, neverEnds } from '../../src/alerts/suppression/cron-window.ts'
import {
  addMaintenance,
  endWindow,
  findMaintenance,
  listMaintenances,
  type Maintenance,
  removeMaintenance,
  startWindows,
} from '../../src/alerts/suppression/maintenance-windows.ts'
import { countSuppressed } from '../../src/alerts/suppression/suppressed-alerts.ts'
import { reevaluateSuppressions } from '../../src/alerts/suppression/suppressions.ts'
import type { Text } from '../../src/card.ts'
import { cronSchedule } from '../../src/checks/cron.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { formatDuration, formatPeriod, isoTime, MINUTE, periodLength } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, projectName, readable, yes } from '../context.ts'
import { type End, end as endTime, period, readEnd, readStart, start, zoneOf } from '../period.ts'
import { matcherHints } from './matcher-hints.ts'

const MAX_LISTED = 25

const maintenanceName = () =>
  completes(positional(z.string().trim().min(1).max(60)), 'maintenance').describe('Name of the maintenance')
const inProject = () => projectName().optional().describe('Only maintenance of this project')

const add = command({
  name: 'maintenance add',
  summary: 'Plan maintenance that suppresses matching alerts, once or by cron',
  details:
    'Use --for or --to alone (it starts now), with --from, or --for with --cron. Windows that touch or overlap are one, which is reported once, at its end. When a window ends, alerts that are still firing get their cards.',
  examples: [
    'maintenance add deploy --matcher source:api --for 30m',
    'maintenance add move --matcher "host:web-*" --from 2026-12-01T22:00:00Z --for 4h',
    'maintenance add backups --matcher host:db-1 --cron "0 2 * * 0" --tz Europe/Oslo --for 3h',
  ],
  role: 'responder',
  args: {
    name: maintenanceName(),
    matcher: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .describe('Which alerts, as for "silence add": host:db-1, source:api, check:nightly-*'),
    for: period(MINUTE)
      .optional()
      .describe('Length of a window, such as 30m, 4h or 1d; whole days follow the wall clock'),
    to: endTime().optional().describe('End instead of --for, such as 17:00, "tomorrow 09:00" or 2026-12-02T06:00:00Z'),
    from: start()
      .optional()
      .describe('Start, such as 22:00 (the next one), "Fri 22:00" or "2026-12-01 22:00" (default: now)'),
    cron: z.string().max(200).optional().describe('Start of each window as a cron expression: "0 2 * * 0"'),
    tz: completes(readable(timeZoneId, 64), 'zone')
      .optional()
      .describe('Time zone of --cron, --from and --to (default: that of the project, else the setting TZ)'),
    project: projectName().optional().describe('Only alerts of this project'),
  },
  run({ name, matcher, for: length, to, from, cron, tz, project }, context) {
    const { state, now, by } = context
    readMatcher(matcher)
    if (cron !== undefined && from !== undefined) throw invalid('cron', 'Use either --cron or --from, not both.')
    const projectId = project === undefined ? null : findProject(state, project).id
    const timeZone = tz ?? zoneOf(context, projectId)
    const given = { for: length, to }
    const window =
      cron === undefined
        ? singleWindow(readStart(from, now, timeZone), given, timeZone, now)
        : firstCronWindow(cron, timeZone, given, now)
    const ms = length === undefined ? window.endsAt - window.startsAt : periodLength(length)
    const days = length?.days ?? 0
    addMaintenance(
      state,
      { projectId, name, matcher, cron: cron ?? null, timeZone, duration: ms, days, by: by.name, ...window },
      now,
    )
    startWindows(state, now)
    reevaluateSuppressions(state, now)
    const maintenance = findMaintenance(state, name)
    const card = maintenanceCard(maintenance, context)
    const warnings = matcherHints(state, matcher)
    return {
      card: { ...card, lines: [...warnings, ...card.lines] },
      result: { ...maintenanceResult(context, maintenance), warnings },
    }
  },
})

const list = command({
  name: 'maintenance list',
  summary: 'Show all maintenance: active, planned and ended',
  role: 'viewer',
  args: { project: inProject() },
  run({ project }, context) {
    const all = listMaintenances(
      context.state,
      project === undefined ? undefined : findProject(context.state, project).id,
    )
    return {
      card: {
        title: all.length === 0 ? 'No maintenance' : 'Maintenance',
        tone: 'plain',
        lines:
          all.length === 0
            ? [['Start some now: ', { code: 'maintenance add deploy --matcher source:api --for 30m' }]]
            : all.slice(0, MAX_LISTED).map(maintenance => maintenanceLine(maintenance, context.now)),
      },
      result: { maintenance: all.map(maintenance => maintenanceResult(context, maintenance).maintenance) },
    }
  },
})

const show = command({
  name: 'maintenance show',
  summary: 'Show maintenance and how many alerts it suppresses',
  examples: ['maintenance show backups'],
  role: 'viewer',
  args: { name: maintenanceName(), project: inProject() },
  run({ name, project }, context) {
    const maintenance = maintenanceOf(context, name, project)
    return { card: maintenanceCard(maintenance, context), result: maintenanceResult(context, maintenance) }
  },
})

const end = command({
  name: 'maintenance end',
  summary: 'End the active window; later windows of a cron schedule stay',
  examples: ['maintenance end deploy'],
  role: 'responder',
  args: { name: maintenanceName(), project: inProject() },
  run({ name, project }, context) {
    const { state, now } = context
    const maintenance = maintenanceOf(context, name, project)
    if (!isActive(maintenance, now)) throw new Problem('conflict', `Maintenance "${name}" has no active window.`)
    const { id, suppressedCount } = maintenance
    const open = countSuppressed(state, { kind: 'maintenance', id })
    const ended = endWindow(state, maintenance, now, true)
    reevaluateSuppressions(state, now)
    const card = maintenanceCard(ended, context)
    const summary = `The window has ended: ${plural(suppressedCount, 'alert')} suppressed, ${open} still open.`
    return { card: { ...card, lines: [summary, ...card.lines] }, result: maintenanceResult(context, ended) }
  },
})

const remove = command({
  name: 'maintenance remove',
  summary: 'Remove maintenance with all its windows',
  examples: ['maintenance remove backups'],
  role: 'responder',
  args: { name: maintenanceName(), project: inProject(), yes: yes() },
  run({ name, project, yes }, context) {
    const maintenance = maintenanceOf(context, name, project)
    if (context.interactive && !yes && !maintenance.ended) {
      const line = `maintenance remove ${quoteWord(maintenance.name)}`
      return confirmation(`Remove maintenance ${maintenance.name}?`, [maintenanceLine(maintenance, context.now)], {
        line,
      })
    }
    const result = maintenanceResult(context, maintenance)
    removeMaintenance(context.state, maintenance)
    reevaluateSuppressions(context.state, context.now)
    return { card: { title: `Maintenance ${maintenance.name} is removed`, tone: 'muted' }, result }
  },
})

export const maintenanceCommands = [add, list, show, end, remove]

function singleWindow(startsAt: number, given: End, timeZone: string, now: number) {
  const endsAt = readEnd(given, startsAt, timeZone)
  if (endsAt > now) return { startsAt, endsAt }
  throw invalid('from', 'This window is in the past.')
}

function firstCronWindow(cron: string, timeZone: string, { for: length, to }: End, now: number) {
  cronSchedule(cron, timeZone)
  if (length === undefined || to !== undefined)
    throw invalid('for', 'With --cron, name the length of each window, such as --for 2h.')
  const schedule = { cron, timeZone, duration: periodLength(length), days: length.days }
  const window = cronWindow(schedule, now)
  if (!window) throw invalid('cron', `"${cron}" has no future time.`)
  if (!neverEnds(schedule, now)) return window
  throw invalid(
    'for',
    `Windows of ${formatPeriod(length)} that begin at "${cron}" follow each other without a gap, so this maintenance never ends. Use a shorter --for, fewer times, or "rules pause" and "checks pause" for what needs no alerts at all.`,
  )
}

function maintenanceOf({ state }: Context, name: string, project: string | undefined): Maintenance {
  return findMaintenance(state, name, project === undefined ? undefined : findProject(state, project).id)
}

function isActive({ ended, startsAt }: Maintenance, now: number): boolean {
  return !ended && startsAt <= now
}

function maintenanceCard(maintenance: Maintenance, { state, now }: Context) {
  const { id, name, ended } = maintenance
  const active = isActive(maintenance, now)
  const suppressed = active ? countSuppressed(state, { kind: 'maintenance', id }) : 0
  return {
    title: `Maintenance ${name}: ${ended ? 'ended' : active ? 'active' : 'planned'}`,
    tone: 'muted' as const,
    lines: [
      maintenanceLine(maintenance, now),
      ...(active ? [`${plural(suppressed, 'open alert')} suppressed now.`] : []),
    ],
    buttons: [
      ...(active ? [{ label: 'End', line: `maintenance end ${quoteWord(name)}` }] : []),
      ...(ended ? [] : [{ label: 'Remove', line: `maintenance remove ${quoteWord(name)}` }]),
    ],
  }
}

function maintenanceLine(maintenance: Maintenance, now: number): Text {
  const { name, matcher, cron, timeZone, by } = maintenance
  const schedule = cron === null ? '' : ` at "${cron}" (${timeZone})`
  const window: Text = maintenance.ended
    ? ['ended ', { time: maintenance.endsAt, style: 'moment' }]
    : isActive(maintenance, now)
      ? ['active until ', { time: maintenance.endsAt, style: 'moment' }]
      : ['next ', { time: maintenance.startsAt, style: 'moment' }]
  return [
    { bold: name },
    ' · ',
    { code: matcher },
    ` · ${formatDuration(maintenance.duration)}${schedule}, by ${by} · `,
    ...window,
  ]
}

function maintenanceResult({ state, now }: Context, maintenance: Maintenance) {
  const { projectId } = maintenance
  return {
    maintenance: {
      name: maintenance.name,
      matcher: maintenance.matcher,
      project: projectId === null ? null : (readProjectById(state, projectId)?.name ?? null),
      // Contract: scripts see over, on and planned.
      state: maintenance.ended ? 'over' : isActive(maintenance, now) ? 'on' : 'planned',
      cron: maintenance.cron,
      time_zone: maintenance.timeZone,
      duration_ms: maintenance.duration,
      starts_at: isoTime(maintenance.startsAt),
      ends_at: isoTime(maintenance.endsAt),
      suppressed_count: maintenance.suppressedCount,
      // The former name of suppressed_count.
      held: maintenance.suppressedCount,
      by: maintenance.by,
    },
  }
}
