// The tables of actions, of requests that a second person must confirm, and of runs.
import { index, integer, sql, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { alerts } from './alerts.ts'
import { hosts } from './hosts.ts'

const flag = (name: string) => integer(name, { mode: 'boolean' }).notNull().default(false)

/** Commands that admins define for hosts or containers. */
export const actions = sqliteTable('actions', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** Name patterns; `container` is empty for an action on the host itself. */
  host: text().notNull(),
  container: text().notNull().default(''),
  /** The command as written by the admin, for the shell of the host. */
  command: text().notNull(),
  /** The alerts that show its button; null for all alerts of its hosts or containers. */
  matcher: text(),
  role: text({ enum: ['responder', 'admin'] })
    .notNull()
    .default('responder'),
  secondPerson: flag('second_person'),
  /** Time limit of a run, ms. */
  timeLimit: integer('time_limit').notNull(),
  automatic: flag('automatic'),
  perHour: integer('per_hour').notNull().default(1),
  coolDown: integer('cool_down').notNull(),
  addedAt: integer('added_at').notNull(),
  addedBy: text('added_by').notNull(),
  /** Automatic runs are only for alerts that fired after this. */
  changedAt: integer('changed_at').notNull(),
  changedBy: text('changed_by').notNull(),
})

/** Requested runs that a second person must confirm. */
export const actionRequests = sqliteTable('action_requests', {
  id: integer().primaryKey(),
  actionId: integer('action_id')
    .notNull()
    .references(() => actions.id, { onDelete: 'cascade' }),
  /** When the action was last changed at the time of the request: a changed action cannot be confirmed. */
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
  closedAt: integer('settled_at'),
})

/** All runs, with the names at that time, so that a run is readable after the action is removed. */
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
    /** `withheld`: an automatic run that a limit prevented; `unknown`: Vakt stopped during the run. */
    outcome: text({ enum: ['exited', 'out of time', 'failed', 'unknown', 'withheld'] }),
    exitStatus: integer('exit_status'),
    /** Why the run failed or was withheld. */
    problem: text(),
    /** The beginning and the end of the output, with secrets masked, and how many bytes are left out between them. */
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
