// The commands that create, list and revoke keys of projects.
import { z } from 'zod'
import { completes, positional, secret as secretArgument } from '../../src/command/command.ts'
import { Problem } from '../../src/problem.ts'
import { createKey, findLiveKey, type Key, listKeyIds, readKey, revokeKey } from '../../src/projects/keys.ts'
import { findProject } from '../../src/projects/projects.ts'
import { mapInSlices } from '../../src/slices.ts'
import { plural } from '../../src/text.ts'
import { isoTime } from '../../src/time.ts'
import { confirmation } from '../confirmation.ts'
import { command, refusePublicSecret, yes } from '../context.ts'
import { projectArgument } from './projects.ts'

/** Keys that are read at once, and lines of the card; a result has all keys. */
const SLICE_SIZE = 1_000
const MAX_LINES = 1_000
/** A secret that can be guessed proves nothing. */
const MIN_SECRET_LENGTH = 16

const create = command({
  name: 'keys create',
  summary: 'Create a key for a project; the secret is shown once',
  details: 'With --signed, Vakt accepts the key only on requests that are signed with it.',
  examples: [
    'keys create shop',
    'keys create shop --signed',
    'keys create shop --role viewer',
    'keys create shop --signed --secret client-secret-of-sentry',
  ],
  role: 'admin',
  args: {
    project: projectArgument(),
    signed: z.boolean().optional().describe('Accept the key only on signed requests'),
    role: z
      .enum(['intake', 'viewer', 'responder', 'admin'])
      .optional()
      .describe('Role of the key (default: intake, which sends logs only)'),
    secret: secretArgument(z.string().min(MIN_SECRET_LENGTH).max(200))
      .optional()
      .describe('Secret that another program made and signs with (default: a new one)'),
  },
  run({ project: name, signed = false, role = 'intake', secret: own }, context) {
    const { state, vault, now } = context
    refusePublicSecret(context, 'the secret of the key')
    const project = findProject(state, name)
    if (own !== undefined && !signed)
      throw new Problem('invalid', 'A secret of another program is for signatures only: add --signed.', {
        fields: { secret: 'needs --signed' },
      })
    const { key, secret } = createKey(state, vault, project, { role, signed, secret: own }, now)
    return {
      card: {
        title: `Key for ${project.name} created`,
        tone: 'good',
        lines: [
          own === undefined
            ? 'Store the secret now; it is not shown again.'
            : `Put signed_by=${key.id} into the URL of the webhook: then its signatures are checked.`,
          `"keys revoke ${key.id}" revokes the key.`,
        ],
        fields: [
          { name: 'Id', value: [{ code: key.id }], inline: true },
          { name: 'Role', value: key.role === 'intake' ? 'intake (sends logs)' : key.role, inline: true },
        ],
        ...(own === undefined ? { code: { text: secret } } : {}),
      },
      result: { key: { id: key.id, secret, project: project.name, role: key.role, signed: key.signed } },
      audit: { keyId: key.id },
    }
  },
})

const list = command({
  name: 'keys list',
  summary: 'List the keys of a project or of all projects',
  role: 'admin',
  changes: false,
  args: { project: projectArgument().optional().describe('Name of the project') },
  async run({ project: name }, { state }) {
    const inProject = name === undefined ? undefined : findProject(state, name)
    const rows = await mapInSlices(listKeyIds(state, inProject), id => readKey(state, id), SLICE_SIZE)
    const found = rows.filter(row => row !== undefined)
    const more = found.length > MAX_LINES ? [`… ${found.length - MAX_LINES} more`] : []
    return {
      card: {
        title: plural(found.length, 'key'),
        tone: 'plain',
        lines:
          found.length === 0
            ? ['No keys yet. Create one: keys create default']
            : [...found.slice(0, MAX_LINES).map(({ key, project }) => keyLine(key, project)), ...more],
      },
      result: { keys: await mapInSlices(found, ({ key, project }) => keyResult(key, project), SLICE_SIZE) },
    }
  },
})

const revoke = command({
  name: 'keys revoke',
  summary: 'Revoke a key; it stops working immediately',
  examples: ['keys revoke k_AbCdEf123456'],
  role: 'admin',
  args: { key: completes(positional(z.string().max(40)), 'key').describe('Id of the key'), yes: yes() },
  run({ key: id, yes }, { state, now, interactive }) {
    if (interactive && !yes) {
      findLiveKey(state, id)
      const warning = 'Requests with it will be refused. This cannot be undone.'
      return confirmation(`Revoke the key ${id}?`, [warning], { label: 'Revoke it', line: `keys revoke ${id}` })
    }
    const key = revokeKey(state, id, now)
    const { project } = readKey(state, id)!
    return {
      card: { title: `Key ${id} revoked`, tone: 'muted', lines: ['Requests with it are now refused.'] },
      result: { key: keyResult(key, project) },
      audit: { keyId: id },
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
