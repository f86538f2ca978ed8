// The log store of one machine: hands batches to writers and questions to readers, and parses or searches nothing itself.
import { setTimeout } from 'node:timers/promises'
import { Problem } from '../../problem.ts'
import type { LogLine } from '../line.ts'
import type { Query } from '../query/tree.ts'
import type {
  Archive,
  Batch,
  Bucket,
  Count,
  Keeper,
  LogStore,
  Maintained,
  Page,
  PageRequest,
  PartitionStatus,
  Removed,
  Stored,
  StoreStatus,
  TopField,
  TopRow,
} from '../store.ts'
import { archivedPartition } from './partitions/archive.ts'
import type { Catalog } from './partitions/catalog.ts'
import { parseCursor } from './partitions/line-key.ts'
import type { PartitionState } from './partitions/partition.ts'
import { dayOf } from './partitions/partition-name.ts'
import { type AppendQueue, MOST_QUEUED } from './workers/append-queue.ts'
import type { ReaderPool } from './workers/reader-pool.ts'
import type { Tails } from './workers/tails.ts'
import type { WorkerClient } from './workers/worker-client.ts'
import type { WriterCalls } from './workers/writer.ts'

const ALWAYS = { from: null, until: null }
/** A writer that does not come back in this time has taken its last batch. */
const CLOSE_WITHIN_MS = 5_000
/** How long one call of `maintain` lets each writer merge: appends wait that long at the most. */
const MERGE_MS = 30

type Parts = {
  diskBudgetBytes: number | null
  catalog: Catalog
  queue: AppendQueue
  writers: readonly WorkerClient<WriterCalls>[]
  reading: ReaderPool
  tails: Tails
}

export class EmbeddedLogStore implements LogStore {
  readonly #parts: Parts
  #closing: Promise<void> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  append(batch: Batch): Promise<Stored> {
    if (this.#closing) return Promise.reject(closed())
    return this.#parts.queue.append(batch)
  }

  async search(request: PageRequest): Promise<Page> {
    if (request.cursor !== null) parseCursor(request.cursor)
    return this.#parts.reading.call('search', [this.#near(request.query), request])
  }

  async count(query: Query, withinMs: number): Promise<Count> {
    return this.#parts.reading.call('count', [this.#near(query), query, withinMs])
  }

  async read(id: string): Promise<LogLine | null> {
    return this.#parts.reading.call('read', [this.#near(ALWAYS), id])
  }

  async context(id: string, before: number, after: number): Promise<readonly LogLine[]> {
    return this.#parts.reading.call('context', [this.#near(ALWAYS), id, before, after])
  }

  /** When time ran out, the buckets that were not searched to their end are left out: the first begins after `from`. */
  async histogram(
    query: Query,
    from: number,
    until: number,
    buckets: number,
    withinMs: number,
  ): Promise<readonly Bucket[]> {
    return this.#parts.reading.call('histogram', [
      this.#near({ from, until }),
      query,
      { from, until, buckets, withinMs },
    ])
  }

  async top(
    query: Query,
    field: TopField,
    limit: number,
    withinMs: number,
  ): Promise<{ rows: readonly TopRow[]; searchedTo: number | null }> {
    return this.#parts.reading.call('top', [this.#near(query), query, field, limit, withinMs])
  }

  async values(field: 'source' | 'host' | 'group' | 'tag', prefix: string, limit: number): Promise<readonly string[]> {
    return this.#parts.reading.call('values', [this.#near(ALWAYS), field, prefix, limit])
  }

  /** Of a flood, the last lines of each transaction only. */
  async tail(query: Query, onLines: (lines: readonly LogLine[]) => void): Promise<() => void> {
    return this.#parts.tails.begin(query, onLines)
  }

  async purge(query: Query): Promise<number> {
    const { writers, catalog } = this.#parts
    const purged = await Promise.all(writers.map(writer => writer.call('purge', [query])))
    for (const [writer, { states }] of purged.entries()) catalog.replace(writer, states)
    return purged.reduce((sum, { removed }) => sum + removed, 0)
  }

  async maintain(now: number, keeper: Keeper | null = null): Promise<Maintained> {
    const { catalog, diskBudgetBytes, writers } = this.#parts
    const removed: Removed[] = []
    catalog.tick(now)
    for (const partition of catalog.removeExpiredDamaged(now)) {
      const sentence = `Removed ${partition.name}: its lines are past their retention.`
      removed.push({ partition, why: 'damage', archived: false, sentence })
    }
    const isArchived = (partition: PartitionStatus) => keeper?.has(partition) ?? false
    const waits = (partition: PartitionStatus) => keeper !== null && partition.lines > 0 && !isArchived(partition)
    const drop = async (partition: PartitionStatus, why: Removed['why'], because: string) => {
      await this.#drop(partition.name)
      const sentence = `Dropped the log partition ${partition.name} (${partition.lines} lines, ${megabytes(partition.bytes)})${because}.`
      removed.push({ partition, why, archived: isArchived(partition), sentence })
    }
    for (const partition of catalog.expired(now))
      if (!waits(partition)) await drop(partition, 'retention', ': they are past their retention')
    const budget = diskBudgetBytes ?? Number.POSITIVE_INFINITY
    const isHeld = (partition: PartitionStatus) => (keeper?.reachable ?? false) && waits(partition)
    for (const partition of catalog.overBudget(budget, isHeld)) {
      const lost = waits(partition) ? ' and before it was archived, as the archive cannot be reached' : ''
      const because = ` before its time${lost}: the logs are over their disk budget of ${megabytes(budget)}`
      await drop(partition, 'budget', because)
    }
    for (const writer of writers) {
      // A writer that stops meanwhile tells so itself; merging can wait.
      const changed = await writer.call('merge', [dayOf(now), MERGE_MS]).catch(() => [])
      catalog.update(changed)
    }
    return { removed, status: await this.status() }
  }

  async status(): Promise<StoreStatus> {
    const { catalog, queue } = this.#parts
    const partitions = catalog.partitions()
    const lines = partitions.reduce((sum, partition) => sum + partition.lines, 0)
    const { diskBudgetBytes } = this.#parts
    return { lines, bytes: catalog.bytes(), partitions, diskBudgetBytes, queued: queue.length, queueLimit: MOST_QUEUED }
  }

  async archive(partition: string, folder: string): Promise<Archive> {
    return this.#parts.reading.call('archive', [this.#near(ALWAYS), partition, folder])
  }

  async restore(file: string, keptUntil: number): Promise<number> {
    const { catalog, writers } = this.#parts
    const name = archivedPartition(file)
    if (catalog.has(name))
      throw new Problem('conflict', `The log partition ${name} is there; there is nothing to restore.`)
    const writer = catalog.writerOf(name)
    const { lines, states } = await writers[writer]!.call('restore', [file, name, keptUntil])
    catalog.replace(writer, states)
    return lines
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { queue, writers, reading } = this.#parts
    await Promise.race([queue.drained(), setTimeout(CLOSE_WITHIN_MS, null, { ref: false })])
    queue.giveUp()
    await reading.close()
    await Promise.all(
      writers.map(async writer => {
        if (writer.ready) await writer.call('close', []).catch(() => {})
        await writer.close()
      }),
    )
  }

  async #drop(name: string): Promise<void> {
    const { catalog, reading, writers } = this.#parts
    catalog.remove(name)
    reading.forget(name)
    await writers[catalog.writerOf(name)]!.call('drop', [name])
    // An append that was under way may have brought it back.
    catalog.remove(name)
  }

  /** The partitions that a question about a time concerns. */
  #near({ from, until }: { from: number | null; until: number | null }): PartitionState[] {
    if (this.#closing) throw closed()
    return this.#parts.catalog.between(from, until)
  }
}

function closed(): Problem {
  return new Problem('busy', 'The log store is closing. Try again when Vakt is back.', { retryAfterMs: 5_000 })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
