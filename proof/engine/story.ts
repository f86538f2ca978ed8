// A store with an engine in a process of its own, lines that are sent to it until they are acknowledged, and their counting.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ALL, AMPLE_MS, batchOf, where } from '../../src/logs/store.testing.ts'
import { openStoreProcess, type StoreProcess } from '../../src/logs/store-process.testing.ts'
import type { Cluster } from './cluster.ts'

const PROGRAM = new URL('../../src/logs/engine/store-process.testing.ts', import.meta.url)
const LINES_PER_BATCH = 100
const SENDERS = 6
const PAGE = 5_000
const CATCH_UP_TIMEOUT_MS = 600_000
const QUESTION_TIMEOUT_MS = 1_000

export type Story = {
  cluster: Cluster
  running: StoreProcess
  /** Messages of the lines that were acknowledged; each is sent under one key until it is. */
  acknowledged: Set<string>
  restart(): Promise<void>
  end(): Promise<void>
}

/** The options of the driver for a cluster. */
export function driverOptions({ urls }: Cluster, prefix: string) {
  const none = { user: null, password: null, apiKey: null, ca: null }
  return { urls, ...none, prefix, shards: 1, replicas: 1 }
}

export async function beginStory(cluster: Cluster, prefix: string): Promise<Story> {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-spool-'))
  const open = () => openStoreProcess(PROGRAM, [folder, JSON.stringify(driverOptions(cluster, prefix))])
  const story: Story = {
    cluster,
    running: await open(),
    acknowledged: new Set(),
    async restart() {
      await story.running.kill()
      story.running = await open()
    },
    async end() {
      await story.running.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return story
}

/** Sends lines in batches with keys until each batch is acknowledged, however often the store is killed. */
export async function send(story: Story, name: string, lines: number): Promise<void> {
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

/** Whether an answer about what was sent under these names has fewer lines than were acknowledged, and does not say so. */
export async function isSilentlyPartial({ running: { store } }: Story, names: Iterable<[string, number]>) {
  for (const [name, sent] of names) {
    const { total, atLeast } = await store.count(
      where({ kind: 'word', text: `${name}b`, prefix: true }),
      QUESTION_TIMEOUT_MS,
    )
    if (total >= sent || atLeast) continue
    const missing = (await store.missing?.({ from: null, until: null })) ?? []
    if (missing.length === 0) return true
  }
  return false
}

/** Waits until everything is shipped and has left the spool; then the acknowledged lines are there, each once. */
export async function isWholeAtLast(
  story: Story,
  when: string,
  catchUpMs: number = CATCH_UP_TIMEOUT_MS,
): Promise<boolean> {
  await story.cluster.green()
  const began = Date.now()
  const { store } = story.running
  let waiting = Number.POSITIVE_INFINITY
  while (waiting > 0 && Date.now() < began + catchUpMs) {
    waiting = (await store.status()).engine!.waiting
    if (waiting > 0) await setTimeout(250)
  }
  const seconds = Math.round((Date.now() - began) / 100) / 10
  // Twice, because a mark of how far shipping was must be in the past.
  await store.seal!()
  await store.maintain(Date.now())
  await store.maintain(Date.now())
  const times = new Map<string, number>()
  for (let cursor: string | null = null; ; ) {
    const page = await store.search({ query: ALL, order: 'oldest', limit: PAGE, cursor, timeoutMs: AMPLE_MS })
    for (const { message } of page.lines) times.set(message, (times.get(message) ?? 0) + 1)
    cursor = page.next
    if (cursor === null) break
  }
  const { acknowledged } = story
  const lost = [...acknowledged].filter(message => !times.has(message)).length
  const doubled = [...times.values()].filter(count => count > 1).length
  const counted = (await store.status()).lines
  const left = waiting === 0 ? `caught up in ${seconds} s` : `${waiting} lines not shipped`
  console.log(
    `${when}: ${acknowledged.size} acknowledged, ${lost} lost, ${doubled} doubled, status counts ${counted}, ${left}`,
  )
  return lost === 0 && doubled === 0 && waiting === 0 && counted === times.size
}
