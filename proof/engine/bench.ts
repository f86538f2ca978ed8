// What an engine costs Vakt: answers and processor time at 2,000 lines/s with and without one, the top rate while it is down, how
// soon lines are found, and the questions of an incident on many lines.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { logLines } from '../../bench/logs-lines.ts'
import { questionsOf } from '../../bench/peers/questions.ts'
import { bodiesOf, writeRawFile } from '../../bench/peers/raw-file.ts'
import { SHAPES } from '../../bench/peers/shapes.ts'
import { startVakt } from '../../bench/peers/vakt.ts'
import { type Server, startServer } from '../../bench/server.ts'
import { median, p99, printTable, type Row } from '../../bench/table.ts'
import type { Cluster } from './cluster.ts'

export type BenchOptions = {
  /** How long each load lasts. */
  seconds: number
  /** Loads with and without an engine, in turn. */
  rounds: number
  /** Among how many lines the questions are asked. */
  lines: number
  /** How often each question is asked. */
  runs: number
}

const RATE = 2_000
const LINES_PER_REQUEST = 100
const TOP_SECONDS = 8
const TOP_SENDERS = 8
const TOP_LINES_PER_REQUEST = 1_000
const SEARCH_EVERY_MS = 500
const SHAPE = 'lines'
/** Nothing answers there. */
const DOWN = 'opensearch:http://127.0.0.1:1'

type Load = { p99Ms: number; cpuUsPerLine: number; foundMs: number }

/** Prints the table; resolves with whether every goal was met. */
export async function playBench(cluster: Cluster, options: BenchOptions): Promise<boolean> {
  const engine = `opensearch:${cluster.urls.join(',')}`
  const [plain, shipped, plainTop, downTop]: [Load[], Load[], number[], number[]] = [[], [], [], []]
  for (let round = 0; round < options.rounds; round++) {
    plain.push(await withServer(null, server => load(server, options.seconds)))
    shipped.push(await withServer(engine, server => load(server, options.seconds), `load${round}`))
    plainTop.push(await withServer(null, topRate))
    downTop.push(await withServer(DOWN, topRate))
  }
  const of = (loads: Load[], field: keyof Load) => median(loads.map(own => own[field]))
  const rows = [
    ratio('p99 of an answer at 2,000 lines/s', 'ms', of(shipped, 'p99Ms'), of(plain, 'p99Ms'), 1.2),
    ratio('processor a line, without shipping', 'µs', of(shipped, 'cpuUsPerLine'), of(plain, 'cpuUsPerLine'), 1.1),
    {
      what: 'found after its answer, at most',
      value: `${Math.round(Math.max(...shipped.map(({ foundMs }) => foundMs)))} ms`,
      goal: 'at most 1,000 ms',
      met: shipped.every(({ foundMs }) => foundMs <= 1_000),
    },
    ratio('top rate, engine down', 'lines/s', median(downTop), median(plainTop), 0.9),
    ...(await questions(engine, options)),
  ]
  printTable('engine', rows)
  return rows.every(({ met }) => met !== false)
}

function ratio(what: string, unit: string, value: number, without: number, limit: number): Row {
  const text = (number: number) => (number < 100 ? number.toFixed(1) : Math.round(number).toLocaleString('en'))
  const share = value / without
  const goal = `${limit > 1 ? 'at most' : 'at least'} ${limit} of that without`
  const met = limit > 1 ? share <= limit : share >= limit
  return { what, value: `${text(value)} ${unit}, without an engine ${text(without)} (${share.toFixed(2)})`, goal, met }
}

async function withServer<T>(
  engine: string | null,
  work: (server: Server) => Promise<T>,
  prefix = 'bench',
): Promise<T> {
  const settings: Record<string, string> = engine === null ? {} : { LOG_ENGINE: engine, LOG_ENGINE_PREFIX: prefix }
  const server = await startServer('src/main.ts', settings)
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}

/** Requests at a steady rate, whenever those before are answered; the first seconds do not count. */
async function load(server: Server, seconds: number): Promise<Load> {
  const send = await sender(server, LINES_PER_REQUEST)
  const everyMs = (LINES_PER_REQUEST / RATE) * 1_000
  const play = async (forMs: number): Promise<number[]> => {
    const times: number[] = []
    const underWay: Promise<void>[] = []
    const began = performance.now()
    for (let i = 0; i * everyMs < forMs; i++) {
      await setTimeout(Math.max(0, began + i * everyMs - performance.now()))
      const sentAt = performance.now()
      underWay.push(send().then(() => void times.push(performance.now() - sentAt)))
    }
    await Promise.all(underWay)
    return times
  }
  await play(5_000)
  const before = ownSeconds(server)
  const times = await play(seconds * 1_000)
  const used = ownSeconds(server) - before
  // Beside the load, not within what is measured: searches use the processor, too.
  const [found] = await Promise.all([slowestFind(server, 4), play(4 * SEARCH_EVERY_MS)])
  return { p99Ms: p99(times), cpuUsPerLine: (used / (times.length * LINES_PER_REQUEST)) * 1e6, foundMs: found }
}

/** Processor seconds of the server without the thread that ships. */
function ownSeconds(server: Server): number {
  const tasks = `/proc/${server.process.pid}/task`
  const shipping = readdirSync(tasks).filter(task =>
    readFileSync(`${tasks}/${task}/comm`, 'utf8').startsWith('log shipper'),
  )
  const seconds = shipping.map(task => {
    const fields = readFileSync(`${tasks}/${task}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  })
  return server.cpu() - seconds.reduce((sum, own) => sum + own, 0)
}

/** How long a line takes from its answer until a search finds it, ms; the longest of some. */
async function slowestFind(server: Server, times: number): Promise<number> {
  let slowest = 0
  const send = await sender(server, 1)
  for (let i = 0; i < times; i++) {
    const word = `needle${Math.random().toString(36).slice(2)}`
    await send([{ message: `a ${word} in the hay` }])
    const began = performance.now()
    while ((await server.command<{ total: number }>(`logs search ${word}`)).total !== 1);
    slowest = Math.max(slowest, performance.now() - began)
    await setTimeout(SEARCH_EVERY_MS)
  }
  return slowest
}

async function topRate(server: Server): Promise<number> {
  const send = await sender(server, TOP_LINES_PER_REQUEST)
  let until = performance.now() + 2_000
  let lines = 0
  const loop = async () => {
    for (; performance.now() < until; lines += TOP_LINES_PER_REQUEST) await send()
  }
  const play = () => Promise.all(Array.from({ length: TOP_SENDERS }, loop))
  await play()
  lines = 0
  const began = performance.now()
  until = began + TOP_SECONDS * 1_000
  await play()
  return lines / ((performance.now() - began) / 1_000)
}

/** Sends bodies that were made before. */
async function sender(server: Server, lines: number) {
  const { key } = await server.command<{ key: { secret: string } }>('keys create default')
  const bodies = Array.from({ length: 20 }, (_, seed) => {
    const source = logLines(seed)
    return JSON.stringify(Array.from({ length: lines }, () => source.next().value))
  })
  let next = 0
  return async (own?: object[]): Promise<void> => {
    const body = own ? JSON.stringify(own) : bodies[next++ % bodies.length]!
    const headers = { 'x-api-key': key.secret, 'content-type': 'application/json' }
    const response = await fetch(`${server.url}/api/logs`, { method: 'POST', headers, body })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`Vakt answered ${response.status}.`)
  }
}

/** Every question on lines that are in the engine. */
async function questions(engine: string, { lines, runs }: BenchOptions): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-bench-engine-'))
  const vakt = await startVakt(join(folder, 'vakt'), { LOG_ENGINE: engine, LOG_ENGINE_PREFIX: 'questions' })
  try {
    const amount = { lines, bytes: Number.POSITIVE_INFINITY }
    const about = { now: Date.now(), first: 0, expectedLines: lines }
    const raw = await writeRawFile(join(folder, 'lines.ndjson'), SHAPE, amount, about)
    const began = performance.now()
    for (const body of bodiesOf(raw)) await vakt.send(body)
    while (!(await vakt.isShipped())) await setTimeout(500)
    const rate = Math.round(raw.lines / ((performance.now() - began) / 1_000))
    const rows: Row[] = [{ what: 'shipped', value: `${raw.lines} lines, ${rate} lines/s` }]
    for (const question of questionsOf(SHAPES[SHAPE]!.words)) {
      const times: number[] = []
      // It reads every line: what it found is told after two seconds, with how far it came.
      const isRegex = question.name.startsWith('/')
      let found = 0
      for (let i = 0; i < runs; i++) {
        const askedAt = performance.now()
        found = isRegex ? await vakt.search(question.vakt) : await vakt.ask(question)
        times.push(performance.now() - askedAt)
      }
      const p95 = times.sort((a, b) => a - b)[Math.min(runs - 1, Math.floor(runs * 0.95))]!
      const limitMs = isRegex ? 2_000 : 200
      rows.push({
        what: question.name,
        value: `p95 ${Math.round(p95)} ms, p50 ${Math.round(median(times))} ms, ${found} found`,
        goal: `p95 at most ${limitMs} ms`,
        met: p95 <= limitMs,
      })
    }
    return rows
  } finally {
    await vakt.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
