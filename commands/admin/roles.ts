// Who may do what.
import { z } from 'zod'
import type { PlatformDefinition, RoleSyntax } from '../../src/chat/platform-definition.ts'
import { positional, ROLES } from '../../src/command/command.ts'
import { invalid } from '../../src/problem.ts'
import { listRoles, type RoleGrant, removeRole, setRole } from '../../src/projects/roles.ts'
import { isoTime } from '../../src/time.ts'
import { command } from '../context.ts'

type PlatformWithRoles = PlatformDefinition & { roles: RoleSyntax }

// An id, or what a chat makes of a mention: <@123>, <@&42>, <@U123|ann>, <!subteam^S123|@ops>.
const SUBJECT = /^(?:<(?:@[!&]?|!subteam\^)([\w-]{2,64})(?:\|[^>]*)?>|@?([\w-]{2,64}))$/

/** Where somebody is; by default the chat that the command was typed in. */
const platformArgument = (names: readonly [string, ...string[]]) =>
  z.enum(names).optional().describe('Platform of the person (default: the chat you are in)')

/** A person or a group: the id, and what was typed for it. */
type Subject = { id: string; typed: string }

const subject = (platforms: readonly PlatformWithRoles[]) =>
  positional(
    z.string().transform((text, issues) => {
      const typed = text.trim()
      const [, mentioned, written] = SUBJECT.exec(typed) ?? []
      const id = mentioned ?? written
      // A name alone identifies nobody: several may have it, and people change theirs.
      if (id !== undefined && (mentioned !== undefined || !typed.startsWith('@') || isId(id, platforms)))
        return { id, typed }
      issues.addIssue(`"${text}" is neither an id nor a mention. ${howToPick(platforms)}`)
      return z.NEVER
    }),
  ).describe('Mention of a person or of a role of the Discord server, or the id')

const set = (platforms: readonly PlatformWithRoles[]) =>
  command({
    name: 'roles set',
    summary: 'Give a role to a person or a group of a chat',
    details: `viewer: look. responder: acknowledge, snooze, checks. admin: everything. ${howToPick(platforms)}`,
    examples: platforms.flatMap(({ roles }) => roles.example ?? []),
    role: 'admin',
    args: {
      who: subject(platforms),
      role: positional(z.enum(ROLES)).describe('viewer, responder or admin'),
      platform: platformArgument(namesOf(platforms)),
    },
    run({ who, role, platform: name }, { state, by, now }) {
      const platform = platforms.find(known => known.name === name) ?? platformOf(who, by.platform, platforms)
      if (!platform.roles.subject.test(who.id))
        throw invalid('who', `"${who.id}" is not an id on ${platform.label}. ${howToPick(platforms)}`)
      const grant = setRole(state, { platform: platform.name, subject: who.id, role, setBy: by.name }, now)
      return {
        card: { title: `${grant.subject} is now ${grant.role} on ${grant.platform}`, tone: 'good' },
        result: { role: grantResult(grant) },
      }
    },
  })

const list = (platforms: readonly PlatformWithRoles[]) =>
  command({
    name: 'roles list',
    summary: 'Show the roles that were given',
    role: 'admin',
    changes: false,
    args: {},
    run(_, { state, config }) {
      const grants = listRoles(state)
      const admins = ['the terminal', 'the admin key', ...platforms.map(({ roles }) => roles.admins)].join(', ')
      return {
        card: {
          title: grants.length === 0 ? 'No roles were given' : 'Roles',
          tone: 'plain',
          lines: [
            ...grants.map(grant => [
              { bold: grant.subject },
              ` on ${grant.platform}: ${grant.role}, set by ${grant.setBy}`,
            ]),
            `Admins: ${admins}. Everyone else: ${config.defaultRole}.`,
          ],
        },
        result: { roles: grants.map(grantResult) },
      }
    },
  })

const remove = (platforms: readonly PlatformWithRoles[]) =>
  command({
    name: 'roles remove',
    summary: 'Remove a role that was given',
    role: 'admin',
    args: { who: subject(platforms), platform: platformArgument([...namesOf(platforms), 'api', 'terminal']) },
    run({ who, platform }, { state, by }) {
      removeRole(state, platform ?? platformOf(who, by.platform, platforms).name, who.id)
      return { card: { title: `${who.id} has the default role again`, tone: 'muted' } }
    },
  })

/** The commands about roles; they know the platforms on which people type commands. */
export function roleCommands(all: readonly PlatformDefinition[]) {
  const platforms = all.filter(platform => platform.roles !== undefined) as PlatformWithRoles[]
  return [set(platforms), list(platforms), remove(platforms)]
}

/**
 * The platform of somebody whom a person on the platform `here` named: the same one if it has such ids, or else the one
 * that the id belongs to. Throws `invalid` when that is not clear.
 */
function platformOf({ id, typed }: Subject, here: string, platforms: readonly PlatformWithRoles[]): PlatformWithRoles {
  const own = platforms.find(platform => platform.name === here)
  if (own?.roles.subject.test(id)) return own
  const found =
    platforms.find(({ roles }) => roles.unmistakable?.test(id)) ??
    platforms.find(({ roles }) => roles.unmistakable?.test(typed)) ??
    own
  if (found) return found
  throw invalid('platform', `Name the platform of "${id}": --platform ${namesOf(platforms).join(', or --platform ')}.`)
}

function isId(id: string, platforms: readonly PlatformWithRoles[]): boolean {
  return platforms.some(({ roles }) => roles.subject.test(id))
}

function namesOf(platforms: readonly PlatformWithRoles[]): [string, ...string[]] {
  return platforms.map(platform => platform.name) as [string, ...string[]]
}

/** `On Discord write @ and …; on Slack write @ and …; ids work everywhere.` */
function howToPick(platforms: readonly PlatformWithRoles[]): string {
  const ways = [...platforms.flatMap(({ roles }) => roles.picking ?? []), 'ids work everywhere']
  return `${ways.join('; ').replace(/^\w/, letter => letter.toUpperCase())}.`
}

function grantResult(grant: RoleGrant) {
  return {
    platform: grant.platform,
    who: grant.subject,
    role: grant.role,
    set_by: grant.setBy,
    set_at: isoTime(grant.setAt),
  }
}
