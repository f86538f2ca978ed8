// Looks after what the engine and the spool have: retention, the disk budget, archives, what may leave the spool, the status.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { formatBytes } from '../../bytes.ts'
import type { Logger } from '../../logger.ts'
import { Problem } from '../../problem.ts'
import { DAY, HOUR } from '../../time.ts'
import type { EmbeddedLogStore } from '../embedded/embedded-log-store.ts'
import { archivedPartition, readArchive, writeArchiveFile } from '../embedded/partitions/archive.ts'
import { dayOf, parsePartition } from '../embedded/partitions/partition-name.ts'
import { newerOf } from '../embedded/partitions/release.ts'
import { removePartitions } from '../embedded/partitions/remove-partitions.ts'
import type { LogLine } from '../line.ts'
import type {
  ArchiveFile,
  ArchiveStatus,
  EngineStatus,
  MaintenanceResult,
  MissingLines,
  PartitionStatus,
  Position,
  RemovedPartition,
  StoreStatus,
} from '../store.ts'
import type { EngineDriver, EngineFacts, EnginePartition } from './driver.ts'
import { type EngineHealth, isAway } from './engine-health.ts'
import { keyOf } from './merge.ts'
import type { Shipper } from './shipper.ts'

/** Shipped lines stay here for so long, for searches while the engine does not answer. */
const KEEP_MS = HOUR
/** A day's partitions are closed so long after midnight: lines received before it may still be on their way. */
const CLOSE_DELAY_MS = HOUR
const LINES_PER_READ = 1_000

export type EngineMaintenanceOptions = {
  spool: EmbeddedLogStore
  driver: EngineDriver
  shipper: Shipper
  health: EngineHealth
  logger: Logger
  folder: string
  diskBudgetBytes: number | null
  spoolBudgetBytes: number
  /** How long shipped lines stay in the spool, ms. */
  keepMs?: number
}

export class EngineMaintenance {
  readonly #options: EngineMaintenanceOptions
  /** How far shipping was at an instant, oldest first. */
  #marks: { at: number; shippedTo: Position }[] = []
  #partitions: readonly EnginePartition[] = []
  #facts: EngineFacts | null = null
  /** The timestamps of each partition when it was last searched. */
  readonly #ranges = new Map<string, { from: number; until: number }>()
  #today = 0

  constructor(options: EngineMaintenanceOptions) {
    this.#options = options
  }

  async maintain(now: number, archive: ArchiveStatus | null): Promise<MaintenanceResult> {
    this.#today = dayOf(now - CLOSE_DELAY_MS)
    // Lines that are shipped meanwhile count where they were: a partition that goes is named once.
    const upTo = this.#options.shipper.shippedTo
    const removed = [
      ...(await this.#maintainSpool(now, archive, upTo)),
      ...(await this.#maintainEngine(now, archive, upTo)),
    ]
    await this.release(now)
    return { removed, status: await this.status() }
  }

  /** The problem of a line that comes while no more may wait; null when there is room. */
  fullSpool(): Problem | null {
    const { spool, spoolBudgetBytes } = this.#options
    const { bytes } = spool
    if (bytes <= spoolBudgetBytes || this.#options.shipper.hasAll) return null
    return new Problem(
      'busy',
      `The log engine takes no lines, and ${formatBytes(bytes)} wait here: more than LOG_SPOOL_BUDGET (${formatBytes(spoolBudgetBytes)}) allows. Send these lines again when the engine is back.`,
      { retryAfterMs: 30_000, isStorage: true },
    )
  }

  /** What the searches of a moment ago left out of a time range (epoch ms, null for no bound), oldest first. */
  leftOut({ from, until }: { from: number | null; until: number | null }): MissingLines[] {
    return this.#options.driver
      .leftOut()
      .map(({ partition, message }) => {
        const { day } = parsePartition(partition)!
        // Without an earlier answer its lines are about those of the day on which they were received.
        const range = this.#ranges.get(partition) ?? { from: day, until: day + DAY }
        return { partition, ...range, message }
      })
      .filter(own => own.until >= (from ?? 0) && own.from < (until ?? Number.POSITIVE_INFINITY))
      .sort((a, b) => a.from - b.from)
  }

  async status(): Promise<StoreStatus> {
    const { spool, shipper, health, diskBudgetBytes } = this.#options
    const own = await spool.status()
    const upTo = shipper.shippedTo
    await this.#askPartitions(upTo)
    const waiting = await spool.storedAfter(upTo).lineCounts()
    const partitions = this.#merged(own.partitions, new Map(waiting.map(({ name, lines }) => [name, lines])))
    const sum = (pick: (partition: PartitionStatus) => number) =>
      partitions.reduce((total, partition) => total + pick(partition), 0)
    const facts = this.#facts ?? shipper.facts
    const engine: EngineStatus = {
      version: facts?.version ?? null,
      nodes: facts?.nodes ?? null,
      health: facts?.health ?? null,
      away: health.away && { since: health.away.since, message: health.away.problem.message },
      refusal: health.away ? null : shipper.refusal,
      warnings: facts?.warnings ?? [],
      waiting: waiting.reduce((total, { lines }) => total + lines, 0),
      spoolBytes: spool.bytes,
      spoolBudgetBytes: this.#options.spoolBudgetBytes,
      refused: shipper.shipped.refused,
    }
    const { queued, queueLimit } = own
    return {
      ...{ lines: sum(({ lines }) => lines), bytes: sum(({ bytes }) => bytes), partitions },
      ...{ diskBudgetBytes, queued, queueLimit, engine },
    }
  }

  async archive(partition: string, folder: string): Promise<ArchiveFile> {
    const { driver, health, shipper, spool } = this.#options
    const upTo = shipper.shippedTo
    const waiting = await spool.storedAfter(upTo).lineCounts()
    if (waiting.some(({ name, lines }) => lines > 0 && kindOf(name) === kindOf(partition)))
      throw new Problem('busy', `Lines of the log partition ${partition} are still on their way to the log engine.`)
    const partitions = await health.ask(() => driver.partitions(this.#options.shipper.shippedTo))
    if (!partitions.some(({ name }) => name === partition))
      throw new Problem('not_found', `There is no log partition ${partition}.`)
    return writeArchiveFile(partition, folder, this.#linesOf(partition, upTo))
  }

  async restore(file: string, expiresAt: number): Promise<number> {
    const { driver, health, shipper } = this.#options
    const name = archivedPartition(file)
    const partitions = await health.ask(() => driver.partitions(this.#options.shipper.shippedTo))
    if (partitions.some(partition => partition.name === name))
      throw new Problem('conflict', `The log partition ${name} is searchable already; there is nothing to restore.`)
    const { lines, until } = await driver.restore(name, readArchive(file), expiresAt)
    await this.#paused(() => shipper.onDropped(name))
    await shipper.remember(shipped => ({
      ...shipped,
      released: {
        position: Math.max(1, shipped.released.position),
        until: Math.max(until, shipped.released.until),
      },
    }))
    return lines
  }

  /** What can be read of a damaged file of the spool; lines that were passed when others were shipped follow them. */
  async salvage(file: string): Promise<{ partition: string; lines: number; keptAs: string }> {
    const { spool, driver, shipper, folder } = this.#options
    const salvaged = await spool.salvage(file)
    const to = join(folder, 'salvaged')
    try {
      const { file: copy } = await spool.archive(salvaged.partition, to)
      for await (const lines of readArchive(copy)) {
        const passed = lines
          .map(line => ({ line, position: keyOf(line).position, partition: salvaged.partition }))
          .filter(({ position }) => position <= shipper.shippedTo)
        const { delayed } = passed.length > 0 ? await driver.put(passed) : { delayed: null }
        if (delayed !== null) throw new Problem('busy', delayed)
      }
      await driver.refresh([salvaged.partition])
    } finally {
      await rm(to, { recursive: true, force: true })
    }
    return salvaged
  }

  async #maintainSpool(now: number, archive: ArchiveStatus | null, upTo: Position): Promise<RemovedPartition[]> {
    const { spool } = this.#options
    const isShipped = ({ lastPosition, state }: PartitionStatus) => state !== 'damaged' && lastPosition <= upTo
    // What is in the engine is archived from there.
    const ofSpool = archive && { isReachable: true, isArchived: isShipped }
    const { removed } = await spool.maintain(now, ofSpool ?? undefined)
    return removed.filter(({ partition }) => !isShipped(partition))
  }

  async #maintainEngine(now: number, archive: ArchiveStatus | null, upTo: Position): Promise<RemovedPartition[]> {
    const { driver, health, shipper, diskBudgetBytes, logger } = this.#options
    try {
      this.#facts = await health.ask(() => driver.check())
      if (!(await this.#askPartitions(upTo))) return []
      const drop = async (name: string) => {
        await this.#paused(async () => {
          await health.ask(() => driver.drop(name))
          await shipper.onDropped(name)
        })
        this.#partitions = this.#partitions.filter(partition => partition.name !== name)
        this.#ranges.delete(name)
      }
      const statuses = () => this.#partitions.map(partition => this.#statusOf(partition))
      const removed = await removePartitions({
        archive,
        diskBudgetBytes,
        expired: statuses().filter(({ expiresAt }) => expiresAt! <= now),
        overBudget: (budget, isProtected) => overBudget(statuses(), budget, isProtected),
        drop,
      })
      // Nothing that could be found: its lines were still here, and were dropped here.
      return removed.filter(({ partition: { lines, state } }) => lines > 0 || state === 'damaged')
    } catch (error) {
      if (!isAway(error)) logger.error('the log engine could not be maintained; retrying in a minute', { error })
      return []
    }
  }

  /** Lets lines leave the spool that are in the engine for a while, or at once when they take much room. */
  async release(now: number): Promise<void> {
    const { spool, shipper, spoolBudgetBytes, keepMs = KEEP_MS } = this.#options
    this.#marks.push({ at: now, shippedTo: shipper.shippedTo })
    const old = this.#marks.filter(({ at }) => at <= now - keepMs)
    const isFull = spool.bytes > spoolBudgetBytes / 2
    const upTo = isFull ? shipper.shippedTo : (old.at(-1)?.shippedTo ?? 0)
    this.#marks = this.#marks.filter(({ at }) => at > now - keepMs)
    // A clock that was set back.
    if (this.#marks.length > 1_000) this.#marks = []
    if (upTo === 0) return
    const releasable = await spool.releasable(upTo)
    if (releasable.position > 0)
      await shipper.remember(shipped => ({ ...shipped, released: newerOf(shipped.released, releasable) }))
    await spool.release(upTo, now)
  }

  /** Each has its lines up to a position: the others are counted here. */
  async #askPartitions(upTo = this.#options.shipper.shippedTo): Promise<boolean> {
    const { driver, health } = this.#options
    try {
      this.#partitions = await health.ask(() => driver.partitions(upTo))
      for (const { name, from, until, damage } of this.#partitions)
        if (damage === null && from !== null && until !== null) this.#ranges.set(name, { from, until })
      return true
    } catch (error) {
      if (!isAway(error)) throw error
      return false
    }
  }

  async #paused(work: () => Promise<void>): Promise<void> {
    const resume = await this.#options.shipper.pause()
    try {
      await work()
    } finally {
      resume()
    }
  }

  /** The partitions of the engine with what waits for them here. */
  #merged(own: readonly PartitionStatus[], waiting: ReadonlyMap<string, number>): PartitionStatus[] {
    const merged = this.#partitions.map(partition => this.#statusOf(partition))
    for (const partition of own) {
      if (partition.state === 'damaged') {
        merged.push(partition)
        continue
      }
      const lines = waiting.get(partition.name) ?? 0
      if (lines === 0) continue
      const bytes = Math.round((partition.bytes * lines) / Math.max(1, partition.lines))
      const at = merged.findLastIndex(({ name }) => kindOf(name) === kindOf(partition.name))
      const same = merged[at]
      // One that is not in the engine yet is not complete anywhere, so nothing archives it.
      if (!same) merged.push({ ...partition, lines, bytes, state: 'open' })
      else
        merged[at] = {
          ...same,
          lines: same.lines + lines,
          bytes: same.bytes + bytes,
          from: Math.min(same.from, partition.from),
          until: Math.max(same.until, partition.until),
          lastPosition: Math.max(same.lastPosition, partition.lastPosition),
        }
    }
    return merged.sort((a, b) => a.from - b.from || a.lastPosition - b.lastPosition)
  }

  #statusOf({ name, lines, bytes, from, until, lastPosition, expiresAt, damage }: EnginePartition): PartitionStatus {
    const state = damage !== null ? 'damaged' : this.#isOpen(name) ? 'open' : 'closed'
    const time = { from: from ?? 0, until: until ?? 0 }
    return { name, lines, bytes, ...time, state, message: damage, lastPosition, expiresAt }
  }

  /** Whether lines that arrive now may go there: it is of the newest day, and none of its kind has replaced it. */
  #isOpen(partition: string): boolean {
    const kind = parsePartition(partition)!
    if (kind.day < this.#today) return false
    return !this.#partitions.some(({ name }) => {
      const { day, retentionMs, number } = parsePartition(name)!
      return day > kind.day || (day === kind.day && retentionMs === kind.retentionMs && number > kind.number)
    })
  }

  async *#linesOf(partition: string, upTo: Position): AsyncGenerator<readonly LogLine[]> {
    const { driver, health } = this.#options
    for (let after = 0; ; ) {
      const lines = await health.ask(() => driver.stored(after, upTo, LINES_PER_READ, partition))
      if (lines.length === 0) return
      after = keyOf(lines.at(-1)!).position
      yield lines
    }
  }
}

/** What to drop, oldest first, so that the rest fits a budget. */
function overBudget(
  partitions: readonly PartitionStatus[],
  budget: number,
  isProtected: (partition: PartitionStatus) => boolean,
): PartitionStatus[] {
  let excess = partitions.reduce((sum, { bytes }) => sum + bytes, 0) - budget
  const over: PartitionStatus[] = []
  for (const partition of partitions.toSorted((a, b) => a.from - b.from || a.lastPosition - b.lastPosition)) {
    if (excess <= 0) break
    if (partition.state !== 'closed' || isProtected(partition)) continue
    over.push(partition)
    excess -= partition.bytes
  }
  return over
}

/** The day and retention of a partition, without its number. */
function kindOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'))
}
