// The flags of a report: its schedule, project and channels.
import { z } from 'zod'
import { completes } from '../../src/command/command.ts'
import type { Report } from '../../src/notifications/reports/reports.ts'
import { parseHandover } from '../../src/notifications/routing/on-call.ts'
import { invalid } from '../../src/problem.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { projectName, readable } from '../context.ts'
import { toChannels } from './recipient-arguments.ts'

/** The value that means every project, or every channel. */
export const ALL = 'all'

/** The flags that `reports add` and `reports edit` share. */
export function reportFlags() {
  return {
    daily: z.boolean().optional().describe('Every day (default)'),
    weekly: z.boolean().optional().describe('Every week'),
    at: readable(text => {
      const time = parseHandover(text)
      if (time === null)
        throw invalid('at', `"${text}" is not a time. Write 09:00, or "Mon 09:00" for a weekly report.`)
      return time
    }, 40)
      .optional()
      .describe('Time, such as 09:00, or "Mon 09:00" for a weekly report (default: 09:00, on Mondays)'),
    tz: completes(readable(timeZoneId, 64), 'zone')
      .optional()
      .describe('Time zone (default: that of the project, else the setting TZ)'),
    project: projectName().optional().describe('Project, or all (default: all)'),
    target: readable(readTarget, 10)
      .optional()
      .describe('Availability that checks should have, in percent, or none (default: 99.9)'),
    to: toChannels().optional().describe('Channels, separated by commas, or all (default: all)'),
  }
}

/** Reads `99.9` or `99.9%` as a share; `none` is 0, which stands for no target. */
function readTarget(text: string): number {
  if (text.toLowerCase() === 'none') return 0
  const percent = /^(\d{1,3}(?:\.\d{1,4})?)\s*%?$/.exec(text)?.[1]
  const share = Number(percent) / 100
  if (percent === undefined || share <= 0 || share > 1)
    throw invalid('target', `"${text}" is no availability. Write a percentage such as 99.9, or none.`)
  return Math.round(share * 1e6) / 1e6
}

type ScheduleFlags = {
  daily?: boolean | undefined
  weekly?: boolean | undefined
  at?: { day: number | null; minute: number } | undefined
}

/** The schedule that the flags name, with the defaults for the rest; only a weekly report has a day of the week. */
export function readSchedule(
  { daily, weekly, at }: ScheduleFlags,
  defaults: { every: Report['every']; minute: number; day: number },
) {
  if (daily && weekly) throw invalid('weekly', 'Use --daily or --weekly, not both.')
  const every = weekly ? ('weekly' as const) : daily ? ('daily' as const) : defaults.every
  if (every === 'daily' && at && at.day !== null)
    throw invalid('at', 'A daily report has no day of the week. Remove the day, or use --weekly.')
  const minute = at?.minute ?? defaults.minute
  const day = at?.day ?? defaults.day
  return { every, cron: `${minute % 60} ${Math.floor(minute / 60)} * * ${every === 'weekly' ? day : '*'}` }
}

/** The time of day, in minutes, and the day of the week in a report's cron expression. */
export function timeOf({ cron }: Report): { minute: number; day: number } {
  const [minute, hour, , , day] = cron.split(' ')
  return { minute: Number(hour) * 60 + Number(minute), day: day === '*' ? 1 : Number(day) }
}
