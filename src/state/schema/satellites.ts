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
  /** Whatever it received up to here, by its own clock, is stored here. */
  completeTo: integer('complete_to'),
  /** The data folder of its last report. */
  stream: text(),
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

/** How far each data folder of a satellite has come: what was received up to here is never stored again. */
export const satelliteStreams = sqliteTable(
  'satellite_streams',
  {
    satelliteId: integer('satellite_id')
      .notNull()
      .references(() => satellites.id, { onDelete: 'cascade' }),
    stream: text().notNull(),
    /** The last record that is stored together with all before it. */
    through: integer().notNull().default(0),
    /** The last record that is stored in the state, which may be ahead of the log lines before it. */
    stateThrough: integer('state_through').notNull().default(0),
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

/** On a satellite: what was received and is not at the main yet, in order. */
export const spool = sqliteTable(
  'spool',
  {
    // Numbers are never given out twice, also when nothing waits.
    seq: integer().primaryKey({ autoIncrement: true }),
    receivedAt: integer('received_at').notNull(),
    bytes: integer().notNull(),
    /** The record, encrypted with a key that follows from that of the satellite. */
    sealed: blob({ mode: 'buffer' }).notNull(),
  },
  table => [index('spool_received').on(table.receivedAt)],
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
