// The worker that ships: it reads the spool in order, makes documents of the lines, and sends them, beside the main thread.
import { join } from 'node:path'
import { workerData } from 'node:worker_threads'
import { OpenPartitions } from '../embedded/partitions/open-partitions.ts'
import type { PartitionState } from '../embedded/partitions/partition.ts'
import { fileIdentity } from '../embedded/partitions/partition-file.ts'
import { linesAfter } from '../embedded/query/lines-after.ts'
import type { Snapshot } from '../embedded/query/search-job.ts'
import { answerCalls, notify } from '../embedded/workers/worker-protocol.ts'
import type { Position } from '../store.ts'
import { type DriverSource, type EngineDriver, openDriver, type PutResult, type ShippedLine } from './driver.ts'
import { numberFor, type Shipped } from './shipped-file.ts'

export type ShipStart = { folder: string; source: DriverSource }
export type ShipRequest = {
  /** The partitions of the spool. */
  states: readonly PartitionState[]
  after: Position
  committedTo: Position
  starts: Shipped['starts']
  /** How long to begin new batches, ms. */
  forMs: number
}
export type ShipResult = {
  shippedTo: Position
  refused: number
  /** How many lines went to each partition. */
  lines: { readonly [partition: string]: number }
  /** Why nothing counts as shipped, although the engine answers; null when all does. */
  delayed: string | null
}

const BATCH = { lines: 1_000, bytes: 4_000_000 }
const BATCHES_AT_ONCE = 3

const { folder, source } = workerData as ShipStart
const connections = new OpenPartitions(folder, damage => notify('damagedBlock', damage))
let opening: Promise<EngineDriver> | null = null
/** The files behind the connections: a partition that is dropped may come again as another file. */
let known = new Map<string, string | null>()

const calls = {
  /** Ships lines in order; resolves when all that it has sent is durable and visible. Rejects when some of it may not be. */
  async ship({ states, after, committedTo, starts, forMs }: ShipRequest): Promise<ShipResult> {
    opening ??= openDriver(source)
    const driver = await opening
    forgetDropped(states)
    const until = performance.now() + forMs
    const lines: Record<string, number> = {}
    const underWay: Promise<PutResult>[] = []
    let refused = 0
    let delayed: string | null = null
    const note = (put: PutResult) => {
      refused += put.refused
      delayed ??= put.delayed
    }
    let position = after
    do {
      const batch: ShippedLine[] = []
      const page = await linesAfter(snapshotOf(states), position, committedTo, BATCH, (line, at, name) => {
        const kind = name.slice(0, name.lastIndexOf('.'))
        const partition = `${kind}.${numberFor(starts[kind], at)}`
        batch.push({ line, position: at, partition })
        lines[partition] = (lines[partition] ?? 0) + 1
      })
      position = page.next
      if (batch.length > 0) {
        const sending = driver.put(batch)
        // Whoever awaits it hears of a failure.
        sending.catch(() => {})
        underWay.push(sending)
      }
      if (underWay.length >= BATCHES_AT_ONCE) note(await underWay.shift()!)
    } while (delayed === null && position < committedTo && performance.now() < until)
    for (const put of await Promise.all(underWay)) note(put)
    if (delayed !== null) return { shippedTo: after, refused: 0, lines: {}, delayed }
    if (Object.keys(lines).length > 0) await driver.refresh(Object.keys(lines))
    return { shippedTo: position, refused, lines, delayed }
  },
  async close(): Promise<void> {
    connections.closeAll()
    await (await opening)?.close()
  },
}
export type ShipCalls = typeof calls

answerCalls(calls)
notify('ready', null)

function snapshotOf(partitions: readonly PartitionState[]): Snapshot {
  return {
    connections,
    partitions,
    onCorruption(name, error) {
      connections.close(name)
      notify('corruption', { name, message: error.message })
    },
  }
}

function forgetDropped(states: readonly PartitionState[]): void {
  const files = new Map(states.map(({ name }) => [name, fileIdentity(join(folder, `${name}.db`))]))
  for (const [name, file] of known) if (files.get(name) !== file) connections.close(name)
  known = files
}
