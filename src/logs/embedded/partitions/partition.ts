// One partition file as its writer uses it: lines, index and idempotency keys are stored in one transaction.
import { join } from 'node:path'
import { prepared, type Sqlite, type Statement } from '../../../state/sqlite.ts'
import { LEVELS, type LogLine, type NewLine } from '../../line.ts'
import { attributesText, indexText, WORD_VERSION, type WordVersion } from '../../query/line-words.ts'
import { BODY_KEY, forgetBefore } from '../../repeat-memory.ts'
import type { LineTokens } from '../query/field-tokens.ts'
import { FieldValues } from './field-values.ts'
import { SLOT_BITS, SLOT_COUNT } from './line-key.ts'
import {
  fileIdentity,
  fileSize,
  MAX_WAL_BYTES,
  openPartitionFile,
  readSummary,
  type Summary,
} from './partition-file.ts'
import { LINES_PER_MARK, restOf, wordVersionOf } from './rows.ts'

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
}

/** A line to store; `timestamp` is its own one, clamped to what a row can hold. */
export type PlacedLine = { line: NewLine; timestamp: number; position: number }

const ROW_ID = `((? << ${SLOT_BITS}) | ?)`
const INSERT_WORDS = `insert into words (rowid, message, stack, fields, attributes) values (${ROW_ID}, ?, ?, ?, ?)`
/** The columns of the index and their values, by how its words are made. */
const WORD_COLUMNS = {
  1: { names: 'message, stack, fields', values: '?, ?, ?' },
  2: { names: 'message, stack, fields, attributes', values: '?, ?, ?, ?' },
}

/** A partition has no room for these lines. */
export class PartitionFullError extends Error {}

/** The file of a partition was removed or replaced while it was open: what was written to it is lost. */
export class PartitionGoneError extends Error {}

const MERGE_PAGES = 100
/** After how many saved keys of bodies the old ones are deleted. */
const BODY_KEYS_PER_CLEANUP = 500
/** What comes after every key of a body. */
const AFTER_BODY_KEYS = String.fromCharCode(BODY_KEY.charCodeAt(0) + 1)

export class Partition {
  readonly name: string
  readonly db: Sqlite
  readonly #file: string
  readonly #identity: string | null
  readonly #tokens: LineTokens
  readonly #wordVersion: WordVersion
  #merging = false
  #summary: Summary
  #nextSlot: number
  #fieldValues: FieldValues
  readonly #insertLine: Statement
  readonly #insertMark: Statement
  readonly #saveSummary: Statement
  readonly #findReply: Statement<[string, string, number], string>
  readonly #saveReply: Statement
  #savedBodyKeys = 0

  /** Opens a partition; creates it when there is none. `tokens` is a cache shared by partitions. Throws SQLite's errors. */
  constructor(folder: string, name: string, expiresAt: number, tokens: LineTokens) {
    this.name = name
    this.#file = join(folder, `${name}.db`)
    this.#tokens = tokens
    this.db = openPartitionFile(this.#file, expiresAt)
    this.#identity = fileIdentity(this.#file)
    const { db } = this
    this.#wordVersion = wordVersionOf(db)
    this.#summary = readSummary(db)
    this.#nextSlot = this.#freeSlot()
    this.#fieldValues = new FieldValues(db)
    this.#insertLine = db.prepare('insert into lines values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
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

  /** Whether the partition takes no more lines: it has its lines, or an earlier version of Vakt wrote it. */
  get isFull(): boolean {
    return this.#summary.filled === 1 || this.#wordVersion !== WORD_VERSION
  }

  /** Whether the index is merged into one piece. */
  get isMerged(): boolean {
    return this.#summary.merged === 1
  }

  /** Runs `work` in a transaction, which is on disk when this returns; a throw rolls it back. */
  transaction<T>(work: () => T): T {
    this.db.exec('begin immediate')
    try {
      const result = work()
      this.#saveSummary.run(this.#summary)
      this.db.exec('commit')
      this.#limitWal()
      return result
    } catch (error) {
      if (this.db.inTransaction) this.db.exec('rollback')
      this.#summary = readSummary(this.db)
      this.#fieldValues = new FieldValues(this.db)
      this.#nextSlot = this.#freeSlot()
      throw error
    }
  }

  /** Throws `PartitionGoneError` when its file is not where it was: SQLite would go on writing to a file that nobody can read. */
  mustBeThere(): void {
    if (fileIdentity(this.#file) !== this.#identity)
      throw new PartitionGoneError(`The file of the log partition ${this.name} was removed while Vakt runs.`)
  }

  /** Adds lines in a transaction, in the order of their positions. Throws `PartitionFullError` when they do not fit. */
  add(lines: readonly PlacedLine[]): void {
    const summary = this.#summary
    if (this.#nextSlot + lines.length > SLOT_COUNT || this.#wordVersion !== WORD_VERSION)
      throw new PartitionFullError(`The log partition ${this.name} is full.`)
    const insertWords = prepared(this.db, INSERT_WORDS)
    const firstSlot = this.#nextSlot
    const inTime = lines.map(({ line, timestamp, position }, i) => ({ line, timestamp, position, slot: firstSlot + i }))
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
    // The index buffers row ids in ascending order only; out of order it would be written to disk line by line.
    inTime.sort((a, b) => a.timestamp - b.timestamp || a.slot - b.slot)
    for (const { line, timestamp, position, slot } of inTime) {
      insertWords.run(
        timestamp,
        slot,
        indexText(line.message),
        indexText(line.stack),
        this.#tokens.of(line),
        attributesText(line),
      )
      this.#fieldValues.addFrom(line)
      if (summary.lines++ % LINES_PER_MARK === LINES_PER_MARK - 1) this.#insertMark.run(timestamp)
      if (position > summary.last_position) summary.last_position = position
    }
    if (lines.length === 0) return
    summary.first_timestamp = Math.min(summary.first_timestamp ?? Infinity, inTime[0]!.timestamp)
    summary.last_timestamp = Math.max(summary.last_timestamp ?? 0, inTime.at(-1)!.timestamp)
    summary.merged = 0
  }

  /** Removes one line and its words, within a transaction; `slot` is the low part of its row id. */
  remove(line: LogLine, slot: number): void {
    const { timestamp } = line
    prepared(this.db, 'delete from lines where slot = ?').run(slot)
    const { names, values } = WORD_COLUMNS[this.#wordVersion]
    const remove = `insert into words (words, rowid, ${names}) values ('delete', ${ROW_ID}, ${values})`
    prepared(this.db, remove).run(timestamp, slot, ...this.#textsOf(line))
    this.#summary.lines--
  }

  /** Whether removed lines are also overwritten in the table, in the index and in the write-ahead log. */
  setScrubbing(on: boolean): void {
    this.db.pragma(`secure_delete = ${on ? 'ON' : 'FAST'}`)
    this.db.exec(`insert into words (words, rank) values ('secure-delete', ${on ? 1 : 0})`)
    if (!on) this.db.pragma('wal_checkpoint(TRUNCATE)')
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

  /** Marks the partition as full: it takes no more lines. */
  markFull(): void {
    this.transaction(() => {
      this.#summary.filled = 1
    })
  }

  /**
   * Merges a part of the index; returns whether there is nothing left to merge. One step is short, so that appends wait
   * for a moment only.
   */
  mergeStep(): boolean {
    const changes = () => this.db.prepare('select total_changes()').pluck().get() as number
    const before = changes()
    // A negative number starts a merge of the whole index; a positive one continues it (FTS5, 'merge').
    this.db
      .prepare("insert into words (words, rank) values ('merge', ?)")
      .run(this.#merging ? MERGE_PAGES : -MERGE_PAGES)
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
      bytes: fileSize(this.#file) + fileSize(`${this.#file}-wal`),
      from: lines === 0 ? null : first_timestamp,
      until: lines === 0 ? null : last_timestamp,
      lastPosition: last_position,
      expiresAt: expires_at,
    }
  }

  /** Checkpoints the write-ahead log and closes the file. */
  close(): void {
    this.db.close()
  }

  /** The texts of a line for the columns of the index. */
  #textsOf(line: NewLine): string[] {
    const { message, stack } = line
    const version = this.#wordVersion
    const texts = [indexText(message, version), indexText(stack, version), this.#tokens.of(line)]
    return version === 1 ? texts : [...texts, attributesText(line)]
  }

  #forgetBodyKeys(project: string, now: number): void {
    const before = forgetBefore(now, performance.timeOrigin)
    if (before === null) return
    const forget = `delete from replies where project = ? and key >= ? and key < ? and received < ?`
    prepared(this.db, forget).run(project, BODY_KEY, AFTER_BODY_KEYS, before)
  }

  #freeSlot(): number {
    return this.db.prepare('select coalesce(max(slot), -1) + 1 from lines').pluck().get() as number
  }

  #limitWal(): void {
    if (fileSize(`${this.#file}-wal`) > MAX_WAL_BYTES) this.db.pragma('wal_checkpoint(RESTART)')
  }
}
