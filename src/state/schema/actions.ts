// The tables of actions, of those that wait for a second person, and of their runs; and of the log files and journals read on hosts.

import { index, integer, sql, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { alerts } from './alerts.ts'
import { hosts } from './hosts.ts'
import { projects } from './projects.ts'

const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull().default(false)

/** Commands that an admin has written for hosts or containers, for people to run. */
export const actions = sqliteTable('actions', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** Patterns of names; the second is empty for an action on the host itself. */
  host: text().notNull(),
  container: text().notNull().default(''),
  /** As the admin wrote it, for the shell of the host. */
  command: text().notNull(),
  /** Which alerts it is offered for; null is every alert of its hosts or containers. */
  matcher: text(),
  role: text({ enum: ['responder', 'admin'] })
    .notNull()
    .default('responder'),
  secondPerson: flag('second_person'),
  /** How long a run may take, ms. */
  timeLimit: integer('time_limit').notNull(),
  automatic: flag('automatic'),
  perHour: integer('per_hour').notNull().default(1),
  coolDown: integer('cool_down').notNull(),
  addedAt: integer('added_at').notNull(),
  addedBy: text('added_by').notNull(),
  /** Automatic runs are for alerts that fired after this. */
  changedAt: integer('changed_at').notNull(),
  changedBy: text('changed_by').notNull(),
})

/** Runs that somebody asked for and somebody else must confirm. */
export const actionRequests = sqliteTable('action_requests', {
  id: integer().primaryKey(),
  actionId: integer('action_id')
    .notNull()
    .references(() => actions.id, { onDelete: 'cascade' }),
  /** When the action was last changed, as it was then: what is confirmed is what was asked for. */
  changedAt: integer('changed_at').notNull(),
  hostId: integer('host_id')
    .notNull()
    .references(() => hosts.id, { onDelete: 'cascade' }),
  container: text().notNull(),
  alertId: integer('alert_id').references(() => alerts.id, { onDelete: 'set null' }),
  askedAt: integer('asked_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  platform: text().notNull(),
  actorId: text('actor_id').notNull(),
  actorName: text('actor_name').notNull(),
  settledAt: integer('settled_at'),
})

/** Every run; names are kept as they were, for whoever reads it after the action is gone. */
export const actionRuns = sqliteTable(
  'action_runs',
  {
    id: integer().primaryKey(),
    actionId: integer('action_id').references(() => actions.id, { onDelete: 'set null' }),
    name: text().notNull(),
    hostId: integer('host_id').references(() => hosts.id, { onDelete: 'set null' }),
    host: text().notNull(),
    container: text().notNull(),
    command: text().notNull(),
    alertId: integer('alert_id').references(() => alerts.id, { onDelete: 'set null' }),
    startedAt: integer('started_at').notNull(),
    startedBy: text('started_by').notNull(),
    confirmedBy: text('confirmed_by'),
    automatic: flag('automatic'),
    endedAt: integer('ended_at'),
    /** `withheld` is an automatic run that a limit forbade; `unknown` one that Vakt did not live to see the end of. */
    outcome: text({ enum: ['exited', 'out of time', 'failed', 'unknown', 'withheld'] }),
    exitStatus: integer('exit_status'),
    /** Why it failed or was withheld, one sentence. */
    problem: text(),
    /** The beginning and the end of what it said, secrets masked, and how many bytes stood between. */
    head: text().notNull().default(''),
    tail: text().notNull().default(''),
    left: integer().notNull().default(0),
  },
  table => [
    uniqueIndex('action_runs_under_way').on(table.actionId, table.hostId, table.container).where(sql`ended_at is null`),
    index('action_runs_alert').on(table.alertId, table.id),
    index('action_runs_action').on(table.actionId, table.startedAt),
    index('action_runs_started').on(table.startedAt),
  ],
)

/** How far a file is read: which file (inode, and a checksum of its first bytes), and up to which byte. */
export type FilePosition = { inode: string; offset: number; head: number; sum: string }
export type LogPosition = { file: FilePosition } | { cursor: string }
/** A batch that is being stored: its number, where it began, and where it ends. */
export type LogPending = { batch: number; start: { inode: string; offset: number } | null; until: LogPosition }

/** Log files and journals of hosts that are read into the log store. */
export const remoteLogs = sqliteTable(
  'remote_logs',
  {
    id: integer().primaryKey(),
    hostId: integer('host_id')
      .notNull()
      .references(() => hosts.id, { onDelete: 'cascade' }),
    kind: text({ enum: ['file', 'journal'] }).notNull(),
    /** The path of the file, or the unit; `*` is the whole journal. */
    target: text().notNull(),
    source: text().notNull(),
    projectId: integer('project_id').references(() => projects.id, { onDelete: 'cascade' }),
    every: integer().notNull(),
    position: text({ mode: 'json' }).$type<LogPosition>(),
    pending: text({ mode: 'json' }).$type<LogPending>(),
    batches: integer().notNull().default(0),
    lines: integer().notNull().default(0),
    fetchedAt: integer('fetched_at'),
    /** When it is due again; its index is what the fetching sleeps by. */
    dueAt: integer('due_at').notNull(),
    error: text(),
    /** Fetches in a row that failed though the host was reached, when the first and the last of them did. */
    failures: integer().notNull().default(0),
    failingSince: integer('failing_since'),
    failedAt: integer('failed_at'),
    /** When what was written before a rotation was last found missing. */
    lostAt: integer('lost_at'),
    addedAt: integer('added_at').notNull(),
    addedBy: text('added_by').notNull(),
  },
  table => [
    uniqueIndex('remote_logs_target').on(table.hostId, table.kind, table.target),
    index('remote_logs_due').on(table.dueAt),
  ],
)
