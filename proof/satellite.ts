// Sends beats and log lines through a real satellite that is cut off from its main, killed and resumed, with its main killed too: each
// must be at the main once, with the time at which the satellite received it, and no check may be blamed.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADMIN_KEY, type Running, startVakt, until } from '../src/testing/running.ts'
import { SECOND } from '../src/time.ts'
import { createRandom } from './random.ts'

const STEADY_CHECKS = 5
const STEADY_EVERY_MS = 2 * SECOND
const BATCH_LINES = 500
/** The times of satellite and sender are of one clock; a request may be under way for this long, ms. */
const TIME_TOLERANCE_MS = 15 * SECOND

/** How long nothing may leave the satellite before that is a fault, ms. */
const PATIENCE_MS = 60 * SECOND

type Sent = { at: number; until: number }
type Acknowledged = { lines: Map<string, Sent>; beats: Map<string, Sent[]> }

/** `--lines` (default 20,000), `--beats` (500), `--kills` (6), `--seed`. Resolves with whether nothing was lost, doubled or false. */
export async function satellite(options: Readonly<Record<string, string>>): Promise<boolean> {
  const lines = Number(options.lines ?? 20_000)
  const beats = Number(options.beats ?? 500)
  const kills = Number(options.kills ?? 6)
  const seed = Number(options.seed ?? Date.now() % 1_000_000)
  const random = createRandom(seed)
  const [folder, elsewhere] = [
    mkdtempSync(join(tmpdir(), 'vakt-main-')),
    mkdtempSync(join(tmpdir(), 'vakt-elsewhere-')),
  ]
  const wire = await startWire()
  const port = { PORT: String(await freePort()) }
  let main = await startVakt(folder, port)
  wire.to(main.url)
  const { key } = await main.command<{ key: { secret: string } }>('keys create default')
  const { key: satelliteKey } = await main.command<{ key: string }>('satellites add elsewhere')
  const { project } = await main.command<{ project: { ping_key: string } }>('projects show')
  for (let i = 0; i < STEADY_CHECKS; i++) await main.command(`checks add steady-${i} --every 20s --grace 15s`)
  await main.command('checks add counted --every 1h')
  const away = new Elsewhere(elsewhere, wire.url, satelliteKey)
  await away.start()
  const acknowledged: Acknowledged = { lines: new Map(), beats: new Map() }
  try {
    const begun = Date.now()
    let isDone = false
    const trouble = (async () => {
      for (let round = 0; round < kills && !isDone; round++) {
        await sleep(1_500 + random() * 2_000)
        const kind = round % 3
        if (kind === 0) {
          wire.cut()
          // Longer than a satellite may be silent.
          await sleep(round === 0 ? 40 * SECOND : 3 * SECOND)
          wire.mend()
        } else if (kind === 1) {
          await away.kill()
          await sleep(random() * 1_000)
          await away.start()
        } else {
          await main.kill()
          await sleep(random() * 1_000)
          main = await startVakt(folder, port)
        }
      }
    })()
    const steady = (async () => {
      while (!isDone) {
        await Promise.all(
          Array.from({ length: STEADY_CHECKS }, (_, i) => beat(away, project.ping_key, `steady-${i}`, acknowledged)),
        )
        await sleep(STEADY_EVERY_MS)
      }
    })()
    await Promise.all([
      sendLines(away, key.secret, lines, acknowledged),
      sendBeats(away, project.ping_key, beats, acknowledged),
    ])
    await trouble
    const sentAfter = Date.now() - begun
    await away.drains()
    isDone = true
    await steady
    await away.drains()
    console.log(
      `satellite: ${lines} lines and ${beats} beats were acknowledged within ${Math.round(sentAfter / SECOND)} s, ${kills} times in trouble (seed ${seed}); all at the main after ${Math.round((Date.now() - begun) / SECOND)} s`,
    )
    const faults = await findFaults(main, acknowledged)
    for (const fault of faults.slice(0, 40)) console.log(`  ${fault}`)
    console.log(`satellite: ${faults.length} faults`)
    return faults.length === 0
  } finally {
    await away.kill()
    await main.kill()
    wire.close()
    for (const path of [folder, elsewhere]) rmSync(path, { recursive: true, force: true })
  }
}

/** The satellite as a real process on a port of its own. */
class Elsewhere {
  url = ''
  #child: ChildProcess | null = null
  readonly #folder: string
  readonly #main: string
  readonly #key: string
  #port = 0

  constructor(folder: string, main: string, key: string) {
    this.#folder = folder
    this.#main = main
    this.#key = key
  }

  async start(): Promise<void> {
    this.#port ||= await freePort()
    const env = {
      ...{ PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, HOME: this.#folder, TZ: 'UTC' },
      ...{ SATELLITE_KEY: this.#key, PORT: String(this.#port), DATA_DIR: this.#folder, LOG_LEVEL: 'error' },
    }
    const cli = join(import.meta.dirname, '../src/cli.ts')
    const child = spawn(process.execPath, [cli, 'satellite', '--to', this.#main], {
      ...{ env, cwd: this.#folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    child.stdout!.on('data', chunk => {
      printed += chunk
    })
    this.#child = child
    this.url = await until(() => {
      if (child.exitCode !== null) throw new Error(`the satellite ended with ${child.exitCode}`)
      return /listens at (http:\S+)/.exec(printed)?.[1]
    }, 'the satellite to listen')
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (!child || child.exitCode !== null) return
    const ended = new Promise(done => child.once('exit', done))
    child.kill('SIGKILL')
    await ended
  }

  /** Resolves once nothing waits; rejects when nothing has left for a while. How much there is does not matter. */
  async drains(): Promise<void> {
    let [fewest, since] = [Number.POSITIVE_INFINITY, Date.now()]
    for (;;) {
      const { waiting, isConnected, reason } = await this.#status()
      if (isConnected && waiting === 0) return
      if (waiting < fewest) [fewest, since] = [waiting, Date.now()]
      if (Date.now() - since > PATIENCE_MS)
        throw new Error(`${waiting} requests wait, and none has left for ${PATIENCE_MS / SECOND} s: ${reason}`)
      await sleep(50)
    }
  }

  async #status(): Promise<{ waiting: number; isConnected: boolean; reason: string | null }> {
    const response = await fetch(`${this.url}/readyz`).catch(() => null)
    const status = (await response?.json().catch(() => null)) as {
      waiting: { requests: number }
      parts: { main: { ok: boolean; message: string | null } }
    } | null
    const main = status?.parts.main ?? { ok: false, message: 'the satellite does not answer' }
    return {
      waiting: status?.waiting.requests ?? Number.POSITIVE_INFINITY,
      isConnected: main.ok,
      reason: main.message,
    }
  }
}

async function sendLines(away: Elsewhere, key: string, count: number, { lines }: Acknowledged): Promise<void> {
  for (let first = 0; first < count; first += BATCH_LINES) {
    const messages = Array.from({ length: Math.min(BATCH_LINES, count - first) }, (_, i) => `line-${first + i}`)
    const body = JSON.stringify(messages.map(message => ({ message, source: 'proof' })))
    // A client sends its request again under its key until it is answered.
    const headers = { 'x-api-key': key, 'content-type': 'application/json', 'idempotency-key': `batch-${first}` }
    const sent = await insist(() => fetch(`${away.url}/api/logs`, { method: 'POST', headers, body }))
    for (const message of messages) lines.set(message, sent)
  }
}

async function sendBeats(away: Elsewhere, pingKey: string, count: number, acknowledged: Acknowledged): Promise<void> {
  for (let i = 0; i < count; i++) {
    while (!(await beat(away, pingKey, 'counted', acknowledged))) await sleep(100)
    await sleep(5)
  }
}

/** Sends one beat, once; returns whether it was acknowledged. */
async function beat(away: Elsewhere, pingKey: string, slug: string, { beats }: Acknowledged): Promise<boolean> {
  const at = Date.now()
  const response = await fetch(`${away.url}/ping/${pingKey}/${slug}`).catch(() => null)
  if (!response?.ok) return false
  const known = beats.get(slug) ?? []
  known.push({ at, until: Date.now() })
  beats.set(slug, known)
  return true
}

async function insist(send: () => Promise<Response>): Promise<Sent> {
  const at = Date.now()
  for (;;) {
    const response = await send().catch(() => null)
    if (response?.ok) return { at, until: Date.now() }
    await sleep(200)
  }
}

/** Everything that is lost, double, at a wrong time, or false, as sentences. */
async function findFaults(main: Running, { lines, beats }: Acknowledged): Promise<string[]> {
  const faults: string[] = []
  const stored = new Map<string, number>()
  for await (const { message, received_at } of readLines(main)) {
    stored.set(message, (stored.get(message) ?? 0) + 1)
    const sent = lines.get(message)
    const at = Date.parse(received_at)
    if (sent && (at < sent.at - TIME_TOLERANCE_MS || at > sent.until + TIME_TOLERANCE_MS))
      faults.push(`${message} was sent at ${new Date(sent.at).toISOString()} and has the time ${received_at}`)
  }
  for (const message of lines.keys())
    if (stored.get(message) !== 1) faults.push(`${message} is stored ${stored.get(message) ?? 0} times`)
  for (const [slug, sent] of beats) {
    const { check } = await main.command<{ check: { beats: number; last_beat_at: string } }>(`checks show ${slug}`)
    // A kill may take the answer of a beat that is on disk, so there may be a few more, never fewer.
    if (check.beats < sent.length)
      faults.push(`${slug}: ${sent.length} beats were acknowledged, ${check.beats} are stored`)
    if (check.beats > sent.length + MAX_UNANSWERED)
      faults.push(`${slug}: ${sent.length} beats were acknowledged, and ${check.beats} are stored`)
    const last = Date.parse(check.last_beat_at)
    if (last < sent.at(-1)!.at - TIME_TOLERANCE_MS)
      faults.push(`${slug}: the last beat has the time ${check.last_beat_at}`)
  }
  const { alerts } = await main.command<{ alerts: { title: string }[] }>('alerts history')
  for (const { title } of alerts)
    if (!/^The satellite elsewhere is silent|^Vakt was/.test(title)) faults.push(`false alarm: ${title}`)
  return faults
}

/** Beats that were under way when something was killed. */
const MAX_UNANSWERED = 20

async function* readLines(main: Running): AsyncGenerator<{ message: string; received_at: string }> {
  const query = new URLSearchParams({ q: 'source:proof', format: 'ndjson' })
  const response = await fetch(`${main.url}/api/logs?${query}`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } })
  if (!response.ok) throw new Error(await response.text())
  let rest = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const texts = (rest + chunk).split('\n')
    rest = texts.pop()!
    for (const text of texts) if (text !== '') yield JSON.parse(text)
  }
}

/** A way to the main that can be cut: a TCP relay. */
async function startWire() {
  const sockets = new Set<Socket>()
  let target = { host: '127.0.0.1', port: 0 }
  let isCut = false
  const server: Server = createServer(near => {
    if (isCut) return near.destroy()
    const far = connect(target)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    to(url: string) {
      target = { host: '127.0.0.1', port: Number(new URL(url).port) }
    },
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    mend() {
      isCut = false
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise(done => server.close(done))
  return port
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
