// The people that alerts can call: who they are on each platform.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { listPeople, type Person, removePerson, savePerson } from '../../src/notifications/routing/people.ts'
import { command } from '../context.ts'
import { setName } from './recipient-arguments.ts'

const ids = {
  discord: z
    .string()
    .regex(/^(<@!?)?\d{5,25}>?$/, 'must be a Discord user id')
    .optional()
    .describe('Their Discord id or mention'),
  slack: z
    .string()
    .regex(/^(<@)?[UW][A-Z0-9]{4,}/, 'must be a Slack user id such as U012AB3CD')
    .optional()
    .describe('Their Slack id or mention'),
  telegram: z
    .string()
    .regex(/^\d{3,20}$/, 'must be a Telegram user id, which is a number')
    .optional()
    .describe('Their Telegram user id'),
  email: z.email('must be an e-mail address').max(200).optional().describe('Their e-mail address'),
}

const memberAdd = command({
  name: 'oncall member add',
  summary: 'Make a person known, or say more of one: who they are on each platform',
  examples: ['oncall member add ann --discord 123456789012345678 --slack U012AB3CD --email ann@example.org'],
  role: 'admin',
  args: { name: positional(setName()).describe('What they are called'), ...ids },
  run({ name, discord, slack, telegram, email }, { state }) {
    const saved = savePerson(state, {
      name,
      ...(discord === undefined ? {} : { discord: discord.replace(/\D/g, '') }),
      ...(slack === undefined ? {} : { slack: /[UW][A-Z0-9]+/.exec(slack)![0] }),
      ...(telegram === undefined ? {} : { telegram }),
      ...(email === undefined ? {} : { email }),
    })
    return { card: { title: saved.name, tone: 'good', lines: [personLine(saved)] }, result: { member: saved } }
  },
})

const memberList = command({
  name: 'oncall members',
  summary: 'Show the people that alerts can call',
  role: 'viewer',
  args: {},
  run(_, { state }) {
    const people = listPeople(state)
    return {
      card: {
        title:
          people.length === 0
            ? 'Nobody is known yet'
            : `${people.length === 1 ? '1 person' : `${people.length} people`}`,
        tone: 'plain',
        lines:
          people.length === 0 ? ['"oncall member add ann --slack U012AB3CD" makes one known.'] : people.map(personLine),
      },
      result: { members: people },
    }
  },
})

const memberRemove = command({
  name: 'oncall member remove',
  summary: 'Forget a person',
  role: 'admin',
  args: { name: completes(positional(z.string().min(1).max(64)), 'person').describe('What they are called') },
  run({ name }, { state }) {
    const gone = removePerson(state, name)
    const undo: Text = ['To know them again: ', { code: againLine(gone) }]
    return { card: { title: `${gone.name} is not known any more`, tone: 'muted', lines: [undo] } }
  },
})

export const memberCommands = [memberAdd, memberList, memberRemove]

/** The command that makes a person known again with all that was known. */
function againLine({ name, ...ids }: Person): string {
  const given = (['discord', 'slack', 'telegram', 'email'] as const).flatMap(where =>
    ids[where] === null ? [] : [`--${where}`, quoteWord(ids[where])],
  )
  return ['oncall member add', quoteWord(name), ...given].join(' ')
}

function personLine({ name, discord, slack, telegram, email }: Person): Text {
  const known = Object.entries({ Discord: discord, Slack: slack, Telegram: telegram, 'e-mail': email }).filter(
    ([, id]) => id !== null,
  )
  return [
    { bold: name },
    known.length === 0 ? ' by name only' : ` ${known.map(([where, id]) => `${where} ${id}`).join(', ')}`,
  ]
}
