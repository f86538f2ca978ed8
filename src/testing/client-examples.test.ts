// The clients in examples/clients run as they stand, against a real Vakt behind a server that fails on demand: no line is lost
// or stored twice, nothing that is logged ends the program, and what is not stored is reported on stderr.
import { execFile, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ODD_LINES } from './fixtures/clients/odd-lines.ts'
import { newFolder, type Running, startVakt } from './running.ts'

const ROOT = join(import.meta.dirname, '../..')
const CLIENTS = join(ROOT, 'examples/clients')
const PROGRAMS = join(import.meta.dirname, 'fixtures/clients')
const LINES = 700
const ADMIN_KEY = 'admin-key-for-process-tests'
/** Longer than any answer takes on a busy machine; one request of a test waits for it. */
const REQUEST_TIMEOUT_MS = 2_000
/** A port that nothing listens on. */
const CLOSED = 'http://127.0.0.1:9'

/** How the server fails; requests beyond the plan are passed on to Vakt. */
type Fault =
  | 'break off'
  | 'hang'
  | 'retry in 1 s'
  | 'unavailable'
  | 'break off after storing'
  | 'redirect'
  | 'too large'
type Request = { at: number; key: string; lines: number; fault: Fault | undefined }

const folder = newFolder()
let vakt: Running
let secret: string
let address: string
const plans = new Map<string, Fault[]>()
const requests = new Map<string, Request[]>()
const server = createServer((request, response) => void serve(request, response))

beforeAll(async () => {
  writeFileSync(join(folder.path, 'admin.key'), `${ADMIN_KEY}\n`)
  vakt = await startVakt(folder.path, { ADMIN_KEY: '' })
  secret = (await vakt.command<{ key: { secret: string } }>('keys create default')).key.secret
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await vakt.stop()
  folder.remove()
})

/** The first part of a path names the program, so that many can run at once. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, name, path] = /^\/([^/]+)(.*)$/.exec(request.url!)!
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const isText = request.headers['content-type'] === 'text/plain'
  const lines = isText ? body.toString().trimEnd().split('\n').length : JSON.parse(body.toString()).length
  const fault = plans.get(name!)?.shift()
  const seen: Request = { at: performance.now(), key: String(request.headers['idempotency-key']), lines, fault }
  requests.set(name!, [...(requests.get(name!) ?? []), seen])
  if (fault === 'break off') request.socket.destroy()
  else if (fault === 'retry in 1 s')
    response.writeHead(429, { 'retry-after': '1' }).end('{"error":{"message":"slow down"}}')
  else if (fault === 'unavailable') response.writeHead(503).end('<html>')
  else if (fault === 'redirect') response.writeHead(302, { location: 'http://elsewhere/' }).end()
  else if (fault === 'too large') response.writeHead(413).end('{"error":{"message":"too large"}}')
  else if (fault !== 'hang') {
    const { host: _host, connection: _connection, ...headers } = request.headers
    const answer = await fetch(`${vakt.url}${path}`, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body,
    })
    const text = await answer.text()
    if (fault === 'break off after storing') request.socket.destroy()
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text)
  }
}

type Client = {
  needs: string
  /** The command that logs `lines` ordinary lines; mode is `odd` for odd values before them. */
  command: (lines: number, mode: string) => readonly [string, ...string[]]
  env?: NodeJS.ProcessEnv
}

const CLIENT_OF: { [name: string]: Client } = {
  python: {
    needs: 'python3',
    command: (lines, mode) => ['python3', join(PROGRAMS, 'program.py'), String(lines), mode],
    env: { PYTHONPATH: join(CLIENTS, 'python'), PYTHONDONTWRITEBYTECODE: '1' },
  },
  node: {
    needs: 'node',
    command: (lines, mode) => ['node', join(PROGRAMS, 'program.mjs'), String(lines), mode],
  },
  go: { needs: 'go', command: (lines, mode) => [join(folder.path, 'go-program/program'), String(lines), mode] },
  bash: {
    needs: 'bash',
    command: lines => [
      'bash',
      '-c',
      `{ for ((i = 0; i < ${lines}; i++)); do echo "line $i"; done; } | '${CLIENTS}/vakt-log.sh' "$VAKT_SOURCE"; exit "\${PIPESTATUS[1]}"`,
    ],
  },
}

let built: Promise<string> | undefined
async function buildGoProgram(): Promise<string> {
  const module = join(folder.path, 'go-program')
  cpSync(join(PROGRAMS, 'go'), module, { recursive: true })
  const replace = `replace example.com/vakt => ${join(CLIENTS, 'go')}`
  writeFileSync(join(module, 'go.mod'), `module program\n\ngo 1.22\n\nrequire example.com/vakt v0.0.0\n\n${replace}\n`)
  await promisify(execFile)('go', ['build', '-o', 'program', '.'], { cwd: module })
  return join(module, 'program')
}

/** Runs a command; its source is `name`, and it sends to the server that fails. */
async function run(name: string, client: Client, [file, ...args]: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const settings = { VAKT_URL: `${address}/${name}`, VAKT_KEY: secret, VAKT_SOURCE: name, VAKT_RETRY_MS: '20' }
  const child = spawn(file!, args, {
    env: { ...process.env, VAKT_GATHER_MS: '50', VAKT_CLOSE_MS: '60000', ...settings, ...client.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Against hanging only.
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const status = await new Promise(resolve => child.on('close', resolve))
  return { status, stdout, stderr }
}

type Line = {
  level: string
  message: string
  source: string
  group: string | null
  tags: string[]
  stack: string | null
  attributes: { [name: string]: unknown }
}

async function stored(query: string): Promise<Line[]> {
  const response = await fetch(`${vakt.url}/api/logs?format=ndjson&q=${encodeURIComponent(query)}`, {
    headers: { 'x-api-key': ADMIN_KEY },
  })
  return (await response.text())
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

/** A test for each client whose runtime is here. */
function forEachClient(
  title: string,
  body: (name: string, client: Client) => Promise<void>,
  names = Object.keys(CLIENT_OF),
) {
  it.concurrent.for(names)(`%s: ${title}`, async (name, { skip }) => {
    const client = CLIENT_OF[name]!
    const { error } = spawnSync(client.needs, [client.needs === 'go' ? 'version' : '--version'])
    if (error) skip(`${client.needs} is not installed`)
    if (name === 'go') {
      built ??= buildGoProgram()
      await built
    }
    await body(name, client)
  })
}

const numbered = (lines: Line[]) =>
  lines
    .filter(line => /^line \d+$/.test(line.message))
    .map(line => line.message)
    .sort()

forEachClient('no line is lost or stored twice, whatever the server does', async (name, client) => {
  const source = `${name}-faults`
  plans.set(source, [
    'too large',
    'break off',
    'retry in 1 s',
    'break off after storing',
    'unavailable',
    'hang',
    'unavailable',
  ])
  const env = { VAKT_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS) }
  const { status, stdout, stderr } = await run(source, client, client.command(LINES, 'plain'), env)
  // A failure that goes on is shown; nothing else is.
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^(vakt[^\n]* wait, trying again: [^\n]+\n)*$/)])
  const messages = numbered(await stored(`source:${source}`))
  expect([messages.length, new Set(messages).size]).toEqual([LINES, LINES])
  if (name === 'bash') expect(stdout).toBe(Array.from({ length: LINES }, (_, i) => `line ${i}\n`).join(''))
  const seen = requests.get(source)!
  const after = (fault: Fault) => [
    seen.find(request => request.fault === fault)!,
    seen[seen.findIndex(request => request.fault === fault) + 1]!,
  ]
  for (const fault of ['break off', 'retry in 1 s', 'break off after storing', 'unavailable', 'hang'] as const) {
    const [failed, next] = after(fault)
    expect([fault, next!.key, next!.lines]).toEqual([fault, failed!.key, failed!.lines])
  }
  const [limited, next] = after('retry in 1 s')
  expect(next!.at - limited!.at).toBeGreaterThan(980)
})

forEachClient('what Vakt refuses is reported once, in its words', async (name, client) => {
  const source = `${name}-refused`
  const { status, stderr } = await run(source, client, client.command(3, 'plain'), { VAKT_KEY: 'vakt_wrong' })
  expect(status).toBe(name === 'bash' ? 1 : 0)
  expect(stderr).toMatch(/^vakt[^\n]*\b3 [^\n]*refused: 401 [^\n]+key[^\n]*\n$/)
  expect(requests.get(source)!.length).toBe(1)
})

forEachClient('a redirect is reported, and never followed without the body', async (name, client) => {
  const source = `${name}-redirect`
  plans.set(source, ['redirect'])
  const { status, stderr } = await run(source, client, client.command(3, 'plain'))
  expect([status, stderr]).toEqual([name === 'bash' ? 1 : 0, expect.stringContaining('redirects to http://elsewhere/')])
})

forEachClient('when Vakt is away, the program ends in time and the loss is reported', async (name, client) => {
  const env = { VAKT_URL: CLOSED, VAKT_CLOSE_MS: '150' }
  const { status, stderr } = await run(`${name}-away`, client, client.command(3, 'plain'), env)
  expect(status).toBe(name === 'bash' ? 1 : 0)
  expect(stderr).toMatch(/3 [^\n]*not sent before the end/)
})

forEachClient('a full queue drops new lines, counts them, and reports them when Vakt is back', async (name, client) => {
  const source = `${name}-full`
  // The clients in a program send nothing before the end; the shell's has its queue in files and sends at once.
  if (name === 'bash') plans.set(source, ['hang'])
  const env = { VAKT_MAX_LINES: '40', VAKT_GATHER_MS: '60000', VAKT_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS) }
  const { status, stderr } = await run(source, client, client.command(LINES, 'plain'), env)
  const lines = await stored(`source:${source}`)
  const dropped = LINES - numbered(lines).length
  const sum = (pattern: RegExp, text: string) =>
    [...text.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0)
  if (name === 'bash') {
    expect(status).toBe(dropped === 0 ? 0 : 1)
    expect(sum(/(\d+) lines of \S+ were dropped/g, stderr)).toBe(dropped)
  } else {
    expect([status, dropped]).toEqual([0, LINES - 40])
    expect(stderr).toContain('vakt: 660 log lines were dropped, because the queue was full\n')
    const message = '660 log lines were dropped, because the queue was full'
    expect(lines.filter(line => line.message === message)).toMatchObject([
      { level: 'warn', attributes: { dropped: 660 } },
    ])
  }
})

forEachClient(
  'process.exit() sends what is left, within its limit',
  async (name, client) => {
    const source = `${name}-exit`
    plans.set(source, ['unavailable'])
    expect(await run(source, client, client.command(LINES, 'exit'))).toEqual({ status: 3, stdout: '', stderr: '' })
    expect(numbered(await stored(`source:${source}`)).length).toBe(LINES)
  },
  ['node'],
)

forEachClient(
  'odd values, broken objects and a closed logger end neither the program nor other lines',
  async (name, client) => {
    const source = `${name}-odd`
    const { status, stderr } = await run(source, client, client.command(5, 'odd'))
    expect([status, stderr]).toEqual([0, ''])
    const lines = await stored(`source:${source}`)
    expect(numbered(lines).length).toBe(5)
    const [values] = lines.filter(line => line.message === 'values')
    expect(values).toMatchObject({ level: 'info', source, group: 'prod/pay', tags: ['eu'] })
    const { attributes } = values!
    expect(attributes).toMatchObject({ nan: 'NaN', inf: '-Infinity', level: 'mine', source: 'mine', bytes: 'café' })
    expect(JSON.stringify(attributes.around)).toContain('[circular]')
    const messages = lines.map(line => line.message)
    expect(messages).toContain('after close')
    expect(lines.find(line => line.message === 'fine')).toMatchObject({ level: 'trace' })
    expect(lines.find(line => line.message === 'end of the world')).toMatchObject({ level: 'fatal' })
    for (const [message, expected] of Object.entries(ODD_LINES[name]!))
      expect([message, lines.find(line => line.message === message)]).toMatchObject([message, expected])
  },
  ['python', 'node', 'go'],
)

forEachClient(
  'bytes pass through as they are, and neither an incomplete line nor a stack trace is cut in two',
  async (name, client) => {
    const source = `${name}-stream`
    // The 500th line fills a batch; a read times out within the question.
    const program = String.raw`for ((i = 1; i < 500; i++)); do echo "line $i"; done; printf 'ERROR boom\n  at a (x.js:1)\n'
      printf '\xff\xfe'; printf 'is it open? '; sleep 1.1; printf 'yes \xc3'; sleep 1.1; printf '\xa9\nno newline'`
    const pipe = `{ ${program}; } | '${CLIENTS}/vakt-log.sh' ${source} | od -An -v -tx1 | tr -d ' \\n'`
    const { status, stdout, stderr } = await run(source, client, ['bash', '-o', 'pipefail', '-c', pipe])
    expect([status, stderr]).toEqual([0, ''])
    const printed = Buffer.from(stdout, 'hex').toString('latin1')
    expect(printed.slice(printed.indexOf('ERROR'))).toBe(
      'ERROR boom\n  at a (x.js:1)\n\xff\xfeis it open? yes \xc3\xa9\nno newline',
    )
    const lines = await stored(`source:${source}`)
    expect(lines.length).toBe(499 + 3)
    expect(lines.find(line => line.message === 'ERROR boom')).toMatchObject({
      level: 'error',
      stack: '  at a (x.js:1)',
    })
    expect(lines.some(line => line.message.endsWith('is it open? yes \u00e9'))).toBe(true)
  },
  ['bash'],
)

it('types: a small program passes tsc --strict, from JavaScript and TypeScript', async () => {
  const project = join(folder.path, 'typed')
  mkdirSync(join(project, 'node_modules'), { recursive: true })
  cpSync(join(CLIENTS, 'node'), join(project, 'node_modules/vakt-client'), { recursive: true })
  writeFileSync(join(project, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(project, 'program.ts'),
    `import { createVakt, type Vakt } from 'vakt-client'
const vakt: Vakt = createVakt({ url: process.env.VAKT_URL, source: 'shop' })
vakt.log('error', 'refused', { order: 7341n, error: new Error('x') })
vakt.error(new Error('x'))
vakt.info({ order: 7 }, 'text')
vakt.log(30, 'text')
// @ts-expect-error: no such level
vakt.log('loud', 'text')
const done: boolean = await vakt.close()
console.log(done)`,
  )
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        module: 'nodenext',
        target: 'esnext',
        noEmit: true,
        exactOptionalPropertyTypes: true,
        types: ['node'],
        typeRoots: [join(ROOT, 'node_modules/@types')],
      },
      files: ['program.ts'],
    }),
  )
  const { status, stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', project], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([0, ''])
})

it('an admin key that was there before the first start is not printed', () => {
  expect(vakt.printed()).toContain(`admin key      the one in ${join(folder.path, 'admin.key')}`)
  expect(vakt.printed()).not.toContain(ADMIN_KEY)
})
