// The answer to an unknown command: the commands that were probably meant.
import { Problem, type Slip } from '../problem.ts'
import type { Command } from './command.ts'
import type { Word } from './command-line.ts'
import { nearestOf } from './nearest.ts'

/** The problem of words that name no command: it lists the next words, or suggests similar commands, or points to help. */
export function unknownCommand<C>(commands: readonly Pick<Command<C>, 'name'>[], words: readonly Word[]): Problem {
  const typed = words.map(word => word.text.toLowerCase())
  const [first = ''] = typed
  if (first === '') return problem('Enter a command. "help" shows all commands.')
  const names = commands.map(({ name }) => name)
  const group = names.filter(name => name.split(' ')[0] === first)
  if (group.length > 0 && typed.length === 1) return problem(`"${first}" needs another word: ${group.join(', ')}.`)
  const near = group.length > 0 ? nearestCommands(group, typed) : nearest(names, typed)
  const meant = near.length > 0 ? ` Did you mean ${near.map(name => `"${name}"`).join(' or ')}?` : ''
  const slip = near.length > 0 ? { wrong: slipOf(words, near[0]!), right: near } : undefined
  if (group.length > 0)
    return problem(`There is no command "${first} ${typed[1]}".${meant || ` There is ${group.join(', ')}.`}`, slip)
  return problem(`There is no command "${first}".${meant} "help" shows all commands.`, slip)
}

function problem(sentence: string, slip?: Slip): Problem {
  return new Problem('invalid', sentence, { fields: { line: 'no such command' }, ...(slip ? { slip } : {}) })
}

/** The words as typed that a command would replace. */
function slipOf(words: readonly Word[], name: string): string[] {
  return words.slice(0, name.split(' ').length).map(word => word.text)
}

/** The names nearest to the words typed; else the groups whose first word is near. */
function nearest(names: readonly string[], typed: readonly string[]): string[] {
  const whole = nearestCommands(names, typed)
  return whole.length > 0 ? whole : nearestOf([...new Set(names.map(name => name.split(' ')[0]!))], () => typed[0]!)
}

/** The names nearest to the words typed, compared over as many words as each name has. */
function nearestCommands(names: readonly string[], typed: readonly string[]): string[] {
  return nearestOf(names, name => typed.slice(0, name.split(' ').length).join(' '))
}
