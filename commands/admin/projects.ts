// The commands for projects: their ping keys, limits and retention.

import { z } from 'zod'
import { endProjectAlerts } from '../../src/alerts/lifecycle.ts'
import { formatBinaryBytes } from '../../src/bytes.ts'
import { countChecks } from '../../src/checks/checks.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { countArchives } from '../../src/logs/archives.ts'
import { scopeToProject } from '../../src/logs/query/scope-query.ts'
import { Problem } from '../../src/problem.ts'
import {
  addProject,
  editProject,
  findProject,
  listProjects,
  type Project,
  removeProject,
  rotatePingKey,
} from '../../src/projects/projects.ts'
import { plural } from '../../src/text.ts'
import { formatDuration, isoTime, SECOND } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, duration, hidesPingUrls, readable, yes } from '../context.ts'
import { readPrivacy, readTagRetention, readZone, size } from './project-settings.ts'

const NONE = 'none'
const COUNT_TIMEOUT_MS = 2 * SECOND
/** The positional project argument of commands about a project. */
export const projectArgument = () =>
  completes(positional(z.string().max(64)), 'project').describe('Name of the project')

const add = command({
  name: 'projects add',
  summary: 'Add a project: its own checks, logs and keys',
  examples: ['projects add shop'],
  role: 'admin',
  args: { name: positional(z.string().max(64)).describe('Lowercase letters, digits, - and _') },
  run({ name }, context) {
    const project = addProject(context.state, name, context.now)
    return { card: projectCard(project, context), result: projectResult(project, context) }
  },
})

const list = command({
  name: 'projects list',
  summary: 'List projects',
  role: 'viewer',
  args: {},
  run(_, context) {
    const projects = listProjects(context.state)
    return {
      card: {
        title: plural(projects.length, 'project'),
        tone: 'plain',
        rows: projects.map(({ id, name }) => ({
          name,
          text: [{ bold: name }, `, ${plural(countChecks(context.state, { projectId: id }), 'check')}`],
          action: { label: 'Show', line: `projects show ${quoteWord(name)}` },
        })),
      },
      result: { projects: projects.map(project => projectResult(project, context).project) },
    }
  },
})

const show = command({
  name: 'projects show',
  summary: 'Show a project: ping key and limits',
  role: 'admin',
  changes: false,
  args: { project: projectArgument().optional().describe('Name of the project (default: the project "default")') },
  run({ project: name }, context) {
    const project = findProject(context.state, name)
    return { card: projectCard(project, context), result: projectResult(project, context) }
  },
})

const edit = command({
  name: 'projects edit',
  summary: 'Change the settings and limits of a project',
  examples: ['projects edit shop --rate-limit 60000 --retention 30d', 'projects edit shop --remind 1h'],
  role: 'admin',
  args: {
    project: projectArgument(),
    rateLimit: z.number().int().min(0).max(100_000_000).optional().describe('Log lines per minute; 0 means no limit'),
    retention: z
      .union([z.literal(NONE), duration(60_000)])
      .optional()
      .describe('How long log lines are stored; none means the RETENTION setting'),
    remind: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('Time between reminders of an unacknowledged alert; none means no reminders'),
    ackTimeout: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('How long an acknowledgement lasts; none means until the alert resolves'),
    addressLimit: z
      .number()
      .int()
      .min(0)
      .max(100_000_000)
      .optional()
      .describe('Log lines per minute from one address; 0 means no limit'),
    emitterLimit: z
      .number()
      .int()
      .min(0)
      .max(100_000_000)
      .optional()
      .describe('Log lines per minute from one source of a host; 0 means no limit'),
    maxBody: size().optional().describe('Maximum size of a log request, such as 2MiB or 20MiB'),
    maxLines: z.number().int().min(1).max(100_000).optional().describe('Maximum number of lines in a log request'),
    maxMessage: size().optional().describe('Maximum size of the message of a log line, such as 64KiB'),
    tagRetention: readable(readTagRetention, 500)
      .optional()
      .describe('How long lines with a tag are stored: "payments=30d debug=1h", or none'),
    privacy: readable(readPrivacy, 200)
      .optional()
      .describe(
        'Treatment of personal data in logs: keep, mask or encrypt for email, ip, phone and iban, such as "email=mask ip=keep"',
      ),
    newPingKey: z.boolean().optional().describe('Replace the ping key; slug URLs with the old one stop working'),
    tz: readable(readZone, 60)
      .optional()
      .describe('Time zone of times in log lines that name none, such as Europe/Oslo; none means that of Vakt'),
    rename: z.string().max(64).optional().describe('New name: lowercase letters, digits, - and _'),
  },
  run({ project: name, rateLimit, retention, remind, ackTimeout, newPingKey, rename, ...logs }, context) {
    const project = findProject(context.state, name)
    refuseRename(context, rename)
    refuseRaisedLimits(context, project, { rateLimit, retention, ...logs })
    let edited = editProject(context.state, project.id, {
      ...(rateLimit === undefined ? {} : { rateLimit }),
      ...(retention === undefined ? {} : { retention: retention === NONE ? null : retention }),
      ...(remind === undefined ? {} : { remindEvery: remind === NONE ? 0 : remind }),
      ...(ackTimeout === undefined ? {} : { ackTimeout: ackTimeout === NONE ? 0 : ackTimeout }),
      ...(rename === undefined ? {} : { name: rename }),
      ...(logs.addressLimit === undefined ? {} : { addressLimit: logs.addressLimit }),
      ...(logs.emitterLimit === undefined ? {} : { emitterLimit: logs.emitterLimit }),
      ...(logs.maxBody === undefined ? {} : { bodyLimit: logs.maxBody }),
      ...(logs.maxLines === undefined ? {} : { lineLimit: logs.maxLines }),
      ...(logs.maxMessage === undefined ? {} : { messageLimit: logs.maxMessage }),
      ...(logs.tagRetention === undefined ? {} : { tagRetention: logs.tagRetention }),
      ...(logs.privacy === undefined ? {} : { privacy: logs.privacy }),
      ...(logs.tz === undefined ? {} : { timeZone: logs.tz }),
    })
    if (newPingKey) edited = rotatePingKey(context.state, project.id)
    return { card: projectCard(edited, context), result: projectResult(edited, context) }
  },
})

/** Throws `forbidden` when a key of the project renames it: what belongs to all projects goes by its name. */
function refuseRename({ by }: Context, rename: string | undefined): void {
  if (rename === undefined || by.project === undefined) return
  throw new Problem(
    'forbidden',
    'A key of a project cannot rename it: silences, routes and roles go by the name. Use the admin key.',
  )
}

type Limits = {
  rateLimit?: number | undefined
  addressLimit?: number | undefined
  emitterLimit?: number | undefined
  maxBody?: number | undefined
  maxLines?: number | undefined
  maxMessage?: number | undefined
  retention?: number | typeof NONE | undefined
  tagRetention?: Record<string, number> | undefined
}

/** Throws `forbidden` when a key of the project raises a limit: those are set for the project, not by it. It may lower them. */
function refuseRaisedLimits({ by, config }: Context, project: Project, limits: Limits): void {
  if (by.project === undefined) return
  const kept = project.retention ?? config.retentionMs
  const endless = (perMinute: number) => (perMinute === 0 ? Number.POSITIVE_INFINITY : perMinute)
  const raised = [
    limits.rateLimit !== undefined && endless(limits.rateLimit) > endless(project.rateLimit) && '--rate-limit',
    limits.addressLimit !== undefined &&
      endless(limits.addressLimit) > endless(project.addressLimit) &&
      '--address-limit',
    limits.emitterLimit !== undefined &&
      endless(limits.emitterLimit) > endless(project.emitterLimit) &&
      '--emitter-limit',
    limits.maxBody !== undefined && limits.maxBody > project.bodyLimit && '--max-body',
    limits.maxLines !== undefined && limits.maxLines > project.lineLimit && '--max-lines',
    limits.maxMessage !== undefined && limits.maxMessage > project.messageLimit && '--max-message',
    limits.retention !== undefined &&
      (limits.retention === NONE ? config.retentionMs : limits.retention) > kept &&
      '--retention',
    Object.entries(limits.tagRetention ?? {}).some(
      ([tag, ms]) => ms > Math.max(kept, project.tagRetention[tag] ?? 0),
    ) && '--tag-retention',
  ].filter(flag => flag !== false)
  if (raised.length === 0) return
  throw new Problem(
    'forbidden',
    `A key of the project ${project.name} cannot raise its limits (${raised.join(', ')}). Ask an admin of Vakt, or use the admin key.`,
  )
}

const remove = command({
  name: 'projects remove',
  summary: 'Remove a project with its checks, beats, keys and log lines',
  role: 'admin',
  args: { project: projectArgument(), yes: yes() },
  async run({ project: name, yes }, context) {
    const project = findProject(context.state, name)
    if (context.interactive && !yes) {
      const checks = plural(countChecks(context.state, { projectId: project.id }), 'check')
      const archived =
        countArchives(context.state).archives > 0
          ? ['Archives still contain their lines; "logs archives" shows them.']
          : []
      return confirmation(
        `Remove the project ${project.name}?`,
        [
          `${checks} with all beats, ${await countLines(project, context)}, and all its keys are deleted, and its open alerts are resolved. This cannot be undone.`,
          ...archived,
        ],
        { line: `projects remove ${project.name}` },
      )
    }
    const result = projectResult(project, context)
    context.state.transaction(() => {
      // Alerts are resolved while they still belong to the project; if it cannot be removed, the transaction undoes this.
      endProjectAlerts(context.state, project.id, context.by.name, context.now)
      removeProject(context.state, project, context.now)
    })
    // The project is gone, whatever becomes of its lines: nobody sees them, and the maintenance deletes what this leaves.
    const lines = await context.purgeRemoved().catch(() => null)
    return {
      card: {
        title: `Project ${project.name} removed`,
        tone: 'muted',
        lines: [lines === null ? 'Its log lines are deleted within an hour.' : `${plural(lines, 'log line')} deleted.`],
      },
      result: { ...result, removed_lines: lines },
      ...(lines === null ? {} : { audit: { count: lines } }),
    }
  },
})

/** The log lines of a project, counted for people. */
async function countLines(project: Project, { store }: Context): Promise<string> {
  if (!store) return 'no log lines'
  const { total, atLeast } = await store.count(
    scopeToProject({ where: null, from: null, until: null }, project.name),
    COUNT_TIMEOUT_MS,
  )
  return `${atLeast ? 'at least ' : ''}${plural(total, 'log line')}`
}

export const projectCommands = [add, list, show, edit, remove]

function projectCard(project: Project, context: Context) {
  const isHidden = hidesPingUrls(context)
  return {
    title: `Project ${project.name}`,
    tone: 'plain' as const,
    lines: [
      isHidden
        ? `The ping key is a secret, and everybody reads this: npx vakt projects show ${project.name}`
        : 'A job can create its own check with its first beat:',
    ],
    fields: [
      ...(isHidden ? [] : [{ name: 'Ping key', value: [{ code: project.pingKey }], inline: true }]),
      {
        name: 'Log lines per minute',
        value: project.rateLimit === 0 ? 'no limit' : String(project.rateLimit),
        inline: true,
      },
      ...(project.emitterLimit === 0
        ? []
        : [{ name: 'Log lines per minute and source', value: String(project.emitterLimit), inline: true }]),
      ...(project.addressLimit === 0
        ? []
        : [{ name: 'Log lines per minute and address', value: String(project.addressLimit), inline: true }]),
      { name: 'Log retention', value: formatDuration(project.retention ?? context.config.retentionMs), inline: true },
      {
        name: 'Limit of a log request',
        value: `${formatBinaryBytes(project.bodyLimit)}, ${project.lineLimit} lines`,
        inline: true,
      },
      ...Object.entries(project.tagRetention).map(([tag, ms]) => ({
        name: `Retention of tag ${tag}`,
        value: formatDuration(ms),
        inline: true,
      })),
      ...Object.entries(project.privacy).map(([kind, what]) => ({
        name: `Personal data: ${kind}`,
        value: what,
        inline: true,
      })),
      {
        name: 'Reminders',
        value: project.remindEvery === 0 ? 'never' : `every ${formatDuration(project.remindEvery)}`,
        inline: true,
      },
      ...(project.timeZone === null ? [] : [{ name: 'Time zone of log lines', value: project.timeZone, inline: true }]),
      ...(project.ackTimeout === 0
        ? []
        : [{ name: 'Acknowledgements last', value: formatDuration(project.ackTimeout), inline: true }]),
    ],
    ...(isHidden
      ? {}
      : {
          code: {
            text: `curl -fsS -m 10 --retry 5 --retry-connrefused -o /dev/null "${context.publicUrl}/ping/${project.pingKey}/my-job?create=1&period=1d&grace=1h"`,
            language: 'sh',
          },
        }),
  }
}

function projectResult(project: Project, context: Context) {
  return {
    project: {
      id: project.id,
      name: project.name,
      // Whoever knows it can send beats, and viewers may only look.
      ping_key: hidesPingUrls(context) ? null : project.pingKey,
      rate_limit: project.rateLimit,
      retention_ms: project.retention ?? context.config.retentionMs,
      remind_every_ms: project.remindEvery,
      ack_timeout_ms: project.ackTimeout || null,
      address_limit: project.addressLimit,
      emitter_limit: project.emitterLimit,
      limits: { body_bytes: project.bodyLimit, lines: project.lineLimit, message_bytes: project.messageLimit },
      tag_retention_ms: project.tagRetention,
      privacy: project.privacy,
      time_zone: project.timeZone,
      checks: countChecks(context.state, { projectId: project.id }),
      created_at: isoTime(project.createdAt),
    },
  }
}
