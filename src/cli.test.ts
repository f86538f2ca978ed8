// The terminal client as people start it: files of answers are kept when asked for, and over nothing that is there.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

let folder: string
let server: Server
let card: object
let asked: string
let words: string[]
const TAIL = `event: line
data: {"timestamp":"2026-11-21T18:00:00.000Z","level":"warn","source":"api","host":null,"message":"slow"}

event: dropped
data: {"lines":7}

`

const CONTAINER_TAIL = `event: line
data: {"timestamp":"2026-11-21T18:00:00.000Z","level":"warn","container":"api","host":"web-1","stream":"stdout","message":"slow"}

event: problem
data: {"message":"api on web-1 has stopped."}

`

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-cli-'))
  server = createServer((request, response) => {
    asked = request.url!
    if (asked.startsWith('/api/logs/tail')) {
      response.setHeader('content-type', 'text/event-stream')
      return response.end(TAIL)
    }
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      words = JSON.parse(body).words
      if (words.includes('--follow')) {
        response.setHeader('content-type', 'text/event-stream')
        return response.end(CONTAINER_TAIL)
      }
      response.end(JSON.stringify({ ok: true, card, text: 'said', result: null }))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

function vakt(...words: string[]) {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, VAKT_URL: url, ADMIN_KEY: 'k'.repeat(32), DATA_DIR: folder }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'cli.ts'), ...words], { cwd: folder, env })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', chunk => {
    said.stdout += chunk
  })
  child.stderr.on('data', chunk => {
    said.stderr += chunk
  })
  return new Promise<{ code: number | null; stdout: string; stderr: string }>(resolve =>
    child.on('close', code => resolve({ code, ...said })),
  )
}

it('saves a file under its bare name with --save, and overwrites none', async () => {
  card = { title: 'x', tone: 'plain', file: { name: '../../a.log', content: Buffer.from('one\n').toString('base64') } }
  const shown = await vakt('containers', 'tail', 'web-1/api')
  expect(shown).toMatchObject({ code: 0, stdout: 'said\n', stderr: 'Use --save to save the file in this folder.\n' })
  expect(readdirSync(folder)).toEqual([])
  expect(await vakt('--save', 'x')).toMatchObject({ code: 0, stdout: 'said\n', stderr: 'Saved as a.log\n' })
  expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('one\n')
  card = { title: 'x', tone: 'plain', file: { name: 'a.log', content: Buffer.from('two\n').toString('base64') } }
  expect(await vakt('--save', 'x')).toMatchObject({ code: 0, stderr: 'Saved as a-2.log\n' })
  expect(await vakt('--save', 'x')).toMatchObject({ code: 0, stderr: 'Saved as a-3.log\n' })
  expect(['a.log', 'a-2.log'].map(name => readFileSync(join(folder, name), 'utf8'))).toEqual(['one\n', 'two\n'])
  expect(readdirSync(folder)).toHaveLength(3)
})

it('follows what it is told to, in the project that it is told, and says what it could not show', async () => {
  const { code, stdout, stderr } = await vakt('logs', 'tail', 'connection refused', '--project', 'shop', 'level>=warn')
  const query = new URL(asked, 'http://vakt').searchParams.get('q')
  expect(query).toBe('"connection refused" level>=warn project:shop')
  expect([code, stdout]).toEqual([0, '2026-11-21T18:00:00.000Z WARN  api slow\n'])
  expect(stderr).toContain('7 lines arrived too fast')
  await vakt('logs', 'tail', '--project=my shop')
  expect(new URL(asked, 'http://vakt').searchParams.get('q')).toBe('project:"my shop"')
  for (const flags of [['--for', '30m'], ['--project']])
    expect(await vakt('logs', 'tail', ...flags)).toMatchObject({ code: 2, stderr: expect.stringContaining('Ctrl-C') })
})

it('follows the lines of a container until the server ends, and shows why no lines come', async () => {
  card = { title: 'unused', tone: 'plain' }
  const { code, stdout, stderr } = await vakt('containers', 'tail', 'web-1/api', '--follow')
  expect(words).toEqual(['containers', 'tail', 'web-1/api', '--follow'])
  expect([code, stdout]).toEqual([0, '2026-11-21T18:00:00.000Z WARN  api@web-1 slow\n'])
  expect(stderr).toBe('api on web-1 has stopped.\n')
  const { stdout: json } = await vakt('--json', 'containers', 'tail', 'web-1/api', '--follow')
  expect(JSON.parse(json)).toMatchObject({ container: 'api', message: 'slow' })
})

it('takes its own flags from the ends of a command, and leaves the words of the command alone', async () => {
  card = { title: 'x', tone: 'plain' }
  for (const line of [
    ['--json', 'checks', 'list'],
    ['checks', 'list', '--json'],
  ])
    expect(await vakt(...line)).toMatchObject({ code: 0, stdout: 'null\n' })
  await vakt('note', '42', 'ran', 'ls', '-h', 'first')
  expect(words).toEqual(['note', '42', 'ran', 'ls', '-h', 'first'])
  await vakt('note', '42', '--', '--json', 'is a flag')
  expect(words).toEqual(['note', '42', '--', '--json', 'is a flag'])
  await vakt('checks', 'add', '--help')
  expect(words).toEqual(['help', 'checks', 'add'])
})

it('takes a whole line that is quoted as one word', async () => {
  await vakt('checks add nightly --note "call Ann"', '--json')
  expect(words).toEqual(['checks', 'add', 'nightly', '--note', 'call Ann'])
})

it('runs on the pinned Node from any folder, whatever Node starts it', async () => {
  const launcher = join(import.meta.dirname, 'vakt.mjs')
  const run = spawnSync(process.execPath, [launcher, '--version'], { cwd: folder, encoding: 'utf8' })
  expect(run).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Vakt \d/) })
})

it('prints its version without a server', async () => {
  expect(await vakt('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Vakt \d+\.\d+\.\d+\n$/) })
})
