// Measures how fast log lines are stored over HTTP, and how it affects beats and commands. Each answer comes after its commit.
import autocannon from 'autocannon'
import { type Server, startServer } from './server.ts'
import { median, p99, type Row, timed } from './table.ts'

const DURATION_S = 5

/** Batches of 1,000, 100 and 1 lines, one large request by itself, and beats and commands under half the load. */
export async function benchLogs(): Promise<Row[]> {
  const vakt = await startServer('src/main.ts')
  try {
    const { key } = await vakt.command<{ key: { secret: string } }>('keys create default')
    const { check } = await vakt.command<{ check: { uuid: string } }>('checks add bench --every 1h')
    await load(vakt, key.secret, 100, 8, 2)
    const thousand = await load(vakt, key.secret, 1000, 8, DURATION_S)
    const hundred = await load(vakt, key.secret, 100, 16, DURATION_S)
    const single = await load(vakt, key.secret, 1, 256, DURATION_S)
    const large = await alone(vakt, key.secret)
    const rate = thousand.requests.average * 1000
    const busy = load(vakt, key.secret, 1000, 8, DURATION_S, Math.max(1, Math.floor(thousand.requests.average / 2)))
    const [felt, late] = await Promise.all([feel(vakt, check.uuid, DURATION_S - 1), lateness(vakt)])
    await busy
    const found = await searchable(vakt, key.secret)
    return [
      {
        what: '1,000-line requests',
        value: `${Math.round(rate)} lines/s`,
        goal: 'at least 100,000',
        met: rate >= 100_000,
      },
      {
        what: '100-line requests',
        value: `${Math.round(hundred.requests.average * 100)} lines/s, p99 ${hundred.latency.p99} ms`,
        goal: 'p99 at most 50 ms',
        met: hundred.latency.p99 <= 50,
      },
      {
        what: 'single-line requests',
        value: `${Math.round(single.requests.average)} requests/s, p99 ${single.latency.p99} ms`,
        goal: 'at least 14,000',
        met: single.requests.average >= 14_000,
      },
      {
        what: 'one request of 200 lines, 300 KB',
        value: `${large.toFixed(1)} ms`,
        goal: 'under 30 ms',
        met: large < 30,
      },
      {
        what: 'a ping under half the load, p99',
        value: `${felt.ping.toFixed(1)} ms`,
        goal: 'at most 100 ms',
        met: felt.ping <= 100,
      },
      {
        what: 'a command under half the load, p99',
        value: `${felt.command.toFixed(1)} ms`,
        goal: 'at most 100 ms',
        met: felt.command <= 100,
      },
      {
        what: 'an alert under half the load',
        value: `${late} ms after its deadline`,
        goal: 'at most 1,000 ms',
        met: late <= 1000,
      },
      {
        what: 'found by a search after its answer',
        value: `${found.toFixed(0)} ms`,
        goal: 'within 1,000 ms',
        met: found <= 1000,
      },
      {
        what: 'memory afterwards',
        value: `${Math.round(vakt.memory())} MB`,
        goal: 'under 400 MB',
        met: vakt.memory() < 400,
      },
    ]
  } finally {
    await vakt.stop()
  }
}

async function load(
  server: Server,
  key: string,
  lines: number,
  connections: number,
  seconds: number,
  overallRate?: number,
) {
  const result = await autocannon({
    url: `${server.url}/api/logs`,
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(Array.from({ length: lines }, (_, i) => line(i))),
    connections,
    duration: seconds,
    ...(overallRate ? { overallRate } : {}),
  })
  const refused = result.non2xx + result.errors
  if (refused > result.requests.total / 100)
    throw new Error(`${refused} of ${result.requests.total} requests were refused`)
  return result
}

/** About 250 bytes, like a line of a web service. */
function line(i: number, filler = '') {
  return {
    timestamp: Date.now() - i,
    level: i % 50 === 0 ? 'error' : 'info',
    source: `api-${i % 7}`,
    host: `web-${i % 13}`,
    message: `GET /v1/orders/${i * 7919} answered ${i % 50 === 0 ? 500 : 200} in ${i % 90} ms for user ${i * 31} ${filler}`,
    request_id: `r-${i}-${(i * 2654435761) % 4294967296}`,
    user_id: i % 5000,
  }
}

async function alone(server: Server, key: string): Promise<number> {
  const body = JSON.stringify(Array.from({ length: 200 }, (_, i) => line(i, 'x'.repeat(1300))))
  const took: number[] = []
  for (let i = 0; i < 30; i++) took.push(await timed(() => post(server, key, body)))
  return median(took)
}

/** The slowest hundredth of pings and commands, sent one after the other. */
async function feel(server: Server, uuid: string, seconds: number): Promise<{ ping: number; command: number }> {
  const pings: number[] = []
  const commands: number[] = []
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    pings.push(await timed(() => fetch(`${server.url}/ping/${uuid}`)))
    commands.push(await timed(() => server.command('checks show bench')))
  }
  return { ping: p99(pings), command: p99(commands) }
}

/** How long after the deadline of a check its card is in the terminal, the worst of three, ms. */
async function lateness(server: Server): Promise<number> {
  const late = ['first', 'second', 'third'].map(async name => {
    const { check } = await server.command<{ check: { uuid: string } }>(`checks add ${name} --every 1s --grace 1s`)
    const shownAt = new Promise<number>(resolve => {
      server.process.stdout!.on('data', text => {
        if (String(text).includes(`${name} sent no beat`)) resolve(Date.now())
      })
    })
    await (await fetch(`${server.url}/ping/${check.uuid}`)).arrayBuffer()
    const shown = await server.command<{ check: { down_at: string } }>(`checks show ${name}`)
    return (await shownAt) - Date.parse(shown.check.down_at)
  })
  return Math.max(...(await Promise.all(late)))
}

async function searchable(server: Server, key: string): Promise<number> {
  const word = `needle${Math.floor(Math.random() * 1e9)}`
  await post(server, key, JSON.stringify({ message: `a ${word} in the hay` }))
  const begun = performance.now()
  for (;;) {
    const { total } = await server.command<{ total: number }>(`logs search ${word}`)
    if (total === 1) return performance.now() - begun
  }
}

async function post(server: Server, key: string, body: string): Promise<void> {
  const response = await fetch(`${server.url}/api/logs`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    body,
  })
  if (!response.ok) throw new Error(`a batch was answered with ${response.status}`)
  await response.arrayBuffer()
}
