// What the main thread knows of all partitions: which there are, which a search concerns, which are due to go.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { HOUR } from '../../../time.ts'
import type { PartitionStatus } from '../../store.ts'
import { damagedPartition } from './damage.ts'
import type { PartitionState } from './partition.ts'
import { dayOf, expiryOf, parsePartition } from './partition-name.ts'
import { WRITERS } from './partitions.ts'

/** A file that was set aside; `partition` is what it was. */
type Damaged = { file: string; partition: string; bytes: number; message: string }

/** So long after midnight lines received before it may still be on their way. */
const STILL_COMING = HOUR

export class Catalog {
  readonly #folder: string
  readonly #states = new Map<string, PartitionState>()
  readonly #damaged = new Map<string, Damaged>()
  #today = 0

  constructor(folder: string) {
    this.#folder = folder
    for (const file of readdirSync(folder)) {
      const message = 'Set aside because it is damaged: repair it, or remove it.'
      if (damagedPartition(file)) this.addDamaged(file, message)
    }
  }

  /** Tells the time: days that are over are closed, even when no line came since. */
  tick(now: number): void {
    this.#today = dayOf(now - STILL_COMING)
  }

  /** Takes down what partitions have become. */
  update(states: readonly PartitionState[]): void {
    for (const state of states) this.#states.set(state.name, state)
  }

  /** Takes down everything that a writer has. */
  replace(writer: number, states: readonly PartitionState[]): void {
    for (const name of this.#states.keys()) if (this.writerOf(name) === writer) this.#states.delete(name)
    this.update(states)
  }

  remove(name: string): void {
    this.#states.delete(name)
  }

  has(name: string): boolean {
    return this.#states.has(name)
  }

  /** Which writer owns a partition. */
  writerOf(name: string): number {
    return parsePartition(name)!.number % WRITERS
  }

  /** Partitions that may have lines between two instants (epoch ms, null for no bound). */
  between(from: number | null, until: number | null): PartitionState[] {
    return [...this.#states.values()].filter(
      state => state.lines > 0 && state.until! >= (from ?? 0) && state.from! < (until ?? Infinity),
    )
  }

  expired(now: number): PartitionStatus[] {
    return this.#whole().filter(({ expiresAt }) => expiresAt! <= now)
  }

  /** What to drop, oldest first, so that the rest fits a budget; never those that are written to, nor those held. */
  overBudget(bytes: number, isHeld: (partition: PartitionStatus) => boolean): PartitionStatus[] {
    let excess = this.bytes() - bytes
    const over: PartitionStatus[] = []
    for (const partition of this.#whole()) {
      if (excess <= 0) break
      if (partition.state === 'open' || isHeld(partition)) continue
      over.push(partition)
      excess -= partition.bytes
    }
    return over
  }

  bytes(): number {
    let sum = 0
    for (const { bytes } of [...this.#states.values(), ...this.#damaged.values()]) sum += bytes
    return sum
  }

  /** The highest position of any line. */
  lastPosition(): number {
    return Math.max(0, ...[...this.#states.values()].map(state => state.lastPosition))
  }

  addDamaged(file: string, message: string): void {
    const bytes = statSync(join(this.#folder, file), { throwIfNoEntry: false })?.size ?? 0
    this.#damaged.set(file, { file, partition: damagedPartition(file) ?? file, bytes, message })
  }

  /** Removes set-aside files whose lines are past their retention; answers with what they were. */
  removeExpiredDamaged(now: number): PartitionStatus[] {
    // What somebody took away is no longer there to tell of.
    for (const { file } of this.#damaged.values()) if (!existsSync(join(this.#folder, file))) this.#damaged.delete(file)
    const past = [...this.#damaged.values()].filter(({ partition }) => {
      const kind = parsePartition(partition)
      return kind !== null && expiryOf(kind) <= now
    })
    for (const { file } of past) {
      for (const end of ['', '-wal', '-shm']) rmSync(join(this.#folder, file + end), { force: true })
      this.#damaged.delete(file)
    }
    return past.map(statusOfDamaged)
  }

  /** All of them, oldest first, then the damaged ones. */
  partitions(): PartitionStatus[] {
    return [...this.#whole(), ...[...this.#damaged.values()].map(statusOfDamaged)]
  }

  #whole(): PartitionStatus[] {
    const oldestFirst = [...this.#states.values()].sort(
      (a, b) => dayOfName(a.name) - dayOfName(b.name) || a.lastPosition - b.lastPosition,
    )
    return oldestFirst.map(({ name, lines, bytes, from, until, lastPosition, expiresAt }) => {
      const state = this.#isOpen(name) ? ('open' as const) : ('closed' as const)
      const time = { from: from ?? 0, until: until ?? 0 }
      return { name, lines, bytes, ...time, state, message: null, lastPosition, expiresAt }
    })
  }

  /** Whether lines that come now may go there: it is of the newest day, and none of its kind took its place. */
  #isOpen(name: string): boolean {
    const kind = parsePartition(name)!
    if (kind.day < this.#today) return false
    for (const other of this.#states.keys()) {
      const { day, retentionMs, number } = parsePartition(other)!
      if (day > kind.day) return false
      const successor = number > kind.number && number % WRITERS === kind.number % WRITERS
      if (day === kind.day && retentionMs === kind.retentionMs && successor) return false
    }
    return true
  }
}

function statusOfDamaged({ file, bytes, message }: Damaged): PartitionStatus {
  const unknown = { lines: 0, from: 0, until: 0, lastPosition: 0, expiresAt: null }
  return { name: file, bytes, state: 'damaged', message, ...unknown }
}

function dayOfName(name: string): number {
  return parsePartition(name)!.day
}
