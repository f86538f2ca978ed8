// The tables of detection: counted lines per series, known errors, and the gaps of each source.
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { projects } from './projects.ts'

const ofProject = () =>
  integer('project_id')
    .notNull()
    .references(() => projects.id, { onDelete: 'cascade' })

/** The series of lines, identified by their labels; `fingerprint` is empty below `error`. */
export const logSeries = sqliteTable(
  'log_series',
  {
    id: integer().primaryKey(),
    projectId: ofProject(),
    source: text().notNull(),
    host: text().notNull(),
    group: text().notNull(),
    level: text({ enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] }).notNull(),
    fingerprint: text().notNull(),
  },
  table => [
    uniqueIndex('log_series_kind').on(
      table.projectId,
      table.source,
      table.host,
      table.group,
      table.level,
      table.fingerprint,
    ),
    index('log_series_fingerprint').on(table.projectId, table.fingerprint),
  ],
)

/**
 * Lines of a series by the minute they were received in; after two days by hour, at its first minute. WITHOUT ROWID,
 * which the query builder cannot express.
 */
export const logCounts = sqliteTable(
  'log_counts',
  {
    series: integer()
      .notNull()
      .references(() => logSeries.id, { onDelete: 'cascade' }),
    at: integer().notNull(),
    count: integer().notNull(),
  },
  table => [primaryKey({ columns: [table.series, table.at] })],
)

/** A sample line of an error. */
export type ErrorSample = { id: string; message: string; host: string; at: number }
/** How many lines of a series (`log_series.id`) arrived at an instant. */
export type RecentCount = readonly [at: number, count: number, series: number]

/** The errors that were seen recently. */
export const fingerprints = sqliteTable(
  'fingerprints',
  {
    id: integer().primaryKey(),
    projectId: ofProject(),
    fingerprint: text().notNull(),
    source: text().notNull(),
    /** Why its lines are grouped, a sentence. */
    why: text().notNull(),
    samples: text({ mode: 'json' }).$type<ErrorSample[]>().notNull(),
    /** The counts of its latest lines, oldest first: sliding windows are computed from them. */
    recent: text({ mode: 'json' }).$type<RecentCount[]>().notNull(),
    count: integer().notNull(),
    firstSeenAt: integer('first_seen_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    state: text({ enum: ['open', 'resolved', 'muted'] })
      .notNull()
      .default('open'),
    /** Who set the state, and when. */
    stateBy: text('state_by'),
    stateAt: integer('state_at'),
  },
  table => [
    uniqueIndex('fingerprints_fingerprint').on(table.projectId, table.fingerprint),
    index('fingerprints_seen').on(table.lastSeenAt),
  ],
)

/** The sources of lines, with the longest gap of each of the last days (days since 1970, ms). */
export const sources = sqliteTable(
  'sources',
  {
    id: integer().primaryKey(),
    projectId: ofProject(),
    name: text().notNull(),
    firstSeenAt: integer('first_seen_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    gaps: text({ mode: 'json' }).$type<(readonly [day: number, longest: number])[]>().notNull(),
    /** The zone (tz database) of its times that name none; null when it is not set. */
    timeZone: text('time_zone'),
    /** The satellite that lines of it came through last. */
    satelliteId: integer('satellite_id'),
  },
  table => [uniqueIndex('sources_name').on(table.projectId, table.name)],
)

/** Idempotency keys of counted batches: a batch that was stored but not counted when Vakt died is counted once. */
export const countedBatches = sqliteTable(
  'counted_batches',
  { projectId: ofProject(), key: text().notNull(), at: integer().notNull() },
  table => [primaryKey({ columns: [table.projectId, table.key] }), index('counted_batches_at').on(table.at)],
)
