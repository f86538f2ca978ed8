// Who may do what, and who did what.
import { z } from 'zod'
import { positional, ROLES } from '../src/command.ts'
import { readAudit } from '../src/projects/audit.ts'
import { listRoles, type RoleGrant, removeRole, setRole } from '../src/projects/roles.ts'
import { isoTime } from '../src/time.ts'
import { command } from './context.ts'

const platform = () =>
  z.enum(['discord', 'slack', 'api', 'terminal']).optional().describe('Where they are; the chat you are in unless said')
const subject = () =>
  positional(
    z.string().regex(/^(<[@!&#]*)?[\w-]{2,64}(\|[^>]*)?>?$/, 'must be an id, or a mention of a person or group'),
  ).describe('Id or mention of a person, role or group')

const set = command({
  name: 'roles set',
  summary: 'Give somebody, or a role or group of the chat, a role',
  details: 'viewer: look. responder: acknowledge, snooze, checks. admin: everything.',
  examples: ['roles set 1234567890123456 admin', 'roles set @interns viewer'],
  role: 'admin',
  args: {
    who: subject(),
    role: positional(z.enum(ROLES)).describe('viewer, responder or admin'),
    platform: platform(),
  },
  run({ who, role, platform }, { state, by, now }) {
    const grant = setRole(state, { platform: platform ?? by.platform, subject: bareId(who), role, setBy: by.name }, now)
    return {
      card: { title: `${grant.subject} is now ${grant.role} on ${grant.platform}`, tone: 'good' },
      result: { role: grantResult(grant) },
    }
  },
})

const list = command({
  name: 'roles list',
  summary: 'Show the roles that were given',
  role: 'admin',
  changes: false,
  args: {},
  run(_, { state }) {
    const grants = listRoles(state)
    const usual =
      'Admins: the terminal, the admin key, Discord members with Manage Server, Slack admins. Everyone else is a responder.'
    return {
      card: {
        title: grants.length === 0 ? 'No roles were given' : 'Roles',
        tone: 'plain',
        lines: [
          ...grants.map(grant => [
            { bold: grant.subject },
            ` on ${grant.platform}: ${grant.role}, set by ${grant.setBy}`,
          ]),
          usual,
        ],
      },
      result: { roles: grants.map(grantResult) },
    }
  },
})

const remove = command({
  name: 'roles remove',
  summary: 'Take a given role away again',
  role: 'admin',
  args: { who: subject(), platform: platform() },
  run({ who, platform }, { state, by }) {
    removeRole(state, platform ?? by.platform, bareId(who))
    return { card: { title: `${bareId(who)} has the usual role again`, tone: 'muted' } }
  },
})

const audit = command({
  name: 'audit',
  summary: 'Show who changed what, newest first',
  examples: ['audit', 'audit --limit 50'],
  role: 'admin',
  changes: false,
  args: {
    limit: z.number().int().min(1).max(200).optional().describe('How many, 15 unless said'),
    before: z.number().int().positive().optional().describe('Only rows with a smaller number than this'),
  },
  run({ limit = 15, before }, { state }) {
    const rows = readAudit(state, limit, before)
    const older = rows.length === limit ? rows.at(-1) : undefined
    return {
      card: {
        title: rows.length === 0 ? 'Nothing was changed yet' : 'Changes, newest first',
        tone: 'plain',
        lines: rows.map(row => [
          { time: row.at, style: 'moment' },
          ` · ${row.actorName} (${row.platform}) · `,
          { code: row.line },
          row.outcome === 'done' ? '' : ` · refused: ${row.outcome}`,
        ]),
        buttons: older ? [{ label: 'Older', line: `audit --limit ${limit} --before ${older.id}` }] : [],
      },
      result: {
        audit: rows.map(row => ({
          id: row.id,
          at: isoTime(row.at),
          platform: row.platform,
          actor: row.actorName,
          actor_id: row.actorId,
          line: row.line,
          outcome: row.outcome,
        })),
      },
    }
  },
})

export const roleCommands = [set, list, remove, audit]

/** `<@U123|ann>`, `<@&42>` and `@U123` are all about the id in them. */
function bareId(who: string): string {
  return who.replace(/^<[@!&#]*/, '').replace(/(\|[^>]*)?>$/, '')
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
