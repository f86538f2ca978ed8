// The answer to an unknown command: the commands that were probably meant.
import { distance } from 'fastest-levenshtein'
import { Problem } from '../problem.ts'
import type { Command } from './command.ts'
import type { Word } from './command-line.ts'

/** How many letters may be wrong, missing or extra; two swapped letters count as two. */
const MAX_DISTANCE = 2
const MAX_SUGGESTIONS = 3

/** The problem of words that name no command: it lists the next words, or suggests similar commands, or points to help. */
export function unknownCommand<C>(commands: readonly Pick<Command<C>, 'name'>[], words: readonly Word[]): Problem {
  const typed = words.map(word => word.text.toLowerCase())
  const [first = ''] = typed
  if (first === '') return problem('Enter a command. "help" shows all commands.')
  const names = commands.map(({ name }) => name)
  const group = names.filter(name => name.split(' ')[0] === first)
  if (group.length > 0 && typed.length === 1) return problem(`"${first}" needs another word: ${group.join(', ')}.`)
  const near = group.length > 0 ? nearestOf(group, typed) : nearest(names, typed)
  const meant = near.length > 0 ? ` Did you mean ${near.map(name => `"${name}"`).join(' or ')}?` : ''
  if (group.length > 0)
    return problem(`There is no command "${first} ${typed[1]}".${meant || ` There is ${group.join(', ')}.`}`)
  return problem(`There is no command "${first}".${meant} "help" shows all commands.`)
}

function problem(sentence: string): Problem {
  return new Problem('invalid', sentence, { fields: { line: 'no such command' } })
}

/** The names nearest to the words typed; else the groups whose first word is near. */
function nearest(names: readonly string[], typed: readonly string[]): string[] {
  const whole = nearestOf(names, typed)
  return whole.length > 0 ? whole : closest([...new Set(names.map(name => name.split(' ')[0]!))], () => typed[0]!)
}

/** The names nearest to the words typed, compared over as many words as each name has. */
function nearestOf(names: readonly string[], typed: readonly string[]): string[] {
  return closest(names, name => typed.slice(0, name.split(' ').length).join(' '))
}

/** The names that differ from a typed one by a letter or two, at most three of them. */
export function similarNames(names: readonly string[], typed: string): string[] {
  return closest(names, () => typed)
}

function closest(names: readonly string[], wordsFor: (name: string) => string): string[] {
  const rated = names
    .map(name => ({ name, edits: distance(name, wordsFor(name)) }))
    .filter(({ name, edits }) => edits <= MAX_DISTANCE && edits * 2 < name.length)
  const least = Math.min(...rated.map(({ edits }) => edits))
  return rated.flatMap(({ name, edits }) => (edits === least ? [name] : [])).slice(0, MAX_SUGGESTIONS)
}
