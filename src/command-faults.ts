// What is wrong with the arguments of a command, in sentences.
import type { z } from 'zod'
import type { Argument } from './command.ts'

/** Stands where zod would speak in words of its own; what a schema says for people is kept. */
export const UNSAID = ''
type Issue = z.core.$ZodIssue
const LONGEST_SHOWN = 60

/** What is wrong with a value and what would be right, to be read after the argument's name or as a sentence. */
export function faultOf(argument: Argument, issue: Issue, value: unknown): string {
  if (value === undefined) return `is missing: ${argument.summary || 'give a value'}`
  const own = saidOf(issue)
  if (own === undefined && typeof value === 'string' && issue.code === 'too_big')
    return `must be at most ${issue.maximum} characters long, but has ${value.length}`
  if (own === undefined && typeof value === 'string' && issue.code === 'too_small')
    return value.trim() === '' ? 'must not be empty' : `must be at least ${issue.minimum} characters long`
  const said = own ?? `must be ${expected(argument)}`
  if (!said.startsWith('must be ') || argument.secret) return said
  const shown = JSON.stringify(value)
  return `${said}, but is ${shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown}`
}

/** What a schema says itself; for one of several, what is said of any, with the words that may stand in its place. */
function saidOf(issue: Issue): string | undefined {
  if (issue.message !== UNSAID) return issue.message
  if (issue.code !== 'invalid_union') return undefined
  const inner = issue.errors.flat()
  const words = inner.flatMap(one => (one.code === 'invalid_value' ? one.values.map(String) : []))
  const said = inner.map(saidOf).find(one => one !== undefined)
  return said === undefined ? undefined : [said, ...words.map(word => `or ${word}`)].join(', ')
}

function expected({ kind, choices, min, max }: Argument): string {
  if (choices) return oneOf(choices)
  if (kind === 'flag') return 'true or false'
  if (kind === 'text') return 'text'
  const range = max === undefined ? (min === undefined ? '' : ` of ${min} or more`) : ` from ${min ?? 0} to ${max}`
  return `a ${kind}${range}`
}

function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** Faults that are sentences of their own stay as they are; the others follow the argument's name. */
export function faultSentence(name: string, what: string): string {
  const sentence = /^["A-Z]/.test(what) ? what : `${name.charAt(0).toUpperCase()}${name.slice(1)} ${what}`
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`
}
