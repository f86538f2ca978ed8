// A real cluster of OpenSearch processes from Maven, which can be killed one by one; null where Java or Maven cannot be had.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const PARTS = join(import.meta.dirname, '../../.ci/engine')
const OLDEST_JAVA = 21
/** A busy machine takes minutes; time in which this process is paused does not count. */
const START_TRIES = 1_000
const TRY_EVERY_MS = 500
const RETRY_MS = 1_000

export type Cluster = {
  urls: string[]
  nodes: number
  /** Ends a node (from 0) with SIGKILL; resolves when it has ended. */
  kill(node: number): Promise<void>
  /** Starts a node with its data. */
  start(node: number): void
  /** Resolves when a node answers. */
  answers(node: number): Promise<void>
  /** Resolves when all nodes are there and every copy is. */
  green(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts a cluster whose HTTP ports follow `port`; says why when it cannot. A quick one starts sooner and does less in a second;
 * `priority` is that of its processes (nice, 0 to 19).
 */
export async function startCluster(
  nodes: number,
  port: number,
  { isQuick = false, priority = 0 } = {},
): Promise<Cluster | null> {
  const java = findJava()
  if (java === null) return skip(`there is no Java ${OLDEST_JAVA} or newer`)
  const built = build(java)
  if (built === null) return skip('Maven cannot fetch OpenSearch')
  const data = mkdtempSync(join(tmpdir(), 'vakt-engine-'))
  const running: (ChildProcess | null)[] = Array.from({ length: nodes }, () => null)
  const urls = running.map((_, i) => `http://127.0.0.1:${port + 1 + i}`)
  const start = (node: number) => {
    const own = [String(node + 1), String(nodes), String(port), data]
    const speed = isQuick ? ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'] : []
    const words = ['-Xms384m', '-Xmx384m', ...speed, '-cp', built, 'Node', ...own]
    const child = spawn('nice', ['-n', String(priority), join(java, 'bin/java'), ...words], { stdio: 'ignore' })
    running[node] = child
    // The port of a node that was killed is not free at once.
    child.once('exit', async () => {
      if (running[node] !== child || child.signalCode !== null) return
      await setTimeout(RETRY_MS)
      if (running[node] === child) start(node)
    })
  }
  const kill = async (node: number) => {
    const child = running[node]
    running[node] = null
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const wait = async (isThere: () => Promise<boolean>) => {
    for (let tries = 0; tries < START_TRIES; tries++) {
      if (await isThere()) return
      await setTimeout(TRY_EVERY_MS)
    }
    throw new Error('The cluster does not start.')
  }
  const answers = (node: number) => wait(async () => (await healthOf(urls[node]!)) !== null)
  const green = () =>
    wait(async () => {
      for (const url of urls) {
        const health = await healthOf(url)
        if (health?.status === 'green' && health.number_of_nodes === nodes) return true
      }
      return false
    })
  const stop = async () => {
    await Promise.all(running.map((_, node) => kill(node)))
    rmSync(data, { recursive: true, force: true })
  }
  // Nothing stays behind, however this process ends.
  process.once('exit', () => {
    for (const child of running) child?.kill('SIGKILL')
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  for (let node = 0; node < nodes; node++) start(node)
  await green().catch(async error => {
    await stop()
    throw error
  })
  return { urls, nodes, kill, start, answers, green, stop }
}

type Health = { status: string; number_of_nodes: number }

async function healthOf(url: string): Promise<Health | null> {
  try {
    const reply = await fetch(`${url}/_cluster/health`, { signal: AbortSignal.timeout(5_000) })
    return reply.ok ? ((await reply.json()) as Health) : null
  } catch {
    return null
  }
}

/** The folder of a Java that is new enough. */
function findJava(): string | null {
  const machines = '/usr/lib/jvm'
  const installed = existsSync(machines) ? readdirSync(machines).map(name => join(machines, name)) : []
  for (const home of [process.env.JAVA_HOME, ...installed]) {
    if (!home || !existsSync(join(home, 'bin/javac'))) continue
    const [, version] =
      /javac (\d+)/.exec(execFileSync(join(home, 'bin/javac'), ['-version'], { encoding: 'utf8' })) ?? []
    if (Number(version) >= OLDEST_JAVA) return home
  }
  return null
}

/** The class path of the node; null when its parts cannot be fetched. */
function build(java: string): string | null {
  const to = join(tmpdir(), 'vakt-engine-parts')
  const [libraries, classes] = [join(to, 'lib'), join(to, 'classes')]
  const path = `${classes}:${libraries}/*`
  if (existsSync(join(classes, 'Node.class'))) return path
  try {
    mkdirSync(classes, { recursive: true })
    const copy = ['-q', '-f', join(PARTS, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`]
    execFileSync('mvn', copy, { stdio: 'inherit' })
    const source = join(PARTS, 'Node.java')
    execFileSync(join(java, 'bin/javac'), ['-cp', `${libraries}/*`, '-d', classes, source], { stdio: 'inherit' })
    return path
  } catch {
    return null
  }
}

function skip(why: string): null {
  console.log(`skipped: ${why}`)
  return null
}
