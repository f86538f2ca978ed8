// Holds the README and the documents to the code: each command line can be typed, each path, link and command exists.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cardText } from '../src/chat/card-text.ts'
import { findCommand, readArguments, splitWords } from '../src/command/command-line.ts'
import { startApp } from '../src/testing/app.ts'
import { commands } from './index.ts'

const ROOT = join(import.meta.dirname, '..')
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]
/** The start of a line in a shell that runs a command of Vakt. */
const CLIENT = /^(?:docker compose exec vakt node src\/cli\.ts|npx vakt) (?:--json |--save )?/
/** Words after `npx vakt` that are no commands of the server. */
const CLIENT_ONLY = /^(?:simulate|backup|restore|doctor|standby|manifest|decrypt|--version)\b/

const LISTS_FORMER_NAMES = new Set(['docs/glossary.md', 'docs/decisions/015-plain-words.md'])

type Block = { language: string; lines: string[] }

const blocksOf = new Map(DOCUMENTS.map(file => [file, fencedBlocks(read(file))]))
const linesOf = (file: string) => [...promptLines(file), ...clientLines(file)]
const allLines = DOCUMENTS.flatMap(linesOf)

describe('the examples of', () => {
  it.each(commands.map(({ name, examples }) => [name, examples] as const))('%s', (name, examples) => {
    const parsed = examples.map(parsedName)
    if (parsed.length > 0) expect(parsed).toContain(name)
  })
})

describe('every command line', () => {
  it.each(DOCUMENTS.filter(file => linesOf(file).length > 0))('in %s parses', file => {
    for (const line of linesOf(file)) parsedName(line)
  })

  it('is found in the documents', () => {
    expect(allLines.length).toBeGreaterThan(150)
  })

  it('uses the names of today, though former names work too', () => {
    expect(allLines.filter(usesAlias)).toEqual([])
    expect(DOCUMENTS.filter(file => !LISTS_FORMER_NAMES.has(file)).flatMap(formerNames)).toEqual([])
  })

  it('can be pasted into a shell after npx vakt: nothing in it is left for the shell to expand', () => {
    const lines = [...commands.flatMap(({ examples }) => examples), ...DOCUMENTS.flatMap(promptLines)]
    expect(lines.filter(isTakenByShell)).toEqual([])
  })
})

describe('every fenced block', () => {
  it.each(DOCUMENTS)('of %s names its language, so that no command line escapes these tests', file => {
    expect(blocksOf.get(file)!.filter(({ language }) => language === '')).toEqual([])
  })

  it.each(DOCUMENTS.filter(file => shellBlocks(file).length > 0))('for a shell in %s is read by one', file => {
    for (const { lines } of shellBlocks(file)) {
      const { stderr } = spawnSync('sh', ['-n'], { input: lines.join('\n'), encoding: 'utf8' })
      expect(stderr).toBe('')
    }
  })
})

describe('what a document names', () => {
  it.each(DOCUMENTS)('%s: every path of the repository exists', file => {
    const named = [...read(file).matchAll(/`((?:src|commands|examples|migrations|bench|eval|proof|docs)\/[\w./@-]*)`/g)]
    expect(named.map(([, path]) => path!).filter(path => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it.each(DOCUMENTS)('%s: every script of package.json exists', file => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...read(file).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!)
    expect(named.filter(name => scripts[name] === undefined)).toEqual([])
  })

  it.each(DOCUMENTS)('%s: every link within the repository leads somewhere', file => {
    const links = [...prose(file).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link!)
    expect(links.filter(link => !leadsSomewhere(file, link))).toEqual([])
  })
})

it('docs/commands.md names every command', () => {
  const rows = read('docs/commands.md')
    .split('\n')
    .filter(line => line.startsWith('| `'))
  const named = rows.flatMap(row =>
    [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].flatMap(([, names]) => spelled(names!)),
  )
  expect(commands.map(({ name }) => name).filter(name => !named.includes(name))).toEqual([])
  expect(named.filter(name => !commands.some(command => command.name === name))).toEqual([])
})

it('the changelog names every former name of a command or a flag', () => {
  const former = commands.flatMap(command => [
    ...command.aliases,
    ...command.arguments.flatMap(({ aliases = [] }) => aliases.map(name => `--${name}`)),
  ])
  const changelog = read('CHANGELOG.md')
  expect(former.filter(name => !changelog.includes(`\`${name}\``))).toEqual([])
})

it('the README can be read in five minutes', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150)
})

describe('the card that the README shows', () => {
  it('as text is what the terminal prints', async () => {
    const app = await startApp({ start: '2026-11-21T08:08:43Z' })
    const beat = await app.hasCheck('hello --every 20s --grace 10s')
    await beat()
    await app.passes('30s')
    const style = {
      timeZone: 'UTC',
      now: app.clock.now(),
      button: (label: string, line: string) => `  ${label}: ${line}`,
    }
    expect(read('README.md')).toContain(cardText(app.channel.messages.at(-1)!.card, style))
  })

  it('as a picture has the words of the real one', async () => {
    const app = await startApp({ start: '2026-11-28T02:00:00Z' })
    const beat = await app.hasCheck('nightly-backup --every 1d --grace 1h --owner "the data team"')
    await beat()
    await app.passes('25h')
    const { title, lines = [], facts = [], buttons = [] } = app.channel.messages.at(-1)!.card
    const texts = [title, ...lines, ...facts.map(fact => fact.name), ...buttons.map(button => button.label)]
    const words = texts.flat().filter(text => typeof text === 'string')
    // What is drawn: see docs/pictures/README.md; that it is what is sent today is held with the gallery of cards.
    const { payloads } = JSON.parse(read('docs/pictures/payloads.json'))
    const picture = JSON.stringify(payloads['discord-alert'].message)
    expect(words.filter(text => !picture.includes(text))).toEqual([])
    const pictures = [
      ...read('README.md').matchAll(/\((docs\/pictures\/[\w-]+\.png)\)|src="(docs\/pictures\/[\w-]+\.png)"/g),
    ]
    expect(pictures.length).toBeGreaterThanOrEqual(3)
    for (const [, image, source] of pictures) expect(existsSync(join(ROOT, (image ?? source)!))).toBe(true)
  })
})

/** The name of the command that a line runs; throws what a person would be shown. */
function parsedName(line: string): string {
  const found = findCommand(commands, splitWords(line))
  if (!found) throw new Error(`There is no command "${line}".`)
  found.command.parse(readArguments(found.command, found.rest))
  return found.command.name
}

/** Whether a line names its command, or one of its flags, by a former name. */
function usesAlias(line: string): boolean {
  const words = splitWords(line)
  const { command } = findCommand(commands, words)!
  const name = words.slice(0, command.name.split(' ').length).map(({ text }) => text)
  const flags = words.flatMap(({ raw }) => /^--(?:no-)?([a-z][a-z-]*)/.exec(raw)?.[1] ?? [])
  return (
    name.join(' ') !== command.name ||
    flags.some(flag => !command.arguments.some(argument => argument.name.startsWith(flag)))
  )
}

/** Former names of commands and flags in the running text of a document, where no command of today has that name. */
function formerNames(file: string): string[] {
  const words = new Set(commands.map(({ name }) => name.split(' ')[0]))
  const flags = new Set(commands.flatMap(command => command.arguments.map(({ name }) => name)))
  const formerWords = commands.flatMap(({ aliases }) => aliases.map(name => name.split(' ')[0]!))
  const formerFlags = commands.flatMap(command => command.arguments.flatMap(({ aliases = [] }) => aliases))
  const code = [...prose(file).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!)
  return code.filter(
    text =>
      formerWords.some(word => !words.has(word) && (text === word || text.startsWith(`${word} `))) ||
      formerFlags.some(flag => !flags.has(flag) && new RegExp(`--${flag}(?![\\w-])`).test(text)),
  )
}

/** The lines of blocks for the prompt, without their comments. */
function promptLines(file: string): string[] {
  const blocks = blocksOf.get(file)!.filter(({ language }) => language === 'vakt')
  return blocks.flatMap(({ lines }) => lines.map(withoutComment)).filter(line => line !== '')
}

/** The commands that blocks for a shell run, without what the shell does beside them. */
function clientLines(file: string): string[] {
  return shellBlocks(file)
    .flatMap(({ lines }) => lines.map(withoutComment))
    .filter(line => CLIENT.test(line))
    .map(line => line.replace(CLIENT, '').split(/ [|<>]/)[0]!)
    .filter(line => !CLIENT_ONLY.test(line))
}

function shellBlocks(file: string): Block[] {
  return blocksOf.get(file)!.filter(({ language }) => language === 'sh')
}

/** As a shell reads it: a comment begins with a # that begins a word. */
function withoutComment(line: string): string {
  return line.replace(/(^|\s)#(\s.*)?$/, '').trim()
}

/** Whether a shell would redirect, expand or split what is not quoted, or expand what is in double quotes. */
function isTakenByShell(line: string): boolean {
  const bare = line.replaceAll(/'[^']*'/g, '')
  return /[$`]/.test(bare) || /[<>|&;()*?]/.test(bare.replaceAll(/"[^"]*"/g, ''))
}

function fencedBlocks(text: string): Block[] {
  return [...text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)].map(([, language, body]) => ({
    language: language!,
    lines: body!.trimEnd().split('\n'),
  }))
}

/** A document without its fenced blocks. */
function prose(file: string): string {
  return read(file).replaceAll(/^```\S*\n[\s\S]*?^```$/gm, '')
}

function leadsSomewhere(file: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? file : join(dirname(file), path)
  if (!existsSync(join(ROOT, target))) return false
  return anchor === undefined || headings(target).includes(anchor)
}

/** The anchors of a document's headings, as GitHub makes them. */
function headings(file: string): string[] {
  return [...prose(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** `checks add · list` is `checks add` and `checks list`; `hosts logs add · list` repeats its first two words. */
function spelled(names: string): string[] {
  const [first = '', ...others] = names.split(' · ')
  const group = first.split(' ').slice(0, -1).join(' ')
  return [first, ...others.map(other => (group === '' ? other : `${group} ${other}`))]
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}
