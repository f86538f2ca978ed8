// One path: a record gives the same line through HTTP, a container, a file of a host and the command line.
import { spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startApp, type TestApp } from '../testing/app.ts'
import { shareLogStore } from '../testing/log-store.ts'
import { createFakeHost, type FakeHost } from '../testing/ssh/fake-host.ts'
import { type SshServer, startSshServer } from '../testing/ssh/ssh-server.ts'

const nextStore = shareLogStore()
let app: TestApp
let server: SshServer
let host: FakeHost
let folder: string
let file: string

/** Records as programs write them, each with a time of its own, which every door must read. */
const RECORDS: readonly (readonly [kind: string, text: (time: string) => string])[] = [
  ['JSON', time => `{"time":"${time}","level":"error","msg":"pay failed","user_id":7,"trace_id":"0af7651916cd43dd"}`],
  ['JSON without a message', time => `{"ts":"${time}","level":"warn","DownstreamStatus":502,"RequestPath":"/pay"}`],
  ['JSON with an empty message', time => `{"time":"${time}","level":"info","msg":"","RequestPath":"/pay"}`],
  ['JSON with a number of 64 bits', time => `{"time":"${time}","message":"order","id":1150736271837286401}`],
  ['JSON whose level cannot be read', time => `{"time":"${time}","level":"?","level_name":"CRITICAL","message":"no"}`],
  [
    'JSON inside JSON',
    time => `{"log":"{\\"level\\":\\"error\\",\\"msg\\":\\"inner\\",\\"user\\":7}","time":"${time}"}`,
  ],
  [
    'JSON with an error object',
    time => `{"time":"${time}","level":"error","err":{"type":"E","message":"bad","stack":"E: bad\\n at f"}}`,
  ],
  ['logfmt', time => `time=${time} level=warning msg="slow query" took=1.2s id=9`],
  ['plain text', time => `${time} ERROR disk is full`],
  ['Monolog', time => `[${time}] production.CRITICAL: no route {"exception":"x"} []`],
  ['a secret', time => `${time} INFO login password=hunter2 ok`],
  ['text of other scripts', time => `${time} WARN 数据库连接失败 ❌ søker`],
  [
    'a trace',
    time => `${time} ERROR it broke\njava.lang.RuntimeException: no\n\tat a.B.c(B.java:7)\n\tat a.D.e(D.java:9)`,
  ],
]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-one-path-'))
  file = join(folder, 'app.log')
  writeFileSync(file, '')
  app = await startApp(await nextStore())
  host = createFakeHost(() => app.clock.now())
  server = await startSshServer({
    run: execution => {
      if (!execution.words[2]?.startsWith('# vakt log')) return host.run(execution)
      const child = spawn('/bin/sh', ['-c', execution.line])
      child.stdout.on('data', chunk => execution.out(chunk.toString('utf8')))
      child.on('close', code => execution.exit(code ?? 1))
    },
  })
  host.has('app')
  await app.result(`hosts add web-1 ${server.address}`)
  for (const project of ['json', 'text', 'container', 'file']) await app.result(`projects add ${project}`)
})
afterEach(async () => {
  await app.stop()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

type Line = {
  message: string
  timestamp: string
  level: string
  source: string
  host: string
  stack: string | null
} & {
  attributes: object
  trace_id: string | null
}

const read = (line: Line) => ({
  message: line.message,
  timestamp: line.timestamp,
  level: line.level,
  stack: line.stack,
  trace_id: line.trace_id,
  attributes: line.attributes,
})

/** The lines of a project by their times. */
async function storedOf(project: string) {
  const { logs } = await app.result<{ logs: Line[] }>(`logs search --project ${project} --last 7d --limit 100`)
  return logs.toSorted((a, b) => a.timestamp.localeCompare(b.timestamp))
}

function send(project: string, type: string, body: string) {
  return app.request(`/api/logs?project=${project}&source=app&host=web-1`, {
    method: 'POST',
    headers: { 'x-api-key': 'admin-key-for-tests', 'content-type': type },
    body,
  })
}

describe('the same record', () => {
  it('is the same line through every door', async () => {
    const begin = app.clock.now() - 60_000
    const texts = RECORDS.map(([, text], i) => text(new Date(begin + i * 1000).toISOString()))
    const body = texts.join('\n')

    expect((await send('text', 'text/plain', body)).status).toBe(200)
    // A record of many lines is text; all others are records of their own.
    const isOneLine = (text: string) => !text.includes('\n')
    const json = texts.map(text => (text.startsWith('{') ? text : JSON.stringify(text)))
    expect((await send('json', 'application/json', `[${json.join(',')}]`)).status).toBe(200)
    await app.result('containers follow web-1/app --project container')
    for (const line of body.split('\n')) host.says('app', line)
    await app.result(`hosts logs add web-1 --file ${file} --source app --project file`)
    appendFileSync(file, `${body}\n`)
    await app.result('hosts logs fetch web-1')
    await vi.waitFor(
      async () => {
        await app.passes('1s')
        expect(await storedOf('container')).toHaveLength(texts.length)
      },
      { timeout: 30_000 },
    )

    const expected = await storedOf('text')
    expect(expected.map(line => line.level)).toEqual(
      // One for each record, in their order.
      ['error', 'error', 'info', 'info', 'fatal', 'error', 'error', 'warn', 'error', 'fatal', 'info', 'warn', 'error'],
    )
    for (const [i, line] of expected.entries()) expect(line.timestamp).toBe(new Date(begin + i * 1000).toISOString())
    for (const door of ['json', 'container', 'file']) {
      const stored = await storedOf(door)
      for (const [i, line] of expected.entries())
        expect([door, RECORDS[i]![0], stored[i] && read(stored[i])]).toEqual([door, RECORDS[i]![0], read(line)])
      expect(stored.every(line => line.source === 'app' && line.host === 'web-1')).toBe(true)
    }
    for (const [i, text] of texts.entries()) {
      if (!isOneLine(text)) continue
      const reply = await app.posts({ command: 'formats test', args: { line: text } })
      const { result } = (await reply.json()) as { result: { line: Line } }
      expect([RECORDS[i]![0], read(result.line)]).toMatchObject([RECORDS[i]![0], { message: expected[i]!.message }])
      expect(result.line).toMatchObject({ level: expected[i]!.level, timestamp: expected[i]!.timestamp })
    }
  })
})
