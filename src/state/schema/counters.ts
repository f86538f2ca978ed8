// The tables that detection asks: how many lines of which kind came when, the known errors, and the rhythm of each source.
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { projects } from './projects.ts'

const ofProject = () =>
  integer('project_id')
    .notNull()
    .references(() => projects.id, { onDelete: 'cascade' })

/** The kinds of lines that are counted apart; `fingerprint` is empty below `error`. */
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
 * Lines of a kind by the minute they were received in; after two days by the hour, at its first minute. WITHOUT ROWID,
 * which the query builder cannot say.
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

/** One of the lines of an error, as stored. */
export type ErrorSample = { id: string; message: string; host: string; at: number }
/** So many lines of a kind (`log_series.id`) at an instant. */
export type Arrival = readonly [at: number, count: number, series: number]

/** Every error that was seen lately. */
export const fingerprints = sqliteTable(
  'fingerprints',
  {
    id: integer().primaryKey(),
    projectId: ofProject(),
    fingerprint: text().notNull(),
    source: text().notNull(),
    /** What made its lines the same, as a sentence. */
    why: text().notNull(),
    samples: text({ mode: 'json' }).$type<ErrorSample[]>().notNull(),
    /** The latest arrivals, oldest first: what sliding windows are counted over. */
    recent: text({ mode: 'json' }).$type<Arrival[]>().notNull(),
    count: integer().notNull(),
    firstSeenAt: integer('first_seen_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    state: text({ enum: ['open', 'resolved', 'muted'] })
      .notNull()
      .default('open'),
    /** Who said so, and when. */
    stateBy: text('state_by'),
    stateAt: integer('state_at'),
  },
  table => [
    uniqueIndex('fingerprints_fingerprint').on(table.projectId, table.fingerprint),
    index('fingerprints_seen').on(table.lastSeenAt),
  ],
)

/** What sends lines, and the longest it was quiet on each of the last days (days since 1970, ms). */
export const sources = sqliteTable(
  'sources',
  {
    id: integer().primaryKey(),
    projectId: ofProject(),
    name: text().notNull(),
    firstSeenAt: integer('first_seen_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    gaps: text({ mode: 'json' }).$type<(readonly [day: number, longest: number])[]>().notNull(),
  },
  table => [uniqueIndex('sources_name').on(table.projectId, table.name)],
)

/** Batches that were counted, by their idempotency key: one that was stored but not counted when Vakt died is counted once. */
export const countedBatches = sqliteTable(
  'counted_batches',
  { projectId: ofProject(), key: text().notNull(), at: integer().notNull() },
  table => [primaryKey({ columns: [table.projectId, table.key] }), index('counted_batches_at').on(table.at)],
)
