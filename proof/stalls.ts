// Whether much state stalls the event loop: a real Vakt with thousands of checks, alerts, keys and silences, measured from outside.
import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Sqlite } from '../src/state/sqlite.ts'
import { ADMIN_KEY, newFolder, type Running, startVakt } from '../src/testing/running.ts'
import type { Proof } from './main.ts'

const MAX_STALL_MS = 200
const POLL_INTERVAL_MS = 5

/** `--max MS` is the longest stall that holds (default: 200); `--scale N` divides all numbers, for a quick look. */
export const stalls: Proof = async options => {
  const max = Number(options.max ?? MAX_STALL_MS)
  const scale = Number(options.scale ?? 1)
  const count = (number: number) => Math.max(1, Math.round(number / scale))
  const results: { what: string; stall: number; beat: number; took: number }[] = []
  const measure = async (vakt: Running, ping: string, what: string, work: () => Promise<unknown>) => {
    const monitor = watch(vakt, ping)
    await sleep(100)
    const started = performance.now()
    await work()
    const took = performance.now() - started
    // What the work left to do, such as deliveries, belongs to it.
    await sleep(1_500)
    const { stall, beat } = await monitor.stop()
    results.push({ what, stall, beat, took })
    console.log(
      `${what.padEnd(58)} stall ${ms(stall)}  beat ${ms(beat)}  took ${ms(took)}${stall > max ? '  TOO LONG' : ''}`,
    )
  }

  await withVakt(
    database => seed(database, { checks: count(10_000), keys: count(100_000), searches: count(100_000) }),
    async (vakt, ping) => {
      await measure(vakt, ping, 'idle', () => sleep(500))
      await measure(vakt, ping, `checks list, ${count(10_000)} checks`, () => vakt.command('checks list'))
      await measure(vakt, ping, 'the same 8 times at once', () =>
        Promise.all(Array.from({ length: 8 }, () => vakt.command('checks list'))),
      )
      await measure(vakt, ping, `keys list, ${count(100_000)} keys`, () => vakt.command('keys list'))
      await measure(vakt, ping, `logs saved, ${count(100_000)} searches`, () => vakt.command('logs saved'))
      await measure(vakt, ping, `${count(2_000)} alerts in one request`, () => report(vakt, 'a', count(2_000)))
      await measure(vakt, ping, `the same in 20 requests`, () =>
        Promise.all(Array.from({ length: 20 }, (_, i) => report(vakt, `b${i}`, count(2_000) / 20))),
      )
      await report(vakt, 'c', count(1_650))
      await measure(vakt, ping, 'alerts list', () => vakt.command('alerts list'))
      await measure(vakt, ping, 'the same 8 times at once', () =>
        Promise.all(Array.from({ length: 8 }, () => vakt.command('alerts list'))),
      )
      await measure(vakt, ping, 'ack all', () => vakt.command('ack all'))
    },
  )
  for (const [kind, matcher] of MATCHERS) {
    await withVakt(
      database => seed(database, { silences: count(20_000), alerts: count(7_600), matcher }),
      async (vakt, ping) => {
        await measure(vakt, ping, `after the start, ${count(20_000)} silences (${kind}) x ${count(7_600)} alerts`, () =>
          sleep(5_000),
        )
        await measure(vakt, ping, 'silence add', () => vakt.command('silence add host:web-1 --for 2h'))
        await measure(vakt, ping, 'silence add --preview', () => vakt.command('silence add host:web-1 --preview'))
        await measure(vakt, ping, `${count(500)} alerts in one request`, () => report(vakt, 'd', count(500)))
      },
    )
  }
  return results.every(({ stall, beat }) => stall <= max && beat <= max)
}

const MATCHERS: [kind: string, matcher: (i: number) => string][] = [
  ['by host', i => `host:web-${i}`],
  ['by word', i => `disk${i} severity<=warning`],
  ['with wildcards', i => `check:nightly-${i}-*`],
]

async function withVakt(fill: (database: string) => void, work: (vakt: Running, ping: string) => Promise<void>) {
  const folder = newFolder()
  try {
    // Rows are copies of ones that Vakt itself has written.
    const first = await startVakt(folder.path)
    await first.command('checks add template --every 1h')
    await report(first, 'template', 1)
    await first.command('logs save template "tag:t level>=warn"')
    await first.command('silence add host:template --for 1d')
    await first.stop()
    fill(join(folder.path, 'vakt.db'))
    const vakt = await startVakt(folder.path)
    try {
      const { check } = await vakt.command<{ check: { uuid: string } }>('checks add measured --every 1h')
      await work(vakt, check.uuid)
    } finally {
      await vakt.stop()
    }
  } finally {
    folder.remove()
  }
}

type Seeds = {
  checks?: number
  keys?: number
  searches?: number
  silences?: number
  alerts?: number
  matcher?: (i: number) => string
}

function seed(path: string, seeds: Seeds): void {
  const { checks = 0, keys = 0, searches = 0, silences = 0, alerts = 0, matcher = String } = seeds
  const database = new Sqlite(path)
  const copy = (table: string, number: number, changes: (i: number) => Record<string, unknown>) => {
    const { id, ...row } = database.prepare(`select * from ${table} limit 1`).get() as Record<string, unknown>
    const names = Object.keys(typeof id === 'string' ? { id, ...row } : row)
    const statement = database.prepare(
      `insert into ${table} (${names.map(name => `"${name}"`)}) values (${names.map(name => `:${name}`)})`,
    )
    for (let i = 0; i < number; i++) statement.run({ id, ...row, ...changes(i) })
  }
  database.exec('begin')
  copy('checks', checks, i => ({ name: `job-${i}`, slug: `job-${i}`, uuid: randomUUID() }))
  copy('keys', keys, i => ({ id: `k_${i}`, secret_hash: randomBytes(32).toString('hex') }))
  copy('saved_searches', searches, i => ({ name: `s${i}`, query: `tag:t${i} level>=warn` }))
  copy('silences', silences, i => ({ matcher: matcher(i) }))
  copy('alerts', alerts, i => ({
    key: `seed-${i}`,
    title: `web-${i} is slow, disk${i}`,
    labels: JSON.stringify({ host: `web-${i}`, check: `nightly-${i}-x` }),
  }))
  database.exec('commit')
  database.close()
}

async function report(vakt: Running, prefix: string, number: number): Promise<void> {
  const body = Array.from({ length: number }, (_, i) => ({
    key: `${prefix}-${i}`,
    title: `${prefix} ${i} is slow`,
    labels: { host: `web-${i}` },
  }))
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' }
  const response = await fetch(`${vakt.url}/api/alerts?project=default`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  if (response.status !== 200) throw new Error(`/api/alerts: ${response.status} ${await response.text()}`)
}

/** Asks /healthz without a pause and beats now and then; `stop` says the longest answer of each, ms. */
function watch(vakt: Running, ping: string) {
  let isRunning = true
  let stall = 0
  let beat = 0
  const poll = async (ask: () => Promise<Response>, pause: number, record: (took: number) => void) => {
    while (isRunning) {
      const started = performance.now()
      // A kept connection may be closed by the server just as it is used again.
      await (await ask().catch(ask)).arrayBuffer()
      record(performance.now() - started)
      await sleep(pause)
    }
  }
  const polls = [
    poll(
      () => fetch(`${vakt.url}/healthz`),
      POLL_INTERVAL_MS,
      took => {
        stall = Math.max(stall, took)
      },
    ),
    poll(
      () => vakt.ping(ping),
      20,
      took => {
        beat = Math.max(beat, took)
      },
    ),
  ]
  return {
    async stop() {
      isRunning = false
      await Promise.all(polls)
      return { stall, beat }
    },
  }
}

const ms = (value: number) => `${Math.round(value)} ms`.padStart(9)
