// The clients that npm has, all beside one Vakt with few lines each: what CI runs. The kills are in clients.ts.
import { type ChildProcess, execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADMIN_KEY, type Running, startVakt } from '../../src/testing/running.ts'
import { SECOND } from '../../src/time.ts'
import type { ClientProof } from './client.ts'
import { freePort } from './clients.ts'
import { elasticsearch9 } from './elasticsearch.ts'
import { gelfProTcp, gelfProUdp } from './gelf-pro.ts'
import { pinoLoki, winstonLokiJson, winstonLokiProtobuf } from './loki.ts'
import { otelJson, otelProtobuf } from './opentelemetry.ts'
import { seqLogging } from './seq-logging.ts'
import { winstonSyslogTcp, winstonSyslogUdp } from './winston-syslog.ts'

const CLIENTS: readonly ClientProof[] = [
  pinoLoki,
  winstonLokiJson,
  winstonLokiProtobuf,
  otelProtobuf,
  otelJson,
  elasticsearch9,
  seqLogging,
  gelfProTcp,
  gelfProUdp,
  winstonSyslogTcp,
  winstonSyslogUdp,
]
/** How long all of them may take after they are installed. */
const TIMEOUT_MS = 60 * SECOND
const POLL_MS = 200
/** Clients at a time: each is a process of its own. */
const MAX_RUNNING = 3

/**
 * Sends `--lines` lines (default: 50) by each client and compares what Vakt stored: every line once, with its level, instant,
 * source and host. Writes the counts to the file that CLIENT_RESULTS names.
 */
export async function ciClients(options: Readonly<Record<string, string>>): Promise<boolean> {
  const lines = Number(options.lines ?? 50)
  const root = mkdtempSync(join(tmpdir(), 'vakt-ci-clients-'))
  const begun = performance.now()
  let vakt: Running | null = null
  try {
    installLocked(root)
    const ports: Record<string, number> = {}
    for (const name of new Set(CLIENTS.flatMap(({ portSettings = [] }) => portSettings))) ports[name] = await freePort()
    const folder = join(root, 'vakt')
    mkdirSync(folder)
    vakt = await startVakt(
      folder,
      Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
    )
    const { key } = await vakt.command<{ key: { secret: string } }>('keys create default')
    const given = { vakt, key: key.secret, ports, root, lines }
    const results = await inTurns(CLIENTS, MAX_RUNNING, client =>
      tryClient(client, given).catch(error => [String(error)]),
    )
    const failed = results.filter(faults => faults.length > 0).length
    const seconds = Math.round((performance.now() - begun) / SECOND)
    console.log(`clients: ${CLIENTS.length - failed} passed, ${failed} failed, ${seconds} s`)
    if (process.env.CLIENT_RESULTS)
      writeFileSync(
        process.env.CLIENT_RESULTS,
        JSON.stringify({ numPassedTests: CLIENTS.length - failed, numFailedTests: failed }),
      )
    return failed === 0
  } finally {
    await vakt?.kill()
    rmSync(root, { recursive: true, force: true })
  }
}

/** Installs the clients as they are locked, without their scripts. */
function installLocked(root: string): void {
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(import.meta.dirname, file), join(root, file))
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

type Given = { vakt: Running; key: string; ports: Record<string, number>; root: string; lines: number }

async function tryClient(client: ClientProof, { vakt, key, ports, root, lines }: Given): Promise<string[]> {
  const folder = join(root, client.name)
  mkdirSync(folder)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const mark = `${client.name} line`
  const begun = performance.now()
  let child: ChildProcess | null = null
  let printed = ''
  try {
    child = await client.start({ url: vakt.url, key, ports, lines, folder, mark })
    child.stderr?.on('data', piece => {
      printed = `${printed}${piece}`.slice(-500)
    })
    let stored: Line[] = []
    do {
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
      stored = await readLines(vakt, mark, lines)
    } while (stored.length < lines && performance.now() - begun < TIMEOUT_MS)
    const faults = findFaults(stored, client, mark, lines)
    const seconds = ((performance.now() - begun) / SECOND).toFixed(1)
    console.log(`${faults.length === 0 ? '✓' : '✗'} ${client.name}: ${stored.length} of ${lines} lines, ${seconds} s`)
    for (const fault of faults) console.log(`  ${fault}${printed === '' ? '' : `; it wrote: ${printed}`}`)
    return faults
  } finally {
    child?.kill('SIGKILL')
  }
}

type Line = { message: string; level: string; source: string | null; host: string | null; timestamp: string }

async function readLines(vakt: Running, mark: string, lines: number): Promise<Line[]> {
  const query = encodeURIComponent(`"${mark}"`)
  const headers = { authorization: `Bearer ${ADMIN_KEY}` }
  const answer = await fetch(`${vakt.url}/api/logs?q=${query}&format=ndjson&limit=${2 * lines}`, { headers })
  const found = (await answer.text())
    .split('\n')
    .filter(Boolean)
    .map(text => JSON.parse(text) as Line)
  return found.filter(({ message }) => message.startsWith(`${mark} `))
}

function findFaults(stored: readonly Line[], client: ClientProof, mark: string, lines: number): string[] {
  const numbers = stored.map(({ message }) => Number(message.slice(mark.length + 1)))
  const missing = Array.from({ length: lines }, (_, i) => i).filter(number => !numbers.includes(number))
  const wrong = stored.filter(({ level, source, host, timestamp }, i) => {
    const isRight = level === (numbers[i]! % 10 === 0 ? 'error' : 'info') && source === client.source
    const isInTime = Math.abs(Date.parse(timestamp) - Date.now()) < 10 * TIMEOUT_MS
    return !isRight || !isInTime || (client.host !== undefined && host !== client.host)
  })
  return [
    ...(missing.length > 0 ? [`${missing.length} lines are missing`] : []),
    ...(stored.length > new Set(numbers).size ? ['lines are there twice'] : []),
    ...(wrong.length > 0 ? [`${wrong.length} lines are wrong, such as ${JSON.stringify(wrong[0])}`] : []),
  ]
}

/** Runs `work` for each item, some at a time; the results in order. */
async function inTurns<T, R>(items: readonly T[], places: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const run = async () => {
    for (let place = next++; place < items.length; place = next++) results[place] = await work(items[place]!)
  }
  await Promise.all(Array.from({ length: places }, run))
  return results
}
