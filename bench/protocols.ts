// Measures how fast the same lines come in by each protocol, beside the native one in the same run.
import { connect } from 'node:net'
import autocannon from 'autocannon'
import { lokiJson, otlpProtobuf } from '../src/testing/wire.ts'
import { SECOND } from '../src/time.ts'
import { type Server, startServer } from './server.ts'
import type { Row } from './table.ts'

const DURATION_S = 5
const WARM_UP_S = 2
const CONNECTIONS = 8
const LINES = 1_000
/** Takes the place of a number that makes each body another: a repeated one is stored once. */
const UNIQUE = 'unique-0000000000'

type Protocol = { name: string; path: string; headers: Record<string, string>; body: Buffer; goal: number }

/** Lines a second of every protocol, and its part of the native rate. */
export async function benchProtocols(): Promise<Row[]> {
  const port = 40_000 + Math.floor(Math.random() * 20_000)
  const vakt = await startServer('src/main.ts', { SYSLOG_TCP_PORT: String(port) })
  try {
    const { key } = await vakt.command<{ key: { secret: string } }>('keys create default')
    const [native, ...others] = protocols() as [Protocol, ...Protocol[]]
    await load(vakt, key.secret, native, WARM_UP_S)
    const rate = await load(vakt, key.secret, native, DURATION_S)
    const rows: Row[] = [{ what: native.name, value: `${Math.round(rate)} lines/s` }]
    for (const protocol of others)
      rows.push(rowOf(protocol.name, await load(vakt, key.secret, protocol, DURATION_S), rate, protocol.goal))
    rows.push(rowOf('syslog over TCP (RFC 5424, LF)', await loadSyslog(vakt, port), rate, 0.5))
    return rows
  } finally {
    await vakt.stop()
  }
}

function rowOf(what: string, rate: number, native: number, goal: number): Row {
  const part = rate / native
  return {
    what,
    value: `${Math.round(rate)} lines/s, ${part.toFixed(2)} ×`,
    goal: `at least ${goal} ×`,
    met: part >= goal,
  }
}

type Line = { at: number; level: 'error' | 'info'; source: string; host: string; message: string }

function lines(): Line[] {
  return Array.from({ length: LINES }, (_, i) => ({
    at: Date.now() - i,
    level: i % 50 === 0 ? 'error' : 'info',
    source: `api-${i % 7}`,
    host: `web-${i % 13}`,
    message: `GET /v1/orders/${i * 7919} answered ${i % 50 === 0 ? 500 : 200} in ${i % 90} ms for user ${i * 31} request r-${i}-${(i * 2654435761) % 4294967296}${i === 0 ? ` ${UNIQUE}` : ''}`,
  }))
}

function protocols(): Protocol[] {
  const all = lines()
  const json = { 'content-type': 'application/json' }
  const streams = [...Map.groupBy(all, ({ source, host, level }) => `${source} ${host} ${level}`).values()].map(
    own => ({
      labels: { service_name: own[0]!.source, host: own[0]!.host, level: own[0]!.level },
      entries: own.map(({ at, message }): [bigint, string] => [BigInt(at) * 1_000_000n, message]),
    }),
  )
  const bulk = all.map(({ at, message, level, source, host }) => {
    const document = {
      '@timestamp': new Date(at).toISOString(),
      message,
      log: { level },
      service: { name: source },
      host: { name: host },
    }
    return `{"create":{"_index":"logs-bench"}}\n${JSON.stringify(document)}\n`
  })
  const native = all.map(({ at, ...line }) => ({ timestamp: at, ...line }))
  return [
    { name: 'native JSON', path: '/api/logs', headers: json, body: Buffer.from(JSON.stringify(native)), goal: 1 },
    { name: 'Loki, JSON', path: '/loki/api/v1/push', headers: json, body: lokiJson(streams), goal: 0.6 },
    {
      name: 'OTLP, protobuf',
      path: '/v1/logs',
      headers: { 'content-type': 'application/x-protobuf' },
      body: Buffer.from(otlpProtobuf(otlpOf(all))),
      goal: 0.6,
    },
    {
      name: 'Elasticsearch, _bulk',
      path: '/_bulk',
      headers: { 'content-type': 'application/x-ndjson' },
      body: Buffer.from(bulk.join('')),
      goal: 0.6,
    },
  ]
}

function otlpOf(all: readonly Line[]) {
  const text = (value: string) => ({ stringValue: value })
  const groups = Map.groupBy(all, ({ source, host }) => `${source} ${host}`)
  return {
    resourceLogs: [...groups.values()].map(own => ({
      resource: {
        attributes: [
          { key: 'service.name', value: text(own[0]!.source) },
          { key: 'host.name', value: text(own[0]!.host) },
        ],
      },
      scopeLogs: [
        {
          logRecords: own.map(({ at, level, message }) => ({
            timeUnixNano: `${at}000000`,
            severityNumber: level === 'error' ? 17 : 9,
            body: text(message),
          })),
        },
      ],
    })),
  }
}

/** Lines a second that were answered. */
async function load(
  { url }: Server,
  key: string,
  { path, headers, body }: Protocol,
  duration: number,
): Promise<number> {
  const at = body.indexOf(UNIQUE) + UNIQUE.length - 10
  if (at < 10) throw new Error(`the body for ${path} has no place for a number`)
  let next = 0
  const result = await autocannon({
    url: url + path,
    connections: CONNECTIONS,
    duration,
    requests: [
      {
        method: 'POST',
        path,
        headers: { authorization: `Bearer ${key}`, ...headers },
        setupRequest(request) {
          const own = Buffer.from(body)
          own.write(String(next++).padStart(10, '0'), at)
          return { ...request, body: own }
        },
      },
    ],
  })
  const refused = result.non2xx + result.errors
  if (refused > result.requests.total / 100)
    throw new Error(`${refused} of ${result.requests.total} requests to ${path} were refused`)
  return result.requests.average * LINES
}

/** Lines a second that were stored while all connections wrote as fast as they could. */
async function loadSyslog(vakt: Server, port: number): Promise<number> {
  const body = Buffer.from(
    lines()
      .map(
        ({ at, level, source, host, message }) =>
          `<${level === 'error' ? 131 : 134}>1 ${new Date(at).toISOString()} ${host} ${source} - - - ${message}\n`,
      )
      .join(''),
  )
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => dial(port)))
  let isOver = false
  const writers = sockets.map(async socket => {
    while (!isOver)
      if (!socket.write(body)) await new Promise(resolve => socket.once('drain', resolve).once('close', resolve))
  })
  await new Promise(resolve => setTimeout(resolve, WARM_UP_S * SECOND))
  const [before, begun] = [await stored(vakt), performance.now()]
  await new Promise(resolve => setTimeout(resolve, DURATION_S * SECOND))
  const rate = ((await stored(vakt)) - before) / ((performance.now() - begun) / SECOND)
  isOver = true
  for (const socket of sockets) socket.destroy()
  await Promise.all(writers)
  return rate
}

function dial(port: number) {
  return new Promise<ReturnType<typeof connect>>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket)).once('error', reject)
  })
}

async function stored({ url }: Server): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^vakt_log_lines_accepted_total\{[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
}
