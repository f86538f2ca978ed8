// The tables of what holds alerts back, and of how Vakt itself was connected.
import { index, integer, primaryKey, sql, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { projects } from './projects.ts'

const project = () => integer('project_id').references(() => projects.id, { onDelete: 'cascade' })

/** Silences by people, the ended ones too. */
export const silences = sqliteTable(
  'silences',
  {
    id: integer().primaryKey(),
    /** The only project it reaches; null is all of them. */
    projectId: project(),
    matcher: text().notNull(),
    reason: text(),
    by: text().notNull(),
    createdAt: integer('created_at').notNull(),
    endsAt: integer('ends_at').notNull(),
    /** When it did end, and who ended it before its time. */
    endedAt: integer('ended_at'),
    endedBy: text('ended_by'),
    /** How many alerts it held back. */
    suppressedCount: integer('suppressed_count').notNull().default(0),
  },
  table => [index('silences_open').on(table.endsAt).where(sql`ended_at is null`)],
)

/** Planned work, once or again and again by cron; `startsAt` and `endsAt` are its window now or next. */
export const maintenances = sqliteTable(
  'maintenances',
  {
    id: integer().primaryKey(),
    projectId: project(),
    name: text().notNull(),
    matcher: text().notNull(),
    cron: text(),
    timeZone: text('time_zone').notNull(),
    duration: integer().notNull(),
    by: text().notNull(),
    createdAt: integer('created_at').notNull(),
    startsAt: integer('starts_at').notNull(),
    endsAt: integer('ends_at').notNull(),
    /** Whether the alerts of the window that is on were judged by it. */
    started: integer({ mode: 'boolean' }).notNull().default(false),
    /** No window follows any more. */
    ended: integer({ mode: 'boolean' }).notNull().default(false),
    /** How many alerts the window that is on held back. */
    suppressedCount: integer('suppressed_count').notNull().default(0),
  },
  table => [uniqueIndex('maintenances_name').on(table.name)],
)

/** The hours in which what is not critical waits; project 0 is for all that have none of their own. */
export const quietHours = sqliteTable('quiet_hours', {
  projectId: integer('project_id').primaryKey(),
  /** Windows such as `Mon-Fri 22:00-07:00`; null is never. */
  hours: text(),
  timeZone: text('time_zone').notNull(),
  by: text().notNull(),
  setAt: integer('set_at').notNull(),
  /** Since when it is quiet now; null while it is not. */
  quietSince: integer('quiet_since'),
})

/** Thresholds that somebody set, by name; project 0 is for all that have none of their own. */
export const suppressionSettings = sqliteTable(
  'suppression_settings',
  { projectId: integer('project_id').notNull(), name: text().notNull(), value: integer().notNull() },
  table => [primaryKey({ columns: [table.projectId, table.name] })],
)

/** Whether Vakt was online, from when to when; gaps are times in which it did not run. */
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
