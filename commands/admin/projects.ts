// Projects: their ping keys and limits.
import { z } from 'zod'
import { endAlertsOf } from '../../src/alerts/lifecycle.ts'
import { countChecks } from '../../src/checks/checks.ts'
import { completes, positional } from '../../src/command/command.ts'
import {
  addProject,
  editProject,
  findProject,
  listProjects,
  type Project,
  removeProject,
  rotatePingKey,
} from '../../src/projects/projects.ts'
import { formatDuration, isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { type Context, command, counted, duration, readable, yes } from '../context.ts'
import { formatSize, readPrivacy, readTagRetention, size } from './project-settings.ts'

const NONE = 'none'
/** The name of a project, where it is what a command is about. */
export const named = () => completes(positional(z.string().max(64)), 'project').describe('Name of the project')

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
  summary: 'Show all projects',
  role: 'viewer',
  args: {},
  run(_, context) {
    const projects = listProjects(context.state)
    return {
      card: {
        title: counted(projects.length, 'project'),
        tone: 'plain',
        lines: projects.map(project => [
          { bold: project.name },
          `, ${counted(countChecks(context.state, { projectId: project.id }), 'check')}`,
        ]),
        buttons: projects
          .slice(0, 5)
          .map(project => ({ label: `Show ${project.name}`, line: `projects show ${project.name}` })),
      },
      result: { projects: projects.map(project => projectResult(project, context).project) },
    }
  },
})

const show = command({
  name: 'projects show',
  summary: 'Show a project, its ping key and limits',
  role: 'admin',
  changes: false,
  args: { project: named().optional().describe('Name of the project, default unless said') },
  run({ project: name }, context) {
    const project = findProject(context.state, name)
    return { card: projectCard(project, context), result: projectResult(project, context) }
  },
})

const edit = command({
  name: 'projects edit',
  summary: 'Change the limits of a project',
  examples: ['projects edit shop --rate-limit 60000 --retention 30d', 'projects edit shop --remind 1h'],
  role: 'admin',
  args: {
    project: named(),
    rateLimit: z.number().int().min(0).max(100_000_000).optional().describe('Log lines a minute, 0 for no limit'),
    retention: z
      .union([z.literal(NONE), duration(60_000)])
      .optional()
      .describe('How long log lines are kept; none for the general setting'),
    remind: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('How often an unacknowledged alert is told again'),
    ackTimeout: z
      .union([z.literal(NONE), duration()])
      .optional()
      .describe('After how long an acknowledgement ends by itself, none for never'),
    addressLimit: z
      .number()
      .int()
      .min(0)
      .max(100_000_000)
      .optional()
      .describe('Log lines a minute from one address, 0 for no limit'),
    maxBody: size().optional().describe('The largest log request, such as 512KiB or 2MiB'),
    maxLines: z.number().int().min(1).max(100_000).optional().describe('The most lines of one log request'),
    maxMessage: size().optional().describe('The longest message of a log line, such as 64KiB'),
    tagRetention: readable(readTagRetention, 500)
      .optional()
      .describe('How long lines with a tag are kept: "payments=30d debug=1h", or none'),
    privacy: readable(readPrivacy, 200)
      .optional()
      .describe('What happens to personal data in logs: "email=mask ip=keep phone=encrypt iban=mask"'),
    newPingKey: z.boolean().optional().describe('Replace the ping key; slug URLs with the old one stop working'),
    rename: z.string().max(64).optional().describe('A new name: lowercase letters, digits, - and _'),
  },
  run({ project: name, rateLimit, retention, remind, ackTimeout, newPingKey, rename, ...logs }, context) {
    const project = findProject(context.state, name)
    let edited = editProject(context.state, project.id, {
      ...(rateLimit === undefined ? {} : { rateLimit }),
      ...(retention === undefined ? {} : { retention: retention === NONE ? null : retention }),
      ...(remind === undefined ? {} : { remindEvery: remind === NONE ? 0 : remind }),
      ...(ackTimeout === undefined ? {} : { ackTimeout: ackTimeout === NONE ? 0 : ackTimeout }),
      ...(rename === undefined ? {} : { name: rename }),
      ...(logs.addressLimit === undefined ? {} : { addressLimit: logs.addressLimit }),
      ...(logs.maxBody === undefined ? {} : { bodyLimit: logs.maxBody }),
      ...(logs.maxLines === undefined ? {} : { lineLimit: logs.maxLines }),
      ...(logs.maxMessage === undefined ? {} : { messageLimit: logs.maxMessage }),
      ...(logs.tagRetention === undefined ? {} : { tagRetention: logs.tagRetention }),
      ...(logs.privacy === undefined ? {} : { privacy: logs.privacy }),
    })
    if (newPingKey) edited = rotatePingKey(context.state, project.id)
    return { card: projectCard(edited, context), result: projectResult(edited, context) }
  },
})

const remove = command({
  name: 'projects remove',
  summary: 'Remove a project with its checks, beats and keys',
  role: 'admin',
  args: { project: named(), yes: yes() },
  run({ project: name, yes }, context) {
    const project = findProject(context.state, name)
    const checks = countChecks(context.state, { projectId: project.id })
    if (context.interactive && !yes) {
      return confirmation(
        `Remove the project ${project.name}?`,
        [
          `${counted(checks, 'check')} with all beats, and all its keys, go with it. Its open alerts end. This cannot be undone.`,
        ],
        { line: `projects remove ${project.name}` },
      )
    }
    const result = projectResult(project, context)
    // Before the project goes, while its alerts still know it; one that must stay undoes this with the whole command.
    endAlertsOf(context.state, project.id, context.by.name, context.now)
    removeProject(context.state, project)
    return { card: { title: `The project ${project.name} is removed`, tone: 'muted' }, result }
  },
})

export const projectCommands = [add, list, show, edit, remove]

function projectCard(project: Project, context: Context) {
  return {
    title: `Project ${project.name}`,
    tone: 'plain' as const,
    lines: ['A job can make its own check with its first beat:'],
    fields: [
      { name: 'Ping key', value: [{ code: project.pingKey }], inline: true },
      {
        name: 'Log lines a minute',
        value: project.rateLimit === 0 ? 'no limit' : String(project.rateLimit),
        inline: true,
      },
      { name: 'Logs are kept', value: formatDuration(project.retention ?? context.config.retentionMs), inline: true },
      { name: 'A log request', value: `${formatSize(project.bodyLimit)}, ${project.lineLimit} lines`, inline: true },
      ...Object.entries(project.tagRetention).map(([tag, ms]) => ({
        name: `Tag ${tag} is kept`,
        value: formatDuration(ms),
        inline: true,
      })),
      ...Object.entries(project.privacy).map(([kind, what]) => ({
        name: `Personal data: ${kind}`,
        value: what,
        inline: true,
      })),
      {
        name: 'Reminds every',
        value: project.remindEvery === 0 ? 'never' : formatDuration(project.remindEvery),
        inline: true,
      },
      ...(project.ackTimeout === 0
        ? []
        : [{ name: 'Acknowledgements end after', value: formatDuration(project.ackTimeout), inline: true }]),
    ],
    code: {
      text: `curl -fsS -m 10 --retry 5 --retry-connrefused -o /dev/null "${context.publicUrl}/ping/${project.pingKey}/my-job?create=1&period=1d&grace=1h"`,
      language: 'sh',
    },
  }
}

function projectResult(project: Project, context: Context) {
  return {
    project: {
      id: project.id,
      name: project.name,
      ping_key: project.pingKey,
      rate_limit: project.rateLimit,
      retention_ms: project.retention ?? context.config.retentionMs,
      remind_every_ms: project.remindEvery,
      ack_timeout_ms: project.ackTimeout || null,
      address_limit: project.addressLimit,
      limits: { body_bytes: project.bodyLimit, lines: project.lineLimit, message_bytes: project.messageLimit },
      tag_retention_ms: project.tagRetention,
      privacy: project.privacy,
      checks: countChecks(context.state, { projectId: project.id }),
      created_at: isoTime(project.createdAt),
    },
  }
}
