// Quiet hours: when what is not critical waits for the morning.
import { z } from 'zod'
import {
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

const NEVER = 'never'
const inProject = () => projectName().optional().describe('For this project only; it then has its own')

const set = command({
  name: 'quiet-hours set',
  aliases: ['quiet set'],
  summary: 'Set the hours in which what is not critical waits',
  details:
    'When they end, one digest tells what happened and what still goes on. "never" lets a project have none though there are some for all.',
  examples: [
    'quiet-hours set "Mon-Fri 22:00-07:00; Sat,Sun 22:00-09:00" --tz Europe/Oslo',
    'quiet-hours set never --project shop',
  ],
  role: 'admin',
  args: {
    hours: positional(z.string().trim().min(1).max(200)).describe('Such as "Mon-Fri 22:00-07:00", or never'),
    tz: completes(readable(timeZoneId, 64), 'zone').optional().describe('Their time zone, such as Europe/Oslo'),
    project: inProject(),
  },
  run({ hours, tz, project }, context) {
    const timeZone = tz ?? context.config.timeZone
    const never = hours.toLowerCase() === NEVER
    if (!never) refuseAlways(hours, timeZone, context.now)
    const draft = { hours: never ? null : hours, timeZone, by: context.by.name }
    setQuietHours(
      context.state,
      project === undefined ? null : findProject(context.state, project).id,
      draft,
      context.now,
    )
    reevaluateSuppressions(context.state, context.now)
    return answer(context, project)
  },
})

const show = command({
  name: 'quiet-hours show',
  aliases: ['quiet show'],
  summary: 'Show the quiet hours, and whether it is quiet now',
  role: 'viewer',
  args: { project: projectName().optional().describe('Only of this project') },
  run: ({ project }, context) => answer(context, project),
})

const off = command({
  name: 'quiet-hours off',
  aliases: ['quiet off'],
  summary: 'Take quiet hours away; what waits and still goes on is told',
  examples: ['quiet-hours off', 'quiet-hours off --project shop'],
  role: 'admin',
  args: { project: projectName().optional().describe('Those of this project; it then follows those for all') },
  run({ project }, context) {
    const { state, now } = context
    const projectId = project === undefined ? null : findProject(state, project).id
    // What happened since it is quiet is told before the hours are forgotten.
    sweepSuppressions(state, now)
    const had = listQuietHours(state).find(one => one.projectId === (projectId ?? 0))
    if (had) setQuietHours(state, projectId, { ...had, hours: null }, now)
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
  throw invalid('hours', 'It would always be quiet. Leave some hours of the week out.')
}

function answer(context: Context, project: string | undefined) {
  const projectId = project === undefined ? undefined : findProject(context.state, project).id
  const all = listQuietHours(context.state).filter(
    one => projectId === undefined || [0, projectId].includes(one.projectId),
  )
  return {
    card: {
      title: all.length === 0 ? 'There are no quiet hours' : 'Quiet hours',
      tone: 'plain' as const,
      lines:
        all.length === 0
          ? ['"quiet-hours set "Mon-Sun 22:00-07:00"" would set some.']
          : all.map(one => line(one, context)),
    },
    result: {
      quiet: all.map(one => ({
        project: nameOf(one, context),
        hours: one.hours,
        time_zone: one.timeZone,
        quiet_until: isoTime(quietUntil(one, context.now)),
      })),
    },
  }
}

function line(one: QuietHours, context: Context): Text {
  const until = quietUntil(one, context.now)
  const now: Text = until === null ? [' · not now'] : [' · now, until ', { time: until, style: 'moment' }]
  const hours = one.hours === null ? 'never quiet' : `${one.hours} (${one.timeZone})`
  return [{ bold: nameOf(one, context) ?? 'All projects' }, `: ${hours}`, ...now]
}

function nameOf(one: QuietHours, { state }: Context): string | null {
  return one.projectId === 0 ? null : (readProjectById(state, one.projectId)?.name ?? null)
}
