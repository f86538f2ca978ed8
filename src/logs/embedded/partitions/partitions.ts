// The partitions that one writer owns: which of them takes a batch, which are open, and what becomes of damaged ones.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DAY } from '../../../time.ts'
import { LineTokens } from '../query/field-tokens.ts'
import { type Damage, damageMessage, isDamage, setAside } from './damage.ts'
import { Partition, type PartitionState } from './partition.ts'
import { dayOf, expiryOf, formatPartition, parsePartition, wholeRetention } from './partition-name.ts'

/** Each writer owns the partitions whose number leaves its own index when divided by this; fixed for a folder's life. */
export const WRITERS = 2
const MOST_OPEN = 8

export class Partitions {
  readonly #folder: string
  readonly #writer: number
  readonly #mostLines: number
  readonly #onDamage: (damage: Damage) => void
  readonly #states = new Map<string, PartitionState>()
  readonly #full = new Set<string>()
  readonly #merged = new Set<string>()
  /** Open ones, the one used last at the end. */
  readonly #open = new Map<string, Partition>()
  readonly #tokens = new LineTokens()

  /** Looks at every partition of the writer and sets damaged ones aside. Throws when a file cannot be used at all. */
  constructor(options: {
    folder: string
    writer: number
    mostLines: number
    onDamage: (damage: Damage) => void
  }) {
    this.#folder = options.folder
    this.#writer = options.writer
    this.#mostLines = options.mostLines
    this.#onDamage = options.onDamage
    for (const file of readdirSync(options.folder).sort()) {
      const name = file.endsWith('.db') ? file.slice(0, -3) : ''
      if (!this.owns(name)) continue
      try {
        this.open(name)
      } catch (error) {
        if (!isDamage(error)) throw error
        this.setAside(name, error)
      }
    }
  }

  owns(name: string): boolean {
    const kind = parsePartition(name)
    return kind !== null && kind.number % WRITERS === this.#writer
  }

  has(name: string): boolean {
    return this.#states.has(name)
  }

  states(): PartitionState[] {
    return [...this.#states.values()]
  }

  /** The partition that takes lines received at an instant and kept so long. */
  current(receivedAt: number, retention: number): Partition {
    const day = dayOf(receivedAt)
    const retentionMs = wholeRetention(retention)
    for (let number = this.#lastNumber(day, retentionMs); ; number += WRITERS) {
      const name = formatPartition({ day, retentionMs, number })
      if (this.#full.has(name)) continue
      try {
        return this.open(name)
      } catch (error) {
        if (!isDamage(error)) throw error
        this.setAside(name, error)
        return this.open(name)
      }
    }
  }

  /** The highest number of a kind that there is: that of one which was dropped is not used again while a later one lives. */
  #lastNumber(day: number, retentionMs: number): number {
    let last = this.#writer
    for (const name of this.#states.keys()) {
      const kind = parsePartition(name)!
      if (kind.day === day && kind.retentionMs === retentionMs && kind.number > last) last = kind.number
    }
    return last
  }

  /** A partition by name, opened (and made) when it is not. */
  open(name: string, expiresAt = expiryOf(parsePartition(name)!)): Partition {
    let partition = this.#open.get(name)
    if (partition) this.#open.delete(name)
    else {
      partition = new Partition(this.#folder, name, expiresAt, this.#tokens)
      this.note(partition)
    }
    this.#open.set(name, partition)
    this.#closeOldest()
    return partition
  }

  /** Takes down what a partition has become; answers with it. */
  note(partition: Partition): PartitionState {
    const state = partition.state()
    this.#states.set(partition.name, state)
    if (partition.merged) this.#merged.add(partition.name)
    else this.#merged.delete(partition.name)
    if (partition.full || state.lines >= this.#mostLines) this.#full.add(partition.name)
    return state
  }

  /** Partitions of days before `day`, and full ones, whose index is in pieces. */
  unmerged(day: number): string[] {
    return [...this.#states.keys()].filter(
      name => (parsePartition(name)!.day < day || this.#full.has(name)) && !this.#merged.has(name),
    )
  }

  /** The stored reply to a client's key within the day before `receivedAt`. */
  reply(project: string, key: string, receivedAt: number): string | null {
    const firstDay = dayOf(receivedAt - DAY)
    for (const name of this.#states.keys()) {
      if (parsePartition(name)!.day < firstDay) continue
      try {
        const reply = this.open(name).reply(project, key, receivedAt - DAY)
        if (reply !== null) return reply
      } catch (error) {
        if (!isDamage(error) || this.#open.get(name)?.db.inTransaction) throw error
        this.setAside(name, error)
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

  /** Unlinks a partition: all its lines go at once. */
  drop(name: string): void {
    this.#states.delete(name)
    this.#full.delete(name)
    this.close(name)
    for (const end of ['.db', '.db-wal', '.db-shm']) rmSync(join(this.#folder, name + end), { force: true })
  }

  /** Renames a damaged partition out of the way. */
  setAside(name: string, error: unknown): void {
    this.#states.delete(name)
    this.#full.delete(name)
    this.close(name)
    const aside = setAside(this.#folder, name)
    this.#onDamage({ name, aside, message: damageMessage(name, aside, error) })
  }

  #closeOldest(): void {
    if (this.#open.size <= MOST_OPEN) return
    const oldest = [...this.#open.values()].find(partition => !partition.db.inTransaction)
    if (oldest) this.close(oldest.name)
  }

  closeAll(): void {
    for (const name of [...this.#open.keys()]) this.close(name)
  }
}
