// The tables of routing: routes, recipients, escalations, people on call, and reports.
import { SEVERITIES } from '../../severity.ts'
import { index, integer, primaryKey, real, sql, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { alerts, channels } from './alerts.ts'
import { flag } from './flag.ts'
import { projects } from './projects.ts'

const list = (name: string) => text(name, { mode: 'json' }).$type<string[]>().notNull().default([])

export const routes = sqliteTable('routes', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** Routes are evaluated in this order. */
  position: integer().notNull(),
  matcher: text().notNull(),
  /** Ids of channels. */
  channels: list('channels'),
  /** Whom new messages mention, such as `oncall`, `person:ann`, `here` or `discord-role:123`. */
  mention: list('mention'),
  mentionFrom: text('mention_from', { enum: SEVERITIES }).notNull().default('critical'),
  /** Whether the routes after it are evaluated as well. */
  continues: integer('goes_on', { mode: 'boolean' }).notNull().default(false),
  /**
   * Alerts that it takes share one card where the values of these labels are the same: an empty list is one card for all,
   * null leaves the grouping to rules and senders.
   */
  groupBy: text('group_by', { mode: 'json' }).$type<string[]>(),
  /** Whether every alert that it takes has a card of its own, whatever rules and senders group. */
  ungrouped: flag('ungrouped'),
  setBy: text('set_by').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** Which channels receive an alert, and whom its messages mention there. */
export const recipients = sqliteTable(
  'recipients',
  {
    alertId: integer('alert_id')
      .notNull()
      .references(() => alerts.id, { onDelete: 'cascade' }),
    channelId: text('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    mention: list('mention'),
    since: integer().notNull(),
    /** `route payments`, `escalation second-line`, or `every channel` without any route. */
    why: text().notNull(),
    /** Whether an escalation added it: then it stays, whatever the routes choose. */
    isEscalation: flag('is_escalation'),
  },
  table => [primaryKey({ columns: [table.alertId, table.channelId] }), index('recipients_channel').on(table.channelId)],
)

export const escalations = sqliteTable('escalations', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  matcher: text().notNull(),
  /** How long the alert may stay unacknowledged. */
  afterMs: integer('after').notNull(),
  /** Ids of channels, `oncall` (or `oncall:name`), and people as `person:ann`. */
  to: list('to_whom'),
  /** How many more times, each after the same time again. */
  repeat: integer().notNull().default(0),
  setBy: text('set_by').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** The escalation timers of open alerts. */
export const alertEscalations = sqliteTable(
  'alert_escalations',
  {
    alertId: integer('alert_id')
      .notNull()
      .references(() => alerts.id, { onDelete: 'cascade' }),
    escalationId: integer('escalation_id')
      .notNull()
      .references(() => escalations.id, { onDelete: 'cascade' }),
    /** Null while the timer stands still: the alert is acknowledged, snoozed or suppressed. `remainingMs` counts then. */
    dueAt: integer('due_at'),
    remainingMs: integer('left').notNull(),
    /** How many times the alert was escalated. */
    count: integer('times').notNull().default(0),
  },
  table => [
    primaryKey({ columns: [table.alertId, table.escalationId] }),
    index('alert_escalations_due').on(table.dueAt).where(sql`due_at is not null`),
  ],
)

/** The people who can be mentioned and notified. */
export const people = sqliteTable('people', {
  name: text().primaryKey(),
})

/** Their accounts: at most one for each person and platform. */
export const peopleAccounts = sqliteTable(
  'people_accounts',
  {
    person: text()
      .notNull()
      .references(() => people.name, { onDelete: 'cascade' }),
    /** The name of the platform, such as `slack`. */
    platform: text().notNull(),
    /** The id there, such as `U012AB3CD`. */
    accountId: text('account_id').notNull(),
  },
  table => [primaryKey({ columns: [table.person, table.platform] })],
)

export const rotations = sqliteTable('rotations', {
  id: integer().primaryKey(),
  name: text().notNull().unique(),
  /** Names of people, in the order of their shifts. */
  members: list('members'),
  every: text({ enum: ['daily', 'weekly'] }).notNull(),
  /** Day of the week (0 is Sunday) of a weekly handover. */
  day: integer().notNull(),
  /** Minutes after midnight of the handover, on the wall clock of the zone. */
  minute: integer().notNull(),
  timeZone: text('time_zone').notNull(),
  /** The date of the handover at which the first member's shift begins, in days since 1970-01-01. */
  firstDay: integer('first_day').notNull(),
  createdAt: integer('created_at').notNull(),
})

/** Somebody else is on call for a while. */
export const overrides = sqliteTable(
  'overrides',
  {
    id: integer().primaryKey(),
    rotationId: integer('rotation_id')
      .notNull()
      .references(() => rotations.id, { onDelete: 'cascade' }),
    who: text().notNull(),
    from: integer('from_at').notNull(),
    until: integer('until_at').notNull(),
    setBy: text('set_by').notNull(),
  },
  table => [index('overrides_rotation').on(table.rotationId, table.until)],
)

export const reports = sqliteTable(
  'reports',
  {
    id: integer().primaryKey(),
    name: text().notNull().unique(),
    every: text({ enum: ['daily', 'weekly'] }).notNull(),
    cron: text().notNull(),
    timeZone: text('time_zone').notNull(),
    projectId: integer('project_id').references(() => projects.id, { onDelete: 'cascade' }),
    /** Ids of channels; none is every channel. */
    channels: list('channels'),
    nextAt: integer('next_at').notNull(),
    /** The share of time that checks should be up; 0 is no target. */
    target: real().notNull().default(0.999),
    setBy: text('set_by').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  table => [index('reports_next').on(table.nextAt)],
)

/** Every report that was made, with its metrics. */
export const reportRuns = sqliteTable(
  'report_runs',
  {
    id: integer().primaryKey(),
    reportId: integer('report_id')
      .notNull()
      .references(() => reports.id, { onDelete: 'cascade' }),
    at: integer().notNull(),
    from: integer('from_at').notNull(),
    until: integer('until_at').notNull(),
    metrics: text('figures', { mode: 'json' }).notNull(),
  },
  table => [index('report_runs_report').on(table.reportId, table.id)],
)

/** The delivery of each report to each channel. */
export const reportSends = sqliteTable(
  'report_sends',
  {
    runId: integer('run_id')
      .notNull()
      .references(() => reportRuns.id, { onDelete: 'cascade' }),
    channelId: text('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    nonce: text().notNull(),
    /** When it was last sent without an answer. */
    sentAt: integer('sent_at'),
    attempts: integer().notNull().default(0),
    nextAttemptAt: integer('next_attempt_at'),
    error: text(),
    /** When it arrived, or was given up. */
    endedAt: integer('ended_at'),
  },
  table => [
    uniqueIndex('report_sends_pair').on(table.runId, table.channelId),
    index('report_sends_open').on(table.nextAttemptAt).where(sql`ended_at is null`),
  ],
)
