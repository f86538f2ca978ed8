// Error messages for the arguments of a command.
import type { z } from 'zod'
import type { Argument } from './argument.ts'

/** Replaces zod's own messages; messages that a schema sets for people stay. */
export const NO_MESSAGE = ''
type Issue = z.core.$ZodIssue
const MAX_SHOWN_LENGTH = 60

/** What is wrong with a value and what is valid; it follows the argument's name, or is a sentence of its own. */
export function argumentError(argument: Argument, issue: Issue, value: unknown): string {
  if (value === undefined) return `is missing: ${argument.summary || 'give a value'}`
  const own = messageOf(issue)
  if (own === undefined && typeof value === 'string' && issue.code === 'too_big')
    return `must be at most ${issue.maximum} characters long, but has ${value.length}`
  if (own === undefined && typeof value === 'string' && issue.code === 'too_small')
    return value.trim() === '' ? 'must not be empty' : `must be at least ${issue.minimum} characters long`
  const message = own ?? `must be ${expected(argument)}`
  if (!message.startsWith('must be ') || argument.secret) return message
  const shown = JSON.stringify(value)
  return `${message}, but is ${shown.length > MAX_SHOWN_LENGTH ? `${shown.slice(0, MAX_SHOWN_LENGTH)}…` : shown}`
}

/** The message that a schema sets; for a union, the message of any member with the literal alternatives. */
function messageOf(issue: Issue): string | undefined {
  if (issue.message !== NO_MESSAGE) return issue.message
  if (issue.code !== 'invalid_union') return undefined
  const inner = issue.errors.flat()
  const words = inner.flatMap(one => (one.code === 'invalid_value' ? one.values.map(String) : []))
  const message = inner.map(messageOf).find(one => one !== undefined)
  return message === undefined ? undefined : [message, ...words.map(word => `or ${word}`)].join(', ')
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

/** A message that is a sentence of its own stays as it is; any other follows the argument's name. */
export function argumentErrorSentence(name: string, error: string): string {
  const sentence = /^["A-Z]/.test(error) ? error : `${name.charAt(0).toUpperCase()}${name.slice(1)} ${error}`
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`
}
