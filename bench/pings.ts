// Measures how fast durable pings are answered, compared with a bare route of the same framework in the same run.
import autocannon from 'autocannon'
import { type Server, startServer } from './server.ts'
import { median, type Row } from './table.ts'

/** A few clients, and many as at the full minute: with fewer clients, fewer beats share a flush to disk. */
const CONNECTION_COUNTS = [64, 256]
const DURATION_S = 3
const ROUNDS = 3

/** Alternates pings and bare answers, then sends pings at half their highest rate. */
export async function benchPings(): Promise<Row[]> {
  const bare = await startServer('bench/bare.ts')
  const vakt = await startServer('src/main.ts')
  try {
    const { check } = await vakt.command<{ check: { uuid: string } }>('checks add bench --every 1h')
    const path = `/ping/${check.uuid}`
    const rows: Row[] = []
    for (const connections of CONNECTION_COUNTS) rows.push(...(await compare(bare, vakt, path, connections)))
    return rows
  } finally {
    await bare.stop()
    await vakt.stop()
  }
}

async function compare(bare: Server, vakt: Server, path: string, connections: number): Promise<Row[]> {
  await load(bare, path, connections, 2)
  await load(vakt, path, connections, 2)
  const rates = { bare: [] as number[], vakt: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    rates.bare.push((await load(bare, path, connections, DURATION_S)).requests.average)
    rates.vakt.push((await load(vakt, path, connections, DURATION_S)).requests.average)
  }
  const ratio = median(rates.vakt.map((rate, i) => rate / rates.bare[i]!))
  const half = await load(vakt, path, connections, DURATION_S, Math.floor(median(rates.vakt) / 2))
  const { p99 } = half.latency
  const by = `${connections} connections`
  return [
    { what: `bare Hono route, ${by}`, value: `${Math.round(median(rates.bare))} requests/s` },
    { what: `durable pings, ${by}`, value: `${Math.round(median(rates.vakt))} requests/s` },
    { what: `durable pings / bare route, ${by}`, value: ratio.toFixed(2), goal: 'at least 0.50', met: ratio >= 0.5 },
    {
      what: `p99 at ${Math.round(half.requests.average)} pings/s, ${by}`,
      value: `${p99} ms`,
      goal: 'under 20 ms',
      met: p99 < 20,
    },
  ]
}

async function load(server: Server, path: string, connections: number, seconds: number, overallRate?: number) {
  const result = await autocannon({
    url: `${server.url}${path}`,
    connections,
    duration: seconds,
    ...(overallRate ? { overallRate } : {}),
  })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refusals and ${result.errors} errors under load`)
  return result
}
