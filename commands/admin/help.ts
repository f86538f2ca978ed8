// Help: every command in a line, or one in full.
import { z } from 'zod'
import type { Argument } from '../../src/command/argument.ts'
import { type Command, completes, positional, usage } from '../../src/command/command.ts'
import { commandNamed } from '../../src/command/command-line.ts'
import { Problem } from '../../src/problem.ts'
import { type Context, command } from '../context.ts'

/** The help command over all the others. */
export function helpCommand(commands: () => readonly Command<Context>[]) {
  return command({
    name: 'help',
    summary: 'Show all commands, or the usage of one',
    examples: ['help', 'help checks', 'help checks add'],
    role: 'viewer',
    args: {
      command: completes(positional(z.string().max(60).optional()), 'command').describe(
        'A command, or the first word of several',
      ),
    },
    run({ command: name }, context) {
      const wanted = (name ?? '').trim().toLowerCase()
      const exact = commandNamed(commands(), wanted)
      const group = exact && exact.name !== wanted ? [exact] : groupOf(commands(), wanted)
      if (group.length === 0) {
        throw new Problem('not_found', `There is no command "${wanted}". "help" shows all commands.`, {
          fields: { command: 'no such command' },
        })
      }
      const result = {
        commands: group.map(member => ({
          name: member.name,
          usage: usage(member),
          summary: member.summary,
          role: member.role,
        })),
      }
      if (exact) return { card: fullCard(exact), result }
      return { card: wanted === '' ? overview(group, context) : groupCard(wanted, group), result }
    },
  })
}

/** The commands that begin with a word, by their names or by their former ones. */
function groupOf(all: readonly Command<Context>[], word: string): Command<Context>[] {
  const isIn = (name: string) => word === '' || name === word || name.startsWith(`${word} `)
  const named = all.filter(({ name }) => isIn(name))
  return named.length > 0 ? named : all.filter(({ aliases }) => aliases.some(isIn))
}

/** A line for each first word, so that all of them fit into one message of any chat. */
function overview(all: readonly Command<Context>[], { publicUrl }: Context) {
  const groups = Map.groupBy(all, one => one.name.split(' ')[0]!)
  return {
    title: 'Commands',
    tone: 'plain' as const,
    lines: [...groups].map(([word, group]) => {
      const own = group.find(one => one.name === word)
      const rest = group.filter(one => one !== own).map(one => one.name.slice(word.length + 1))
      return [{ code: word }, ' ', [own?.summary, rest.join(' · ')].filter(Boolean).join(' — ')]
    }),
    footer: `"help checks" lists the commands of a group, "help checks add" explains one. Send beats and logs to ${publicUrl}.`,
  }
}

function groupCard(wanted: string, group: readonly Command<Context>[]) {
  return {
    title: `The ${wanted} commands`,
    tone: 'plain' as const,
    lines: group.map(one => [{ code: one.name }, ` ${one.summary}`]),
    footer: '"help <command>" explains a command.',
  }
}

function fullCard(one: Command<Context>) {
  return {
    title: one.name,
    tone: 'plain' as const,
    lines: [
      `${one.summary}.`,
      ...(one.details ? [one.details] : []),
      [{ bold: 'Usage:' }, ' ', { code: usage(one) }],
      ...one.arguments.map(argument => [
        { code: argument.positional ? argument.name : `--${argument.name}` },
        ` ${argument.summary}${limits(argument)}`,
      ]),
      [{ bold: 'Role:' }, ` ${one.role}`],
    ],
    ...(one.examples.length > 0 ? { code: { text: one.examples.join('\n') } } : {}),
  }
}

function limits(argument: Argument): string {
  if (argument.choices) return ` (${argument.choices.join(', ')})`
  return argument.required ? ' (required)' : ''
}
