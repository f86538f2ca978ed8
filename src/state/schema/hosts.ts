// The tables of hosts, their containers and measurements, and of followed containers and remote logs.
import { blob, index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { projects } from './projects.ts'

const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull().default(false)

export const hosts = sqliteTable('hosts', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** The machine that Vakt runs on, without SSH; address, port and user are empty then. */
  local: flag('local'),
  address: text().notNull(),
  port: integer().notNull(),
  user: text().notNull(),
  tags: text({ mode: 'json' }).$type<string[]>().notNull().default([]),
  projectId: integer('project_id').references(() => projects.id, { onDelete: 'set null' }),
  /** How Vakt signs in: with its own key, a stored key or password (encrypted), or the agent of its environment. */
  auth: text({ enum: ['own', 'key', 'password', 'agent'] }).notNull(),
  secretSealed: blob('secret_sealed', { mode: 'buffer' }),
  /** The jump host. */
  jumpId: integer('jump_id'),
  /** The fingerprint of the pinned host key, as `SHA256:…`. */
  hostKey: text('host_key'),
  /** The Docker or Podman socket of the local host, null for the default. */
  socket: text(),
  /** The container engine, null until detected. */
  engine: text({ enum: ['docker', 'podman', 'none'] }),
  /** The zone of its clock (tz database, or an offset); null until it is known. */
  timeZone: text('time_zone'),
  enabled: integer({ mode: 'boolean' }).notNull().default(true),
  status: text({ enum: ['new', 'up', 'down'] })
    .notNull()
    .default('new'),
  /** Failed collections in a row, since when, and the last error. */
  failures: integer().notNull().default(0),
  failingSince: integer('failing_since'),
  error: text(),
  /** Why the containers of a reachable host could not be listed. */
  engineError: text('engine_error'),
  lastSeenAt: integer('last_seen_at'),
  addedAt: integer('added_at').notNull(),
  addedBy: text('added_by').notNull(),
})

/** The last known state of each container of a host, stopped ones too. */
export const containers = sqliteTable(
  'containers',
  {
    hostId: integer('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    containerId: text('container_id').notNull(),
    image: text().notNull(),
    state: text().notNull(),
    health: text(),
    exitCode: integer('exit_code'),
    oomKilled: flag('oom_killed'),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
    /** Restarts since Vakt knows the container. */
    restarts: integer().notNull().default(0),
    /** The engine's own restart counter, to detect new restarts. */
    restartCount: integer('restart_count').notNull().default(0),
    /** When it failed, null while it is running again. */
    diedAt: integer('died_at'),
    unhealthySince: integer('unhealthy_since'),
    seenAt: integer('seen_at').notNull(),
  },
  table => [primaryKey({ columns: [table.hostId, table.name] })],
)

/** The series of measurements: a host, one of its disks (by mount point), or a container (by name). */
export const series = sqliteTable(
  'series',
  {
    id: integer().primaryKey(),
    hostId: integer('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    kind: text({ enum: ['host', 'disk', 'container'] }).notNull(),
    name: text().notNull(),
    seenAt: integer('seen_at').notNull(),
  },
  table => [uniqueIndex('series_name').on(table.hostId, table.kind, table.name)],
)

// CPU in percent of one core (hosts: of all cores), sizes in bytes; traffic is a counter.
const sampleColumns = () => ({
  series: integer()
    .notNull()
    .references(() => series.id, { onDelete: 'cascade' }),
  at: integer().notNull(),
  cpu: real(),
  memory: real(),
  memoryLimit: real('memory_limit'),
  received: real(),
  sent: real(),
  read: real(),
  written: real(),
  restarts: real(),
  load: real(),
  used: real(),
  size: real(),
  cpuMax: real('cpu_max'),
  memoryMax: real('memory_max'),
})

/** All measurements of the last hours. The migration creates both tables WITHOUT ROWID, which drizzle cannot express. */
export const samples = sqliteTable('samples', sampleColumns(), table => [
  primaryKey({ columns: [table.series, table.at] }),
])

/** One row per five minutes: averages, maxima, and the last value of counters. */
export const coarseSamples = sqliteTable('coarse_samples', sampleColumns(), table => [
  primaryKey({ columns: [table.series, table.at] }),
])

/** Patterns of container names on one host whose lines are stored. */
export const follows = sqliteTable(
  'follows',
  {
    id: integer().primaryKey(),
    hostId: integer('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    pattern: text().notNull(),
    projectId: integer('project_id').references(() => projects.id, { onDelete: 'set null' }),
    addedAt: integer('added_at').notNull(),
    addedBy: text('added_by').notNull(),
  },
  table => [uniqueIndex('follows_pattern').on(table.hostId, table.pattern)],
)

/** How far the output of a container is read: the time of the last line of each stream, and how many lines have that time. */
export type OutputPosition = { stdout: StreamPosition | null; stderr: StreamPosition | null }
export type StreamPosition = { stamp: string; lines: number }

/** How far the lines of a followed container are stored; `pending` is the batch being stored. */
export const followPositions = sqliteTable(
  'follow_positions',
  {
    hostId: integer('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    container: text().notNull(),
    position: text({ mode: 'json' }).$type<OutputPosition>().notNull(),
    pending: text({ mode: 'json' }).$type<{ key: string; until: OutputPosition; lines: number }>(),
  },
  table => [primaryKey({ columns: [table.hostId, table.container] })],
)

/** How far a file is read: its identity (inode, and a checksum of its first bytes), and the byte offset. */
export type FilePosition = { inode: string; offset: number; head: number; sum: string }
export type LogPosition = { file: FilePosition } | { cursor: string }
/** The batch being stored: its number, its start and its end. */
export type LogPending = { batch: number; start: { inode: string; offset: number } | null; until: LogPosition }

/** Remote logs: log files and journals of hosts whose lines are stored. */
export const remoteLogs = sqliteTable(
  'remote_logs',
  {
    id: integer().primaryKey(),
    hostId: integer('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    kind: text({ enum: ['file', 'journal'] }).notNull(),
    /** The path of the file, or the systemd unit; `*` is the whole journal. */
    target: text().notNull(),
    source: text().notNull(),
    projectId: integer('project_id').references(() => projects.id, { onDelete: 'cascade' }),
    every: integer().notNull(),
    position: text({ mode: 'json' }).$type<LogPosition>(),
    pending: text({ mode: 'json' }).$type<LogPending>(),
    batches: integer().notNull().default(0),
    lines: integer().notNull().default(0),
    fetchedAt: integer('fetched_at'),
    /** When the next fetch is due; indexed, because the fetcher sleeps until the earliest. */
    dueAt: integer('due_at').notNull(),
    error: text(),
    /** Failed fetches in a row from a reachable host, and when the first and the last of them failed. */
    failures: integer().notNull().default(0),
    failingSince: integer('failing_since'),
    failedAt: integer('failed_at'),
    /** When lines were last found to be lost in a rotation. */
    lostAt: integer('lost_at'),
    addedAt: integer('added_at').notNull(),
    addedBy: text('added_by').notNull(),
  },
  table => [
    uniqueIndex('remote_logs_target').on(table.hostId, table.kind, table.target),
    index('remote_logs_due').on(table.dueAt),
  ],
)
