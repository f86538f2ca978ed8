// One partition file as its writer uses it: what every layout of the file has in common.
import { join } from 'node:path'
import { KIBIBYTE } from '../../../bytes.ts'
import { prepared, type Sqlite, type Statement } from '../../../state/sqlite.ts'
import type { NewLine } from '../../line.ts'
import { BODY_KEY, forgetBefore } from '../../repeat-memory.ts'
import type { ProjectSize } from '../blocks/project-sizes.ts'
import { BUSY_TIMEOUT_MS, fileIdentity, fileSize, limitWal, readSummary, type Summary } from './partition-file.ts'

/** Facts about a partition, as of its last commit. */
export type PartitionState = {
  name: string
  lines: number
  bytes: number
  /** The lowest and highest timestamp; null when it is empty. */
  from: number | null
  until: number | null
  lastPosition: number
  expiresAt: number
  /** Lines that are not in a sealed block yet; none in a partition of an earlier layout. */
  unsealed: number
  /** What each project has in it; empty in a partition of an earlier layout. */
  projects: readonly ProjectSize[]
}

/** A line to store; `timestamp` is its own one, clamped to what a key can hold. */
export type PlacedLine = { line: NewLine; timestamp: number; position: number }

/** Positions beyond `after`, up to `last`. */
export type PositionRange = { after: number; last: number }

/** A partition has no room for these lines. */
export class PartitionFullError extends Error {}

/** The file of a partition was removed or replaced while it was open: what was written to it is lost. */
export class PartitionGoneError extends Error {}

/** A write-ahead log of this size stays while no lines come. */
const MAX_IDLE_WAL_BYTES = 128 * KIBIBYTE
/** After how many saved keys of bodies the old ones are deleted. */
const BODY_KEYS_PER_CLEANUP = 500
/** What comes after every key of a body. */
const AFTER_BODY_KEYS = String.fromCharCode(BODY_KEY.charCodeAt(0) + 1)

export abstract class Partition {
  readonly name: string
  readonly db: Sqlite
  readonly #file: string
  readonly #identity: string | null
  protected summary: Summary
  readonly #saveSummary: Statement
  readonly #findReply: Statement<[string, string, number], string>
  readonly #saveReply: Statement
  #savedBodyKeys = 0

  constructor(folder: string, name: string, db: Sqlite) {
    this.name = name
    this.db = db
    this.#file = join(folder, `${name}.db`)
    this.#identity = fileIdentity(this.#file)
    this.summary = readSummary(db)
    this.#saveSummary = db.prepare(
      `update summary set lines = :lines, first_timestamp = :first_timestamp, last_timestamp = :last_timestamp,
         last_position = :last_position, expires_at = :expires_at, filled = :filled`,
    )
    this.#findReply = db
      .prepare<[string, string, number], string>(
        'select reply from replies where project = ? and key = ? and received > ?',
      )
      .pluck()
    this.#saveReply = db.prepare('insert or replace into replies values (?, ?, ?, ?)')
  }

  /** Whether the partition takes no more lines. */
  get isFull(): boolean {
    return this.summary.filled === 1
  }

  /** Adds lines in a transaction, in the order of their positions. Throws `PartitionFullError` when they do not fit. */
  abstract add(lines: readonly PlacedLine[]): void

  protected get projects(): readonly ProjectSize[] {
    return []
  }

  /** How many lines are not in a sealed block yet. */
  protected abstract get unsealed(): number

  /** Runs `work` in a transaction, which is on disk when this returns; a throw rolls it back. */
  transaction<T>(work: () => T): T {
    this.db.exec('begin immediate')
    try {
      const result = work()
      this.beforeCommit()
      const { lines, first_timestamp, last_timestamp, last_position, expires_at, filled } = this.summary
      this.#saveSummary.run({ lines, first_timestamp, last_timestamp, last_position, expires_at, filled })
      this.db.exec('commit')
      limitWal(this.db, this.#file)
      return result
    } catch (error) {
      if (this.db.inTransaction) this.db.exec('rollback')
      this.reload()
      throw error
    }
  }

  /** Writes what the work of a transaction left for its end. */
  protected beforeCommit(): void {}

  /** Reads from the file again what a transaction that was rolled back had changed. */
  protected reload(): void {
    this.summary = readSummary(this.db)
  }

  /** Throws `PartitionGoneError` when its file is not where it was: SQLite would go on writing to a file that nobody can read. */
  mustBeThere(): void {
    if (fileIdentity(this.#file) !== this.#identity)
      throw new PartitionGoneError(`The file of the log partition ${this.name} was removed while Vakt runs.`)
  }

  /** Whether removed lines are also overwritten in the file and in the write-ahead log. */
  setScrubbing(on: boolean): void {
    this.db.pragma(`secure_delete = ${on ? 'ON' : 'FAST'}`)
    if (!on) this.db.pragma('wal_checkpoint(TRUNCATE)')
  }

  /** Empties a write-ahead log that is not small, unless a reader needs it now. */
  protected emptyWal(): void {
    if (fileSize(`${this.#file}-wal`) < MAX_IDLE_WAL_BYTES) return
    this.db.pragma('busy_timeout = 0')
    this.db.pragma('wal_checkpoint(TRUNCATE)')
    this.db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
  }

  /** The reply stored for an idempotency key received after an instant, or null. */
  findReply(project: string, key: string, receivedAfter: number): string | null {
    return this.#findReply.get(project, key, receivedAfter) ?? null
  }

  saveReply(project: string, key: string, receivedAt: number, reply: string): void {
    this.#saveReply.run(project, key, receivedAt, reply)
    if (key.startsWith(BODY_KEY) && ++this.#savedBodyKeys % BODY_KEYS_PER_CLEANUP === 0)
      this.#forgetBodyKeys(project, receivedAt)
  }

  /** Takes over the replies of another partition's file. */
  copyReplies(file: string): void {
    this.db.prepare('attach ? as other').run(file)
    try {
      this.db.exec('insert or ignore into replies select * from other.replies')
    } finally {
      this.db.exec('detach other')
    }
  }

  /** Marks the partition as full: it takes no more lines. */
  markFull(): void {
    this.transaction(() => {
      this.summary.filled = 1
    })
  }

  state(): PartitionState {
    const { lines, first_timestamp, last_timestamp, last_position, expires_at } = this.summary
    return {
      name: this.name,
      lines,
      bytes: fileSize(this.#file) + fileSize(`${this.#file}-wal`),
      from: lines === 0 ? null : first_timestamp,
      until: lines === 0 ? null : last_timestamp,
      lastPosition: last_position,
      expiresAt: expires_at,
      unsealed: this.unsealed,
      projects: this.projects,
    }
  }

  /** Checkpoints the write-ahead log and closes the file. */
  close(): void {
    this.db.close()
  }

  #forgetBodyKeys(project: string, now: number): void {
    const before = forgetBefore(now, performance.timeOrigin)
    if (before === null) return
    const forget = `delete from replies where project = ? and key >= ? and key < ? and received < ?`
    prepared(this.db, forget).run(project, BODY_KEY, AFTER_BODY_KEYS, before)
  }
}
