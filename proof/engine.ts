// The log engine against a real cluster: the contract, kills of Vakt and of nodes under load, and an outage. Options: `--rounds`
// of each kind of kill, `--lines` of each round, `--outage` in seconds, `--rate` lines a second, `--contract no`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ALL, AMPLE_MS, batchOf } from '../src/logs/store.testing.ts'
import { openStoreProcess, type StoreProcess } from '../src/logs/store-process.testing.ts'
import { type Cluster, startCluster } from './engine/cluster.ts'
import { createRandom } from './random.ts'

const PROGRAM = new URL('../src/logs/engine/store-process.testing.ts', import.meta.url)
const NODES = 3
const PORT = 9240
const LINES_PER_BATCH = 100
const SENDERS = 6
const PAGE = 5_000
const CATCH_UP_TIMEOUT_MS = 300_000
const KILLS = ['vakt', 'node', 'all nodes', 'vakt and node'] as const

type Story = { cluster: Cluster; open: () => Promise<StoreProcess>; running: StoreProcess; acknowledged: Set<string> }

export async function engine(options: Readonly<Record<string, string>>): Promise<boolean> {
  const cluster = await startCluster(NODES, Number(options.port ?? PORT))
  if (!cluster) return true
  const folder = mkdtempSync(join(tmpdir(), 'vakt-spool-'))
  try {
    if (options.contract !== 'no' && !(await runContract(cluster))) return false
    const driver = { urls: cluster.urls, user: null, password: null, apiKey: null, ca: null, prefix: 'kills' }
    const open = () => openStoreProcess(PROGRAM, [folder, JSON.stringify({ ...driver, shards: 1, replicas: 1 })])
    const story: Story = { cluster, open, running: await open(), acknowledged: new Set() }
    const killed = await playKills(story, Number(options.rounds ?? 2), Number(options.lines ?? 10_000))
    const outage = await playOutage(story, Number(options.outage ?? 20), Number(options.rate ?? 1_000))
    await story.running.close()
    return killed && outage
  } finally {
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The whole contract, in a test runner of its own. */
async function runContract({ urls }: Cluster): Promise<boolean> {
  const env = { ...process.env, REAL_PARTS: '1', VAKT_ENGINE_URLS: urls.join(',') }
  const tests = spawn('npx', ['vitest', 'run', 'src/logs/engine', '--maxWorkers=1'], { env, stdio: 'inherit' })
  const [code] = await once(tests, 'exit')
  return code === 0
}

async function playKills(story: Story, rounds: number, lines: number): Promise<boolean> {
  const random = createRandom(7)
  for (let round = 0; round < rounds * KILLS.length; round++) {
    const kind = KILLS[round % KILLS.length]!
    const sending = send(story, `k${round}`, lines)
    await setTimeout(200 + random() * 2_000)
    const node = Math.floor(random() * NODES)
    const nodes = kind === 'all nodes' ? [0, 1, 2] : kind === 'vakt' ? [] : [node]
    await Promise.all([
      ...nodes.map(own => story.cluster.kill(own)),
      ...(kind.startsWith('vakt') ? [restart(story)] : []),
    ])
    for (const own of nodes) story.cluster.start(own)
    await sending
    console.log(`kill ${round + 1} (${kind}): ${story.acknowledged.size} lines acknowledged so far`)
    if (nodes.length > 0) await story.cluster.green()
  }
  return caughtUp(story, 'after the kills')
}

/** All nodes are gone for a while, at a steady rate of lines. */
async function playOutage(story: Story, seconds: number, rate: number): Promise<boolean> {
  for (let node = 0; node < NODES; node++) await story.cluster.kill(node)
  const began = Date.now()
  let silent = 0
  for (let second = 0; second < seconds; second++) {
    await send(story, `o${second}`, rate)
    const { store } = story.running
    const { total } = await store.count(ALL, 1_000)
    const missing = (await store.missing?.({ from: null, until: null })) ?? []
    if (total < Math.min(100_000, story.acknowledged.size) && missing.length === 0) silent++
    await setTimeout(Math.max(0, began + (second + 1) * 1_000 - Date.now()))
  }
  console.log(`outage of ${Math.round((Date.now() - began) / 1_000)} s: ${silent} answers silently in part`)
  for (let node = 0; node < NODES; node++) story.cluster.start(node)
  return (await caughtUp(story, 'after the outage')) && silent === 0
}

/** Waits until everything is shipped; then the acknowledged lines are there, each once. */
async function caughtUp(story: Story, when: string): Promise<boolean> {
  await story.cluster.green()
  const began = Date.now()
  const { store } = story.running
  let waiting = Number.POSITIVE_INFINITY
  while (waiting > 0 && Date.now() < began + CATCH_UP_TIMEOUT_MS) {
    waiting = (await store.status()).engine!.waiting
    if (waiting > 0) await setTimeout(250)
  }
  const caughtUpMs = Date.now() - began
  await store.maintain(Date.now())
  await store.maintain(Date.now())
  const times = new Map<string, number>()
  for (let cursor: string | null = null; ; ) {
    const page = await store.search({ query: ALL, order: 'oldest', limit: PAGE, cursor, timeoutMs: AMPLE_MS })
    for (const { message } of page.lines) times.set(message, (times.get(message) ?? 0) + 1)
    cursor = page.next
    if (cursor === null) break
  }
  const lost = [...story.acknowledged].filter(message => !times.has(message)).length
  const doubled = [...times.values()].filter(count => count > 1).length
  const left = waiting === 0 ? `caught up in ${Math.round(caughtUpMs / 100) / 10} s` : `${waiting} lines not shipped`
  console.log(`${when}: ${story.acknowledged.size} acknowledged, ${lost} lost, ${doubled} doubled, ${left}`)
  return lost === 0 && doubled === 0 && waiting === 0
}

async function restart(story: Story): Promise<void> {
  await story.running.kill()
  story.running = await story.open()
}

/** Sends lines in batches with keys until each batch is acknowledged, however often the store is killed. */
async function send(story: Story, name: string, lines: number): Promise<void> {
  const batches = Array.from({ length: Math.ceil(lines / LINES_PER_BATCH) }, (_, i) => `${name}b${i}`)
  const sender = async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const texts = Array.from({ length: LINES_PER_BATCH }, (_, i) => `${batch}l${i}`)
      await sendBatch(story, batch, texts)
      for (const text of texts) story.acknowledged.add(text)
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
}

async function sendBatch(story: Story, key: string, texts: readonly string[]): Promise<void> {
  for (;;) {
    try {
      const lines = texts.map(message => ({ message, level: 'info', host: `h${message.length}`, attributes: { key } }))
      await story.running.store.append(batchOf(lines, { receivedAt: Date.now(), idempotencyKey: key }))
      return
    } catch {
      await setTimeout(100)
    }
  }
}
