// The demo: a real Vakt in a folder of its own, made-up traffic, and one thing after another that goes wrong and recovers.
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
import type { Told } from './player.ts'
import { faultLine, stamp } from './progress.ts'
import { readScenario } from './read-scenario.ts'
import { DEMO_QUIET, SIMULATION } from './stage.ts'
import { verdictLines } from './truth.ts'

const SCENARIO = 'demo'
/** How long Vakt may take to start and to stop, ms. */
const STARTS_WITHIN = 20 * SECOND
const STOPS_WITHIN = 12 * SECOND
/** The last recoveries are told a moment after the traffic ends. */
const LAST_WORDS = 2 * SECOND
/** From Vakt's first look at the internet to the beginning of the traffic, at least, ms. */
const FROM_FIRST_PROBE = 1.3 * SECOND

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
    // An error counts as over after a quarter of an hour without it, unless its rule says otherwise.
    await createClient(server.url, server.key).command(['rules', 'edit', 'error-spikes', '--keep-firing', DEMO_QUIET])
    say(
      `Vakt runs at ${server.url}, in a folder of its own. What it says in its chat stands behind a bar; the traffic is made up.`,
    )
    say(`For ${aboutDuration(read.scenario.duration)}: ${read.scenario.about} Ctrl-C stops.`)
    // Vakt probes the internet every fifteen seconds: begun so, the outage comes shortly before it looks again.
    const notBefore = (await internet.firstProbe) + FROM_FIRST_PROBE
    const options = { speed: 1, project: SIMULATION, seed: read.scenario.seed, signal: stopping.signal, notBefore }
    const { verdict } = await perform(read, server, options, { tell: (told, at) => narrate(told, at, internet) })
    if (stopping.signal.aborted) return say('Stopped; nothing of it is kept.')
    await new Promise(resolve => setTimeout(resolve, LAST_WORDS))
    say('What went wrong, and what Vakt made of it:')
    for (const line of verdictLines(await verdict())) print(line)
    say(
      'That was the demo; nothing of it is kept. "npm start" starts your own, "npx vakt simulate --help" plays more to it.',
    )
  } finally {
    await vakt.stop()
    internet.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

type Internet = Awaited<ReturnType<typeof openInternet>>

/** Says what happens and why it matters; an outage really cuts what Vakt probes. */
function narrate(told: Told, at: number, internet: Internet): void {
  if (told.kind === 'lost') say(`${stamp(at)}  ${told.step.source} could not be sent: ${told.why}`)
  if (told.kind !== 'fault') return
  const { fault, phase } = told.step
  if (fault.kind === 'outage') {
    if (phase === 'begins') internet.cut()
    else internet.mend()
  }
  say(`${stamp(at)}  ${faultLine(told.step)}`)
  if (phase === 'begins' && fault.about !== '') print(`        ${fault.about}`)
}

/** Small servers on this machine that stand for the internet, and can be gone. */
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
    mend() {
      for (const port of ports)
        open(port).then(
          server => servers.push(server),
          () => say('The made-up internet cannot come back.'),
        )
    },
    close: cut,
  }
}

/** Vakt as a user starts it, its terminal printed behind a bar. */
function startVakt(folder: string, targets: string) {
  const { PATH, HOME, TZ, NO_COLOR } = process.env
  const colour = process.stdout.isTTY && !NO_COLOR ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }
  const settings = { PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'error', CONNECTIVITY_TARGETS: targets, ...colour }
  const kept = Object.fromEntries(Object.entries({ PATH, HOME, TZ }).filter(([, value]) => value !== undefined))
  const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts')], {
    cwd: folder,
    env: { ...kept, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C is for the demo, which then stops Vakt in order.
    detached: true,
  })
  let complaints = ''
  child.stderr!.on('data', chunk => {
    complaints = (complaints + chunk).slice(-4000)
  })
  let greeted = () => {}
  let bar = (line: string) => {
    // The greeting is for those who start their own.
    if (!line.startsWith('Send commands with')) return
    bar = one => print(`${' '.repeat(8)}│ ${one}`)
    greeted()
  }
  createInterface({ input: child.stdout! }).on('line', line => bar(line))

  return {
    /** Where it is and its key, once it is on duty. */
    async onDuty(): Promise<{ url: string; key: string }> {
      const began = await Promise.race([
        new Promise<string>(resolve => {
          greeted = () => resolve('greeted')
        }),
        new Promise<string>(resolve => child.once('exit', code => resolve(`it ended with ${code}`))),
        new Promise<string>(resolve => setTimeout(() => resolve('it says nothing'), STARTS_WITHIN).unref()),
      ])
      if (began !== 'greeted') throw new Problem('internal', `Vakt did not start: ${began}. ${complaints}`)
      const kept = (name: string) => readFileSync(join(folder, name), 'utf8').trim()
      return { url: kept('vakt.url'), key: kept('admin.key') }
    },
    stop: () => ended(child),
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => {
    const cut = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN)
    child.once('exit', () => {
      clearTimeout(cut)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

function say(line: string): void {
  print(`\n${styleText('bold', line, { stream: process.stdout })}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
