// Lets real clients send lines to a real Vakt, once without and once with a kill -9 in the middle, and counts what arrived.
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADMIN_KEY, type Running, startVakt, until } from '../../src/testing/running.ts'
import type { ClientProof } from './client.ts'
import { CLIENTS } from './list.ts'
import { startRecordingProxy } from './recording-proxy.ts'

/** How long the count may stand still before the client counts as done, ms. */
const QUIET_MS = 10_000
/** How long the first line may take: daemons start slowly, and wait before they connect again. */
const FIRST_LINE_MS = 60_000
const POLL_MS = 250

/**
 * Tries every client, or `--only NAME`, with `--lines` lines (default: 10,000); `--kill no` leaves the kills out. Resolves with
 * whether all of them held.
 */
export async function clients(options: Readonly<Record<string, string>>): Promise<boolean> {
  const lines = Number(options.lines ?? 10_000)
  const chosen = CLIENTS.filter(({ name }) => options.only === undefined || name.startsWith(options.only))
  let holds = chosen.length > 0
  for (const client of chosen) {
    const missing = client.missing?.() ?? null
    if (missing !== null) {
      console.log(`${client.name}: skipped, because ${missing}`)
      continue
    }
    for (const isKilled of options.kill === 'no' ? [false] : [false, true]) {
      const faults = await tryClient(client, lines, isKilled).catch(error => [String(error)])
      if (faults.length > 0) holds = false
      for (const fault of faults) console.log(`${client.name}: FAULT: ${fault}`)
    }
  }
  return holds
}

async function tryClient(client: ClientProof, lines: number, isKilled: boolean): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), 'vakt-client-'))
  const folders = { vakt: join(root, 'vakt'), client: join(root, 'client') }
  for (const folder of Object.values(folders)) mkdirSync(folder)
  const ports: Record<string, number> = {}
  for (const name of ['PORT', 'INPUT', ...(client.portSettings ?? [])]) ports[name] = await freePort()
  const { INPUT: _, ...own } = ports
  const environment = {
    ...Object.fromEntries(Object.entries(own).map(([name, port]) => [name, String(port)])),
    ...client.settings?.(folders.vakt),
  }
  let vakt = await startVakt(folders.vakt, environment)
  let child: ChildProcess | null = null
  let printed = ''
  const proxy = client.kind === 'acknowledged' ? await startRecordingProxy(vakt.url) : null
  try {
    const { key } = await vakt.command<{ key: { secret: string } }>('keys create default')
    child = await client.start({ url: proxy?.url ?? vakt.url, key: key.secret, ports, lines, folder: folders.client })
    child.stderr?.on('data', piece => {
      printed = `${printed}${piece}`.slice(-1_000)
    })
    if (isKilled) {
      await until(async () => (await countLines(vakt)) > lines / 5, 'a fifth of the lines')
      await vakt.kill()
      await new Promise(resolve => setTimeout(resolve, 1_000))
      vakt = await startVakt(folders.vakt, environment)
    }
    await quiet(vakt, lines)
    const faults = await findFaults(vakt, client, lines, isKilled, proxy?.acknowledged ?? null)
    return faults.length > 0 && printed !== '' ? [...faults, `the client wrote: ${printed}`] : faults
  } finally {
    child?.kill('SIGKILL')
    proxy?.close()
    await vakt.kill()
    rmSync(root, { recursive: true, force: true })
  }
}

/** Waits until all lines are there, or no more come. */
async function quiet(vakt: Running, lines: number): Promise<void> {
  let [count, since] = [0, Date.now()]
  while (Date.now() - since < (count === 0 ? FIRST_LINE_MS : QUIET_MS)) {
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
    const now = await countLines(vakt)
    if (now !== count) [count, since] = [now, Date.now()]
    if (now >= lines && Date.now() - since > 1_000) return
  }
}

async function countLines(vakt: Running): Promise<number> {
  return (await vakt.command<{ total: number }>('logs search "proof line" --limit 1')).total
}

type Line = {
  message: string
  level: string
  source: string | null
  host: string | null
  timestamp: string
  received_at?: string
}

async function findFaults(
  vakt: Running,
  client: ClientProof,
  lines: number,
  isKilled: boolean,
  acknowledged: ReadonlySet<number> | null,
): Promise<string[]> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}` }
  const answer = await fetch(
    `${vakt.url}/api/logs?q=${encodeURIComponent('"proof line"')}&format=ndjson&limit=1000000`,
    { headers },
  )
  const stored = (await answer.text())
    .split('\n')
    .filter(Boolean)
    .map(text => JSON.parse(text) as Line)
  const counts = new Map<number, number>()
  const wrong: string[] = []
  for (const line of stored) {
    const number = Number(/^proof line (\d+)$/.exec(line.message)?.[1] ?? Number.NaN)
    counts.set(number, (counts.get(number) ?? 0) + 1)
    const level = number % 10 === 0 ? 'error' : 'info'
    const isRight =
      number >= 0 &&
      line.level === level &&
      line.source === client.source &&
      (client.host === undefined || line.host === client.host) &&
      Math.abs(Date.parse(line.timestamp) - Date.now()) < 600_000
    if (!isRight) wrong.push(JSON.stringify(line))
  }
  const repeated = [...counts.values()].reduce((sum, count) => sum + count - 1, 0)
  const gap = Array.from({ length: lines }, (_, i) => i).filter(number => !counts.has(number)).length
  const how = isKilled ? 'with a kill -9' : 'without a kill'
  console.log(
    `${client.name}, ${how}: ${lines} sent, ${counts.size} stored, ${gap} missing, ${repeated} twice, ${wrong.length} wrong`,
  )
  const mayMiss = isKilled && client.kind !== 'answered'
  const lost = countLost(acknowledged, counts)
  return [
    ...(lost > 0 ? [`${lost} acknowledged lines are missing`] : []),
    ...(gap > 0 && !mayMiss ? [`${gap} lines are missing`] : []),
    ...(repeated > (isKilled ? (client.maxRepeated ?? 0) : 0) ? [`${repeated} lines are there twice`] : []),
    ...(wrong.length > 0 ? [`${wrong.length} lines are wrong, such as ${wrong[0]}`] : []),
  ]
}

/** How many lines Vakt answered with success and does not have. */
function countLost(acknowledged: ReadonlySet<number> | null, stored: ReadonlyMap<number, number>): number {
  if (acknowledged === null) return 0
  const lost = [...acknowledged].filter(number => !stored.has(number)).length
  console.log(`  ${acknowledged.size} were acknowledged, of which ${lost} are missing`)
  return lost
}

/** A port of this machine that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
