// The command that shows the next deadlines of a check or of any schedule.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { longestDay, parseActiveHours } from '../../src/checks/active-hours.ts'
import type { Check } from '../../src/checks/check.ts'
import { nextDue } from '../../src/checks/due.ts'
import { describeProbing, describeSchedule } from '../../src/checks/schedule.ts'
import { completes, kebab, positional } from '../../src/command/command.ts'
import { nextProbe } from '../../src/probes/probe.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { aboutDuration, formatDuration, isoTime } from '../../src/time.ts'
import { type Context, checkOf, command, projectName } from '../context.ts'
import { readStart, start, zoneOf } from '../period.ts'
import { checkSettings, draftOf } from './check-settings.ts'

export const checksNext = command({
  name: 'checks next',
  summary: 'Show the next deadlines of a check or of any schedule',
  examples: [
    'checks next nightly-backup --count 5',
    'checks next --cron "0 2 * * *" --tz Europe/Oslo',
    'checks next --on-calendar "Mon..Fri 09:00"',
  ],
  role: 'viewer',
  args: {
    name: completes(positional(z.string().max(100).optional()), 'check').describe('Name, slug or uuid of the check'),
    ...pickSchedule(),
    from: start().optional().describe('Start of the list (default: now)'),
    count: z.number().int().min(1).max(100).optional().describe('Number of deadlines (default: 5)'),
    project: projectName().optional().describe('Project of the check'),
  },
  run({ name, from, count = 5, project, ...schedule }, context) {
    if (name !== undefined) refuseSchedule(schedule)
    const zone = zoneOf(context, project === undefined ? null : findProject(context.state, project).id)
    const check = name === undefined ? scheduleOnly(schedule, context, zone) : checkOf(context, name, project)
    const first = check.lateAt === null ? context.now : check.lateAt - 1
    const due = dueTimes(check, from === undefined ? first : readStart(from, context.now, zone), count)
    return {
      card: {
        title: name === undefined ? 'Next deadlines of this schedule' : `Next deadlines of ${check.name}`,
        tone: 'plain',
        lines:
          due.length > 0
            ? due.map((at): Text => [{ time: at, style: 'moment' }, ' (', { time: at, style: 'relative' }, ')'])
            : ['This schedule has no further deadline.'],
        footer: check.probed ? describeProbing(check) : describeSchedule(check),
      },
      result: { due: due.map(at => isoTime(at)) },
    }
  },
})

/**
 * Explains a period that is longer than the active hours of any day: a period counts active hours only, so it takes
 * several days. Empty for every other check.
 */
export function activePeriodLines(check: Check, now: number): Text[] {
  if (check.every === null || check.active === null) return []
  const day = longestDay(parseActiveHours(check.active, check.timeZone))
  if (check.every <= day) return []
  const from = check.lateAt === null ? now : (check.lastBeatAt ?? now)
  const due = check.lateAt ?? nextDue(check, from)!
  const takes = `${formatDuration(check.every)} of active hours take ${aboutDuration(due - from)}; the next beat is due `
  return [
    [takes, { time: due, style: 'moment' }, check.lastBeatAt === null ? ' if the first one arrives now.' : '.'],
    `A period counts active hours only. For one beat per active day, use --every ${formatDuration(day)} or --cron.`,
  ]
}

function pickSchedule() {
  const { every, cron, onCalendar, tz, active } = checkSettings()
  return { every, cron, onCalendar, tz, active }
}

function dueTimes(check: Check, after: number, count: number): number[] {
  if (check.probed) return probeTimes({ ...check, misses: 0 }, after, count)
  const due: number[] = []
  let at = nextDue(check, after)
  // A period counts from the known deadline, not from the instant before it.
  if (check.lateAt !== null && after === check.lateAt - 1) at = check.lateAt
  while (at !== null && due.length < count) {
    due.push(at)
    at = nextDue(check, at)
  }
  return due
}

function probeTimes(check: Check, after: number, count: number): number[] {
  const due: number[] = []
  for (let at = nextProbe(check, after); at !== null && due.length < count; at = nextProbe(check, at)) due.push(at)
  return due
}

function refuseSchedule(schedule: Parameters<typeof draftOf>[0]): void {
  const given = Object.entries(schedule).filter(([, value]) => value !== undefined)
  if (given.length === 0) return
  const flags = given.map(([key]) => `--${kebab(key)}`).join(' and ')
  throw new Problem('invalid', `A check has its own schedule. Use either its name or ${flags}, not both.`, {
    fields: Object.fromEntries(given.map(([key]) => [kebab(key), 'cannot be combined with the name of a check'])),
  })
}

function scheduleOnly(schedule: Parameters<typeof draftOf>[0], context: Context, zone: string): Check {
  if (schedule.every === undefined && schedule.cron === undefined && schedule.onCalendar === undefined) {
    throw invalid('name', 'Name a check or a schedule: checks next --cron "0 2 * * *" --tz Europe/Oslo.')
  }
  return { name: 'schedule', lateAt: null, ...draftOf(schedule, context, zone) } as Check
}
