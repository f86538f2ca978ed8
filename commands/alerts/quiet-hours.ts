// Commands for quiet hours, in which alerts that are not critical wait.
import { z } from 'zod'
import {
  ALL_PROJECTS,
  listQuietHours,
  type QuietHours,
  quietUntil,
  removeQuietHours,
  setQuietHours,
} from '../../src/alerts/suppression/quiet-hours.ts'
import { reevaluateSuppressions } from '../../src/alerts/suppression/suppressions.ts'
import { sweepSuppressions } from '../../src/alerts/suppression/sweep.ts'
import type { Text } from '../../src/card.ts'
import { activeUntil, nextActive, parseActiveHours } from '../../src/checks/active-hours.ts'
import { completes, positional } from '../../src/command/command.ts'
import { invalid } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { isoTime } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { type Context, command, projectName, readable } from '../context.ts'
import { zoneOf } from '../period.ts'

const NEVER = 'never'

const set = command({
  name: 'quiet-hours set',
  aliases: ['quiet set'],
  summary: 'Set the hours in which alerts that are not critical wait',
  details:
    'When quiet hours end, one digest lists what happened and what is still firing. "never" exempts a project from the quiet hours for all projects.',
  examples: [
    'quiet-hours set "Mon-Fri 22:00-07:00; Sat,Sun 22:00-09:00" --tz Europe/Oslo',
    'quiet-hours set never --project shop',
  ],
  role: 'admin',
  args: {
    hours: positional(z.string().trim().min(1).max(200)).describe('Hours, such as "Mon-Fri 22:00-07:00", or never'),
    tz: completes(readable(timeZoneId, 64), 'zone')
      .optional()
      .describe('Time zone of the hours, such as Europe/Oslo (default: that of the project, else the setting TZ)'),
    project: projectName().optional().describe('Only for this project, which then has its own quiet hours'),
  },
  run({ hours, tz, project }, context) {
    const projectId = project === undefined ? null : findProject(context.state, project).id
    const timeZone = tz ?? zoneOf(context, projectId)
    const isNever = hours.toLowerCase() === NEVER
    if (!isNever) refuseAlways(hours, timeZone, context.now)
    const draft = { hours: isNever ? null : hours, timeZone, by: context.by.name }
    setQuietHours(context.state, projectId, draft, context.now)
    reevaluateSuppressions(context.state, context.now)
    return answer(context, project)
  },
})

const show = command({
  name: 'quiet-hours show',
  aliases: ['quiet show'],
  summary: 'Show the quiet hours, and whether they are in effect now',
  role: 'viewer',
  args: { project: projectName().optional().describe('Only quiet hours of this project') },
  run: ({ project }, context) => answer(context, project),
})

const off = command({
  name: 'quiet-hours off',
  aliases: ['quiet off'],
  summary: 'Remove quiet hours; suppressed alerts that are still firing get their cards',
  examples: ['quiet-hours off', 'quiet-hours off --project shop'],
  role: 'admin',
  args: {
    project: projectName().optional().describe('Only of this project, which then follows the quiet hours for all'),
  },
  run({ project }, context) {
    const { state, now } = context
    const projectId = project === undefined ? null : findProject(state, project).id
    // The digest is posted before the hours are forgotten.
    sweepSuppressions(state, now)
    const current = listQuietHours(state).find(row => row.projectId === (projectId ?? ALL_PROJECTS))
    if (current) setQuietHours(state, projectId, { ...current, hours: null }, now)
    sweepSuppressions(state, now)
    removeQuietHours(state, projectId)
    reevaluateSuppressions(state, now)
    return answer(context, project)
  },
})

export const quietCommands = [set, show, off]

function refuseAlways(hours: string, timeZone: string, now: number): void {
  const parsed = parseActiveHours(hours, timeZone)
  if (activeUntil(parsed, nextActive(parsed, now)) !== null) return
  throw invalid('hours', 'These hours cover the whole week. Leave some hours out.')
}

function answer(context: Context, project: string | undefined) {
  const projectId = project === undefined ? undefined : findProject(context.state, project).id
  const shown = listQuietHours(context.state).filter(
    row => projectId === undefined || [ALL_PROJECTS, projectId].includes(row.projectId),
  )
  const results = shown.map(row => ({
    project: projectOf(row, context),
    hours: row.hours,
    time_zone: row.timeZone,
    quiet_until: isoTime(quietUntil(row, context.now)),
  }))
  return {
    card: {
      title: shown.length === 0 ? 'No quiet hours' : 'Quiet hours',
      tone: 'plain' as const,
      lines:
        shown.length === 0
          ? [['Set some: ', { code: 'quiet-hours set "Mon-Sun 22:00-07:00"' }]]
          : shown.map(row => quietHoursLine(row, context)),
    },
    // `quiet` is the former name.
    result: { quiet_hours: results, quiet: results },
  }
}

function quietHoursLine(row: QuietHours, context: Context): Text {
  const until = quietUntil(row, context.now)
  const now: Text = until === null ? [', not in effect now'] : [', in effect until ', { time: until, style: 'moment' }]
  const hours = row.hours === null ? 'never' : `${row.hours} (${row.timeZone})`
  return [{ bold: projectOf(row, context) ?? 'All projects' }, `: ${hours}`, ...(row.hours === null ? [] : now)]
}

function projectOf({ projectId }: QuietHours, { state }: Context): string | null {
  return projectId === ALL_PROJECTS ? null : (readProjectById(state, projectId)?.name ?? null)
}
