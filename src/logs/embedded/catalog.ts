// What the main thread knows of all partitions: which there are, which a search concerns, which are due to go.
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { StoreStatus } from '../store.ts'
import { damagedPartition } from './damage.ts'
import type { PartitionState } from './partition.ts'
import { expiryOf, parsePartition } from './partition-name.ts'
import { WRITERS } from './partitions.ts'

/** A file that was set aside; `partition` is what it was. */
type Damaged = { file: string; partition: string; bytes: number; message: string }

export class Catalog {
  readonly #folder: string
  readonly #states = new Map<string, PartitionState>()
  readonly #damaged = new Map<string, Damaged>()

  constructor(folder: string) {
    this.#folder = folder
    for (const file of readdirSync(folder)) {
      const message = 'Set aside because it is damaged: repair it, or remove it.'
      if (damagedPartition(file)) this.addDamaged(file, message)
    }
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

  expired(now: number): PartitionState[] {
    return [...this.#states.values()].filter(state => state.expiresAt <= now)
  }

  /** What to drop, oldest first, so that the rest fits a budget; those that are written to never are. */
  overBudget(bytes: number): PartitionState[] {
    let excess = this.bytes() - bytes
    const over: PartitionState[] = []
    for (const state of this.#oldestFirst()) {
      if (excess <= 0) break
      if (this.#isOpen(state.name)) continue
      over.push(state)
      excess -= state.bytes
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

  /** Removes set-aside files whose lines are past their retention; answers with their names. */
  removeExpiredDamaged(now: number): string[] {
    const past = [...this.#damaged.values()].filter(({ partition }) => {
      const kind = parsePartition(partition)
      return kind !== null && expiryOf(kind) <= now
    })
    for (const { file } of past) {
      for (const end of ['', '-wal', '-shm']) rmSync(join(this.#folder, file + end), { force: true })
      this.#damaged.delete(file)
    }
    return past.map(({ file }) => file)
  }

  partitions(): StoreStatus['partitions'] {
    const whole = this.#oldestFirst().map(({ name, lines, bytes, from, until }) => {
      const state = this.#isOpen(name) ? ('open' as const) : ('closed' as const)
      return { name, lines, bytes, from: from ?? 0, until: until ?? 0, state, message: null }
    })
    const damaged = [...this.#damaged.values()].map(({ file, bytes, message }) => {
      return { name: file, lines: 0, bytes, from: 0, until: 0, state: 'damaged' as const, message }
    })
    return [...whole, ...damaged]
  }

  #oldestFirst(): PartitionState[] {
    return [...this.#states.values()].sort(
      (a, b) => dayOfName(a.name) - dayOfName(b.name) || a.lastPosition - b.lastPosition,
    )
  }

  /** Whether lines that come now may go there: it is of the newest day, and none of its kind took its place. */
  #isOpen(name: string): boolean {
    const kind = parsePartition(name)!
    for (const other of this.#states.keys()) {
      const { day, retentionMs, number } = parsePartition(other)!
      if (day > kind.day) return false
      const successor = number > kind.number && number % WRITERS === kind.number % WRITERS
      if (day === kind.day && retentionMs === kind.retentionMs && successor) return false
    }
    return true
  }
}

function dayOfName(name: string): number {
  return parsePartition(name)!.day
}
