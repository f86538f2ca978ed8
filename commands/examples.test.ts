// What the help, the README and the documents show as command lines can be typed as it stands there.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCommand, readArguments, splitWords } from '../src/command/command-line.ts'
import { commands } from './index.ts'

const ROOT = join(import.meta.dirname, '..')
const DOCUMENTS = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs')).flatMap(name => (name.endsWith('.md') ? [`docs/${name}`] : [])),
]

/** Reads a line as far as it can be without a app. Throws what a person would be told. */
function understood(line: string): string {
  const found = findCommand(commands, splitWords(line))
  if (!found) throw new Error(`There is no command "${line}".`)
  found.command.parse(readArguments(found.command, found.rest))
  return found.command.name
}

describe('the examples of', () => {
  it.each(commands.map(({ name, examples }) => [name, examples] as const))('%s', (name, examples) => {
    const shown = examples.map(understood)
    if (shown.length > 0) expect(shown).toContain(name)
  })
})

describe('the examples and the documents', () => {
  const inDocuments = DOCUMENTS.flatMap(file => commandLines(readFileSync(join(ROOT, file), 'utf8')))

  it('say nothing that a shell takes for its own, for every line may be given to npx vakt', () => {
    const taken = [...commands.flatMap(({ examples }) => examples), ...inDocuments].filter(isTakenByShell)
    expect(taken).toEqual([])
  })
})

describe('the command lines in', () => {
  it.each(DOCUMENTS)('%s', file => {
    const lines = commandLines(readFileSync(join(ROOT, file), 'utf8'))
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) understood(line)
  })
})

it('the README names every command', () => {
  const table = readFileSync(join(ROOT, 'README.md'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('| `'))
  const named = table.flatMap(line =>
    [...line.split('|')[1]!.matchAll(/`([^`]+)`/g)].flatMap(([, names]) => spelled(names!)),
  )
  const missing = commands
    .map(({ name }) => name)
    .filter(name => !named.some(one => name === one || name.startsWith(`${one} `)))
  expect(missing).toEqual([])
})

/** Whether a shell would redirect, expand or split what is not quoted, or expand what is in double quotes. */
function isTakenByShell(line: string): boolean {
  const bare = line.replaceAll(/'[^']*'/g, '')
  return /[$`]/.test(bare) || /[<>|&;()*?]/.test(bare.replaceAll(/"[^"]*"/g, ''))
}

/** `checks add · list` is `checks add` and `checks list`; `hosts logs add · list` goes by its first two words. */
function spelled(names: string): string[] {
  const [first, ...others] = names.replace(/ \[.*/, '').split(' · ')
  const group = first!.split(' ').slice(0, -1).join(' ')
  return [first!, ...others.map(other => (other.includes(' ') || group === '' ? other : `${group} ${other}`))]
}

/** The lines of blocks without a language that begin with a command, without the remark that follows some. */
function commandLines(text: string): string[] {
  const words = new Set(commands.map(({ name }) => name.split(' ')[0]))
  return [...text.matchAll(/^```(?:sh)?\n([\s\S]*?)^```/gm)]
    .flatMap(([, block]) => block!.split('\n'))
    .map(line => line.replace(/^(?:npx )?vakt (?:--json |--save )?/, ''))
    .map(line => line.split(/\s{3,}|\s+# | · /)[0]!.trim())
    .filter(line => words.has(line.split(' ')[0]!))
}
