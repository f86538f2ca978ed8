// The partitions that one writer owns: which takes a batch, which files are open, and what happens to damaged ones.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage } from '../../../text.ts'
import { DAY } from '../../../time.ts'
import { BlockPartition } from '../blocks/block-partition.ts'
import { openPartition } from './open-partition.ts'
import type { Partition, PartitionState } from './partition.ts'
import { clampRetention, dayOf, expiryOf, formatPartition, parsePartition } from './partition-name.ts'
import { isCorruptionError, type QuarantinedPartition, quarantineFiles, quarantineMessage } from './quarantine.ts'
import { countSealed, type SealTally } from './seal-tally.ts'

/**
 * A writer owns the partitions whose number modulo this is its own index. The number must not change once a folder has
 * partitions.
 */
export const WRITER_COUNT = 2
const MAX_OPEN_PARTITIONS = 8
/** Calls of `sealIdle` after which the lines of a partition that is never idle are sealed anyway. */
const MAX_SEEN = 15

export class Partitions {
  readonly #folder: string
  readonly #writer: number
  readonly #maxLines: number
  readonly #onQuarantine: (partition: QuarantinedPartition) => void
  readonly #onGone: (name: string) => void
  readonly #sealing: SealTally
  readonly #states = new Map<string, PartitionState>()
  readonly #full = new Set<string>()
  /** What `sealIdle` saw of each partition with unsealed lines: how many lines it had, and how often it was seen since. */
  readonly #seen = new Map<string, { lines: number; times: number }>()
  /** Open partitions, the most recently used last. */
  readonly #open = new Map<string, Partition>()

  /** Opens every partition of the writer once and quarantines damaged ones. Throws when a file cannot be used at all. */
  constructor(options: {
    folder: string
    writer: number
    maxLines: number
    onQuarantine: (partition: QuarantinedPartition) => void
    /** Called with each partition whose file is gone. */
    onGone: (name: string) => void
    /** What is sealed is counted here. */
    sealing: SealTally
  }) {
    this.#folder = options.folder
    this.#writer = options.writer
    this.#maxLines = options.maxLines
    this.#onQuarantine = options.onQuarantine
    this.#onGone = options.onGone
    this.#sealing = options.sealing
    // Its folder may be gone when a writer starts late; every append says so.
    for (const file of this.hasFolder ? readdirSync(options.folder).sort() : []) {
      const name = file.endsWith('.db') ? file.slice(0, -3) : ''
      if (!this.owns(name)) continue
      try {
        this.open(name)
      } catch (error) {
        if (!isCorruptionError(error)) throw namedError(file, error)
        this.quarantine(name, error)
      }
    }
  }

  owns(name: string): boolean {
    const kind = parsePartition(name)
    return kind !== null && kind.number % WRITER_COUNT === this.#writer
  }

  has(name: string): boolean {
    return this.#states.has(name)
  }

  states(): PartitionState[] {
    return [...this.#states.values()]
  }

  /** The partition that takes lines received at an instant and kept for a retention (ms). */
  current(receivedAt: number, retention: number): Partition {
    const day = dayOf(receivedAt)
    const retentionMs = clampRetention(retention)
    for (let number = this.#lastNumber(day, retentionMs); ; number += WRITER_COUNT) {
      const name = formatPartition({ day, retentionMs, number })
      if (this.#full.has(name)) continue
      try {
        return this.open(name)
      } catch (error) {
        if (!isCorruptionError(error)) throw error
        this.quarantine(name, error)
        return this.open(name)
      }
    }
  }

  /** The highest number of a kind: the number of a dropped partition is not used again while a later one exists. */
  #lastNumber(day: number, retentionMs: number): number {
    let last = this.#writer
    for (const name of this.#states.keys()) {
      const kind = parsePartition(name)!
      if (kind.day === day && kind.retentionMs === retentionMs && kind.number > last) last = kind.number
    }
    return last
  }

  /** A partition by name; it is created when there is none. */
  open(name: string, expiresAt = expiryOf(parsePartition(name)!)): Partition {
    let partition = this.#open.get(name)
    if (partition) this.#open.delete(name)
    else {
      partition = openPartition(this.#folder, name, expiresAt)
      this.update(partition)
    }
    this.#open.set(name, partition)
    this.#closeOldest()
    return partition
  }

  /** Saves the new state of a partition and returns it. */
  update(partition: Partition): PartitionState {
    const state = partition.state()
    this.#states.set(partition.name, state)
    if (partition.isFull || state.lines >= this.#maxLines) this.#full.add(partition.name)
    return state
  }

  /**
   * Seals one block of a partition that has enough lines for it, or merges a part of its index of words; returns its new
   * state, or null when there is nothing to do.
   */
  sealNext(): PartitionState | null {
    for (const partition of this.#open.values())
      if (partition instanceof BlockPartition && (this.#seal(partition, false) || partition.mergeWords()))
        return this.update(partition)
    return null
  }

  /** Seals full blocks of the partitions where too much waits; returns the new states. */
  sealOverdue(): PartitionState[] {
    const changed: PartitionState[] = []
    for (const partition of this.#open.values()) {
      if (!(partition instanceof BlockPartition) || !partition.isSealOverdue) continue
      while (partition.isSealDue && this.#seal(partition, false));
      changed.push(this.update(partition))
    }
    return changed
  }

  /**
   * Seals what is left of the partitions that took no lines since the last call, that have waited long, or that are of days
   * before `day`; returns the new states. Partitions whose file is gone are forgotten.
   */
  sealIdle(day: number): PartitionState[] {
    this.#forgetAllGone()
    const changed: PartitionState[] = []
    for (const { name, lines, unsealed } of this.#states.values()) {
      if (unsealed === 0) {
        this.#seen.delete(name)
        continue
      }
      const seen = this.#seen.get(name)
      this.#seen.set(name, { lines, times: (seen?.times ?? 0) + 1 })
      const isIdle = seen?.lines === lines || parsePartition(name)!.day < day
      if (!isIdle && (seen?.times ?? 0) < MAX_SEEN) continue
      changed.push(...this.#sealWhole(name))
      this.#seen.delete(name)
    }
    return changed
  }

  /** Without its whole folder a store waits until that is back. */
  #forgetAllGone(): void {
    if (!this.hasFolder) return
    for (const name of [...this.#states.keys()])
      if (!existsSync(join(this.#folder, `${name}.db`))) this.forgetGone(name)
  }

  /** Seals every line there is; returns the new states. */
  sealAll(): PartitionState[] {
    const waiting = [...this.#states.values()].filter(({ unsealed }) => unsealed > 0)
    return waiting.flatMap(({ name }) => this.#sealWhole(name))
  }

  /** Seals a block of a partition and counts it; returns whether one was made. */
  #seal(partition: BlockPartition, all: boolean): boolean {
    const begun = performance.now()
    const lines = partition.seal(all)
    if (lines > 0) countSealed(this.#sealing, lines, performance.now() - begun)
    return lines > 0
  }

  /** Seals every line of a partition of blocks; a damaged one is quarantined. */
  #sealWhole(name: string): PartitionState[] {
    try {
      const partition = this.open(name)
      if (!(partition instanceof BlockPartition)) return []
      while (this.#seal(partition, true));
      while (partition.mergeWords());
      partition.compact()
      return [this.update(partition)]
    } catch (error) {
      if (!isCorruptionError(error)) throw error
      this.quarantine(name, error)
      return []
    }
  }

  /** The stored reply to an idempotency key within the day before `receivedAt`, or null. */
  findReply(project: string, key: string, receivedAt: number): string | null {
    const firstDay = dayOf(receivedAt - DAY)
    for (const name of this.#states.keys()) {
      if (parsePartition(name)!.day < firstDay) continue
      try {
        const reply = this.open(name).findReply(project, key, receivedAt - DAY)
        if (reply !== null) return reply
      } catch (error) {
        if (!isCorruptionError(error) || this.#open.get(name)?.db.inTransaction) throw error
        this.quarantine(name, error)
      }
    }
    return null
  }

  close(name: string): void {
    const partition = this.#open.get(name)
    if (!partition) return
    this.#open.delete(name)
    partition.close()
    if (this.#states.has(name)) this.#states.set(name, partition.state())
  }

  /** Removes a partition's files: all its lines go at once. */
  drop(name: string): void {
    this.#states.delete(name)
    this.#full.delete(name)
    this.close(name)
    for (const suffix of ['.db', '.db-wal', '.db-shm']) rmSync(join(this.#folder, name + suffix), { force: true })
  }

  /** Forgets a partition whose file was removed or replaced; the next use opens what is there then. */
  forgetGone(name: string): void {
    this.#states.delete(name)
    this.#full.delete(name)
    this.#seen.delete(name)
    this.close(name)
    if (!existsSync(join(this.#folder, `${name}.db`))) this.#onGone(name)
  }

  /** Whether the folder of the partitions exists. */
  get hasFolder(): boolean {
    return existsSync(this.#folder)
  }

  /** Renames the files of a damaged partition, so that nothing uses them. */
  quarantine(name: string, error: unknown): void {
    this.#states.delete(name)
    this.#full.delete(name)
    this.close(name)
    const file = quarantineFiles(this.#folder, name)
    this.#onQuarantine({ name, file, message: quarantineMessage(name, file, error) })
  }

  #closeOldest(): void {
    if (this.#open.size <= MAX_OPEN_PARTITIONS) return
    const oldest = [...this.#open.values()].find(partition => !partition.db.inTransaction)
    if (oldest) this.close(oldest.name)
  }

  closeAll(): void {
    for (const name of [...this.#open.keys()]) this.close(name)
  }
}

/** An error of SQLite, with the file that it is about. */
function namedError(file: string, error: unknown): Error {
  const { code } = error as { code?: unknown }
  return Object.assign(
    new Error(`${file}: ${errorMessage(error)}`, { cause: error }),
    code === undefined ? {} : { code },
  )
}
