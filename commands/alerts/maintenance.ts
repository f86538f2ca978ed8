// Maintenance: planned work, once or by cron, during which what it touches alerts nobody.
import { z } from 'zod'
import { readMatcher } from '../../src/alerts/matcher.ts'
import {
  addMaintenance,
  beginWindows,
  cronWindow,
  endWindow,
  findMaintenance,
  listMaintenances,
  type Maintenance,
  removeMaintenance,
} from '../../src/alerts/suppression/maintenance-windows.ts'
import { countSuppressed } from '../../src/alerts/suppression/suppressed-alerts.ts'
import { reevaluateSuppressions } from '../../src/alerts/suppression/suppressions.ts'
import type { Text } from '../../src/card.ts'
import { cronSchedule } from '../../src/checks/cron.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { invalid, Problem } from '../../src/problem.ts'
import { findProject, readProjectById } from '../../src/projects/projects.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import { timeZoneId } from '../../src/time-zone.ts'
import { confirmation } from '../confirmation.ts'
import {
  type Context,
  command,
  counted,
  duration,
  instant,
  projectName,
  readable,
  readInstant,
  yes,
} from '../context.ts'

const named = () => completes(positional(z.string().trim().min(1).max(60)), 'maintenance').describe('Its name')
const inProject = () => projectName().optional().describe('Only of this project')

const add = command({
  name: 'maintenance add',
  summary: 'Plan work during which some alerts are held back, once or again and again',
  details:
    'Give either --from with --for (from now unless said), or --cron with --for. What still goes on when a window ends is told then.',
  examples: [
    'maintenance add deploy --matcher source:api --for 30m',
    'maintenance add move --matcher "host:web-*" --from 2026-12-01T22:00:00Z --for 4h',
    'maintenance add backups --matcher host:db-1 --cron "0 2 * * 0" --tz Europe/Oslo --for 3h',
  ],
  role: 'responder',
  args: {
    name: named(),
    matcher: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .describe('Which alerts, as for "silence add": host:db-1, source:api, check:nightly-*'),
    for: duration(60_000).describe('How long a window lasts, such as 30m or 4h'),
    from: instant().optional().describe('When it begins: 2026-12-01T22:00:00Z or "2026-12-01 22:00"'),
    cron: z.string().max(200).optional().describe('When each window begins, as a cron expression: "0 2 * * 0"'),
    tz: completes(readable(timeZoneId, 64), 'zone').optional().describe('The time zone of --cron and --from'),
    project: projectName().optional().describe('Only alerts of this project'),
  },
  run({ name, matcher, for: lasts, from, cron, tz, project }, context) {
    const { state, now, by, config } = context
    readMatcher(matcher)
    if (cron !== undefined && from !== undefined) throw invalid('cron', 'Give either --cron or --from, not both.')
    const timeZone = tz ?? config.timeZone
    const zoned = { ...context, config: { ...config, timeZone } }
    const window =
      cron === undefined ? once(readInstant('from', from, zoned) ?? now, lasts, now) : again(cron, timeZone, lasts, now)
    const projectId = project === undefined ? null : findProject(state, project).id
    addMaintenance(
      state,
      { projectId, name, matcher, cron: cron ?? null, timeZone, duration: lasts, by: by.name, ...window },
      now,
    )
    beginWindows(state, now)
    reevaluateSuppressions(state, now)
    const added = findMaintenance(state, name)
    return { card: maintenanceCard(added, context), result: maintenanceResult(context, added) }
  },
})

const list = command({
  name: 'maintenance list',
  summary: 'Show the planned work: what is on, what comes next, what is over',
  role: 'viewer',
  args: { project: inProject() },
  run({ project }, context) {
    const found = listMaintenances(
      context.state,
      project === undefined ? undefined : findProject(context.state, project).id,
    )
    return {
      card: {
        title: found.length === 0 ? 'No maintenance is planned' : `${found.length} planned`,
        tone: 'plain',
        lines:
          found.length === 0
            ? ['"maintenance add deploy --matcher source:api --for 30m" begins one now.']
            : found.slice(0, 25).map(one => maintenanceLine(one, context.now)),
      },
      result: { maintenance: found.map(one => maintenanceResult(context, one).maintenance) },
    }
  },
})

const show = command({
  name: 'maintenance show',
  summary: 'Show planned work and what it holds back',
  examples: ['maintenance show backups'],
  role: 'viewer',
  args: { name: named(), project: inProject() },
  run({ name, project }, context) {
    const one = maintenanceOf(context, name, project)
    return { card: maintenanceCard(one, context), result: maintenanceResult(context, one) }
  },
})

const end = command({
  name: 'maintenance end',
  summary: 'End the window that is on; the next one of a cron still comes',
  examples: ['maintenance end deploy'],
  role: 'responder',
  args: { name: named(), project: inProject() },
  run({ name, project }, context) {
    const { state, now } = context
    const one = maintenanceOf(context, name, project)
    if (one.ended || one.startsAt > now) throw new Problem('conflict', `No window of "${name}" is on now.`)
    const open = countSuppressed(state, { kind: 'maintenance', id: one.id })
    const ended = endWindow(state, one, now, true)
    reevaluateSuppressions(state, now)
    const card = maintenanceCard(ended, context)
    const said = `The window is over. It held back ${counted(one.suppressedCount, 'alert')}; ${open} still open.`
    return { card: { ...card, lines: [said, ...card.lines] }, result: maintenanceResult(context, ended) }
  },
})

const remove = command({
  name: 'maintenance remove',
  summary: 'Take planned work out of the plan, with all its windows',
  examples: ['maintenance remove backups'],
  role: 'responder',
  args: { name: named(), project: inProject(), yes: yes() },
  run({ name, project, yes }, context) {
    const one = maintenanceOf(context, name, project)
    if (context.interactive && !yes && !one.ended) {
      const line = `maintenance remove ${quoteWord(one.name)}`
      return confirmation(`Remove the maintenance ${one.name}?`, [maintenanceLine(one, context.now)], { line })
    }
    const result = maintenanceResult(context, one)
    removeMaintenance(context.state, one)
    reevaluateSuppressions(context.state, context.now)
    return { card: { title: `The maintenance ${one.name} is removed`, tone: 'muted' }, result }
  },
})

export const maintenanceCommands = [add, list, show, end, remove]

function once(startsAt: number, lasts: number, now: number) {
  if (startsAt + lasts > now) return { startsAt, endsAt: startsAt + lasts }
  throw invalid('from', 'That window would be over already.')
}

function again(cron: string, timeZone: string, duration: number, now: number) {
  cronSchedule(cron, timeZone)
  const window = cronWindow({ cron, timeZone, duration }, now)
  if (window) return window
  throw invalid('cron', `"${cron}" never comes due any more.`)
}

function maintenanceOf({ state }: Context, name: string, project: string | undefined): Maintenance {
  return findMaintenance(state, name, project === undefined ? undefined : findProject(state, project).id)
}

function maintenanceCard(one: Maintenance, { state, now }: Context) {
  const on = !one.ended && one.startsAt <= now
  const buttons = [
    ...(on ? [{ label: 'End it', line: `maintenance end ${quoteWord(one.name)}` }] : []),
    ...(one.ended ? [] : [{ label: 'Remove', line: `maintenance remove ${quoteWord(one.name)}` }]),
  ]
  const held = on
    ? [`It holds back ${counted(countSuppressed(state, { kind: 'maintenance', id: one.id }), 'open alert')} now.`]
    : []
  return {
    title: `Maintenance ${one.name}: ${one.ended ? 'over' : on ? 'on' : 'planned'}`,
    tone: 'muted' as const,
    lines: [maintenanceLine(one, now), ...held],
    buttons,
  }
}

function maintenanceLine(one: Maintenance, now: number): Text {
  const when = one.cron === null ? '' : ` at "${one.cron}" (${one.timeZone})`
  const window: Text = one.ended
    ? ['over since ', { time: one.endsAt, style: 'moment' }]
    : one.startsAt <= now
      ? ['on until ', { time: one.endsAt, style: 'moment' }]
      : ['next ', { time: one.startsAt, style: 'moment' }]
  return [
    { bold: one.name },
    ' · ',
    { code: one.matcher },
    ` · ${formatDuration(one.duration)}${when}, by ${one.by} · `,
    ...window,
  ]
}

function maintenanceResult({ state, now }: Context, one: Maintenance) {
  return {
    maintenance: {
      name: one.name,
      matcher: one.matcher,
      project: one.projectId === null ? null : (readProjectById(state, one.projectId)?.name ?? null),
      state: one.ended ? 'over' : one.startsAt <= now ? 'on' : 'planned',
      cron: one.cron,
      time_zone: one.timeZone,
      duration_ms: one.duration,
      starts_at: isoTime(one.startsAt),
      ends_at: isoTime(one.endsAt),
      held: one.suppressedCount,
      by: one.by,
    },
  }
}
