// The tables of hosts, their containers, what they measured, and which containers are followed into the log store.
import { blob, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { projects } from './projects.ts'

const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull().default(false)

export const hosts = sqliteTable('hosts', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** Vakt's own machine, which needs no SSH; then address, port and user mean nothing. */
  local: flag('local'),
  address: text().notNull(),
  port: integer().notNull(),
  user: text().notNull(),
  tags: text({ mode: 'json' }).$type<string[]>().notNull().default([]),
  projectId: integer('project_id').references(() => projects.id, { onDelete: 'set null' }),
  /** How Vakt signs in: its own key, a key or password kept sealed, or the agent of its environment. */
  auth: text({ enum: ['own', 'key', 'password', 'agent'] }).notNull(),
  secretSealed: blob('secret_sealed', { mode: 'buffer' }),
  /** The host that connections go through. */
  jumpId: integer('jump_id'),
  /** The fingerprint of the pinned host key, as `SHA256:…`. */
  hostKey: text('host_key'),
  /** The Docker or Podman socket of a local host when it is not the usual one. */
  socket: text(),
  /** What runs its containers, once known. */
  engine: text({ enum: ['docker', 'podman', 'none'] }),
  enabled: integer({ mode: 'boolean' }).notNull().default(true),
  status: text({ enum: ['new', 'up', 'down'] })
    .notNull()
    .default('new'),
  /** Rounds in a row that did not reach it, since when, and why the last one did not. */
  failures: integer().notNull().default(0),
  failingSince: integer('failing_since'),
  error: text(),
  /** Why its containers could not be seen, though the host itself was. */
  engineError: text('engine_error'),
  lastSeenAt: integer('last_seen_at'),
  addedAt: integer('added_at').notNull(),
  addedBy: text('added_by').notNull(),
})

/** The containers of a host as they were last seen, stopped ones too. */
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
    /** How often it began anew since Vakt knows it. */
    restarts: integer().notNull().default(0),
    /** The engine's own count of restarts, to tell new ones by. */
    restartCount: integer('restart_count').notNull().default(0),
    /** When it ended by itself with an error, as long as it is not running again. */
    diedAt: integer('died_at'),
    unhealthySince: integer('unhealthy_since'),
    seenAt: integer('seen_at').notNull(),
  },
  table => [primaryKey({ columns: [table.hostId, table.name] })],
)

/** What is measured: a host itself, a disk of it (by where it is mounted), or a container (by name). */
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

// CPU in percent of one core's time (hosts: of all cores), sizes in bytes; traffic is counted up since the start.
const measured = () => ({
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

/** Every measurement of the last hours. The migration makes both tables WITHOUT ROWID, which the query builder cannot say. */
export const samples = sqliteTable('samples', measured(), table => [primaryKey({ columns: [table.series, table.at] })])

/** One row for five minutes: averages, largest values, and the last state of what is counted up. */
export const coarseSamples = sqliteTable('coarse_samples', measured(), table => [
  primaryKey({ columns: [table.series, table.at] }),
])

/** Containers whose lines go to the log store, by a pattern over the names on one host. */
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

/** How far a container's output has been read: the time of the last line of each stream, and how many lines had it. */
export type OutputPosition = { stdout: StreamPosition | null; stderr: StreamPosition | null }
export type StreamPosition = { stamp: string; lines: number }

/** How far the lines of a followed container are stored; `pending` is the batch that was being stored. */
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
