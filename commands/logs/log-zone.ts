// The command for the time zone of a source whose times name none.
import { z } from 'zod'
import { applyResults } from '../../src/alerts/lifecycle.ts'
import { positional } from '../../src/command/command.ts'
import { zoneKey } from '../../src/detectors/logs/zone-watch.ts'
import { readSource, setSourceZone } from '../../src/logs/sources.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { isTimeZone, offsetOf, timeZoneId } from '../../src/time-zone.ts'
import { command, projectName, readable } from '../context.ts'

const NONE = 'none'
const MAX_CORRECTION_MINUTES = 26 * 60

const zone = command({
  name: 'logs zone',
  summary: 'Set the time zone of a source whose times name none',
  examples: ['logs zone till-7 --tz America/New_York', 'logs zone till-7 --tz none'],
  role: 'responder',
  args: {
    source: positional(z.string().min(1).max(200)).describe('Name of the source'),
    tz: readable(text => (text === NONE ? NONE : isTimeZone(text) ? text : timeZoneId(text)), 60)
      .optional()
      .describe('Time zone: Europe/Oslo, or an offset such as +01:00; none: that of its host, its project or Vakt'),
    correct: z
      .number()
      .int()
      .min(-MAX_CORRECTION_MINUTES)
      .max(MAX_CORRECTION_MINUTES)
      .optional()
      .describe('Minutes that its times are behind the clock'),
    project: projectName().optional().describe('Project (default: the project "default")'),
  },
  run({ source: name, tz, correct, project: projectName }, { state, config, now }) {
    const project = findProject(state, projectName)
    const source = readSource(state, project.id, name)
    if (!source)
      throw new Problem(
        'not_found',
        `There is no source "${name}" in the project ${project.name}. "logs top --by source" shows them.`,
        {
          fields: { source: 'no such source' },
        },
      )
    if ((tz === undefined) === (correct === undefined))
      throw invalid('tz', 'Name a zone with --tz, or a correction with --correct.')
    const assumed = source.timeZone ?? project.timeZone ?? config.timeZone
    const timeZone = correct === undefined ? (tz === NONE ? null : tz!) : correctedZone(assumed, correct, now)
    setSourceZone(state, project.id, name, timeZone)
    applyResults(state, [{ kind: 'resolved', key: zoneKey(project.id, name) }], now)
    return {
      card: {
        title: timeZone === null ? `${name}: no zone of its own` : `${name}: its times are read in ${timeZone}`,
        tone: 'good',
        lines: ['Lines that are stored keep their times.'],
      },
      result: { source: { name, project: project.name, time_zone: timeZone } },
    }
  },
})

/** The offset of a clock that shows `minutes` less than one in `assumed`: `-05:00`. */
function correctedZone(assumed: string, minutes: number, now: number): string {
  const total = Math.round(offsetOf(assumed, now) / 60_000) - minutes
  const size = Math.abs(total)
  const hours = String(Math.floor(size / 60)).padStart(2, '0')
  return `${total < 0 ? '-' : '+'}${hours}:${String(size % 60).padStart(2, '0')}`
}

export const logZoneCommands = [zone]
