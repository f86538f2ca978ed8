// The command that answers "how do I send logs from …?", with a text that works on this server as it stands.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { nearestOf } from '../../src/command/nearest.ts'
import { Problem } from '../../src/problem.ts'
import { loadOrCreateConnectKey } from '../../src/projects/connect-keys.ts'
import { findProject, type Project } from '../../src/projects/projects.ts'
import { type Context, command, hidesPingUrls, projectName } from '../context.ts'
import { fillSnippet, portOf, readSnippet, usualPort } from './snippet.ts'
import { type ConnectTarget, TARGETS } from './targets.ts'

const MAX_BUTTONS = 5
const SHOWN_FIRST = ['curl', 'docker', 'kubernetes', 'cron', 'rsyslog']

const connect = command({
  name: 'connect',
  summary: 'Show how to send logs or beats from a program, ready to copy',
  details:
    'Admins get it with a key that sends logs only; the same key is shown each time. Without a name it lists what there is.',
  examples: ['connect curl', 'connect docker', 'connect pino --project shop'],
  role: 'viewer',
  // An admin may get a new key.
  changes: true,
  args: {
    what: completes(positional(z.string().max(60)), 'connect')
      .optional()
      .describe('Program that sends, such as docker or pino'),
    project: projectName().optional().describe('Project of the lines (default: default)'),
  },
  run({ what, project: name }, context) {
    if (what === undefined) return everything()
    const target = findTarget(what)
    const project = findProject(context.state, name)
    const text = readSnippet(target.name)
    const { secret, keyId, notes } = keyFor(project, text, context)
    const hidden = hidesPingUrls(context)
    const snippet = fillSnippet(target, {
      publicUrl: context.publicUrl,
      sockets: context.config.sockets,
      key: secret ?? '<key>',
      keyId: keyId ?? '<id of the key>',
      project: project.name,
      pingKey: hidden ? '<ping key>' : project.pingKey,
    })
    if (hidden && text.includes('<<ping_key>>'))
      notes.push('A responder or an admin sees the ping key in a private chat: "projects show".')
    return {
      card: {
        title: `Send from ${target.title}`,
        tone: 'info',
        lines: [...portLines(target, context), ...addressLines(text, context), ...notes, `More: ${target.page}`],
        code: { text: snippet, language: target.language },
      },
      result: {
        connect: {
          name: target.name,
          title: target.title,
          snippet,
          needs: neededPorts(target, context),
          page: target.page,
        },
      },
      ...(keyId === undefined ? {} : { audit: { keyId } }),
    }
  },
})

function everything() {
  return {
    card: {
      title: `${TARGETS.length} ways to send to Vakt`,
      tone: 'plain' as const,
      lines: TARGETS.map(({ name, title }): Text => [{ bold: name }, ` ${title}`]),
      buttons: SHOWN_FIRST.slice(0, MAX_BUTTONS).map(name => ({ label: name, line: `connect ${name}` })),
    },
    result: { targets: TARGETS.map(({ name, title, aliases = [] }) => ({ name, title, aliases })) },
  }
}

function findTarget(what: string): ConnectTarget {
  const wanted = what
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
  const found = TARGETS.find(({ name, aliases = [] }) => name === wanted || aliases.includes(wanted))
  if (found) return found
  const names = TARGETS.flatMap(({ name, aliases = [] }) => [name, ...aliases])
  const [guess] = nearestOf(names, () => wanted)
  const hint =
    guess === undefined
      ? `There are: ${TARGETS.map(({ name }) => name).join(', ')}.`
      : `Did you mean "connect ${guess}"?`
  throw new Problem(
    'not_found',
    `There is no text for "${what}". ${hint} Whatever writes lines can be piped ("connect shell"), and whatever speaks HTTP can post them ("connect curl").`,
    { fields: { what: 'is not known' } },
  )
}

/** The key for a text, made at the first time; null where it must not be shown, or is not needed. */
function keyFor(
  project: Project,
  text: string,
  context: Context,
): { secret: string | null; keyId?: string; notes: string[] } {
  if (!text.includes('<<key>>')) return { secret: null, notes: [] }
  const { by, state, vault, now } = context
  if (by.role !== 'admin') return { secret: null, notes: [`An admin makes the key: keys create ${project.name}`] }
  if (by.isPublic)
    return {
      secret: null,
      notes: [
        'Everybody here would read the key: ask in the terminal, over HTTP or in a private chat to get it filled in.',
      ],
    }
  const { key, secret } = loadOrCreateConnectKey(state, vault, project, now)
  return {
    secret,
    keyId: key.id,
    notes: [
      `The key ${key.id} sends lines and alerts to ${project.name} and can do nothing else. "keys revoke ${key.id}" revokes it.`,
    ],
  }
}

function portLines({ needs }: ConnectTarget, { config }: Context): string[] {
  if (needs === undefined || portOf(needs, config.sockets) !== null) return []
  return [
    `First set ${needs}=${usualPort(needs)} for Vakt and restart it: the port is off. It takes lines without a key, so let only your own machines reach it.`,
  ]
}

function neededPorts({ needs }: ConnectTarget, { config }: Context): string[] {
  return needs !== undefined && portOf(needs, config.sockets) === null ? [needs] : []
}

function addressLines(text: string, { publicUrl }: Context): string[] {
  const { hostname } = new URL(publicUrl)
  const isLocal = /^(?:localhost|127\.|\[::1\])/.test(hostname)
  return isLocal && /<<(?:url|host)>>/.test(text)
    ? [
        'The address works on this machine only. Set HOST, and PUBLIC_URL to the address that others reach, and restart Vakt.',
      ]
    : []
}

export const connectCommands = [connect]
