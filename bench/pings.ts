// How fast durable pings are answered, beside a bare route of the same framework in the same run.
import autocannon from 'autocannon'
import { type Server, startServer } from './server.ts'
import { median, type Row } from './table.ts'

/** Cron jobs come all at once, at the full minute. */
const CONNECTIONS = 256
const SECONDS = 4
const ROUNDS = 3

/** Pings and bare answers in turn, then pings at half their highest rate. */
export async function benchPings(): Promise<Row[]> {
  const bare = await startServer('bench/bare.ts')
  const vakt = await startServer('src/main.ts')
  try {
    const { check } = await vakt.command<{ check: { uuid: string } }>('checks add bench --every 1h')
    const path = `/ping/${check.uuid}`
    await load(bare, path, 2)
    await load(vakt, path, 2)
    const rates = { bare: [] as number[], vakt: [] as number[] }
    for (let round = 0; round < ROUNDS; round++) {
      rates.bare.push((await load(bare, path, SECONDS)).requests.average)
      rates.vakt.push((await load(vakt, path, SECONDS)).requests.average)
    }
    const ratios = rates.vakt.map((rate, i) => rate / rates.bare[i]!)
    const half = await load(vakt, path, SECONDS, Math.floor(median(rates.vakt) / 2))
    return [
      { what: 'bare Hono route', value: `${Math.round(median(rates.bare))} requests/s` },
      { what: 'durable pings', value: `${Math.round(median(rates.vakt))} requests/s` },
      {
        what: 'durable pings / bare route',
        value: median(ratios).toFixed(2),
        goal: 'at least 0.50',
        met: median(ratios) >= 0.5,
      },
      {
        what: `p99 at ${Math.round(half.requests.average)} pings/s`,
        value: `${half.latency.p99} ms`,
        goal: 'under 20 ms',
        met: half.latency.p99 < 20,
      },
    ]
  } finally {
    await bare.stop()
    await vakt.stop()
  }
}

async function load(server: Server, path: string, seconds: number, overallRate?: number) {
  const result = await autocannon({
    url: `${server.url}${path}`,
    connections: CONNECTIONS,
    duration: seconds,
    ...(overallRate ? { overallRate } : {}),
  })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refusals and ${result.errors} errors under load`)
  return result
}
