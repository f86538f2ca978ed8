// One partition file as its writer has it: lines, index and idempotency keys go in within one transaction.
import { join } from 'node:path'
import { prepared, type Sqlite, type Statement } from '../../../state/sqlite.ts'
import { LEVELS, type LogLine, type NewLine } from '../../line.ts'
import type { LineTokens } from '../query/field-tokens.ts'
import { SLOT_BITS, SLOTS } from './line-key.ts'
import { LONGEST_LOG_BYTES, openPartitionFile, readSummary, type Summary, sizeOf } from './partition-file.ts'
import { Names } from './partition-names.ts'
import { LINES_PER_MARK, restOf } from './rows.ts'

/** What everybody else knows of a partition, as of its last commit. */
export type PartitionState = {
  name: string
  lines: number
  bytes: number
  /** The lowest and highest timestamp; null when it is empty. */
  from: number | null
  until: number | null
  lastPosition: number
  expiresAt: number
}

/** A line on its way in; its own timestamp is not always one that can be stored. */
export type PlacedLine = { line: NewLine; timestamp: number; position: number }

const ROW_ID = `((? << ${SLOT_BITS}) | ?)`
const REMOVE_WORDS = `insert into words (words, rowid, message, stack, fields) values ('delete', ${ROW_ID}, ?, ?, ?)`
/** A partition has no room for more lines. */
export class Full extends Error {}

const PAGES_AT_A_TIME = 100

export class Partition {
  readonly name: string
  readonly db: Sqlite
  readonly #file: string
  readonly #tokens: LineTokens
  #merging = false
  #summary: Summary
  #nextSlot: number
  #names: Names
  readonly #insertLine: Statement
  readonly #insertWords: Statement
  readonly #insertMark: Statement
  readonly #saveSummary: Statement
  readonly #findReply: Statement<[string, string, number], string>
  readonly #saveReply: Statement

  /** Opens a partition, making it when it is not there; `tokens` remembers over partitions. Throws SQLite's errors. */
  constructor(folder: string, name: string, expiresAt: number, tokens: LineTokens) {
    this.name = name
    this.#file = join(folder, `${name}.db`)
    this.#tokens = tokens
    this.db = openPartitionFile(this.#file, expiresAt)
    const { db } = this
    this.#summary = readSummary(db)
    this.#nextSlot = this.#freeSlot()
    this.#names = new Names(db)
    this.#insertLine = db.prepare('insert into lines values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    this.#insertWords = db.prepare(`insert into words (rowid, message, stack, fields) values (${ROW_ID}, ?, ?, ?)`)
    this.#insertMark = db.prepare('insert into marks values (?)')
    this.#saveSummary = db.prepare(
      `update summary set lines = :lines, first_timestamp = :first_timestamp, last_timestamp = :last_timestamp,
         last_position = :last_position, expires_at = :expires_at, filled = :filled, merged = :merged`,
    )
    this.#findReply = db
      .prepare<[string, string, number], string>(
        'select reply from replies where project = ? and key = ? and received > ?',
      )
      .pluck()
    this.#saveReply = db.prepare('insert or replace into replies values (?, ?, ?, ?)')
  }

  /** Whether it takes no more lines. */
  get full(): boolean {
    return this.#summary.filled === 1
  }

  get merged(): boolean {
    return this.#summary.merged === 1
  }

  /** Runs `work` in a transaction that is on disk when this returns; a throw undoes all of it. */
  transaction<T>(work: () => T): T {
    this.db.exec('begin immediate')
    try {
      const result = work()
      this.#saveSummary.run(this.#summary)
      this.db.exec('commit')
      this.#curbLog()
      return result
    } catch (error) {
      if (this.db.inTransaction) this.db.exec('rollback')
      this.#summary = readSummary(this.db)
      this.#names = new Names(this.db)
      this.#nextSlot = this.#freeSlot()
      throw error
    }
  }

  /** Adds lines, which come in the order of their positions, in a transaction. Throws `Full` when they do not fit. */
  add(lines: readonly PlacedLine[]): void {
    const summary = this.#summary
    if (this.#nextSlot + lines.length > SLOTS) throw new Full(`The log partition ${this.name} is full.`)
    const inTime = lines.map((each, i) => ({ ...each, slot: this.#nextSlot + i }))
    for (const { line, timestamp, position, slot } of inTime) {
      const { receivedAt, message, project, source, host, group, fingerprint } = line
      const level = LEVELS.indexOf(line.level)
      const rest = restOf(line)
      this.#insertLine.run(
        slot,
        timestamp,
        position,
        receivedAt,
        level,
        message,
        project,
        source,
        host,
        group,
        fingerprint,
        rest,
      )
    }
    this.#nextSlot += lines.length
    // The index takes row ids in order only; out of order it would write itself to disk line by line.
    inTime.sort((a, b) => a.timestamp - b.timestamp || a.slot - b.slot)
    for (const { line, timestamp, position, slot } of inTime) {
      this.#insertWords.run(timestamp, slot, line.message, line.stack, this.#tokens.of(line))
      this.#names.note(line)
      if (summary.lines++ % LINES_PER_MARK === LINES_PER_MARK - 1) this.#insertMark.run(timestamp)
      if (position > summary.last_position) summary.last_position = position
    }
    if (lines.length === 0) return
    summary.first_timestamp = Math.min(summary.first_timestamp ?? Infinity, inTime[0]!.timestamp)
    summary.last_timestamp = Math.max(summary.last_timestamp ?? 0, inTime.at(-1)!.timestamp)
    summary.merged = 0
  }

  /** Removes one line with its words, in a transaction; `slot` is the low part of its row id. */
  remove(line: LogLine, slot: number): void {
    const { timestamp } = line
    prepared(this.db, 'delete from lines where slot = ?').run(slot)
    prepared(this.db, REMOVE_WORDS).run(timestamp, slot, line.message, line.stack, this.#tokens.of(line))
    this.#summary.lines--
  }

  /** Whether what is removed is also overwritten, in the table, in the index and in the write-ahead log. */
  setScrubbing(on: boolean): void {
    this.db.pragma(`secure_delete = ${on ? 'ON' : 'FAST'}`)
    this.db.exec(`insert into words (words, rank) values ('secure-delete', ${on ? 1 : 0})`)
    if (!on) this.db.pragma('wal_checkpoint(TRUNCATE)')
  }

  reply(project: string, key: string, receivedAfter: number): string | null {
    return this.#findReply.get(project, key, receivedAfter) ?? null
  }

  saveReply(project: string, key: string, receivedAt: number, reply: string): void {
    this.#saveReply.run(project, key, receivedAt, reply)
  }

  /** Takes no more lines from now on. */
  fill(): void {
    this.transaction(() => {
      this.#summary.filled = 1
    })
  }

  /**
   * Merges a little of the index into one piece; whether there is nothing left to merge. Short, so that appends wait for
   * a moment only.
   */
  mergeSome(): boolean {
    const changes = () => this.db.prepare('select total_changes()').pluck().get() as number
    const before = changes()
    // A negative number makes everything one level to be merged; a positive one goes on with that.
    this.db
      .prepare("insert into words (words, rank) values ('merge', ?)")
      .run(this.#merging ? PAGES_AT_A_TIME : -PAGES_AT_A_TIME)
    this.#merging = true
    if (changes() - before >= 2) return false
    this.#merging = false
    this.transaction(() => {
      this.#summary.merged = 1
    })
    return true
  }

  state(): PartitionState {
    const { lines, first_timestamp, last_timestamp, last_position, expires_at } = this.#summary
    return {
      name: this.name,
      lines,
      bytes: sizeOf(this.#file) + sizeOf(`${this.#file}-wal`),
      from: lines === 0 ? null : first_timestamp,
      until: lines === 0 ? null : last_timestamp,
      lastPosition: last_position,
      expiresAt: expires_at,
    }
  }

  /** Brings the write-ahead log home and closes. */
  close(): void {
    this.db.close()
  }

  #freeSlot(): number {
    return this.db.prepare('select coalesce(max(slot), -1) + 1 from lines').pluck().get() as number
  }

  #curbLog(): void {
    if (sizeOf(`${this.#file}-wal`) > LONGEST_LOG_BYTES) this.db.pragma('wal_checkpoint(RESTART)')
  }
}
