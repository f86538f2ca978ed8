// The log store of one machine: it hands batches to writers and queries to readers, and parses or searches nothing itself.
import { setTimeout } from 'node:timers/promises'
import { invalid, Problem } from '../../problem.ts'
import { DAY } from '../../time.ts'
import type { LogLine } from '../line.ts'
import type { Query } from '../query/tree.ts'
import type {
  AppendResult,
  ArchiveFile,
  ArchiveStatus,
  Batch,
  Bucket,
  Count,
  FeedPage,
  LogStore,
  MaintenanceResult,
  MissingLines,
  OnTailLines,
  Page,
  PageRequest,
  PartitionStatus,
  Position,
  RemovedPartition,
  StoreStatus,
  TopField,
  TopRow,
} from '../store.ts'
import { archivedPartition } from './partitions/archive.ts'
import type { Catalog } from './partitions/catalog.ts'
import { parseCursor } from './partitions/line-key.ts'
import type { PartitionState } from './partitions/partition.ts'
import { dayOf, expiryOf, parsePartition } from './partitions/partition-name.ts'
import { newerOf, type Releasable } from './partitions/release.ts'
import { removePartitions } from './partitions/remove-partitions.ts'
import { readSealTally, type SealTally } from './partitions/seal-tally.ts'
import type { ValueTally } from './query/top-values.ts'
import { type AppendQueue, MAX_QUEUED_BATCHES } from './workers/append-queue.ts'
import type { LiveTails } from './workers/live-tails.ts'
import type { ReadScope } from './workers/reader.ts'
import type { ReaderPool } from './workers/reader-pool.ts'
import type { Uncommitted } from './workers/uncommitted.ts'
import type { WorkerClient } from './workers/worker-client.ts'
import type { WriterCalls } from './workers/writer.ts'

const ANY_TIME = { from: null, until: null }
/** How long closing waits for the writers; a writer that does not come back in this time has taken its last batch. */
const CLOSE_TIMEOUT_MS = 5_000

type Parts = {
  diskBudgetBytes: number | null
  catalog: Catalog
  queue: AppendQueue
  uncommitted: Uncommitted
  writers: readonly WorkerClient<WriterCalls>[]
  readers: ReaderPool
  tails: LiveTails
  sealing: SealTally
  /** Set once the store closes. */
  closing?: Promise<void>
}

export class EmbeddedLogStore implements LogStore {
  // Not #private: the views of `readBy` inherit them.
  private readonly parts: Parts
  /** In whose turn it searches. */
  private readonly actor: string = ''
  /** Only lines stored after this position are found. */
  private readonly after: Position = 0

  constructor(parts: Parts) {
    this.parts = parts
  }

  readBy(actor: string): EmbeddedLogStore {
    return Object.create(this, { actor: { value: actor } }) as EmbeddedLogStore
  }

  /** The same store, in which only lines stored after a position are found, counted and purged. */
  storedAfter(position: Position): EmbeddedLogStore {
    return Object.create(this, { after: { value: position } }) as EmbeddedLogStore
  }

  append(batch: Batch): Promise<AppendResult> {
    if (this.parts.closing) return Promise.reject(closingProblem())
    return this.parts.queue.append(batch)
  }

  async search(request: PageRequest): Promise<Page> {
    if (request.cursor !== null) parseCursor(request.cursor)
    return this.parts.readers.call(this.actor, 'search', [this.overlapping(request.query), request])
  }

  async count(query: Query, timeoutMs: number): Promise<Count> {
    return this.parts.readers.call(this.actor, 'count', [this.overlapping(query), query, timeoutMs])
  }

  async read(id: string): Promise<LogLine | null> {
    return this.parts.readers.call(this.actor, 'read', [this.overlapping(ANY_TIME), id])
  }

  async context(id: string, before: number, after: number): Promise<readonly LogLine[]> {
    return this.parts.readers.call(this.actor, 'context', [this.overlapping(ANY_TIME), id, before, after])
  }

  /** When time runs out, buckets that were not searched completely are left out: the first one begins after `from`. */
  async histogram(
    query: Query,
    from: number,
    until: number,
    buckets: number,
    timeoutMs: number,
  ): Promise<readonly Bucket[]> {
    return this.parts.readers.call(this.actor, 'histogram', [
      this.overlapping({ from, until }),
      query,
      { from, until, buckets, timeoutMs },
    ])
  }

  async top(
    query: Query,
    field: TopField,
    limit: number,
    timeoutMs: number,
  ): Promise<{ rows: readonly TopRow[]; searchedTo: number | null }> {
    return this.parts.readers.call(this.actor, 'top', [this.overlapping(query), query, field, limit, timeoutMs])
  }

  /** As `top`, with the key of each newest line in place of the line. */
  async tally(
    query: Query,
    field: TopField,
    limit: number,
    timeoutMs: number,
  ): Promise<{ tallies: ValueTally[]; searchedTo: number | null }> {
    return this.parts.readers.call(this.actor, 'tally', [this.overlapping(query), query, field, limit, timeoutMs])
  }

  async values(field: 'source' | 'host' | 'group' | 'tag', prefix: string, limit: number): Promise<readonly string[]> {
    return this.parts.readers.call(this.actor, 'values', [this.overlapping(ANY_TIME), field, prefix, limit])
  }

  async missing(range: { from: number | null; until: number | null }): Promise<MissingLines[]> {
    return this.parts.catalog.missing(range)
  }

  async linesAfter(position: Position, limits: { lines: number; bytes: number }): Promise<FeedPage> {
    if (!Number.isSafeInteger(position) || position < 0)
      throw invalid('position', 'A position is a whole number: 0, or the "next" of an earlier answer.')
    // Before the list of partitions: each line up to here is in one of them.
    const committedTo = this.parts.uncommitted.lowest() - 1
    return this.parts.readers.call(this.actor, 'linesAfter', [
      this.overlapping(ANY_TIME),
      position,
      committedTo,
      limits,
    ])
  }

  /** In a flood only the last lines of each transaction are delivered. */
  async tail(query: Query, onLines: OnTailLines): Promise<() => void> {
    return this.parts.tails.start(query, onLines)
  }

  /** Only lines stored up to a position are removed, by default those that are stored now. */
  async purge(query: Query, upTo: Position = Number.MAX_SAFE_INTEGER): Promise<number> {
    const { writers, catalog } = this.parts
    const purged = writers.map(async (writer, index) => {
      if (writer.deferred) return 0
      const { removed, states } = await writer.call('purge', [query, this.after, upTo])
      catalog.replace(index, states)
      return removed
    })
    return (await Promise.all(purged)).reduce((sum, removed) => sum + removed, 0)
  }

  /** What its files take, bytes. */
  get bytes(): number {
    return this.parts.catalog.bytes()
  }

  /** How many lines each partition has in this view; those with none may be left out. */
  async lineCounts(): Promise<{ name: string; lines: number }[]> {
    const scope = this.overlapping(ANY_TIME)
    if (this.after === 0 || scope.states.length === 0) return scope.states.map(({ name, lines }) => ({ name, lines }))
    return this.parts.readers.call(this.actor, 'countsAfter', [scope])
  }

  /** What can be read of what is stored now, for a worker that reads the files itself. */
  stored(): { states: readonly PartitionState[]; committedTo: Position } {
    // Before the list of partitions: each line up to here is in one of them.
    const committedTo = this.parts.uncommitted.lowest() - 1
    return { states: this.overlapping(ANY_TIME).states, committedTo }
  }

  /** The highest position and the newest timestamp of what `release` would remove; zeros for nothing. */
  async releasable(upTo: Position): Promise<Releasable> {
    const found = this.parts.writers.filter(writer => !writer.deferred).map(writer => writer.call('releasable', [upTo]))
    return (await Promise.all(found)).reduce(newerOf, { position: 0, until: 0 })
  }

  /**
   * Removes the lines up to a position that are stored elsewhere too, as far as whole blocks go. The answers to idempotency
   * keys stay for a day at least.
   */
  async release(upTo: Position, now: number): Promise<void> {
    const { catalog, readers, writers } = this.parts
    for (const [index, writer] of writers.entries()) {
      if (writer.deferred) continue
      const { dropped, states } = await writer.call('release', [upTo, dayOf(now - DAY)])
      catalog.replace(index, states)
      for (const name of dropped) readers.closePartition(name)
    }
  }

  async maintain(now: number, archive: ArchiveStatus | null = null): Promise<MaintenanceResult> {
    const { catalog, diskBudgetBytes, writers } = this.parts
    const removed: RemovedPartition[] = []
    catalog.tick(now)
    for (const partition of catalog.removeExpiredQuarantined(now)) {
      const message = `Removed ${partition.name}: its lines are past their retention.`
      removed.push({ partition, reason: 'damage', isArchived: false, message })
    }
    const removal = {
      archive,
      diskBudgetBytes,
      expired: catalog.expired(now),
      overBudget: (budget: number, isProtected: (partition: PartitionStatus) => boolean) =>
        catalog.overBudget(budget, isProtected),
      drop: (name: string) => this.drop(name),
    }
    removed.push(...(await removePartitions(removal)))
    for (const writer of writers) {
      if (writer.deferred) continue
      // A writer that stops meanwhile reports it itself; sealing can wait.
      const changed = await writer.call('sealIdle', [dayOf(now)]).catch(() => [])
      catalog.update(changed)
    }
    return { removed, status: await this.status() }
  }

  /** Seals every line that is stored now, however few there are. */
  async seal(): Promise<void> {
    const { catalog, writers } = this.parts
    for (const writer of writers) if (!writer.deferred) catalog.update(await writer.call('sealAll', []))
  }

  async status(): Promise<StoreStatus> {
    const { catalog, queue, diskBudgetBytes, sealing, readers } = this.parts
    const partitions = catalog.partitions()
    const lines = partitions.reduce((sum, partition) => sum + partition.lines, 0)
    return {
      lines,
      bytes: catalog.bytes(),
      partitions,
      projects: catalog.projects(),
      unsealed: catalog.unsealed(),
      sealing: readSealTally(sealing),
      readers: readers.status(),
      diskBudgetBytes,
      queued: queue.length,
      queueLimit: MAX_QUEUED_BATCHES,
    }
  }

  async archive(partition: string, folder: string): Promise<ArchiveFile> {
    return this.parts.readers.call(this.actor, 'archive', [this.overlapping(ANY_TIME), partition, folder])
  }

  async restore(file: string, expiresAt: number): Promise<number> {
    const { catalog, readers, writers } = this.parts
    const name = archivedPartition(file)
    const writer = catalog.writerOf(name)
    const { lines, states } = await writers[writer]!.call('restore', [file, name, expiresAt, catalog.readable(name)])
    // What readers have open is the partition that was replaced.
    readers.closePartition(name)
    catalog.addRestored(name)
    catalog.replace(writer, states)
    return lines
  }

  async salvage(file: string): Promise<{ partition: string; lines: number; keptAs: string }> {
    const { catalog, writers } = this.parts
    const found = catalog.quarantined(file)
    if (!found) throw new Problem('not_found', `There is no damaged file ${file}. "logs status" lists damaged files.`)
    const { free } = found
    const writer = catalog.writerOf(free)
    const { lines, states } = await writers[writer]!.call('salvage', [file, free, expiryOf(parsePartition(free)!)])
    const keptAs = catalog.setSalvaged(file, lines)
    catalog.replace(writer, states)
    return { partition: free, lines, keptAs }
  }

  close(): Promise<void> {
    this.parts.closing ??= this.finish()
    return this.parts.closing
  }

  private async finish(): Promise<void> {
    const { queue, writers, readers } = this.parts
    await Promise.race([queue.drained(), setTimeout(CLOSE_TIMEOUT_MS, null, { ref: false })])
    queue.rejectWaiting()
    await readers.close()
    await Promise.all(
      writers.map(async writer => {
        if (writer.ready) await writer.call('close', []).catch(() => {})
        await writer.close()
      }),
    )
  }

  private async drop(name: string): Promise<void> {
    const { catalog, readers, writers } = this.parts
    catalog.remove(name)
    readers.closePartition(name)
    await writers[catalog.writerOf(name)]!.call('drop', [name])
    // An append that was running may have added it again.
    catalog.remove(name)
  }

  /** The partitions that may have lines in a time range. */
  private overlapping({ from, until }: { from: number | null; until: number | null }): ReadScope {
    if (this.parts.closing) throw closingProblem()
    const { after } = this
    const states = this.parts.catalog.overlapping(from, until)
    return { states: after === 0 ? states : states.filter(({ lastPosition }) => lastPosition > after), after }
  }
}

function closingProblem(): Problem {
  return new Problem('busy', 'The log store is closing. Try again when Vakt is back.', { retryAfterMs: 5_000 })
}
