// The demo: a real Vakt in a temporary folder, simulated traffic, and several faults that start and end.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { styleText } from 'node:util'
import { Problem } from '../problem.ts'
import { aboutDuration, SECOND } from '../time.ts'
import { createClient } from './client.ts'
import { perform } from './perform.ts'
import type { PlayerEvent } from './player.ts'
import { faultLine, stamp } from './progress.ts'
import { readScenario } from './read-scenario.ts'
import { DEMO_KEEP_FIRING, SIMULATION } from './stage.ts'
import { verdictLines } from './truth.ts'

const SCENARIO = 'demo'
/** How long Vakt may take to start and to stop, ms. */
const START_TIMEOUT_MS = 20 * SECOND
const STOP_TIMEOUT_MS = 12 * SECOND
/** The last alerts are resolved a moment after the traffic ends. */
const FINAL_DELAY_MS = 2 * SECOND
/** The time from Vakt's first connectivity probe to the start of the traffic, at least, ms. */
const DELAY_AFTER_PROBE_MS = 1.3 * SECOND

try {
  await demo()
} catch (error) {
  if (!(error instanceof Problem)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function demo(): Promise<void> {
  const read = readScenario(SCENARIO)
  const folder = mkdtempSync(join(tmpdir(), 'vakt-demo-'))
  const internet = await openInternet()
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  const vakt = startVakt(folder, internet.targets)
  try {
    const server = await vakt.onDuty()
    // By default an error alert is resolved 15 minutes after the last error, which is too long for the demo.
    await createClient(server.url, server.key).command([
      'rules',
      'edit',
      'error-spikes',
      '--keep-firing',
      DEMO_KEEP_FIRING,
    ])
    printHeading(
      `Vakt runs at ${server.url}, in a temporary folder. Lines after a bar are its chat messages; the traffic is simulated.`,
    )
    printHeading(`For ${aboutDuration(read.scenario.duration)}: ${read.scenario.about} Ctrl-C stops.`)
    // Vakt probes the internet every fifteen seconds: with this start, the outage begins shortly before a probe.
    const notBefore = (await internet.firstProbe) + DELAY_AFTER_PROBE_MS
    const options = {
      speed: 1,
      project: SIMULATION,
      seed: read.scenario.seed,
      signal: stopping.signal,
      notBefore,
      isCutOff: true,
    }
    const { verdict } = await perform(read, server, options, { onEvent: (event, at) => narrate(event, at, internet) })
    if (stopping.signal.aborted) return printHeading('Stopped. All data of the demo is removed.')
    await new Promise(resolve => setTimeout(resolve, FINAL_DELAY_MS))
    printHeading('The faults, and the alerts of Vakt:')
    for (const line of verdictLines(await verdict())) print(line)
    printHeading(
      'The demo is over, and all its data is removed. "npm start" starts your own Vakt; "npx vakt simulate --help" sends simulated traffic to it.',
    )
  } finally {
    await vakt.stop()
    internet.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Internet = Awaited<ReturnType<typeof openInternet>>

/** Prints what happens and why it matters; an outage really stops the servers that Vakt probes. */
function narrate(event: PlayerEvent, at: number, internet: Internet): void {
  if (event.kind === 'lost') printHeading(`${stamp(at)}  ${event.step.source} could not be sent: ${event.reason}`)
  if (event.kind !== 'fault') return
  const { fault, phase } = event.step
  if (fault.kind === 'outage') {
    if (phase === 'begins') internet.cut()
    else internet.restore()
  }
  printHeading(`${stamp(at)}  ${faultLine(event.step)}`)
  if (phase === 'begins' && fault.about !== '') print(`        ${fault.about}`)
}

/** Local servers in place of the internet, which can be stopped and started. */
async function openInternet() {
  let probed = (_at: number) => {}
  const firstProbe = new Promise<number>(resolve => {
    probed = resolve
  })
  const open = (port: number) =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer(socket => {
        socket.on('error', () => {}).end()
        probed(Date.now())
      })
      server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server))
    })
  let servers: Server[] = await Promise.all([open(0), open(0)])
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  const cut = () => {
    for (const server of servers) server.close()
    servers = []
  }
  return {
    firstProbe,
    targets: ports.map(port => `tcp://127.0.0.1:${port}`).join(' '),
    cut,
    restore() {
      for (const port of ports)
        open(port).then(
          server => servers.push(server),
          () => printHeading('The simulated internet cannot be started again.'),
        )
    },
    close: cut,
  }
}

/** Starts Vakt as a user does; its terminal is printed after a bar. */
function startVakt(folder: string, targets: string) {
  const { PATH, HOME, TZ, NO_COLOR } = process.env
  const colour = process.stdout.isTTY && !NO_COLOR ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }
  const settings = { PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'error', CONNECTIVITY_TARGETS: targets, ...colour }
  const inherited = Object.fromEntries(Object.entries({ PATH, HOME, TZ }).filter(([, value]) => value !== undefined))
  const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts')], {
    cwd: folder,
    env: { ...inherited, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C goes to the demo, which then stops Vakt cleanly.
    detached: true,
  })
  let errors = ''
  child.stderr!.on('data', chunk => {
    errors = (errors + chunk).slice(-4000)
  })
  let greeted = () => {}
  let onLine = (line: string) => {
    // The greeting is for users who start Vakt themselves.
    if (!line.startsWith('Send commands with')) return
    onLine = text => print(`${' '.repeat(8)}│ ${text}`)
    greeted()
  }
  createInterface({ input: child.stdout! }).on('line', line => onLine(line))

  return {
    /** Its address and admin key, once it is on duty. */
    async onDuty(): Promise<{ url: string; key: string }> {
      const outcome = await Promise.race([
        new Promise<string>(resolve => {
          greeted = () => resolve('greeted')
        }),
        new Promise<string>(resolve => child.once('exit', code => resolve(`it ended with ${code}`))),
        new Promise<string>(resolve => setTimeout(() => resolve('it printed nothing'), START_TIMEOUT_MS).unref()),
      ])
      if (outcome !== 'greeted') throw new Problem('internal', `Vakt did not start: ${outcome}. ${errors}`)
      const readFile = (name: string) => readFileSync(join(folder, name), 'utf8').trim()
      return { url: readFile('vakt.url'), key: readFile('admin.key') }
    },
    stop: () => ended(child),
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

function printHeading(line: string): void {
  print(`\n${styleText('bold', line, { stream: process.stdout })}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
