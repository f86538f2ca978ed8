// The card that people read when a command is refused or fails: what was wrong, the usage, and buttons with the right form.
import { type Button, type Card, cutText } from '../card.ts'
import type { Problem } from '../problem.ts'
import type { Command } from './command.ts'
import { findCommand, quoteWord, readArguments, splitWords, type Word } from './command-line.ts'

const TITLES: Record<Problem['code'], string> = {
  invalid: 'Invalid input',
  unauthorized: 'Not signed in',
  forbidden: 'Not allowed',
  not_found: 'Not found',
  conflict: 'Nothing changed',
  too_large: 'Too large',
  unsupported: 'Not supported',
  not_a_log: 'Not a log',
  limited: 'Too many requests',
  busy: 'Busy',
  internal: 'Something went wrong in Vakt',
}
const MAX_LABEL_LENGTH = 60
const MAX_BUTTONS = 4

/** The card of a refusal or failure without the line that was refused. */
export function problemCard(problem: Problem): Card {
  const { code, message, usage } = problem
  const sentence = usage === undefined ? message : message.replace(` Usage: ${usage}`, '')
  return {
    title: TITLES[code],
    tone: 'warning',
    lines: [sentence],
    ...(usage === undefined ? {} : { evidence: [{ kind: 'output' as const, name: 'Usage', text: usage }] }),
  }
}

/**
 * The card of a refused command line, with buttons: the line with the slip corrected, the commands that the message names
 * and that only show something, and the help of the command. `words` is empty when the line must not be repeated.
 */
export function refusalCard<C>(problem: Problem, words: readonly Word[], commands: readonly Command<C>[]): Card {
  const lines = new Set([
    ...correctedLines(problem, words, commands),
    ...namedLines(problem, commands),
    ...(problem.usage === undefined ? [] : helpLines(words, commands)),
  ])
  const buttons = [...lines].slice(0, MAX_BUTTONS).map(
    (line, i): Button => ({
      label: cutText(line, MAX_LABEL_LENGTH),
      line,
      ...(i === 0 ? { tone: 'primary' as const } : {}),
    }),
  )
  return { ...problemCard(problem), ...(buttons.length > 0 ? { buttons } : {}) }
}

/** The line with the wrong words replaced by each of those that were probably meant. */
function correctedLines<C>({ slip }: Problem, words: readonly Word[], commands: readonly Command<C>[]): string[] {
  if (!slip) return []
  const at = words.findIndex((_, i) => slip.wrong.every((wrong, j) => isWord(words[i + j], wrong)))
  if (at < 0) return []
  const before = words.slice(0, at).map(writeWord)
  const after = words.slice(at + slip.wrong.length).map(writeWord)
  return slip.right.flatMap(right => {
    // A name of several words is one word of the line, but for the name of a command.
    const meant = findCommand(commands, splitWords(right)) || right.startsWith('--') ? right : quoteWord(right)
    const value = /^--[^=]*(=[\s\S]*)$/.exec(words[at]!.raw)?.[1] ?? ''
    const line = [...before, right.startsWith('--') ? `${meant}${value}` : meant, ...after].join(' ')
    return findCommand(commands, splitWords(line)) ? [line] : []
  })
}

function isWord(word: Word | undefined, text: string): boolean {
  return (
    word !== undefined && (word.text === text || word.text.startsWith(`${text}=`) || word.text === text.toLowerCase())
  )
}

function writeWord({ text, raw }: Word): string {
  return raw.startsWith('--') ? raw : quoteWord(text)
}

/** The lines in quotes of which each is a whole command that changes nothing: `"checks list" shows all checks`. */
function namedLines<C>({ message, slip }: Problem, commands: readonly Command<C>[]): string[] {
  const quoted = [...message.matchAll(/"([a-z]+(?: [^"<>…]+)?)"/g)].map(([, line]) => line!)
  return quoted.flatMap(line => {
    // The corrected line names it already, with the other words of the line.
    if (slip?.right.includes(line)) return []
    return isLookUp(line, commands) ? [line] : []
  })
}

/** Whether a line is complete and changes nothing. */
function isLookUp<C>(line: string, commands: readonly Command<C>[]): boolean {
  const found = findCommand(commands, splitWords(line))
  if (!found || found.command.changes) return false
  try {
    found.command.parse(readArguments(found.command, found.rest))
    return true
  } catch {
    return false
  }
}

function helpLines<C>(words: readonly Word[], commands: readonly Command<C>[]): string[] {
  const found = findCommand(commands, words)
  return found ? [`help ${found.command.name}`] : []
}
