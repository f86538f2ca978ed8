// Projects and their keys.
import { z } from 'zod'
import { countChecks } from '../src/checks/checks.ts'
import { completes, positional } from '../src/command.ts'
import { createKey, type Key, listKeys, revokeKey } from '../src/projects/keys.ts'
import {
  addProject,
  editProject,
  findProject,
  listProjects,
  type Project,
  removeProject,
  rotatePingKey,
} from '../src/projects/projects.ts'
import { formatDuration, isoTime } from '../src/time.ts'
import { type Context, command, duration, yes } from './context.ts'

const NONE = 'none'
const named = () => completes(positional(z.string().max(64)), 'project').describe('Name of the project')

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
        title: `${projects.length} ${projects.length === 1 ? 'project' : 'projects'}`,
        tone: 'plain',
        lines: projects.map(project => [
          { bold: project.name },
          `, ${countChecks(context.state, { projectId: project.id })} checks`,
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
    newPingKey: z.boolean().optional().describe('Replace the ping key; slug URLs with the old one stop working'),
    rename: z.string().max(64).optional().describe('A new name'),
  },
  run({ project: name, rateLimit, retention, remind, newPingKey, rename }, context) {
    const project = findProject(context.state, name)
    let edited = editProject(context.state, project.id, {
      ...(rateLimit === undefined ? {} : { rateLimit }),
      ...(retention === undefined ? {} : { retention: retention === NONE ? null : retention }),
      ...(remind === undefined ? {} : { remindEvery: remind === NONE ? 0 : remind }),
      ...(rename === undefined ? {} : { name: rename }),
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
      return {
        card: {
          title: `Remove the project ${project.name}?`,
          tone: 'warning',
          lines: [`Its ${checks} checks, their beats and all its keys go with it. This cannot be undone.`],
          buttons: [{ label: 'Remove it', line: `projects remove ${project.name} --yes`, tone: 'danger' }],
        },
      }
    }
    const result = projectResult(project, context)
    removeProject(context.state, project)
    return { card: { title: `The project ${project.name} is removed`, tone: 'muted' }, result }
  },
})

const createKeyCommand = command({
  name: 'keys create',
  summary: 'Make a key for a project; its secret is shown once',
  details: 'With --signed the key is only accepted on requests signed with it, never by itself.',
  examples: ['keys create shop', 'keys create shop --signed', 'keys create shop --role viewer'],
  role: 'admin',
  args: {
    project: named(),
    signed: z.boolean().optional().describe('Accept the key only on signed requests'),
    role: z
      .enum(['intake', 'viewer', 'responder', 'admin'])
      .optional()
      .describe('What the key may do; intake (send logs) unless said'),
  },
  run({ project: name, signed = false, role = 'intake' }, { state, vault, now }) {
    const project = findProject(state, name)
    const { key, secret } = createKey(state, vault, project, { role, signed }, now)
    return {
      card: {
        title: `A key for ${project.name}`,
        tone: 'good',
        lines: ['This is the only time that its secret is shown.', `"keys revoke ${key.id}" ends it.`],
        fields: [
          { name: 'Id', value: [{ code: key.id }], inline: true },
          { name: 'May', value: key.role === 'intake' ? 'send logs' : key.role, inline: true },
        ],
        code: { text: secret },
      },
      result: { key: { id: key.id, secret, project: project.name, role: key.role, signed: key.signed } },
    }
  },
})

const listKeysCommand = command({
  name: 'keys list',
  summary: 'Show the keys of a project, or of all',
  role: 'admin',
  changes: false,
  args: { project: named().optional().describe('Name of the project') },
  run({ project: name }, { state }) {
    const found = listKeys(state, name === undefined ? undefined : findProject(state, name))
    return {
      card: {
        title: `${found.length} ${found.length === 1 ? 'key' : 'keys'}`,
        tone: 'plain',
        lines:
          found.length === 0
            ? ['There are none. Make one: keys create default']
            : found.map(({ key, project }) => keyLine(key, project)),
      },
      result: { keys: found.map(({ key, project }) => keyResult(key, project)) },
    }
  },
})

const revoke = command({
  name: 'keys revoke',
  summary: 'End a key at once',
  examples: ['keys revoke k_AbCdEf123456'],
  role: 'admin',
  args: { key: completes(positional(z.string().max(40)), 'key').describe('Id of the key'), yes: yes() },
  run({ key: id, yes }, { state, now, interactive }) {
    if (interactive && !yes) {
      const card = {
        title: `Revoke the key ${id}?`,
        tone: 'warning' as const,
        lines: ['Whoever uses it is refused from then on. This cannot be undone.'],
        buttons: [{ label: 'Revoke it', line: `keys revoke ${id} --yes`, tone: 'danger' as const }],
      }
      return { card }
    }
    const key = revokeKey(state, id, now)
    const project = listKeys(state).find(one => one.key.id === id)!.project
    return {
      card: { title: `The key ${id} is revoked`, tone: 'muted', lines: ['Requests with it are refused from now on.'] },
      result: { key: keyResult(key, project) },
    }
  },
})

export const projectCommands = [add, list, show, edit, remove, createKeyCommand, listKeysCommand, revoke]

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
      {
        name: 'Reminds every',
        value: project.remindEvery === 0 ? 'never' : formatDuration(project.remindEvery),
        inline: true,
      },
    ],
    code: {
      text: `curl -fsS -m 10 --retry 5 "${context.publicUrl}/ping/${project.pingKey}/my-job?create=1&period=1d&grace=1h"`,
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
      checks: countChecks(context.state, { projectId: project.id }),
      created_at: isoTime(project.createdAt),
    },
  }
}

function keyLine(key: Key, project: string) {
  const state = key.revokedAt === null ? '' : ', revoked'
  return [
    { code: key.id },
    ` ${project}, ${key.role === 'intake' ? 'sends logs' : key.role}${key.signed ? ', signed' : ''}${state}`,
  ]
}

function keyResult(key: Key, project: string) {
  return {
    id: key.id,
    project,
    role: key.role,
    signed: key.signed,
    created_at: isoTime(key.createdAt),
    revoked_at: isoTime(key.revokedAt),
  }
}
