#!/usr/bin/env node
// The terminal client: `vakt <command line>` runs a command on the server that uses this folder.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, parse } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import type { Card } from './card.ts'
import { cardText } from './chat/card-text.ts'
import { safeText } from './chat/safe-text.ts'
import { painter, widthOf } from './chat/terminal-paint.ts'
import { quoteWord, shellWords, splitWords } from './command/command-line.ts'
import { type ClientConfig, type Config, readClientConfig, readConfig, readEnvironment } from './config/config.ts'
import { Problem } from './problem.ts'
import { errorMessage } from './text.ts'

/** Exit codes: done, refused or failed, wrong usage. */
const DONE = 0
const FAILED = 1
const USAGE = 2

/** The content type of lines that are followed. */
const LINE_EVENTS = 'text/event-stream'

const USAGE_TEXT = `Usage: vakt [--json] [--save] <command line>

vakt <command line>      run a command on the running server, such as: vakt checks list
vakt --json <command>    print the machine-readable result
vakt <command> -         take the last argument from standard input
vakt --save <command>    save the file or picture of the answer in this folder
vakt logs tail <query>   follow log lines until Ctrl-C; so does vakt containers tail --follow
vakt help                list the commands
vakt decrypt             decrypt the personal data in log lines on standard input
vakt backup <place>      make a whole backup of the data folder, also while Vakt runs
vakt restore <place>     restore one; see "vakt backup --help" and "vakt restore --help"
vakt standby             wait until the main Vakt is lost, restore its state, and take over (LEASE)
vakt doctor              examine settings, data folder, chats and machine, with a remedy for what is wrong
vakt satellite           take beats and log lines here for a Vakt elsewhere; see "vakt satellite --help"
vakt manifest            print the Slack app manifest for these settings
vakt --version           print the version
vakt simulate <name>     send generated traffic to the running server; see "vakt simulate --help"

vakt finds the server and its admin key through DATA_DIR (or ADMIN_KEY, HOST and PORT, or VAKT_URL).`

// The reader of the output may close it early: vakt logs tail | head.
process.stdout.on('error', () => process.exit(DONE))

process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  if (argv[0] === 'simulate') return await exitCodeOf(() => play(argv.slice(1)))
  if (argv[0] === 'satellite') return await exitCodeOf(() => satellite(argv.slice(1)))
  if (argv[0] === 'standby') return await standBy()
  if (argv[0] === 'doctor') return await exitCodeOf(() => examineAll(argv.slice(1)))
  if (argv[0] === 'backup' || argv[0] === 'restore') return await exitCodeOf(() => operate(argv))
  const { flags, words } = splitFlags(argv)
  if (words.length === 0 && !flags.has('version')) {
    process.stdout.write(`${USAGE_TEXT}\n`)
    return flags.has('help') ? DONE : USAGE
  }
  return await exitCodeOf(async () => {
    if (words.length === 0) return printVersion()
    // The whole line as one word, as people who quote it send it.
    if (words.length === 1 && /\s/.test(words[0]!.trim()))
      return main([...splitWords(words[0]!).map(({ text }) => text), ...[...flags].map(flag => `--${flag}`)])
    if (words[0] === 'manifest') return printManifest(readConfig(readEnvironment()))
    if (words[0] === 'decrypt' || words[0] === 'reveal') return decryptInput(readClientConfig(readEnvironment()))
    const named = words.filter(word => !word.startsWith('-')).slice(0, 2)
    const line = flags.has('help') ? ['help', ...named] : words
    const sent = line[0] === 'import' ? await withExport(line) : withInput(line)
    return run(readClientConfig(readEnvironment()), sent, { json: flags.has('json'), save: flags.has('save') })
  })
}

/** A lone hyphen at the end stands for what comes on standard input, as in other programs. */
function withInput(words: string[]): string[] {
  if (words.at(-1) !== '-' || process.stdin.isTTY) return words
  return [...words.slice(0, -1), readFileSync(0, 'utf8')]
}

type OwnFlag = 'json' | 'save' | 'help' | 'version'

/**
 * Takes the client's own flags out of the words: `--json`, `--save` and `--help` before `--`, `-h` in the first or last
 * place only, and `--version` only alone, because these may be words of a command.
 */
function splitFlags(argv: string[]): { flags: Set<OwnFlag>; words: string[] } {
  const boolean = { type: 'boolean' as const }
  const options = { json: boolean, save: boolean, help: { ...boolean, short: 'h' }, version: boolean }
  const { tokens } = parseArgs({ args: argv, options, strict: false, allowPositionals: true, tokens: true })
  const flags = new Set<OwnFlag>()
  const taken = new Set<number>()
  for (const token of tokens) {
    if (token.kind !== 'option' || !(token.name in options) || token.value !== undefined) continue
    const isAtAnEnd = token.index === 0 || token.index === argv.length - 1
    if (argv[token.index] === '-h' ? !isAtAnEnd : argv[token.index] !== `--${token.name}`) continue
    if (token.name === 'version' && argv.length > 1) continue
    flags.add(token.name as OwnFlag)
    taken.add(token.index)
  }
  return { flags, words: argv.filter((_, index) => !taken.has(index)) }
}

/** The exit code of `work`; a problem is printed on standard error. */
async function exitCodeOf(work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    process.stderr.write(`${error.message}\n`)
    return error.code === 'invalid' ? USAGE : FAILED
  }
}

async function run(
  config: ClientConfig,
  words: string[],
  { json, save }: { json: boolean; save: boolean },
): Promise<number> {
  const { url, key } = findServer(config)
  const isLogTail = words[0] === 'logs' && words[1] === 'tail'
  const response = isLogTail
    ? await request(url, key, `/api/logs/tail?q=${encodeURIComponent(tailQuery(words.slice(2)))}`)
    : await request(url, key, '/api/commands', { words })
  if (response.headers.get('content-type')?.startsWith(LINE_EVENTS))
    return printLines(response, json, isLogTail ? '; "logs search" finds them' : '')
  const answer = await readAnswer(url, response)
  if (json) process.stdout.write(`${JSON.stringify(answer.ok ? answer.result : { error: answer.error })}\n`)
  if (answer.ok) {
    if (!json) process.stdout.write(`${shownText(answer)}\n`)
    saveFiles(answer.card, save)
    return DONE
  }
  if (!json) process.stderr.write(`${answer.error.message}\n`)
  return answer.error.code === 'invalid' ? USAGE : FAILED
}

/** `import <program> <file>` with what the file holds in its place: the server cannot read it. */
async function withExport(words: string[]): Promise<string[]> {
  const at = words.findIndex((word, place) => place > 1 && !word.startsWith('-') && existsSync(word))
  if (at < 0) return words
  const { readExportFile } = await import('./imports/export-file.ts')
  return words.with(at, await readExportFile(words[at]!))
}

/** The URL of the server and its admin key. Throws `not_found` when no server has run here. */
function findServer(config: ClientConfig): { url: string; key: string } {
  const url = process.env.VAKT_URL ?? readDataFile(config, 'vakt.url') ?? config.publicUrl
  const key = config.adminKey ?? readDataFile(config, 'admin.key')
  if (url && key) return { url, key }
  throw new Problem(
    'not_found',
    `No Vakt has run in ${config.dataDir}. Start it with "npm start", or set DATA_DIR to the folder of the server.`,
  )
}

async function play(words: string[]): Promise<number> {
  const { simulate } = await import('./simulation/simulate.ts')
  const server = () => findServer(readClientConfig(readEnvironment()))
  return simulate(words, server, line => process.stdout.write(`${safeText(line)}\n`))
}

/** Runs a satellite until a signal ends it. One that could not start keeps nothing open. */
async function satellite(argv: string[]): Promise<number> {
  const { runSatellite } = await import('./app/satellite-process.ts')
  try {
    await runSatellite(argv, text => process.stdout.write(`${safeText(text)}\n`))
    return DONE
  } catch (error) {
    process.stderr.write(`${error instanceof Problem ? error.message : (error as Error).stack}\n`)
    process.exit(error instanceof Problem && error.code === 'invalid' ? USAGE : FAILED)
  }
}

/** Works on the data folder itself: `backup` and `restore` need no server. */
async function operate([name, ...argv]: string[]): Promise<number> {
  const { backupCommand, restoreCommand } = await import('./operations/backup/terminal-commands.ts')
  const environment = readEnvironment()
  const words = argv.filter(word => word !== '--json')
  await (name === 'backup' ? backupCommand : restoreCommand)(words, {
    config: readClientConfig(environment),
    environment,
    version: readVersion(),
    now: Date.now(),
    isJson: words.length < argv.length,
    print: text => process.stdout.write(`${safeText(text)}\n`),
    note: text => process.stderr.write(`${safeText(text)}\n`),
  })
  return DONE
}

/** Becomes the server itself, which ends the process. */
async function standBy(): Promise<number> {
  await import('./main.ts')
  return new Promise(() => {})
}

/** Examines everything on this machine; exit code 1 when something fails. */
async function examineAll(words: readonly string[]): Promise<number> {
  if (words.some(word => word !== '--json')) throw new Problem('invalid', 'Usage: vakt doctor [--json]')
  const { examine, examineSettings } = await import('./operations/doctor/examine.ts')
  const { diagnosisText } = await import('./operations/doctor/diagnosis-text.ts')
  const { PLATFORMS } = await import('./chat/platforms.ts')
  const list = await (async () => {
    try {
      const environment = readEnvironment()
      const config = readConfig(environment)
      const server = { platforms: PLATFORMS, version: readVersion(), now: Date.now, isServer: false }
      return await examine({ config, environment, ...server })
    } catch (error) {
      return [examineSettings(error)]
    }
  })()
  process.stdout.write(
    words.length > 0 ? `${JSON.stringify({ diagnoses: list })}\n` : `${safeText(diagnosisText(list))}\n`,
  )
  return list.some(({ state }) => state === 'failed') ? FAILED : DONE
}

/** The bytes that a card carries, in base64. */
type AnswerCard = { file?: { name: string; content: string }; image?: { name: string; png: string } }

/** The text of an answer: coloured and as wide as the terminal where a person reads it, else the plain text of the server. */
function shownText({ card, text }: { card: AnswerCard; text: string }): string {
  const width = widthOf(process.stdout)
  if (width === undefined) return text
  const file = card.file && { ...card.file, content: Buffer.from(card.file.content, 'base64') }
  const whole = { ...card, ...(file && { file }) } as Card
  return cardText(whole, { timeZone: ownTimeZone(), now: Date.now(), width, paint: painter(process.stdout) })
}

const ownTimeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Saves the files of an answer and overwrites nothing. Messages go to standard error: the output may be piped. */
function saveFiles({ file, image }: AnswerCard, save: boolean): void {
  const files = [file && [file.name, file.content], image && [image.name, image.png]].filter(Boolean) as [
    string,
    string,
  ][]
  if (!save && file) process.stderr.write('Use --save to save the file in this folder.\n')
  if (!save) return
  for (const [name, content] of files) {
    const path = saveFile(basename(name), Buffer.from(content, 'base64'))
    process.stderr.write(`Saved as ${safeText(path)}\n`)
  }
  if (files.length === 0) process.stderr.write('The answer has no file.\n')
}

/** Saves a file under its name, or as `name-2.png` and so on where files have these names; returns the name. */
function saveFile(name: string, content: Buffer): string {
  const { name: stem, ext } = parse(name)
  for (let copy = 1; ; copy++) {
    const path = copy === 1 ? name : `${stem}-${copy}${ext}`
    try {
      writeFileSync(path, content, { flag: 'wx', mode: 0o600 })
      return path
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw new Problem('conflict', `${safeText(path)} could not be saved (${errorMessage(error)}).`)
    }
  }
}

type CommandAnswer =
  | { ok: true; card: AnswerCard; text: string; result: unknown }
  | { ok: false; error: { code: string; message: string } }

/** Sends a request to the server: a POST where there is a body. Throws `internal` when the server does not answer. */
async function request(url: string, key: string, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, accept: `application/json, ${LINE_EVENTS}` }
  const post = {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
  const address = `${url.trim().replace(/\/+$/, '')}${path}`
  return await fetch(address, body ? post : { headers }).catch(error => {
    throw unreachable(url, error)
  })
}

async function readAnswer(url: string, response: Response): Promise<CommandAnswer> {
  try {
    const answer = (await response.json()) as CommandAnswer
    if (answer.ok !== true && !answer.error?.message) throw new Error('something else answers at this address')
    return answer
  } catch (error) {
    throw unreachable(url, error)
  }
}

function unreachable(url: string, error: unknown): Problem {
  const reason = error instanceof TypeError && error.cause instanceof Error ? error.cause.message : String(error)
  return new Problem(
    'internal',
    `Vakt does not answer at ${url.trim()} (${reason}). Start it with "npm start", or set VAKT_URL to its address.`,
  )
}

/**
 * The query to follow: the words, limited to the project of `--project`. `--color` is for Discord and changes nothing here.
 * Throws `invalid` for other flags.
 */
function tailQuery(typed: readonly string[]): string {
  const words = typed.filter(word => word !== '--color')
  const at = words.findIndex(word => /^--project(=|$)/.test(word))
  const [flag = '', next = ''] = at < 0 ? [] : words.slice(at)
  const inline = flag.includes('=')
  const project = inline ? flag.slice(flag.indexOf('=') + 1) : next
  const rest = at < 0 ? words : words.toSpliced(at, inline ? 1 : 2)
  if (rest.some(word => /^--[a-z]/i.test(word)) || (at >= 0 && project === ''))
    throw new Problem(
      'invalid',
      'In a shell, "logs tail [query] [--project NAME]" runs until Ctrl-C and has no other flags.',
    )
  const query = shellWords(rest).map(word => word.raw)
  return [...query, ...(project === '' ? [] : [`project:${quoteWord(project)}`])].join(' ')
}

/** Prints lines as they arrive, until Ctrl-C or until the server stops. */
async function printLines({ body }: Response, json: boolean, droppedHint: string): Promise<number> {
  let rest = ''
  try {
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      const events = (rest + chunk).split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) printEvent(event, json, droppedHint)
    }
  } catch (error) {
    throw new Problem('internal', `The connection to Vakt was lost (${errorMessage(error)}).`)
  }
  return DONE
}

function printEvent(event: string, json: boolean, droppedHint: string): void {
  const data = /^data: (.*)$/m.exec(event)?.[1]
  if (!data) return
  if (/^event: line$/m.test(event)) process.stdout.write(json ? `${data}\n` : `${lineText(JSON.parse(data))}\n`)
  if (/^event: problem$/m.test(event)) process.stderr.write(`${safeText(JSON.parse(data).message)}\n`)
  if (/^event: closed$/m.test(event)) process.stderr.write(`${safeText(JSON.parse(data).message)}\n`)
  if (/^event: dropped$/m.test(event))
    process.stderr.write(`${JSON.parse(data).lines} lines arrived too fast to be shown${droppedHint}.\n`)
}

type TailLine = { timestamp: string; level: string; host: string | null; message: string } & (
  | { source: string | null }
  | { container: string }
)

function lineText(line: TailLine): string {
  const from = ['source' in line ? line.source : line.container, line.host].filter(Boolean).join('@')
  return safeText(`${line.timestamp} ${line.level.toUpperCase().padEnd(5)} ${from} ${line.message}`)
}

/** Decrypts the personal data in log lines on standard input; it needs `vault.key` and no server. */
async function decryptInput(config: ClientConfig): Promise<number> {
  const vaultKey = config.vaultKey ?? readDataFile(config, 'vault.key')
  if (vaultKey === null)
    throw new Problem(
      'not_found',
      `There is no vault.key in ${config.dataDir}. Set DATA_DIR to the folder of the server.`,
    )
  const { decrypt } = await import('./logs/redact/cipher.ts')
  const { privacyKey } = await import('./projects/vault.ts')
  const key = privacyKey(Buffer.from(vaultKey, 'base64'))
  for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${decrypt(line, key)}\n`)
  return DONE
}

async function printManifest(config: Config): Promise<number> {
  const { slackManifest } = await import('./chat/slack/manifest.ts')
  const { slack } = await import('./chat/slack/definition.ts')
  const { settingsOf } = await import('./chat/platform-definition.ts')
  const { commands } = await import('../commands/index.ts')
  process.stdout.write(
    `${JSON.stringify(slackManifest({ publicUrl: config.publicUrl, slack: settingsOf(slack, config.platforms) }, commands), null, 2)}\n`,
  )
  return DONE
}

function printVersion(): number {
  process.stdout.write(`Vakt ${readVersion()}\n`)
  return DONE
}

function readVersion(): string {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')).version
}

function readDataFile(config: ClientConfig, name: string): string | null {
  try {
    return readFileSync(join(config.dataDir, name), 'utf8').trim() || null
  } catch {
    return null
  }
}
