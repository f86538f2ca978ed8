// Runs a real Vakt under everything that it does in a day, for an hour: memory must stay flat, no file descriptor may be lost, and no
// line of level error may be logged.
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Chats, chatSettings, startChats } from '../src/testing/chats.ts'
import { ADMIN_KEY, type Running, startVakt } from '../src/testing/running.ts'
import { errorMessage } from '../src/text.ts'
import { MINUTE, SECOND } from '../src/time.ts'
import { createRandom } from './random.ts'

const SAMPLE_MS = 5 * SECOND
/**
 * In the last third of the run the memory that it does not fall below in three quarters of the samples may be this much more than in
 * the middle third: peaks are garbage, and what is cached once belongs to the first third.
 */
const MAX_GROWTH = 0.1
const MAX_GROWTH_BYTES = 25e6
/** Of a shorter run the memory is only printed: a single large garbage collection decides what it is. */
const MIN_MEMORY_MINUTES = 15
/** Files of a new partition, open in a writer and a reader; a run over midnight or many lines begins new ones. */
const FILES_PER_PARTITION = 8
const QUIET_MS = 15 * SECOND
/** Connections that the proof itself keeps open for its next request come and go. */
const KEPT_CONNECTIONS = 8
const CHECKS = 8

type Sample = { rss: number; heap: number; files: number; partitions: number }
type Work = { vakt: Running; key: string; pingKey: string; syslogPort: number; folder: string; random: () => number }
/** Something that is done again and again, every so often. */
type Task = { everyMs: number; run(work: Work, round: number): Promise<unknown> }

/** Runs for `--minutes` (default: 60), with `--seed`. Resolves with whether it holds. */
export async function soak(options: Readonly<Record<string, string>>): Promise<boolean> {
  const minutes = Number(options.minutes ?? 60)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const root = mkdtempSync(join(tmpdir(), 'vakt-soak-'))
  const chats = await startChats()
  const syslogPort = await findFreePort()
  const vakt = await startVakt(root, { ...chatSettings(chats), SYSLOG_TCP_PORT: String(syslogPort) })
  try {
    const work: Work = { vakt, ...(await prepare(vakt)), syslogPort, folder: root, random: createRandom(seed) }
    // Everything once, so that what starts with its first use has started.
    await playFor(work, chats, Math.min(MINUTE, (minutes * MINUTE) / 6), [])
    await sleep(QUIET_MS)
    const [before, filesBefore] = [await readSample(vakt), listFiles(vakt)]
    const samples: Sample[] = []
    const { counts, failures } = await playFor(work, chats, minutes * MINUTE, samples)
    await sleep(QUIET_MS)
    const [after, filesAfter] = [await readSample(vakt), listFiles(vakt)]
    const faults = [
      ...(minutes < MIN_MEMORY_MINUTES ? [] : findGrowth(samples)),
      ...findLostFiles(before, after, writeMore(filesBefore, filesAfter)),
      ...findErrors(vakt.logged()),
    ]
    console.log(`soak: ${minutes} minutes, seed ${seed}, ${Object.entries(counts).map(writeCount).join(', ')}`)
    console.log(
      `soak: memory ${thirds(samples.map(({ rss }) => rss))
        .map(writeMegabytes)
        .join(', ')} by thirds of the time`,
    )
    console.log(
      `soak: heap ${thirds(samples.map(({ heap }) => heap))
        .map(writeMegabytes)
        .join(', ')}`,
    )
    for (const [name, reason] of failures)
      console.log(`soak: ${counts[`${name} failed`]} ${name} failed, such as: ${reason}`)
    console.log(`soak: ${before.files} open files before and ${after.files} after`)
    for (const fault of faults) console.log(`  ${fault}`)
    return faults.length === 0
  } finally {
    const code = await vakt.stop()
    if (code !== 0) console.log(`soak: Vakt ended with ${code}`)
    await Promise.all([chats.discord.close(), chats.slack.stop()])
    rmSync(root, { recursive: true, force: true })
  }
}

async function prepare(vakt: Running): Promise<{ key: string; pingKey: string }> {
  for (let i = 0; i < CHECKS; i++) await vakt.command(`checks add job-${i} --every 10m --grace 10m`)
  await vakt.command(`checks add self --probe ${vakt.url}/healthz --every 30s`)
  await vakt.command('hosts add here local')
  const { key } = await vakt.command<{ key: { secret: string } }>('keys create default')
  const { project } = await vakt.command<{ project: { ping_key: string } }>('projects show')
  return { key: key.secret, pingKey: project.ping_key }
}

const TASKS: Readonly<Record<string, Task>> = {
  beats: {
    everyMs: 500,
    run: ({ vakt, pingKey, random }, round) => {
      const word = random() < 0.02 ? '/fail' : round % 3 === 0 ? '/start' : ''
      const body = `run ${round}\n${'output of the job '.repeat(20)}`
      return read(vakt.ping(`${pingKey}/job-${round % CHECKS}${word}`, { method: 'POST', body }))
    },
  },
  batches: {
    everyMs: 250,
    run: ({ vakt, key, random }, round) => {
      const headers = { 'x-api-key': key, 'content-type': round % 2 === 0 ? 'application/json' : 'text/plain' }
      const texts = Array.from({ length: 40 }, (_, line) => writeLine(random, round * 40 + line))
      const body =
        round % 2 === 0 ? JSON.stringify(texts.map(message => ({ message, source: 'shop' }))) : texts.join('\n')
      return read(fetch(`${vakt.url}/api/logs?source=web`, { method: 'POST', headers, body }))
    },
  },
  connections: {
    everyMs: 2 * SECOND,
    run: ({ syslogPort, random }, round) =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(syslogPort, '127.0.0.1', () => {
          const text = `<13>${new Date().toISOString()} web-1 shop[${round}]: ${writeLine(random, round)}\n`
          // Some are cut off in the middle of a line.
          if (round % 5 === 0) socket.write(text.slice(0, 20), () => socket.destroy())
          else socket.end(text)
        })
        socket.on('close', () => resolve())
        socket.on('error', reject)
      }),
  },
  searches: {
    everyMs: SECOND,
    run: ({ vakt }, round) => {
      const lines = [
        'logs search level:error --last 15m',
        'logs search "GET /cart" --last 5m',
        'logs top --by source --last 15m',
        'logs patterns --last 5m',
        'logs stats --last 1h',
        'analyze logs source:web --last 5m',
      ]
      return vakt.command(lines[round % lines.length]!)
    },
  },
  tails: {
    everyMs: 3 * SECOND,
    async run({ vakt }) {
      const stop = new AbortController()
      const headers = { authorization: `Bearer ${ADMIN_KEY}` }
      const response = await fetch(`${vakt.url}/api/logs/tail`, { headers, signal: stop.signal })
      await response.body!.getReader().read()
      stop.abort()
    },
  },
  commands: {
    everyMs: 2 * SECOND,
    run: ({ vakt }, round) => {
      const lines = ['status', 'checks list', 'alerts list', 'logs status', 'checks graph self', 'deliveries', 'doctor']
      return vakt.command(lines[round % lines.length]!)
    },
  },
  acknowledgements: {
    everyMs: 20 * SECOND,
    async run({ vakt }) {
      const { alerts } = await vakt.command<{ alerts: { state: string }[] }>('alerts list')
      // One that ends meanwhile is none of Vakt's faults.
      if (alerts.some(({ state }) => state === 'firing')) await vakt.command('ack all').catch(() => {})
    },
  },
  recoveries: {
    everyMs: 15 * SECOND,
    run: async ({ vakt, pingKey }) => {
      for (let i = 0; i < CHECKS; i++) await read(vakt.ping(`${pingKey}/job-${i}`))
    },
  },
  scrapes: { everyMs: 5 * SECOND, run: ({ vakt }) => read(fetch(`${vakt.url}/metrics`)) },
}

/** Does every task at its pace for a while, takes samples, and counts what was done and what failed. */
async function playFor(work: Work, chats: Chats, ms: number, samples: Sample[]) {
  const until = Date.now() + ms
  const counts: Record<string, number> = {}
  const failures = new Map<string, string>()
  const repeat = async (everyMs: number, run: (round: number) => Promise<unknown>) => {
    for (let round = 0; Date.now() < until; round++) {
      const begun = Date.now()
      await run(round)
      await sleep(Math.max(0, Math.min(begun + everyMs, until) - Date.now()))
    }
  }
  const tasks = Object.entries(TASKS).map(([name, task]) =>
    repeat(task.everyMs, async round => {
      await task.run(work, round).catch(error => {
        failures.set(name, errorMessage(error))
        counts[`${name} failed`] = (counts[`${name} failed`] ?? 0) + 1
      })
      counts[name] = (counts[name] ?? 0) + 1
    }),
  )
  const upsets = repeat(20 * SECOND, async round => upset(chats, round))
  const sampling = repeat(SAMPLE_MS, async () => samples.push(await readSample(work.vakt)))
  await Promise.all([...tasks, upsets, sampling])
  chats.discord.heal()
  chats.slack.heal()
  return { counts, failures }
}

/** Now and then a chat refuses, limits or loses an answer, as real ones do. */
function upset({ discord, slack }: Chats, round: number): void {
  const posts = `POST /channels/${discord.channelId}/messages`
  if (round % 4 === 0) discord.fail(posts, 503, 2)
  if (round % 4 === 1) discord.limit(posts, { retryAfter: 1, times: 2 })
  if (round % 4 === 2) discord.acceptThenTimeout(posts, 1)
  if (round % 4 === 3) slack.acceptThenTimeout('chat.postMessage', 1)
}

async function readSample(vakt: Running): Promise<Sample> {
  const text = await read(fetch(`${vakt.url}/metrics`))
  const value = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([\\d.e+]+)$`, 'gm'))].reduce(
      (sum, found) => sum + Number(found[1]),
      0,
    )
  return {
    rss: value('process_resident_memory_bytes'),
    heap: value('nodejs_heap_size_used_bytes'),
    files: value('process_open_fds'),
    partitions: value('vakt_log_partitions'),
  }
}

function findGrowth(samples: readonly Sample[]): string[] {
  const [, middle, last] = thirds(samples.map(({ rss }) => rss)) as [number, number, number]
  const allowed = Math.max(middle * MAX_GROWTH, MAX_GROWTH_BYTES)
  if (last - middle <= allowed) return []
  return [`memory grows: ${writeMegabytes(middle)} in the middle third, ${writeMegabytes(last)} in the last`]
}

function findLostFiles(before: Sample, after: Sample, more: string): string[] {
  const allowed =
    before.files + KEPT_CONNECTIONS + FILES_PER_PARTITION * Math.max(0, after.partitions - before.partitions)
  if (after.files <= allowed) return []
  return [`files are lost: ${before.files} open before and ${after.files} after, and nothing runs; more of ${more}`]
}

/** How many files of each kind the process has open; empty where the system does not say. */
function listFiles({ pid }: Running): Map<string, number> {
  const counts = new Map<string, number>()
  const folder = `/proc/${pid}/fd`
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    const kind = readKind(join(folder, file))
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return counts
}

function readKind(file: string): string {
  try {
    return basename(readlinkSync(file)).replace(/:?\[\d+\]$/, '')
  } catch {
    return 'closed meanwhile'
  }
}

function writeMore(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string {
  const grown = [...after].filter(([kind, count]) => count > (before.get(kind) ?? 0))
  return grown.map(([kind, count]) => `${kind} (${before.get(kind) ?? 0} to ${count})`).join(', ')
}

/** The lines of level error, each kind once. */
function findErrors(logged: string): string[] {
  const kinds = new Map<string, number>()
  for (const line of logged.split('\n').filter(Boolean)) {
    const { level, message } = parseLine(line)
    if (level === 'error') kinds.set(message, (kinds.get(message) ?? 0) + 1)
  }
  return [...kinds].map(([message, count]) => `logged ${count} times at level error: ${message}`)
}

function parseLine(line: string): { level: string; message: string } {
  try {
    return JSON.parse(line) as { level: string; message: string }
  } catch {
    // Not by Vakt's logger: a warning of Node, or a crash.
    return { level: 'error', message: line }
  }
}

/** What three quarters of the values of each third are above. */
function thirds(values: readonly number[]): number[] {
  return [0, 1, 2].map(third => {
    const part = values.slice(Math.floor((values.length * third) / 3), Math.floor((values.length * (third + 1)) / 3))
    return part.sort((a, b) => a - b)[Math.floor(part.length / 4)] ?? 0
  })
}

function writeLine(random: () => number, number: number): string {
  const kind = random()
  if (kind < 0.02) return `ERROR order ${number} failed: connection refused`
  if (kind < 0.1) return `WARN slow response: /cart took ${Math.floor(random() * 900)} ms`
  return `INFO GET /cart/${number} 200 in ${Math.floor(random() * 120)} ms user_id=${Math.floor(random() * 9_000)}`
}

function writeMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function writeCount([name, count]: [string, number]): string {
  return `${count} ${name}`
}

/** The text of an answer; rejects when it is none of 2xx. */
async function read(request: Promise<Response>): Promise<string> {
  const response = await request
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 200)}`)
  return text
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
