// Checks: the jobs whose beats Vakt waits for; added, looked at and edited.
import { z } from 'zod'
import type { Button, Text } from '../src/card.ts'
import { listBeats } from '../src/checks/beats.ts'
import { type Check, nextDue } from '../src/checks/check.ts'
import { addCheck, countChecks, editCheck, listChecks } from '../src/checks/checks.ts'
import { describeSchedule } from '../src/checks/schedule.ts'
import { completes, positional } from '../src/command.ts'
import { quoteWord } from '../src/command-line.ts'
import { invalid } from '../src/problem.ts'
import { findProject } from '../src/projects/projects.ts'
import { formatDuration, isoTime } from '../src/time.ts'
import { beatResult, checkCard, checkLine, checkResult, curlLine } from './check-card.ts'
import { checkSettings, draftOf, readSettings } from './check-settings.ts'
import { type Context, checkName, checkOf, command, instant, projectName, readInstant } from './context.ts'

const PAGE = 15

const add = command({
  name: 'checks add',
  summary: 'Wait for the beats of a job, and alert when one does not come',
  details:
    'Without --every or --cron a beat is awaited every day. A new check begins to be judged with its first beat.',
  examples: [
    'checks add nightly-backup --every 1d --grace 1h',
    'checks add report --cron "30 6 * * 1-5" --tz Europe/Oslo --max-runtime 20m',
  ],
  role: 'responder',
  args: {
    name: positional(z.string().trim().min(1).max(100)).describe('A name for the job'),
    ...checkSettings(),
    project: projectName().optional().describe('The project it belongs to, default unless said'),
  },
  run({ name, project, ...settings }, context) {
    const { state, now } = context
    const check = addCheck(
      state,
      { ...draftOf(settings, context), name, projectId: findProject(state, project).id },
      now,
    )
    return {
      card: {
        title: `The check ${check.name} waits for its first beat`,
        tone: 'good',
        lines: [
          `It then expects ${describeSchedule(check)}, with ${formatDuration(check.grace)} of grace.`,
          'Put this at the end of the job:',
        ],
        code: { text: curlLine(check, context), language: 'sh' },
        buttons: [{ label: 'Show', line: `checks show ${check.uuid}` }],
      },
      result: checkResult(context, check),
    }
  },
})

const edit = command({
  name: 'checks edit',
  summary: 'Change the settings of a check',
  details:
    '"none" takes a setting away: --owner none. An edit never causes an alert by itself: what it would make overdue is counted from now.',
  examples: [
    'checks edit nightly-backup --grace 2h',
    'checks edit report --active "Mon-Fri 06:00-20:00"',
    'checks edit report --rename weekday-report',
  ],
  role: 'responder',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    ...checkSettings(),
    rename: z.string().trim().min(1).max(100).optional().describe('A new name; its slug URL changes with it'),
    project: projectName().optional().describe('Its project, when several have a check of that name'),
  },
  run({ name, project, rename, ...settings }, context) {
    const { state, now } = context
    const check = checkOf(context, name, project)
    const changes = readSettings(settings, check, context)
    if (Object.keys(changes).length === 0 && rename === undefined)
      throw invalid('settings', 'Say what to change, such as --grace 2h.')
    const edited = editCheck(state, check, { ...changes, ...(rename === undefined ? {} : { name: rename }) }, now)
    return { card: checkCard(edited, context), result: checkResult(context, edited) }
  },
})

const show = command({
  name: 'checks show',
  summary: 'Show a check: how it is doing, when it is due, its ping URL and settings',
  examples: ['checks show nightly-backup'],
  role: 'viewer',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    project: projectName().optional().describe('Its project'),
  },
  run({ name, project }, context) {
    const check = checkOf(context, name, project)
    return { card: checkCard(check, context), result: checkResult(context, check) }
  },
})

const list = command({
  name: 'checks list',
  summary: 'Show all checks and how they are doing',
  examples: ['checks list', 'checks list --status down', 'checks list backup'],
  role: 'viewer',
  args: {
    matching: positional(z.string().max(100).optional()).describe('Only checks with this in their name'),
    project: projectName().optional().describe('Only of this project'),
    status: z.enum(['new', 'up', 'down', 'paused']).optional().describe('Only with this status'),
    page: z.number().int().min(1).optional().describe('Which page'),
    limit: z.number().int().min(1).max(20_000).optional().describe('How many a page, 15 unless said'),
  },
  run({ matching, project, status, page = 1, limit = PAGE }, context) {
    const { state, now } = context
    const filter = {
      ...(matching === undefined ? {} : { matching }),
      ...(status === undefined ? {} : { status }),
      ...(project === undefined ? {} : { projectId: findProject(state, project).id }),
    }
    const total = countChecks(state, filter)
    // A person reads pages; a script wants them all unless it asks for pages.
    const all = listChecks(
      state,
      context.interactive || page > 1 || limit !== PAGE ? { ...filter, limit, offset: (page - 1) * limit } : filter,
    )
    const shown = all.slice(0, limit)
    const line = [
      'checks list',
      matching && quoteWord(matching),
      project && `--project ${project}`,
      status && `--status ${status}`,
    ]
      .filter(Boolean)
      .join(' ')
    const buttons: Button[] = [
      ...(page > 1 ? [{ label: 'Previous', line: `${line} --page ${page - 1}` }] : []),
      ...(page * limit < total ? [{ label: 'Next', line: `${line} --page ${page + 1}` }] : []),
    ]
    const empty =
      Object.keys(filter).length > 0
        ? 'No check fits.'
        : 'There are none yet. Add one: checks add nightly-backup --every 1d'
    return {
      card: {
        title: `${total} ${total === 1 ? 'check' : 'checks'}`,
        tone: 'plain',
        lines: total === 0 ? [empty] : shown.map(check => checkLine(check, now)),
        buttons,
        ...(total > limit ? { footer: `Page ${page} of ${Math.ceil(total / limit)}` } : {}),
      },
      result: { checks: all.map(check => checkResult(context, check).check), total },
    }
  },
})

const beats = command({
  name: 'checks beats',
  summary: 'Show the last beats of a check, newest first',
  examples: ['checks beats nightly-backup --limit 20'],
  role: 'viewer',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    limit: z.number().int().min(1).max(100).optional().describe('How many, 10 unless said'),
    project: projectName().optional().describe('Its project'),
  },
  run({ name, limit = 10, project }, context) {
    const check = checkOf(context, name, project)
    const found = listBeats(context.state, check.id, limit)
    const lines = found.map((beat): Text => {
      const took = beat.duration === null ? '' : `, took ${formatDuration(beat.duration)}`
      const exit = beat.exitStatus === null ? '' : `, exit status ${beat.exitStatus}`
      return [
        { bold: beat.kind },
        ' · ',
        { time: beat.receivedAt, style: 'moment' },
        ` · ${beat.method} from ${beat.remoteAddress}${exit}${took}`,
      ]
    })
    return {
      card: {
        title: `Last beats of ${check.name}`,
        tone: 'plain',
        lines: lines.length > 0 ? lines : ['None has come yet.'],
      },
      result: {
        beats: found.map(beatResult),
      },
    }
  },
})

const next = command({
  name: 'checks next',
  summary: 'Show when beats are due next, of a check or of any schedule',
  examples: ['checks next nightly-backup --count 5', 'checks next --cron "0 2 * * *" --tz Europe/Oslo'],
  role: 'viewer',
  args: {
    name: completes(positional(z.string().max(100).optional()), 'check').describe('Name, slug or uuid of the check'),
    ...pickSchedule(),
    from: instant().optional().describe('From when, now unless said'),
    count: z.number().int().min(1).max(100).optional().describe('How many, 5 unless said'),
    project: projectName().optional().describe('Its project'),
  },
  run({ name, from, count = 5, project, ...schedule }, context) {
    const check = name === undefined ? scheduleOnly(schedule, context) : checkOf(context, name, project)
    const start = readInstant('from', from, context)
    const due = dueTimes(check, start ?? (check.lateAt === null ? context.now : check.lateAt - 1), count)
    return {
      card: {
        title: name === undefined ? 'That schedule is due' : `${check.name} is due`,
        tone: 'plain',
        lines:
          due.length > 0
            ? due.map((one): Text => [{ time: one, style: 'moment' }, ' (', { time: one, style: 'relative' }, ')'])
            : ['Never again.'],
        footer: describeSchedule(check),
      },
      result: { due: due.map(one => isoTime(one)) },
    }
  },
})

export const checkCommands = [add, list, show, beats, next, edit]

function pickSchedule() {
  const { every, cron, tz, active } = checkSettings()
  return { every, cron, tz, active }
}

function dueTimes(check: Check, after: number, count: number): number[] {
  const due: number[] = []
  let at = nextDue(check, after)
  // A period counts from the due time that is known, not from the instant before it.
  if (check.lateAt !== null && after === check.lateAt - 1) at = check.lateAt
  while (at !== null && due.length < count) {
    due.push(at)
    at = nextDue(check, at)
  }
  return due
}

function scheduleOnly(schedule: Parameters<typeof draftOf>[0], context: Context): Check {
  if (schedule.every === undefined && schedule.cron === undefined) {
    throw invalid('name', 'Say which check, or a schedule: checks next --cron "0 2 * * *" --tz Europe/Oslo.')
  }
  return { name: 'schedule', lateAt: null, ...draftOf(schedule, context) } as Check
}
