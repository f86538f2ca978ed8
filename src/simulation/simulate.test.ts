// Simulated traffic reaches a real Vakt, sent by the terminal client as users start it.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newFolder, type Running, startVakt, until } from '../testing/running.ts'
import { createClient } from './client.ts'

const folder = newFolder()
let vakt: Running

beforeAll(async () => {
  vakt = await startVakt(folder.path)
})

afterAll(async () => {
  await vakt.stop()
  folder.remove()
})

// A beat may be four seconds late, for the client shares the machine with all other tests.
const SHORT = `{name: short, duration: 13s, sources: [
  {kind: json, name: shop, rate: 5, levels: {info: 9, error: 1}},
  {kind: csv, name: orders, rate: 2, file: orders.csv},
  {kind: minimal, name: mailer, rate: 2}, {kind: noise, name: hum, rate: 2},
  {kind: kafka, name: topic, rate: 2}, {kind: file, name: tills, rate: 2, file: tills.log},
  {kind: module, name: own, rate: 2, module: own.mjs}, {kind: syslog, name: sshd, rate: 2}, {kind: access-log, name: nginx, rate: 2},
  {kind: beats, name: backup, every: 2s, grace: 4s, jitter: 0}],
  faults: [{kind: missed-beat, name: no backup, source: backup, at: 3s, for: 7s}]}`

/** Starts the client in its own process. */
function vaktSimulate(...words: string[]) {
  const file = join(folder.path, 'short.yaml')
  writeFileSync(file, SHORT)
  writeFileSync(join(folder.path, 'orders.csv'), 'level,message,order\nwarn,late order,7\n')
  writeFileSync(join(folder.path, 'tills.log'), '2026-11-29T10:00:00Z ERROR till 7 is open\n\n')
  const module = `export const contentType = 'text/plain'\nexport const write = ({ number }, random) => \`own line \${number} \${random.whole(9)}\``
  writeFileSync(join(folder.path, 'own.mjs'), module)
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, DATA_DIR: folder.path, ADMIN_KEY: 'admin-key-for-process-tests' }
  const client = join(import.meta.dirname, '../cli.ts')
  const child = spawn(process.execPath, [client, 'simulate', ...words.map(word => (word === 'SHORT' ? file : word))], {
    env,
  })
  let printed = ''
  for (const output of [child.stdout, child.stderr])
    output.on('data', chunk => {
      printed += chunk
    })
  const code = new Promise<number | null>(resolve => child.once('exit', resolve))
  return { child, code, printed: () => printed }
}

type SentEvent = { event: string; lines?: number }

describe('vakt simulate', () => {
  it('sends every kind of source to its own project, finds its faults, and leaves its checks paused', async () => {
    const log = join(folder.path, 'sent.ndjson')
    const { code, printed } = vaktSimulate('SHORT', '--verify', '--rate', '2', '--debug', '--log-file', log)
    expect([await code, printed()]).toEqual([0, expect.stringContaining('precision 1.00, recall 1.00')])
    expect(printed()).toMatch(/0:03 {2}▲ no backup: no beat of backup for 7s/)
    expect(printed()).toMatch(/counted lines accepted: (\d+) in \/metrics, \1 sent/)
    expect(printed()).toMatch(/counted beats \(success\): \d+ in \/metrics/)
    expect(printed()).toMatch(/debug {2}shop: \d+ lines, application\/json: \[\{"timestamp".* -> accepted/)
    const sent = Number(/Sent in \d+s: (\d+) lines/.exec(printed())![1])
    type Found = { total: number; logs: { message: string }[] }
    const found = await vakt.command<Found>('logs search --project simulation')
    expect(found.total).toBe(sent)
    const events = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map(text => JSON.parse(text) as SentEvent)
    expect(events.reduce((sum, { lines = 0 }) => sum + lines, 0)).toBe(sent)
    expect(events).toContainEqual(expect.objectContaining({ event: 'fault begins', fault: 'no backup' }))
    for (const source of ['shop', 'orders', 'mailer', 'hum', 'topic', 'tills', 'own', 'sshd', 'nginx'])
      expect([source, (await vakt.command<Found>(`logs search source:${source}`)).total > 0]).toEqual([source, true])
    expect((await vakt.command<Found>('logs search source:orders level:warn order:7')).logs[0]!.message).toBe(
      'late order',
    )
    expect((await vakt.command<Found>('logs search source:hum level>=info')).total).toBe(0)
    expect((await vakt.command<Found>('logs search source:topic partition:* offset:* order:*')).total).toBeGreaterThan(
      9,
    )
    expect((await vakt.command<Found>('logs search source:tills level:error "till 7 is open"')).total).toBeGreaterThan(
      9,
    )
    const { checks } = await vakt.command<{ checks: { name: string; status: string }[] }>('checks list')
    expect(checks).toMatchObject([{ name: 'backup', status: 'paused' }])
  })

  it('uses its checks again in the next run, stops on Ctrl-C, and removes them with --clean', async () => {
    const { child, code, printed } = vaktSimulate('SHORT', '--clean')
    await until(() => /lines/.test(printed()), 'the first lines')
    child.kill('SIGINT')
    expect([await code, printed()]).toEqual([0, expect.stringContaining('Stopped before the end.')])
    expect(await vakt.command('checks list')).toMatchObject({ total: 0 })
  })

  it('does not change the checks of others', async () => {
    await vakt.command('checks add backup --every 1d --project simulation')
    const { code, printed } = vaktSimulate('SHORT')
    expect([await code, printed()]).toEqual([
      1,
      expect.stringContaining('has a check "backup" that is not from a simulation'),
    ])
    expect(await vakt.command('checks show backup')).toMatchObject({
      check: { status: 'new', schedule: { every_ms: 86_400_000 } },
    })
  })

  it.concurrent.each([
    [2, ['demo', '--speed', 'fast'], '--speed must be a number'],
    [2, ['demo', '--rate', '0'], '--rate must be a number'],
    [
      2,
      ['demo', '--log-file', '/nowhere/x', '--url', 'http://127.0.0.1:1'],
      'The log file /nowhere/x cannot be written',
    ],
    [2, ['demo', '--colour'], "Unknown option '--colour'"],
    [2, [], 'The scenario is missing.'],
    [1, ['demo', '--project', 'nobody'], 'There is no project "nobody"'],
    [1, ['demo', '--url', 'http://127.0.0.1:1'], 'Vakt does not answer at http://127.0.0.1:1'],
    [0, ['SHORT', '--dry-run', '--url', 'http://127.0.0.1:1'], 'Would send in 13s'],
    [0, ['--help'], '--dry-run'],
  ])('exit code %i for %j', async (expected, words, sentence) => {
    const { code, printed } = vaktSimulate(...words)
    expect([await code, printed()]).toEqual([expected, expect.stringContaining(sentence)])
  })
})

describe('the client', () => {
  it.each<[number, Record<string, string>, unknown]>([
    [200, {}, { kind: 'taken', lines: 3, rejected: 1 }],
    [429, { 'retry-after': '7' }, { kind: 'again', reason: '429 slow down', afterMs: 7000 }],
    [503, {}, { kind: 'again', reason: '503 slow down', afterMs: null }],
    [401, {}, { kind: 'refused', reason: '401 slow down', isPermanent: true }],
    [413, {}, { kind: 'refused', reason: '413 slow down', isPermanent: false }],
  ])('reads the answer %i', async (status, headers, reply) => {
    const seen: Record<string, unknown>[] = []
    const server = createServer((request, response) => {
      seen.push({ ...request.headers, url: request.url })
      response
        .writeHead(status, headers)
        .end(JSON.stringify({ accepted: 3, rejected: 1, error: { message: 'slow down' } }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const client = createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 'key')
    const lines = {
      at: 0,
      kind: 'lines',
      source: 'a',
      contentType: 'text/plain',
      query: { source: 'a b' },
      body: 'x',
      lines: 1,
      levels: {},
    } as const
    expect(await client.sendLines(lines, 'shop', 'run-1')).toEqual(reply)
    expect(seen).toMatchObject([
      { url: '/api/logs?source=a+b&project=shop', 'idempotency-key': 'run-1', authorization: 'Bearer key' },
    ])
    server.close()
  })
})
