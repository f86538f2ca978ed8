// Parses command lines as people type them: words as in a shell, flags anywhere, the last positional takes the rest.

import { Problem } from '../problem.ts'
import { argumentNamed } from './argument.ts'
import type { Command } from './command.ts'
import { nearestOf } from './nearest.ts'

/** One word of a line: its text without the quotes, and its raw form. */
export type Word = { text: string; raw: string }

/**
 * Splits a line into words as a shell does: single and double quotes (also the curly ones that phones type), `\` before
 * a character. A `#` that stands alone begins a comment, up to the end of the line (`#42` is a word, as people write it).
 * Throws `invalid` for a quote that is never closed.
 */
export function splitWords(line: string): Word[] {
  const words: Word[] = []
  let word: Word | null = null
  for (const [raw, double, curly, single, escaped, space] of line.matchAll(PIECES)) {
    if (space !== undefined) {
      if (word?.raw === '#') break
      word = null
      continue
    }
    if (/^["“”]$/.test(raw)) {
      throw new Problem('invalid', `The quote ${raw} is opened and never closed.`, {
        fields: { line: 'unclosed quote' },
      })
    }
    if (!word) {
      word = { text: '', raw: '' }
      words.push(word)
    }
    word.text += double?.replaceAll(/\\(["\\])/g, '$1') ?? curly ?? single ?? escaped ?? raw
    word.raw += raw
  }
  const comment = words.findIndex(({ raw }) => raw === '#')
  const meant = comment < 0 ? words : words.slice(0, comment)
  // Phones turn two hyphens into a dash.
  return meant.map(one => (/^[—–]{1,2}[a-z]/i.test(one.raw) ? dashed(one) : one))
}

function dashed({ text, raw }: Word): Word {
  return { text: text.replace(/^[—–]+/, '--'), raw: raw.replace(/^[—–]+/, '--') }
}

// Double quotes, curly quotes, single quotes (only where a value begins: the apostrophe in don't is none), an escaped
// character, white space, anything else.
const PIECES = /"((?:\\[\s\S]|[^"\\])*)"|[“”]([^“”]*)[“”]|(?<=^|[\s=])'([^']*)'|\\([\s\S])|(\s+)|[\s\S]/gu

/**
 * Words that a shell has already split. A word with spaces in it was quoted, and the shell removed the quotes; it stays a
 * phrase beside other words.
 */
export function shellWords(texts: readonly string[]): Word[] {
  return texts.map(text => ({ text, raw: PHRASE.test(text) ? quoteWord(text) : text }))
}

// A query is not a phrase: it is quoted only because of its > or *.
const PHRASE = /^(?!.*(?:[":<>=()|/*@]|\s-|\bOR\b))[\p{L}\p{N}].*\s/u

/** The line that people would type for such words. */
export function typed(texts: readonly string[]): string {
  return texts
    .map(text => {
      const [, flag, value] = /^(--[a-z][\w-]*)(?:=([\s\S]*))?$/i.exec(text) ?? []
      if (flag === undefined) return quoteWord(text)
      return value === undefined ? flag : `${flag}=${quoteWord(value)}`
    })
    .join(' ')
}

/** The command that a line names, by its name or a former one (the longest that fits), and the words after it, or null. */
export function findCommand<C>(commands: readonly Command<C>[], words: readonly Word[]) {
  let best: { command: Command<C>; length: number } | null = null
  for (const command of commands) {
    for (const name of [command.name, ...command.aliases]) {
      const parts = name.split(' ')
      const fits = parts.every((part, i) => words[i]?.text.toLowerCase() === part)
      if (fits && (!best || parts.length > best.length)) best = { command, length: parts.length }
    }
  }
  return best && { command: best.command, rest: words.slice(best.length) }
}

/** The command of a name or a former name, or undefined. */
export function commandNamed<C extends { name: string; aliases: readonly string[] }>(
  commands: readonly C[],
  name: string,
): C | undefined {
  return commands.find(command => command.name === name) ?? commands.find(({ aliases }) => aliases.includes(name))
}

/**
 * The raw values of the arguments by name: `--name value`, `--name=value`, `--flag`, `--no-flag`, positionals in declared
 * order, the last one taking the rest as written. `--` ends the flags. A flag may be abbreviated while it is unambiguous,
 * as in GNU's `getopt_long`. Throws `invalid` for an unknown or ambiguous flag, a flag without a value, or an extra word.
 */
export function readArguments<C>(command: Command<C>, words: readonly Word[]): Record<string, string | boolean> {
  const values: Record<string, string | boolean> = {}
  const loose: Word[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word.raw === '--') {
      loose.push(...words.slice(i + 1))
      break
    }
    if (!/^--[a-z]/i.test(word.raw)) {
      loose.push(word)
      continue
    }
    const { name, argument, inline, negated } = readFlag(command, word)
    const before = argument.repeated && typeof values[name] === 'string' ? `${values[name]}\n` : ''
    if (argument.kind === 'flag') values[name] = inline ?? !negated
    else if (inline !== undefined) values[name] = before + inline
    else if (i + 1 < words.length) values[name] = before + words[++i]!.text
    else throw new Problem('invalid', `--${name} needs a value.`, { fields: { [name]: 'needs a value' } })
  }
  return { ...placePositionals(command, loose, values), ...values }
}

/** Quotes a value so that `splitWords` reads it back as one word. */
export function quoteWord(value: string): string {
  if (/^[\p{L}\p{N}_./:@%+,=*#-]+$/u.test(value) && !value.startsWith('--') && value !== '#') return value
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}

function readFlag<C>(command: Command<C>, word: Word) {
  const [, written, inline] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word.text) ?? [undefined, word.text.slice(2), undefined]
  const asked = written!.toLowerCase().replaceAll('_', '-')
  const byName = (name: string) => argumentNamed(command.arguments, name)
  const flagsOf = command.arguments.filter(({ positional }) => !positional)
  const named = flagsOf.filter(({ name }) => name.startsWith(asked))
  const longer =
    named.length > 0 ? named : flagsOf.filter(({ aliases }) => aliases?.some(name => name.startsWith(asked)))
  const negated = byName(asked.replace(/^no-/, ''))
  const plain = byName(asked) ?? (negated || longer.length > 1 ? undefined : longer[0])
  const argument = plain ?? (negated?.kind === 'flag' ? negated : undefined)
  if (!argument) {
    const flags = (longer.length > 1 ? longer : flagsOf).map(one => `--${one.name}`)
    const known = flags.length > 0 ? `It takes ${flags.join(', ')}.` : 'It takes no flags.'
    const right = nearestOf(
      flagsOf.map(({ name }) => `--${name}`),
      () => `--${asked}`,
    )
    throw new Problem('invalid', `"${command.name}" has no flag --${asked}. ${known}`, {
      fields: { [asked]: 'no such flag' },
      ...(right.length > 0 ? { slip: { wrong: [`--${written}`], right } } : {}),
    })
  }
  return { name: argument.name, argument, inline, negated: plain === undefined }
}

function placePositionals<C>(command: Command<C>, loose: readonly Word[], named: Record<string, string | boolean>) {
  const places = command.arguments.filter(argument => argument.positional && !(argument.name in named))
  const values: Record<string, string> = {}
  places.forEach((argument, i) => {
    const last = i === places.length - 1
    const words = last ? loose.slice(i) : loose.slice(i, i + 1)
    if (words.length === 1) values[argument.name] = words[0]!.text
    else if (words.length > 1) values[argument.name] = words.map(word => word.raw).join(' ')
  })
  if (places.length === 0 && loose.length > 0) {
    throw new Problem('invalid', `"${command.name}" takes no more words, but got "${loose[0]!.text}".`, {
      fields: { line: `unexpected "${loose[0]!.text}"` },
    })
  }
  return values
}
