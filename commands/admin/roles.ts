// Who may do what, and who did what.
import { z } from 'zod'
import { positional, ROLES } from '../../src/command/command.ts'
import { invalid } from '../../src/problem.ts'
import { readAudit } from '../../src/projects/audit.ts'
import { listRoles, type RoleGrant, removeRole, setRole } from '../../src/projects/roles.ts'
import { isoTime } from '../../src/time.ts'
import { command } from '../context.ts'

const CHATS = ['discord', 'slack', 'telegram'] as const
type Chat = (typeof CHATS)[number]
const platform = <P extends string>(known: readonly [P, ...P[]]) =>
  z.enum(known).optional().describe('Where they are; the chat you are in unless said')
// An id, or what a chat makes of a mention: <@123>, <@&42>, <@U123|ann>, <!subteam^S123|@ops>.
const SUBJECT = /^(?:<(?:@[!&]?|!subteam\^)([\w-]{2,64})(?:\|[^>]*)?>|@?([\w-]{2,64}))$/
const SLACK_ID = /^[UWS][A-Z0-9]{2,}$/
const SLACK_ALONE = /^[UWS][A-Z0-9]{5,}$/
const IDS: Record<Chat, RegExp> = { discord: /^\d+$/, slack: SLACK_ID, telegram: /^\d{3,}$/ }
const DISCORD_ALONE = /^\d{15,}$/
const HOW =
  'On Discord write @ and pick the person or role from the list; on Slack write @ and pick the person; their ids work everywhere.'
const subject = () =>
  positional(
    z.string().transform((text, issues) => {
      const [, mentioned, written] = SUBJECT.exec(text.trim()) ?? []
      const id = mentioned ?? written
      // A name alone is nobody's: several may have it, and people change theirs.
      if (id !== undefined && (mentioned !== undefined || !text.trim().startsWith('@') || isId(id)))
        return { id, inDiscord: /^<@[!&]/.test(text.trim()) }
      issues.addIssue(`"${text}" is neither an id nor a mention. ${HOW}`)
      return z.NEVER
    }),
  ).describe('Mention of a person (on Discord a role too), or the id')
type Subject = { id: string; inDiscord: boolean }

const set = command({
  name: 'roles set',
  summary: 'Give somebody, or a role of the Discord server, a role here',
  details:
    'viewer: look. responder: acknowledge, snooze, checks. admin: everything. On Discord write @ and pick a person or a role of the server; on Slack write @ and pick a person (user groups have no roles here). Elsewhere give their id, with --platform.',
  examples: ['roles set 1234567890123456 admin --platform discord', 'roles set U012AB3CD viewer --platform slack'],
  role: 'admin',
  args: {
    who: subject(),
    role: positional(z.enum(ROLES)).describe('viewer, responder or admin'),
    platform: platform(CHATS),
  },
  run({ who, role, platform }, { state, by, now }) {
    const chat = platform ?? chatOf(who, by.platform)
    if (!IDS[chat].test(who.id)) throw invalid('who', `"${who.id}" is no id of anybody on ${chat}. ${HOW}`)
    const grant = setRole(state, { platform: chat, subject: who.id, role, setBy: by.name }, now)
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
      'Admins: the terminal, the admin key, Discord members with Manage Server, Slack admins, administrators of the Telegram group. Everyone else is a responder.'
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
  args: { who: subject(), platform: platform([...CHATS, 'api', 'terminal']) },
  run({ who, platform }, { state, by }) {
    removeRole(state, platform ?? chatOf(who, by.platform), who.id)
    return { card: { title: `${who.id} has the usual role again`, tone: 'muted' } }
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

/** The chat of somebody who was named in `platform`: that itself, or else what the id tells. Throws `invalid` when nothing does. */
function chatOf({ id, inDiscord }: Subject, platform: string): Chat {
  const here = CHATS.find(chat => chat === platform)
  if (here && IDS[here].test(id)) return here
  if (SLACK_ALONE.test(id)) return 'slack'
  if (inDiscord || DISCORD_ALONE.test(id)) return 'discord'
  if (here) return here
  throw invalid('platform', `Say where "${id}" is: --platform ${CHATS.join(', or --platform ')}.`)
}

function isId(id: string): boolean {
  return CHATS.some(chat => IDS[chat].test(id))
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
