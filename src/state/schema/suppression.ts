// The tables of suppression (silences, maintenance, quiet hours, thresholds) and of Vakt's own connectivity.
import { index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { projects } from './projects.ts'

const project = () => integer('project_id').references(() => projects.id, { onDelete: 'cascade' })

/** Silences by people, active and ended. */
export const silences = sqliteTable(
  'silences',
  {
    id: integer().primaryKey(),
    /** The project whose alerts it suppresses; null is all projects. */
    projectId: project(),
    matcher: text().notNull(),
    reason: text(),
    by: text().notNull(),
    createdAt: integer('created_at').notNull(),
    endsAt: integer('ends_at').notNull(),
    /** When it ended, and who ended it before its time. */
    endedAt: integer('ended_at'),
    endedBy: text('ended_by'),
    /** How many alerts it has suppressed. */
    suppressedCount: integer('suppressed_count').notNull().default(0),
  },
  table => [index('silences_open').on(table.endsAt).where(sql`ended_at is null`)],
)

/** Planned maintenance, once or by cron; `startsAt` and `endsAt` are the active window, or the next one. */
export const maintenances = sqliteTable(
  'maintenances',
  {
    id: integer().primaryKey(),
    projectId: project(),
    name: text().notNull(),
    matcher: text().notNull(),
    cron: text(),
    timeZone: text('time_zone').notNull(),
    /** How long a window is, ms; `days` of it are whole days, which follow the wall clock. */
    duration: integer().notNull(),
    days: integer().notNull().default(0),
    by: text().notNull(),
    createdAt: integer('created_at').notNull(),
    startsAt: integer('starts_at').notNull(),
    endsAt: integer('ends_at').notNull(),
    /** Whether open alerts were evaluated against the active window. */
    started: integer({ mode: 'boolean' }).notNull().default(false),
    /** No further window follows. */
    ended: integer({ mode: 'boolean' }).notNull().default(false),
    /** How many alerts the active window has suppressed. */
    suppressedCount: integer('suppressed_count').notNull().default(0),
  },
  table => [uniqueIndex('maintenances_name').on(table.name)],
)

/** The hours in which alerts that are not critical wait; project 0 is for all projects without their own hours. */
export const quietHours = sqliteTable('quiet_hours', {
  projectId: integer('project_id').primaryKey(),
  /** Windows such as `Mon-Fri 22:00-07:00`; null is never. */
  hours: text(),
  timeZone: text('time_zone').notNull(),
  by: text().notNull(),
  setAt: integer('set_at').notNull(),
  /** Since when the hours are in effect; null outside of them. */
  quietSince: integer('quiet_since'),
})

/** Thresholds that were set, by name; project 0 is for all projects without their own value. */
export const suppressionSettings = sqliteTable(
  'suppression_settings',
  { projectId: integer('project_id').notNull(), name: text().notNull(), value: integer().notNull() },
  table => [primaryKey({ columns: [table.projectId, table.name] })],
)

/** Periods in which Vakt was online, degraded or offline; in the gaps it did not run. */
export const connectivityStates = sqliteTable(
  'connectivity_states',
  {
    id: integer().primaryKey(),
    state: text({ enum: ['online', 'degraded', 'offline'] }).notNull(),
    from: integer('from_at').notNull(),
    to: integer('to_at').notNull(),
  },
  table => [index('connectivity_states_to').on(table.to)],
)
