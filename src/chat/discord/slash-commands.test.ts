// Vakt's commands as slash commands: Discord accepts them, a used one is read correctly, and changes are noticed.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commands as allCommands } from '../../../commands/index.ts'
import type { Argument, ArgumentKind } from '../../command/argument.ts'
import { commandListErrors } from '../../testing/discord/command-rules.ts'
import { requestErrors } from '../../testing/discord/oracle.ts'
import { differs, readSlash, slashCommands } from './slash-commands.ts'

const ROUTE = '/applications/{application_id}/guilds/{guild_id}/commands'
const faults = (wanted: unknown[]) => [
  ...requestErrors('PUT', ROUTE, wanted),
  ...commandListErrors(wanted as Record<string, unknown>[]),
]
const argument = (name: string, more: Partial<Argument> = {}): Argument => ({
  key: name,
  name,
  summary: `What ${name} is`,
  kind: 'text',
  required: false,
  positional: false,
  ...more,
})
const definition = (name: string, ...args: Argument[]) => ({ name, summary: `Does ${name}`, arguments: args })

test("Discord accepts Vakt's own commands", () => {
  const wanted = slashCommands(allCommands)
  expect(faults(wanted)).toEqual([])
  expect(wanted.map(c => c.name)).toContain('checks')
})

test('words become commands and subcommands, required options come first', () => {
  const wanted = slashCommands([
    definition('status'),
    definition('checks add', argument('every'), argument('name', { required: true, complete: 'check' })),
    definition('logs', argument('q')),
    definition('logs patterns top', argument('limit', { kind: 'whole number', min: 1, max: 50 })),
  ])
  expect(faults(wanted)).toEqual([])
  expect(wanted).toMatchObject([
    { name: 'status', options: [] },
    {
      name: 'checks',
      options: [{ name: 'add', options: [{ name: 'name', required: true, autocomplete: true }, { name: 'every' }] }],
    },
    {
      name: 'logs',
      options: [{ name: 'show' }, { name: 'patterns-top', options: [{ type: 4, min_value: 1, max_value: 50 }] }],
    },
  ])
})

test('a used slash command is read as the command it was made from', () => {
  const commands = [
    definition('status'),
    definition('logs', argument('q')),
    definition('logs top', argument('q', { complete: 'x' })),
  ]
  const sub = (name: string, ...options: object[]) => [{ type: 1, name, options }] as never
  expect(readSlash(commands, 'status')).toEqual({ command: 'status', args: {}, focused: undefined })
  expect(readSlash(commands, 'logs', sub('show', { type: 3, name: 'q', value: 'a' }))).toMatchObject({
    command: 'logs',
    args: { q: 'a' },
  })
  expect(readSlash(commands, 'logs', sub('top', { type: 3, name: 'q', value: 'b', focused: true }))).toMatchObject({
    command: 'logs top',
    focused: { typed: 'b', argument: { name: 'q' } },
  })
  expect(readSlash(commands, 'logs', sub('gone'))).toBeNull()
  expect(readSlash(commands, 'gone')).toBeNull()
})

test('only a real change is a difference, not what Discord adds or leaves out', () => {
  const wanted = slashCommands([
    definition('a', argument('x', { kind: 'choice', choices: ['p', 'q'] })),
    definition('b'),
  ])
  const registered = wanted.toReversed().map((c, i) => ({
    ...c,
    id: `${i}`,
    version: '9',
    nsfw: false,
    options: c.options?.length ? c.options : undefined,
    default_member_permissions: null,
  }))
  expect(differs(registered, wanted)).toBe(false)
  expect(differs([], wanted)).toBe(true)
  expect(differs(registered.slice(1), wanted)).toBe(true)
  const reworded = slashCommands([
    definition('a', argument('x', { kind: 'choice', choices: ['p', 'r'] })),
    definition('b'),
  ])
  expect(differs(registered, reworded)).toBe(true)
})

test('descriptions of many long commands are shortened until Discord accepts them', () => {
  const wordy = (i: number) => argument(`option-${i}`, { summary: 'word '.repeat(20) })
  const crowd = Array.from({ length: 30 }, (_, i) =>
    definition(`logs sub-${i}`, ...Array.from({ length: 6 }, (_, o) => wordy(o))),
  )
  const [logs] = slashCommands(crowd)
  expect(faults([logs])).toEqual([])
  expect(logs?.options).toHaveLength(25)
})

test('an argument with more choices than Discord shows suggests them', () => {
  const choices = Array.from({ length: 26 }, (_, i) => `c${i}`)
  const [status] = slashCommands([definition('status', argument('zone', { kind: 'choice', choices }))])
  expect(status?.options).toEqual([{ type: 3, name: 'zone', description: 'What zone is', autocomplete: true }])
})

test('Discord accepts any definitions', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,14}$/)
  const kind = fc.constantFrom<ArgumentKind>('text', 'whole number', 'number', 'flag', 'choice')
  const anyArgument = fc
    .record({
      name: word,
      summary: fc.string({ maxLength: 300, size: 'max' }),
      kind,
      required: fc.boolean(),
      many: fc.integer({ min: 1, max: 40 }),
      complete: fc.boolean(),
    })
    .map(({ name, summary, kind, required, many, complete }) =>
      argument(name, {
        summary,
        kind,
        required,
        ...(kind === 'choice' && { choices: Array.from({ length: many }, (_, i) => `c${i}`) }),
        ...(complete && kind !== 'choice' && { complete: 'x' }),
      }),
    )
  const anyDefinition = fc.record({
    name: fc.array(word, { minLength: 1, maxLength: 3 }).map(words => words.join(' ')),
    summary: fc.string({ maxLength: 300, size: 'max' }),
    arguments: fc.uniqueArray(anyArgument, { maxLength: 30, selector: one => one.name }),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(anyDefinition, { maxLength: 40, selector: one => one.name.split(' ').slice(0, 2).join(' ') }),
      definitions => {
        expect(faults(slashCommands(definitions))).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
})
