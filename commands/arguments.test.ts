// Holds what every command takes, and its limits, which scripts rely on: `npx vitest run commands/arguments -u` writes them again.
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import type { Argument } from '../src/command/argument.ts'
import type { Command } from '../src/command/command.ts'
import type { Problem } from '../src/problem.ts'

// A bug that is planted where commands are defined is there only when they are defined again.
beforeEach(() => {
  if (process.env.PLANTED_SAMPLE !== undefined) vi.resetModules()
})

it('every argument of every command has its limits', async () => {
  const { commands } = await import('./index.ts')
  const lines = commands.flatMap(command => [
    `${command.name}: ${command.role}${command.changes ? ', in the audit' : ''}${list('also', command.aliases)}`,
    ...command.arguments
      .filter(({ name }) => name !== 'share')
      .map(argument => `  ${describeArgument(command, argument)}`),
  ])
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(import.meta.dirname, 'arguments.txt'))
})

/** By the lengths of texts that are accepted, of 0 to 2. */
const FORMS: Record<string, string> = { '0, 1, 2': '', '1, 2': ', not empty', '': ', in a form of its own' }

function describeArgument(command: Command<never>, argument: Argument): string {
  const { name, kind, min, max, maxLength, choices, complete, aliases = [] } = argument
  const accepts = (value: unknown) => isAccepted(command, argument, value)
  const texts = [0, 1, 2].filter(length => accepts('x'.repeat(length))).join(', ')
  return [
    argument.positional ? `<${name}>` : `--${name}`,
    ` ${kind}`,
    ...(argument.required ? [', required'] : []),
    ...(min === undefined ? [] : [`, from ${min}`]),
    ...(max === undefined ? [] : [`, to ${max}`]),
    ...(maxLength === undefined ? [] : [`, up to ${maxLength} characters`]),
    ...(kind === 'text' ? [FORMS[texts] ?? `, of the lengths 0 to 2 only ${texts}`] : []),
    ...(kind === 'number' && accepts(1.5) ? [', with a fraction'] : []),
    ...list('one of', choices ?? []),
    ...(complete === undefined ? [] : [`, completed by ${complete}`]),
    ...list('also', aliases),
    ...(argument.secret ? [', secret'] : []),
    ...(argument.repeated ? [', repeated'] : []),
  ].join('')
}

const list = (word: string, names: readonly string[]) => (names.length === 0 ? '' : [`, ${word} ${names.join(', ')}`])

function isAccepted(command: Command<never>, { name, key }: Argument, value: unknown): boolean {
  try {
    command.parse({ [key]: value })
    return true
  } catch (error) {
    // A Problem of modules that were read again is another class.
    return (error as Problem).fields?.[name] === undefined
  }
}
