// A format that a user added: its expression in RE2's syntax, with the same named groups as the built-in ones. Pure.
import { RE2JS } from 're2js'
import { invalid, Problem } from '../../problem.ts'
import { compileRegex } from '../query/regex.ts'
import type { TextFormat } from './format.ts'

/** What is stored of a user's format, and what travels with the lines of its project. */
export type UserFormat = { name: string; pattern: string }

/** The text format of a user's expression. Throws `invalid` (field `pattern`) when it is wrong or has no group that says anything. */
export function createUserFormat({ name, pattern }: UserFormat): TextFormat {
  const source = pattern.startsWith('^') ? pattern : `^${pattern}`
  try {
    compileRegex(source, false)
  } catch (error) {
    throw error instanceof Problem ? invalid('pattern', error.message) : error
  }
  const compiled = RE2JS.compile(source)
  const groups = Object.keys(compiled.namedGroups())
  if (groups.length === 0)
    throw invalid(
      'pattern',
      'The pattern has no named group. Name the parts of a line: (?<time>…), (?<level>…), (?<message>…), (?<source>…); any other name is an attribute.',
    )
  const exec = (text: string) => {
    const matcher = compiled.matcher(text)
    if (!matcher.find()) return null
    return { groups: Object.fromEntries(groups.map(group => [group, matcher.group(group) ?? undefined])) }
  }
  return {
    kind: 'text',
    name,
    title: 'added here',
    after: 'start',
    first: ALL_CHARACTERS,
    pattern: { exec },
    examples: [],
  }
}

/** Every ASCII character, and what stands for all others. */
const ALL_CHARACTERS = String.raw`\u0000-\uffff`
