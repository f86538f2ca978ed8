// What the main thread knows of all partitions: which there are, which a search needs, which are due to be dropped.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { plural } from '../../../text.ts'
import { DAY, HOUR } from '../../../time.ts'
import type { MissingLines, PartitionStatus } from '../../store.ts'
import { MAX_TIMESTAMP } from './line-key.ts'
import type { BlockDamage } from './open-partitions.ts'
import type { PartitionState } from './partition.ts'
import { dayOf, expiryOf, formatPartition, parsePartition } from './partition-name.ts'
import { WRITER_COUNT } from './partitions.ts'
import { quarantinedPartition, renameSalvaged, salvagedPartition } from './quarantine.ts'

/** A quarantined file, and the name that its partition had. */
type QuarantinedFile = { file: string; partition: string; bytes: number; message: string }

/** `lines` is how many of the lines that the partition counts are missing: those of a damaged block. */
type Missing = MissingLines & { file: string | null; lines: number }

/** A day's partitions are closed this long after midnight: lines received before it may still be on their way. */
const CLOSE_DELAY_MS = HOUR

export class Catalog {
  readonly #folder: string
  readonly #states = new Map<string, PartitionState>()
  readonly #quarantined = new Map<string, QuarantinedFile>()
  /** Partitions whose lines cannot be searched, by name; and damaged blocks, by partition and id. */
  readonly #missing = new Map<string, Missing>()
  #today = 0

  constructor(folder: string) {
    this.#folder = folder
    for (const file of readdirSync(folder)) {
      if (quarantinedPartition(file)) this.addQuarantined(file, 'The file is damaged. Repair it, or remove it.')
    }
  }

  /** Sets the current time: partitions of past days are closed, even when no line arrived since. */
  tick(now: number): void {
    this.#today = dayOf(now - CLOSE_DELAY_MS)
  }

  /** Saves the new state of some partitions. */
  update(states: readonly PartitionState[]): void {
    for (const state of states) this.#states.set(state.name, state)
  }

  /** Replaces everything known of a writer's partitions. */
  replace(writer: number, states: readonly PartitionState[]): void {
    for (const name of this.#states.keys()) if (this.writerOf(name) === writer) this.#states.delete(name)
    this.update(states)
  }

  remove(name: string): void {
    this.#states.delete(name)
    // Another partition of this name has all of its lines.
    for (const missing of this.#missing.values()) if (missing.partition === name) missing.lines = 0
  }

  has(name: string): boolean {
    return this.#states.has(name)
  }

  /** How many lines of a partition can be read; 0 when there is none of that name. */
  readable(name: string): number {
    const state = this.#states.get(name)
    return state ? this.#readable(state).lines : 0
  }

  /** The index of the writer that owns a partition. */
  writerOf(name: string): number {
    return parsePartition(name)!.number % WRITER_COUNT
  }

  /** Partitions that may have lines between two instants (epoch ms, null for no bound), with the lines that can be read. */
  overlapping(from: number | null, until: number | null): PartitionState[] {
    return [...this.#states.values()]
      .filter(state => state.lines > 0 && state.until! >= (from ?? 0) && state.from! < (until ?? Infinity))
      .map(state => this.#readable(state))
  }

  #readable(state: PartitionState): PartitionState {
    let damaged = 0
    for (const { partition, lines } of this.#missing.values()) if (partition === state.name) damaged += lines
    return damaged === 0 ? state : { ...state, lines: Math.max(0, state.lines - damaged) }
  }

  expired(now: number): PartitionStatus[] {
    return this.#healthy().filter(({ expiresAt }) => expiresAt! <= now)
  }

  /** What to drop, oldest first, so that the rest fits a budget: never a partition that is open or protected. */
  overBudget(bytes: number, isProtected: (partition: PartitionStatus) => boolean): PartitionStatus[] {
    let excess = this.bytes() - bytes
    const over: PartitionStatus[] = []
    for (const partition of this.#healthy()) {
      if (excess <= 0) break
      if (partition.state === 'open' || isProtected(partition)) continue
      over.push(partition)
      excess -= partition.bytes
    }
    return over
  }

  bytes(): number {
    let sum = 0
    for (const { bytes } of [...this.#states.values(), ...this.#quarantined.values()]) sum += bytes
    return sum
  }

  /**
   * What each project has in partitions that say so: its lines, their size before compression, and its share of the size on
   * disk, bytes. The largest first.
   */
  projects(): { project: string; lines: number; rawBytes: number; bytes: number }[] {
    const found = new Map<string, { project: string; lines: number; rawBytes: number; bytes: number }>()
    for (const { projects, bytes } of this.#states.values()) {
      const raw = projects.reduce((sum, { rawBytes }) => sum + rawBytes, 0)
      for (const { project, lines, rawBytes } of projects) {
        const known = found.get(project) ?? { project, lines: 0, rawBytes: 0, bytes: 0 }
        known.lines += lines
        known.rawBytes += rawBytes
        known.bytes += raw === 0 ? 0 : Math.round((bytes * rawBytes) / raw)
        found.set(project, known)
      }
    }
    return [...found.values()].filter(({ lines }) => lines > 0).sort((a, b) => b.bytes - a.bytes)
  }

  /** Lines that are not sealed into blocks yet. */
  unsealed(): number {
    let sum = 0
    for (const { unsealed } of this.#states.values()) sum += unsealed
    return sum
  }

  /** The highest position of any line. */
  lastPosition(): number {
    return Math.max(0, ...[...this.#states.values()].map(state => state.lastPosition))
  }

  addQuarantined(file: string, message: string): void {
    const bytes = statSync(join(this.#folder, file), { throwIfNoEntry: false })?.size ?? 0
    const partition = quarantinedPartition(file)
    if (partition) this.addMissing(partition, file, message)
    this.#quarantined.set(file, { file, partition: quarantinedPartition(file) ?? file, bytes, message })
  }

  /** Records that the lines of a partition cannot be searched any more; `file` is where they are now, if anywhere. */
  addMissing(partition: string, file: string | null, message: string): void {
    const kind = parsePartition(partition)
    if (!kind) return
    const known = this.#states.get(partition) ?? this.#missing.get(partition)
    // Without its file nothing is known but the day on which its lines were received.
    const from = known?.from ?? kind.day - HOUR
    const until = known?.until ?? kind.day + DAY + HOUR
    this.#missing.set(partition, { partition, from, until, message, file, lines: 0 })
  }

  /**
   * Records that the lines of one block cannot be searched any more, and returns the sentence about it; null when that is
   * known.
   */
  addDamagedBlock({ partition, block, from, until, lines, message: reason }: BlockDamage): string | null {
    const key = `${partition} ${block}`
    if (this.#missing.has(key)) return null
    const message = `A block of the log partition ${partition} is damaged (${reason}). Its ${plural(lines, 'line')} cannot be found; all other logs are available. "logs restore" brings them back from an archive.`
    this.#missing.set(key, { partition, from, until, message, file: null, lines })
    return message
  }

  /** What is missing between two instants (epoch ms, null for no bound), oldest first. */
  missing({ from, until }: { from: number | null; until: number | null }): MissingLines[] {
    const overlapping = [...this.#missing.values()].filter(
      own => own.until >= (from ?? 0) && own.from < (until ?? Infinity),
    )
    const found = overlapping.sort((a, b) => a.from - b.from).map(({ file: _file, lines: _lines, ...own }) => own)
    if (existsSync(this.#folder)) return found
    const message = 'The folder of the log files was removed while Vakt runs. Put it back.'
    return [{ partition: 'all', from: 0, until: MAX_TIMESTAMP, message }, ...found]
  }

  /** The lines of a partition can be searched again. */
  addRestored(partition: string): void {
    this.#forgetMissing(own => own.partition === partition)
  }

  #forgetMissing(isOver: (missing: Missing) => boolean): void {
    for (const [key, missing] of this.#missing) if (isOver(missing)) this.#missing.delete(key)
  }

  /** The partition of a quarantined file, and a name of its kind that is free; null when there is no such file. */
  quarantined(file: string): { partition: string; free: string } | null {
    const partition = this.#quarantined.get(file)?.partition
    const kind = partition === undefined ? null : parsePartition(partition)
    if (partition === undefined || kind === null) return null
    let free = partition
    for (let number = kind.number; this.#states.has(free); number += WRITER_COUNT)
      free = formatPartition({ ...kind, number })
    return { partition, free }
  }

  /** What could be read of a quarantined file can be searched again; the file gets another name, which is returned. */
  setSalvaged(file: string, lines: number): string {
    const partition = this.#quarantined.get(file)!.partition
    const known = this.#missing.get(partition)
    this.#quarantined.delete(file)
    this.#forgetMissing(own => own.partition === partition)
    const message = `The log partition ${partition} was damaged. ${plural(lines, 'line')} that could be read can be searched again; others may be lost.`
    if (known) this.#missing.set(partition, { ...known, message, file: null })
    return renameSalvaged(this.#folder, file)
  }

  /** Removes quarantined files whose lines are past their retention; returns what they were. */
  removeExpiredQuarantined(now: number): PartitionStatus[] {
    // A person may have removed a file.
    for (const { file } of this.#quarantined.values())
      if (!existsSync(join(this.#folder, file))) this.#quarantined.delete(file)
    const expired = [...this.#quarantined.values()].filter(({ partition }) => {
      const kind = parsePartition(partition)
      return kind !== null && expiryOf(kind) <= now
    })
    for (const { file } of expired) {
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(this.#folder, file + suffix), { force: true })
      this.#quarantined.delete(file)
    }
    for (const file of readdirSync(this.#folder)) {
      const kind = parsePartition(salvagedPartition(file) ?? '')
      if (kind !== null && expiryOf(kind) <= now) rmSync(join(this.#folder, file), { force: true })
    }
    // What is past its retention, and what a person has removed, is not missing any more.
    this.#forgetMissing(({ partition, file }) => {
      const isRemoved = file !== null && !this.#quarantined.has(file)
      return isRemoved || expiryOf(parsePartition(partition)!) <= now
    })
    return expired.map(quarantinedStatus)
  }

  /** All of them, oldest first, then the quarantined files. */
  partitions(): PartitionStatus[] {
    return [...this.#healthy(), ...[...this.#quarantined.values()].map(quarantinedStatus)]
  }

  #healthy(): PartitionStatus[] {
    const oldestFirst = [...this.#states.values()].sort(
      (a, b) => dayOfName(a.name) - dayOfName(b.name) || a.lastPosition - b.lastPosition,
    )
    return oldestFirst.map(({ name, lines, bytes, from, until, lastPosition, expiresAt }) => {
      const state = this.#isOpen(name) ? ('open' as const) : ('closed' as const)
      const time = { from: from ?? 0, until: until ?? 0 }
      return { name, lines, bytes, ...time, state, message: null, lastPosition, expiresAt }
    })
  }

  /** Whether lines that arrive now may go there: it is of the newest day, and none of its kind has replaced it. */
  #isOpen(name: string): boolean {
    const kind = parsePartition(name)!
    if (kind.day < this.#today) return false
    for (const other of this.#states.keys()) {
      const { day, retentionMs, number } = parsePartition(other)!
      if (day > kind.day) return false
      const isSuccessor = number > kind.number && number % WRITER_COUNT === kind.number % WRITER_COUNT
      if (day === kind.day && retentionMs === kind.retentionMs && isSuccessor) return false
    }
    return true
  }
}

function quarantinedStatus({ file, bytes, message }: QuarantinedFile): PartitionStatus {
  const unknown = { lines: 0, from: 0, until: 0, lastPosition: 0, expiresAt: null }
  return { name: file, bytes, state: 'damaged', message, ...unknown }
}

function dayOfName(name: string): number {
  return parsePartition(name)!.day
}
