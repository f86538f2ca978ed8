// The commands that add, show, list and edit checks.
import { z } from 'zod'
import { endRunAlerts, renameInAlerts } from '../../src/alerts/check-alerts.ts'
import type { Button, Row, Text } from '../../src/card.ts'
import { listBeats } from '../../src/checks/beats.ts'
import { SHOWN_STATUSES } from '../../src/checks/check.ts'
import { addCheck, countChecks, editCheck, listChecks } from '../../src/checks/checks.ts'
import { describeSchedule } from '../../src/checks/schedule.ts'
import { positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { invalid } from '../../src/problem.ts'
import { findProject } from '../../src/projects/projects.ts'
import { mapInSlices, readInPages } from '../../src/slices.ts'
import { plural } from '../../src/text.ts'
import { formatDuration } from '../../src/time.ts'
import { checkName, checkOf, command, projectName } from '../context.ts'
import {
  beatResult,
  checkCard,
  checkLine,
  checkResult,
  curlLine,
  dependencyLines,
  fullCheckResult,
  isLoopback,
  nameInLine,
  slugLines,
} from './check-card.ts'
import { activePeriodLines } from './check-next.ts'
import { outputEnd } from './check-output.ts'
import { checkSettings, draftOf, pastedLines, readSettings } from './check-settings.ts'
import { readNamedCalendars } from './named-calendars.ts'
import { furtherProbeSettings, probeDraft, probeSettings, splitSettings } from './probe-settings.ts'
import { addProbedCheck, editProbedCheck } from './probed-checks.ts'

const PAGE_SIZE = 15

const add = command({
  name: 'checks add',
  summary: 'Add a check: expect beats from a job, or probe a target, and alert when it fails',
  details:
    'Without --every, --cron or --on-calendar, Vakt expects a beat every day. Deadlines of a new check start with its first beat. With --probe, or --on and --run, Vakt looks for itself, every minute by default.',
  examples: [
    'checks add nightly-backup --cron "0 2 * * *" --grace 1h',
    'checks add report --cron "30 6 * * 1-5" --tz Europe/Oslo --max-runtime 20m',
    'checks add trimmer --on-calendar "Sat *-*-1..7 04:00" --except 2026-12-24..2027-01-01',
    'checks add shop --probe https://shop.example.org/health --every 1m --expect json.status=ok',
    'checks add database --probe tcp://db.example.org:5432 --lan',
  ],
  role: 'responder',
  args: {
    name: positional(z.string().trim().min(1).max(100)).describe('Name of the check'),
    ...probeSettings(),
    ...checkSettings(),
    project: projectName().optional().describe('Project of the check (default: the project "default")'),
    ...furtherProbeSettings(),
  },
  async run({ name, project, ...all }, context) {
    const { state, now } = context
    const { probe: probeFlags, check: settings } = splitSettings(all)
    await readNamedCalendars(settings.except, context)
    const { id: projectId, timeZone } = findProject(state, project)
    const probe = probeDraft(probeFlags, context)
    if (probe) return addProbedCheck({ name, projectId, timeZone, settings, probe }, context)
    const draft = draftOf(settings, context, timeZone ?? undefined, name)
    const check = addCheck(state, { ...draft, name, projectId }, now)
    return {
      card: {
        title: `Check ${check.name} added`,
        tone: 'good',
        lines: [
          `Vakt waits for the first beat. Then it expects ${describeSchedule(check)}, with a grace period of ${formatDuration(check.grace)}.`,
          ...activePeriodLines(check, now),
          ...dependencyLines(check, context),
          ...slugLines(check, context),
          ...pastedLines(settings),
          ...(isLoopback(context.publicUrl)
            ? [
                'The URL below works only on the machine that runs Vakt. For jobs on other machines, set HOST and PUBLIC_URL.',
              ]
            : []),
          context.by.isPublic
            ? `The ping URL is a secret, and everybody reads this: npx vakt checks show ${quoteWord(check.name)}`
            : 'Add this line to the end of the job:',
        ],
        ...(context.by.isPublic
          ? {}
          : {
              code: { text: curlLine(check, context), language: 'sh' },
              buttons: [{ label: 'Show', line: `checks show ${check.uuid}` }],
            }),
      },
      result: checkResult(context, check),
    }
  },
})

const edit = command({
  name: 'checks edit',
  summary: 'Change the settings of a check',
  details:
    '"none" removes a setting: --owner none. An edit never fires an alert by itself: a deadline that it would move into the past counts from now.',
  examples: [
    'checks edit nightly-backup --grace 2h',
    'checks edit report --active "Mon-Fri 06:00-20:00"',
    'checks edit report --rename weekday-report',
  ],
  role: 'responder',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    ...probeSettings(),
    ...checkSettings(),
    rename: z.string().trim().min(1).max(100).optional().describe('New name; the slug in the ping URL changes with it'),
    project: projectName().optional().describe('Project of the check, if several projects have a check of that name'),
    ...furtherProbeSettings(),
  },
  async run({ name, project, rename, ...all }, context) {
    const { state, now } = context
    const { probe, check: settings } = splitSettings(all)
    checkOf(context, name, project)
    await readNamedCalendars(settings.except, context)
    // Reading a calendar takes a while, in which beats arrive: the check is read after it. All is changed, or nothing.
    const { check, edited } = state.transaction(() => {
      const check = checkOf(context, name, project)
      const probeChanged = editProbedCheck(check, probe, settings, context)
      const changes = readSettings(settings, check, context)
      if (Object.keys(changes).length === 0 && rename === undefined && !probeChanged)
        throw invalid('settings', 'Say what to change, such as --grace 2h.')
      const renamed = rename === undefined ? changes : { ...changes, name: rename }
      const edited = Object.keys(renamed).length === 0 ? check : editCheck(state, check, renamed, now)
      endRunAlerts(state, edited, edited, context.by.name, now)
      renameInAlerts(state, check, edited)
      return { check, edited }
    })
    const card = checkCard(edited, context)
    return {
      card: {
        ...card,
        lines: [
          ...card.lines,
          ...activePeriodLines(edited, now),
          ...pastedLines(settings),
          ...(edited.slug === check.slug ? [] : slugLines(edited, context)),
        ],
      },
      result: fullCheckResult(context, edited),
    }
  },
})

const show = command({
  name: 'checks show',
  summary: 'Show a check: status, next deadline, ping URL and settings',
  examples: ['checks show nightly-backup'],
  role: 'viewer',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    project: projectName().optional().describe('Project of the check'),
  },
  run({ name, project }, context) {
    const check = checkOf(context, name, project)
    return { card: checkCard(check, context), result: fullCheckResult(context, check) }
  },
})

const list = command({
  name: 'checks list',
  summary: 'List checks with their status',
  examples: ['checks list', 'checks list --status down', 'checks list backup'],
  role: 'viewer',
  args: {
    matching: positional(z.string().max(100).optional()).describe('Only checks whose name contains this text'),
    project: projectName().optional().describe('Only checks of this project'),
    status: z.enum(SHOWN_STATUSES).optional().describe('Only checks with this status'),
    page: z.number().int().min(1).optional().describe('Page number'),
    limit: z
      .number()
      .int()
      .min(1)
      .max(20_000)
      .optional()
      .describe('Checks per page (default: 15 for people, all for scripts)'),
  },
  async run({ matching, project, status, page = 1, limit: size }, context) {
    const { state, now } = context
    const filter = {
      ...(matching === undefined ? {} : { matching }),
      ...(status === undefined ? {} : { status: { shown: status, at: now } }),
      ...(project === undefined ? {} : { projectId: findProject(state, project).id }),
    }
    const total = countChecks(state, filter)
    const limit = size ?? PAGE_SIZE
    // People read pages; scripts get all checks unless they ask for a page.
    const paged = context.interactive || page > 1 || size !== undefined
    const first = paged ? (page - 1) * limit : 0
    const last = paged ? first + limit : Number.POSITIVE_INFINITY
    // Thousands of checks are read and shown in slices, so that no beat waits for them.
    const found = await readInPages((max, offset) =>
      listChecks(state, { ...filter, limit: Math.min(max, last - first - offset), offset: first + offset }),
    )
    const pages = Math.max(1, Math.ceil(total / limit))
    const flags = { matching, project, status, limit: size }
    const pageButton = (label: string, to: number): Button => ({ label, line: listLine({ ...flags, page: to }) })
    const rows = found.slice(0, limit).map((check): Row => {
      const line = `checks show ${nameInLine(check, context)}`
      return { name: check.name, text: checkLine(check, now), action: { label: 'Show', line } }
    })
    return {
      card: {
        title: total === 0 ? 'No checks' : plural(total, 'check'),
        tone: 'plain',
        ...(rows.length > 0 ? { rows } : { lines: [emptyList(total, page, pages, Object.keys(filter).length > 0)] }),
        page: {
          ...(pages > 1 && page <= pages ? { text: `Page ${page} of ${pages}` } : {}),
          ...(page > pages
            ? { previous: pageButton('Last page', pages) }
            : page > 1
              ? { previous: pageButton('Previous', page - 1) }
              : {}),
          ...(page < pages ? { next: pageButton('Next', page + 1) } : {}),
        },
      },
      result: { checks: await mapInSlices(found, check => checkResult(context, check).check), total },
    }
  },
})

const beats = command({
  name: 'checks beats',
  summary: 'Show the latest beats of a check, newest first',
  examples: ['checks beats nightly-backup --limit 20'],
  role: 'viewer',
  args: {
    name: checkName().describe('Name, slug or uuid of the check'),
    limit: z.number().int().min(1).max(100).optional().describe('Number of beats (default: 10)'),
    project: projectName().optional().describe('Project of the check'),
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
        ` · ${beat.method} from ${beat.remoteAddress}${exit}${took}${beat.rid === null ? '' : `, run ${beat.rid}`}`,
        ...outputEnd(beat, check, context),
      ]
    })
    return {
      card: {
        title: `Latest beats of ${check.name}`,
        tone: 'plain',
        lines: lines.length > 0 ? lines : ['No beats yet.'],
        ...(found.some(({ body }) => body !== null)
          ? { buttons: [{ label: 'Output', line: `checks output ${nameInLine(check, context)}` }] }
          : {}),
      },
      result: {
        beats: found.map(beat => beatResult(beat, check, context)),
      },
    }
  },
})

export const checkCommands = [add, list, show, beats, edit]

/** The command line that shows another page of the same list. */
function listLine(flags: Record<string, string | number | undefined>): string {
  const written = Object.entries(flags).filter(([, value]) => value !== undefined)
  return ['checks list', ...written.map(([name, value]) => `--${name}=${quoteWord(String(value))}`)].join(' ')
}

function emptyList(total: number, page: number, pages: number, filtered: boolean): string {
  if (total > 0)
    return pages === 1
      ? `There is no page ${page}; page 1 shows all checks.`
      : `There is no page ${page}; the last page is ${pages}.`
  return filtered ? 'No check matches.' : '"checks add nightly-backup --every 1d" adds one.'
}
