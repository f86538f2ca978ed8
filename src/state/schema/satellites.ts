// The tables of satellites: those that a main knows, and what waits on a satellite until the main has it.
import { blob, index, integer, primaryKey, sqliteTable, text } from '../orm.ts'
import { checks } from './checks.ts'

/** A Vakt elsewhere that takes beats and log lines and sends them here. */
export const satellites = sqliteTable('satellites', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** SHA-256 of its key, hex. */
  keyHash: text('key_hash').notNull().unique(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  /** Its last report; null before the first. */
  lastSeenAt: integer('last_seen_at'),
  /** Whatever beats it received up to here, by its own clock, are stored here. */
  completeTo: integer('complete_to'),
  /** The same of log lines. */
  linesCompleteTo: integer('lines_complete_to'),
  /** The run of the process that reports; null after it said that it stops. */
  instance: text('stream'),
  /** The data folder and the boot of the machine of that run; null when it does not say. */
  place: text(),
  /** Another run under the same key was refused: where it is, when for the last time, and since when both report. */
  rivalAddress: text('rival_address'),
  rivalSeenAt: integer('rival_seen_at'),
  rivalSince: integer('rival_since'),
  address: text(),
  version: text(),
  /** How far its clock is ahead of this one, ms. */
  clockAheadMs: integer('clock_ahead_ms').notNull().default(0),
  /** What waited there after the last report, and since when. */
  waitingRecords: integer('waiting_records').notNull().default(0),
  waitingBytes: integer('waiting_bytes').notNull().default(0),
  waitingSince: integer('waiting_since'),
  /** What it refused because its disk limit was reached, since it was started first. */
  refusedThere: integer('refused_there').notNull().default(0),
  /** What came through it, and what could not be stored here for what it is. */
  beats: integer().notNull().default(0),
  lines: integer().notNull().default(0),
  refused: integer().notNull().default(0),
  lastRefusal: text('last_refusal'),
})

/** How far each run of a satellite has come: what it received up to here is never stored again. */
export const satelliteStreams = sqliteTable(
  'satellite_streams',
  {
    satelliteId: integer('satellite_id')
      .notNull()
      .references(() => satellites.id, { onDelete: 'cascade' }),
    /** The run; of version 0.1.0 and before the data folder. */
    stream: text().notNull(),
    /** Its last log lines that are stored, with all before them. */
    linesThrough: integer('through').notNull().default(0),
    /** The last of its other records that is stored, with all before it. */
    beatsThrough: integer('state_through').notNull().default(0),
    seenAt: integer('seen_at').notNull(),
  },
  table => [primaryKey({ columns: [table.satelliteId, table.stream] })],
)

/** The last result of a probe from each viewpoint. */
export const probeViews = sqliteTable(
  'probe_views',
  {
    checkId: integer('check_id')
      .notNull()
      .references(() => checks.id, { onDelete: 'cascade' }),
    /** The name of the satellite, or `main`. */
    viewpoint: text().notNull(),
    at: integer().notNull(),
    ok: integer({ mode: 'boolean' }).notNull(),
    message: text().notNull(),
    durationMs: integer('duration_ms'),
    address: text(),
    certificateEndsAt: integer('certificate_ends_at'),
  },
  table => [primaryKey({ columns: [table.checkId, table.viewpoint] })],
)

/** Through which satellites the beats of a check came lately: all of them may have the next one. */
export const checkSatellites = sqliteTable(
  'check_satellites',
  {
    checkId: integer('check_id')
      .notNull()
      .references(() => checks.id, { onDelete: 'cascade' }),
    satelliteId: integer('satellite_id')
      .notNull()
      .references(() => satellites.id, { onDelete: 'cascade' }),
    /** Deadlines up to here wait for the satellite. */
    until: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.checkId, table.satelliteId] })],
)

/** On a satellite: what was received and is not at the main yet, in order. */
export const spool = sqliteTable(
  'spool',
  {
    // Numbers are never given out twice, also when nothing waits.
    seq: integer().primaryKey({ autoIncrement: true }),
    receivedAt: integer('received_at').notNull(),
    bytes: integer().notNull(),
    /** `beats` (and whatever else is small) or `lines`; each is sent by itself. Null before it was labelled. */
    kind: text(),
    /** The run of the satellite that received it; null before it was labelled. */
    run: text(),
    /** The record, encrypted with a key that follows from that of the satellite. */
    sealed: blob({ mode: 'buffer' }).notNull(),
  },
  table => [
    index('spool_received').on(table.receivedAt),
    // Has all that is asked of many rows: to read a column behind what is encrypted, SQLite reads all of that.
    index('spool_kind').on(table.kind, table.seq, table.run, table.bytes),
  ],
)

/** On a satellite: the answers to requests that may be repeated. */
export const spoolReplies = sqliteTable(
  'spool_replies',
  {
    projectId: integer('project_id').notNull(),
    key: text().notNull(),
    receivedAt: integer('received_at').notNull(),
    reply: text().notNull(),
  },
  table => [
    primaryKey({ columns: [table.projectId, table.key] }),
    index('spool_replies_received').on(table.receivedAt),
  ],
)
