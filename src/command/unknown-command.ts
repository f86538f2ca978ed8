// What somebody is told who says a command that there is not: what was probably meant.
import { distance } from 'fastest-levenshtein'
import { Problem } from '../problem.ts'
import type { Command } from './command.ts'
import type { Word } from './command-line.ts'

/** So many letters may be wrong, missing or too many; two that are swapped are two wrong ones. */
const SLIPS = 2
const SUGGESTED = 3

/** The problem of words that name no command: which come next, which are near, or where all are shown. */
export function unknownCommand<C>(commands: readonly Pick<Command<C>, 'name'>[], words: readonly Word[]): Problem {
  const typed = words.map(word => word.text.toLowerCase())
  const [first = ''] = typed
  if (first === '') return problem('Say a command. "help" shows them all.')
  const names = commands.map(({ name }) => name)
  const group = names.filter(name => name.split(' ')[0] === first)
  if (group.length > 0 && typed.length === 1) return problem(`"${first}" needs one more word: ${group.join(', ')}.`)
  const near = group.length > 0 ? nearestOf(group, typed) : nearest(names, typed)
  const meant = near.length > 0 ? ` Did you mean ${near.map(name => `"${name}"`).join(' or ')}?` : ''
  if (group.length > 0)
    return problem(`There is no command "${first} ${typed[1]}".${meant || ` There is ${group.join(', ')}.`}`)
  return problem(`There is no command "${first}".${meant} "help" shows them all.`)
}

function problem(sentence: string): Problem {
  return new Problem('invalid', sentence, { fields: { line: 'no such command' } })
}

/** The names nearest to the words typed; else the groups whose first word is near. */
function nearest(names: readonly string[], typed: readonly string[]): string[] {
  const whole = nearestOf(names, typed)
  return whole.length > 0 ? whole : closest([...new Set(names.map(name => name.split(' ')[0]!))], () => typed[0]!)
}

/** The names nearest to as many of the words typed as each has. */
function nearestOf(names: readonly string[], typed: readonly string[]): string[] {
  return closest(names, name => typed.slice(0, name.split(' ').length).join(' '))
}

function closest(names: readonly string[], wordsFor: (name: string) => string): string[] {
  const rated = names
    .map(name => ({ name, slips: distance(name, wordsFor(name)) }))
    .filter(({ name, slips }) => slips <= SLIPS && slips * 2 < name.length)
  const least = Math.min(...rated.map(({ slips }) => slips))
  return rated.flatMap(({ name, slips }) => (slips === least ? [name] : [])).slice(0, SUGGESTED)
}
