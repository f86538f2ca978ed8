// Measures what others feel while keys abuse Vakt: hundreds of tails, bodies that are bombs, many pattern searches and an export at
// once. Pings, a one-line request of another project and an alert must go on.
import { gzipSync } from 'node:zlib'
import { type Server, startServer } from './server.ts'
import { p99, type Row, timed } from './table.ts'

const TAILS = 300
const BOMBS = 4
const PATTERN_SEARCHES = 60
const LINES = 60_000
const DURATION_MS = 8_000
const BOMB = gzipSync('{\n'.repeat(262_000))

/** Pings and lines of others, and the lateness of an alert, under all of it at once. */
export async function benchAbuse(): Promise<Row[]> {
  const vakt = await startServer('src/main.ts')
  try {
    const { key } = await vakt.command<{ key: { secret: string } }>('keys create default')
    const { key: viewer } = await vakt.command<{ key: { secret: string } }>('keys create default --role viewer')
    await vakt.command('projects add other')
    const { key: other } = await vakt.command<{ key: { secret: string } }>('keys create other')
    const { check } = await vakt.command<{ check: { uuid: string } }>('checks add bench --every 1h')
    for (let i = 0; i < LINES; i += 1_000) await send(vakt, key.secret, lines(i, 1_000))
    const stop = new AbortController()
    const abuse = [
      ...Array.from({ length: TAILS }, () => open(vakt, '/api/logs/tail', viewer.secret, stop.signal)),
      ...Array.from({ length: BOMBS }, () => repeat(stop.signal, () => bomb(vakt, key.secret))),
      ...Array.from({ length: PATTERN_SEARCHES }, () => patterns(vakt, viewer.secret)),
      open(vakt, '/api/logs?format=ndjson', viewer.secret, stop.signal),
    ]
    const late = lateness(vakt)
    const felt = await feel(vakt, check.uuid, other.secret)
    const alertMs = await late
    stop.abort()
    await Promise.allSettled(abuse)
    return [
      { what: 'a ping, p99', value: `${felt.ping.toFixed(1)} ms`, goal: 'at most 100 ms', met: felt.ping <= 100 },
      {
        what: 'a one-line request of another project, worst',
        value: `${felt.line.toFixed(1)} ms`,
        goal: 'at most 200 ms',
        met: felt.line <= 200,
      },
      { what: 'an alert', value: `${alertMs} ms after its deadline`, goal: 'at most 1,000 ms', met: alertMs <= 1_000 },
    ]
  } finally {
    await vakt.stop()
  }
}

function lines(from: number, count: number): string {
  return JSON.stringify(
    Array.from({ length: count }, (_, i) => ({
      source: `api-${i % 7}`,
      message: `GET /v1/orders/${(from + i) * 7919} answered 200 in ${i % 90} ms`,
    })),
  )
}

async function send(server: Server, key: string, body: string): Promise<void> {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' }
  const response = await fetch(`${server.url}/api/logs`, { method: 'POST', headers, body })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`a batch was answered with ${response.status}`)
}

/** Opens a stream and reads it slowly, until the end or the signal. */
async function open(server: Server, path: string, key: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${server.url}${path}`, { headers: { 'x-api-key': key }, signal })
  if (!response.ok || !response.body) return void (await response.arrayBuffer())
  for await (const _ of response.body) await new Promise(resolve => setTimeout(resolve, 100))
}

async function bomb(server: Server, key: string): Promise<void> {
  const headers = { 'x-api-key': key, 'content-type': 'text/plain', 'content-encoding': 'gzip' }
  const response = await fetch(`${server.url}/api/logs`, { method: 'POST', headers, body: BOMB })
  await response.arrayBuffer()
}

async function patterns(server: Server, key: string): Promise<void> {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' }
  const body = JSON.stringify({ line: 'logs patterns --last 1d' })
  await (await fetch(`${server.url}/api/commands`, { method: 'POST', headers, body })).arrayBuffer()
}

async function repeat(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) await work()
}

async function feel(server: Server, uuid: string, key: string): Promise<{ ping: number; line: number }> {
  const pings: number[] = []
  const sent: number[] = []
  const until = performance.now() + DURATION_MS
  while (performance.now() < until) {
    pings.push(await timed(async () => (await fetch(`${server.url}/ping/${uuid}`)).arrayBuffer()))
    sent.push(await timed(() => send(server, key, '{"message":"one line"}')))
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  return { ping: p99(pings), line: Math.max(...sent) }
}

/** How long after the deadline of a check its card is in the terminal, ms. */
async function lateness(server: Server): Promise<number> {
  const { check } = await server.command<{ check: { uuid: string } }>('checks add silent --every 2s --grace 1s')
  const shownAt = new Promise<number>(resolve => {
    server.process.stdout!.on('data', text => {
      if (String(text).includes('silent sent no beat')) resolve(Date.now())
    })
  })
  await (await fetch(`${server.url}/ping/${check.uuid}`)).arrayBuffer()
  const shown = await server.command<{ check: { down_at: string } }>('checks show silent')
  return (await shownAt) - Date.parse(shown.check.down_at)
}
