// When a report comes, of which project and where it goes, as flags, and what they make of its row.
import { z } from 'zod'
import { completes } from '../../src/command/command.ts'
import type { Report } from '../../src/notifications/reports/reports.ts'
import { readHandover } from '../../src/notifications/routing/on-call.ts'
import { invalid } from '../../src/problem.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { projectName, readable } from '../context.ts'
import { toChannels } from './recipient-arguments.ts'

/** Takes a limit away. */
export const ALL = 'all'

/** The flags that `reports add` and `reports edit` share. */
export function reportFlags() {
  return {
    daily: z.boolean().optional().describe('Every day; this unless said'),
    weekly: z.boolean().optional().describe('Every week'),
    at: readable(text => {
      const read = readHandover(text)
      if (read === null) throw invalid('at', `"${text}" is no time. Write 09:00, or "Mon 09:00" for a weekly one.`)
      return read
    }, 40)
      .optional()
      .describe('When: 09:00, or "Mon 09:00" for a weekly one; 09:00 (on Mondays) unless said'),
    tz: completes(readable(timeZoneId, 64), 'zone').optional().describe('Time zone, that of Vakt unless said'),
    project: projectName().optional().describe('Only of this project; all is every one'),
    to: toChannels().optional().describe('Channels, with commas between them; every one unless said, or all'),
  }
}

type When = {
  daily?: boolean | undefined
  weekly?: boolean | undefined
  at?: { day: number | null; minute: number } | undefined
}

/** How often and at which time, where `usual` holds unless said; a day of the week belongs to a weekly one. */
export function readWhen({ daily, weekly, at }: When, usual: { every: Report['every']; minute: number; day: number }) {
  if (daily && weekly) throw invalid('weekly', 'Say --daily or --weekly, not both.')
  const every = weekly ? ('weekly' as const) : daily ? ('daily' as const) : usual.every
  if (every === 'daily' && at && at.day !== null)
    throw invalid('at', 'A daily report comes every day: leave the day out, or say --weekly.')
  const minute = at?.minute ?? usual.minute
  const day = at?.day ?? usual.day
  return { every, cron: `${minute % 60} ${Math.floor(minute / 60)} * * ${every === 'weekly' ? day : '*'}` }
}

/** The time that a report's cron expression stands for. */
export function timeOf({ cron }: Report): { minute: number; day: number } {
  const [minute, hour, , , day] = cron.split(' ')
  return { minute: Number(hour) * 60 + Number(minute), day: day === '*' ? 1 : Number(day) }
}
