// The people that alerts can notify, with their accounts on each platform.
import { z } from 'zod'
import type { Text } from '../../src/card.ts'
import type { AccountSyntax, PlatformDefinition } from '../../src/chat/platform-definition.ts'
import { completes, positional } from '../../src/command/command.ts'
import { quoteWord } from '../../src/command/command-line.ts'
import { removePersonChannels } from '../../src/notifications/routing/channels.ts'
import {
  listPeople,
  type Person,
  readPerson,
  removePerson,
  savePerson,
} from '../../src/notifications/routing/people.ts'
import { command } from '../context.ts'
import { setName } from './recipient-arguments.ts'

const memberAdd = (platforms: readonly PlatformWithAccounts[]) =>
  command({
    name: 'oncall member add',
    summary: 'Add or update a person and their chat accounts',
    examples: ['oncall member add ann --discord 123456789012345678 --slack U012AB3CD --email ann@example.org'],
    role: 'admin',
    args: {
      name: positional(setName()).describe('Name of the person'),
      ...Object.fromEntries(platforms.map(({ name, accounts }) => [name, accounts.schema.optional()])),
    },
    run({ name, ...accounts }, { state, now }) {
      const before = readPerson(state, name)
      const saved = savePerson(state, { name, accounts: definedOnly(accounts) })
      if (before) removePersonChannels(state, saved.name, now, formerChannels(before, saved, platforms))
      return {
        card: { title: saved.name, tone: 'good', lines: [personLine(saved, platforms)] },
        result: { member: memberResult(saved, platforms) },
      }
    },
  })

const memberList = (platforms: readonly PlatformWithAccounts[]) =>
  command({
    name: 'oncall members',
    summary: 'Show the people that alerts can notify',
    role: 'viewer',
    args: {},
    run(_, { state }) {
      const people = listPeople(state)
      return {
        card: {
          title: people.length === 0 ? 'No people yet' : people.length === 1 ? '1 person' : `${people.length} people`,
          tone: 'plain',
          lines:
            people.length === 0
              ? ['"oncall member add ann --slack U012AB3CD" adds a person.']
              : people.map(person => personLine(person, platforms)),
        },
        result: { members: people.map(person => memberResult(person, platforms)) },
      }
    },
  })

const memberRemove = command({
  name: 'oncall member remove',
  summary: 'Delete a person and their chat accounts',
  role: 'admin',
  args: { name: completes(positional(z.string().min(1).max(64)), 'person').describe('Name of the person') },
  run({ name }, { state, now }) {
    const gone = removePerson(state, name, now)
    const undo: Text = ['To undo: ', { code: addLine(gone) }]
    return { card: { title: `${gone.name} was deleted`, tone: 'muted', lines: [undo] } }
  },
})

/** The commands about people; there is a flag for each platform with accounts. */
export function memberCommands(platforms: readonly PlatformDefinition[]) {
  const withAccounts = platforms.filter(platform => platform.accounts !== undefined) as PlatformWithAccounts[]
  return [memberAdd(withAccounts), memberList(withAccounts), memberRemove]
}

type PlatformWithAccounts = PlatformDefinition & { accounts: AccountSyntax }

function definedOnly(accounts: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(accounts).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** The channels of accounts that a person had before: nothing about open alerts goes there any more. */
function formerChannels(before: Person, saved: Person, platforms: readonly PlatformWithAccounts[]): string[] {
  return platforms.flatMap(({ name, accounts }) => {
    const old = before.accounts[name]
    const id = old === undefined || old === saved.accounts[name] ? undefined : accounts.directChannel?.(old)
    return id === undefined ? [] : [id]
  })
}

/** The command that adds a person again with all their accounts. */
function addLine({ name, accounts }: Person): string {
  const flags = Object.entries(accounts).flatMap(([platform, id]) => [`--${platform}`, quoteWord(id)])
  return ['oncall member add', quoteWord(name), ...flags].join(' ')
}

function personLine({ name, accounts }: Person, platforms: readonly PlatformWithAccounts[]): Text {
  const known = platforms.flatMap(platform => {
    const id = accounts[platform.name]
    return id === undefined ? [] : [`${platform.label} ${id}`]
  })
  return [{ bold: name }, ` ${known.join(', ') || 'no accounts'}`]
}

/** The accounts are fields of their own: null where there is none. */
function memberResult({ name, accounts }: Person, platforms: readonly PlatformWithAccounts[]) {
  return { name, ...Object.fromEntries(platforms.map(platform => [platform.name, accounts[platform.name] ?? null])) }
}
