// The keys of projects: made, listed and revoked.
import { z } from 'zod'
import { completes, positional } from '../../src/command/command.ts'
import { createKey, findLiveKey, type Key, listKeys, revokeKey } from '../../src/projects/keys.ts'
import { findProject } from '../../src/projects/projects.ts'
import { isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { command, counted, yes } from '../context.ts'
import { named } from './projects.ts'

const create = command({
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

const list = command({
  name: 'keys list',
  summary: 'Show the keys of a project, or of all',
  role: 'admin',
  changes: false,
  args: { project: named().optional().describe('Name of the project') },
  run({ project: name }, { state }) {
    const found = listKeys(state, name === undefined ? undefined : findProject(state, name))
    return {
      card: {
        title: counted(found.length, 'key'),
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
      findLiveKey(state, id)
      const said = 'Whoever uses it is refused from then on. This cannot be undone.'
      return confirmation(`Revoke the key ${id}?`, [said], { label: 'Revoke it', line: `keys revoke ${id}` })
    }
    const key = revokeKey(state, id, now)
    const project = listKeys(state).find(one => one.key.id === id)!.project
    return {
      card: { title: `The key ${id} is revoked`, tone: 'muted', lines: ['Requests with it are refused from now on.'] },
      result: { key: keyResult(key, project) },
    }
  },
})

export const keyCommands = [create, list, revoke]

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
