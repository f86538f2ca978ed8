#!/usr/bin/env node
// The terminal client: `vakt <command line>` runs a command on the server that uses this folder.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { safeText } from './chat/card-text.ts'
import { quoteWord, shellWords } from './command/command-line.ts'
import { type ClientConfig, type Config, readClientConfig, readConfig, readEnvironment } from './config/config.ts'
import { Problem } from './problem.ts'

/** Exit codes: done, refused or failed, not written right. */
const DONE = 0
const FAILED = 1
const USAGE = 2

const USAGE_TEXT = `vakt <command line>      run a command on the running server, such as: vakt checks list
vakt --json <command>    print the machine-readable result
vakt --save <command>    keep the file or picture of the answer in this folder
vakt logs tail <query>   follow log lines until Ctrl-C
vakt help                show the commands
vakt reveal              show the encrypted personal data in what comes on standard input
vakt manifest            print the Slack app manifest for these settings
vakt --version           show which Vakt this is
vakt simulate <name>     send made-up traffic to the running server; "vakt simulate --help" tells more

The server and its admin key are found by DATA_DIR (or ADMIN_KEY, HOST and PORT, or VAKT_URL).`

// Whoever reads the output may have seen enough: vakt logs tail | head.
process.stdout.on('error', () => process.exit(DONE))

process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  if (argv[0] === 'simulate') return await told(() => play(argv.slice(1)))
  const json = argv.includes('--json')
  const help = argv.includes('--help') || argv.includes('-h')
  const save = argv.includes('--save')
  const words = argv.filter(word => !['--json', '--save', '--help', '-h'].includes(word))
  if (words.length === 0) {
    process.stdout.write(`${USAGE_TEXT}\n`)
    return help ? DONE : USAGE
  }
  return await told(async () => {
    if (words[0] === '--version') return printVersion()
    if (words[0] === 'manifest') return printManifest(readConfig(readEnvironment()))
    if (words[0] === 'reveal') return revealInput(readClientConfig(readEnvironment()))
    const named = words.filter(word => !word.startsWith('-')).slice(0, 2)
    return run(readClientConfig(readEnvironment()), help ? ['help', ...named] : words, { json, save })
  })
}

/** The exit code of what is done; a problem is told on standard error. */
async function told(work: () => Promise<number>): Promise<number> {
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
  if (words[0] === 'logs' && words[1] === 'tail') return follow(url, key, tailQuery(words.slice(2)), json)
  const answer = await ask(url, key, words)
  if (json) process.stdout.write(`${JSON.stringify(answer.ok ? answer.result : { error: answer.error })}\n`)
  if (answer.ok) {
    if (!json) process.stdout.write(`${answer.text}\n`)
    keepFiles(answer.card, save)
    return DONE
  }
  if (!json) process.stderr.write(`${answer.error.message}\n`)
  return answer.error.code === 'invalid' ? USAGE : FAILED
}

/** Where the server is and its admin key. Throws `not_found` when none has run here. */
function findServer(config: ClientConfig): { url: string; key: string } {
  const url = process.env.VAKT_URL ?? readKept(config, 'vakt.url') ?? config.publicUrl
  const key = config.adminKey ?? readKept(config, 'admin.key')
  if (url && key) return { url, key }
  throw new Problem(
    'not_found',
    `No Vakt has run in ${config.dataDir} yet. Start it with "npm start", or set DATA_DIR to its folder.`,
  )
}

async function play(words: string[]): Promise<number> {
  const { simulate } = await import('./simulation/simulate.ts')
  const server = () => findServer(readClientConfig(readEnvironment()))
  return simulate(words, server, line => process.stdout.write(`${safeText(line)}\n`))
}

/** What of a card is bytes; in base64. */
type AnswerCard = { file?: { name: string; content: string }; image?: { name: string; png: string } }

/** Keeps what came with an answer, over nothing that is there; told on standard error, for the output may be piped. */
function keepFiles({ file, image }: AnswerCard, save: boolean): void {
  const kept = [file && [file.name, file.content], image && [image.name, image.png]].filter(one => one !== undefined)
  if (!save && file) process.stderr.write('--save keeps the file in this folder.\n')
  if (!save) return
  for (const [name, content] of kept) {
    const path = basename(name!)
    try {
      writeFileSync(path, Buffer.from(content!, 'base64'), { flag: 'wx', mode: 0o600 })
      process.stderr.write(`Kept as ${safeText(path)}\n`)
    } catch (error) {
      throw new Problem('conflict', `${safeText(path)} could not be kept (${(error as Error).message}).`)
    }
  }
  if (kept.length === 0) process.stderr.write('The answer has no file.\n')
}

type CommandAnswer =
  | { ok: true; card: AnswerCard; text: string; result: unknown }
  | { ok: false; error: { code: string; message: string } }

async function ask(url: string, key: string, words: readonly string[]): Promise<CommandAnswer> {
  try {
    const response = await fetch(`${url.trim().replace(/\/+$/, '')}/api/commands`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ words }),
    })
    const answer = (await response.json()) as CommandAnswer
    if (answer.ok !== true && !answer.error?.message) throw new Error('something else answers there')
    return answer
  } catch (error) {
    throw unreachable(url, error)
  }
}

function unreachable(url: string, error: unknown): Problem {
  const reason = error instanceof TypeError && error.cause instanceof Error ? error.cause.message : String(error)
  return new Problem(
    'internal',
    `Vakt does not answer at ${url.trim()} (${reason}). Is it running? Start it with "npm start".`,
  )
}

/** What to follow, as one query: the words, and the project that `--project` names. Throws `invalid` for other flags. */
function tailQuery(words: readonly string[]): string {
  const at = words.findIndex(word => /^--project(=|$)/.test(word))
  const [flag = '', next = ''] = at < 0 ? [] : words.slice(at)
  const inline = flag.includes('=')
  const project = inline ? flag.slice(flag.indexOf('=') + 1) : next
  const rest = at < 0 ? words : words.toSpliced(at, inline ? 1 : 2)
  if (rest.some(word => /^--[a-z]/i.test(word)) || (at >= 0 && project === ''))
    throw new Problem(
      'invalid',
      'In a shell "logs tail [query] [--project NAME]" goes on until Ctrl-C; it has no other flags.',
    )
  const query = shellWords(rest).map(word => word.raw)
  return [...query, ...(project === '' ? [] : [`project:${quoteWord(project)}`])].join(' ')
}

/** Prints lines as they come, until Ctrl-C or the server ends. */
async function follow(url: string, key: string, query: string, json: boolean): Promise<number> {
  const address = `${url.trim().replace(/\/+$/, '')}/api/logs/tail?q=${encodeURIComponent(query)}`
  const response = await fetch(address, { headers: { authorization: `Bearer ${key}` } }).catch(error => {
    throw unreachable(url, error)
  })
  if (!response.ok || !response.body) {
    const { error } = (await response.json()) as { error: { code: string; message: string } }
    process.stderr.write(`${error.message}\n`)
    return error.code === 'invalid' ? USAGE : FAILED
  }
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const messages = (rest + chunk).split('\n\n')
    rest = messages.pop() ?? ''
    for (const message of messages) {
      const said = /^data: (.*)$/m.exec(message)?.[1]
      if (/^event: line$/m.test(message) && said)
        process.stdout.write(json ? `${said}\n` : `${lineText(JSON.parse(said))}\n`)
      if (/^event: dropped$/m.test(message) && said)
        process.stderr.write(
          `${JSON.parse(said).lines} lines came too fast and are not shown; "logs search" finds them.\n`,
        )
    }
  }
  return DONE
}

function lineText(line: {
  timestamp: string
  level: string
  source: string | null
  host: string | null
  message: string
}): string {
  const from = [line.source, line.host].filter(Boolean).join('@')
  return safeText(`${line.timestamp} ${line.level.toUpperCase().padEnd(5)} ${from} ${line.message}`)
}

/** Shows the encrypted personal data in what comes on standard input; needs the vault.key and no server. */
async function revealInput(config: ClientConfig): Promise<number> {
  const kept = readKept(config, 'vault.key')
  if (kept === null)
    throw new Problem(
      'not_found',
      `There is no vault.key in ${config.dataDir}. Set DATA_DIR to the folder of the server.`,
    )
  const { reveal } = await import('./logs/redact/cipher.ts')
  const { privacyKey } = await import('./projects/vault.ts')
  const key = privacyKey(Buffer.from(kept, 'base64'))
  for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${reveal(line, key)}\n`)
  return DONE
}

async function printManifest(config: Config): Promise<number> {
  const { slackManifest } = await import('./chat/slack/manifest.ts')
  const { commands } = await import('../commands/index.ts')
  process.stdout.write(`${JSON.stringify(slackManifest(config, commands), null, 2)}\n`)
  return DONE
}

function printVersion(): number {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
  process.stdout.write(`Vakt ${version}\n`)
  return DONE
}

function readKept(config: ClientConfig, name: string): string | null {
  try {
    return readFileSync(join(config.dataDir, name), 'utf8').trim() || null
  } catch {
    return null
  }
}
